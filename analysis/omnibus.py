"""PURE: tests of whether the arms differ at all, on one mean a person, for arms of different people."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from analysis.intervals import NAN, spread, without_rounding
from analysis.tables import to_frame


@dataclass(frozen=True)
class OmnibusTest:
    """One test: ``statistic`` with ``df`` (between) and ``df_within`` (nan for chi-squared), over ``n`` people."""

    term: str
    hypothesis: str
    statistic: float
    df: float
    df_within: float
    p_value: float
    n: int


@dataclass(frozen=True)
class Omnibus:
    """The four tests, in a fixed order; empty where they do not apply."""

    rows: tuple[OmnibusTest, ...]

    def to_frame(self) -> pd.DataFrame:
        """One row a test; the columns are the fields of ``OmnibusTest``."""
        return to_frame(self.rows, OmnibusTest)


def omnibus(samples: Mapping[str, Sequence[float] | np.ndarray]) -> Omnibus:
    """The tests of two or more arms' values, one value a person, no person in two arms.

    Welch's ANOVA (Welch 1951), the classical ANOVA, Kruskal-Wallis with ties corrected, and Levene's test of equal
    spread around the means (Levene 1960). A test that the data cannot carry has nan: an arm with fewer than two
    people, or, for Welch's, an arm in which all values are equal. Arms without values are left out.
    """
    groups = [np.asarray(values, dtype=float) for values in samples.values() if len(values)]
    n = sum(group.size for group in groups)
    if len(groups) < 2:
        return Omnibus(())
    return Omnibus(
        (
            OmnibusTest("Welch's ANOVA", "equal means, spreads may differ", *_welch_anova(groups), n),
            OmnibusTest("Classical ANOVA", "equal means, equal spreads", *_classical_anova(groups), n),
            OmnibusTest("Kruskal-Wallis", "equal distributions, by ranks", *_kruskal(groups), n),
            OmnibusTest("Levene", "equal spreads", *_levene(groups), n),
        )
    )


_Row = tuple[float, float, float, float]


def _welch_anova(groups: Sequence[np.ndarray]) -> _Row:
    k = len(groups)
    if any(g.size < 2 or spread(g) == 0 for g in groups):
        return (NAN, k - 1.0, NAN, NAN)
    sizes = np.array([g.size for g in groups], dtype=float)
    weights = sizes / np.array([spread(g) ** 2 for g in groups])
    means = np.array([g.mean() for g in groups])
    share = weights / weights.sum()
    lack = float(((1 - share) ** 2 / (sizes - 1)).sum()) / (k * k - 1)
    between = float((weights * (means - (share * means).sum()) ** 2).sum()) / (k - 1)
    statistic = between / (1 + 2 * (k - 2) * lack)
    df_within = 1 / (3 * lack)
    return (statistic, k - 1.0, df_within, float(stats.f.sf(statistic, k - 1, df_within)))


def _classical_anova(groups: Sequence[np.ndarray]) -> _Row:
    k, n = len(groups), sum(g.size for g in groups)
    within = math.fsum((g.size - 1) * spread(g) ** 2 for g in groups if g.size > 1)
    if n <= k or within == 0:
        return (NAN, k - 1.0, float(n - k), NAN)
    grand = math.fsum(float(g.sum()) for g in groups) / n
    between = math.fsum(g.size * (float(g.mean()) - grand) ** 2 for g in groups)
    statistic = (between / (k - 1)) / (within / (n - k))
    return (statistic, k - 1.0, float(n - k), float(stats.f.sf(statistic, k - 1, n - k)))


def _levene(groups: Sequence[np.ndarray]) -> _Row:
    # Two values always lie equally far from their mean: without a third nowhere, deviations have no spread.
    if max(g.size for g in groups) < 3:
        return (NAN, len(groups) - 1.0, NAN, NAN)
    return _classical_anova([np.abs(g - g.mean()) for g in groups])


def _kruskal(groups: Sequence[np.ndarray]) -> _Row:
    pooled = without_rounding(np.concatenate(groups))
    df = len(groups) - 1.0
    if (pooled == pooled[0]).all():
        return (NAN, df, NAN, NAN)
    result = stats.kruskal(*np.split(pooled, np.cumsum([group.size for group in groups])[:-1]))
    return (float(result.statistic), df, NAN, float(result.pvalue))
