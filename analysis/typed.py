"""PURE: the columns of a file, which may all be text, as the types that analysis/schema.py gives them."""

from collections.abc import Collection

import pandas as pd
from pandas.api import types

from analysis.schema_columns import Column, Table
from analysis.validation import FrameError, check_column

# What stands for 'no value' in files that people make.
MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "."})
_YES_NO = {"1": True, "0": False, "true": True, "false": False, "yes": True, "no": False}


def typed(frame: pd.DataFrame, table: Table, *, leave: Collection[str] = (), file: str = "the file") -> pd.DataFrame:
    """The frame with each column that ``table`` describes made its type and held to its levels and bounds.

    Columns of ``leave``, and those that the table does not know, stay as they are. Raises ``FrameError`` naming
    column, rows and what the schema wants.
    """
    made = {}
    for column in table.columns:
        if column.name not in frame.columns or column.name in leave:
            continue
        series = frame[column.name]
        try:
            made[column.name] = _as_type(series, column) if _is_text(series) else series
            check_column(made[column.name], column)
        except FrameError as error:
            raise FrameError(
                f"{file}: {error}. The name '{column.name}' is kept for: {column.description} "
                "Mend the values, or give the column another name",
                column=error.column,
                rows=error.rows,
            ) from error
    return frame.assign(**made)


def _is_text(series: pd.Series) -> bool:
    return types.is_string_dtype(series.dtype)


def _as_type(series: pd.Series, column: Column) -> pd.Series:
    if column.type == "text":
        return series
    text = series.astype("object").where(series.notna(), "").astype("str").str.strip()
    missing = text.str.lower().isin(MISSING)
    if column.type == "time":
        values = pd.to_datetime(text.where(~missing), errors="coerce", utc=True, format="ISO8601")
        wanted = "times as ISO 8601 with a zone, such as 2026-01-31T12:00:00Z"
    elif column.type == "yes-no":
        values = text.str.lower().map(_YES_NO)
        wanted = "yes or no, true or false, 1 or 0"
    else:
        values = pd.to_numeric(text.where(~missing), errors="coerce")
        wanted = "numbers"
    wrong = values.isna() & ~missing
    if wrong.any():
        row = series.index[wrong][0]
        raise FrameError(
            f"the column '{column.name}' must hold {wanted}, not {series[row]!r} in row {row}",
            column=column.name,
            rows=tuple(series.index[wrong]),
        )
    return values
