"""PURE: intervals, tests and effect sizes from summary numbers; each says its formula's source.

``nan`` stands for what cannot be computed; whoever calls says why beside it.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, special, stats

NAN = math.nan
# Shares that differ by less are equal but for the rounding of sums.
ROUNDING = 1e-12
# So many standard errors reach 0 from any difference of two shares.
MOST_ERRORS = 1e9


class Interval(NamedTuple):
    """Lower and upper limit."""

    low: float
    high: float


NO_INTERVAL = Interval(NAN, NAN)


class TTest(NamedTuple):
    """A difference with its standard error, statistic, degrees of freedom and two-sided p."""

    estimate: float
    std_error: float
    statistic: float
    df: float
    p_value: float


def wilson(share: float, n: float, alpha: float = 0.05, df: float = math.inf) -> Interval:
    """The score interval of a proportion (Wilson 1927), without continuity correction.

    ``n`` may be an effective number of independent answers (Dean & Pagano 2015), known by ``df`` degrees of freedom: t
    then stands in the place of z. (nan, nan) for n = 0. Raises ValueError for a share outside 0..1 or a negative n.

    >>> [round(limit, 4) for limit in wilson(0.72, 100)]
    [0.6251, 0.7986]
    """
    if n < 0 or (n > 0 and not 0 <= share <= 1):
        raise ValueError(f"a share of {share} of {n} answers does not exist")
    return _wilson_at(share, n, float(stats.norm.isf(alpha / 2) if math.isinf(df) else stats.t.isf(alpha / 2, df)))


def _wilson_at(share: float, n: float, z: float) -> Interval:
    """The score interval whose limits lie ``z`` standard errors off the share."""
    if n == 0:
        return NO_INTERVAL
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    # The interval holds its share and ends exactly at 0 and 1; rounding must not carry it past either.
    low = 0.0 if share == 0 else max(0.0, min(share, centre - half))
    high = 1.0 if share == 1 else min(1.0, max(share, centre + half))
    return Interval(low, high)


def hybrid(
    estimate: float,
    own: Interval,
    other_estimate: float,
    other: Interval,
    correlations: tuple[float, float] = (0.0, 0.0),
) -> Interval:
    """The interval of ``estimate - other_estimate`` from the two estimates' own intervals, which may be lopsided.

    Zou & Donner 2008, Stat. Med. 27:1693 (MOVER): the variance of each is recovered from the limit on the side that
    counts. ``correlations`` are that of the two estimates, for the lower and for the upper limit.
    """
    down, up = estimate - own.low, own.high - estimate
    other_down, other_up = other_estimate - other.low, other.high - other_estimate
    difference = estimate - other_estimate
    low = down**2 - 2 * correlations[0] * down * other_up + other_up**2
    high = up**2 - 2 * correlations[1] * up * other_down + other_down**2
    return Interval(difference - math.sqrt(max(0.0, low)), difference + math.sqrt(max(0.0, high)))


def newcombe(share: float, own: Interval, other_share: float, other: Interval, correlation: float = 0.0) -> Interval:
    """The hybrid score interval of ``share - other_share`` from the two shares' Wilson intervals.

    Independent samples: Newcombe 1998, Stat. Med. 17:873, method 10. The same people in both: Newcombe 1998,
    Stat. Med. 17:2635, method 8, with the correlation of the two answers (``_at_limits``).
    """
    limits = hybrid(share, own, other_share, other, _at_limits(share, own, other_share, other, correlation))
    return Interval(max(-1.0, limits.low), min(1.0, limits.high))


def _at_limits(
    share: float, own: Interval, other_share: float, other: Interval, correlation: float
) -> tuple[float, float]:
    """The correlation at the lower and at the upper limit of the difference of two shares of the same people.

    Where a few people's shares lie nearer to each other than all people's do, they are more alike by the same chance,
    and an interval of that correlation ends too soon on the far side. There the shares would lie as far apart as their
    own limits, and so alike they cannot be (``largest_correlation``). The near side, where the test looks whether there
    is a difference, stays as it is.
    """
    low, high = (
        min(correlation, largest_correlation(first, second))
        for first, second in ((own.low, other.high), (own.high, other.low))
    )
    difference = share - other_share
    return (correlation if difference > ROUNDING else low), (correlation if difference < -ROUNDING else high)


def newcombe_test(
    share: float, n: float, other_share: float, other_n: float, df: float = math.inf, correlation: float = 0.0
) -> tuple[float, float]:
    """The statistic and two-sided p of equal shares that agree with ``newcombe``'s interval, whatever its level.

    The statistic is the quantile at which the interval of Wilson limits with this quantile first reaches 0, with the
    sign of the difference; p is that of t with ``df``, or of z. So p is below alpha exactly where the interval at level
    1 - alpha leaves out 0. Raises ValueError where none reaches 0, which no ``correlation`` up to
    ``largest_correlation`` brings about. Source: the test that inverts the interval of Newcombe 1998 and Zou & Donner
    2008.
    """
    difference = share - other_share
    if abs(difference) <= ROUNDING:
        return 0.0, 1.0

    def beyond_0(z: float) -> float:
        limits = newcombe(share, _wilson_at(share, n, z), other_share, _wilson_at(other_share, other_n, z), correlation)
        return limits.low if difference > 0 else -limits.high

    most = 1.0
    while beyond_0(most) > 0:
        most *= 2
        if most > MOST_ERRORS:
            raise ValueError(f"no interval of {share} - {other_share} holds 0 with a correlation of {correlation}")
    z = float(optimize.brentq(beyond_0, 0.0, most, xtol=1e-13))
    p = 2 * (stats.norm.sf(z) if math.isinf(df) else stats.t.sf(z, df))
    return math.copysign(z, difference), float(p)


def newcombe_detectable(
    n: float, other_share: float, other_n: float, quantile: float, correlation: float = 0.0
) -> float:
    """By how much a share of ``n`` answers must differ from ``other_share`` for ``newcombe_test`` to come to the
    statistic ``quantile``: the larger of both ways, or the one that stays within 0 and 1; nan where neither does.

    So wide is the interval at the shares that differ, whose Wilson limits are others to either side of each.
    """
    other = _wilson_at(other_share, other_n, quantile)

    def reaches_0(size: float, sign: int) -> float:
        share = other_share + sign * size
        alike = min(correlation, largest_correlation(share, other_share))
        limits = newcombe(share, _wilson_at(share, n, quantile), other_share, other, alike)
        return limits.low if sign > 0 else -limits.high

    if not math.isfinite(quantile):
        return NAN
    found = []
    for sign, room in ((1, 1 - other_share), (-1, other_share)):
        if room > ROUNDING and reaches_0(room, sign) > 0:
            found.append(float(optimize.brentq(reaches_0, 0.0, room, args=(sign,), xtol=1e-13)))
    return max(found, default=NAN)


def largest_correlation(share: float, other_share: float) -> float:
    """The largest correlation that two shares' interval takes: halfway from Fréchet's bound, the largest of two yes-no
    answers with these shares, to 1.

    Shares of a few people can be more alike than answers, and with a correlation near 1 an interval has hardly a width,
    and may become narrower as its level rises. Up to here it always reaches 0 at some level, and holds it at all above.

    >>> round(largest_correlation(0.75, 0.25), 4)
    0.6667
    """
    high, low = max(share, other_share), min(share, other_share)
    of_answers = math.sqrt(low * (1 - high) / (high * (1 - low))) if low > 0 and high < 1 else 0.0
    return (1 + of_answers) / 2


def ratio_interval(
    share: float, own: Interval, other_share: float, other: Interval, correlation: float = 0.0
) -> Interval:
    """The interval of ``share / other_share`` from the two shares' Wilson intervals, as ``hybrid`` on their logarithms.

    nan where a share is 0, of which there is no logarithm. Source: Zou & Donner 2008, Stat. Med. 27:1693.
    """
    if not (share > 0 and other_share > 0):
        return NO_INTERVAL
    logs = [Interval(math.log(limits.low), math.log(limits.high)) for limits in (own, other)]
    correlations = _at_limits(share, own, other_share, other, correlation)
    limits = hybrid(math.log(share), logs[0], math.log(other_share), logs[1], correlations)
    return Interval(antilog(limits.low), antilog(limits.high))


def antilog(value: float) -> float:
    """The number of which ``value`` is the natural logarithm; inf where it is larger than a float can be.

    >>> antilog(0.0), antilog(1_000.0), antilog(-1_000.0)
    (1.0, inf, 0.0)
    """
    try:
        return math.exp(value)
    except OverflowError:
        return math.inf


def t_interval(estimate: float, std_error: float, df: float, alpha: float = 0.05) -> Interval:
    """``estimate`` plus and minus the t quantile times the standard error; nan where there is no standard error."""
    if not (df > 0 and math.isfinite(std_error)):
        return NO_INTERVAL
    half = float(stats.t.ppf(1 - alpha / 2, df)) * std_error
    return Interval(estimate - half, estimate + half)


def welch(first: ArrayLike, second: ArrayLike) -> TTest:
    """Mean of the first less mean of the second, with unequal variances (Welch 1947; Satterthwaite's df).

    Everything but the estimate is nan where a sample has fewer than two values or both are constant.
    """
    a, b = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if not (a.size and b.size):
        return TTest(NAN, NAN, NAN, NAN, NAN)
    estimate = float(a.mean() - b.mean())
    if a.size < 2 or b.size < 2:
        return TTest(estimate, NAN, NAN, NAN, NAN)
    va, vb = spread(a) ** 2 / a.size, spread(b) ** 2 / b.size
    if va + vb == 0:
        return TTest(estimate, NAN, NAN, NAN, NAN)
    df = (va + vb) ** 2 / (va**2 / (a.size - 1) + vb**2 / (b.size - 1))
    return t_test(estimate, math.sqrt(va + vb), df)


def paired(differences: ArrayLike, size: float = 0.0) -> TTest:
    """Student's t of within-person differences against 0; nan but for the estimate where they do not vary.

    ``size`` is the largest of the values whose differences they are: what those differ by can be their rounding.
    """
    d = np.asarray(differences, dtype=float)
    if not d.size:
        return TTest(NAN, NAN, NAN, NAN, NAN)
    sd = spread(d, size)
    if d.size < 2 or sd == 0:
        return TTest(float(d.mean()), NAN, NAN, NAN, NAN)
    return t_test(float(d.mean()), sd / math.sqrt(d.size), float(d.size - 1))


def t_test(estimate: float, std_error: float, df: float) -> TTest:
    """The two-sided t test of ``estimate`` against 0."""
    statistic = estimate / std_error
    return TTest(estimate, std_error, statistic, df, float(2 * stats.t.sf(abs(statistic), df)))


def tost(test: TTest, low: float, high: float) -> float:
    """The larger p of the two one-sided tests against the bounds (Schuirmann 1987; Welch df where given).

    It is below alpha exactly if the interval at level 1 - 2 alpha lies inside the bounds.
    """
    if not math.isfinite(test.std_error):
        return NAN
    above = stats.t.sf((test.estimate - low) / test.std_error, test.df)
    below = stats.t.cdf((test.estimate - high) / test.std_error, test.df)
    return float(max(above, below))


def spread(values: ArrayLike, size: float = 0.0) -> float:
    """The sample standard deviation (n - 1), exactly 0 for equal values; nan for fewer than two.

    Values count as equal that differ by no more than the rounding of sums: a millionth of a millionth of the largest,
    or of ``size``, the largest of the values whose differences they are.
    """
    x = np.asarray(values, dtype=float)
    if x.size < 2:
        return NAN
    # Means of equal ratings can differ in their last bit, which would make a tiny false spread.
    largest = max(size, float(np.abs(x).max()))
    return 0.0 if float(np.ptp(x)) <= 1e-12 * largest else float(x.std(ddof=1))


def without_rounding(values: ArrayLike) -> np.ndarray:
    """The values with those made equal that differ by the rounding of sums alone, for ranks, in which ties count."""
    x = np.asarray(values, dtype=float)
    largest = float(np.abs(x).max()) if x.size else 0.0
    return x if largest == 0 else np.round(x / largest, 12) * largest


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's (1979) step-down adjusted p values, in the order given; nan stays nan and does not count.

    >>> [round(p, 4) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    p = np.asarray(p_values, dtype=float)
    adjusted = np.full(p.shape, NAN)
    order = [int(i) for i in np.argsort(p, kind="stable") if not math.isnan(p[i])]
    running = 0.0
    for rank, i in enumerate(order):
        running = max(running, min(1.0, (len(order) - rank) * float(p[i])))
        adjusted[i] = running
    return [float(value) for value in adjusted]


class EffectSize(NamedTuple):
    """A standardised difference and its interval."""

    estimate: float
    low: float
    high: float


NO_EFFECT_SIZE = EffectSize(NAN, NAN, NAN)


def hedges_correction(df: float) -> float:
    """Hedges' (1981) exact factor that takes the small-sample bias off Cohen's d."""
    return float(np.exp(special.gammaln(df / 2) - special.gammaln((df - 1) / 2))) / math.sqrt(df / 2)


def cohens_d(first: ArrayLike, second: ArrayLike) -> float:
    """Cohen's (1988) d of two independent samples, by the pooled SD; nan where a sample is empty or nothing varies."""
    a, b = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    squares = math.fsum((x.size - 1) * spread(x) ** 2 for x in (a, b) if x.size > 1)
    if not (a.size and b.size) or squares == 0:
        return NAN
    return float(a.mean() - b.mean()) / math.sqrt(squares / (a.size + b.size - 2))


def hedges_g(first: ArrayLike, second: ArrayLike, alpha: float = 0.05) -> EffectSize:
    """Hedges' g of two independent samples, by the pooled SD, with the noncentral t interval.

    nan where a sample is empty, there are fewer than two degrees of freedom, or nothing varies. Source: Hedges 1981;
    Steiger 2004 for the interval.
    """
    a, b = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    df = a.size + b.size - 2
    d = cohens_d(a, b)
    if math.isnan(d) or df < 2:
        return NO_EFFECT_SIZE
    return _with_noncentral_interval(d, math.sqrt(a.size * b.size / (a.size + b.size)), df, alpha)


def hedges_g_z(differences: ArrayLike, alpha: float = 0.05, size: float = 0.0) -> EffectSize:
    """Hedges' g of within-person differences, by their own SD (g_z), with the noncentral t interval.

    ``size`` is as in ``paired``.
    """
    d = np.asarray(differences, dtype=float)
    sd = spread(d, size)
    if d.size < 3 or sd == 0:
        return NO_EFFECT_SIZE
    return _with_noncentral_interval(float(d.mean()) / sd, math.sqrt(d.size), d.size - 1, alpha)


def _with_noncentral_interval(d: float, scale: float, df: float, alpha: float) -> EffectSize:
    """g with the limits of the noncentral t, which are of the true value itself: exact without the factor that takes
    the bias off the estimate. Times that factor they would lie too low, and of five people who differ by 2 hold the
    truth in 87% of samples."""
    t = d * scale
    low, high = (_noncentrality(t, df, p) for p in (1 - alpha / 2, alpha / 2))
    return EffectSize(d * hedges_correction(df), low / scale, high / scale)


def _noncentrality(t: float, df: float, p: float) -> float:
    """The noncentrality at which the noncentral t distribution has P(T <= t) = p."""
    # The distribution is mirrored at 0, and its function is only reliable for t >= 0.
    if t < 0:
        return -_noncentrality(-t, df, 1 - p)

    def excess(noncentrality: float) -> float:
        return float(stats.nct.cdf(t, df, noncentrality)) - p

    spread_of_t = math.sqrt(1 + t * t / (2 * df))
    # P(T <= t) is at least P(T <= 0), which is above p here already; far below, scipy's function is often nan.
    beyond = -float(stats.norm.ppf(p)) - 1
    low, high = max(t - 8 * spread_of_t, beyond), t + 8 * spread_of_t
    try:
        root = optimize.brentq(excess, low, high, xtol=1e-10)
    except ValueError:
        return NAN
    return float(root)
