"""PURE: every pair of arms, on one value a person, for arms of different people."""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats

from analysis.adjust import benjamini_hochberg, bonferroni
from analysis.intervals import NAN, cohens_d, hedges_g, holm, t_interval, welch, without_rounding
from analysis.tables import to_frame


@dataclass(frozen=True)
class PairTest:
    """The mean of ``arm`` less that of ``reference``, by Welch's t, and the two arms' ranks, by Mann and Whitney.

    ``p_bonferroni``, ``p_holm`` and ``p_bh`` (Benjamini & Hochberg) adjust ``p_value`` over all pairs; those with
    ``u_`` adjust the rank test's likewise. ``u_statistic`` counts the pairs of people in which the value of ``arm`` is
    the larger, ties as halves; ``superiority`` is its share of all pairs of people. Intervals are not adjusted.
    """

    contrast: str
    arm: str
    reference: str
    estimate: float
    std_error: float
    statistic: float
    df: float
    p_value: float
    p_bonferroni: float
    p_holm: float
    p_bh: float
    ci_low: float
    ci_high: float
    cohens_d: float
    hedges_g: float
    hedges_g_ci_low: float
    hedges_g_ci_high: float
    u_statistic: float
    superiority: float
    u_p_value: float
    u_p_bonferroni: float
    u_p_holm: float
    u_p_bh: float
    n: int
    n_reference: int


@dataclass(frozen=True)
class PairTests:
    """Every pair once; empty for fewer than two arms."""

    rows: tuple[PairTest, ...]

    def to_frame(self) -> pd.DataFrame:
        """One row a pair; the columns are the fields of ``PairTest``."""
        return to_frame(self.rows, PairTest)


def pairwise(samples: Mapping[str, Sequence[float] | np.ndarray], alpha: float = 0.05) -> PairTests:
    """The tests of all pairs of arms; each pair is the later arm less the earlier one, in the order of ``samples``.

    One value a person, no person in two arms. nan stands for what a pair's data cannot carry, and does not count when
    p values are adjusted. The rank test is the normal approximation with ties and continuity corrected, as R's
    ``wilcox.test(exact = FALSE)`` (Mann & Whitney 1947); the adjustments are Bonferroni's, Holm's (1979) and
    Benjamini & Hochberg's (1995).
    """
    values = {arm: np.asarray(sample, dtype=float) for arm, sample in samples.items() if len(sample)}
    rows = [_pair(arm, other, values[arm], values[other], alpha) for other, arm in itertools.combinations(values, 2)]
    p, u = [row.p_value for row in rows], [row.u_p_value for row in rows]
    adjusted = zip(rows, bonferroni(p), holm(p), benjamini_hochberg(p), strict=True)
    rows = [replace(row, p_bonferroni=a, p_holm=b, p_bh=c) for row, a, b, c in adjusted]
    adjusted = zip(rows, bonferroni(u), holm(u), benjamini_hochberg(u), strict=True)
    return PairTests(tuple(replace(row, u_p_bonferroni=a, u_p_holm=b, u_p_bh=c) for row, a, b, c in adjusted))


def _pair(arm: str, reference: str, own: np.ndarray, other: np.ndarray, alpha: float) -> PairTest:
    test = welch(own, other)
    limits = t_interval(test.estimate, test.std_error, test.df, alpha)
    effect = hedges_g(own, other, alpha)
    u, u_p = _mann_whitney(own, other)
    return PairTest(
        contrast=f"{arm} - {reference}",
        arm=arm,
        reference=reference,
        estimate=test.estimate,
        std_error=test.std_error,
        statistic=test.statistic,
        df=test.df,
        p_value=test.p_value,
        p_bonferroni=NAN,
        p_holm=NAN,
        p_bh=NAN,
        ci_low=limits.low,
        ci_high=limits.high,
        cohens_d=cohens_d(own, other),
        hedges_g=effect.estimate,
        hedges_g_ci_low=effect.low,
        hedges_g_ci_high=effect.high,
        u_statistic=u,
        superiority=u / (own.size * other.size),
        u_p_value=u_p,
        u_p_bonferroni=NAN,
        u_p_holm=NAN,
        u_p_bh=NAN,
        n=own.size,
        n_reference=other.size,
    )


def _mann_whitney(own: np.ndarray, other: np.ndarray) -> tuple[float, float]:
    pooled = without_rounding(np.concatenate([own, other]))
    own, other = pooled[: own.size], pooled[own.size :]
    if (pooled == pooled[0]).all():
        return own.size * other.size / 2, math.nan
    result = stats.mannwhitneyu(own, other, alternative="two-sided", method="asymptotic", use_continuity=True)
    return float(result.statistic), float(result.pvalue)
