"""PURE: whole distributions and not only their means: cumulative shares by arm, and tests of one arm against another.

Ratings are discrete and people's ratings hang together, so that the tabulated p of Kolmogorov and Smirnov's test is
wrong for them: p comes from permuting people, with all their ratings, between the arms (or the arms within people).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.adjust import ADJUSTMENTS
from analysis.compare import arm_order, reference_arm, refuse_mixed_modes
from analysis.contrasts import are_shared
from analysis.intervals import NAN
from analysis.plan import Plan
from analysis.tables import to_frame
from analysis.validation import check_ratings

FloatArray = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


@dataclass(frozen=True)
class EcdfPoint:
    """The share of an arm's ratings that are at most ``value``, each person counting once."""

    arm: str
    value: float
    share: float


@dataclass(frozen=True)
class DistributionTest:
    """``estimate`` is the largest distance of the two cumulative curves; ``superiority`` the chance that a rating in
    ``arm`` is above one in ``reference``, ties counting half. Both p values are by permutation, and each is adjusted by
    Holm's method over the contrasts."""

    contrast: str
    arm: str
    reference: str
    estimate: float
    p_value: float
    p_adjusted: float
    superiority: float
    superiority_p: float
    superiority_p_adjusted: float
    permuted: str
    n: int
    n_reference: int


@dataclass(frozen=True)
class Distributions:
    """The curves of all arms and the tests against the reference."""

    points: tuple[EcdfPoint, ...]
    rows: tuple[DistributionTest, ...]
    permutations: int
    seed: int

    def to_frame(self) -> pd.DataFrame:
        """One row a contrast; the columns are the fields of ``DistributionTest``."""
        return to_frame(self.rows, DistributionTest)

    def points_frame(self) -> pd.DataFrame:
        """One row an arm and value: arm, value, share."""
        return to_frame(self.points, EcdfPoint)


def compare_distributions(
    ratings: pd.DataFrame,
    plan: Plan,
    *,
    arms: Sequence[str] = (),
    permutations: int = 2000,
    seed: int = 1,
) -> Distributions:
    """The cumulative curves by arm, and two tests of every arm against the reference.

    A person's ratings in an arm share a weight of one. Where the arms have different people, these are dealt to the
    arms anew (Kolmogorov-Smirnov and Mann-Whitney statistics; Good 2005); where they share them
    (``contrasts.are_shared``), the two sets of ratings of those in both are swapped at random, and only they count.
    Raises ``FrameError`` for ratings that break the contract.
    """
    checked = check_ratings(ratings, outcome=plan.outcome)
    refuse_mixed_modes(checked)
    order = arm_order(checked, arms)
    reference = reference_arm(checked, plan, order)
    known = checked[checked[plan.outcome].notna()]
    values = np.unique(known[plan.outcome].to_numpy(dtype=float))
    tables = {arm: _curves(known[known["arm"] == arm], plan.outcome, values) for arm in order}
    points = [
        EcdfPoint(arm, float(value), float(share))
        for arm, (_, curves) in tables.items()
        if len(curves)
        for value, share in zip(values, curves.mean(axis=0), strict=True)
    ]
    rng = np.random.default_rng(seed)
    rows = [
        _tested(arm, reference, tables[arm], tables[reference], permutations, rng) for arm in order if arm != reference
    ]
    distances = ADJUSTMENTS["holm"]([row.p_value for row in rows])
    ranks = ADJUSTMENTS["holm"]([row.superiority_p for row in rows])
    return Distributions(
        tuple(points),
        tuple(
            replace(row, p_adjusted=p, superiority_p_adjusted=q)
            for row, p, q in zip(rows, distances, ranks, strict=True)
        ),
        permutations,
        seed,
    )


def _curves(own: pd.DataFrame, outcome: str, values: FloatArray) -> tuple[list[str], FloatArray]:
    """The people of an arm, and each one's own cumulative shares at ``values``: (people, values)."""
    person, names = pd.factorize(own["participant"], sort=True)
    place = np.searchsorted(values, own[outcome].to_numpy(dtype=float))
    counts = np.zeros((len(names), len(values)))
    np.add.at(counts, (person, place), 1.0)
    return list(names), np.cumsum(counts, axis=1) / counts.sum(axis=1, keepdims=True)


def _statistics(own: FloatArray, other: FloatArray) -> tuple[float, float]:
    """The largest distance of the mean curves, and the chance of a higher rating in the first."""
    first, second = own.mean(axis=0), other.mean(axis=0)
    mass = np.diff(first, prepend=0.0)
    below = second - np.diff(second, prepend=0.0) / 2
    return float(np.abs(first - second).max()), float(mass @ below)


def _tested(
    arm: str,
    reference: str,
    own: tuple[list[str], FloatArray],
    other: tuple[list[str], FloatArray],
    permutations: int,
    rng: np.random.Generator,
) -> DistributionTest:
    both = sorted(set(own[0]) & set(other[0]))
    first, second = own[1], other[1]
    within = are_shared(len(both), len(first), len(second))
    if within:
        # Names are sorted, as those of both are.
        first, second = first[np.isin(own[0], both)], second[np.isin(other[0], both)]
    n, m = len(first), len(second)
    contrast, how = f"{arm} - {reference}", "arms within people" if within else "people between arms"
    if not (n and m):
        return DistributionTest(contrast, arm, reference, NAN, NAN, NAN, NAN, NAN, NAN, how, n, m)
    distance, superiority = _statistics(first, second)
    further = higher = 0
    pooled = np.concatenate([first, second])
    for _ in range(permutations):
        if within:
            swap = rng.random(n)[:, None] < 0.5
            pair = np.where(swap, second, first), np.where(swap, first, second)
        else:
            dealt = rng.permutation(n + m)
            pair = pooled[dealt[:n]], pooled[dealt[n:]]
        drawn = _statistics(*pair)
        # What rounding leaves between equal statistics must not decide.
        further += drawn[0] >= distance - 1e-12
        higher += abs(drawn[1] - 0.5) >= abs(superiority - 0.5) - 1e-12
    p, q = ((count + 1) / (permutations + 1) for count in (further, higher))
    return DistributionTest(contrast, arm, reference, distance, p, NAN, superiority, q, NAN, how, n, m)
