"""When somebody is asked about texts no longer: those who remain decide at once where they have all said the same."""

from collections.abc import Collection

from django.db import transaction
from django.db.models import QuerySet

from generation import opinions
from generation.assignments import curators_of, panels
from generation.editing import standing_text
from generation.models import Assignment, Candidate
from surveys import audit
from surveys.articles import ArticleError, lock_draft
from surveys.models import Researcher, Study


def release(study: Study, curator: Researcher, *, by: Researcher) -> int:
    """Ask somebody no longer who has not answered; how many texts that were. Opinions stay. Raises ``DraftOnly``."""
    with transaction.atomic():
        lock_draft(study)
        waiting = _awaited(study, curator)
        texts = list(waiting.values_list("candidate", flat=True))
        released, _rows = waiting.delete()
        if released:
            # An address may be longer than what the log has room for.
            audit.record(study, "assignments released", by=by, subject=f"{released} of {curator}"[:200])
            _settle(study, texts, by)
    return released


def after_team_change(study: Study, person: Researcher, by: Researcher) -> None:
    """Go on without somebody who may curate no longer; ``settings.TEAM_CHANGED`` has the team's pages call it.

    Needs the study's row held. Does nothing where they still may, or where they had answered already: what somebody
    has opened again since then is not decided anew.
    """
    if person in curators_of(study) or not Study.objects.filter(pk=study.pk, status=Study.Status.DRAFT).exists():
        return
    _settle(study, list(_awaited(study, person).values_list("candidate", flat=True)), by)


def _awaited(study: Study, person: Researcher) -> QuerySet[Assignment]:
    """What somebody is asked and has not answered."""
    answered = [pk for pk, panel in panels(study).items() if person.pk in {opinion.by_id for opinion in panel.opinions}]
    return Assignment.objects.filter(candidate__batch__study=study, curator=person).exclude(candidate__in=answered)


def _settle(study: Study, texts: Collection[int], by: Researcher) -> None:
    """Decide on those of the texts whose remaining opinions agree, and say in the log how many somebody adjudicates."""
    found = panels(study)
    complete = [pk for pk in texts if pk in found and found[pk].is_complete]
    undecided = Candidate.objects.filter(pk__in=complete, decision=Candidate.Decision.PENDING, reviews=None)
    related = ("batch__study", "batch__prompt__story", "batch__language_model", "run", "article")
    decided = disputed = 0
    for text in undecided.select_related(*related).order_by("batch__number", "index"):
        if found[text.pk].is_disputed or not opinions.are_about(found[text.pk], standing_text(text)):
            disputed += 1
        else:
            decided += _decided(text, by)
    if decided or disputed:
        subject = f"nobody else is awaited: {decided} decided by those who remain, {disputed} differ"
        audit.record(study, "panels settled", by=by, subject=subject)


def _decided(text: Candidate, by: Researcher) -> bool:
    """Whether the text could be decided as all say; where it can be no article, whoever opens it is told why."""
    try:
        with transaction.atomic():
            opinions.decide(text, by=by, why=", once nobody else was awaited")
    except ArticleError:
        return False
    return True
