"""Two sides of texts beside each other: means, spreads and standardised differences, measure by measure. Pure.

A difference is judged by its size, and by how sure that is: any two handfuls of texts differ by a standard deviation in
something. With three texts a side, all of one author, more than a third of the measures lie beyond 0.8 by chance.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from generation.parity.measures import NAMES, Shown, measured

# Above the first a difference deserves a look (Stuart 2010, Statistical Science 25, 1-21); from the second on it is
# large (Cohen 1988), and readers may tell the sides apart by it.
NOTABLE = 0.25
LARGE = 0.8
# The normal distribution's quantile for an interval of 99%: some fifteen measures are looked at together.
_SURE = 2.5758


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
    machine arm that it is about; '' is all of them together.
    """

    name: str
    real: Spread | None
    synthetic: Spread | None
    standardised: float | None
    arm: str = ""

    @property
    def interval(self) -> tuple[float, float] | None:
        """The difference's interval of 99%; None where there is no difference to say, or an infinite one.

        By its large-sample variance, (n + m)/(n m) + d^2/(2 (n + m)): Hedges and Olkin (1985), Statistical Methods for
        Meta-Analysis, chapter 5.
        """
        d = self.standardised
        if d is None or math.isinf(d) or self.real is None or self.synthetic is None:
            return None
        n, m = self.real.n, self.synthetic.n
        reach = _SURE * math.sqrt((n + m) / (n * m) + d * d / (2 * (n + m)))
        return d - reach, d + reach

    @property
    def size(self) -> str:
        """'large', 'uncertain' (so by chance, perhaps), 'notable', 'small', or '' where it cannot be said."""
        if self.standardised is None:
            return ""
        distance = abs(self.standardised)
        if distance < LARGE:
            return "notable" if distance >= NOTABLE else "small"
        found = self.interval
        return "large" if found is None or found[0] > 0 or found[1] < 0 else "uncertain"


def differences(texts: Sequence[Shown]) -> list[Difference]:
    """Each measure of the real texts against the machine-written ones, all arms together."""
    return _differences(
        [text for text in texts if text.side == "real"], [text for text in texts if text.side == "synthetic"]
    )


def differences_by_arm(texts: Sequence[Shown]) -> list[Difference]:
    """Each measure of the real texts against those of each machine arm, where there are several; arm by arm.

    Together, an arm of half the length and one of one and a half times it differ in nothing.
    """
    real = [text for text in texts if text.side == "real"]
    written = [text for text in texts if text.side == "synthetic"]
    arms = sorted({text.arm for text in written})
    if len(arms) < 2:
        return []
    return [
        difference for arm in arms for difference in _differences(real, [t for t in written if t.arm == arm], arm=arm)
    ]


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
