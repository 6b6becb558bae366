"""The random pick for the uncurated arm: by a recorded seed, among texts as a model wrote them."""

import hashlib

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from generation import curation
from generation.lineage import opened_text
from generation.models import Batch, Candidate, Continuation, Edit
from generation.rules import HIGHEST_SEED, CurationError
from surveys import audit
from surveys.models import Arm, Article, Curation, Researcher, Study, normal_text

Decision = Candidate.Decision

# What the rule of a random pick begins with, in the log and in lineages: by it is known whom nobody selected.
RANDOM_PICK = "random pick of "


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

    The draw is among all texts that are not empty; the rule says how many are. It is refused while texts are missing
    (the short ones are done first), once somebody decided (a draw from what is left over is not random) and where
    people wrote in a text, or chose the one that all of them go on from: those are not as they came. Texts that failed
    are missing too, unless they are left out on purpose by ``without_failed``: then the rule says how many. Raises
    ``CurationError``, and what ``curation.accept`` raises.
    """
    if not 0 <= seed <= HIGHEST_SEED:
        raise CurationError({"seed": _("The seed must be a whole number from 0 to 2^63 - 1.")})
    with transaction.atomic():
        Study.objects.select_for_update().get(pk=batch.study_id)
        pool = _pool(batch, k, without_failed=without_failed)
        drawn = picked(pool, k, seed)
        left_out = _left_out(batch)
        # Not translated: the record must not depend on the language of whoever clicked.
        rule = f"{RANDOM_PICK}{k} among {len(pool)} texts of batch {batch.number}{left_out}, seed {seed}"
        chosen = batch.candidates.filter(index__in=drawn).select_related(
            "batch__prompt__story", "batch__language_model"
        )
        articles = [
            curation.accept(candidate, by=by, arm=arm, curation=Curation.UNCURATED, rule=rule)
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
    if Continuation.objects.filter(batch=batch).exists():
        message = _(
            "This batch goes on from a text that somebody chose, so that its texts are not as they came. Draw from a "
            "batch that begins with its own prompt."
        )
        raise CurationError({"k": message})
    if edited := _edited(batch):
        message = ngettext(
            "People edited %(n)s text of this batch, and a draw takes texts as the model wrote them. Take the edits "
            "back, or request another batch for the uncurated arm.",
            "People edited %(n)s texts of this batch, and a draw takes texts as the model wrote them. Take the edits "
            "back, or request another batch for the uncurated arm.",
            edited,
        )
        raise CurationError({"k": message % {"n": edited}})
    drafted = batch.candidates.filter(state=Candidate.State.DRAFTED).exclude(text="")
    pool = list(drafted.order_by("index").values_list("index", flat=True))
    if not 1 <= k <= len(pool):
        raise CurationError({"k": _("Pick 1 to %(most)s texts.") % {"most": len(pool)}})
    return pool


def _edited(batch: Batch) -> int:
    """How many of a batch's texts do not stand as the model wrote them."""
    edits = Edit.objects.filter(candidate__batch=batch).order_by("number")
    standing = {edit.candidate_id: edit for edit in edits.select_related("candidate__batch__prompt")}
    return sum(normal_text(edit.text) != normal_text(opened_text(edit.candidate)) for edit in standing.values())


def _left_out(batch: Batch) -> str:
    """What the rule says of texts that no draw can take."""
    failed = failed_texts(batch)
    empty = batch.candidates.filter(state=Candidate.State.DRAFTED, text="").count()
    said = [f"{failed} that failed"] * bool(failed) + [f"{empty} empty"] * bool(empty)
    return f" ({', '.join(said)} left out)" if said else ""


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
