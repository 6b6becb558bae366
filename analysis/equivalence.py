"""PURE: what a null result can claim: equivalence within stated bounds, and which effect would have been found."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol, TypeVar

import pandas as pd
from scipy import optimize, stats

from analysis.intervals import NAN, Interval, TTest, t_interval
from analysis.tables import to_frame

Verdict = Literal["equivalent", "different", "different but within the bounds", "undecided", "no test"]
POWER = 0.8


@dataclass(frozen=True)
class EquivalenceRow:
    """Two one-sided tests of one contrast against ``bound_low`` and ``bound_high``, in the estimate's units.

    ``p_value`` is the larger of the two; ``ci_low`` and ``ci_high`` the interval at level 1 - 2 alpha, which lies
    inside the bounds exactly if ``p_value`` is below alpha. ``detectable`` is the difference that a two-sided test at
    alpha finds with probability ``POWER``, given this standard error.
    """

    contrast: str
    estimate: float
    std_error: float
    statistic: float
    df: float
    p_value: float
    ci_low: float
    ci_high: float
    bound_low: float
    bound_high: float
    detectable: float
    verdict: Verdict


@dataclass(frozen=True)
class Equivalence:
    """One row a contrast."""

    alpha: float
    rows: tuple[EquivalenceRow, ...]

    def to_frame(self) -> pd.DataFrame:
        """One row a contrast; the columns are the fields of ``EquivalenceRow``."""
        return to_frame(self.rows, EquivalenceRow)


class Tested(Protocol):
    """A tested row that says what it would have found."""

    @property
    def std_error(self) -> float: ...

    @property
    def df(self) -> float: ...

    @property
    def p_value(self) -> float: ...

    @property
    def detectable(self) -> float: ...

    @property
    def detectable_adjusted(self) -> float: ...


Row = TypeVar("Row", bound=Tested)


def equivalence_row(
    contrast: str, test: TTest, bounds: Interval, alpha: float = 0.05, p_difference: float | None = None
) -> EquivalenceRow:
    """The two one-sided tests of a difference with its standard error and df (Schuirmann 1987; Lakens 2017).

    ``test`` may be Welch's, a paired one or a mixed model's contrast; df inf takes the normal distribution. The
    statistic is that of the one-sided test with the larger p. Whether the verdict says 'different' is decided by
    ``p_difference``, such as an adjusted p, by default by the test's own; 'equivalent' always by alpha. Raises
    ValueError for bounds that are not below and above each other, or that are not finite.
    """
    if not (math.isfinite(bounds.low) and math.isfinite(bounds.high) and bounds.low < bounds.high):
        raise ValueError(f"bounds of equivalence must be two numbers in order, not {bounds.low:g} and {bounds.high:g}")
    if not (math.isfinite(test.std_error) and test.std_error > 0 and test.df > 0):
        blank = (NAN, NAN, NAN, NAN, NAN, NAN)
        return EquivalenceRow(contrast, test.estimate, *blank, bounds.low, bounds.high, NAN, "no test")
    above = (test.estimate - bounds.low) / test.std_error
    below = (test.estimate - bounds.high) / test.std_error
    p_above, p_below = float(stats.t.sf(above, test.df)), float(stats.t.cdf(below, test.df))
    p = max(p_above, p_below)
    inner = t_interval(test.estimate, test.std_error, test.df, 2 * alpha)
    return EquivalenceRow(
        contrast=contrast,
        estimate=test.estimate,
        std_error=test.std_error,
        statistic=above if p_above > p_below else below,
        df=test.df,
        p_value=p,
        ci_low=inner.low,
        ci_high=inner.high,
        bound_low=bounds.low,
        bound_high=bounds.high,
        detectable=detectable(test.std_error, test.df, alpha),
        verdict=_verdict(p < alpha, (test.p_value if p_difference is None else p_difference) < alpha),
    )


def _verdict(equivalent: bool, different: bool) -> Verdict:
    if equivalent:
        return "different but within the bounds" if different else "equivalent"
    return "different" if different else "undecided"


def detectable(std_error: float, df: float, alpha: float = 0.05, power: float = POWER) -> float:
    """The smallest true difference that the two-sided t test finds with this probability (Bloom 1995, minimum
    detectable effect), by the noncentral t distribution; the standard error is taken as it is.

    nan without a standard error or degrees of freedom. It speaks of the study's precision; it is no power computed
    from the observed effect, which would say nothing new (Hoenig & Heisey 2001).

    >>> round(detectable(1.0, math.inf), 4)
    2.8016
    """
    if not (math.isfinite(std_error) and std_error > 0 and df > 0):
        return NAN
    critical = float(stats.t.ppf(1 - alpha / 2, df))

    def lacking(shift: float) -> float:
        # Beyond a million degrees of freedom the noncentral t is the normal to seven digits, and its code is not.
        if df > 1e6:
            return float(stats.norm.sf(critical - shift) + stats.norm.cdf(-critical - shift)) - power
        # The lower tail is below alpha / 2 and falls as the shift grows; scipy loses it to nan far out.
        lower = float(stats.nct.cdf(-critical, df, shift)) if shift < 5 else 0.0
        return float(stats.nct.sf(critical, df, shift)) + lower - power

    furthest = 2.0
    while lacking(furthest) < 0:
        furthest *= 2
        if furthest > 1e6:
            return NAN
    return std_error * float(optimize.brentq(lacking, 0.0, furthest, xtol=1e-10))


def detectable_noncentrality(df: float, df_within: float, alpha: float = 0.05, power: float = POWER) -> float:
    """The noncentrality at which an F test of ``df`` and ``df_within`` degrees of freedom finds something with this
    probability; with one ``df`` the square of ``detectable`` in standard errors. nan without degrees of freedom."""
    if not (df > 0 and df_within > 0):
        return NAN
    if df == 1:
        return detectable(1.0, df_within, alpha, power) ** 2
    critical = float(stats.chi2.isf(alpha, df) if math.isinf(df_within) else stats.f.isf(alpha, df, df_within))

    def lacking(noncentrality: float) -> float:
        if math.isinf(df_within):
            return float(stats.ncx2.sf(critical, df, noncentrality)) - power
        return float(stats.ncf.sf(critical, df, df_within, noncentrality)) - power

    furthest = 8.0
    while lacking(furthest) < 0:
        furthest *= 2
        if furthest > 1e6:
            return NAN
    return float(optimize.brentq(lacking, 0.0, furthest, xtol=1e-10))


def with_detectable(rows: Iterable[Row], alpha: float) -> tuple[Row, ...]:
    """The dataclass rows with ``detectable``, what each one's test at ``alpha`` finds with probability ``POWER``, and
    ``detectable_adjusted``, what it finds so or oftener after Holm's adjustment over those of them that have a test:
    that of alpha over their number, at which Holm (1979) finds a difference at the least.

    nan for a row without a test.
    """
    rows = tuple(rows)
    tested = sum(math.isfinite(row.p_value) for row in rows)

    def found(row: Row) -> Row:
        if not math.isfinite(row.p_value):
            return row
        changes: dict[str, Any] = {
            "detectable": detectable(row.std_error, row.df, alpha),
            "detectable_adjusted": detectable(row.std_error, row.df, alpha / tested),
        }
        return replace(row, **changes)  # type: ignore[type-var]

    return tuple(found(row) for row in rows)
