"""Deciding on candidates: accept, edit, reject, reopen, and the random pick for the uncurated arm.

Each decision is a compare-and-set on the candidate's ``revision``: of two curators at once the second is told who was
first, and nothing of theirs is stored. Rows of ``Edit`` and ``Review`` are only ever added.
"""

import hashlib
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from generation.assignments import panel_of
from generation.batches import RequestError, request_batch
from generation.lineage import lineage_of, opened_text
from generation.models import Batch, BulkRejection, Candidate, Edit, Review
from generation.rules import HIGHEST_SEED, CurationError, check_edit
from surveys import audit
from surveys.articles import LONGEST_TEXT, add_article, revise_article, take_down
from surveys.models import Arm, Article, Curation, Origin, Researcher, Role, Story, Study, normal_text

__all__ = [
    "CurationError",
    "DecidedMeanwhile",
    "RequestError",
    "accept",
    "default_arm",
    "edit",
    "picked",
    "random_pick",
    "reject",
    "reopen",
    "request_batch",
    "standing_text",
]

Decision = Candidate.Decision


class DecidedMeanwhile(CurationError):  # noqa: N818 -- it names what happened
    """Somebody else decided on, or edited, the candidate since it was read."""

    def __init__(self, candidate: Candidate) -> None:
        current = Candidate.objects.get(pk=candidate.pk)
        last: Review | Edit | None = current.reviews.select_related("by").order_by("-at", "-number").first()
        edit = current.edits.select_related("by").order_by("-number").first()
        if edit is not None and (last is None or edit.at > last.at):
            last = edit
        who = str(last.by) if last is not None else _("Somebody")
        what = current.get_decision_display().lower()
        super().__init__(
            {
                "": _(
                    "%(who)s was here in the meantime: the text is %(what)s now. Nothing of yours was saved; read it "
                    "again and decide then."
                )
                % {"who": who, "what": what}
            }
        )


def standing_text(candidate: Candidate) -> str:
    """The text as a reader would get it now: the last edit, or the draft, with its opening where that is shown.

    Asks the database for the last edit.
    """
    last = candidate.edits.order_by("-number").first()
    return last.text if last is not None else opened_text(candidate)


def edit(candidate: Candidate, *, by: Researcher, text: str, revision: int | None = None) -> Edit:
    """The edit, stored beside the draft, which stays. ``revision`` is the one that the editor saw.

    Raises ``CurationError`` where nothing changed, no text is left, the study's rules forbid it, or opinions on the
    text as it is are awaited; ``DecidedMeanwhile``.
    """
    with transaction.atomic():
        _take(candidate, revision, expected={Decision.PENDING})
        if panel_of(candidate).missing:
            raise CurationError({"text": _("Opinions on this text are still awaited: it is not edited meanwhile.")})
        return _add_edit(candidate, by, text)


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
    with transaction.atomic():
        _take(candidate, revision, expected={Decision.PENDING})
        _theirs_to_decide(candidate, by, reason)
        if text is not None and normal_text(text) != standing_text(candidate):
            _add_edit(candidate, by, text)
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

    Raises ``CurationError`` without either, and where it is for others to decide; ``DecidedMeanwhile``.
    """
    if not reason.strip() and not rule.strip():
        raise CurationError({"reason": _("Write why it is rejected: the log keeps the reason.")})
    with transaction.atomic():
        _take(candidate, revision, expected={Decision.PENDING})
        _theirs_to_decide(candidate, by, reason)
        review = _log(candidate, Decision.REJECTED, by, reason, rule, bulk=bulk, seconds=seconds)
        Candidate.objects.filter(pk=candidate.pk).update(decision=Decision.REJECTED)
    candidate.refresh_from_db()
    return review


def reopen(candidate: Candidate, *, by: Researcher, reason: str = "", revision: int | None = None) -> Review:
    """Take a decision back; the article of an accepted candidate is taken down, and its row and the log stay.

    Raises ``DecidedMeanwhile``, and ``DraftOnly`` where the study is frozen with that article.
    """
    with transaction.atomic():
        _take(candidate, revision, expected={Decision.ACCEPTED, Decision.REJECTED})
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
        rule = f"random pick of {k} among {len(pool)} texts of batch {batch.number}{left_out}, seed {seed}"
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


def default_arm(batch: Batch, curation: str = Curation.CURATED) -> Arm | None:
    """The arm that a batch's texts most likely belong to: its model's slot first, then how they are chosen."""
    model = batch.language_model
    arms = list(Arm.objects.filter(study=batch.study_id, origin=Origin.SYNTHETIC).order_by("position", "pk"))
    # A slot says 'gpt2-medium' or 'SmolLM2-135M-Instruct' and not in which folder or whose repository that lies.
    names = {model.key, model.name, model.location, model.location.rstrip("/").rpartition("/")[2]}
    slots = {name.casefold() for name in names}
    fitting = [arm for arm in arms if arm.model_slot.casefold() in slots] or [arm for arm in arms if not arm.model_slot]
    chosen_so = [arm for arm in fitting if arm.curation == curation]
    return next(iter(chosen_so or fitting), None)


def _pool(batch: Batch, k: int, *, without_failed: bool) -> list[int]:
    if batch.candidates.filter(state=Candidate.State.WAITING).exists():
        raise CurationError({"k": _("The batch is not complete. Short texts are done first: wait, or let it go on.")})
    if not without_failed and (failed := failed_texts(batch)):
        message = ngettext(
            "%(n)s text failed. Try it again first; if it fails for good, leave it out on purpose.",
            "%(n)s texts failed. Try them again first; those that fail for good leave out on purpose.",
            failed,
        )
        raise CurationError({"without_failed": message % {"n": failed}})
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


def _take(candidate: Candidate, revision: int | None, *, expected: set[Decision]) -> None:
    """Count up the revision, which also holds the row; raises if it moved on. Needs a transaction."""
    # Everybody who decides takes the study's row first: two who take rows in another order would wait for each other.
    Study.objects.select_for_update().get(pk=candidate.batch.study_id)
    seen = candidate.revision if revision is None else revision
    row = Candidate.objects.filter(pk=candidate.pk, revision=seen, decision__in=expected, state=Candidate.State.DRAFTED)
    if not row.update(revision=F("revision") + 1):
        raise DecidedMeanwhile(candidate)
    candidate.refresh_from_db(fields=["revision", "decision", "article"])


def _add_edit(candidate: Candidate, by: Researcher, text: str) -> Edit:
    text = normal_text(text)
    if not text:
        raise CurationError({"text": _("No text is left. Reject the candidate if none of it can be used.")})
    if len(text) > LONGEST_TEXT:
        raise CurationError({"text": _("The text is longer than %(most)s characters.") % {"most": LONGEST_TEXT}})
    if text == standing_text(candidate):
        raise CurationError({"text": _("Nothing was changed.")})
    check_edit(candidate, text)
    return Edit.objects.create(candidate=candidate, number=candidate.edits.count() + 1, text=text, by=by)


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
