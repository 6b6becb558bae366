"""PURE: minus twice Laplace's approximation of the log-likelihood, and its exact slopes by every parameter.

With u the spherical effects (standard normal), L the triangles and ``eta = X beta + Z L u``, the value is
``-2 log f(y | u) + u'u + log |I + L'Z'WZL|`` at the u where the first two parts are least, W being the rows' weights
there. Its slopes hold that u follows the parameters (implicit differentiation; Kristensen et al. 2016, section 2.2).
"""

from dataclasses import dataclass, field

import numpy as np

from analysis.mixed.covariance import Layout
from analysis.mixed.crossproducts import sums
from analysis.mixed.design import FloatArray
from analysis.mixed.formula import MixedModelError
from analysis.mixed.laplace.blocks import Curvature, Loadings, Places, curvature
from analysis.mixed.laplace.family import Derivatives, Family

MOST_STEPS = 100
# The effects count as found once no step moves one by more.
ENOUGH = 1e-10


@dataclass(frozen=True)
class Parameters:
    """The coefficients of X, theta in the layout's order, and the thresholds."""

    beta: FloatArray
    theta: FloatArray
    cuts: FloatArray

    def vector(self) -> FloatArray:
        """All of them, in this order."""
        return np.concatenate([self.beta, self.theta, self.cuts])


@dataclass(frozen=True)
class Mode:
    """The criterion at one set of parameters: spherical effects ``first`` (levels, K) and ``others`` (q) of most
    probability, the linear predictor there, and the curvature."""

    parameters: Parameters
    deviance: float
    first: FloatArray = field(repr=False)
    others: FloatArray = field(repr=False)
    eta: FloatArray = field(repr=False)
    loadings: Loadings = field(repr=False)
    derivatives: Derivatives = field(repr=False)
    curvature: Curvature = field(repr=False)


@dataclass(frozen=True)
class Laplace:
    """The criterion over the rows of one data set; ``x`` is (n, p) and may have no column."""

    family: Family
    x: FloatArray = field(repr=False)
    places: Places = field(repr=False)
    layout: Layout = field(repr=False)

    def parameters(self, vector: FloatArray) -> Parameters:
        """The parts of a vector of all parameters."""
        p, m = self.x.shape[1], len(self.layout.row)
        return Parameters(vector[:p], vector[p : p + m], vector[p + m :])

    def at(self, vector: FloatArray, near: Mode | None = None) -> Mode:
        """The criterion there; ``near`` is a start for the effects. Raises ``MixedModelError`` where none are found."""
        parameters = self.parameters(vector)
        loadings = self._loadings(parameters.theta)
        fixed = self.x @ parameters.beta
        first: FloatArray = np.zeros((self.places.levels, self.places.first.width))
        others: FloatArray = np.zeros(self.places.q)
        if near is not None:
            first, others = near.first, near.others
        eta: FloatArray = fixed + self._effects(loadings, first, others)
        value = self._penalised(parameters, eta, first, others)
        for _ in range(MOST_STEPS):
            rows = self.family.derivatives(eta, parameters.cuts)
            matrix = curvature(self.places, loadings, rows.weight)
            up = self._transposed(loadings, rows.slope)
            step = matrix.solve(up[0] - first, up[1] - others)
            largest = max(float(np.abs(part).max(initial=0.0)) for part in step)
            if largest < ENOUGH:
                deviance = value + matrix.log_det
                return Mode(parameters, deviance, first, others, eta, loadings, rows, matrix)
            first, others, eta, value = self._stepped(parameters, fixed, loadings, (first, others), step, value)
        raise MixedModelError("the most probable effects of people and articles were not found: simplify the model")

    def gradient(self, mode: Mode) -> FloatArray:
        """The slopes by beta, theta and thresholds, in the order of the vector."""
        rows, loadings = mode.derivatives, mode.loadings
        own, others = mode.curvature.of_rows(loadings)
        leverage = np.einsum("na,na->n", own, loadings.first)
        for value, column in zip(others, loadings.others, strict=True):
            leverage += value * column
        bend = leverage * rows.bend
        # How the curvature's log-determinant pulls at the effects, and what that does to the rows.
        pull = mode.curvature.solve(*self._transposed(loadings, bend))
        moved = self._effects(loadings, *pull)
        each = -2 * rows.slope + bend - rows.weight * moved
        by_theta = self._by_theta(mode, each, own, others, pull)
        likelihood, spread = self.family.by_cuts(mode.eta, mode.parameters.cuts, moved, leverage)
        return np.concatenate([self.x.T @ each, by_theta, -2 * likelihood + spread])

    def _by_theta(
        self,
        mode: Mode,
        each: FloatArray,
        own: FloatArray,
        others: tuple[FloatArray, ...],
        pull: tuple[FloatArray, FloatArray],
    ) -> FloatArray:
        rows, layout = mode.derivatives, self.layout
        found = []
        for f, row, column in zip(layout.factor, layout.row, layout.column, strict=True):
            factor = layout.factors[f]
            if factor is self.places.first:
                effect, inverse, drawn = mode.first[:, column], own[:, column], pull[0][:, column]
                effect, drawn = effect[factor.codes], drawn[factor.codes]
            else:
                j = self._first_column(int(f)) + int(column)
                where = self.places.columns[j]
                effect, inverse, drawn = mode.others[where], others[j], pull[1][where]
            covariate = factor.columns[row]
            summand = each * effect + 2 * rows.weight * inverse + drawn * rows.slope
            found.append(float(summand.sum() if covariate is None else summand @ covariate))
        return np.array(found)

    def _first_column(self, f: int) -> int:
        """The number of the factor's first effect among the effects of all factors but the eliminated one."""
        before = [factor.width for factor in self.layout.factors[:f] if factor is not self.places.first]
        return sum(before)

    def _loadings(self, theta: FloatArray) -> Loadings:
        first: FloatArray = np.empty(0)
        others: list[FloatArray] = []
        for factor, triangle in zip(self.layout.factors, self.layout.triangles(theta), strict=True):
            n = len(factor.codes)
            columns = np.column_stack([np.ones(n) if column is None else column for column in factor.columns])
            loaded = columns @ triangle
            if factor is self.places.first:
                first = loaded
            else:
                others += [np.ascontiguousarray(column) for column in loaded.T]
        return Loadings(first, tuple(others))

    def _effects(self, loadings: Loadings, first: FloatArray, others: FloatArray) -> FloatArray:
        eta: FloatArray = np.einsum("na,na->n", loadings.first, first[self.places.first.codes])
        for column, value in zip(self.places.columns, loadings.others, strict=True):
            eta += value * others[column]
        return eta

    def _transposed(self, loadings: Loadings, row: FloatArray) -> tuple[FloatArray, FloatArray]:
        """``L'Z'`` times a vector of the rows, in two parts."""
        codes, levels = self.places.first.codes, self.places.levels
        first = np.column_stack([sums(codes, row * column, levels) for column in loadings.first.T])
        others: FloatArray = np.zeros(self.places.q)
        for column, value in zip(self.places.columns, loadings.others, strict=True):
            others += np.bincount(column, row * value, self.places.q)
        return first, others

    def _penalised(self, parameters: Parameters, eta: FloatArray, first: FloatArray, others: FloatArray) -> float:
        penalty = float((first * first).sum() + others @ others)
        return -2 * self.family.log_likelihood(eta, parameters.cuts) + penalty

    def _stepped(
        self,
        parameters: Parameters,
        fixed: FloatArray,
        loadings: Loadings,
        start: tuple[FloatArray, FloatArray],
        step: tuple[FloatArray, FloatArray],
        value: float,
    ) -> tuple[FloatArray, FloatArray, FloatArray, float]:
        """A Newton step, halved until it does not raise the penalised deviance beyond rounding."""
        length = 1.0
        for _ in range(40):
            first, others = start[0] + length * step[0], start[1] + length * step[1]
            eta = fixed + self._effects(loadings, first, others)
            after = self._penalised(parameters, eta, first, others)
            if after <= value + 1e-12 * abs(value):
                return first, others, eta, after
            length /= 2
        raise MixedModelError("the most probable effects of people and articles were not found: simplify the model")
