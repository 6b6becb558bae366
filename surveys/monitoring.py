"""How a study goes: who arrived, how far they are, how they ended. Never an outcome together with an arm."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Now, TruncDay, TruncHour

from surveys.models import LedgerEntry, Mode, Outcome, Participant, Stage, Study

# Beyond this many bars a figure by the hour is no longer read: it goes by the day.
MOST_HOURS = 72


@dataclass(frozen=True)
class Line:
    """A count with the words for what is counted."""

    label: str
    n: int


@dataclass(frozen=True)
class Arrivals:
    """Arrivals in each hour or day from ``start`` on, empty ones included."""

    start: datetime
    unit: timedelta
    counts: tuple[int, ...]

    @property
    def end(self) -> datetime:
        """When the last hour or day ends."""
        return self.start + len(self.counts) * self.unit

    @property
    def most(self) -> int:
        """Arrivals in the fullest hour or day."""
        return max(self.counts)


@dataclass(frozen=True)
class Progress:
    """Everybody of one mode, counted in ways that tell no outcome by arm.

    ``outcomes`` are the endings, ``stages`` where those under way are. ``silent`` are under way but have said nothing
    for so long that their place is free again. ``assigned`` counts the allocations, whatever became of them.
    ``minutes`` is the median time from consent to completion.
    """

    arrived: int
    under_way: int
    completed: int
    outcomes: tuple[Line, ...]
    stages: tuple[Line, ...]
    silent: int
    assigned: tuple[Line, ...]
    arrivals: Arrivals | None
    minutes: float | None


def people_inside(study: Study) -> int:
    """How many people have begun, were heard of lately and have not finished: those whom a closing would meet."""
    began_lately = Q(lease_expires_at=None, consented_at__gt=Now() - timedelta(minutes=settings.LEASE_MINUTES))
    people = study.participants.filter(mode=Mode.LIVE, outcome=Outcome.UNDER_WAY, consented_at__isnull=False)
    return people.filter(Q(lease_expires_at__gt=Now()) | began_lately).count()


def modes_present(study: Study) -> list[str]:
    """The modes in which somebody took part, the most frequent first."""
    counted = Participant.objects.filter(study=study).values("mode").annotate(n=Count("pk")).order_by("-n")
    return [row["mode"] for row in counted]


def people_turned_away(study: Study, mode: str) -> int:
    """How many found every place taken, or the quota of their answer full."""
    return Participant.objects.filter(study=study, mode=mode, outcome=Outcome.QUOTA_FULL).count()


def progress(study: Study, mode: str) -> Progress:
    """How the study goes for this mode. A handful of queries, whatever the number of participants."""
    people = Participant.objects.filter(study=study, mode=mode)
    outcomes = Counter(dict(people.values_list("outcome").annotate(n=Count("pk"))))
    under_way = people.filter(outcome=Outcome.UNDER_WAY)
    stages = Counter(dict(under_way.values_list("stage").annotate(n=Count("pk"))))
    return Progress(
        arrived=sum(outcomes.values()),
        under_way=outcomes[Outcome.UNDER_WAY],
        completed=outcomes[Outcome.COMPLETED],
        outcomes=tuple(Line(str(each.label), outcomes[each.value]) for each in Outcome if each != Outcome.UNDER_WAY),
        stages=tuple(Line(str(stage.label), stages[stage.value]) for stage in Stage if stage != Stage.END),
        silent=under_way.filter(lease_expires_at__lt=Now()).count(),
        assigned=tuple(_assigned(study, mode)),
        arrivals=_arrivals(people),
        minutes=_minutes(people),
    )


def _assigned(study: Study, mode: str) -> list[Line]:
    """Allocations by arm, from the ledger, over all versions; arms without one are listed too."""
    counted = Counter(
        dict(
            LedgerEntry.objects.filter(version__study=study, mode=mode)
            .values_list("participant__arm")
            .annotate(n=Count("pk"))
        )
    )
    labels = dict(study.arms.order_by("position", "pk").values_list("key", "label"))
    # Where each person reads all arms, an allocation names a row of the counterbalancing and no arm.
    if counted.keys() <= labels.keys():
        return [Line(label, counted[key]) for key, label in labels.items()]
    return [Line(labels.get(key, key), n) for key, n in sorted(counted.items())]


def _arrivals(people: QuerySet[Participant]) -> Arrivals | None:
    first = people.order_by("arrived_at").values_list("arrived_at", flat=True).first()
    last = people.order_by("-arrived_at").values_list("arrived_at", flat=True).first()
    if first is None or last is None:
        return None
    hourly = last - first <= timedelta(hours=MOST_HOURS)
    unit, trunc = (timedelta(hours=1), TruncHour) if hourly else (timedelta(days=1), TruncDay)
    counted = dict(people.annotate(slot=trunc("arrived_at")).values_list("slot").annotate(n=Count("pk")))
    start = min(counted)
    slots = round((max(counted) - start) / unit) + 1
    return Arrivals(start, unit, tuple(counted.get(start + n * unit, 0) for n in range(slots)))


def _minutes(people: QuerySet[Participant]) -> float | None:
    finished = people.filter(completed_at__isnull=False)
    spans = finished.values_list("consented_at", "completed_at")
    times = [(done - begun).total_seconds() / 60 for begun, done in spans if begun and done]
    return round(median(times), 1) if times else None
