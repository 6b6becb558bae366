"""PURE: profile-likelihood intervals of standard deviations and coefficients.

An interval holds the values whose best maximum-likelihood fit lies less than the chi-squared quantile above the best
fit of all (Bates, Maechler, Bolker & Walker 2015, section 5.1; like lme4's ``confint``, by ML also for a REML fit).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from scipy.optimize import brentq, minimize
from threadpoolctl import threadpool_limits

from analysis.mixed.covariance import layout
from analysis.mixed.crossproducts import cross_products
from analysis.mixed.design import FloatArray
from analysis.mixed.deviance import Criterion
from analysis.mixed.fit import fit_design
from analysis.mixed.formula import MixedModelError
from analysis.mixed.optimum import root_mean_squares
from analysis.mixed.result import Fitted, MixedFit
from analysis.mixed.slopes import slopes
from analysis.tables import to_frame

# A limit that lies further out than so many times its first guess is none that data could give.
FURTHEST = 60
# No search begins at a variance of zero, where the deviance is flat: one that is estimated as zero can be more once
# another parameter is held away from its own estimate. In units of the residual, on covariates of unit mean square.
LEAST_START = 0.1


@dataclass(frozen=True)
class Interval:
    """The profile interval of one parameter; ``group`` is empty for a coefficient, 'residual' for the noise."""

    group: str
    term: str
    estimate: float
    ci_low: float
    ci_high: float


@dataclass(frozen=True)
class ProfileIntervals:
    """The interval of every standard deviation, of the residual's and of every coefficient, in this order."""

    rows: tuple[Interval, ...]
    alpha: float

    def to_frame(self) -> pd.DataFrame:
        """One row a parameter; the columns are the fields of ``Interval``."""
        return to_frame(self.rows, Interval)


def profile_intervals(
    fit: MixedFit, *, progress: Callable[[int, int], None] = lambda done, total: None
) -> ProfileIntervals:
    """The intervals of all standard deviations, of the residual's, and of the coefficients: one row each.

    Estimates are those of maximum likelihood, limits at the fit's ``alpha``; the lower limit of a standard deviation is
    0 where 0 fits well enough. Takes some hundred evaluations a parameter;
    ``progress(done, total)`` is told of each. Raises ``MixedModelError`` for a parameter that the data do not bound.
    """
    rows = []
    with threadpool_limits(1, user_api="blas"):
        best = _by_ml(fit.fitted)
        threshold = float(stats.chi2.ppf(1 - fit.alpha, 1))
        total = int(best.criterion.layout.is_diagonal.sum()) + 1 + len(best.beta)
        for row in chain(_deviations(best, threshold), _coefficients(best, threshold)):
            rows.append(row)
            progress(len(rows), total)
    return ProfileIntervals(tuple(rows), fit.alpha)


def _by_ml(fitted: Fitted) -> Fitted:
    if not fitted.criterion.reml:
        return fitted
    return fit_design(fitted.design, reml=False, start=fitted.optimum.at.theta)


def _deviations(best: Fitted, threshold: float) -> Iterator[Interval]:
    # On the columns asked for, since it is their effects' SD that is held fixed.
    plain = Criterion(cross_products(best.design), layout(best.design.factors), reml=False)
    where, optimum = plain.layout, best.optimum
    triangles = best.triangles()
    for n in np.flatnonzero(where.is_diagonal):
        factor, k = where.factors[where.factor[n]], int(where.row[n])
        own = np.flatnonzero((where.factor == where.factor[n]) & (where.row == k))
        names = [name for block in factor.blocks for name in block.names]
        sd = float(optimum.sigma * np.linalg.norm(triangles[where.factor[n]][k]))
        excess = _excess_of_sd(best, plain, own)
        # Where the estimate is 0, the noise that a mean over the level's rows would have is a first guess.
        width = max(sd, optimum.sigma / np.sqrt(best.criterion.cross.n / len(factor.levels)))
        what = f"the SD of {names[k]} over '{factor.name}'"
        yield Interval(factor.name, names[k], sd, *_limits(what, excess, sd, 0.3 * width, threshold, floor=0.0))
    sigma, excess = optimum.sigma, _excess_of_sigma(best)
    limits = _limits("the residual SD", excess, sigma, 0.1 * sigma, threshold, floor=1e-9 * sigma)
    yield Interval("residual", "", sigma, *limits)


def _coefficients(best: Fitted, threshold: float) -> Iterator[Interval]:
    errors = np.sqrt(np.diag(best.covariance()))
    for j, (term, estimate) in enumerate(zip(best.design.terms, map(float, best.beta), strict=True)):
        excess = _excess_of_beta(best, j)
        limits = _limits(f"'{term}'", excess, estimate, 1.5 * float(errors[j]), threshold, floor=None)
        yield Interval("", term, estimate, *limits)


def _limits(
    what: str, excess: Callable[[float], float], estimate: float, step: float, threshold: float, *, floor: float | None
) -> tuple[float, float]:
    """Where ``excess`` (0 at the estimate) crosses the threshold, below and above; ``floor`` where it never does."""
    found = []
    for sign in (-1.0, 1.0):
        inner, outer = estimate, estimate
        for _ in range(FURTHEST):
            inner, outer = outer, outer + sign * step
            if sign < 0 and floor is not None:
                outer = max(outer, floor)
            if excess(outer) > threshold or outer == floor:
                break
        else:
            side = "upper" if sign > 0 else "lower"
            raise MixedModelError(f"the profile of {what} has no {side} limit: the data do not bound it")
        if excess(outer) <= threshold:
            found.append(outer)
            continue
        low, high = sorted((inner, outer))
        found.append(float(brentq(lambda value: excess(value) - threshold, low, high, xtol=1e-7 * step, rtol=1e-10)))
    return found[0], found[1]


def _excess_of_beta(best: Fitted, j: int) -> Callable[[float], float]:
    def excess(value: float) -> float:
        design = best.design
        less = replace(design, y=design.y - value * design.x[:, j], x=np.delete(design.x, j, axis=1))
        return fit_design(less, reml=False, start=best.optimum.at.theta).optimum.at.deviance - best.optimum.at.deviance

    return excess


def _excess_of_sigma(best: Fitted) -> Callable[[float], float]:
    start = _lifted(best.criterion, best.optimum.at.theta)

    def excess(sigma: float) -> float:
        def objective(theta: FloatArray) -> tuple[float, FloatArray]:
            return _at_sigma(best.criterion, theta, sigma)[:2]

        return _least(objective, start) - best.optimum.at.deviance

    return excess


def _excess_of_sd(best: Fitted, plain: Criterion, own: NDArray[np.intp]) -> Callable[[float], float]:
    """For a standard deviation: theta's elements ``own`` are its row of the triangle, of length sd / sigma.

    The search goes over the other elements, the row's direction and log sigma.
    """
    start = _lifted(plain, plain.layout.theta(best.triangles()))
    others = np.setdiff1d(np.arange(len(start)), own)
    direction = start[own]

    def excess(sd: float) -> float:
        def objective(free: FloatArray) -> tuple[float, FloatArray]:
            along, sigma = free[len(others) : -1], float(np.exp(free[-1]))
            length = float(np.linalg.norm(along))
            theta = np.empty_like(start)
            theta[others], theta[own] = free[: len(others)], sd / sigma * along / length
            value, slope, by_sigma = _at_sigma(plain, theta, sigma)
            unit = along / length
            turned = sd / sigma / length * (slope[own] - unit * (unit @ slope[own]))
            by_log = sigma * by_sigma - slope[own] @ theta[own]
            return value, np.concatenate([slope[others], turned, [by_log]])

        first = np.concatenate([start[others], direction / np.linalg.norm(direction), [np.log(best.optimum.sigma)]])
        return _least(objective, first) - best.optimum.at.deviance

    return excess


def _lifted(criterion: Criterion, theta: FloatArray) -> FloatArray:
    """Theta with no variance below the least from which a search may begin."""
    least = LEAST_START / root_mean_squares(criterion)
    lifted: FloatArray = np.where(criterion.layout.is_diagonal, np.maximum(theta, least), theta)
    return lifted


def _at_sigma(criterion: Criterion, theta: FloatArray, sigma: float) -> tuple[float, FloatArray, float]:
    """The deviance that is not profiled over sigma, its slopes by theta, and its slope by sigma."""
    at = criterion.at(theta)
    log_det, r2 = slopes(criterion, at)
    value = at.log_det + criterion.df * np.log(2 * np.pi * sigma**2) + at.r2 / sigma**2
    return float(value), log_det + r2 / sigma**2, 2 * criterion.df / sigma - 2 * at.r2 / sigma**3


def _least(objective: Callable[[FloatArray], tuple[float, FloatArray]], start: FloatArray) -> float:
    found = minimize(objective, start, jac=True, method="L-BFGS-B", options={"ftol": 1e-13, "gtol": 1e-6})
    return float(found.fun)
