"""PURE: what a study is to show of its arms, and how probably it shows it, given its standard error and df.

A claim is shown as the report shows it: differences by their adjusted p values, equivalence by two one-sided tests.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import integrate, stats
from scipy.stats import qmc

from analysis.adjust import ADJUSTMENTS

Adjustment = Literal["holm", "bonferroni", "benjamini-hochberg", "none"]
ADJUSTMENT_NAMES: tuple[Adjustment, ...] = ("holm", "bonferroni", "benjamini-hochberg", "none")
Which = Literal["one", "all"]
FloatArray = NDArray[np.float64]
# As a power of two: with 2^14 points the integrals are known to a thousandth (test_power_claim.py).
_POINTS = 14


@dataclass(frozen=True)
class Claim:
    """What is to be shown of the arms' contrasts with the reference.

    Without ``bounds`` that they differ: ``difference`` is the true difference of the arm that is looked for (``which``
    is 'one': no other arm differs from the reference, so that none makes Holm's adjustment milder) or of every arm
    ('all': all of them are to be found). With ``bounds`` that they are equivalent, in truth differing by
    ``difference``: one arm, or all. Equivalence takes no adjustment, as in the report: that all arms are equivalent is
    claimed only where each is (Berger 1982, Technometrics 24:295).
    """

    difference: float
    which: Which = "one"
    adjust: Adjustment = "holm"
    bounds: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        """Raises ValueError for what cannot be shown."""
        if self.adjust not in ADJUSTMENT_NAMES:
            raise ValueError(f"'{self.adjust}' is no adjustment; there are {', '.join(ADJUSTMENT_NAMES)}")
        if self.bounds is None:
            return
        low, high = self.bounds
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            raise ValueError(f"bounds of equivalence must be two numbers in order, not {low:g} and {high:g}")
        if not low < self.difference < high:
            raise ValueError(
                f"the true difference {self.difference:g} is not between the bounds {low:g} and {high:g}: arms that "
                "differ so much are not to be shown equivalent"
            )

    def differences(self, contrasts: int) -> FloatArray:
        """The true differences of so many arms from the reference; the first is the one that is looked for."""
        same = self.which == "all" or self.bounds is not None
        return np.array([self.difference, *[self.difference * same] * (contrasts - 1)])

    def shown(self, p_values: Sequence[float], equivalence_p: Sequence[float], alpha: float) -> bool:
        """Whether a study with these p values, one a contrast, shows it; nan shows nothing."""
        given = list(p_values if self.bounds is None else equivalence_p)
        if self.bounds is None and self.adjust != "none":
            given = ADJUSTMENTS[self.adjust](given)
        return all(p < alpha for p in (given[:1] if self.which == "one" else given))


def probability(claim: Claim, contrasts: int, std_error: float, df: float, alpha: float) -> float:
    """How probably a study shows the claim, all its contrasts having this standard error and these df.

    The contrasts share the reference and one estimate of the variance: their statistics follow the multivariate t
    distribution with correlations of a half (Dunnett 1955, JASA 50:1096). One contrast is computed exactly, several by
    quasi-Monte Carlo integration over it (Genz & Bretz 2009), with the same points each time.
    """
    if contrasts == 1 or (
        claim.which == "one" and (claim.bounds is not None or claim.adjust in ("none", "bonferroni"))
    ):
        level = alpha / contrasts if claim.bounds is None and claim.adjust == "bonferroni" else alpha
        if claim.bounds is None:
            return _found(abs(claim.difference) / std_error, df, level)
        return _equivalent(claim.bounds, claim.difference, std_error, df, level)
    points, roots = _points(contrasts)
    scale = np.sqrt(stats.chi2.ppf(roots, df) / df)[:, None]
    # An estimate over its standard error, as far as it is known here: divided by the error's own chance.
    at = claim.differences(contrasts) / std_error + points
    if claim.bounds is not None:
        critical = float(stats.t.ppf(1 - alpha, df)) * scale
        low, high = (bound / std_error for bound in claim.bounds)
        passed = (at - low > critical) & (at - high < -critical)
    else:
        passed = _rejected(np.abs(at) / scale, claim.adjust, df, alpha)
    return float((passed[:, 0] if claim.which == "one" else passed.all(axis=1)).mean())


def _found(shift: float, df: float, alpha: float) -> float:
    """The power of the two-sided t test, by the noncentral t distribution."""
    critical = float(stats.t.ppf(1 - alpha / 2, df))
    # The far tail is below alpha / 2; scipy's noncentral t turns to nan where it is nothing.
    lower = float(stats.nct.cdf(-critical, df, shift)) if shift < 5 else 0.0
    return min(1.0, float(stats.nct.sf(critical, df, shift)) + lower) if shift < 30 else 1.0


def _equivalent(bounds: tuple[float, float], difference: float, std_error: float, df: float, alpha: float) -> float:
    """The exact power of the two one-sided tests: the normal estimate, given the variance's estimate, integrated over
    the latter (Phillips 1990, J. Pharmacokinet. Biopharm. 18:137, by Owen's integral)."""
    critical = float(stats.t.ppf(1 - alpha, df))
    low, high = ((bound - difference) / std_error for bound in bounds)
    # Beyond this estimate of the standard error the two tests cannot both reject.
    widest = (high - low) / (2 * critical)

    def part(scale: float) -> float:
        inside = stats.norm.cdf(high - critical * scale) - stats.norm.cdf(low + critical * scale)
        return float(inside * stats.chi.pdf(scale * math.sqrt(df), df) * math.sqrt(df))

    centre, reach = math.sqrt(max(df - 1, 0.0) / df), 8 / math.sqrt(2 * df)
    least, most = max(0.0, centre - reach), min(widest, centre + reach)
    if least >= most:
        return 0.0
    return min(1.0, max(0.0, float(integrate.quad(part, least, most, epsabs=1e-10, limit=200)[0])))


def _rejected(statistics: FloatArray, adjust: Adjustment, df: float, alpha: float) -> NDArray[np.bool_]:
    """Which contrasts are found, a row a study, by the p values' ranks; ``statistics`` are absolute."""
    k = statistics.shape[1]
    # From the largest statistic down: the level that each is held against.
    levels = {
        "none": np.full(k, alpha),
        "bonferroni": np.full(k, alpha / k),
        "holm": alpha / np.arange(k, 0, -1),
        "benjamini-hochberg": alpha * np.arange(1, k + 1) / k,
    }[adjust]
    order = np.argsort(-statistics, axis=1, kind="stable")
    passed = np.take_along_axis(statistics, order, axis=1) > stats.t.isf(levels / 2, df)
    if adjust == "holm":
        passed = np.logical_and.accumulate(passed, axis=1)
    elif adjust == "benjamini-hochberg":
        passed = np.logical_or.accumulate(passed[:, ::-1], axis=1)[:, ::-1]
    found: NDArray[np.bool_] = np.empty_like(passed)
    np.put_along_axis(found, order, passed, axis=1)
    return found


@lru_cache(maxsize=8)
def _points(contrasts: int) -> tuple[FloatArray, FloatArray]:
    """Normal deviates with correlations of a half, and uniform numbers for the variance's estimate."""
    uniform = qmc.Sobol(contrasts + 2, rng=np.random.default_rng(1)).random_base2(_POINTS)
    normal = stats.norm.ppf(np.clip(uniform[:, :-1], 1e-12, 1 - 1e-12))
    return (normal[:, 1:] + normal[:, :1]) / math.sqrt(2), uniform[:, -1]
