"""Deciding on candidates: accept, reject, reopen.

Each decision is a compare-and-set on the candidate's ``revision``: of two curators at once the second is told who was
first, and nothing of theirs is stored. Rows of ``Review`` are only ever added.
"""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from generation.assignments import owns, panel_of
from generation.batches import RequestError, request_batch
from generation.editing import DecidedMeanwhile, add_edit, changed_to, edit, hold, standing_text
from generation.lineage import lineage_of
from generation.models import BulkRejection, Candidate, Review
from generation.rules import CurationError
from surveys import audit
from surveys.articles import add_article, revise_article, take_down
from surveys.models import Arm, Article, Curation, Origin, Researcher, Story, normal_text

__all__ = [
    "CurationError",
    "DecidedMeanwhile",
    "RequestError",
    "accept",
    "edit",
    "reject",
    "reopen",
    "request_batch",
    "standing_text",
]

Decision = Candidate.Decision


def accept(
    candidate: Candidate,
    *,
    by: Researcher,
    arm: Arm | None,
    story: Story | None = None,
    headline: str | None = None,
    text: str | None = None,
    curation: str = Curation.CURATED,
    reason: str = "",
    rule: str = "",
    seconds: float | None = None,
    revision: int | None = None,
) -> Article:
    """The article that the candidate becomes, with its whole lineage, in ``arm``.

    ``story`` and ``headline`` default to the prompt's; a ``text`` that differs from the standing one is stored as an
    edit first. ``rule`` states the rule that decided, where no person did; ``seconds`` is how long a person looked.
    Raises ``DecidedMeanwhile``, ``CurationError``, also where it is for others to decide, and ``ArticleError`` and
    ``DraftOnly`` as ``add_article`` does.
    """
    prompt = candidate.batch.prompt
    changed = (
        None
        if text is None or normal_text(text) == normal_text(standing_text(candidate))
        else changed_to(candidate, text)
    )
    with transaction.atomic():
        hold(candidate, revision, expected={Decision.PENDING})
        _theirs_to_decide(candidate, by, reason)
        if changed is not None:
            add_edit(candidate, by, changed)
        _log(candidate, Decision.ACCEPTED, by, reason, rule, seconds=seconds)
        article = _stored_article(
            candidate,
            by,
            story=story or prompt.story,
            arm=arm,
            headline=prompt.headline if headline is None else headline,
            text=standing_text(candidate),
            language=prompt.language,
            model_name=candidate.batch.language_model.name,
            curation=curation,
        )
        Candidate.objects.filter(pk=candidate.pk).update(decision=Decision.ACCEPTED, article=article)
    candidate.refresh_from_db()
    return article


def reject(
    candidate: Candidate,
    *,
    by: Researcher,
    reason: str = "",
    rule: str = "",
    bulk: BulkRejection | None = None,
    seconds: float | None = None,
    revision: int | None = None,
) -> Review:
    """Refuse a candidate, for a reason or by a stated rule.

    Raises ``CurationError`` without either, and where it is for others to decide; ``DecidedMeanwhile``, ``DraftOnly``.
    """
    if not reason.strip() and not rule.strip():
        raise CurationError({"reason": _("Write why it is rejected: the log keeps the reason.")})
    with transaction.atomic():
        hold(candidate, revision, expected={Decision.PENDING})
        _theirs_to_decide(candidate, by, reason)
        review = _log(candidate, Decision.REJECTED, by, reason, rule, bulk=bulk, seconds=seconds)
        Candidate.objects.filter(pk=candidate.pk).update(decision=Decision.REJECTED)
    candidate.refresh_from_db()
    return review


def reopen(candidate: Candidate, *, by: Researcher, reason: str = "", revision: int | None = None) -> Review:
    """Take a decision back; the article of an accepted candidate is taken down, and its row and the log stay.

    Raises ``DecidedMeanwhile``, and ``DraftOnly`` where the study is frozen.
    """
    with transaction.atomic():
        hold(candidate, revision, expected={Decision.ACCEPTED, Decision.REJECTED})
        was_accepted = candidate.decision == Decision.ACCEPTED
        review = _log(candidate, Decision.PENDING, by, reason, "")
        Candidate.objects.filter(pk=candidate.pk).update(decision=Decision.PENDING)
        if was_accepted and candidate.article is not None:
            take_down(_newest(candidate.article), by=by)
    candidate.refresh_from_db()
    return review


def _theirs_to_decide(candidate: Candidate, by: Researcher, reason: str) -> None:
    """Raise ``CurationError`` where a panel is asked and not through: in agreement, or for ``by`` to adjudicate."""
    panel = panel_of(candidate)
    if panel.missing:
        n = len(panel.missing)
        message = ngettext(
            "%(n)s opinion on this text is still awaited.", "%(n)s opinions on this text are still awaited.", n
        )
        raise CurationError({"": message % {"n": n}})
    if panel.is_party(by.pk, owns=owns(candidate.batch.study, by)):
        raise CurationError({"": _("You were one of those who differ: somebody else, or an owner, adjudicates.")})
    if panel.is_disputed and not reason.strip():
        raise CurationError({"reason": _("Opinions differ. Write what decides between them: the log keeps it.")})


def _log(
    candidate: Candidate,
    new: Decision,
    by: Researcher,
    reason: str,
    rule: str,
    *,
    bulk: BulkRejection | None = None,
    seconds: float | None = None,
) -> Review:
    batch = candidate.batch
    audit.record(
        batch.study,
        f"candidate {new.value}" if new != Decision.PENDING else "candidate reopened",
        by=by,
        subject=f"batch {batch.number}, candidate {candidate.index}" + (" by rule" if rule else ""),
        content=standing_text(candidate),
    )
    return Review.objects.create(
        candidate=candidate,
        number=candidate.reviews.count() + 1,
        old=candidate.decision,
        new=new,
        by=by,
        reason=reason.strip(),
        rule=rule.strip(),
        bulk=bulk,
        seconds=seconds,
    )


def _stored_article(candidate: Candidate, by: Researcher, **fields: Any) -> Article:
    lineage = lineage_of(candidate)
    if candidate.article is not None:
        return revise_article(_newest(candidate.article), by=by, lineage=lineage, **fields)
    return add_article(candidate.batch.study, by=by, origin=Origin.SYNTHETIC, lineage=lineage, **fields)


def _newest(article: Article) -> Article:
    while article.replaced_by is not None:
        article = article.replaced_by
    return article
