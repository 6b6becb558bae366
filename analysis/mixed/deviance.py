"""PURE: the profiled deviance of a linear mixed model and its gradient, from cross products alone.

Notation: factor 1 is the eliminated one, its triangle T1; T2 is the block-diagonal matrix of the other factors'
triangles; ``E = R+'V1^-1 R+`` is what is left of the rest after factor 1, and ``S = T2'E T2 + I`` the Schur
complement. Source of the criterion: Bates, Maechler, Bolker & Walker 2015, J. Stat. Softw. 67(1), section 3.4.
"""

import math
from dataclasses import dataclass, field

import numpy as np
from scipy.linalg import lapack, solve_triangular

from analysis.mixed.covariance import Layout
from analysis.mixed.crossproducts import CrossProducts, mirrored
from analysis.mixed.design import Factor, FloatArray
from analysis.mixed.formula import MixedModelError

# Below this share of the residual sum of squares, what is left is rounding, and so would be every standard error.
LEAST_NOISE = 1e-11


@dataclass(frozen=True)
class Evaluation:
    """The criterion at one theta, and what estimates and gradient need; beta is on the orthogonal columns X+.

    ``log_det`` is log|V| (and log|X'V^-1X| for REML) for sigma = 1; ``r2`` is the penalised residual sum of squares;
    ``information`` is X+'V^-1X+; ``effects`` are (columns of R+) [-b of the other factors, -beta, 1].
    """

    theta: FloatArray
    deviance: float
    log_det: float
    r2: float
    beta: FloatArray = field(repr=False)
    information: FloatArray = field(repr=False)
    effects: FloatArray = field(repr=False)
    triangles: list[FloatArray] = field(repr=False)
    left: FloatArray = field(repr=False)
    factor_s: FloatArray = field(repr=False)
    projected: FloatArray = field(repr=False)
    weights: FloatArray = field(repr=False)


@dataclass(frozen=True)
class Criterion:
    """The deviance as a function of theta: REML or ML, over the cross products of one data set."""

    cross: CrossProducts
    layout: Layout
    reml: bool

    @property
    def df(self) -> int:
        """Denominator of the residual variance: n - p for REML, n for ML."""
        return self.cross.n - self.cross.p if self.reml else self.cross.n

    def triangles(self, theta: FloatArray) -> tuple[FloatArray, list[FloatArray], list[FloatArray]]:
        """The triangles of the eliminated factor, of the others, and of all in the formula's order."""
        everything = self.layout.triangles(theta)
        place = next(n for n, factor in enumerate(self.layout.factors) if factor is self.cross.first)
        return everything[place], [t for n, t in enumerate(everything) if n != place], everything

    def at(self, theta: FloatArray) -> Evaluation:
        """The deviance at ``theta``. Raises ``MixedModelError`` where the model leaves no residual variance."""
        cross = self.cross
        t1, t2, everything = self.triangles(theta)
        weights, log_det = _eliminate(t1, cross)
        left = cross.gram - cross.eliminated(weights)
        q, size = cross.q, cross.p + 1
        schur = _both_sides(left[:q, :q], t2, cross)
        schur[np.diag_indices(q)] += 1.0
        factor_s = _cholesky(schur)
        log_det += 2 * float(np.log(np.diag(factor_s)).sum())
        # projected = S^-1 T2'[E_RX, E_Re], b of the others' spherical effects and what X loses to them.
        scaled = _from_left(left[:q, q:], t2, cross)
        half = solve_triangular(factor_s, scaled, lower=True, check_finite=False) if q else scaled
        projected = solve_triangular(factor_s, half, lower=True, trans=1, check_finite=False) if q else scaled
        inner = left[q:, q:] - half.T @ half
        information = inner[: size - 1, : size - 1]
        root = np.linalg.cholesky(information)
        beta = np.linalg.solve(information, inner[: size - 1, size - 1])
        r2 = float(inner[-1, -1] - beta @ inner[: size - 1, size - 1])
        if not r2 > LEAST_NOISE * cross.gram[-1, -1]:
            raise MixedModelError("the model fits every row exactly: no residual variance is left to compare with")
        if self.reml:
            log_det += 2 * float(np.log(np.diag(root)).sum())
            log_det += 2 * float(np.log(np.abs(np.diag(cross.triangle))).sum())
        deviance = log_det + self.df * (1 + math.log(2 * math.pi * r2 / self.df))
        spherical = projected[:, -1] - projected[:, :-1] @ beta
        effects = np.concatenate([-_times_t(spherical[:, None], t2, cross)[:, 0], -beta, [1.0]])
        return Evaluation(
            theta=theta,
            deviance=deviance,
            log_det=log_det,
            r2=r2,
            beta=beta,
            information=information,
            effects=effects,
            triangles=everything,
            left=left,
            factor_s=factor_s,
            projected=projected,
            weights=weights,
        )

    def gradient(self, at: Evaluation, precision: float | None = None) -> FloatArray:
        """The derivative by theta of ``log_det + precision * r2``; by default of the profiled deviance itself.

        With P the projector of REML (V^-1 for ML) it is ``2 (sum over levels of Z'PZ - precision u u') T`` with
        ``u = Z'V^-1(y - X beta)``, level by level (Searle, Casella & McCulloch 1992, section 6.6).
        """
        cross = self.cross
        kappa = self.df / at.r2 if precision is None else precision
        t1, t2, _ = self.triangles(at.theta)
        q = cross.q
        # x_left = R+'V^-1X as a combination of E's columns: what the other factors explain of X is taken off.
        x_left = np.zeros((cross.gram.shape[0], cross.p))
        x_left[:q] = -_times_t(at.projected[:, :-1], t2, cross)
        x_left[q : q + cross.p] = np.eye(cross.p)
        covariance = np.linalg.inv(at.information)
        if not self.reml:
            x_left, covariance = x_left[:, :0], covariance[:0, :0]
        inverse = _inverse(at.factor_s)
        thin = np.column_stack([x_left @ np.linalg.cholesky(covariance), math.sqrt(kappa) * at.effects])
        taken = thin @ thin.T
        taken[:q, :q] += _both_sides(inverse, [t.T for t in t2], cross)
        d_first = self._first(t1, at, taken)
        explained = at.left[:q] @ x_left
        u = at.left[:q] @ at.effects
        d_others = _others(at.left[:q, :q], inverse, t2, cross, (explained, covariance, kappa, u))
        ordered = iter(d_others)
        derivative = [d_first if factor is cross.first else next(ordered) for factor in self.layout.factors]
        return 2 * self.layout.theta(derivative)

    def _first(self, t1: FloatArray, at: Evaluation, taken: FloatArray) -> FloatArray:
        cross = self.cross
        shrink = np.eye(cross.first.width) - cross.class_gram @ at.weights
        own = np.einsum("c,cab,cbd->ad", cross.class_size, shrink, cross.class_gram)
        lost = np.einsum("cab,cbd,ced->ae", shrink, cross.weighed(taken), shrink)
        result: FloatArray = (own - lost) @ t1
        return result


def _eliminate(t1: FloatArray, cross: CrossProducts) -> tuple[FloatArray, float]:
    """``T1 (I + T1'W T1)^-1 T1'`` of every class, and the log-determinant of ``I + Z1 T1 T1'Z1'``."""
    if len(t1) == 1:
        block = 1.0 + t1[0, 0] ** 2 * cross.class_gram
        return t1[0, 0] ** 2 / block, float(cross.class_size @ np.log(block[:, 0, 0]))
    block = t1.T @ cross.class_gram @ t1 + np.eye(len(t1))
    half = np.linalg.solve(block, np.broadcast_to(t1.T, block.shape))
    return t1 @ half, float(cross.class_size @ np.linalg.slogdet(block)[1])


def _cholesky(schur: FloatArray) -> FloatArray:
    """The lower factor, in the order that LAPACK takes without a copy; ``schur`` is symmetric and overwritten."""
    if not len(schur):
        return schur
    factor, info = lapack.dpotrf(schur.T, lower=1, overwrite_a=1)
    if info:
        raise np.linalg.LinAlgError(f"the Schur complement is not positive definite at order {info}")
    result: FloatArray = factor
    return result


def _inverse(factor: FloatArray) -> FloatArray:
    if not len(factor):
        return factor
    lower, info = lapack.dpotri(factor, lower=1)
    if info:
        raise np.linalg.LinAlgError("the Schur complement has no inverse")
    return mirrored(lower)


def _per_level(cross: CrossProducts, t2: list[FloatArray]) -> list[tuple[slice, Factor, FloatArray]]:
    return [
        (slice(start, start + len(factor.levels) * factor.width), factor, t)
        for start, factor, t in zip(cross.starts, cross.others, t2, strict=True)
    ]


def _times_t(matrix: FloatArray, t2: list[FloatArray], cross: CrossProducts) -> FloatArray:
    """``T2 matrix``."""
    return _from_left(matrix, [t.T for t in t2], cross)


def _from_left(matrix: FloatArray, t2: list[FloatArray], cross: CrossProducts) -> FloatArray:
    """``T2' matrix``."""
    result = np.empty_like(matrix)
    for own, factor, t in _per_level(cross, t2):
        if factor.width == 1:
            np.multiply(matrix[own], t[0, 0], out=result[own])
        else:
            part = matrix[own].reshape(len(factor.levels), factor.width, -1)
            result[own] = (t.T @ part).reshape(matrix[own].shape)
    return result


def _both_sides(matrix: FloatArray, t2: list[FloatArray], cross: CrossProducts) -> FloatArray:
    """``T2' matrix T2`` of a symmetric matrix."""
    if all(len(t) == 1 for t in t2):
        scale = np.ones(len(matrix))
        for own, _, t in _per_level(cross, t2):
            scale[own] = t[0, 0]
        result: FloatArray = matrix * scale[:, None]
        result *= scale
        return result
    return np.ascontiguousarray(_from_left(np.ascontiguousarray(_from_left(matrix, t2, cross).T), t2, cross))


def _others(
    left: FloatArray,
    inverse: FloatArray,
    t2: list[FloatArray],
    cross: CrossProducts,
    taken: tuple[FloatArray, FloatArray, float, FloatArray],
) -> list[FloatArray]:
    """``sum over levels of (Z'PZ - precision u u') T`` for each factor but the first, from ``Z'V^-1Z T = E T S^-1``."""
    explained, covariance, precision, u = taken
    result = []
    for own, factor, t in _per_level(cross, t2):
        shape = (len(factor.levels), factor.width, -1)
        rows = _from_left(left[:, own], t2, cross).T  # (E T2)' restricted: rows of this factor, columns scaled
        kept = np.einsum("lai,lbi->ab", rows.reshape(shape), inverse[own].reshape(shape), optimize=False)
        x, own_u = explained[own].reshape(shape), u[own].reshape(len(factor.levels), factor.width)
        lost = np.einsum("lai,ij,lbj->ab", x, covariance, x) + precision * own_u.T @ own_u
        result.append(kept - lost @ t)
    return result
