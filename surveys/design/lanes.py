"""Which arm, or which counterbalancing row, the next person is given, and which levels between persons."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate
from math import gcd, lcm

from surveys.design.blocks import LONGEST, place_of, place_that_varies, shuffled_from, stretch_from
from surveys.design.draws import Draws
from surveys.design.factors import combinations, furthest_behind
from surveys.design.order import williams
from surveys.design.plan import Counts
from surveys.design.spec import DesignSpec


class QuotaFull(Exception):  # noqa: N818 - a state that the study reaches as planned, no error
    """Every arm has reached its target, or the stratum its quota: nobody more can be assigned."""


@dataclass(frozen=True)
class Lane:
    """What a person is given one of. ``arms`` names the arm at each position where the lane fixes it, else None."""

    name: str
    arms: tuple[str, ...] | None


@dataclass(frozen=True)
class Group:
    """Lanes that share a weight and a target; ``arms`` are what each of its people reads."""

    arms: tuple[str, ...]
    weight: int
    target: int | None
    lanes: tuple[Lane, ...]


@lru_cache(maxsize=64)
def groups(spec: DesignSpec) -> tuple[Group, ...]:
    """The design's lanes, by group. Raises ValueError, with every problem, for a design that has some."""
    if problems := spec.problems():
        raise ValueError("This design cannot be used. " + " ".join(problems))
    found = []
    for name, arms in spec.groups:
        keys = tuple(arm.key for arm in arms)
        found.append(Group(keys, arms[0].weight, arms[0].target, _lanes(spec, name, keys)))
    return tuple(found)


# A place in a permuted block, or in the draw of 'simple': a lane and the condition that goes with it.
Ticket = tuple[Group, Lane, str]


def choose(
    spec: DesignSpec, counts: Counts, unit_key: str, seed: int, sequence: int, stratum: str = ""
) -> tuple[Group, Lane, str, tuple[str, ...]]:
    """(group, lane, condition between persons, names that were tied when the lane was drawn).

    Raises QuotaFull if every target is reached, or the stratum's quota.
    """
    every, open_groups = groups(spec), _open_groups(spec, counts, stratum)
    if spec.allocation in {"complete", "blocked"}:
        group, lane, condition = _from_block(spec, every, open_groups, seed, sequence)
        return group, lane, condition, (lane.name,)
    draws = Draws(seed, "arm", unit_key)
    if spec.allocation == "simple":
        tickets = _tickets(spec, open_groups)
        group, lane, condition = tickets.at(draws.below(tickets.count))
        return group, lane, condition, tuple(lane.name for group in open_groups for lane in group.lanes)
    behind = [(group, _least_given(group, counts)) for group in _furthest_behind(open_groups, counts)]
    group, lanes = draws.pick(behind)
    lane, tied = draws.pick(lanes), tuple(lane.name for _, each in behind for lane in each)
    return group, lane, _least_given_condition(spec, lane, counts, unit_key, seed), tied


def can_fill(spec: DesignSpec, stratum: str) -> bool:
    """Whether there is a number of people at which nobody more of this stratum can be assigned."""
    return stratum in dict(spec.quotas) or all(arm.target is not None for arm in spec.arms)


def is_full(spec: DesignSpec, counts: Counts, stratum: str) -> bool:
    """Whether ``choose`` would raise QuotaFull."""
    try:
        _open_groups(spec, counts, stratum)
    except QuotaFull:
        return True
    return False


def _open_groups(spec: DesignSpec, counts: Counts, stratum: str) -> list[Group]:
    """The groups that take somebody more of this stratum. Raises QuotaFull where none does."""
    every, most = groups(spec), dict(spec.quotas).get(stratum)
    if most is not None and sum(counts.arms.values()) >= most:
        raise QuotaFull(f"The quota of {stratum!r} is full: it was {most}. The other answers still have places.")
    totals = counts.arms if counts.totals is None else counts.totals
    found = [group for group in every if group.target is None or _people(group, totals) < group.target]
    if not found:
        raise QuotaFull(
            "Every arm has reached its target. For more people, raise the targets by an amendment, which the report "
            "shows as a deviation, or, once the study is unblinded, copy it. Otherwise close it."
        )
    return found


def _least_given_condition(spec: DesignSpec, lane: Lane, counts: Counts, unit_key: str, seed: int) -> str:
    """The condition between persons that is furthest behind its share in this lane, ties drawn."""
    conditions = combinations(spec.between)
    if len(conditions) == 1:
        return conditions[0].name
    given = {each.name: counts.people.get((lane.name, each.name), 0) for each in conditions}
    return Draws(seed, "condition", unit_key).pick(furthest_behind(conditions, given)).name


def _people(group: Group, counts: Mapping[str, int]) -> int:
    return sum(counts.get(lane.name, 0) for lane in group.lanes)


def _furthest_behind(open_groups: list[Group], counts: Counts) -> list[Group]:
    """The groups that the rule of Sainte-Laguë serves next: the least (2 people + 1) / weight."""
    need = [Fraction(2 * _people(group, counts.arms) + 1, group.weight) for group in open_groups]
    return [group for group, its in zip(open_groups, need, strict=True) if its == min(need)]


def _least_given(group: Group, counts: Counts) -> list[Lane]:
    least = min(counts.arms.get(lane.name, 0) for lane in group.lanes)
    return [lane for lane in group.lanes if counts.arms.get(lane.name, 0) == least]


class _Tickets:
    """Each lane as often as its group's weight asks, once a condition and its weight; none is written down.

    ``lanes`` are (group, lane, how often); ``conditions`` (name, how often).
    """

    def __init__(self, lanes: Sequence[tuple[Group, Lane, int]], conditions: Sequence[tuple[str, int]]) -> None:
        self._lanes, self._conditions = lanes, conditions
        self._up_to = list(accumulate(n for *_, n in lanes))
        self._conditions_up_to = list(accumulate(n for _, n in conditions))
        self.count = self._up_to[-1] * self._conditions_up_to[-1]

    def at(self, number: int) -> Ticket:
        """The ticket of this number, where each copy of a lane stands with all its conditions."""
        copy, condition = divmod(number, self._conditions_up_to[-1])
        group, lane, _ = self._lanes[bisect_right(self._up_to, copy)]
        return group, lane, self._conditions[bisect_right(self._conditions_up_to, condition)][0]

    def sorted_at(self, number: int) -> Ticket:
        """The same where equal tickets are neighbours."""
        place = bisect_right(self._up_to, number // self._conditions_up_to[-1])
        group, lane, copies = self._lanes[place]
        before = (self._up_to[place] - copies) * self._conditions_up_to[-1]
        return group, lane, self._conditions[bisect_right(self._conditions_up_to, (number - before) // copies)][0]


def _tickets(spec: DesignSpec, of: Sequence[Group]) -> _Tickets:
    """The tickets of these groups in the smallest whole numbers that the weights allow.

    By the first rule the conditions' weights stand as they are.
    """
    each = lcm(*(len(group.lanes) for group in of))
    times = [group.weight * each // len(group.lanes) for group in of]
    conditions = combinations(spec.between)
    common = gcd(*times)
    of_conditions = 1 if spec.rule == 1 else gcd(*(each.weight for each in conditions))
    return _Tickets(
        [(group, lane, n // common) for group, n in zip(of, times, strict=True) for lane in group.lanes],
        [(each.name, each.weight // of_conditions) for each in conditions],
    )


def _from_block(
    spec: DesignSpec, every: Sequence[Group], open_groups: Sequence[Group], seed: int, sequence: int
) -> Ticket:
    """The place in a permuted block that a sequence number falls on; the next open place if that arm is full.

    A long block is followed to the end of a stretch only: where nothing is open there, an open ticket is drawn.
    """
    tickets = _tickets(spec, every)
    length = tickets.count
    varies = spec.allocation == "blocked"
    place = place_that_varies(seed, sequence, length) if varies else place_of(sequence, length)
    if spec.rule == 1 or length * place.times <= LONGEST:
        found = map(tickets.at, shuffled_from(seed, place, length))
    else:
        found = map(tickets.sorted_at, stretch_from(seed, place, length))
    for ticket in found:
        if ticket[0] in open_groups:
            return ticket
    still = _tickets(spec, open_groups)
    return still.at(Draws(seed, "block-full", sequence).below(still.count))


def _lanes(spec: DesignSpec, name: str, arms: tuple[str, ...]) -> tuple[Lane, ...]:
    if spec.kind == "between":
        return (Lane(name, arms * spec.per_person),)
    prefix = f"{name}/" if name else ""
    if spec.order != "latin":
        return (Lane(prefix + spec.order, None),)
    rows = williams(len(arms))
    # Each further round of the arms takes the next row, so that four articles of two arms read ABBA, not ABAB.
    return tuple(
        Lane(
            f"{prefix}row-{number + 1}",
            tuple(
                arms[rows[(number + position // len(arms)) % len(rows)][position % len(arms)]]
                for position in range(spec.per_person)
            ),
        )
        for number in range(len(rows))
    )
