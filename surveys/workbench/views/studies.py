"""The list of one's studies, making one, and a study's overview."""

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from surveys import recruitment
from surveys.access import Permission, signed_in, study_for
from surveys.lifecycle import LifecycleError, copy_study, new_study
from surveys.models import Article, Membership, Researcher, Role, Study
from surveys.other_apps import hides_models
from surveys.readiness import told
from surveys.workbench.forms.study import EMPTY, NewStudyForm
from surveys.workbench.next_steps import NextStep, next_step
from surveys.workbench.pages import show_problems, study_page
from surveys.workbench.views.recruitment import entry_link


@dataclass(frozen=True)
class Line:
    """A study in the list of studies."""

    study: Study
    role: str
    step: NextStep


@login_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The studies in which one has a role, the newest first, each with its next step."""
    memberships = (
        Membership.objects.filter(researcher=signed_in(request))
        .select_related("study__current_version")
        .order_by("-study__created_at", "-study__pk")
    )
    lines = []
    for membership in memberships:
        study = membership.study
        study.role = membership.role
        lines.append(Line(study, membership.get_role_display(), next_step(study)))
    return render(request, "workbench/home.html", {"lines": lines})


@login_required
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Make a study from the shipped template, from nothing, or as a copy."""
    by = signed_in(request)
    copyable = {study.key: study for study in _copyable(by)}
    form = NewStudyForm(copyable.values(), request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            study = _made(by, form.cleaned_data["name"], form.cleaned_data["start"], copyable)
        except LifecycleError as error:
            show_problems(form, error.problems)
        else:
            messages.success(request, _("The study is made. Nobody but you sees it yet."))
            return redirect("workbench:study", study_key=study.key)
    return render(request, "workbench/new_study.html", {"form": form})


@login_required
@require_safe
def overview(request: HttpRequest, study_key: str) -> HttpResponse:
    """Where a study stands: status, checklist, hash, entry link, the next step."""
    study = study_for(request, study_key, Permission.VIEW)
    gates = told(study) if study.is_draft else []
    hidden = hides_models(study)
    return study_page(
        request,
        study,
        "overview.html",
        {
            "gates": gates,
            "waiting": sum(gate.blocks and not gate.passed for gate in gates),
            "step": next_step(study, gates),
            "entry_link": entry_link(request, study, recruitment.read(study)),
            "versions": study.versions.select_related("frozen_by").order_by("-number"),
            "hides_models": hidden,
            "articles": None if hidden else Article.objects.standing().filter(study=study).count(),
        },
    )


def _copyable(by: Researcher) -> list[Study]:
    """A copy holds every article and its origin: for those who may change a study, or curate it other than blind."""
    memberships = Membership.objects.filter(researcher=by, role__in=[Role.OWNER, Role.CURATOR])
    studies = []
    for membership in memberships.select_related("study").order_by("-study__created_at"):
        membership.study.role = membership.role
        if not hides_models(membership.study):
            studies.append(membership.study)
    return studies


def _made(by: Researcher, name: str, start: str, copyable: dict[str, Study]) -> Study:
    kind, _colon, key = start.partition(":")
    if kind == "copy":
        return copy_study(copyable[key], by, name)
    return new_study(by, name, None if start == EMPTY else key)
