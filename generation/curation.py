"""Deciding on candidates: accept, reject, reopen, and the random pick for the uncurated arm.

Each decision is a compare-and-set on the candidate's ``revision``: of two curators at once the second is told who was
first, and nothing of theirs is stored. Rows of ``Review`` are only ever added.
"""

import hashlib
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from generation.assignments import panel_of
from generation.batches import RequestError, request_batch
from generation.editing import DecidedMeanwhile, add_edit, changed_to, edit, hold, standing_text
from generation.lineage import lineage_of
from generation.models import Batch, BulkRejection, Candidate, Review
from generation.rules import HIGHEST_SEED, CurationError
from surveys import audit
from surveys.articles import add_article, revise_article, take_down
from surveys.models import Arm, Article, Curation, Origin, Researcher, Role, Story, Study, normal_text

__all__ = [
    "CurationError",
    "DecidedMeanwhile",
    "RequestError",
    "accept",
    "edit",
    "picked",
    "random_pick",
    "reject",
    "reopen",
    "request_batch",
    "standing_text",
]

Decision = Candidate.Decision

# What the rule of a random pick begins with, in the log and in lineages: by it is known whom nobody selected.
RANDOM_PICK = "random pick of "


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


def picked(indices: list[int], k: int, seed: int) -> list[int]:
    """Which ``k`` of these candidates a random pick takes: those whose SHA-256 of 'seed:index' is smallest.

    Anybody can replay it: it depends on the seed and the indices alone, not on their order.
    """
    ranked = sorted(indices, key=lambda index: hashlib.sha256(f"{seed}:{index}".encode("ascii")).digest())
    return sorted(ranked[:k])


def random_pick(
    batch: Batch, *, by: Researcher, k: int, seed: int, arm: Arm | None, without_failed: bool = False
) -> list[Article]:
    """Accept ``k`` of a finished batch's texts at random into ``arm``, as uncurated; their articles.

    The draw is among all texts that are not empty. It is refused while texts are missing (the short ones are done
    first) and once somebody decided (a draw from what is left over is not random). Texts that failed are missing too,
    unless they are left out on purpose by ``without_failed``: then the rule says how many. Raises ``CurationError``,
    and what ``accept`` raises.
    """
    if not 0 <= seed <= HIGHEST_SEED:
        raise CurationError({"seed": _("The seed must be a whole number from 0 to 2^63 - 1.")})
    with transaction.atomic():
        Study.objects.select_for_update().get(pk=batch.study_id)
        pool = _pool(batch, k, without_failed=without_failed)
        drawn = picked(pool, k, seed)
        failed = failed_texts(batch)
        left_out = f" ({failed} that failed left out)" if failed else ""
        # Not translated: the record must not depend on the language of whoever clicked.
        rule = f"{RANDOM_PICK}{k} among {len(pool)} texts of batch {batch.number}{left_out}, seed {seed}"
        chosen = batch.candidates.filter(index__in=drawn).select_related(
            "batch__prompt__story", "batch__language_model"
        )
        articles = [
            accept(candidate, by=by, arm=arm, curation=Curation.UNCURATED, rule=rule)
            for candidate in chosen.order_by("index")
        ]
        # Which ones they are follows from the rule, and stands in the log of each.
        audit.record(batch.study, "random pick", by=by, subject=rule, content=f"{rule}: {drawn}")
    return articles


def failed_texts(batch: Batch) -> int:
    """How many of a batch's texts could not be written."""
    return batch.candidates.filter(state=Candidate.State.FAILED).count()


def refused_texts(batch: Batch) -> int:
    """How many of those a server refused for good: nobody asks it for them again."""
    return batch.candidates.filter(state=Candidate.State.FAILED).exclude(error="").count()


def _pool(batch: Batch, k: int, *, without_failed: bool) -> list[int]:
    if batch.candidates.filter(state=Candidate.State.WAITING).exists():
        raise CurationError({"k": _("The batch is not complete. Short texts are done first: wait, or let it go on.")})
    if not without_failed and (failed := failed_texts(batch)):
        raise CurationError({"without_failed": _what_to_do(failed, refused_texts(batch))})
    if batch.candidates.exclude(decision=Decision.PENDING).exists():
        message = _(
            "Somebody decided on texts of this batch already: a draw from what is left over is not random. "
            "Reopen them, or request another batch for the uncurated arm."
        )
        raise CurationError({"k": message})
    drafted = batch.candidates.filter(state=Candidate.State.DRAFTED).exclude(text="")
    pool = list(drafted.order_by("index").values_list("index", flat=True))
    if not 1 <= k <= len(pool):
        raise CurationError({"k": _("Pick 1 to %(most)s texts.") % {"most": len(pool)}})
    return pool


def _what_to_do(failed: int, refused: int) -> str:
    """What becomes of texts that failed, of which a server refused some."""
    said = []
    if refused:
        message = ngettext(
            "The server refused %(n)s text, and is not asked for it again: leave it out on purpose.",
            "The server refused %(n)s texts, and is not asked for them again: leave them out on purpose.",
            refused,
        )
        said.append(message % {"n": refused})
    if again := failed - refused:
        message = ngettext(
            "%(n)s text failed. Try it again first; if it fails for good, leave it out on purpose.",
            "%(n)s texts failed. Try them again first; those that fail for good leave out on purpose.",
            again,
        )
        said.append(message % {"n": again})
    return " ".join(said)


def _theirs_to_decide(candidate: Candidate, by: Researcher, reason: str) -> None:
    """Raise ``CurationError`` where a panel is asked and not through: in agreement, or for ``by`` to adjudicate."""
    panel = panel_of(candidate)
    if panel.missing:
        n = len(panel.missing)
        message = ngettext(
            "%(n)s opinion on this text is still awaited.", "%(n)s opinions on this text are still awaited.", n
        )
        raise CurationError({"": message % {"n": n}})
    if panel.is_disputed and by.pk in panel.asked and not _owns(candidate, by):
        raise CurationError({"": _("You were one of those who differ: somebody else, or an owner, adjudicates.")})
    if panel.is_disputed and not reason.strip():
        raise CurationError({"reason": _("Opinions differ. Write what decides between them: the log keeps it.")})


def _owns(candidate: Candidate, by: Researcher) -> bool:
    return candidate.batch.study.memberships.filter(researcher=by, role=Role.OWNER).exists()


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
