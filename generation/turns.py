"""Whose turn it is: which waiting batch the next free worker takes, and what has to wait for tomorrow.

Researchers take turns: first who has the fewest batches under way, then who was served longest ago. Among the batches
of one researcher the priority decides, then how long each has waited. So a batch of high priority goes before its
owner's others and never before those of somebody else. A turn is a round of texts: so many, or as many as are finished
in ``settings.ROUND_MINUTES``, since a slow model's texts take a hundred times as long as a quick one's.
"""

from collections import Counter
from datetime import UTC, datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import Case, Count, F, Max, PositiveBigIntegerField, QuerySet, Sum, When
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Now, TruncDay

from generation.models import Batch, Budget, Candidate, Run

_NEVER = datetime.min.replace(tzinfo=UTC)


def in_turn() -> list[int]:
    """The keys of the batches that a worker may take now, in the order in which workers take them."""
    return _in_turn(_waiting(_within_budget()))


def others_wait(batch: Batch) -> bool:
    """Whether this batch, which is being written, should make room for one that waits.

    That is one which a worker would take first, were this one given back: somebody else's whose turn it is, or its
    owner's of higher priority.
    """
    # As it is now: priorities are changed while batches are written.
    here = _waiting(Batch.objects.filter(pk=batch.pk))
    waiting = _waiting(_within_budget().filter(status=Batch.Status.QUEUED))
    before = [row for row in waiting for own in here if row.person != own.person or row.priority > own.priority]
    return bool(before) and _in_turn([*here, *before], given_back=batch.pk)[0] != batch.pk


class _Waiting(NamedTuple):
    """A batch that waits, or would."""

    pk: int
    person: int
    priority: int
    since: datetime


def _waiting(batches: QuerySet[Batch]) -> list[_Waiting]:
    rows = batches.order_by("created_at", "pk").values_list("pk", "created_by", "priority", "created_at")
    return [_Waiting(*row) for row in rows]


def _in_turn(waiting: list[_Waiting], *, given_back: int | None = None) -> list[int]:
    """Their keys in the order in which workers take them. The batch ``given_back`` counts as under way no more."""
    if len(waiting) < 2:
        return [row.pk for row in waiting]
    people = {row.person for row in waiting}
    under_way = Counter(
        Batch.objects.filter(status=Batch.Status.RUNNING, lease_expires_at__gte=Now(), created_by__in=people)
        .exclude(pk__in=[given_back] if given_back else [])
        .values_list("created_by", flat=True)
        .order_by()
    )
    served = dict(
        Run.objects.filter(batch__created_by__in=people)
        .values_list("batch__created_by")
        .annotate(last=Max("started_at"))
        .order_by()
    )
    own: dict[int, list[tuple[int, datetime, int]]] = {}
    for row in waiting:
        own.setdefault(row.person, []).append((-row.priority, row.since, row.pk))
    queues = {person: [pk for *_, pk in sorted(rows)] for person, rows in own.items()}
    return list(_dealt(queues, under_way, served))


def tokens_left(study_id: int) -> int | None:
    """How many tokens a study may still have written today (UTC), at least 0; None where it has no budget."""
    budget = Budget.objects.filter(study=study_id).values_list("tokens_a_day", flat=True).first()
    return None if budget is None else max(budget - tokens_today(study_id), 0)


def tokens_today(study_id: int) -> int:
    """How many tokens were written for a study since midnight (UTC), prompts not counted.

    A text whose server does not say how long it is counts as the longest that was asked for.
    """
    today = Candidate.objects.filter(batch__study=study_id, drafted_at__gte=TruncDay(Now()))
    longest = Cast(KeyTextTransform("max_tokens", "batch__sampling"), PositiveBigIntegerField())
    length = Case(When(tokens=0, then=longest), default="tokens", output_field=PositiveBigIntegerField())
    return int(today.aggregate(n=Sum(length))["n"] or 0)


def texts_to_write(run: Run, most: int) -> list[tuple[int, int]]:
    """The texts (index, seed) of the run's next round, at most ``most``, with their tokens reserved in the budget.

    What other rounds of the study that are under way may still write is off the budget until it is written.
    """
    batch = run.batch
    waiting = Candidate.objects.filter(batch=batch, state=Candidate.State.WAITING).order_by("index")
    with transaction.atomic():
        # Held while two workers count: both would find the same tokens free. The budget's row, since the study's would
        # keep participants waiting.
        budget = Budget.objects.select_for_update().filter(study=batch.study_id).first()
        if budget is not None:
            left = _unreserved(batch.study_id, budget.tokens_a_day, beside=run)
            most = min(most, -(-left // int(batch.sampling["max_tokens"])))
        texts = list(waiting.values_list("index", "seed")[:most])
        Run.objects.filter(pk=run.pk).update(promised=run.candidates.count() + len(texts))
    return texts


def _unreserved(study_id: int, tokens_a_day: int, *, beside: Run | None = None) -> int:
    """Of a day's budget what is neither written nor reserved by rounds under way, but for those of one run; from 0."""
    under_way = Run.objects.filter(
        batch__study=study_id,
        batch__status=Batch.Status.RUNNING,
        batch__lease_expires_at__gte=Now(),
        batch__lease_owner=F("owner"),
    )
    if beside is not None:
        under_way = under_way.exclude(pk=beside.pk)
    reserved = 0
    for run in under_way.annotate(finished=Count("candidates")).select_related("batch"):
        reserved += max(run.promised - run.finished, 0) * int(run.batch.sampling["max_tokens"])
    return max(tokens_a_day - tokens_today(study_id) - reserved, 0)


def _within_budget() -> QuerySet[Batch]:
    budgets = Budget.objects.values_list("study", "tokens_a_day").order_by()
    spent = [study for study, tokens_a_day in budgets if not _unreserved(study, tokens_a_day)]
    return Batch.objects.claimable().exclude(study__in=spent)


def _dealt(queues: dict[int, list[int]], under_way: Counter[int], served: dict[int, datetime]) -> list[int]:
    """Deal the queues out a batch at a time: to who has least under way, then to who was served longest ago."""
    dealt: list[int] = []
    load, last = Counter(under_way), dict(served)
    while queues:
        person = min(queues, key=lambda who: (load[who], last.get(who, _NEVER), queues[who][0]))
        dealt.append(queues[person].pop(0))
        load[person] += 1
        if not queues[person]:
            del queues[person]
    return dealt
