"""PURE: the columns of a model as numbers or categories without missing values, or a refusal that names the rows."""

from collections.abc import Sequence

import formulaic
import numpy as np
import pandas as pd
from formulaic.errors import FormulaicError
from pandas.api import types

from analysis.mixed.formula import FormulaError, MixedModelError, names_in


def rows_named(rows: Sequence[object], most: int = 5) -> str:
    """The rows in words: ``row 3``, or ``rows 3, 7, 9, 12, 13 and 2 more``."""
    shown = ", ".join(map(str, rows[:most]))
    more = f" and {len(rows) - most} more" if len(rows) > most else ""
    return f"row{'s' if len(rows) > 1 else ''} {shown}{more}"


def columns_of(side: str) -> list[str]:
    """The names of the columns that a right-hand side of formulaic needs. Raises ``FormulaError`` if it is none."""
    try:
        formulaic.Formula(side)
    except (FormulaicError, SyntaxError) as error:
        raise FormulaError(f"'{side}' is no right-hand side of a formula: {error}") from error
    # formulaic itself names no column within scale(), center() and poly(), which keep what they saw.
    return sorted(names_in(side))


def with_numbers(frame: pd.DataFrame, *, outcome: str | None, covariates: Sequence[str]) -> pd.DataFrame:
    """The rows in which every column is known, with numbers as float64 and everything else as used categories.

    Raises ``MixedModelError`` for infinite values, for text among numbers, for an outcome that is no number, and for
    a category among ``covariates`` of which only one value is left. Without ``outcome``, for prediction, one value
    will do.
    """
    for name in frame.columns:
        _refuse_mixed(frame[name])
        if types.is_numeric_dtype(frame[name]) and not types.is_bool_dtype(frame[name]):
            _refuse_infinite(frame[name])
    if outcome is not None and (not types.is_numeric_dtype(frame[outcome]) or types.is_bool_dtype(frame[outcome])):
        _refuse_outcome(frame[outcome])
    missing = frame.isna().any(axis=1)
    data = frame.loc[~missing] if missing.any() else frame
    typed = {name: _typed(data[name]) if name in (outcome, *covariates) else data[name] for name in frame.columns}
    for name in covariates if outcome is not None else ():
        _refuse_single(typed[name])
    return pd.DataFrame(typed, index=data.index)


def _refuse_outcome(column: pd.Series) -> None:
    wrong = column[pd.to_numeric(column, errors="coerce").isna() & column.notna()]
    where = f"; {wrong.iloc[0]!r} stands in {rows_named(tuple(wrong.index))}" if len(wrong) else ""
    raise MixedModelError(
        f"the outcome '{column.name}' holds {column.dtype}, not numbers{where}",
        column=str(column.name),
        rows=tuple(wrong.index),
    )


def _typed(column: pd.Series) -> pd.Series:
    if types.is_numeric_dtype(column) and not types.is_bool_dtype(column):
        return column.astype("float64")
    return column.astype("category").cat.remove_unused_categories()


def _refuse_single(column: pd.Series) -> None:
    if not isinstance(column.dtype, pd.CategoricalDtype):
        return
    if len(column.cat.categories) == 1 and len(column):
        value = column.cat.categories[0]
        raise MixedModelError(f"the column '{column.name}' has only the value {value}", column=str(column.name))


def _refuse_infinite(column: pd.Series) -> None:
    wrong = np.isinf(column.to_numpy(dtype=np.float64, na_value=np.nan))
    if wrong.any():
        rows = tuple(column.index[wrong])
        raise MixedModelError(
            f"the column '{column.name}' is infinite in {rows_named(rows)}: correct these values or make them missing",
            column=str(column.name),
            rows=rows,
        )


def _refuse_mixed(column: pd.Series) -> None:
    if not types.is_object_dtype(column):
        return
    known = column[column.notna()]
    is_text = known.map(lambda value: isinstance(value, str))
    if is_text.any() and not is_text.all():
        fewer = known[is_text if is_text.sum() <= len(known) / 2 else ~is_text]
        rows = tuple(fewer.index)
        raise MixedModelError(
            f"the column '{column.name}' mixes text and other values; the fewer are in {rows_named(rows)}"
            f" ({fewer.iloc[0]!r}): write all of them in one way",
            column=str(column.name),
            rows=rows,
        )
