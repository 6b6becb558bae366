"""A text that a spreadsheet would run gets an apostrophe, is given back whole, and an honest one stays as it is."""

import doctest
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import formulas as module
from analysis.formulas import neutralised, restored

STARTS = tuple("=+-@\t\r\n＝＋－＠")


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
