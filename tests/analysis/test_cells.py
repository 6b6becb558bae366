"""A cell shows its value and can be read back."""

from datetime import UTC, datetime

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.cells import cells
from analysis.schema_columns import Column
from analysis.validation import FrameError


def column(kind: str) -> Column:
    return Column("value", kind, "A value.")  # type: ignore[arg-type]  # the tests name kinds as the schema does


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e50, max_value=1e50), min_size=1))
def test_numbers_read_back_to_the_same_value(values: list[float]) -> None:
    assert [float(cell) for cell in cells(pd.Series(values, name="value"), column("number"))] == values


def test_whole_numbers_have_no_point_and_missing_ones_are_empty() -> None:
    series = pd.Series([1, None, 3], name="value", dtype="float64")
    assert cells(series, column("integer")) == ["1", "", "3"]
    assert cells(pd.Series([2**60 + 1], name="value"), column("integer")) == [str(2**60 + 1)]
    assert cells(pd.Series([1, None], dtype="Int64", name="value"), column("integer")) == ["1", ""]


def test_times_are_utc_with_milliseconds_whatever_their_zone() -> None:
    at = pd.Series(pd.to_datetime(["2026-03-01T12:30:15.123456+02:00", ""], utc=False), name="value")
    assert cells(at, column("time")) == ["2026-03-01T10:30:15.123Z", ""]
    whole = pd.Series([datetime(2026, 1, 1, tzinfo=UTC)], name="value")
    assert cells(whole, column("time")) == ["2026-01-01T00:00:00.000Z"]
    assert cells(pd.Series([None], name="value", dtype="object"), column("time")) == [""]


def test_times_without_a_zone_are_refused() -> None:
    with pytest.raises(FrameError, match="must hold times with a zone"):
        cells(pd.Series([pd.Timestamp("2026-01-01")], name="value"), column("time"))


def test_yes_no_is_1_or_0() -> None:
    assert cells(pd.Series([True, None, False], dtype="object", name="value"), column("yes-no")) == ["1", "", "0"]
    with pytest.raises(FrameError, match="neither true nor false"):
        cells(pd.Series(["maybe"], name="value"), column("yes-no"))
