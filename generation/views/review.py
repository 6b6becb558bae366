"""The review queue: one text at a time, as a reader will see it, with what speaks for and against it."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from generation.curation import default_arm, standing_text
from generation.differences import Differences, compare
from generation.forms import AcceptForm, RejectForm
from generation.lineage import opened_raw, opened_text
from generation.models import Batch, Candidate, Edit, LanguageModel
from generation.reviewing import ANY, NO_FLAG, Filters, drafted, flag_codes, last_decision, neighbours
from surveys.access import Permission, permits, signed_in, study_for
from surveys.models import Article, Curation, Origin, Study
from surveys.workbench.pages import study_page


@dataclass(frozen=True)
class EditShown:
    """An edit with what it changed in the text before it."""

    edit: Edit
    differences: Differences


@login_required
@require_safe
def queue(request: HttpRequest, study_key: str) -> HttpResponse:
    """The first text that fits the filters; where none is left, a page that says so."""
    study = study_for(request, study_key, Permission.VIEW)
    filters = Filters.read(request.GET)
    first = filters.texts(study).first()
    if first is not None:
        return redirect(candidate_url(study, first, filters))
    context = {"filters": filters, **filter_choices(study), "any_text": drafted(study).exists()}
    return study_page(request, study, "generation/review_empty.html", context)


@login_required
@require_safe
def candidate(request: HttpRequest, study_key: str, number: int, index: int) -> HttpResponse:
    """One text with its flags, its history and the decision."""
    study = study_for(request, study_key, Permission.VIEW)
    return candidate_page(request, study, found(study, number, index))


def candidate_page(request: HttpRequest, study: Study, text: Candidate, **forms: Any) -> HttpResponse:
    """The page of one text; ``forms`` are those that came back with something to mend."""
    filters = Filters.read(request.GET)
    texts = filters.texts(study)
    before, behind = neighbours(texts, text)
    standing = standing_text(text)
    context = {
        "candidate": text,
        "standing": standing,
        "text_paragraphs": [part for part in standing.split("\n\n") if part.strip()],
        "raw": opened_raw(text),
        "differences": compare(opened_raw(text), standing),
        "edits": _edits(text),
        "reviews": text.reviews.select_related("by").order_by("number"),
        "real": _real(text),
        "filters": filters,
        **filter_choices(study),
        "matching": texts.count(),
        "previous_url": candidate_url(study, before, filters) if before else "",
        "next_url": candidate_url(study, behind, filters) if behind else "",
        "decide": study.is_draft and permits(study.role, Permission.CURATE),
        "undo": last_decision(study, signed_in(request)),
        "accept_form": _accept_form(study, text),
        "reject_form": RejectForm(initial={"revision": text.revision}),
        **forms,
    }
    return study_page(request, study, "generation/candidate.html", context, status=400 if forms else 200)


def found(study: Study, number: int, index: int) -> Candidate:
    """The text at this place; raises ``Http404`` where there is none yet."""
    return get_object_or_404(drafted(study), batch__number=number, index=index)


def candidate_url(study: Study, text: Candidate, filters: Filters) -> str:
    """The address of a text, with the filters that the curator came by."""
    url = reverse("generation:candidate", args=[study.key, text.batch.number, text.index])
    return f"{url}?{filters.query}" if filters.query else url


def filter_choices(study: Study) -> dict[str, Any]:
    """What the filters can be set to in this study."""
    models = LanguageModel.objects.filter(batches__study=study).distinct().order_by("name")
    return {
        "decision_choices": [(ANY, ""), *Candidate.Decision.choices],
        "batch_choices": [
            str(n) for n in Batch.objects.filter(study=study).order_by("number").values_list("number", flat=True)
        ],
        "model_choices": [(model.key, model.name) for model in models],
        "flag_choices": [NO_FLAG, *flag_codes(study)],
    }


def _accept_form(study: Study, text: Candidate) -> AcceptForm:
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
    for edit in text.edits.select_related("by").order_by("number"):
        shown.append(EditShown(edit, compare(before, edit.text)))
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
