"""PURE: the parameters theta of the factors' relative covariances, as lme4 arranges them: lower triangles by column."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.mixed.design import Factor, FloatArray

# What a rotation may leave where exact arithmetic leaves nothing.
ROUNDING = 1e-14


@dataclass(frozen=True)
class Layout:
    """Where each element of theta stands: factor, row, column within the factor's triangle; in the formula's order."""

    factors: tuple[Factor, ...]
    factor: NDArray[np.int64]
    row: NDArray[np.int64]
    column: NDArray[np.int64]

    @property
    def is_diagonal(self) -> NDArray[np.bool_]:
        """Which elements are bounded by 0, lme4's lower bounds."""
        diagonal: NDArray[np.bool_] = self.row == self.column
        return diagonal

    def triangles(self, theta: FloatArray) -> list[FloatArray]:
        """The lower triangle T of each factor: its effects have covariance ``sigma^2 T T'``."""
        result: list[FloatArray] = [np.zeros((factor.width, factor.width)) for factor in self.factors]
        for value, f, row, column in zip(theta, self.factor, self.row, self.column, strict=True):
            result[f][row, column] = value
        return result

    def theta(self, triangles: list[FloatArray]) -> FloatArray:
        """The elements of theta in these matrices."""
        places = zip(self.factor, self.row, self.column, strict=True)
        return np.array([triangles[f][row, column] for f, row, column in places])

    def canonical(self, theta: FloatArray) -> FloatArray:
        """The theta with the same covariances and no negative diagonal."""
        return self.theta([self.lower(f, triangle) for f, triangle in enumerate(self.triangles(theta))])

    def lower(self, f: int, matrix: FloatArray) -> FloatArray:
        """The lower triangle T of factor f with ``T T' = matrix matrix'``, term by term, no diagonal negative."""
        result = np.zeros_like(matrix)
        start = 0
        for block in self.factors[f].blocks:
            own = slice(start, start + block.size)
            result[own, own] = _triangle(matrix[own, own])
            start += block.size
        return result


def layout(factors: tuple[Factor, ...]) -> Layout:
    """The arrangement of theta for these factors: term by term, the columns of each lower triangle in turn."""
    places = []
    for f, factor in enumerate(factors):
        start = 0
        for block in factor.blocks:
            places += [
                (f, start + row, start + column) for column in range(block.size) for row in range(column, block.size)
            ]
            start += block.size
    factor_of, row, column = np.array(places, dtype=np.int64).T
    return Layout(factors, factor_of, row, column)


def _triangle(matrix: FloatArray) -> FloatArray:
    """The lower triangle T with non-negative diagonal and ``T T' = matrix matrix'``, zero columns where it is singular.

    Where a diagonal vanishes, what its column holds further down is rotated into the following columns, so that a
    variance of zero leaves no trace below it.
    """
    is_lower = not np.triu(matrix, 1).any()
    result = matrix.copy() if is_lower else np.asarray(np.linalg.qr(matrix.T).R.T)
    zero = 0.0 if is_lower else ROUNDING * float(np.abs(matrix).max())
    size = len(result)
    for k in range(size):
        if abs(result[k, k]) <= zero:
            result[k, k] = 0.0
            if k + 1 < size and result[k + 1 :, k].any():
                rest = np.linalg.qr(result[k + 1 :, k:].T).R.T
                result[k + 1 :, k:] = 0.0
                result[k + 1 :, k + 1 : k + 1 + rest.shape[1]] = rest
        if result[k, k] < 0:
            result[:, k] *= -1
    return result
