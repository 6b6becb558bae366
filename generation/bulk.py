"""Rejecting many flagged texts with one stroke, and taking that stroke back with one: few statements, however many."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, F, Max, OuterRef, QuerySet
from django.utils.translation import gettext as _

from generation.assignments import curators_of
from generation.engine import NOTES
from generation.lineage import opened_text
from generation.models import Assignment, BulkRejection, Candidate, Edit, Opinion, Review
from generation.rules import CurationError
from surveys import audit
from surveys.articles import lock_draft
from surveys.models import Researcher, Study

Decision = Candidate.Decision


def rejectable(study: Study, texts: QuerySet[Candidate]) -> QuerySet[Candidate]:
    """Those of the texts that are flagged (a note is no flag), undecided and nobody's in particular to decide."""
    asked = Assignment.objects.filter(candidate=OuterRef("pk"), curator__in=curators_of(study))
    answered = Opinion.objects.filter(candidate=OuterRef("pk"))
    return texts.filter(~Exists(asked), ~Exists(answered), flag_count__gt=0, decision=Decision.PENDING)


@dataclass(frozen=True)
class Announced:
    """How many texts one stroke would reject, and the SHA-256 of which, each as it was last edited and decided on."""

    texts: int
    fingerprint: str


def announced(texts: Iterable[tuple[str, int]]) -> Announced:
    """What a page says of ``rejectable`` texts, from the code and revision of each, in any order."""
    rows = sorted(f"{code}:{revision}" for code, revision in texts)
    return Announced(len(rows), hashlib.sha256("\n".join(rows).encode("ascii")).hexdigest())


def reject_flagged(study: Study, texts: QuerySet[Candidate], *, by: Researcher, shown: str) -> BulkRejection:
    """Reject all of ``rejectable`` by a rule that names their flags. ``shown`` is the fingerprint on the page.

    Raises ``CurationError`` where it would be other texts by now, or none; ``DraftOnly``.
    """
    with transaction.atomic():
        lock_draft(study)
        chosen = list(rejectable(study, texts).order_by("batch__number", "index").select_related("batch__prompt"))
        if not chosen or shown != announced((text.code, text.revision) for text in chosen).fingerprint:
            message = _(
                "Flags, decisions or texts changed since the page was shown: it would be other texts now (%(now)s). "
                "Nothing was done; look again."
            )
            raise CurationError({"": message % {"now": len(chosen)}})
        number = BulkRejection.objects.filter(study=study).count() + 1
        codes = sorted({flag["code"] for text in chosen for flag in text.flags} - NOTES)
        # Not translated: the record must not depend on the language of whoever clicked.
        rule = f"bulk rejection {number} of {len(chosen)} flagged texts ({', '.join(codes)})"
        bulk = BulkRejection.objects.create(study=study, number=number, by=by, rule=rule)
        _decide(study, chosen, Decision.REJECTED, by, rule=rule, bulk=bulk)
    return bulk


def take_back(bulk: BulkRejection, *, by: Researcher) -> int:
    """Open the texts again that this stroke rejected and nobody touched since; how many. Raises ``DraftOnly``."""
    with transaction.atomic():
        lock_draft(bulk.study)
        texts = list(still_rejected(bulk).select_related("batch__prompt").order_by("batch__number", "index"))
        _decide(bulk.study, texts, Decision.PENDING, by, reason=f"bulk rejection {bulk.number} taken back")
    return len(texts)


def still_rejected(bulk: BulkRejection) -> QuerySet[Candidate]:
    """The texts whose last decision was this stroke."""
    later = Review.objects.filter(candidate=OuterRef("candidate"), number__gt=OuterRef("number"))
    last = bulk.reviews.filter(~Exists(later), candidate__decision=Decision.REJECTED)
    return Candidate.objects.filter(pk__in=last.values("candidate"))


def _decide(
    study: Study,
    texts: Sequence[Candidate],
    new: Decision,
    by: Researcher,
    *,
    rule: str = "",
    reason: str = "",
    bulk: BulkRejection | None = None,
) -> None:
    """What ``curation.reject`` and ``reopen`` store of one text, for many. Needs the study's row locked."""
    keys = [text.pk for text in texts]
    Candidate.objects.filter(pk__in=keys).update(decision=new, revision=F("revision") + 1)
    log_all(study, texts, new, by, rules=dict.fromkeys(keys, rule), reason=reason, bulk=bulk)


def log_all(
    study: Study,
    texts: Sequence[Candidate],
    new: Decision,
    by: Researcher,
    *,
    rules: Mapping[int, str],
    reason: str = "",
    bulk: BulkRejection | None = None,
) -> None:
    """Log a change of many texts' decisions, each by its rule, with the text that stands. Needs the study's row locked.

    ``texts`` are as they were before.
    """
    keys = [text.pk for text in texts]
    reviews = dict(Review.objects.filter(candidate__in=keys).values_list("candidate").annotate(Max("number")))
    edited = dict(Edit.objects.filter(candidate__in=keys).order_by("number").values_list("candidate", "text"))
    Review.objects.bulk_create(
        Review(
            candidate=text,
            number=reviews.get(text.pk, 0) + 1,
            old=text.decision,
            new=new,
            by=by,
            reason=reason,
            rule=rules[text.pk],
            bulk=bulk,
        )
        for text in texts
    )
    audit.record_all(
        study,
        f"candidate {new.value}" if new != Decision.PENDING else "candidate reopened",
        by=by,
        entries=[
            (
                f"batch {text.batch.number}, candidate {text.index}{' by rule' if rules[text.pk] else ''}",
                edited.get(text.pk) or opened_text(text),
            )
            for text in texts
        ],
    )
