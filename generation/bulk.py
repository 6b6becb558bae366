"""Rejecting many flagged texts with one stroke, and taking that stroke back with one."""

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from generation import curation
from generation.engine import NOTES
from generation.models import Assignment, BulkRejection, Candidate
from generation.rules import CurationError
from surveys.articles import lock_draft
from surveys.models import Researcher, Study

Decision = Candidate.Decision


def rejectable(study: Study, texts: Sequence[Candidate]) -> list[Candidate]:
    """Those of the texts that are flagged (a note is no flag), undecided and nobody's in particular to decide."""
    asked = set(Assignment.objects.filter(candidate__batch__study=study).values_list("candidate", flat=True))
    return [text for text in texts if text.flag_count and text.decision == Decision.PENDING and text.pk not in asked]


def reject_flagged(study: Study, texts: Sequence[Candidate], *, by: Researcher, expected: int) -> BulkRejection:
    """Reject all of ``rejectable`` by a rule that names their flags. ``expected`` is how many the page announced.

    Raises ``CurationError`` where it would be another number by now, or none; ``DraftOnly``.
    """
    with transaction.atomic():
        lock_draft(study)
        fresh = Candidate.objects.filter(pk__in=[text.pk for text in texts]).order_by("batch__number", "index")
        chosen = rejectable(study, list(fresh.select_related("batch__study", "batch__prompt")))
        if not chosen or len(chosen) != expected:
            message = _("Meanwhile %(now)s texts would be rejected, not %(then)s. Nothing was done; look again.")
            raise CurationError({"": message % {"now": len(chosen), "then": expected}})
        number = BulkRejection.objects.filter(study=study).count() + 1
        codes = sorted({flag["code"] for text in chosen for flag in text.flags} - NOTES)
        # Not translated: the record must not depend on the language of whoever clicked.
        rule = f"bulk rejection {number} of {len(chosen)} flagged texts ({', '.join(codes)})"
        bulk = BulkRejection.objects.create(study=study, number=number, by=by, rule=rule)
        for text in chosen:
            curation.reject(text, by=by, rule=rule, bulk=bulk)
    return bulk


def take_back(bulk: BulkRejection, *, by: Researcher) -> int:
    """Open the texts again that this stroke rejected and nobody touched since; how many. Raises ``DraftOnly``."""
    with transaction.atomic():
        lock_draft(bulk.study)
        texts = still_rejected(bulk)
        for text in texts:
            curation.reopen(text, by=by, reason=f"bulk rejection {bulk.number} taken back")
    return len(texts)


def still_rejected(bulk: BulkRejection) -> list[Candidate]:
    """The texts whose last decision was this stroke."""
    reviews = bulk.reviews.select_related("candidate__batch__study", "candidate__batch__prompt", "candidate__article")
    rejected = [review for review in reviews if review.candidate.decision == Decision.REJECTED]
    return [review.candidate for review in rejected if review.candidate.reviews.count() == review.number]
