"""PURE: how the deviance changes with theta: the derivatives of its two parts.

With P the projector of REML (V^-1 for ML) and ``u = Z'V^-1(y - X beta)``, the derivatives by a factor's triangle T are
``2 (sum over levels of Z'PZ) T`` for the log-determinants and ``-2 (sum of u u') T`` for the residual sum of squares
(Searle, Casella & McCulloch 1992, section 6.6). What is needed of Z'PZ are its blocks on the diagonal, level by level.
"""

from typing import NamedTuple

import numpy as np
from scipy.linalg import lapack

from analysis.mixed.crossproducts import CrossProducts, mirrored
from analysis.mixed.design import FloatArray
from analysis.mixed.deviance import Criterion, Evaluation, both_sides, from_left, per_level, times_triangles


class Slopes(NamedTuple):
    """The derivatives by theta of the log-determinants and of the penalised residual sum of squares."""

    log_det: FloatArray
    r2: FloatArray


def slopes(criterion: Criterion, at: Evaluation) -> Slopes:
    """The derivatives at the point of that evaluation; the profiled deviance changes by ``log_det + df / r2 * r2``."""
    cross = criterion.cross
    t1, t2, _ = criterion.triangles(at.theta)
    q = cross.q
    # R+'V^-1X is a combination of the columns of E: what the other factors explain of X is taken off.
    combination = np.zeros((len(cross.gram), cross.p))
    combination[:q] = -times_triangles(at.projected[:, :-1], t2, cross)
    combination[q : q + cross.p] = np.eye(cross.p)
    # For REML each column counts with its share in the covariance of the coefficients; ML has no such part.
    share = np.linalg.cholesky(np.linalg.inv(at.information))
    combination = combination @ (share if criterion.reml else share[:, :0])
    inverse = _inverse(at.factor_s)
    taken = combination @ combination.T
    taken[:q, :q] += both_sides(inverse, [t.T for t in t2], cross)
    first = _first(cross, at, taken, t1)
    others = iter(_others(cross, at, inverse, combination, t2))
    pairs = [first if factor is cross.first else next(others) for factor in criterion.layout.factors]
    log_det, r2 = (2 * criterion.layout.theta([pair[n] for pair in pairs]) for n in (0, 1))
    return Slopes(log_det, r2)


def _first(cross: CrossProducts, at: Evaluation, taken: FloatArray, t1: FloatArray) -> tuple[FloatArray, FloatArray]:
    """``(sum of Z'PZ) T`` and ``-(sum of u u') T`` of the eliminated factor."""
    shrink = np.eye(cross.first.width) - cross.class_gram @ at.weights
    own = np.einsum("c,cab,cbd->ad", cross.class_size, shrink, cross.class_gram)
    lost = np.einsum("cab,cbd,ced->ae", shrink, cross.weighed(taken), shrink)
    sums = np.column_stack([rows @ at.effects for rows in cross.cross])
    u = np.einsum("lab,lb->la", shrink[cross.class_of], sums)
    return (own - lost) @ t1, -(u.T @ u) @ t1


def _others(
    cross: CrossProducts, at: Evaluation, inverse: FloatArray, combination: FloatArray, t2: list[FloatArray]
) -> list[tuple[FloatArray, FloatArray]]:
    """The same for each of the other factors, from ``Z'V^-1Z T = E T S^-1``."""
    left = at.left[: cross.q]
    explained, residual = left @ combination, left @ at.effects
    scale = np.concatenate(
        [np.full(own.stop - own.start, t[0, 0]) for own, _, t in per_level(cross, t2)] or [np.empty(0)]
    )
    result: list[tuple[FloatArray, FloatArray]] = []
    for own, factor, t in per_level(cross, t2):
        shape = (len(factor.levels), factor.width, -1)
        if all(len(other) == 1 for other in t2):
            # Without a scaled copy of the whole matrix, which is most of the time where it is large.
            by_column = np.einsum("ij,ij->j", left[own, : cross.q], inverse[own])
            kept = np.array([[by_column @ scale]])
        else:
            rows = from_left(left[:, : cross.q][:, own], t2, cross).T
            kept = np.einsum("lai,lbi->ab", rows.reshape(shape), inverse[own].reshape(shape))
        x = explained[own].reshape(len(factor.levels), factor.width, combination.shape[1])
        u = residual[own].reshape(len(factor.levels), factor.width)
        result.append((kept - np.einsum("lai,lbi->ab", x, x) @ t, -(u.T @ u) @ t))
    return result


def _inverse(factor: FloatArray) -> FloatArray:
    if not len(factor):
        return factor
    lower, info = lapack.dpotri(factor, lower=1)
    if info:
        raise np.linalg.LinAlgError("the Schur complement has no inverse")
    return mirrored(lower)
