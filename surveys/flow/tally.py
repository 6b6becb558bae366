"""What was given so far, at a cost that does not grow with the crowd: a tally of who is settled, a count of who is not.

Whoever completed holds a place for good, whoever ended otherwise holds none, and whoever was silent for longer than the
lease holds none until they come back. Nothing of them needs to be counted again and again: some dozens at a time are
settled, which adds what they hold to the tally on the counter's row, and marks them. What is counted at a randomisation
is then who is under way. Who had been silent and goes on, or completes, is unsettled by the very statement that moves
them (``place.go_on``, ``endings.complete``): as long as they were silent, the tally held nothing of them.

Whoever was given nothing is settled from their arrival to their assignment. PostgreSQL goes by how rare those who are
not settled are: while all who never got that far were among them, it read every reading there was, in vain.
"""

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from django.db.models import (
    BooleanField,
    CharField,
    Count,
    Exists,
    F,
    IntegerField,
    Model,
    Q,
    QuerySet,
    TextField,
    Value,
)
from django.db.models.functions import Cast

from surveys.amendments import amended_by
from surveys.design import Amended, Counts, DesignSpec
from surveys.design.factors import part
from surveys.models import AllocationCounter, Amendment, Participant, Trial
from surveys.models.participation import LIVE, OCCUPYING
from surveys.prepared import Given, Lookup

# So many must be over before they are settled together: the tally is written seldom, and few readings are counted.
AT_LEAST = 64
# No randomisation settles more, since others wait for its lock: a crowd that came before there was a tally is settled
# by many of them.
AT_MOST = 2_000
# How many people one statement names.
_TOGETHER = 500

M = TypeVar("M", bound=Model)


class Stratum(NamedTuple):
    """What is balanced for itself: the key of a counter."""

    version_id: int
    mode: str
    stratum: str


@dataclass
class Tally:
    """How often everything was given: people by (arm, condition), readings by (article, position, condition)."""

    people: Counter[tuple[str, str]] = field(default_factory=Counter)
    readings: Counter[tuple[str, int, str]] = field(default_factory=Counter)

    @classmethod
    def read(cls, stored: dict[str, Any]) -> "Tally":
        """What ``to_dict`` wrote; an empty one from {}."""
        people = {(arm, condition): n for arm, condition, n in stored.get("people", ())}
        readings = {(key, at, condition): n for key, at, condition, n in stored.get("readings", ())}
        return cls(Counter(people), Counter(readings))

    def to_dict(self) -> dict[str, Any]:
        """As JSON data, sorted."""
        return {
            "people": sorted([*key, n] for key, n in self.people.items()),
            "readings": sorted([*key, n] for key, n in self.readings.items()),
        }

    def arms(self) -> Counter[str]:
        """People by arm, or by counterbalancing row."""
        found: Counter[str] = Counter()
        for (arm, _), n in self.people.items():
            found[arm] += n
        return found

    def counts(self, spec: DesignSpec, totals: Counter[str] | None) -> Counts:
        """As the design counts them; ``totals`` are people by arm over all strata, where they are asked for."""
        people = {key: n for key, n in self.people.items() if key[1]}
        articles: Counter[str] = Counter()
        cells: Counter[tuple[str, int]] = Counter()
        readings: Counter[tuple[str, int, str]] = Counter()
        for (key, at, condition), n in self.readings.items():
            articles[key] += n
            cells[key, at] += n
            if spec.within:
                readings[key, at, part(spec.within, condition)] += n
        return Counts(self.arms(), articles, cells, totals, people, readings)


@dataclass(frozen=True)
class Seen:
    """What one statement found of a version, mode and stratum: all that an assignment there goes by.

    ``counter`` is None where nobody was assigned yet. ``tally`` is what was given to those who completed or hold a live
    lease, ``totals`` those people by arm over all strata, where they were looked for, ``amended`` the amendments that
    hold, and ``over`` how many people could be settled.
    """

    counter: AllocationCounter | None
    tally: Tally
    totals: Counter[str]
    amended: Amended
    over: int


def look(stratum: Stratum, *, is_blocked: bool, has_targets: bool) -> Seen:
    """What was given so far; without a lock, at a moment. One statement.

    The totals are looked for where people are balanced within strata, ``is_blocked``, and there are targets: frozen
    ones, ``has_targets``, or some that came by an amendment, which the statement itself sees.
    """
    counters, tally, totals = dict[str, AllocationCounter](), Tally(), Counter[str]()
    amendments, over = list[tuple[int, str, dict[str, Any]]](), 0
    given = stratum._asdict()
    rows = _SEEN_BLOCKED.all(**given, has_targets=has_targets) if is_blocked else _SEEN.all(**given)
    for what, at, where, n, more in rows:
        if at == _AMENDMENT:
            amendments.append((n, what, json.loads(where)))
        elif at == _COUNTER:
            counters[where] = AllocationCounter(
                pk=more, **stratum._replace(stratum=where)._asdict(), allocated=n, tally=json.loads(what)
            )
        elif at == _ANYWHERE:
            totals[what] += n
        elif at == _PERSON:
            tally.people[what, where] += n
            over += more
        else:
            tally.readings[what, at, where] += n
    own = counters.get(stratum.stratum)
    if own is not None:
        settled = Tally.read(own.tally)
        tally = Tally(tally.people + settled.people, tally.readings + settled.readings)
    for counter in counters.values():
        totals += Tally.read(counter.tally).arms()
    amended = amended_by((kind, detail) for _, kind, detail in sorted(amendments, key=lambda each: each[0]))
    return Seen(own, tally, totals, amended, over)


def seen_by(stratum: Stratum, *, is_blocked: bool, has_targets: bool) -> Seen:
    """The same for an assignment. The counter's row must be locked, if there is one, and the row of the empty stratum.

    One statement, but where people are settled.
    """
    seen = look(stratum, is_blocked=is_blocked, has_targets=has_targets)
    if seen.counter is None or seen.over < AT_LEAST:
        return seen
    settle(seen.counter)
    return look(stratum, is_blocked=is_blocked, has_targets=has_targets)


def settle(counter: AllocationCounter) -> int:
    """Add what people hold whose way is over to the tally of this counter, whose row must be locked; how many it were.

    Somebody whose row another transaction holds is settled another time: nobody waits for anybody here.
    """
    over = _of(counter).filter(~LIVE, settled=False, arm__gt="").order_by("pk")[:AT_MOST]
    locked = over.select_for_update(skip_locked=True, no_key=True)
    tally, people = Tally.read(counter.tally), list(locked.values_list("pk", "arm", "condition", "completed_at"))
    for start in range(0, len(people), _TOGETHER):
        some = people[start : start + _TOGETHER]
        tally.people.update((arm, condition) for _, arm, condition, completed_at in some if completed_at is not None)
        tally.readings += _readings_of([pk for pk, _, _, completed_at in some if completed_at is not None])
        Participant.objects.filter(pk__in=[pk for pk, *_ in some]).update(settled=True)
    _store(counter, tally)
    return len(people)


def begin_again(counter: AllocationCounter) -> None:
    """Throw the tally of this counter away, whose row must be locked, and make it from the people and their trials."""
    _of(counter).filter(settled=True, arm__gt="").update(settled=False)
    _store(counter, Tally())
    while settle(counter):
        pass


def is_whole(counter: AllocationCounter) -> bool:
    """Whether the tally is what its people's trials add up to, and none of those who are settled is under way."""
    settled = _of(counter).filter(settled=True)
    completed = settled.filter(completed_at__isnull=False)
    people = completed.order_by().values_list("arm", "condition").annotate(n=Count("pk"))
    counted = Tally(Counter({(arm, condition): n for arm, condition, n in people}), _readings_of(completed))
    return counted == Tally.read(counter.tally) and not settled.filter(LIVE).exists()


def _readings_of(people: QuerySet[Participant] | list[int]) -> Counter[tuple[str, int, str]]:
    trials = Trial.objects.filter(participant__in=people).order_by()
    rows = trials.values_list("article__key", "position", "condition").annotate(n=Count("pk"))
    return Counter({(article, at, condition): n for article, at, condition, n in rows})


def _store(counter: AllocationCounter, tally: Tally) -> None:
    counter.tally = tally.to_dict()
    AllocationCounter.objects.filter(pk=counter.pk).update(tally=counter.tally)


def _key(counter: AllocationCounter) -> dict[str, Any]:
    return {"version_id": counter.version_id, "mode": counter.mode, "stratum": counter.stratum}


def _of(counter: AllocationCounter) -> QuerySet[Participant]:
    return Participant.objects.filter(**_key(counter))


def _of_the_version(rows: QuerySet[M]) -> QuerySet[M]:
    """Those of a version and mode, which are given."""
    return rows.filter(version=Given("version_id", IntegerField()), mode=Given("mode", CharField())).order_by()


def _of_the_stratum(rows: QuerySet[M]) -> QuerySet[M]:
    return _of_the_version(rows).filter(stratum=Given("stratum", CharField()))


def _unsettled() -> QuerySet[Participant]:
    """Whoever of a version and mode, which are given, was assigned and is not settled."""
    return _of_the_version(Participant.objects.filter(settled=False, arm__gt=""))


def _rows_of(counters: QuerySet[AllocationCounter]) -> QuerySet[AllocationCounter]:
    return counters.annotate(
        what=Cast("tally", TextField()), at=Value(_COUNTER), where=F("stratum"), n=F("allocated"), more=F("pk")
    )


def _seen(*, is_blocked: bool) -> QuerySet[Any, tuple[Any, ...]]:
    """(what, at, where, n, more): ``at`` says which kind of row it is, and ``look`` what the rest then means."""
    columns = ("what", "at", "where", "n", "more")
    here = _of_the_stratum(_unsettled())
    people = (
        here.annotate(what=F("arm"), at=Value(_PERSON), where=F("condition"))
        .values("what", "at", "where")
        .annotate(n=Count("pk", filter=OCCUPYING), more=Count("pk", filter=~LIVE))
    )
    readings = (
        Trial.objects.filter(participant__in=here.filter(OCCUPYING))
        .order_by()
        .annotate(what=F("article__key"), at=F("position"), where=F("condition"))
        .values("what", "at", "where")
        .annotate(n=Count("pk"), more=Value(0))
    )
    amendments = Amendment.objects.filter(version=Given("version_id", IntegerField()))
    changes = amendments.annotate(
        what=F("kind"), at=Value(_AMENDMENT), where=Cast("detail", TextField()), n=F("pk"), more=Value(0)
    )
    own, counters = Q(stratum=Given("stratum", CharField())), _of_the_version(AllocationCounter.objects.all())
    if not is_blocked:
        others = [readings, changes, _rows_of(counters.filter(own))]
        return people.values_list(*columns).union(*(each.values_list(*columns) for each in others), all=True)
    is_limited = Q(Given("has_targets", BooleanField())) | Q(Exists(amendments.filter(kind=Amendment.Kind.TARGET)))
    anywhere = (
        _unsettled()
        .filter(OCCUPYING, is_limited)
        .annotate(what=F("arm"), at=Value(_ANYWHERE), where=Value(""))
        .values("what", "at", "where")
        .annotate(n=Count("pk"), more=Value(0))
    )
    others = [readings, changes, anywhere, _rows_of(counters.filter(own | is_limited))]
    return people.values_list(*columns).union(*(each.values_list(*columns) for each in others), all=True)


# In place of a position, which counts from 0: what a row is about.
_PERSON, _AMENDMENT, _COUNTER, _ANYWHERE = -1, -2, -3, -4
_SEEN, _SEEN_BLOCKED = Lookup(lambda: _seen(is_blocked=False)), Lookup(lambda: _seen(is_blocked=True))
