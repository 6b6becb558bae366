"""A cell shows its value, can be read back, and is never run by a spreadsheet."""

import doctest
import re
from datetime import UTC, datetime

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import cells as module
from analysis.cells import cells, neutralised, restored
from analysis.schema import Column
from analysis.validation import FrameError

STARTS = tuple("=+-@\t\r\n＝＋－＠")


def column(kind: str) -> Column:
    return Column("value", kind, "A value.")  # type: ignore[arg-type]  # the tests name kinds as the schema does


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(module).failed == 0


@given(st.text() | st.builds(str.__add__, st.sampled_from([*STARTS, "'", "'=", "''-"]), st.text()))
def test_text_is_given_back_and_never_starts_a_formula_unless_it_is_a_number(text: str) -> None:
    cell = neutralised(text)
    assert restored(cell) == text
    if cell.startswith(STARTS):
        float(cell)


@given(st.text(alphabet="a1;\t '\"=-)\n"))
def test_text_is_given_back_and_no_part_of_it_between_semicolons_or_tabs_starts_a_formula(text: str) -> None:
    cell = neutralised(text)
    assert restored(cell) == text
    for part in re.split("[;\t]", cell)[1:]:
        begins = part.lstrip(' "\n')
        assert not begins.startswith(("=", "-")) or begins[1:2] == ")"


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("abc;=HYPERLINK(1)", "abc;'=HYPERLINK(1)"),
        ("abc\t=1", "abc\t'=1"),
        ("a; +1;  @b", "a; '+1;  '@b"),
        ('a;"=1+1"', 'a;"\'=1+1"'),
        ("a;'-1", "a;''-1"),
        ("=1;=2", "'=1;'=2"),
        ("-5;=2", "'-5;'=2"),
        ("\t=1", "'\t'=1"),
        ("a\t＝1", "a\t'＝1"),
    ],
)
def test_a_sign_behind_a_separator_of_another_country_gets_an_apostrophe(text: str, cell: str) -> None:
    assert neutralised(text) == cell
    assert restored(cell) == text


@pytest.mark.parametrize("text", ["fair; well-made", "so it is ;-)", "a = b; c - d", "a-b;c", "see a@b.org;", "x;'y'"])
def test_honest_text_with_semicolons_stays_as_it_is(text: str) -> None:
    assert neutralised(text) == text


@pytest.mark.parametrize("text", ["=1+1", "+cmd|' /C calc'!A0", "-1+1", "@SUM(A1)", "\r=1", "＝1+1"])
def test_formulas_get_an_apostrophe(text: str) -> None:
    assert neutralised(text) == f"'{text}"


@pytest.mark.parametrize("text", ["-5", "+3.25", "-.5", "-1e-3", "plain", "", "'quoted'", "5-2"])
def test_numbers_and_plain_text_stay_as_they_are(text: str) -> None:
    assert neutralised(text) == text


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
