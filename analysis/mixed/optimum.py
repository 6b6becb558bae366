"""PURE: where the deviance is least: start values, descent, and the proof that it is a minimum.

The deviance is smooth in theta and the same for either sign of a triangle's column, so the search needs no bounds: a
variance of zero is an inner minimum at theta = 0, and signs are set at the end.
"""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from analysis.mixed.design import FloatArray
from analysis.mixed.deviance import Criterion, Evaluation
from analysis.mixed.formula import MixedModelError
from analysis.mixed.slopes import Slopes, slopes

# Each for every level of the smallest factor, since an estimate's error is about the root of gain by levels: the
# descent hands over to Newton's method once it expects to gain less than this from the deviance, where the curvature
# has the digits that degrees of freedom need; and Newton's stops once a step promises less than that.
NEAR = 1e-11
ENOUGH = 1e-13
# Beyond this promise the point counts as no minimum.
CONVERGED = 1e-7
# lme4 calls a fit singular where a diagonal of theta is below this (isSingular's tolerance); so do we, in units of the
# covariate's own spread, lest a change of units change the verdict.
SINGULAR = 1e-4
# What a result may at most leave unfound, told beside it; beyond, there is no result.
TOLERATED = 1e-3
MOST_STEPS = 100
MOST_ROUNDS = 6


@dataclass(frozen=True)
class Optimum:
    """The least deviance found: its evaluation, the curvature there, how many evaluations it took.

    ``hessian`` is by (theta, sigma), of the deviance that is not profiled over sigma; ``information_slope`` (m, p, p)
    the derivative of ``inverse(X+'V^-1X+)`` by theta; ``gain`` what another Newton step would take off the deviance.
    """

    at: Evaluation
    sigma: float
    hessian: FloatArray = field(repr=False)
    information_slope: FloatArray = field(repr=False)
    scale: FloatArray = field(repr=False)
    gain: float
    evaluations: int

    @property
    def converged(self) -> bool:
        """Whether no further step would move the deviance by more than rounding."""
        return self.gain < CONVERGED

    def is_singular(self, is_diagonal: NDArray[np.bool_]) -> bool:
        """Whether an effect has no variance of its own, by lme4's tolerance on covariates of unit mean square."""
        return bool(((self.at.theta * self.scale)[is_diagonal] < SINGULAR).any())


class _Search:
    """The deviance by ``phi = scale * theta``, in units of the residual SD, counting its evaluations."""

    def __init__(self, criterion: Criterion) -> None:
        self.criterion = criterion
        self.scale = root_mean_squares(criterion)
        self.evaluations = 0
        self.known: dict[bytes, Slopes] = {}
        levels = min(len(factor.levels) for factor in criterion.layout.factors)
        self.near, self.enough = NEAR * levels, ENOUGH * levels

    def at(self, phi: FloatArray) -> Evaluation:
        self.evaluations += 1
        return self.criterion.at(phi / self.scale)

    def slopes(self, at: Evaluation) -> Slopes:
        """The slopes by theta, computed once for each point."""
        key = at.theta.tobytes()
        if key not in self.known:
            self.known[key] = slopes(self.criterion, at)
        return self.known[key]

    def gradient(self, at: Evaluation, precision: float | None = None) -> FloatArray:
        """The slope by phi of ``log_det + precision * r2``; by default of the profiled deviance itself."""
        log_det, r2 = self.slopes(at)
        gradient: FloatArray = (log_det + (precision or self.criterion.df / at.r2) * r2) / self.scale
        return gradient


def minimise(criterion: Criterion, start: FloatArray | None = None) -> Optimum:
    """The least deviance of ``criterion``, from start values of moments (and lme4's identity where that is cheap).

    Raises ``MixedModelError`` where a further step would still gain more than ``TOLERATED``; a result that is only
    near the minimum says so by ``converged``.
    """
    search = _Search(criterion)
    starts = [_moments(criterion) * search.scale] if start is None else [start * search.scale]
    if start is None and criterion.cross.q <= 200:
        starts.append(criterion.layout.is_diagonal.astype(np.float64))
    ends = [_descend(search, phi) for phi in starts]
    best = min(ends, key=lambda end: end.deviance)
    downhill: FloatArray | None = None
    for _ in range(MOST_ROUNDS):
        # After a saddle, what the zeros had hidden is a variance that is tiny but not zero.
        found, downhill = _polish(search, _settle(search, best, zeros=downhill is None))
        if downhill is None and found.converged:
            return found
        away = 0.0 if downhill is None else downhill
        best = _descend(search, found.at.theta * search.scale + away)
    if downhill is None and found.gain < TOLERATED:
        return found
    raise MixedModelError(
        "the search for the least deviance did not end: centre the covariates whose effects vary, put them on like "
        "scales, or simplify the random part"
    )


def root_mean_squares(criterion: Criterion) -> FloatArray:
    """The root mean square of the covariate whose effect a row of a triangle holds."""
    factors = criterion.layout.factors
    lengths = [[1.0 if c is None else float(np.sqrt(c @ c / len(c))) for c in factor.columns] for factor in factors]
    return np.array([lengths[f][row] for f, row in zip(criterion.layout.factor, criterion.layout.row, strict=True)])


def _rows_per_level(criterion: Criterion) -> FloatArray:
    levels = np.array([len(factor.levels) for factor in criterion.layout.factors], dtype=np.float64)
    rows: FloatArray = criterion.cross.n / levels[criterion.layout.factor]
    return rows


def _moments(criterion: Criterion) -> FloatArray:
    """Diagonal start values from the levels' sums of residuals (Henderson 1953, method 1, slopes taken alike).

    For each effect, ``sum over levels of (z'e)^2 / z'z`` has an expectation linear in all variances and that of the
    noise; together with e'e that is as many equations as unknowns, solved without negative variances.
    """
    cross, layout = criterion.cross, criterion.layout
    diagonal = np.flatnonzero(layout.is_diagonal)
    equations = np.zeros((len(diagonal) + 1, len(diagonal) + 1))
    squares = np.zeros(len(diagonal) + 1)
    effects = [(int(layout.factor[n]), int(layout.row[n])) for n in diagonal]
    for n, (f, k) in enumerate(effects):
        products, weights, residual = cross.of_effect(layout.factors[f], k)
        known = weights > 0
        share = np.where(known, 1.0 / np.where(known, weights, 1.0), 0.0)
        squares[n] = share @ residual**2
        equations[n, -1] = known.sum()
        equations[-1, n] = weights.sum()
        equations[n, :-1] = [share @ products[layout.factors[g].name, j] for g, j in effects]
    equations[-1, -1] = cross.n
    squares[-1] = cross.gram[-1, -1]
    variances, _ = nnls(equations, squares)
    noise = max(float(variances[-1]), 0.1 * float(squares[-1]) / cross.n)
    start = np.zeros(len(layout.row))
    start[diagonal] = np.sqrt(variances[:-1] / noise)
    least = 0.5 / np.sqrt(_rows_per_level(criterion)) / root_mean_squares(criterion)
    return np.where(layout.is_diagonal, np.maximum(start, least), 0.0)


def _descend(search: _Search, phi: FloatArray) -> Evaluation:
    """BFGS (Nocedal & Wright 2006, section 6.1), started with the curvature that balanced data would have."""
    inverse = np.diag(_width(search, phi) ** 2)
    at = search.at(phi)
    gradient = search.gradient(at)
    for _ in range(MOST_STEPS):
        step = -inverse @ gradient
        if gradient @ step > -2 * search.near:
            return at
        # No further than twice as far out: a first step from poor curvature could leave the region of the minimum.
        step /= max(1.0, float(np.abs(step).max()) / (1.0 + float(np.abs(phi).max())))
        after = _along(search, at, gradient, phi, step)
        if after is None:
            return at
        moved = after.theta * search.scale - phi
        slope = search.gradient(after)
        change = slope - gradient
        if moved @ change > 1e-10 * np.linalg.norm(moved) * np.linalg.norm(change):
            inverse = _updated(inverse, moved, change)
        phi, at, gradient = phi + moved, after, slope
    return at


def _along(
    search: _Search, at: Evaluation, gradient: FloatArray, phi: FloatArray, step: FloatArray
) -> Evaluation | None:
    """The first point along ``step`` that lowers the deviance enough; None where rounding hides any fall."""
    length, slope = 1.0, float(gradient @ step)
    for _ in range(30):
        after = search.at(phi + length * step)
        if after.deviance <= at.deviance + 1e-4 * length * slope:
            return after
        curvature = after.deviance - at.deviance - length * slope
        length *= float(np.clip(-slope * length / (2 * curvature), 0.1, 0.5))
    return None


def _updated(inverse: FloatArray, moved: FloatArray, change: FloatArray) -> FloatArray:
    rho = 1.0 / float(moved @ change)
    left = np.eye(len(moved)) - rho * np.outer(moved, change)
    updated: FloatArray = left @ inverse @ left.T + rho * np.outer(moved, moved)
    return updated


def _settle(search: _Search, at: Evaluation, *, zeros: bool) -> Evaluation:
    """The same point with its signs set and, with ``zeros``, exact zeros where they are no worse."""
    layout = search.criterion.layout
    signed = layout.canonical(at.theta)
    plain = at if np.array_equal(signed, at.theta) else search.at(signed * search.scale)
    if not zeros:
        return plain
    diagonal = np.abs(plain.theta) * search.scale
    small = np.flatnonzero(layout.is_diagonal & (diagonal < 0.02))
    for n in [*small[np.argsort(diagonal[small])]]:
        theta = plain.theta.copy()
        theta[n] = 0.0
        zero = search.at(layout.canonical(theta) * search.scale)
        if zero.deviance <= plain.deviance + 1e-6 and _is_floor(search, zero, n):
            plain = zero
    return plain


def _is_floor(search: _Search, at: Evaluation, n: int) -> bool:
    """Whether the deviance rises from theta[n] = 0 on, seen over the step at which it must show."""
    away = at.theta * search.scale
    away[n] = 0.02 / np.sqrt(1 + _rows_per_level(search.criterion)[n])
    return float(search.gradient(search.at(away))[n]) >= 0


def _polish(search: _Search, at: Evaluation) -> tuple[Optimum, FloatArray | None]:
    """Newton's method to the minimum; beside it a step downhill if the point turns out to be a saddle."""
    for _ in range(5):
        found = _curvature(search, at)
        values, vectors = np.linalg.eigh(_profiled(found.hessian) / np.outer(search.scale, search.scale))
        if values[0] < -1e-4 * max(1.0, float(values[-1])):
            side = -1.0 if search.gradient(at) @ vectors[:, 0] > 0 else 1.0
            return found, 0.1 * side * vectors[:, 0]
        steep = values > 1e-7 * max(1.0, float(values[-1]))
        at, gain, first = _newton(search, at, values[steep], vectors[:, steep])
        sigma = float(np.sqrt(at.r2 / search.criterion.df))
        found = replace(found, at=at, sigma=sigma, gain=gain, evaluations=search.evaluations)
        if first < 2 * search.near:
            return found, None
    return found, None


def _newton(
    search: _Search, at: Evaluation, values: FloatArray, vectors: FloatArray
) -> tuple[Evaluation, float, float]:
    """Newton's steps with a curvature that is kept: the point, and what its next and its first step promise to gain."""
    gains: list[float] = []
    for _ in range(5):
        along = vectors.T @ search.gradient(at)
        gains.append(float((along**2 / values).sum()) / 2)
        if gains[-1] < search.enough:
            break
        # A variance of zero stays zero: its slope is only rounding, the deviance being even in theta there.
        step = np.where(at.theta == 0, 0.0, vectors @ (along / values))
        after = search.at(at.theta * search.scale - step)
        if after.deviance > at.deviance + search.near:
            break
        at = after
    return at, gains[-1], gains[0]


def _profiled(hessian: FloatArray) -> FloatArray:
    result: FloatArray = hessian[:-1, :-1] - np.outer(hessian[:-1, -1], hessian[-1, :-1]) / hessian[-1, -1]
    return result


def _curvature(search: _Search, at: Evaluation) -> Optimum:
    """Differences of the analytic slopes, at the sigma of this point.

    The steps are so small beside the width of the minimum that its lopsidedness stays below the sixth digit, and yet
    far above rounding, since it is slopes that differ and not deviances.
    """
    df = search.criterion.df
    sigma = float(np.sqrt(at.r2 / df))
    m, phi = len(at.theta), at.theta * search.scale
    hessian = np.zeros((m + 1, m + 1))
    changes = np.zeros((m, *at.information.shape))
    here, inverse = search.gradient(at, 1 / sigma**2), np.linalg.inv(at.information)
    for n, step in enumerate(1e-5 * _width(search, phi)):
        away = phi.copy()
        away[n] += step
        beside = search.at(away)
        hessian[n, :m] = (search.gradient(beside, 1 / sigma**2) - here) * search.scale * search.scale[n] / step
        changes[n] = (np.linalg.inv(beside.information) - inverse) * search.scale[n] / step
    hessian[:m, :m] = (hessian[:m, :m] + hessian[:m, :m].T) / 2
    hessian[:m, m] = hessian[m, :m] = -2 / sigma**3 * search.slopes(at).r2
    hessian[m, m] = -2 * df / sigma**2 + 6 * at.r2 / sigma**4
    return Optimum(at, sigma, hessian, changes, search.scale, float("nan"), search.evaluations)


def _width(search: _Search, phi: FloatArray) -> FloatArray:
    """How wide the minimum would be (one over the root of the curvature) if every level had as many rows."""
    rows = _rows_per_level(search.criterion)
    size = np.maximum(np.abs(phi), 0.5 / np.sqrt(rows))
    width: FloatArray = (1 + rows * size**2) / (2 * rows * size) * np.sqrt(rows / search.criterion.cross.n)
    return width
