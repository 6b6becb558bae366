"""Factors crossed with arms: which levels they have, and how a person's condition is written and given out.

A condition is the levels of some factors as one text, in the design's order: 'disclaimer:shown source-label:false'. It
is '' where no factor takes part. Stored, counted and compared as it stands, it needs no table of its own.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import product
from math import lcm, prod

from surveys.design.draws import Draws


@dataclass(frozen=True)
class FactorSpec:
    """Something that varies beside the articles. ``levels`` are (name, weight); a weight is a level's share.

    ``within`` gives one person several levels, one an article; otherwise a person has one level for all articles.
    """

    key: str
    levels: tuple[tuple[str, int], ...]
    within: bool = False


@dataclass(frozen=True)
class Condition:
    """One combination of levels, with the product of their weights."""

    name: str
    weight: int = 1


@lru_cache(maxsize=64)
def combinations(factors: tuple[FactorSpec, ...]) -> tuple[Condition, ...]:
    """Every combination of the factors' levels; the one empty condition where there is no factor."""
    found = []
    for chosen in product(*(factor.levels for factor in factors)):
        name = " ".join(f"{factor.key}:{level}" for factor, (level, _) in zip(factors, chosen, strict=True))
        found.append(Condition(name, prod(weight for _, weight in chosen)))
    return tuple(found)


def levels(condition: str) -> dict[str, str]:
    """{factor: level} of a condition."""
    return dict(part.split(":", 1) for part in condition.split())


def joined(factors: Iterable[FactorSpec], *conditions: str) -> str:
    """The conditions as one, in the design's order."""
    of = {key: level for condition in conditions for key, level in levels(condition).items()}
    return " ".join(f"{factor.key}:{of[factor.key]}" for factor in factors if factor.key in of)


def part(factors: Iterable[FactorSpec], condition: str) -> str:
    """What a condition says of these factors."""
    return joined(factors, condition)


def furthest_behind(conditions: Sequence[Condition], given: Mapping[str, int]) -> list[Condition]:
    """The conditions that the rule of Sainte-Laguë serves next: the least (2 given + 1) / weight."""
    need = [Fraction(2 * given.get(each.name, 0) + 1, each.weight) for each in conditions]
    return [each for each, its in zip(conditions, need, strict=True) if its == min(need)]


def spread(conditions: Sequence[Condition], places: int, given: Mapping[str, int], draws: Draws) -> list[str]:
    """The conditions for so many places: each by its share, what does not come out even to those furthest behind.

    ``given`` is how often each was given before. The order of the result means nothing.
    """
    whole = sum(each.weight for each in conditions)
    times = {each.name: places * each.weight // whole for each in conditions}
    rest = places - sum(times.values())
    shuffled = draws.shuffled(conditions)
    # Each condition gets one of the rest at most, since the rest is what rounding down took.
    behind = sorted(
        shuffled, key=lambda each: Fraction(2 * (given.get(each.name, 0) + times[each.name]) + 1, each.weight)
    )
    for each in behind[:rest]:
        times[each.name] += 1
    return [each.name for each in conditions for _ in range(times[each.name])]


def price(conditions: Sequence[Condition], name: str, given: int) -> int:
    """How much a condition has had against its weight, as a whole number that compares across conditions."""
    common = lcm(*(each.weight for each in conditions))
    return given * next(common // each.weight for each in conditions if each.name == name)
