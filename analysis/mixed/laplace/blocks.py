"""PURE: ``I + L'Z'WZL``, its determinant, its inverse where it is needed, by elimination of the largest factor.

The rows' weights change with every step, so nothing but the places of the entries is known beforehand. Factor 1 is
block-diagonal; the other factors together keep a dense Schur complement of their own order.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from scipy.linalg import cho_solve, lapack

from analysis.mixed.crossproducts import LARGEST_DENSE, mirrored, sums
from analysis.mixed.design import Factor, FloatArray, IntArray
from analysis.mixed.formula import MixedModelError

# Entries of a dense matrix that is formed for some levels of factor 1 at a time.
CHUNK = 4_000_000
# Pairs of entries in one row of a crossed matrix whose places are kept, of all rows together (three numbers each).
MOST_PAIRS = 2_000_000


class Loadings(NamedTuple):
    """The rows' covariates times the triangles, ``ZL``: (n, K) of factor 1, and one column an effect of the others."""

    first: FloatArray
    others: tuple[FloatArray, ...]


class Pairs(NamedTuple):
    """Every two entries in one row of the sparse matrix, as places in its data, and the entry of a matrix (q, q), at
    most the diagonal or above it, that their product belongs to; row by row. ``row`` is theirs."""

    row: IntArray
    left: IntArray
    right: IntArray
    entry: IntArray


@dataclass(frozen=True)
class Places:
    """Where the entries of the crossed matrix stand. ``columns[j]`` is each row's column among the others' q, for
    effect j over all of them; ``slots[j]`` its place in the data of a sparse matrix (levels of factor 1, q). ``pairs``
    are None where there are more than ``MOST_PAIRS``."""

    first: Factor
    others: tuple[Factor, ...]
    q: int
    columns: tuple[IntArray, ...] = field(repr=False)
    slots: tuple[IntArray, ...] = field(repr=False)
    indices: IntArray = field(repr=False)
    indptr: IntArray = field(repr=False)
    pairs: Pairs | None = field(repr=False)

    @property
    def levels(self) -> int:
        """How many levels factor 1 has."""
        return len(self.first.levels)


def places(factors: tuple[Factor, ...]) -> Places:
    """The places for these factors, of which that with the most effects is eliminated.

    Raises ``MixedModelError`` where the others have more than ``LARGEST_DENSE`` effects together.
    """
    sizes = [len(factor.levels) * factor.width for factor in factors]
    place = int(np.argmax(sizes))
    first = factors[place]
    others = tuple(factor for n, factor in enumerate(factors) if n != place)
    starts = np.cumsum([0, *(len(factor.levels) * factor.width for factor in others)])
    q = int(starts[-1])
    if q > LARGEST_DENSE:
        names = ", ".join(factor.name for factor in others)
        raise MixedModelError(f"{names} have {q} effects beside '{first.name}'; {LARGEST_DENSE} is the most")
    columns = tuple(
        starts[f] + factor.codes * factor.width + k for f, factor in enumerate(others) for k in range(factor.width)
    )
    keys = np.concatenate([first.codes * q + column for column in columns] or [np.empty(0, dtype=np.int64)])
    found, slot = np.unique(keys, return_inverse=True)
    rows, indices = np.divmod(found, max(q, 1))
    indptr = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(first.levels)))])
    slots = tuple(np.split(slot, len(columns))) if columns else ()
    return Places(first, others, q, columns, slots, indices, indptr, _pairs(indices, indptr, q))


def _pairs(indices: IntArray, indptr: IntArray, q: int) -> Pairs | None:
    sizes = np.diff(indptr)
    if int((sizes * (sizes + 1) // 2).sum()) > MOST_PAIRS:
        return None
    # Each entry with itself and those to its right, whose columns are greater.
    row = np.repeat(np.arange(len(sizes)), sizes)
    following = indptr[1:][row] - np.arange(len(indices))
    left = np.repeat(np.arange(len(indices)), following)
    right = left + np.arange(len(left)) - np.repeat(np.cumsum(following) - following, following)
    return Pairs(row[left], left, right, indices[left] * q + indices[right])


@dataclass(frozen=True)
class Curvature:
    """The factored matrix: ``inner`` the inverses of factor 1's blocks, ``cross[k]`` the sparse rows that join effect
    k of factor 1 to the others, ``factor`` the Cholesky factor of the Schur complement."""

    places: Places
    inner: FloatArray = field(repr=False)
    cross: tuple[Any, ...] = field(repr=False)
    factor: FloatArray = field(repr=False)
    log_det: float

    def solve(self, first: FloatArray, others: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The inverse times a vector, in two parts: (levels, K) of factor 1, and q of the others."""
        reduced = np.einsum("lab,lb->la", self.inner, first)
        if not self.places.q:
            return reduced, others
        rest = others - sum(c.T @ reduced[:, k] for k, c in enumerate(self.cross))
        found: FloatArray = cho_solve((self.factor, True), rest, check_finite=False)
        joined = np.column_stack([c @ found for c in self.cross])
        return reduced - np.einsum("lab,lb->la", self.inner, joined), found

    def of_rows(self, loadings: Loadings) -> tuple[FloatArray, tuple[FloatArray, ...]]:
        """The inverse times each row of ZL, at that row's own places: (n, K) of factor 1, one column for each of the
        others' effects."""
        where = self.places
        codes = where.first.codes
        own = np.einsum("nab,nb->na", self.inner[codes], loadings.first)
        if not where.q:
            return own, ()
        inverse = self._inverse_schur()
        width = where.first.width
        joined, through = self._joined(inverse, loadings)
        # p: what the others' part of the row sends to factor 1; through[k][j]: the same at the row's own columns.
        p = sum(
            value[:, None] * np.column_stack([through[k][j] for k in range(width)])
            for j, value in enumerate(loadings.others)
        )
        back = np.einsum("nab,nb->na", joined[codes], own) - p
        first = own + np.einsum("nab,nb->na", self.inner[codes], back)
        others = []
        for j, column in enumerate(where.columns):
            value = np.zeros(len(codes))
            for i, other in enumerate(where.columns):
                value += inverse[column, other] * loadings.others[i]
            for k in range(width):
                value -= through[k][j] * own[:, k]
            others.append(value)
        return first, tuple(others)

    def _inverse_schur(self) -> FloatArray:
        lower, info = lapack.dpotri(self.factor, lower=1)
        if info:
            raise np.linalg.LinAlgError("the Schur complement has no inverse")
        return mirrored(lower)

    def _joined(self, inverse: FloatArray, loadings: Loadings) -> tuple[FloatArray, list[list[FloatArray]]]:
        """``C S^-1 C'`` of each level of factor 1 (levels, K, K), and ``C S^-1`` at each row's own columns."""
        where = self.places
        width, n = where.first.width, len(where.first.codes)
        joined: FloatArray = np.empty((where.levels, width, width))
        through: list[list[FloatArray]] = [[np.empty(n) for _ in where.columns] for _ in range(width)]
        step = max(1, CHUNK // where.q)
        order = np.argsort(where.first.codes, kind="stable")
        ends = np.concatenate([[0], np.cumsum(np.bincount(where.first.codes, minlength=where.levels))])
        for start in range(0, where.levels, step):
            stop = min(start + step, where.levels)
            rows = order[ends[start] : ends[stop]]
            for k, c in enumerate(self.cross):
                dense = c[start:stop] @ inverse
                for m, other in enumerate(self.cross):
                    joined[start:stop, k, m] = np.asarray(other[start:stop].multiply(dense).sum(axis=1)).reshape(-1)
                for j, column in enumerate(where.columns):
                    through[k][j][rows] = dense[where.first.codes[rows] - start, column[rows]]
        return joined, through


def curvature(where: Places, loadings: Loadings, weight: FloatArray) -> Curvature:
    """``I + L'Z'WZL`` for these weights, factored. Raises ``LinAlgError`` where rounding leaves it indefinite."""
    codes, width = where.first.codes, where.first.width
    blocks = np.empty((where.levels, width, width))
    for a in range(width):
        for b in range(a + 1):
            block = sums(codes, weight * loadings.first[:, a] * loadings.first[:, b], where.levels)
            blocks[:, a, b] = blocks[:, b, a] = block
    blocks += np.eye(width)
    inner = 1 / blocks if width == 1 else np.linalg.inv(blocks)
    log_det = float(np.log(blocks).sum() if width == 1 else np.linalg.slogdet(blocks)[1].sum())
    if not where.q:
        return Curvature(where, inner, (), np.empty((0, 0)), log_det)
    cross = []
    for k in range(width):
        data = np.zeros(len(where.indices))
        for slot, value in zip(where.slots, loadings.others, strict=True):
            data += np.bincount(slot, weight * loadings.first[:, k] * value, len(data))
        cross.append(sparse.csr_array((data, where.indices, where.indptr), shape=(where.levels, where.q)))
    schur = _others(where, loadings, weight)
    for a, left in enumerate(cross):
        for b, right in enumerate(cross):
            schur -= _crossed(where, left, inner[:, a, b], right)
    factor, info = lapack.dpotrf(schur.T, lower=1, clean=1, overwrite_a=1)
    if info:
        raise np.linalg.LinAlgError(f"the Schur complement is not positive definite at order {info}")
    return Curvature(where, inner, tuple(cross), factor, log_det + 2 * float(np.log(np.diag(factor)).sum()))


def _crossed(where: Places, left: Any, between: FloatArray, right: Any) -> FloatArray:
    """``left' diag(between) right``, of which the diagonal and what is above it count: the rest may be nothing.

    Where pairs are kept, it is a tenth of the time of a sparse product, which looks for its entries every time; both
    add up in the order of the rows.
    """
    if where.pairs is None:
        product: FloatArray = sparse.csr_array(left.T @ (sparse.diags_array(between) @ right)).toarray()
        return product
    row, one, other, entry = where.pairs
    each = left.data[one] * (between[row] * right.data[other])
    return sums(entry, each, where.q * where.q).reshape(where.q, where.q)


def _others(where: Places, loadings: Loadings, weight: FloatArray) -> FloatArray:
    q = where.q
    result = np.eye(q)
    diagonal = np.zeros(q)
    for j, column in enumerate(where.columns):
        diagonal += np.bincount(column, weight * loadings.others[j] ** 2, q)
        for i in range(j):
            joint = np.bincount(
                column * q + where.columns[i], weight * loadings.others[j] * loadings.others[i], q * q
            ).reshape(q, q)
            result += joint
            result += joint.T
    result[np.diag_indices(q)] += diagonal
    return result
