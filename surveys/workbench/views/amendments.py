"""The page of a launched study's amendments: those made, and making another."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from surveys import amendments
from surveys.access import Permission, signed_in, study_for
from surveys.lifecycle import is_unblinded
from surveys.models import Mode, Researcher, Study
from surveys.monitoring import people_turned_away
from surveys.workbench.forms.amendments import ArticleForm, TargetForm
from surveys.workbench.pages import show_problems, study_page


@login_required
@require_http_methods(["GET", "POST"])
def made(request: HttpRequest, study_key: str) -> HttpResponse:
    """Every deviation from the frozen version with its reason; two forms where one more can be made."""
    study = study_for(request, study_key, Permission.RUN if request.method == "POST" else Permission.VIEW)
    version = study.current_version
    if version is None or study.is_draft:
        return study_page(request, study, "amendments.html", {"version": None})
    now = amendments.holding(version)
    kind = request.POST.get("kind", "")
    target = TargetForm(version.frozen, now, request.POST if kind == "target" else None)
    article = ArticleForm(version.frozen, now, request.POST if kind == "article" else None)
    form = {"target": target, "article": article}.get(kind)
    if form is not None and form.is_valid() and _amended(study, form, signed_in(request)):
        messages.success(request, _("The amendment is made and logged. It holds from now on."))
        return redirect("workbench:study-amendments", study_key=study.key)
    context = {
        "version": version,
        "rows": [
            (each, amendments.sentence(each, version.frozen))
            for each in version.amendments.select_related("made_by").order_by("pk")
        ],
        "target_form": target,
        "article_form": article,
        "turned_away": people_turned_away(study, Mode.LIVE),
        "can_amend": study.status in amendments.OPEN_TO_AMENDMENTS and not is_unblinded(study),
    }
    return study_page(request, study, "amendments.html", context)


def _amended(study: Study, form: forms.Form, by: Researcher) -> bool:
    """Whether the amendment could be made; if not, the form says why and still holds what was typed."""
    given = form.cleaned_data
    try:
        if isinstance(form, TargetForm):
            amendments.change_target(study, given["arm"], given["target"], given["reason"], by=by)
        else:
            amendments.drop_article(study, given["article"], given["reason"], whole_story=given["whole_story"], by=by)
    except amendments.AmendmentError as error:
        show_problems(form, error.problems)
    return not form.errors
