"""When somebody is asked about texts no longer: those who remain decide at once where they have all said the same."""

from collections.abc import Collection, Mapping, Sequence

from django.db import transaction
from django.db.models import F, prefetch_related_objects

from generation import bulk, opinions, placing
from generation.assignments import Verdict, curators_of, panels
from generation.lineage import LED_TO, SAID, lineage_of, opened_text
from generation.models import Assignment, Candidate
from surveys import audit
from surveys.articles import add_articles, lock_draft, problems_of
from surveys.models import Arm, Article, Curation, Origin, Researcher, Study, normal_text

Decision = Candidate.Decision


def release(study: Study, curator: Researcher, *, by: Researcher) -> int:
    """Ask somebody no longer who has not answered; how many texts that were. Opinions stay. Raises ``DraftOnly``."""
    with transaction.atomic():
        lock_draft(study)
        texts = _released(study, curator, by)
        _settle(study, texts, by)
    return len(texts)


def after_team_change(study: Study, person: Researcher, by: Researcher) -> None:
    """Go on without somebody who may curate no longer; ``settings.TEAM_CHANGED`` has the team's pages call it.

    They are asked no longer, also should they come back: by then the others may have read each other. Needs the
    study's row held. Does nothing where they still may, or where they had answered already: what somebody has opened
    again since then is not decided anew. Nothing is decided in a study that is no draft.
    """
    if person in curators_of(study):
        return
    texts = _released(study, person, by)
    if Study.objects.filter(pk=study.pk, status=Study.Status.DRAFT).exists():
        _settle(study, texts, by)


def _released(study: Study, person: Researcher, by: Researcher) -> list[int]:
    """Ask somebody no longer about the texts on which they have not answered; which ones those were."""
    answered = [pk for pk, panel in panels(study).items() if person.pk in {opinion.by_id for opinion in panel.opinions}]
    asked = Assignment.objects.filter(candidate__batch__study=study, curator=person)
    waiting = asked.exclude(candidate__in=answered)
    texts = list(waiting.values_list("candidate", flat=True))
    if texts:
        waiting.delete()
        # An address may be longer than what the log has room for.
        audit.record(study, "assignments released", by=by, subject=f"{len(texts)} of {person}"[:200])
    return texts


def _settle(study: Study, texts: Collection[int], by: Researcher) -> None:
    """Decide on those of the texts whose remaining opinions agree, and say in the log how many somebody adjudicates.

    By as many statements for many texts as for few.
    """
    found = panels(study)
    complete = [pk for pk in texts if pk in found and found[pk].is_complete]
    undecided = Candidate.objects.filter(pk__in=complete, decision=Candidate.Decision.PENDING, reviews=None)
    read = undecided.select_related(*LED_TO).prefetch_related("edits")
    rows = list(read.order_by("batch__number", "index"))
    agreed = [text for text in rows if found[text.pk].verdict and opinions.are_about(found[text.pk], _standing(text))]
    refused = [text for text in agreed if found[text.pk].verdict == Verdict.REJECT]
    rules = {text.pk: opinions.rule_of(found[text.pk], ", once nobody else was awaited") for text in agreed}
    opinions.log_complete(study, [(text, found[text.pk]) for text in rows], by)
    decided = _refused(study, refused, rules, by)
    decided += _accepted(study, [text for text in agreed if text not in refused], rules, by)
    disputed = len(rows) - len(agreed)
    if decided or disputed:
        subject = f"nobody else is awaited: {decided} decided by those who remain, {disputed} differ"
        audit.record(study, "panels settled", by=by, subject=subject)


def _refused(study: Study, texts: Sequence[Candidate], rules: Mapping[int, str], by: Researcher) -> int:
    """What ``curation.reject`` does to a text, for many; how many."""
    if texts:
        keys = [text.pk for text in texts]
        Candidate.objects.filter(pk__in=keys).update(decision=Decision.REJECTED, revision=F("revision") + 1)
        bulk.log_all(study, texts, Decision.REJECTED, by, rules=rules)
    return len(texts)


def _accepted(study: Study, texts: Sequence[Candidate], rules: Mapping[int, str], by: Researcher) -> int:
    """What ``curation.accept`` does to a text that never was an article, for many; how many.

    One that can be no article stays as it is, and whoever opens it is told why.
    """
    arms = {text.batch_id: text.batch for text in texts}
    placed = {pk: placing.default_arm(batch) for pk, batch in arms.items()}
    made = [(text, _article(text, placed[text.batch_id], by)) for text in texts]
    fit = [(text, article) for text, article in made if not problems_of(article)]
    if not fit:
        return 0
    taken = [text for text, _article in fit]
    bulk.log_all(study, taken, Decision.ACCEPTED, by, rules=rules)
    prefetch_related_objects(taken, *SAID)
    for text, article in fit:
        article.lineage = lineage_of(text)
    stored = add_articles(study, [article for _text, article in fit], by=by)
    for text, article in zip(taken, stored, strict=True):
        text.decision, text.article, text.revision = Decision.ACCEPTED, article, text.revision + 1
    Candidate.objects.bulk_update(taken, ["decision", "article", "revision"])
    return len(taken)


def _article(text: Candidate, arm: Arm | None, by: Researcher) -> Article:
    """The article that a text becomes, not stored and without its lineage."""
    prompt = text.batch.prompt
    return Article(
        study=text.batch.study,
        story=prompt.story,
        arm=arm,
        origin=Origin.SYNTHETIC,
        headline=normal_text(prompt.headline),
        text=normal_text(_standing(text)),
        language=prompt.language,
        model_name=text.batch.language_model.name.strip(),
        curation=Curation.CURATED,
        created_by=by,
    )


def _standing(text: Candidate) -> str:
    """What ``editing.standing_text`` returns, from rows that were read already."""
    last = max(text.edits.all(), key=lambda edit: edit.number, default=None)
    return opened_text(text) if last is None else last.text
