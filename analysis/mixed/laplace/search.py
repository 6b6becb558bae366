"""PURE: the parameters at which Laplace's criterion is least: descent by exact slopes, Newton's method, curvature."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from analysis.mixed.design import FloatArray
from analysis.mixed.formula import MixedModelError
from analysis.mixed.laplace.criterion import Laplace, Mode

# What a descent's next step must promise to gain from the deviance to be taken, and a Newton step at the end.
NEAR, ENOUGH = 1e-6, 1e-11
# Beyond this promise the point counts as no minimum; beyond the second, there is no result.
CONVERGED, TOLERATED = 1e-6, 1e-3
# lme4 calls a fit singular where a diagonal of theta is below this.
SINGULAR = 1e-4
SMALL = 0.1
MOST_STEPS = 200


@dataclass(frozen=True)
class Least:
    """The least criterion found, the curvature there by all parameters, and what one more step would gain."""

    at: Mode
    hessian: FloatArray = field(repr=False)
    gain: float
    evaluations: int

    @property
    def converged(self) -> bool:
        """Whether no further step would move the deviance by more than rounding."""
        return self.gain < CONVERGED


class _Search:
    """The criterion over parameters in which thresholds are the first one and the logarithms of the steps between."""

    def __init__(self, criterion: Laplace) -> None:
        self.criterion = criterion
        self.evaluations = 0
        self.before: Mode | None = None

    def at(self, vector: FloatArray) -> Mode | None:
        """The criterion there, None where it cannot be computed."""
        self.evaluations += 1
        try:
            self.before = self.criterion.at(vector, self.before)
        except (MixedModelError, np.linalg.LinAlgError):
            return None
        return self.before


def minimise(criterion: Laplace, start: FloatArray) -> Least:
    """The least value of ``criterion`` from ``start``. Raises ``MixedModelError`` where the search does not end."""
    search = _Search(criterion)
    best = _descend(search, start)
    best = _settle(search, best)
    found = _polish(search, best)
    if found.gain > TOLERATED:
        raise MixedModelError(
            "the search for the greatest likelihood did not end: centre and scale the covariates, join rare categories "
            "of the outcome, or simplify the random part"
        )
    return found


def _free(cuts: FloatArray) -> FloatArray:
    return np.concatenate([cuts[:1], np.log(np.diff(cuts))])


def _ordered(free: FloatArray) -> FloatArray:
    return np.concatenate([free[:1], free[:1] + np.cumsum(np.exp(free[1:]))])


def _chained(gradient: FloatArray, free: FloatArray) -> FloatArray:
    """The slopes by the free parameters of thresholds from those by the thresholds."""
    tail = np.cumsum(gradient[::-1])[::-1]
    return np.concatenate([tail[:1], tail[1:] * np.exp(free[1:])])


def _descend(search: _Search, start: FloatArray) -> Mode:
    """BFGS (Nocedal & Wright 2006, section 6.1); no step moves a parameter by more than 1, all being log odds."""
    first_cut = len(start) - search.criterion.family.n_cuts

    def at(point: FloatArray) -> Mode | None:
        return search.at(np.concatenate([point[:first_cut], _ordered(point[first_cut:])]))

    def slopes(mode: Mode, point: FloatArray) -> FloatArray:
        gradient = search.criterion.gradient(mode)
        return np.concatenate([gradient[:first_cut], _chained(gradient[first_cut:], point[first_cut:])])

    point = np.concatenate([start[:first_cut], _free(start[first_cut:])])
    mode = at(point)
    if mode is None:
        raise MixedModelError("the likelihood cannot be computed: look for extreme values among the covariates")
    gradient = slopes(mode, point)
    inverse = np.eye(len(point)) / _first_curvature(search.criterion, mode)
    for n in range(MOST_STEPS):
        step = -inverse @ gradient
        if gradient @ step > -2 * NEAR:
            break
        step /= max(1.0, float(np.abs(step).max()))
        length, slope, after = 1.0, float(gradient @ step), None
        for _ in range(30):
            after = at(point + length * step)
            if after is not None and after.deviance <= mode.deviance + 1e-4 * length * slope:
                break
            length /= 2
            after = None
        if after is None:
            break
        moved = length * step
        new = slopes(after, point + moved)
        change = new - gradient
        if moved @ change > 1e-10 * np.linalg.norm(moved) * np.linalg.norm(change):
            if n == 0:
                inverse = np.eye(len(point)) * float(moved @ change) / float(change @ change)
            rho = 1.0 / float(moved @ change)
            left = np.eye(len(point)) - rho * np.outer(moved, change)
            inverse = left @ inverse @ left.T + rho * np.outer(moved, moved)
        point, mode, gradient = point + moved, after, new
    return mode


def _first_curvature(criterion: Laplace, mode: Mode) -> float:
    """A guess of the curvature by one coefficient, from the rows' weights and what the effects leave of them."""
    return max(1.0, 0.5 * float(mode.derivatives.weight.sum()))


def _settle(search: _Search, best: Mode) -> Mode:
    """The same point with no negative diagonal and with exact zeros where a variance of zero is no worse."""
    layout = search.criterion.layout
    parameters = best.parameters
    p = len(parameters.beta)
    vector = parameters.vector()
    vector[p : p + len(parameters.theta)] = layout.canonical(parameters.theta)
    search.before = None
    plain = search.criterion.at(vector)
    theta = plain.parameters.theta
    for n in np.flatnonzero(layout.is_diagonal & (theta < SMALL)):
        trial = plain.parameters.theta.copy()
        trial[n] = 0.0
        changed = plain.parameters.vector()
        changed[p : p + len(trial)] = layout.canonical(trial)
        search.before = None
        zero = _descend(search, changed)
        if zero.deviance <= plain.deviance + 1e-5:
            plain = zero
    return plain


def _polish(search: _Search, at: Mode) -> Least:
    """Newton's method with curvature by differences of the exact slopes."""
    criterion = search.criterion
    gain = np.inf
    for _ in range(6):
        hessian, usable = _hessian(search, at)
        values, vectors = np.linalg.eigh(hessian[np.ix_(usable, usable)])
        steep = values > 1e-8 * max(1.0, float(values[-1]))
        gradient = criterion.gradient(at)[usable]
        along = vectors.T @ gradient
        gain = float((along[steep] ** 2 / values[steep]).sum()) / 2 if steep.any() else 0.0
        if gain < ENOUGH:
            break
        step = np.zeros(len(hessian))
        step[usable] = -vectors[:, steep] @ (along[steep] / values[steep])
        after = search.at(at.parameters.vector() + step)
        if after is None or not after.deviance <= at.deviance + 1e-9 * abs(at.deviance):
            break
        at = after
    return Least(at, hessian, gain, search.evaluations)


def _hessian(search: _Search, at: Mode) -> tuple[FloatArray, NDArray[np.intp]]:
    """The second derivatives, and which parameters move at all: a variance of zero and what hangs on it do not."""
    criterion = search.criterion
    vector = at.parameters.vector()
    p, m = len(at.parameters.beta), len(at.parameters.theta)
    fixed_at_zero = np.zeros(len(vector), dtype=bool)
    layout = criterion.layout
    zero = {
        (int(layout.factor[n]), int(layout.column[n]))
        for n in np.flatnonzero(layout.is_diagonal & (at.parameters.theta == 0))
    }
    for n in range(m):
        fixed_at_zero[p + n] = (int(layout.factor[n]), int(layout.column[n])) in zero
    hessian = np.zeros((len(vector), len(vector)))
    for n in map(int, np.flatnonzero(~fixed_at_zero)):
        # Slopes are exact, so that steps may be small; two sides take the lopsidedness out.
        step = 1e-4 * max(1.0, abs(vector[n])) if n < p + m else 1e-4 * _room(vector[p + m :], n - p - m)
        slopes = []
        for sign in (1.0, -1.0):
            beside = vector.copy()
            beside[n] += sign * step
            slopes.append(criterion.gradient(criterion.at(beside, at)))
            search.evaluations += 1
        hessian[n] = (slopes[0] - slopes[1]) / (2 * step)
    usable = np.flatnonzero(~fixed_at_zero)
    hessian = (hessian + hessian.T) / 2
    hessian[fixed_at_zero] = hessian[:, fixed_at_zero] = 0.0
    return hessian, usable


def _room(cuts: FloatArray, k: int) -> float:
    """How far a threshold may move without passing its neighbours, at most 1."""
    gaps = np.diff(cuts)
    return float(min([1.0, *gaps[max(0, k - 1) : k + 1]]))
