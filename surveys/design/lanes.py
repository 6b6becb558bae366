"""Which arm, or which counterbalancing row, the next person is given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import gcd, lcm

from surveys.design.draws import Draws
from surveys.design.order import williams
from surveys.design.plan import Counts
from surveys.design.spec import DesignSpec


class QuotaFull(Exception):  # noqa: N818 - a state that the study reaches as planned, no error
    """Every arm has reached its target: nobody more can be assigned."""


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


def choose(
    spec: DesignSpec, counts: Counts, unit_key: str, seed: int, sequence: int
) -> tuple[Group, Lane, tuple[str, ...]]:
    """(group, lane, names that were tied when it was drawn). Raises QuotaFull if every target is reached."""
    every = groups(spec)
    totals = counts.arms if counts.totals is None else counts.totals
    open_groups = [group for group in every if group.target is None or _people(group, totals) < group.target]
    if not open_groups:
        raise QuotaFull(
            "Every arm has reached its target. For more people, pause the study and open a new version with higher "
            "targets, or, once it is unblinded, copy it. Otherwise close it."
        )
    draws = Draws(seed, "arm", unit_key)
    if spec.allocation == "complete":
        group, lane = _from_block(every, open_groups, seed, sequence)
        return group, lane, (lane.name,)
    if spec.allocation == "simple":
        tickets = _tickets(open_groups)
        group, lane = draws.pick(tickets)
        return group, lane, tuple(dict.fromkeys(lane.name for _, lane in tickets))
    behind = [(group, _least_given(group, counts)) for group in _furthest_behind(open_groups, counts)]
    group, lanes = draws.pick(behind)
    return group, draws.pick(lanes), tuple(lane.name for _, each in behind for lane in each)


def _people(group: Group, counts: Mapping[str, int]) -> int:
    return sum(counts.get(lane.name, 0) for lane in group.lanes)


def _furthest_behind(open_groups: list[Group], counts: Counts) -> list[Group]:
    """The groups that the rule of Sainte-Laguë serves next: the least (2 people + 1) / weight."""
    need = [Fraction(2 * _people(group, counts.arms) + 1, group.weight) for group in open_groups]
    return [group for group, its in zip(open_groups, need, strict=True) if its == min(need)]


def _least_given(group: Group, counts: Counts) -> list[Lane]:
    least = min(counts.arms.get(lane.name, 0) for lane in group.lanes)
    return [lane for lane in group.lanes if counts.arms.get(lane.name, 0) == least]


def _tickets(of: Sequence[Group]) -> list[tuple[Group, Lane]]:
    """Each lane as often as its group's weight asks, in the smallest whole numbers."""
    each = lcm(*(len(group.lanes) for group in of))
    times = [group.weight * each // len(group.lanes) for group in of]
    common = gcd(*times)
    return [
        (group, lane) for group, n in zip(of, times, strict=True) for lane in group.lanes for _ in range(n // common)
    ]


def _from_block(every: Sequence[Group], open_groups: Sequence[Group], seed: int, sequence: int) -> tuple[Group, Lane]:
    """The place in a permuted block that a sequence number falls on; the next open place if that arm is full."""
    tickets = _tickets(every)
    block, place = divmod(sequence, len(tickets))
    shuffled = Draws(seed, "block", block).shuffled(tickets)
    return next(ticket for ticket in shuffled[place:] + shuffled[:place] if ticket[0] in open_groups)


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
