"""Whose turn it is: which waiting batch the next free worker takes, and what has to wait for tomorrow.

Researchers take turns: first who has the fewest batches under way, then who was served longest ago. Among the batches
of one researcher the priority decides, then how long each has waited. So a batch of high priority goes before its
owner's others and never before those of somebody else.
"""

from collections import Counter
from datetime import UTC, datetime

from django.db.models import Max, QuerySet, Sum
from django.db.models.functions import Now, TruncDay

from generation.models import Batch, Budget, Candidate, Run

_NEVER = datetime.min.replace(tzinfo=UTC)


def in_turn() -> list[int]:
    """The keys of the batches that a worker may take now, in the order in which workers take them."""
    waiting = list(
        _within_budget().values_list("pk", "created_by", "priority", "created_at").order_by("created_at", "pk")
    )
    if len(waiting) < 2:
        return [pk for pk, *_ in waiting]
    people = {person for _pk, person, _priority, _at in waiting}
    under_way = Counter(
        Batch.objects.filter(status=Batch.Status.RUNNING, lease_expires_at__gte=Now(), created_by__in=people)
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
    for pk, person, priority, at in waiting:
        own.setdefault(person, []).append((-priority, at, pk))
    queues = {person: [pk for *_, pk in sorted(rows)] for person, rows in own.items()}
    return list(_dealt(queues, under_way, served))


def others_wait(batch: Batch) -> bool:
    """Whether a batch of somebody else waits, so that this one should make room between two rounds."""
    return _within_budget().filter(status=Batch.Status.QUEUED).exclude(created_by=batch.created_by_id).exists()


def tokens_left(study_id: int) -> int | None:
    """How many tokens a study may still have written today (UTC), at least 0; None where it has no budget."""
    budget = Budget.objects.filter(study=study_id).values_list("tokens_a_day", flat=True).first()
    return None if budget is None else max(budget - tokens_today(study_id), 0)


def tokens_today(study_id: int) -> int:
    """How many tokens were written for a study since midnight (UTC)."""
    today = Candidate.objects.filter(batch__study=study_id, drafted_at__gte=TruncDay(Now()))
    return int(today.aggregate(n=Sum("tokens"))["n"] or 0)


def _within_budget() -> QuerySet[Batch]:
    spent = [study for study in Budget.objects.values_list("study", flat=True).order_by() if not tokens_left(study)]
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
