"""Which texts win when two at a time are held against each other: the Bradley-Terry model. Pure."""

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)

MOST_STEPS = 20_000
TOLERANCE = 1e-10
# What each item is credited with where the comparisons alone give no finite answer: half a comparison won, and half a
# one lost, against an opponent of middling strength.
HALF = 0.5


class NotComparable(ValueError):  # noqa: N818 -- it says what is the matter
    """No finite maximum: some items never met, even by way of others, or one side won every time."""


@dataclass(frozen=True)
class Strength(Generic[T]):
    """``ability`` is on the log-odds scale; two items' difference gives the odds that one wins over the other.

    ``group`` numbers the items that met, directly or by way of others, from 0.
    """

    item: T
    ability: float
    std_error: float
    wins: float
    comparisons: float
    group: int


@dataclass(frozen=True)
class Ranking(Generic[T]):
    """The strongest first. ``prior`` is what each item was credited with; 0 is plain maximum likelihood."""

    strengths: tuple[Strength[T], ...]
    prior: float
    groups: int


def rank(items: Sequence[T], wins: Mapping[tuple[T, T], float]) -> Ranking[T]:
    """The ranking by maximum likelihood where that exists, else with a credit of ``HALF`` an item (``prior``)."""
    try:
        return bradley_terry(items, wins)
    except NotComparable:
        return bradley_terry(items, wins, prior=HALF)


def bradley_terry(items: Sequence[T], wins: Mapping[tuple[T, T], float], *, prior: float = 0.0) -> Ranking[T]:
    """Abilities with mean zero and their standard errors. ``wins[a, b]`` is how often a was preferred to b.

    P(a over b) = 1 / (1 + exp(b - a)). Found by the MM algorithm of Hunter (2004, Annals of Statistics 32, 384-406);
    a tie counts half a win for each. With a ``prior``, each item also won and lost so many comparisons against an
    opponent of ability 0 (a gamma-like prior, compare Caron & Doucet 2012). Standard errors come from the inverse of
    the observed information, without a prior under the constraint that abilities sum to zero. Raises
    ``NotComparable`` without a prior where Ford's condition does not hold: that everybody lost to somebody else in
    every division of the items.
    """
    if not items:
        return Ranking((), prior, groups=0)
    place = {item: number for number, item in enumerate(items)}
    won = [[0.0] * len(items) for _ in items]
    for (winner, loser), count in wins.items():
        won[place[winner]][place[loser]] += count
    if not prior and not _strongly_connected(won):
        raise NotComparable("the comparisons do not connect all items in both directions")
    abilities = _abilities(won, prior)
    errors = _errors(won, abilities, prior)
    group_of = groups(won)
    strengths = [
        Strength(
            item,
            abilities[n],
            errors[n],
            wins=sum(won[n]),
            comparisons=sum(won[n]) + sum(row[n] for row in won),
            group=group_of[n],
        )
        for n, item in enumerate(items)
    ]
    ordered = sorted(strengths, key=lambda strength: -strength.ability)
    return Ranking(tuple(ordered), prior, groups=len(set(group_of)))


def groups(won: Sequence[Sequence[float]]) -> list[int]:
    """For each item the number of the group of items that it met, directly or by way of others."""
    found = [-1] * len(won)
    met = [[n for n in range(len(won)) if won[i][n] or won[n][i]] for i in range(len(won))]
    for start in range(len(won)):
        if found[start] < 0:
            number = max(found) + 1
            for reached in _reached(met, start):
                found[reached] = number
    return found


def _abilities(won: list[list[float]], prior: float) -> list[float]:
    size = len(won)
    met = [[(j, won[i][j] + won[j][i]) for j in range(size) if won[i][j] + won[j][i]] for i in range(size)]
    credit = [sum(row) + prior for row in won]
    strength = [1.0] * size
    for _ in range(MOST_STEPS):
        before = list(strength)
        for i in range(size):
            weight = sum(n / (strength[i] + strength[j]) for j, n in met[i]) + 2 * prior / (strength[i] + 1)
            # An item alone in the world, met by nobody, stays where it is.
            strength[i] = credit[i] / weight if weight else 1.0
        if not prior:
            mean = math.exp(math.fsum(map(math.log, strength)) / size)
            strength = [value / mean for value in strength]
        if max(abs(math.log(a / b)) for a, b in zip(strength, before, strict=True)) < TOLERANCE:
            break
    logs = [math.log(value) for value in strength]
    middle = 0.0 if prior else math.fsum(logs) / size
    return [value - middle for value in logs]


def _errors(won: list[list[float]], abilities: list[float], prior: float) -> list[float]:
    """Square roots of the inverse information's diagonal."""
    size = len(won)
    information = [[0.0] * size for _ in range(size)]
    for i in range(size):
        for j in range(i):
            share = 1 / (1 + math.exp(abilities[j] - abilities[i]))
            weight = (won[i][j] + won[j][i]) * share * (1 - share)
            information[i][j] = information[j][i] = -weight
            information[i][i] += weight
            information[j][j] += weight
        own = 1 / (1 + math.exp(-abilities[i]))
        information[i][i] += 2 * prior * own * (1 - own)
    # Without a prior only differences are known: the matrix of all ones, which abilities of mean zero never feel,
    # makes it invertible, and its own inverse is taken off again.
    extra = 0.0 if prior else 1.0 / size
    diagonal = _inverse_diagonal([[cell + extra for cell in row] for row in information])
    return [math.sqrt(max(0.0, value - extra)) for value in diagonal]


def _inverse_diagonal(matrix: list[list[float]]) -> list[float]:
    """The diagonal of the inverse of a symmetric positive definite matrix, by Cholesky's factor."""
    size = len(matrix)
    lower = [[0.0] * size for _ in range(size)]
    for i in range(size):
        for j in range(i + 1):
            rest = matrix[i][j] - math.fsum(lower[i][k] * lower[j][k] for k in range(j))
            lower[i][j] = math.sqrt(rest) if i == j else rest / lower[j][j]
    diagonal = [0.0] * size
    for column in range(size):
        solved = [0.0] * size
        for i in range(column, size):
            rest = float(i == column) - math.fsum(lower[i][k] * solved[k] for k in range(column, i))
            solved[i] = rest / lower[i][i]
        diagonal[column] = math.fsum(value * value for value in solved)
    return diagonal


def _strongly_connected(won: list[list[float]]) -> bool:
    size = len(won)
    beaten = [[n for n in range(size) if won[i][n]] for i in range(size)]
    beaten_by = [[n for n in range(size) if won[n][i]] for i in range(size)]
    return len(_reached(beaten, 0)) == size == len(_reached(beaten_by, 0))


def _reached(ways: Sequence[Iterable[int]], start: int) -> set[int]:
    reached, waiting = {start}, [start]
    while waiting:
        for following in ways[waiting.pop()]:
            if following not in reached:
                reached.add(following)
                waiting.append(following)
    return reached
