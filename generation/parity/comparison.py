"""Two sides of texts beside each other: means, spreads and standardised differences, measure by measure. Pure.

A difference is judged by its size, and by how sure that is: any two handfuls of texts differ by a standard deviation in
something. With three texts a side, all of one author, more than a third of the measures lie beyond 0.8 by chance. And
many are looked at together, fifteen of all texts and as many of each arm: chance may have its share of them all once.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace

from generation.parity.measures import NAMES, Shown, measured
from generation.parity.shares import split
from generation.parity.student import beyond, quantile

# Above the first a difference deserves a look (Stuart 2010, Statistical Science 25, 1-21); from the second on it is
# large (Cohen 1988), and readers may tell the sides apart by it.
NOTABLE = 0.25
LARGE = 0.8
# In this share of studies whose sides differ in nothing any difference at all is called large, at most; of measures
# that all have two values only, where t is not exact, in some more (8% of such studies, simulated).
BY_CHANCE = 0.05


@dataclass(frozen=True)
class Spread:
    """The values of one side in short; ``sd`` is None for a single text."""

    n: int
    mean: float
    sd: float | None
    low: float
    high: float


@dataclass(frozen=True)
class Difference:
    """One measure on both sides. ``standardised`` is None where a side has fewer than two texts or none to measure.

    It is infinite where the texts of each side are all alike and the sides differ. ``arm`` is the key of the one
    machine arm that it is about; '' is all of them together. ``among`` is how many differences are looked at together.
    """

    name: str
    real: Spread | None
    synthetic: Spread | None
    standardised: float | None
    arm: str = ""
    among: int = 1

    @property
    def interval(self) -> tuple[float, float] | None:
        """The difference's interval; None where there is no difference to say, or an infinite one.

        Student's or Welch's (1947, Biometrika 34, 28-35) of the difference of means, whichever is wider, in units of
        the difference. All those of differences looked at together hold in 95% of studies (Bonferroni: Dunn 1961, JASA
        56, 52-64).
        """
        d, share = self.standardised, BY_CHANCE / self.among
        reach = max((error * quantile(share, df) for error, df in self._errors()), default=None)
        return None if d is None or reach is None else (d - reach, d + reach)

    @property
    def chance(self) -> float | None:
        """How likely so great a difference is where the sides do not differ, were it the only one; None without one.

        By Student's or Welch's test, whichever is less sure: where few texts of one side happen to be alike and there
        are many of the other, Welch's takes their mean for known; where the sides' spreads differ, Student's is wrong.

        An infinite one has no spread to go by: it is as likely as such a split of the texts (``shares.split``).
        """
        d, errors = self.standardised, self._errors()
        if d is None or self.real is None or self.synthetic is None:
            return None
        if errors:
            return max(beyond(d / error, df) for error, df in errors)
        return split(self.real.n, self.synthetic.n) if d else 1.0

    def _errors(self) -> list[tuple[float, float]]:
        """Student's and Welch's standard errors in units of the difference, with their degrees of freedom.

        [] where there is no spread.
        """
        d, real, synthetic = self.standardised, self.real, self.synthetic
        if d is None or real is None or synthetic is None or real.sd is None or synthetic.sd is None or math.isinf(d):
            return []
        unit = (real.sd**2 + synthetic.sd**2) / 2
        if not unit:
            return []
        n, m = real.n, synthetic.n
        one, other = real.sd**2 / unit, synthetic.sd**2 / unit
        pooled = ((n - 1) * one + (m - 1) * other) / (n + m - 2)
        one, other = one / n, other / m
        return [
            (math.sqrt(pooled * (1 / n + 1 / m)), n + m - 2),
            (math.sqrt(one + other), (one + other) ** 2 / (one**2 / (n - 1) + other**2 / (m - 1))),
        ]

    @property
    def size(self) -> str:
        """'large', 'uncertain' (so by chance, perhaps), 'notable', 'small', or '' where it cannot be said."""
        if self.standardised is None or self.chance is None:
            return ""
        distance = abs(self.standardised)
        if distance < LARGE:
            return "notable" if distance >= NOTABLE else "small"
        return "large" if self.chance * self.among <= BY_CHANCE else "uncertain"


def differences(texts: Sequence[Shown]) -> list[Difference]:
    """Each measure of the real texts against the machine-written ones, all arms together, and then arm by arm.

    Where there are several arms: together, one of half the length and one of one and a half times it differ in nothing.
    """
    real = [text for text in texts if text.side == "real"]
    written = [text for text in texts if text.side == "synthetic"]
    arms = sorted({text.arm for text in written})
    found = _differences(real, written)
    for arm in arms if len(arms) > 1 else ():
        found += _differences(real, [text for text in written if text.arm == arm], arm=arm)
    among = sum(difference.standardised is not None for difference in found)
    return [replace(difference, among=max(1, among)) for difference in found]


def furthest(differences: Sequence[Difference]) -> Difference:
    """Of one measure's differences the one to judge by: a large one before all others, then the greatest."""

    def distance(difference: Difference) -> tuple[bool, float]:
        return difference.size == "large", -1.0 if (d := difference.standardised) is None else abs(d)

    return max(differences, key=distance)


def _differences(real: Sequence[Shown], synthetic: Sequence[Shown], *, arm: str = "") -> list[Difference]:
    def values(texts: Sequence[Shown], name: str) -> list[float]:
        return [value for text in texts if (value := measured(text)[name]) is not None]

    return [compared(name, values(real, name), values(synthetic, name), arm=arm) for name in NAMES]


def compared(name: str, real: Sequence[float], synthetic: Sequence[float], *, arm: str = "") -> Difference:
    """One measure's values on both sides, held against each other."""
    return Difference(name, spread(real), spread(synthetic), standardised(real, synthetic), arm)


def standardised(real: Sequence[float], synthetic: Sequence[float]) -> float | None:
    """How far the synthetic side's mean lies above the real one's, in units of the root of both variances' mean.

    Austin (2009), Statistics in Medicine 28, 3083-3107.
    """
    if len(real) < 2 or len(synthetic) < 2:
        return None
    apart = statistics.fmean(synthetic) - statistics.fmean(real)
    unit = math.sqrt((statistics.variance(real) + statistics.variance(synthetic)) / 2)
    if unit <= 1e-12 * (abs(statistics.fmean(real)) + abs(apart)):
        # All of one side are alike, and so are all of the other.
        return 0.0 if math.isclose(apart, 0, abs_tol=1e-9) else math.copysign(math.inf, apart)
    return apart / unit


def spread(values: Sequence[float]) -> Spread | None:
    """The values in short; None where there are none."""
    if not values:
        return None
    sd = statistics.stdev(values) if len(values) > 1 else None
    return Spread(len(values), statistics.fmean(values), sd, min(values), max(values))
