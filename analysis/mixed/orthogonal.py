"""PURE: random effects on orthogonal covariates, and the way back to those that were asked for.

A slope over years around 2000 has an intercept far outside the data, and the two are almost perfectly correlated: a
search among such parameters is slow and its curvature rounding. Any covariance of the effects of Z has its equal for
the effects of ``Z R^-1``, so the search goes there, and results are what they would be in exact arithmetic.
"""

from dataclasses import replace

import numpy as np

from analysis.mixed.design import Design, Factor, FloatArray

# Columns of one term that are sums of each other keep their own scale: there is no orthogonal form of them.
DEPENDENT = 1e-9


def orthogonal(design: Design) -> tuple[Design, tuple[FloatArray, ...]]:
    """The design with orthogonal columns within each random term, and for each factor the matrix back.

    With effects u over the new columns, ``back @ u`` are those over the old ones. Terms of one column stay as they are.
    """
    pairs = [_orthogonal(factor) for factor in design.factors]
    return replace(design, factors=tuple(factor for factor, _ in pairs)), tuple(back for _, back in pairs)


def _orthogonal(factor: Factor) -> tuple[Factor, FloatArray]:
    back = np.eye(factor.width)
    columns = list(factor.columns)
    n, start = len(factor.codes), 0
    for block in factor.blocks:
        own = slice(start, start + block.size)
        start += block.size
        if block.size == 1:
            continue
        values = np.column_stack([np.ones(n) if column is None else column for column in factor.columns[own]])
        basis, triangle = np.linalg.qr(values)
        lengths = np.sqrt(np.einsum("ij,ij->j", values, values))
        if (np.abs(np.diag(triangle)) <= DEPENDENT * lengths).any():
            continue
        back[own, own] = np.linalg.inv(triangle) * np.sqrt(n)
        columns[own] = [np.ascontiguousarray(column) for column in basis.T * np.sqrt(n)]
    return replace(factor, columns=tuple(columns)), back
