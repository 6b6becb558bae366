"""PURE: every sum over the rows that a mixed model needs, taken once; no evaluation touches the rows again."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from analysis.mixed.design import Design, Factor, FloatArray, IntArray
from analysis.mixed.formula import MixedModelError

# Above this order the dense matrix of all factors but the largest no longer fits a common machine's memory and time.
LARGEST_DENSE = 8_000
# Entries of the stored map from weights to products; beyond, the product is formed anew in every evaluation.
MOST_STORED = 30_000_000


@dataclass(frozen=True)
class CrossProducts:
    """The rows' sums of products, for the eliminated factor 1 and the augmented rest ``R+ = [Z of the others, X, e]``.

    X is replaced by columns of unit mean square that span the same space, and y by its least-squares residual e,
    which changes no estimate and keeps digits when values are large or far from zero. A column of the rest for factor
    f, level l and effect k stands at ``starts[f] + l * width + k``. Levels of factor 1 with the same matrix Z'Z share
    a class, since every weight depends on the class alone: ``class_gram`` (classes, K, K), ``class_size``,
    ``class_of`` each level. ``cross[k]`` is (levels x columns of R+), the sums of effect k's column with R+;
    ``gram`` is R+'R+, and ``y_square`` y'y, which says how much of e can be rounding.
    """

    first: Factor
    others: tuple[Factor, ...]
    starts: tuple[int, ...]
    n: int
    p: int
    triangle: FloatArray = field(repr=False)
    beta_ols: FloatArray = field(repr=False)
    class_of: IntArray = field(repr=False)
    class_gram: FloatArray = field(repr=False)
    class_size: FloatArray = field(repr=False)
    cross: tuple[Any, ...] = field(repr=False)
    gram: FloatArray = field(repr=False)
    y_square: float
    stored: dict[tuple[int, int], Any] | None = field(repr=False)

    @property
    def q(self) -> int:
        """Columns of the other factors; the last p + 1 of the rest are X and e."""
        return len(self.gram) - self.p - 1

    def eliminated(self, weights: FloatArray) -> FloatArray:
        """``R+'Z1 W Z1'R+`` for weights (classes, K, K), symmetric in K: a dense symmetric matrix."""
        width = self.first.width
        half = self._half(0, 0, weights[:, 0, 0])
        for a in range(1, width):
            for b in range(a + 1):
                half += self._half(a, b, weights[:, a, b])
        if width > 1:
            whole: FloatArray = half + half.T
            return whole
        half[np.diag_indices(len(half))] *= 2.0
        return mirrored(half)

    def weighed(self, matrix: FloatArray) -> FloatArray:
        """The adjoint of ``eliminated``: for each class and pair of effects ``sum over levels z_a'R+ matrix R+'z_b``.

        ``matrix`` is symmetric; the result is (classes, K, K).
        """
        width = self.first.width
        result = np.empty((len(self.class_size), width, width))
        for a in range(width):
            for b in range(a + 1):
                if self.stored is not None:
                    value = self.stored[a, b].T @ matrix.reshape(-1) * (2.0 if a == b else 1.0)
                else:
                    by_level = np.asarray(self.cross[b].multiply(self.cross[a] @ matrix).sum(axis=1)).reshape(-1)
                    value = np.bincount(self.class_of, by_level, len(self.class_size))
                result[:, a, b] = result[:, b, a] = value
        return result

    def of_effect(self, factor: Factor, k: int) -> tuple[dict[tuple[str, int], FloatArray], FloatArray, FloatArray]:
        """For effect k of a factor, by level: the squared products with each other effect, z'z, and z'e.

        The squares are summed over the other factor's levels, and keyed by its name and the effect's number.
        """
        if factor is self.first:
            rows = self.cross[k]
            squared = rows.power(2)
            products = {(factor.name, j): self.class_gram[self.class_of, k, j] ** 2 for j in range(factor.width)}
            weights, residual = self.class_gram[self.class_of, k, k], rows[:, [-1]].toarray()[:, 0]
        else:
            own = self._own(factor, k)
            squared = self.gram[own] ** 2
            products = {
                (self.first.name, j): self.cross[j][:, own].power(2).sum(axis=0) for j in range(self.first.width)
            }
            weights, residual = np.diag(self.gram)[own], self.gram[own, -1]
        for other in self.others:
            for j in range(other.width):
                products[other.name, j] = np.asarray(squared[:, self._own(other, j)].sum(axis=1)).reshape(-1)
        return products, weights, residual

    def _own(self, factor: Factor, k: int) -> slice:
        return _places(factor, self.starts[[other is factor for other in self.others].index(True)], k)

    def _half(self, a: int, b: int, weights: FloatArray) -> FloatArray:
        """The matrix H with ``H + H'`` the product of effects a and b in either order; lower-triangular for a = b."""
        if self.stored is not None:
            flat: FloatArray = self.stored[a, b] @ weights
            return flat.reshape(self.gram.shape)
        left = sparse.diags_array(weights[self.class_of]) @ self.cross[a]
        half: FloatArray = (left.T @ self.cross[b]).toarray()
        if a == b:
            half = np.tril(half)
            half[np.diag_indices(len(half))] /= 2.0
        return half


def mirrored(lower: FloatArray) -> FloatArray:
    """The symmetric matrix of this lower triangle, in place; tile by tile, which keeps both sides in the cache."""
    tile = 128
    for i in range(0, len(lower), tile):
        corner = lower[i : i + tile, i : i + tile]
        corner += np.tril(corner, -1).T
        for j in range(0, i, tile):
            lower[j : j + tile, i : i + tile] = lower[i : i + tile, j : j + tile].T
    return lower


def cross_products(design: Design, eliminate: str | None = None) -> CrossProducts:
    """The sums over the rows of ``design``; factor 1 is the one with the most effects unless ``eliminate`` names it.

    Raises ``MixedModelError`` where the other factors have more than ``LARGEST_DENSE`` effects together.
    """
    sizes = [len(factor.levels) * factor.width for factor in design.factors]
    place = int(np.argmax(sizes))
    if eliminate is not None:
        place = [factor.name for factor in design.factors].index(eliminate)
    first = design.factors[place]
    others = tuple(factor for n, factor in enumerate(design.factors) if n != place)
    ends = np.cumsum([0, *(len(factor.levels) * factor.width for factor in others)])
    if ends[-1] > LARGEST_DENSE:
        names = ", ".join(factor.name for factor in others)
        raise MixedModelError(f"{names} have {ends[-1]} effects beside '{first.name}'; {LARGEST_DENSE} is the most")
    beside, triangle, beta = _orthogonal(design)
    class_of, class_gram, class_size = _classes(first)
    starts = tuple(map(int, ends[:-1]))
    cross = _cross(first, others, beside)
    return CrossProducts(
        first=first,
        others=others,
        starts=starts,
        n=len(design.y),
        p=design.x.shape[1],
        triangle=triangle,
        beta_ols=beta,
        class_of=class_of,
        class_gram=class_gram,
        class_size=class_size,
        cross=cross,
        gram=_gram(others, beside, starts, int(ends[-1])),
        y_square=float(design.y @ design.y),
        stored=_stored(cross, class_of, len(class_size)),
    )


def _orthogonal(design: Design) -> tuple[FloatArray, FloatArray, FloatArray]:
    """[X+, e] of n rows, the triangle with ``X = X+ triangle``, and the least-squares coefficients on X+."""
    root = np.sqrt(len(design.y))
    columns, triangle = np.linalg.qr(design.x)
    columns *= root
    residual = design.y.copy()
    beta = np.zeros(design.x.shape[1])
    # Twice, since after a large mean the first residual still holds its rounding.
    for _ in range(2):
        step = columns.T @ residual / len(design.y)
        residual -= columns @ step
        beta += step
    return np.column_stack([columns, residual]), triangle / root, beta


def sums(codes: IntArray, weights: FloatArray | None, size: int) -> FloatArray:
    """The sums of ``weights`` (ones where None) over the rows of each code."""
    return np.bincount(codes, weights, size).astype(np.float64)


def times(left: FloatArray | None, right: FloatArray | None) -> FloatArray | None:
    """The product of two columns of which None stands for ones."""
    if left is None or right is None:
        return right if left is None else left
    return left * right


def _classes(first: Factor) -> tuple[IntArray, FloatArray, FloatArray]:
    levels, width = len(first.levels), first.width
    gram = np.empty((levels, width, width))
    for a in range(width):
        for b in range(a + 1):
            gram[:, a, b] = sums(first.codes, times(first.columns[a], first.columns[b]), levels)
            gram[:, b, a] = gram[:, a, b]
    # Rounded to a tenth digit beyond the last that matters, so that equal levels summed in another order stay equal.
    flat = np.round(gram.reshape(levels, -1) / np.abs(gram).max(), 12)
    flat = flat[:, 0] if width == 1 else flat
    _, place, of, size = np.unique(flat, axis=0, return_index=True, return_inverse=True, return_counts=True)
    return of.reshape(-1).astype(np.int64), gram[place], size.astype(np.float64)


def _cross(first: Factor, others: tuple[Factor, ...], beside: FloatArray) -> tuple[Any, ...]:
    levels = len(first.levels)
    result = []
    for column in first.columns:
        parts = []
        for factor in others:
            shape = (levels, len(factor.levels) * factor.width)
            entries = []
            for k, other in enumerate(factor.columns):
                weights = times(column, other)
                data = np.ones(len(first.codes)) if weights is None else weights
                entries.append(sparse.coo_array((data, (first.codes, factor.codes * factor.width + k)), shape).tocsr())
            parts.append(sum(entries[1:], start=entries[0]))
        dense = [sums(first.codes, times(column, beside[:, m]), levels) for m in range(beside.shape[1])]
        parts.append(sparse.csr_array(np.column_stack(dense)))
        result.append(sparse.hstack(parts, format="csr"))
    return tuple(result)


def _gram(others: tuple[Factor, ...], beside: FloatArray, starts: tuple[int, ...], q: int) -> FloatArray:
    gram = np.zeros((q + beside.shape[1], q + beside.shape[1]))
    gram[q:, q:] = beside.T @ beside
    for f, factor in enumerate(others):
        for k, column in enumerate(factor.columns):
            own = _places(factor, starts[f], k)
            for m in range(beside.shape[1]):
                gram[own, q + m] = sums(factor.codes, times(column, beside[:, m]), len(factor.levels))
                gram[q + m, own] = gram[own, q + m]
            for g in range(f + 1):
                other = others[g]
                joint = factor.codes * len(other.levels) + other.codes
                for j, more in enumerate(other.columns):
                    shape = (len(factor.levels), len(other.levels))
                    table = sums(joint, times(column, more), shape[0] * shape[1]).reshape(shape)
                    place = _places(other, starts[g], j)
                    gram[own, place] = table
                    gram[place, own] = table.T
    return gram


def _places(factor: Factor, start: int, k: int) -> slice:
    return slice(start + k, start + len(factor.levels) * factor.width, factor.width)


def _stored(cross: tuple[Any, ...], class_of: IntArray, classes: int) -> dict[tuple[int, int], Any] | None:
    """For each pair of effects the matrix that takes the classes' weights to the flattened half product, if it fits.

    One sparse product does it for all classes: relabelling row r of ``cross[a]'`` as (class, r) keeps the classes
    apart, and reading the result's rows (class, r) and columns s as a column 'class' of places (r, s) costs nothing.
    """
    size = cross[0].shape[1]
    filled = np.diff(cross[0].indptr).astype(np.float64)
    most = min(float(filled @ filled), float(classes) * size * size)
    if max(most, classes * size) * len(cross) * (len(cross) + 1) / 2 > MOST_STORED:
        return None
    stored = {}
    for a in range(len(cross)):
        entries = cross[a].tocoo()
        rows: NDArray[np.int64] = class_of[entries.coords[0]] * size + entries.coords[1]
        apart = sparse.csr_array((entries.data, (rows, entries.coords[0])), shape=(classes * size, cross[a].shape[0]))
        for b in range(a + 1):
            product = (apart @ cross[b]).tocsr()
            row = np.repeat(np.arange(classes * size) % size, np.diff(product.indptr))
            if a == b:
                data = np.where(row == product.indices, product.data / 2, product.data)
                kept = product.indices <= row
                ends = np.concatenate([[0], np.cumsum(kept)])[product.indptr]
                row, column, data = row[kept], product.indices[kept], data[kept]
            else:
                column, data, ends = product.indices, product.data, product.indptr
            places = (row * size + column).astype(np.int32)
            stored[a, b] = sparse.csc_array((data, places, ends[::size].astype(np.int32)), shape=(size * size, classes))
    return stored
