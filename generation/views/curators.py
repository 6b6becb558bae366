"""The page about curation itself: its rules, who reads what, how far curators agree, and how they choose."""

import secrets
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from generation import assignments, curators, leaving
from generation.models import Batch
from generation.review_forms import AssignForm, RulesForm
from generation.reviewing import drafted
from generation.rules import CurationError, rules_of, sees_models, set_rules
from surveys.access import Permission, signed_in, study_for
from surveys.articles import DraftOnly
from surveys.models import Researcher, Study
from surveys.workbench.pages import show_problems, study_page


@login_required
@require_safe
def curation(request: HttpRequest, study_key: str) -> HttpResponse:
    """How the study is curated, and by whom."""
    study = study_for(request, study_key, Permission.VIEW)
    return _page(request, study)


@login_required
@require_POST
def rules(request: HttpRequest, study_key: str) -> HttpResponse:
    """Change whether models are hidden, and how much may be edited."""
    study = study_for(request, study_key, Permission.EDIT)
    form = RulesForm(request.POST)
    if form.is_valid():
        try:
            set_rules(study, by=signed_in(request), **form.cleaned_data)
            messages.success(request, _("The rules are saved."))
            return redirect("generation:curation", study_key=study.key)
        except CurationError as error:
            show_problems(form, error.problems)
        except DraftOnly as error:
            show_problems(form, [str(error)])
    return _page(request, study, rules_form=form)


@login_required
@require_POST
def assign(request: HttpRequest, study_key: str) -> HttpResponse:
    """Ask curators for opinions on the texts that nobody has decided on."""
    study = study_for(request, study_key, Permission.EDIT)
    form = _assign_form(study, request.POST)
    if form.is_valid():
        values = form.cleaned_data
        texts = drafted(study).order_by("batch__number", "index")
        if values["batch"]:
            texts = texts.filter(batch__number=int(values["batch"]))
        seed = secrets.randbits(31) if values["seed"] is None else values["seed"]
        try:
            asked = assignments.assign(
                study,
                list(texts),
                by=signed_in(request),
                curators=list(values["curators"]),
                each=values["each"],
                seed=seed,
            )
            said = ngettext("%(n)s opinion is asked for.", "%(n)s opinions are asked for.", asked) % {"n": asked}
            messages.success(request, said if asked else _("Every text is decided or assigned already."))
            return redirect("generation:curation", study_key=study.key)
        except CurationError as error:
            show_problems(form, error.problems)
        except DraftOnly as error:
            show_problems(form, [str(error)])
    return _page(request, study, assign_form=form)


@login_required
@require_POST
def release(request: HttpRequest, study_key: str, member: str) -> HttpResponse:
    """Ask somebody no longer about the texts that they have not answered for."""
    study = study_for(request, study_key, Permission.EDIT)
    person = get_object_or_404(Researcher, memberships__study=study, memberships__key=member)
    try:
        n = leaving.release(study, person, by=signed_in(request))
    except DraftOnly as error:
        messages.error(request, str(error))
    else:
        said = ngettext("%(who)s is asked about %(n)s text less.", "%(who)s is asked about %(n)s texts less.", n)
        messages.success(request, said % {"who": person, "n": n})
    return redirect("generation:curation", study_key=study.key)


def _page(request: HttpRequest, study: Study, **forms: Any) -> HttpResponse:
    found, me = assignments.panels(study), signed_in(request).pk
    stand = rules_of(study)
    rules_form = RulesForm(initial={"is_blind": stand.is_blind, "most_edited": stand.most_edited})
    shows_models = sees_models(study)
    context = {
        "rules": stand,
        "rules_form": rules_form,
        "assign_form": _assign_form(study),
        "agreement": assignments.agreement_of(found.values(), me),
        "kept_back": sum(panel.is_closed_to(me) for panel in found.values()),
        "assigned": len(found),
        "complete": sum(panel.is_complete for panel in found.values()),
        "reworded": sum(panel.is_of_two_wordings for panel in found.values()),
        "disputed": sum(panel.is_disputed for panel in found.values()),
        "by_curator": curators.by_curator(study, found, me),
        "by_model": curators.by_model(study) if shows_models else [],
        "releasable": _releasable(study, found.values()),
        "sees_models": shows_models,
        "texts": drafted(study).count(),
        **forms,
    }
    return study_page(request, study, "generation/curation.html", context, status=400 if forms else 200)


def _assign_form(study: Study, data: Any = None) -> AssignForm:
    people = Researcher.objects.filter(pk__in=[person.pk for person in assignments.curators_of(study)])
    numbers = Batch.objects.filter(study=study).order_by("number").values_list("number", flat=True)
    return AssignForm(people.order_by("email"), list(numbers), data)


def _releasable(study: Study, panels: Any) -> list[tuple[str, str, int]]:
    """Key of the membership, name, and number of texts of everybody whose opinions are awaited."""
    awaited = [pk for panel in panels for pk in panel.missing]
    members = study.memberships.select_related("researcher").filter(researcher__in=set(awaited))
    return [
        (member.key, str(member.researcher), awaited.count(member.researcher_id))
        for member in members.order_by("researcher__email")
    ]
