"""PURE: Krippendorff's alpha, and its interval from leaving out units, judges and judgements one by one.

A percentile bootstrap of few units is too narrow, and lies too low. Here alpha is taken to the scale on which it is
about normal, half the logarithm of the F that an analysis of variance of the units would have (Fisher 1925; Ukoumunne,
Davison, Gulliford & Chinn 2003, Stat. Med. 22:3805). Its error there is found by the jackknife (Arvesen & Schmitz 1970,
Biometrics 26:677; for alpha Hughes 2022, arXiv:2210.13265), of units and of judges as crossed samples (Owen 2007, Ann.
Appl. Stat. 1:386), and is at least that of units that differ as a normal distribution does. How often it holds the
truth: benchmarks/results.md.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import stats

from analysis.intervals import NAN, NO_INTERVAL, ROUNDING, Interval

FloatArray = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
IntArray = np.ndarray[tuple[int, ...], np.dtype[np.intp]]
# Of fewer judges it cannot be told how far other ones would judge otherwise.
FEWEST_JUDGES = 4
BY_BOTH, BY_UNITS = "jackknife of units and judges", "jackknife of units"


class AlphaInterval(NamedTuple):
    """``corrected`` is alpha without its bias (see ``alpha_interval``), ``said`` what is to be said of the interval."""

    corrected: float
    interval: Interval
    method: str
    said: tuple[str, ...]


@dataclass(frozen=True)
class Judged:
    """Judgements (n): of which unit, by whom and in which arm, each from 0 upwards, no unit in two arms or judged twice
    by one; ``scores`` (n, dimensions) lie so far apart, squared, as the judgements do.
    """

    units: IntArray
    judges: IntArray
    arms: IntArray
    scores: FloatArray


def published_alpha(judged: Judged) -> float:
    """Krippendorff's coefficient as it is published: each judgement counts once in what is observed and expected.

    Within a unit every judgement meets every other one, within an arm likewise; units that one judge judged do not
    count. nan where nothing is left or nothing varies.
    """
    keep = np.bincount(judged.units)[judged.units] > 1
    if not keep.any():
        return NAN
    centred = _centred(judged.arms[keep], judged.scores[keep])
    arms = _sums(judged.arms[keep], centred)
    expected = arms.distances[0][arms.n > 1] / (arms.n[arms.n > 1] - 1)
    observed = _sums(judged.units[keep], centred).within[0].sum()
    return float(1 - observed / expected.sum()) if expected.sum() > 0 else NAN


def alpha_interval(judged: Judged, level: float) -> AlphaInterval:
    """Alpha of all units and judges such as these, and its interval at ``1 - level``.

    ``corrected`` holds two judgements of a unit against two of different units of an arm and by different judges.
    Krippendorff's own coefficient has all pairs of an arm in the place of the latter, also those of the same unit or by
    the same judge, which lie closer: so it is too low, by about one part in as many as there are units an arm. Units
    that one judge judged do not count, nor do arms with one unit. nan where nothing is left or nothing varies.
    """
    counted = _counted(judged)
    if counted is None:
        why = "No arm has two units that two people or more judged: alpha has no interval."
        return AlphaInterval(NAN, NO_INTERVAL, "none", (why,))
    whole = _Whole(counted)
    observed, expected = whole.disagreement()
    if not expected > 0:
        return AlphaInterval(NAN, NO_INTERVAL, "none", ())
    corrected = 1.0 if observed < ROUNDING * expected else float(1 - observed / expected)
    centre = float(whole.transformed(observed, expected))
    units = whole.transformed(*whole.without_units())
    judges = whole.transformed(*whole.without_judges())
    several = whole.n_judges >= FEWEST_JUDGES and bool(np.isfinite(judges).all())
    method = BY_BOTH if several else BY_UNITS
    if not (np.isfinite(centre) and np.isfinite(units).all()):
        why = "Too few people disagree about a unit, or units differ too little, for an interval of alpha."
        return AlphaInterval(corrected, NO_INTERVAL, "none", (why,))
    df = float(whole.n_units - whole.n_arms)
    by_units, shift = _jackknife(units, whole.unit_arms, centre)
    least = (1 / df + 1 / (whole.n - whole.n_units)) / 2
    variance = max(by_units, least)
    said: tuple[str, ...] = ()
    if several:
        by_judges = _jackknife(judges, np.zeros(whole.n_judges, dtype=np.intp), centre)[0]
        alone = whole.transformed(*whole.without_judgements())
        alone = alone[np.isfinite(alone)]
        by_cells = _jackknife(alone, np.zeros(len(alone), dtype=np.intp), centre)[0]
        # A judgement's own error is in what units leave and in what judges leave.
        variance = max(by_units + by_judges - by_cells, by_units, by_judges, least)
        few = whole.n_judges - 1.0
        joint = variance**2 / (by_units**2 / df + by_judges**2 / few) if by_units + by_judges > 0 else df
        df = max(min(df, few), min(df, joint))
    else:
        said = (f"The interval of alpha speaks of other units judged by these {whole.n_judges} people, not of others.",)
    half = float(stats.t.isf(level / 2, df)) * variance**0.5
    limits = (whole.alpha_of(centre + shift + way * half) for way in (-1, 1))
    return AlphaInterval(corrected, Interval(*limits), method, said)


def _counted(judged: Judged) -> Judged | None:
    """The judgements of units that two judged, in arms with two such units, numbered anew; None without any."""
    keep = np.bincount(judged.units)[judged.units] > 1
    units_of = [len(set(judged.units[keep & (judged.arms == arm)].tolist())) for arm in range(judged.arms.max() + 1)]
    keep &= np.array(units_of)[judged.arms] > 1
    if not keep.any():
        return None
    units, judges, arms = (
        np.unique(codes[keep], return_inverse=True)[1] for codes in (judged.units, judged.judges, judged.arms)
    )
    return Judged(units, judges, arms, _centred(arms, judged.scores[keep]))


def _centred(arms: IntArray, scores: FloatArray) -> FloatArray:
    """The scores less their arm's mean, and exactly 0 where that is the rounding of sums alone."""
    sums = np.column_stack([np.bincount(arms, column) for column in scores.T])
    centred = scores - (sums / np.maximum(np.bincount(arms), 1)[:, None])[arms]
    found: FloatArray = np.where(np.abs(centred) > ROUNDING * np.abs(scores).max(), centred, 0.0)
    return found


class _Sums(NamedTuple):
    """Of groups of judgements: how many, the sums of their scores, and of the scores' squared lengths."""

    n: FloatArray
    scores: FloatArray
    squares: FloatArray

    def at(self, places: IntArray) -> "_Sums":
        return _Sums(self.n[places], self.scores[places], self.squares[places])

    def less(self, other: "_Sums") -> "_Sums":
        return _Sums(self.n - other.n, self.scores - other.scores, self.squares - other.squares)

    @property
    def distances(self) -> FloatArray:
        """The squared distances of all ordered pairs within each group, and how many pairs (2, groups)."""
        apart = 2 * (self.n * self.squares - (self.scores**2).sum(axis=-1))
        return np.stack([np.maximum(apart, 0.0), self.n * (self.n - 1)])

    @property
    def within(self) -> FloatArray:
        """What each unit adds to the observed disagreement, and how many judgements: nothing of one (2, groups)."""
        several = self.n > 1
        apart = self.distances[0] / np.where(several, self.n - 1, 1.0)
        return np.stack([np.where(several, apart, 0.0), np.where(several, self.n, 0.0)])


def _sums(groups: IntArray, scores: FloatArray) -> _Sums:
    size = int(groups.max()) + 1
    return _Sums(
        np.bincount(groups, minlength=size).astype(np.float64),
        np.column_stack([np.bincount(groups, column, size) for column in scores.T]),
        np.bincount(groups, (scores**2).sum(axis=1), size).astype(np.float64),
    )


def _added(groups: IntArray, values: FloatArray, size: int) -> FloatArray:
    """The columns of ``values`` (2, n) added up by group (2, size)."""
    return np.stack([np.bincount(groups, row, size) for row in values])


class _Whole:
    """The disagreements of all judgements, and of those without each unit, judge or judgement.

    Leaving something out changes a few sums only, so that each takes as long as its judgements are many.
    """

    def __init__(self, judged: Judged) -> None:
        self.judged = judged
        units, judges, arms = judged.units, judged.judges, judged.arms
        self.n, self.n_units, self.n_judges = len(units), int(units.max()) + 1, int(judges.max()) + 1
        self.n_arms = int(arms.max()) + 1
        # A judge of several arms counts in each, where their judgements are held against each other.
        pairs, self.own = np.unique(judges * self.n_arms + arms, return_inverse=True)
        self.own_judges, self.own_arms = pairs // self.n_arms, pairs % self.n_arms
        self.unit_arms = np.zeros(self.n_units, dtype=np.intp)
        self.unit_arms[units] = arms
        self.units, self.owns = _sums(units, judged.scores), _sums(self.own, judged.scores)
        self.arms = _sums(arms, judged.scores)
        each = _Sums(np.ones(self.n), judged.scores, (judged.scores**2).sum(axis=1))
        left, left_own = self.units.at(units).less(each), self.owns.at(self.own).less(each)
        self.each = each
        # What one judgement less changes: in its unit, in its judge's own pairs, and in what is observed.
        self.in_unit = left.distances - self.units.distances[:, units]
        self.in_own = left_own.distances - self.owns.distances[:, self.own]
        self.in_observed = left.within - self.units.within[:, units]
        self.observed = self.units.within.sum(axis=1)
        self.expected = (
            self.arms.distances
            - _added(self.unit_arms, self.units.distances, self.n_arms)
            - _added(self.own_arms, self.owns.distances, self.n_arms)
        )
        squares = np.bincount(self.unit_arms, self.units.n**2, self.n_arms) / self.arms.n
        # The judgements of a unit, as an analysis of variance of uneven groups has it.
        self.size = float((self.n - squares.sum()) / (self.n_units - self.n_arms))

    def disagreement(self) -> tuple[float, float]:
        """The mean squared distance within units, and between units and judges of an arm."""
        observed, expected = _means(self.observed[:, None], self.expected[:, None, :], self.arms.n[None, :])
        return float(observed[0]), float(expected[0])

    def without_units(self) -> tuple[FloatArray, FloatArray]:
        """Both disagreements without each unit."""
        gone = _added(self.judged.units, self.in_own, self.n_units) - self.units.distances
        everyone = np.arange(self.n_units)
        return self._without(everyone, self.unit_arms, self.units, gone, -self.units.within, self.n_units)

    def without_judges(self) -> tuple[FloatArray, FloatArray]:
        """Both disagreements without each judge."""
        gone = _added(self.own, self.in_unit, len(self.own_judges)) - self.owns.distances
        changed = _added(self.own, self.in_observed, len(self.own_judges))
        changed = _added(self.own_judges, changed, self.n_judges)
        return self._without(self.own_judges, self.own_arms, self.owns, gone, changed, self.n_judges)

    def without_judgements(self) -> tuple[FloatArray, FloatArray]:
        """Both disagreements without each judgement."""
        gone, everyone = self.in_unit + self.in_own, np.arange(self.n)
        return self._without(everyone, self.judged.arms, self.each, gone, self.in_observed, self.n)

    def _without(
        self, places: IntArray, arms: IntArray, left_out: _Sums, gone: FloatArray, changed: FloatArray, size: int
    ) -> tuple[FloatArray, FloatArray]:
        """``left_out`` has a group for each of ``places`` and ``arms``, ``gone`` is what pairs that do not count change
        by, ``changed`` (2, size) what the observed does.
        """
        rest = self.arms.at(arms).less(left_out)
        expected = np.repeat(self.expected[:, None, :], size, axis=1)
        expected[:, places, arms] += rest.distances - self.arms.distances[:, arms] - gone
        weights = np.repeat(self.arms.n[None, :], size, axis=0)
        weights[places, arms] = rest.n
        return _means(self.observed[:, None] + changed, expected, weights)

    def transformed(self, observed: FloatArray | float, expected: FloatArray | float) -> FloatArray:
        """Half the logarithm of F; nan where there is none."""
        apart = np.divide(observed, expected, out=np.full(np.shape(expected), NAN), where=np.asarray(expected) > 0)
        between = 1 + (self.size - 1) * (1 - apart)
        known = (apart > ROUNDING) & (between > ROUNDING)
        found: FloatArray = np.log(np.where(known, between / np.where(known, apart, 1.0), NAN)) / 2
        return found

    def alpha_of(self, transformed: float) -> float:
        """The alpha that ``transformed`` is of."""
        f = np.exp(2 * min(transformed, 300.0))
        return float((f - 1) / (f + self.size - 1))


def _means(observed: FloatArray, expected: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean distances from their sums and numbers (2, samples) and (2, samples, arms); nan where there are none."""
    apart, n = observed
    within = np.divide(apart, n, out=np.full(apart.shape, NAN), where=n > 0)
    known = expected[1] > 0.5
    of_arms = np.where(known, expected[0], 0.0) / np.where(known, expected[1], 1.0)
    weight = np.where(known, weights, 0.0).sum(axis=-1)
    summed = (of_arms * np.where(known, weights, 0.0)).sum(axis=-1)
    return within, np.divide(summed, weight, out=np.full(weight.shape, NAN), where=weight > 0)


def _jackknife(left: FloatArray, arms: IntArray, whole: float) -> tuple[float, float]:
    """The variance from leaving out one of each arm in turn, and what the bias is that this shows."""
    variance = shift = 0.0
    for arm in range(int(arms.max()) + 1 if len(arms) else 0):
        own = left[arms == arm]
        variance += (len(own) - 1) / len(own) * float(((own - own.mean()) ** 2).sum())
        shift += (len(own) - 1) * float(whole - own.mean())
    return variance, shift
