"""PURE: the likelihood of a row given its linear predictor, and its derivatives: yes-no and ordinal, both logistic."""

from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np
from scipy import special

from analysis.mixed.crossproducts import sums
from analysis.mixed.design import FloatArray, IntArray
from analysis.mixed.formula import MixedModelError


class Derivatives(NamedTuple):
    """By row, the derivatives by the linear predictor eta: of the log-likelihood the first, and minus the second
    (the weight, never negative), and that weight's own slope."""

    slope: FloatArray
    weight: FloatArray
    bend: FloatArray


class Family(Protocol):
    """What the fit needs to know of a family; ``cuts`` are thresholds, none for yes-no ratings."""

    @property
    def n_cuts(self) -> int:
        """How many thresholds there are."""
        ...

    def log_likelihood(self, eta: FloatArray, cuts: FloatArray) -> float:
        """The sum over the rows, with every constant."""
        ...

    def derivatives(self, eta: FloatArray, cuts: FloatArray) -> Derivatives:
        """By the linear predictor."""
        ...

    def by_cuts(
        self, eta: FloatArray, cuts: FloatArray, on_slope: FloatArray, on_weight: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """By each threshold: the slope of the log-likelihood; and of ``sum(on_slope * slope + on_weight * weight)``."""
        ...


@dataclass(frozen=True)
class Binomial:
    """``successes`` out of ``trials`` a row, with the log odds eta."""

    successes: FloatArray = field(repr=False)
    trials: FloatArray = field(repr=False)
    n_cuts: int = 0

    def log_likelihood(self, eta: FloatArray, cuts: FloatArray) -> float:
        k, m = self.successes, self.trials
        constant = special.gammaln(m + 1) - special.gammaln(k + 1) - special.gammaln(m - k + 1)
        return float((k * eta - m * np.logaddexp(0.0, eta) + constant).sum())

    def derivatives(self, eta: FloatArray, cuts: FloatArray) -> Derivatives:
        share = special.expit(eta)
        weight = self.trials * share * (1 - share)
        return Derivatives(self.successes - self.trials * share, weight, weight * (1 - 2 * share))

    def by_cuts(
        self, eta: FloatArray, cuts: FloatArray, on_slope: FloatArray, on_weight: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        return np.empty(0), np.empty(0)


@dataclass(frozen=True)
class CumulativeLogit:
    """``P(category <= j) = expit(cut_j - eta)``: categories from 0, one threshold fewer than categories.

    With a and b the thresholds above and below less eta, ``log P = log F(a) + log(1 - F(b)) + log(1 - exp(b - a))``,
    of which the last part does not change with eta. Source: McCullagh 1980, JRSS B 42:109.
    """

    category: IntArray = field(repr=False)
    n_cuts: int

    def _sides(self, eta: FloatArray, cuts: FloatArray) -> tuple[FloatArray, FloatArray]:
        padded = np.concatenate([[-np.inf], cuts, [np.inf]])
        return padded[self.category + 1] - eta, padded[self.category] - eta

    def log_likelihood(self, eta: FloatArray, cuts: FloatArray) -> float:
        if (np.diff(cuts) <= 0).any():
            raise MixedModelError("the thresholds between categories are out of order: join rare categories")
        above, below = self._sides(eta, cuts)
        padded = np.concatenate([[-np.inf], cuts, [np.inf]])
        width = np.log(-np.expm1(-np.diff(padded)))[self.category]
        return float((special.log_expit(above) + special.log_expit(-below) + width).sum())

    def derivatives(self, eta: FloatArray, cuts: FloatArray) -> Derivatives:
        upper, lower = (special.expit(side) for side in self._sides(eta, cuts))
        one, other = upper * (1 - upper), lower * (1 - lower)
        return Derivatives(upper + lower - 1, one + other, one * (2 * upper - 1) + other * (2 * lower - 1))

    def by_cuts(
        self, eta: FloatArray, cuts: FloatArray, on_slope: FloatArray, on_weight: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        upper, lower = (special.expit(side) for side in self._sides(eta, cuts))
        padded = np.concatenate([[-np.inf], cuts, [np.inf]])
        # What the width between two thresholds adds; none at the open ends.
        odds = np.zeros(len(cuts) + 1)
        odds[1:-1] = 1 / np.expm1(np.diff(cuts))
        width = odds[self.category] if len(padded) > 2 else np.zeros(len(eta))
        own = self._gathered(1 - upper + width, -lower - width)
        mixed = []
        for side in (upper, lower):
            density = side * (1 - side)
            mixed.append(on_slope * density + on_weight * density * (1 - 2 * side))
        return own, self._gathered(*mixed)

    def _gathered(self, above: FloatArray, below: FloatArray) -> FloatArray:
        """Sums by threshold: ``above`` over the rows just below it, ``below`` over those just above it."""
        size = self.n_cuts + 1
        return sums(self.category, above, size)[:-1] + sums(self.category, below, size)[1:]
