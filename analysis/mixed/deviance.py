"""PURE: the profiled deviance of a linear mixed model, from cross products alone.

Notation: factor 1 is the eliminated one, its triangle T1; T2 is the block-diagonal matrix of the other factors'
triangles; ``E = R+'V1^-1 R+`` is what is left of the rest after factor 1, and ``S = T2'E T2 + I`` the Schur
complement. Source of the criterion: Bates, Maechler, Bolker & Walker 2015, J. Stat. Softw. 67(1), section 3.4.
"""

import math
from dataclasses import dataclass, field

import numpy as np
from scipy.linalg import lapack, solve_triangular

from analysis.mixed.covariance import Layout
from analysis.mixed.crossproducts import CrossProducts
from analysis.mixed.design import Factor, FloatArray
from analysis.mixed.formula import MixedModelError

# Below this share of the residual sum of squares, what is left is rounding, and so would be every standard error.
LEAST_NOISE = 1e-11
# The same of the sum of squares of y itself: where the fixed part fits every row, what it leaves is rounding, of about
# 1e-16 of each value (1e-32 of the squares); answers of a spread of 1 around a billion still stand far above this.
LEAST_DIGITS = 1e-24


@dataclass(frozen=True)
class Evaluation:
    """The criterion at one theta, and what estimates and slopes need; beta is on the orthogonal columns X+.

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
        left = cross.eliminated(weights)
        np.subtract(cross.gram, left, out=left)
        q, size = cross.q, cross.p + 1
        schur = both_sides(left[:q, :q], t2, cross)
        schur[np.diag_indices(q)] += 1.0
        factor_s = _cholesky(schur)
        log_det += 2 * float(np.log(np.diag(factor_s)).sum())
        # projected = S^-1 T2'[E_RX, E_Re], b of the others' spherical effects and what X loses to them.
        scaled = from_left(left[:q, q:], t2, cross)
        half = solve_triangular(factor_s, scaled, lower=True, check_finite=False) if q else scaled
        projected = solve_triangular(factor_s, half, lower=True, trans=1, check_finite=False) if q else scaled
        inner = left[q:, q:] - half.T @ half
        information = inner[: size - 1, : size - 1]
        root = np.linalg.cholesky(information)
        beta = np.linalg.solve(information, inner[: size - 1, size - 1])
        r2 = float(inner[-1, -1] - beta @ inner[: size - 1, size - 1])
        if not r2 > max(LEAST_NOISE * cross.gram[-1, -1], LEAST_DIGITS * cross.y_square):
            raise MixedModelError("the model fits every row exactly: no residual variance is left to compare with")
        if self.reml:
            log_det += 2 * float(np.log(np.diag(root)).sum())
            log_det += 2 * float(np.log(np.abs(np.diag(cross.triangle))).sum())
        deviance = log_det + self.df * (1 + math.log(2 * math.pi * r2 / self.df))
        spherical = projected[:, -1] - projected[:, :-1] @ beta
        effects = np.concatenate([-times_triangles(spherical[:, None], t2, cross)[:, 0], -beta, [1.0]])
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


def per_level(cross: CrossProducts, t2: list[FloatArray]) -> list[tuple[slice, Factor, FloatArray]]:
    return [
        (slice(start, start + len(factor.levels) * factor.width), factor, t)
        for start, factor, t in zip(cross.starts, cross.others, t2, strict=True)
    ]


def times_triangles(matrix: FloatArray, t2: list[FloatArray], cross: CrossProducts) -> FloatArray:
    """``T2 matrix``."""
    return from_left(matrix, [t.T for t in t2], cross)


def from_left(matrix: FloatArray, t2: list[FloatArray], cross: CrossProducts) -> FloatArray:
    """``T2' matrix``."""
    result = np.empty_like(matrix)
    for own, factor, t in per_level(cross, t2):
        if factor.width == 1:
            np.multiply(matrix[own], t[0, 0], out=result[own])
        else:
            part = matrix[own].reshape(len(factor.levels), factor.width, -1)
            result[own] = (t.T @ part).reshape(matrix[own].shape)
    return result


def both_sides(matrix: FloatArray, t2: list[FloatArray], cross: CrossProducts) -> FloatArray:
    """``T2' matrix T2`` of a symmetric matrix."""
    if all(len(t) == 1 for t in t2):
        scale = np.ones(len(matrix))
        for own, _, t in per_level(cross, t2):
            scale[own] = t[0, 0]
        result: FloatArray = matrix * scale[:, None]
        result *= scale
        return result
    return np.ascontiguousarray(from_left(np.ascontiguousarray(from_left(matrix, t2, cross).T), t2, cross))
