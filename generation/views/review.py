"""The review queue: one text at a time, as a reader will see it, with what speaks for and against it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from generation import bulk, remarks, scratch
from generation.assignments import Panel, owns, panel_of
from generation.continuing import Branch, branches
from generation.curation import standing_text
from generation.differences import Differences, compare
from generation.lineage import opened_text, unedited
from generation.models import Batch, BulkRejection, Candidate, Edit, LanguageModel, Review
from generation.placing import default_arm
from generation.review_forms import AcceptForm, PlainAcceptForm, RejectForm, RemarkForm
from generation.reviewing import (
    ANY,
    FLAGS,
    NO_FLAG,
    SHOWS_MODELS,
    SORTS,
    WANTED,
    Filters,
    drafted,
    flag_codes,
    to_decide,
)
from generation.rules import rules_of, sees_models
from generation.undoing import Act, last_act, named
from surveys.access import Permission, permits, signed_in, study_for
from surveys.models import Article, Curation, Origin, Researcher, Study, normal_text
from surveys.sentences import paragraphs
from surveys.workbench.pages import study_page


@dataclass(frozen=True)
class EditShown:
    """An edit with what it changed in the text before it, and in its flags."""

    edit: Edit
    differences: Differences
    # Codes of the flags that the edit took off and brought.
    gone: list[str]
    come: list[str]


@login_required
@require_safe
def queue(request: HttpRequest, study_key: str) -> HttpResponse:
    """The first text that fits the filters; where none is left, a page that says so.

    Who is asked about texts begins with those, unless they ask for something else.
    """
    study = study_for(request, study_key, Permission.VIEW)
    by = signed_in(request)
    filters = filters_of(request, study)
    if not request.GET:
        asked = Filters(want="mine", is_blind=filters.is_blind)
        first = asked.texts(study, by).first()
        if first is not None:
            return redirect(candidate_url(study, first, asked))
    first = filters.texts(study, by).first()
    if first is not None:
        return redirect(candidate_url(study, first, filters))
    context = {
        "filters": filters,
        **filter_choices(study, filters),
        "any_text": drafted(study).exists(),
        "left": to_decide(study, by),
        "sees_models": sees_models(study),
    }
    return study_page(request, study, "generation/review_empty.html", context)


@login_required
@require_safe
def candidate(request: HttpRequest, study_key: str, code: str) -> HttpResponse:
    """One text with its flags, its history and the decision."""
    study = study_for(request, study_key, Permission.VIEW)
    return candidate_page(request, study, found(study, code))


def candidate_page(request: HttpRequest, study: Study, text: Candidate, **forms: Any) -> HttpResponse:
    """The page of one text; ``forms`` are those that came back with something to mend."""
    filters = filters_of(request, study)
    by = signed_in(request)
    place = filters.neighbours(study, by, text)
    standing = standing_text(text)
    panel = panel_of(text)
    decide = study.is_draft and permits(study.role, Permission.CURATE)
    context = {
        "candidate": text,
        "name": name_of(text, is_blind=filters.is_blind),
        "standing": standing,
        "text_paragraphs": paragraphs(normal_text(standing)),
        **_history(text, standing, panel, by.pk, shows_draft=shows_draft(study)),
        "real": _real(text),
        **_panel(panel, study, by, decide=decide),
        "filters": filters,
        **filter_choices(study, filters),
        "matching": place.matching,
        "previous_url": candidate_url(study, place.before, filters) if place.before else "",
        "next_url": candidate_url(study, place.behind, filters) if place.behind else "",
        "sees_models": sees_models(study),
        "rules": rules_of(study),
        "branches": branches(text, is_blind=filters.is_blind),
        "accept_form": _accept_form(study, text, plain=filters.is_blind or by.pk in panel.missing),
        "reject_form": RejectForm(initial={"revision": text.revision}),
        **(_at_work(study, text, panel, by, filters) if decide else {}),
        **forms,
    }
    # Who decides between opinions says why.
    context["accept_form"].fields["reason"].required = panel.is_disputed
    return study_page(request, study, "generation/candidate.html", context, status=400 if forms else 200)


def found(study: Study, code: str) -> Candidate:
    """The text with this code; raises ``Http404`` where there is none yet."""
    return get_object_or_404(drafted(study), code=code)


def filters_of(request: HttpRequest, study: Study) -> Filters:
    """The filters of this request, without those that the study's rules keep back."""
    return Filters.read(request.GET, is_blind=rules_of(study).is_blind)


def candidate_url(study: Study, text: Candidate, filters: Filters) -> str:
    """The address of a text, with the filters that the curator came by."""
    url = reverse("generation:candidate", args=[study.key, text.code])
    return f"{url}?{filters.query}" if filters.query else url


def name_of(text: Candidate, *, is_blind: bool) -> str:
    """What a text is called on pages: by its place, or by its code where places are hidden."""
    if is_blind:
        return _("Text %(code)s") % {"code": text.code[:6]}
    return _("Text %(index)s of batch %(number)s") % {"index": text.index, "number": text.batch.number}


def filter_choices(study: Study, filters: Filters) -> dict[str, Any]:
    """What the filters can be set to in this study."""
    choices: dict[str, Any] = {
        "decision_choices": [(ANY, ""), *Candidate.Decision.choices],
        "flag_choices": [(code, _flag_name(code)) for code in (NO_FLAG, *flag_codes(study))],
        "want_choices": WANTED.items(),
        "sort_choices": [
            (key, label) for key, label in SORTS.items() if not (filters.is_blind and key in SHOWS_MODELS)
        ],
    }
    if not filters.is_blind:
        models = LanguageModel.objects.filter(batches__study=study).distinct().order_by("name")
        numbers = Batch.objects.filter(study=study).order_by("number").values_list("number", flat=True)
        choices["model_choices"] = [(model.key, model.name) for model in models]
        choices["batch_choices"] = [str(number) for number in numbers]
    return choices | {"filters_in_words": _in_words(filters, dict(choices.get("model_choices", ())))}


def _in_words(filters: Filters, models: Mapping[str, str]) -> list[str]:
    """What the queue is filtered and sorted by, other than usual."""
    usual, decisions = Filters(), dict(Candidate.Decision.choices)
    said = {
        "decision": decisions.get(filters.decision, _("All")),
        "want": WANTED[filters.want],
        "batch": _("Batch %(n)s") % {"n": filters.batch},
        "model": models.get(filters.model, filters.model),
        "flag": _flag_name(filters.flag),
        "sort": SORTS[filters.sort],
    }
    return [str(words) for name, words in said.items() if getattr(filters, name) != getattr(usual, name)]


def _flag_name(code: str) -> str:
    return _("Without flags") if code == NO_FLAG else str(FLAGS.get(code, code))


def shows_draft(study: Study) -> bool:
    """Whether raw drafts and their words' ranks may be shown: under blind curation once the study is frozen.

    Special tokens and ranks tell models apart as well as a name does, and a text that is decided can be opened again.
    One query.
    """
    return not study.is_draft or not rules_of(study).is_blind


def _history(text: Candidate, standing: str, panel: Panel, own: int, *, shows_draft: bool) -> dict[str, Any]:
    """What led to the text; from who is asked about it what others noted and decided is kept as their opinions are."""
    before = unedited(text)
    noted = list(text.remarks.select_related("by").order_by("number"))
    return {
        "shows_draft": shows_draft,
        "differences": compare(before.raw if shows_draft else before.text, standing),
        "share_edited": 100 * before.share(standing),
        "edits": _edits(text),
        "reviews": () if panel.is_closed_to(own) else text.reviews.select_related("by").order_by("number"),
        "remarks": remarks.shown_to(noted, panel, own),
        "is_marked": remarks.mark_shown_to(noted, panel, own),
    }


def _panel(panel: Panel, study: Study, by: Researcher, *, decide: bool) -> dict[str, Any]:
    """What of a text's panel may be shown: to who is asked no opinion of others until all have answered."""
    return {
        "panel": panel,
        "asks_me": by.pk in panel.missing,
        "opinions": panel.shown_to(by.pk),
        "decide": decide,
        "may_decide": decide and panel.waits_for(by.pk, owns=owns(study, by)),
    }


def _at_work(study: Study, text: Candidate, panel: Panel, by: Any, filters: Filters) -> dict[str, Any]:
    """What somebody who decides needs beside the text: their unsaved note, what they can undo, used reasons."""
    left = scratch.found(text, by)
    act = last_act(study, by)
    reasons = Review.objects.filter(candidate__batch__study=study, by=by, rule="").exclude(reason="")
    fitting = filters.texts(study, by)
    return {
        "remark_form": RemarkForm(initial={"text": left.note if left else ""}),
        "scratch": left,
        "undo_label": _undo_label(act, filters) if act else "",
        "undo_act": named(act) if act else "",
        "opinion_act": next((named(said) for said in panel.opinions if said.by_id == by.pk), ""),
        "reasons": sorted(set(reasons.order_by("-at").values_list("reason", flat=True)[:30])),
        "flagged": bulk.announced(bulk.rejectable(study, fitting).values_list("code", "revision")),
    }


def _undo_label(act: Act, filters: Filters) -> str:
    if isinstance(act, BulkRejection):
        return _("Undo my bulk rejection %(number)s") % {"number": act.number}
    name = name_of(act.candidate, is_blind=filters.is_blind)
    if isinstance(act, Edit):
        return _("Undo my edit (%(name)s)") % {"name": name}
    return _("Undo my last decision (%(name)s)") % {"name": name}


def _accept_form(study: Study, text: Candidate, *, plain: bool) -> AcceptForm | PlainAcceptForm:
    if plain:
        return PlainAcceptForm(initial={"revision": text.revision})
    prompt = text.batch.prompt
    initial = {
        "arm": default_arm(text.batch, Curation.CURATED),
        "story": prompt.story,
        "headline": prompt.headline,
        "revision": text.revision,
    }
    return AcceptForm(study, initial=initial)


def _edits(text: Candidate) -> list[EditShown]:
    shown, before = [], opened_text(text)
    for edit in text.edits.select_related("by", "takes_back").order_by("number"):
        then, now = (sorted({flag["code"] for flag in flags or ()}) for flags in (edit.flags_before, edit.flags))
        gone, come = ([code for code in a if code not in b] for a, b in ((then, now), (now, then)))
        shown.append(EditShown(edit, compare(before, edit.text), gone, come))
        before = edit.text
    return shown


def _real(text: Candidate) -> Article | None:
    """The real article of the same story, to be read beside the text."""
    real = Article.objects.filter(
        study=text.batch.study_id,
        story=text.batch.prompt.story_id,
        origin=Origin.REAL,
        replaced_by=None,
        taken_down_at=None,
    )
    return real.order_by("pk").first()


__all__ = ["Branch", "candidate", "candidate_page", "candidate_url", "filters_of", "found", "name_of", "queue"]
