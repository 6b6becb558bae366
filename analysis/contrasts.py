"""PURE: one arm against the reference arm: differences of means and of shares, for different or the same people."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.descriptives import Share, shares_of_two
from analysis.equivalence import detectable
from analysis.intervals import (
    NAN,
    hedges_g,
    hedges_g_z,
    holm,
    largest_correlation,
    newcombe,
    newcombe_detectable,
    newcombe_test,
    paired,
    ratio_interval,
    spread,
    t_interval,
    tost,
    welch,
)

# Two arms are compared within people where at least so many of the smaller arm's people are in both.
SHARED_AT_LEAST = 0.5
DIFFERENT_PEOPLE = "different people"
SAME_PEOPLE = "same people"


@dataclass(frozen=True)
class MeanContrast:
    """The mean of ``arm`` less the mean of ``reference``, in the outcome's units.

    ``method`` names the test. ``p_adjusted`` is Holm's over all contrasts of the table; the interval is not adjusted.
    ``effect_size`` is Hedges' g, of the kind that ``effect_size_kind`` says. ``equivalence_p`` is the larger p of the
    two one-sided tests against the plan's bounds, nan without. ``n`` and ``n_reference`` count people.
    """

    contrast: str
    arm: str
    reference: str
    method: str
    estimate: float
    std_error: float
    statistic: float
    df: float
    p_value: float
    p_adjusted: float
    ci_low: float
    ci_high: float
    effect_size: float
    effect_size_kind: str
    effect_size_ci_low: float
    effect_size_ci_high: float
    equivalence_p: float
    n: int
    n_reference: int
    people: str


@dataclass(frozen=True)
class ShareContrast:
    """The share credible of ``arm`` less that of ``reference``, as a fraction of 1.

    ``method`` names the test: the one that inverts the interval of the difference, so that ``p_value`` is below alpha
    exactly where ``ci_low`` to ``ci_high`` leaves out 0. ``statistic`` is the quantile of t with which that interval
    just reaches 0, or of z where ``df`` is nan; it is not ``estimate`` over ``std_error``, which is that of people's
    shares and is nan for the same people whose differences do not vary. ``risk_ratio`` is the share of ``arm`` over
    that of ``reference``; its interval is nan where a share is 0, and can tell otherwise than p near alpha. ``n`` and
    ``n_reference`` count people.

    ``detectable`` is the difference from the share of ``reference`` that this test finds with 80% probability, upwards
    as downwards, and ``detectable_adjusted`` the one that it finds so, or oftener, after Holm's adjustment: where
    ``statistic`` comes to the noncentrality of ``equivalence.detectable``, at the effective sizes that were reached.
    """

    contrast: str
    arm: str
    reference: str
    method: str
    estimate: float
    std_error: float
    statistic: float
    df: float
    p_value: float
    p_adjusted: float
    ci_low: float
    ci_high: float
    risk_ratio: float
    risk_ratio_ci_low: float
    risk_ratio_ci_high: float
    detectable: float
    detectable_adjusted: float
    n: int
    n_reference: int
    people: str


@dataclass(frozen=True)
class Pair:
    """The people of an arm and of the reference. ``both`` holds those of both, one row a person, columns
    ``mean, share, n_ratings`` with the suffixes ``_arm`` and ``_reference``."""

    arm: str
    reference: str
    own: pd.DataFrame
    other: pd.DataFrame
    both: pd.DataFrame

    @property
    def name(self) -> str:
        """How the contrast is called."""
        return f"{self.arm} - {self.reference}"

    @property
    def same_people(self) -> bool:
        """Whether the arms are compared within the people who are in both."""
        return are_shared(len(self.both), len(self.own), len(self.other))

    @property
    def has_test(self) -> bool:
        """Whether both arms have people enough for a test of shares: one person's spread nothing tells."""
        return min([len(self.both)] if self.same_people else [len(self.own), len(self.other)]) > 1

    @property
    def only_one(self) -> int:
        """How many people are in one of the two arms only."""
        return len(self.own) + len(self.other) - 2 * len(self.both)


def are_shared(both: int, own: int, other: int) -> bool:
    """Whether two arms of ``own`` and ``other`` people, ``both`` of them in both, have the same people.

    At least half of the smaller arm's people are in both. Fewer came twice by a slip, such as one id given to two: a
    comparison within people would be of these few alone. In a design that gives everybody one of several models beside
    the real arm, all of the smaller arm's people are in both, however few of the larger one's are.
    """
    return both > 0 and both >= SHARED_AT_LEAST * min(own, other)


def pair(units: pd.DataFrame, arm: str, reference: str) -> Pair:
    """Who stands on either side of a contrast. ``units`` is ``descriptives.unit_means``."""
    own, other = (units[units["arm"] == name] for name in (arm, reference))
    both = own.merge(other, on="participant", suffixes=("_arm", "_reference")).sort_values("participant")
    return Pair(arm, reference, own, other, both)


def mean_contrast(people: Pair, alpha: float, bounds: tuple[float, float] | None = None) -> MeanContrast:
    """Welch's t for different people, Student's paired t of within-person differences for the same people.

    Where the arms share their people (``are_shared``) only those who are in both count; where they do not, a few who
    are in both count in each, as if they were different people. nan stands for what cannot be computed.
    """
    if people.same_people:
        means = _column(people.both, "mean_arm"), _column(people.both, "mean_reference")
        differences, size = means[0] - means[1], float(np.abs(means).max(initial=0.0))
        test, effect = paired(differences, size), hedges_g_z(differences, alpha, size)
        method, kind, n, n_reference = "paired t", "g_z", len(people.both), len(people.both)
    else:
        own, other = _column(people.own, "mean"), _column(people.other, "mean")
        test, effect = welch(own, other), hedges_g(own, other, alpha)
        method, kind, n, n_reference = "Welch t", "g", own.size, other.size
    limits = t_interval(test.estimate, test.std_error, test.df, alpha)
    return MeanContrast(
        contrast=people.name,
        arm=people.arm,
        reference=people.reference,
        method=method,
        estimate=test.estimate,
        std_error=test.std_error,
        statistic=test.statistic,
        df=test.df,
        p_value=test.p_value,
        p_adjusted=NAN,
        ci_low=limits.low,
        ci_high=limits.high,
        effect_size=effect.estimate,
        effect_size_kind=kind,
        effect_size_ci_low=effect.low,
        effect_size_ci_high=effect.high,
        equivalence_p=NAN if bounds is None else tost(test, *bounds),
        n=n,
        n_reference=n_reference,
        people=SAME_PEOPLE if people.same_people else DIFFERENT_PEOPLE,
    )


def share_contrast(people: Pair, alpha: float, tested: int = 1) -> ShareContrast:
    """The difference of shares with Newcombe's hybrid score interval and the test that inverts it, and the risk ratio.

    Both intervals join the arms' Wilson intervals on effective sizes: ``newcombe`` and ``ratio_interval``. An arm's
    size is the smaller of its own and the one by both arms' design effect (``descriptives.shares_of_two``). Where
    somebody rated several times, t stands in the place of z: with Welch's degrees of freedom of people's shares for
    different people, with people less one for the same. Welch's t test of people's shares finds too much where a few
    people near 1 stand against many (benchmarks/shares.py).

    nan but for the estimates where an arm has one person, whose spread nothing tells. ``tested`` is how many contrasts
    are adjusted together.
    """
    return (_share_within if people.same_people else _share_between)(people, alpha, tested)


def _share_between(people: Pair, alpha: float, tested: int) -> ShareContrast:
    shares = _column(people.own, "share"), _column(people.other, "share")
    n_ratings = int(people.own["n_ratings"].sum()), int(people.other["n_ratings"].sum())
    own, other = shares_of_two(shares[0], n_ratings[0], shares[1], n_ratings[1])
    blank = _share_row(people, "Newcombe z", own.share, other.share, len(people.own), len(people.other))
    if not people.has_test:
        return blank
    if n_ratings != (len(people.own), len(people.other)):
        test = welch(*shares)
        if math.isfinite(test.std_error):
            blank = replace(blank, method="Newcombe t", std_error=test.std_error, df=test.df)
            return _with_limits(blank, own, other, test.df, alpha, tested)
    error = math.sqrt(sum(arm.share * (1 - arm.share) / arm.n_effective for arm in (own, other)))
    return _with_limits(replace(blank, std_error=error), own, other, math.inf, alpha, tested)


def _share_within(people: Pair, alpha: float, tested: int) -> ShareContrast:
    own, other = _column(people.both, "share_arm"), _column(people.both, "share_reference")
    n_ratings = [int(people.both[f"n_ratings_{side}"].sum()) for side in ("arm", "reference")]
    arm, reference = shares_of_two(own, n_ratings[0], other, n_ratings[1])
    n = len(people.both)
    blank = _share_row(people, "paired Newcombe t", arm.share, reference.share, n, n)
    if not people.has_test:
        return blank
    test = paired(own - other, 1.0)
    # Differences that do not vary tell nothing of how they would: as if the two answers had nothing in common.
    varies = math.isfinite(test.std_error) and spread(own) > 0 and spread(other) > 0
    correlation = float(np.corrcoef(own, other)[0, 1]) if varies else 0.0
    correlation = min(correlation, largest_correlation(arm.share, reference.share))
    blank = replace(blank, std_error=test.std_error, df=n - 1.0)
    return _with_limits(blank, arm, reference, n - 1, alpha, tested, correlation)


def _with_limits(
    blank: ShareContrast, own: Share, other: Share, df: float, alpha: float, tested: int, correlation: float = 0.0
) -> ShareContrast:
    """The contrast with both intervals, with t of ``df``, the test that inverts that of the difference, and what this
    test would find."""
    sides = own.share, own.wilson(alpha, df), other.share, other.wilson(alpha, df)
    limits, ratio = newcombe(*sides, correlation), ratio_interval(*sides, correlation)
    statistic, p = newcombe_test(own.share, own.n_effective, other.share, other.n_effective, df, correlation)
    detectable_alone, detectable_adjusted = (
        newcombe_detectable(own.n_effective, other.share, other.n_effective, detectable(1.0, df, level), correlation)
        for level in (alpha, alpha / tested)
    )
    return replace(
        blank,
        statistic=statistic,
        p_value=p,
        ci_low=limits.low,
        ci_high=limits.high,
        risk_ratio_ci_low=ratio.low,
        risk_ratio_ci_high=ratio.high,
        detectable=detectable_alone,
        detectable_adjusted=detectable_adjusted,
    )


def _share_row(people: Pair, method: str, a: float, b: float, n: int, n_reference: int) -> ShareContrast:
    """A contrast of shares with its estimates, everything else nan."""
    return ShareContrast(
        contrast=people.name,
        arm=people.arm,
        reference=people.reference,
        method=method,
        estimate=a - b,
        std_error=NAN,
        statistic=NAN,
        df=NAN,
        p_value=NAN,
        p_adjusted=NAN,
        ci_low=NAN,
        ci_high=NAN,
        risk_ratio=a / b if b > 0 else NAN,
        risk_ratio_ci_low=NAN,
        risk_ratio_ci_high=NAN,
        detectable=NAN,
        detectable_adjusted=NAN,
        n=n,
        n_reference=n_reference,
        people=SAME_PEOPLE if people.same_people else DIFFERENT_PEOPLE,
    )


def with_holm(rows: Iterable[MeanContrast]) -> tuple[MeanContrast, ...]:
    """The contrasts with ``p_adjusted`` over all of them."""
    rows = tuple(rows)
    adjusted = holm([row.p_value for row in rows])
    return tuple(replace(row, p_adjusted=p) for row, p in zip(rows, adjusted, strict=True))


def shares_with_holm(pairs: Sequence[Pair], alpha: float) -> tuple[ShareContrast, ...]:
    """The contrasts of shares of ``pairs`` with what goes by how many of them there are: ``p_adjusted`` over all that
    have a test, and ``detectable_adjusted``."""
    tested = sum(pair.has_test for pair in pairs)
    rows = [share_contrast(pair, alpha, tested) for pair in pairs]
    adjusted = holm([row.p_value for row in rows])
    return tuple(replace(row, p_adjusted=p) for row, p in zip(rows, adjusted, strict=True))


def _column(frame: pd.DataFrame, name: str) -> np.ndarray:
    return frame[name].to_numpy(dtype=float)
