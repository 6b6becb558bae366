"""The parity report and the leak scan as a page, and the owner's leave to let a finding stand."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from generation import scores, workers
from generation.parity import gates
from generation.parity.report import LEAKS, PARITY, report_of, with_perplexity
from generation.rules import CurationError
from surveys.access import Permission, permits, signed_in, study_for
from surveys.articles import DraftOnly
from surveys.models import Study
from surveys.workbench.pages import show_problems, study_page


class OverrideForm(forms.Form):
    """Why a finding may stand."""

    reason = forms.CharField(
        label=gettext_lazy("Why it may stand"),
        max_length=2000,
        error_messages={
            "required": gettext_lazy("Write why it may stand: the reason is kept with the study."),
        },
    )
    findings = forms.CharField(widget=forms.HiddenInput, max_length=64)


@login_required
@require_safe
def report(request: HttpRequest, study_key: str) -> HttpResponse:
    """Real against machine-written, before freezing."""
    study = study_for(request, study_key, Permission.VIEW)
    return _page(request, study)


@login_required
@require_POST
def override(request: HttpRequest, study_key: str, gate: str) -> HttpResponse:
    """Let what one gate found stand, with a reason."""
    study = study_for(request, study_key, Permission.RUN)
    if gate not in gates.GATES:
        raise Http404
    form = OverrideForm(request.POST, auto_id=f"{gate}-%s")
    if form.is_valid():
        try:
            gates.override(study, gate, by=signed_in(request), **form.cleaned_data)
            messages.success(request, _("It may stand. The reason is logged, and holds for these texts alone."))
            return redirect("generation:parity", study_key=study.key)
        except CurationError as error:
            show_problems(form, error.problems)
        except DraftOnly as error:
            show_problems(form, [str(error)])
    return _page(request, study, **{f"{gate}_form": form})


def _page(request: HttpRequest, study: Study, **given: Any) -> HttpResponse:
    scored = scores.progress(study)
    known = scores.perplexities(study, scored.language_model) if scored else {}
    found = with_perplexity(report_of(study), known)
    blank = {
        f"{gate}_form": OverrideForm(initial={"findings": found.findings_sha256(gate)}, auto_id=f"{gate}-%s")
        for gate in (PARITY, LEAKS)
    }
    context = {
        "report": found,
        "figures": found.figures() if found.is_comparable else [],
        "overrides": gates.standing_overrides(study, found),
        "scored": scored,
        "is_unattended": not workers.at_work().exists(),
        "scoring_models": scores.models() if scores.has_texts(study) else [],
        "may_override": study.is_draft and permits(study.role, Permission.RUN),
        **blank,
        **given,
    }
    return study_page(request, study, "generation/parity.html", context, status=400 if given else 200)
