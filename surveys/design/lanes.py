"""Which arm, or which counterbalancing row, the next person is given, and which levels between persons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import gcd, lcm

from surveys.design.draws import Draws
from surveys.design.factors import combinations, furthest_behind
from surveys.design.order import williams
from surveys.design.plan import Counts
from surveys.design.spec import DesignSpec


class QuotaFull(Exception):  # noqa: N818 - a state that the study reaches as planned, no error
    """Every arm has reached its target, or the stratum its quota: nobody more can be assigned."""


_LENGTHS = (1, 2, 3)


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
    every = groups(spec)
    _refuse_full_stratum(spec, counts, stratum)
    totals = counts.arms if counts.totals is None else counts.totals
    open_groups = [group for group in every if group.target is None or _people(group, totals) < group.target]
    if not open_groups:
        raise QuotaFull(
            "Every arm has reached its target. For more people, raise the targets by an amendment, which the report "
            "shows as a deviation, or, once the study is unblinded, copy it. Otherwise close it."
        )
    draws = Draws(seed, "arm", unit_key)
    if spec.allocation in {"complete", "blocked"}:
        varies = spec.allocation == "blocked"
        group, lane, condition = _from_block(_tickets(spec, every), open_groups, seed, sequence, varies=varies)
        return group, lane, condition, (lane.name,)
    if spec.allocation == "simple":
        tickets = _tickets(spec, open_groups)
        group, lane, condition = draws.pick(tickets)
        return group, lane, condition, tuple(dict.fromkeys(lane.name for _, lane, _ in tickets))
    behind = [(group, _least_given(group, counts)) for group in _furthest_behind(open_groups, counts)]
    group, lanes = draws.pick(behind)
    lane, tied = draws.pick(lanes), tuple(lane.name for _, each in behind for lane in each)
    return group, lane, _least_given_condition(spec, lane, counts, unit_key, seed), tied


def _refuse_full_stratum(spec: DesignSpec, counts: Counts, stratum: str) -> None:
    most = dict(spec.quotas).get(stratum)
    if most is not None and sum(counts.arms.values()) >= most:
        raise QuotaFull(f"The quota of {stratum!r} is full: it was {most}. The other answers still have places.")


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


def _tickets(spec: DesignSpec, of: Sequence[Group]) -> list[Ticket]:
    """Each lane as often as its group's weight asks, in the smallest whole numbers, once a condition and its weight."""
    each = lcm(*(len(group.lanes) for group in of))
    times = [group.weight * each // len(group.lanes) for group in of]
    common = gcd(*times)
    conditions = [each.name for each in combinations(spec.between) for _ in range(each.weight)]
    return [
        (group, lane, condition)
        for group, n in zip(of, times, strict=True)
        for lane in group.lanes
        for _ in range(n // common)
        for condition in conditions
    ]


def _from_block(
    tickets: list[Ticket], open_groups: Sequence[Group], seed: int, sequence: int, *, varies: bool
) -> Ticket:
    """The place in a permuted block that a sequence number falls on; the next open place if that arm is full."""
    block, place, times = _block_that_varies(seed, sequence, len(tickets)) if varies else _block(sequence, len(tickets))
    shuffled = Draws(seed, "block", block).shuffled(tickets * times)
    return next(ticket for ticket in shuffled[place:] + shuffled[:place] if ticket[0] in open_groups)


def _block(sequence: int, length: int) -> tuple[int, int, int]:
    """(number of the block, place in it, how often it holds each ticket) of the smallest blocks."""
    return *divmod(sequence, length), 1


def _block_that_varies(seed: int, sequence: int, length: int) -> tuple[int, int, int]:
    """The same for blocks of one, two and three times the length, each once in three, in an order that is drawn.

    So nobody who counts along can tell where a block ends, and with it what comes next; and a sequence number finds
    its block without going through those before it.
    """
    threesome, place = divmod(sequence, length * sum(_LENGTHS))
    for number, times in enumerate(Draws(seed, "block-lengths", threesome).shuffled(_LENGTHS)):
        if place < times * length:
            return threesome * len(_LENGTHS) + number, place, times
        place -= times * length
    raise AssertionError("a place in a threesome of blocks lies in one of them")


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
