"""PURE: a table and a formula made into the matrices of a mixed model, with every refusal that lme4 would make."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import formulaic
import numpy as np
import pandas as pd
from formulaic.errors import FormulaicError
from numpy.typing import NDArray

from analysis.mixed.columns import columns_of, rows_named, with_numbers
from analysis.mixed.formula import FormulaError, MixedFormula, MixedModelError, RandomTerm, parse_formula

FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.int64]
# As R's lm and lme4: a column counts as a sum of the earlier ones below this share of its own length.
RANK_TOLERANCE = 1e-7


@dataclass(frozen=True)
class Block:
    """One random term within a factor: the names of its columns, and the model that makes them for new rows."""

    term: RandomTerm
    names: tuple[str, ...]
    spec: Any = field(repr=False, compare=False)

    @property
    def size(self) -> int:
        """How many effects each level has in this term."""
        return len(self.names)


@dataclass(frozen=True)
class Factor:
    """A grouping factor: ``codes`` say each row's level; ``columns`` hold the rows' covariates, None being all ones."""

    name: str
    group: tuple[str, ...]
    levels: tuple[Any, ...] = field(repr=False)
    codes: IntArray = field(repr=False, compare=False)
    blocks: tuple[Block, ...]
    columns: tuple[FloatArray | None, ...] = field(repr=False, compare=False)

    @property
    def width(self) -> int:
        """How many effects each level has, over all terms."""
        return len(self.columns)


@dataclass(frozen=True)
class Design:
    """``y = X beta + sum of the factors' effects + noise``: n rows without missing values, p columns of full rank."""

    formula: MixedFormula
    y: FloatArray = field(repr=False, compare=False)
    x: FloatArray = field(repr=False, compare=False)
    terms: tuple[str, ...]
    x_spec: Any = field(repr=False, compare=False)
    factors: tuple[Factor, ...]
    rows: pd.Index = field(repr=False, compare=False)
    n_missing: int
    dropped: tuple[str, ...]


def make_design(frame: pd.DataFrame, formula: str | MixedFormula) -> Design:
    """The matrices of ``formula`` over the rows of ``frame`` in which every variable of the formula is known.

    Columns that are sums of earlier ones are dropped and named in ``dropped``, as lme4 does. Raises ``FormulaError``
    for a formula that cannot be read or names no column, ``MixedModelError`` for data that carry no such model:
    infinite or mixed values, a constant outcome, a factor with one level, or as many effects as rows.
    """
    parsed = parse_formula(formula) if isinstance(formula, str) else formula
    used = _used(parsed)
    unknown = [name for name in used if name not in frame.columns]
    if unknown:
        listed = ", ".join(map(str, frame.columns))
        raise FormulaError(f"the table has no column '{unknown[0]}'; it has {listed}", column=unknown[0])
    groups = {name for term in parsed.random for name in term.group}
    covariates = [name for name in used if name not in groups or name in _variables_of(parsed)]
    data = with_numbers(frame[used], outcome=parsed.outcome, covariates=covariates)
    y = data[parsed.outcome].to_numpy(np.float64)
    _check_outcome(parsed.outcome, y)
    matrix = _matrix(parsed.fixed, data)
    x, kept = _full_rank(np.asarray(matrix, dtype=np.float64))
    names = tuple(map(str, matrix.columns))
    if len(y) <= x.shape[1]:
        raise MixedModelError(f"{len(y)} rows cannot carry {x.shape[1]} fixed effects")
    return Design(
        formula=parsed,
        y=y,
        x=x,
        terms=tuple(names[n] for n in kept),
        x_spec=matrix.model_spec,
        factors=_factors(parsed.random, data),
        rows=data.index,
        n_missing=len(frame) - len(data),
        dropped=tuple(name for n, name in enumerate(names) if n not in kept),
    )


def _variables_of(formula: MixedFormula) -> list[str]:
    sides = [formula.fixed, *(term.columns for term in formula.random)]
    return sorted({name for side in sides for name in columns_of(side)})


def _used(formula: MixedFormula) -> list[str]:
    groups = (name for term in formula.random for name in term.group)
    return list(dict.fromkeys([formula.outcome, *_variables_of(formula), *groups]))


def _check_outcome(name: str, y: FloatArray) -> None:
    if len(y) == 0:
        raise MixedModelError("no row has a value in every column of the formula")
    if np.ptp(y) == 0:
        raise MixedModelError(
            f"the outcome '{name}' is {y[0]:g} in all {len(y)} rows: there is nothing to explain", column=name
        )


def _matrix(side: str, data: pd.DataFrame) -> Any:
    try:
        matrix = formulaic.model_matrix(side, data, context={}, na_action="raise")
    except (FormulaicError, ValueError, TypeError, SyntaxError) as error:
        raise FormulaError(f"'{side}' cannot be computed from the table: {error}") from error
    values = np.asarray(matrix, dtype=np.float64)
    infinite = np.flatnonzero(~np.isfinite(values).all(axis=1))
    if len(infinite):
        rows = tuple(data.index[infinite])
        raise MixedModelError(f"'{side}' has no finite value in {rows_named(rows)}", column=side, rows=rows)
    return matrix


def _full_rank(x: FloatArray) -> tuple[FloatArray, list[int]]:
    """The columns that are no sum of earlier ones, and their places, as R's ``qr`` with limited pivoting keeps them."""
    kept = list(range(x.shape[1]))
    lengths = np.sqrt(np.einsum("ij,ij->j", x, x))
    while kept:
        triangle = np.abs(np.diag(np.linalg.qr(x[:, kept], mode="r")))
        if len(triangle) < len(kept):
            triangle = np.append(triangle, np.zeros(len(kept) - len(triangle)))
        bad = np.flatnonzero(triangle <= RANK_TOLERANCE * lengths[kept])
        if not len(bad):
            break
        kept.pop(int(bad[0]))
    if not kept:
        raise MixedModelError("the fixed part has no column that is not zero")
    return (x if len(kept) == x.shape[1] else x[:, kept]), kept


def _factors(terms: Iterable[RandomTerm], data: pd.DataFrame) -> tuple[Factor, ...]:
    grouped: dict[tuple[str, ...], list[RandomTerm]] = {}
    for term in terms:
        grouped.setdefault(term.group, []).append(term)
    return tuple(_factor(group, blocks, data) for group, blocks in grouped.items())


def _factor(group: tuple[str, ...], terms: list[RandomTerm], data: pd.DataFrame) -> Factor:
    name = ":".join(group)
    codes, levels = _levels(group, data)
    _refuse_levels(name, levels, len(data))
    blocks, columns = [], []
    for term in terms:
        matrix = _matrix(term.columns, data)
        _refuse_effects(name, term, len(levels) * matrix.shape[1], len(data))
        values = np.asarray(matrix, dtype=np.float64)
        columns += [_column(values[:, n], str(term), name) for n in range(values.shape[1])]
        blocks.append(Block(term, tuple(map(str, matrix.columns)), matrix.model_spec))
    return Factor(name, group, levels, codes, tuple(blocks), tuple(columns))


def _refuse_levels(name: str, levels: tuple[Any, ...], rows: int) -> None:
    if len(levels) < 2:
        raise MixedModelError(f"the factor '{name}' has one level only, {levels[0]}: it cannot vary", column=name)
    if len(levels) >= rows:
        raise MixedModelError(
            f"the factor '{name}' has a level of its own in each of the {rows} rows: its effects and the residual "
            "are one and the same",
            column=name,
        )


def _refuse_effects(name: str, term: RandomTerm, effects: int, rows: int) -> None:
    if effects >= rows:
        raise MixedModelError(
            f"{term} asks for {effects} effects from {rows} rows: drop a slope, or take more ratings", column=name
        )


def restricted(design: Design, keep: NDArray[np.bool_]) -> Design:
    """The design of some of its rows, as ``make_design`` would make it of them: without levels and columns that they
    do not have, and refused where they carry no such model.

    What stands in ``terms`` keeps its name, so a first category must be among the rows for the others to be held
    against it. Raises ``MixedModelError``.
    """
    y = design.y[keep]
    _check_outcome(design.formula.outcome, y)
    x, kept = _full_rank(design.x[keep])
    if len(y) <= x.shape[1]:
        raise MixedModelError(f"{len(y)} rows cannot carry {x.shape[1]} fixed effects")
    return replace(
        design,
        y=y,
        x=x,
        terms=tuple(design.terms[n] for n in kept),
        factors=tuple(_restricted(factor, keep) for factor in design.factors),
        rows=design.rows[keep],
        dropped=(*design.dropped, *(term for n, term in enumerate(design.terms) if n not in kept)),
    )


def _restricted(factor: Factor, keep: NDArray[np.bool_]) -> Factor:
    places, codes = np.unique(factor.codes[keep], return_inverse=True)
    levels = tuple(factor.levels[place] for place in places)
    _refuse_levels(factor.name, levels, len(codes))
    for block in factor.blocks:
        _refuse_effects(factor.name, block.term, len(levels) * block.size, len(codes))
    terms = [str(block.term) for block in factor.blocks for _ in block.names]
    columns = tuple(
        None if column is None else _column(column[keep], term, factor.name)
        for column, term in zip(factor.columns, terms, strict=True)
    )
    return replace(factor, levels=levels, codes=codes.reshape(-1).astype(np.int64), columns=columns)


def _column(values: FloatArray, term: str, factor: str) -> FloatArray | None:
    if not values.any():
        raise MixedModelError(f"{term} has a column of zeros only", column=factor)
    return None if (values == 1).all() else np.ascontiguousarray(values)


def _levels(group: tuple[str, ...], data: pd.DataFrame) -> tuple[IntArray, tuple[Any, ...]]:
    """Each row's level as a number from 0, in the order of the levels, and the levels; tuples for interactions."""
    codes, levels = pd.factorize(data[group[0]], sort=True)
    labels: tuple[Any, ...] = tuple(levels)
    for name in group[1:]:
        more, inner = pd.factorize(data[name], sort=True)
        both, kept = pd.factorize(codes.astype(np.int64) * len(inner) + more, sort=True)
        outer = [label if isinstance(label, tuple) else (label,) for label in labels]
        labels = tuple((*outer[key // len(inner)], inner[key % len(inner)]) for key in map(int, kept))
        codes = both
    return codes.astype(np.int64), labels
