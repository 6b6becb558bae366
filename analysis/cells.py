"""PURE: how one value stands in a CSV file, so that a spreadsheet shows it and never runs it."""

from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_integer_dtype

from analysis.formulas import neutralised
from analysis.schema_columns import Column
from analysis.validation import FrameError, numbers


def cells(series: pd.Series, column: Column) -> list[str]:
    """The column's values as the cells of a CSV file, before quoting.

    Missing is empty. Times are ISO 8601 in UTC with milliseconds and 'Z'; yes-no is 1 or 0; whole numbers have no
    point; other numbers are the shortest digits that read back to the same value. Raises ``FrameError`` for a value
    that is not of the column's type.
    """
    if column.type in {"integer", "number"}:
        given = numbers(series)
        if is_integer_dtype(series.dtype):
            return ["" if value is None else str(value) for value in _values(series)]
        return [shortest(value) for value in given.tolist()]
    if column.type == "time":
        if series.isna().all():
            return [""] * len(series)
        if not isinstance(series.dtype, pd.DatetimeTZDtype):
            raise FrameError(f"the column '{column.name}' must hold times with a zone", column=column.name)
        return _times(series)
    values = _values(series)
    if column.type == "yes-no":
        return ["" if value is None else _yes_no(value) for value in values]
    # Most columns say a few things again and again, and each is looked at once.
    known = {None: "", **{value: neutralised(str(value)) for value in dict.fromkeys(values) if value is not None}}
    return [known[value] for value in values]


def _values(series: pd.Series) -> list[Any]:
    """The values with None for what is missing."""
    if isinstance(series.dtype, pd.StringDtype):
        texts: list[Any] = series.to_numpy(dtype="object", na_value=None).tolist()  # type: ignore[call-overload]  # the stubs lack None
        return texts
    return series.astype("object").where(series.notna(), None).tolist()


def shortest(value: float) -> str:
    """The fewest digits that read back to the same number, without a point where it is whole; '' for nan."""
    if value != value:
        return ""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def _times(series: pd.Series) -> list[str]:
    moments = series.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy().astype("datetime64[ms]")
    return ["" if text == "NaT" else f"{text}Z" for text in np.datetime_as_string(moments, unit="ms").tolist()]


def _yes_no(value: object) -> str:
    if value not in (True, False):
        raise FrameError(f"{value!r} is neither true nor false")
    return "1" if value else "0"
