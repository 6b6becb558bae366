"""A frame keeps the contract, or the error names its column and rows."""

import numpy as np
import pandas as pd
import pytest

from analysis.schema import PARTICIPANTS, RATINGS, item_column
from analysis.schema_columns import Level
from analysis.validation import FrameError, check_columns, check_ratings, check_unique, numbers
from tests.analysis.ratings import ratings_of

GOOD = ratings_of({"real": [7, 8, 6], "small": [5, 6, 4]})


def with_cell(column: str, row: int, value: object) -> pd.DataFrame:
    cells = list(GOOD[column])
    cells[row] = value
    return GOOD.assign(**{column: pd.Series(cells, dtype="object")})


def test_good_ratings_come_back_ordered_with_floats() -> None:
    checked = check_ratings(GOOD.iloc[::-1])
    assert list(checked["participant"]) == sorted(GOOD["participant"])
    assert checked["credibility"].dtype == np.float64


def test_the_callers_frame_is_left_as_it_was() -> None:
    before = GOOD.copy()
    check_ratings(GOOD)
    pd.testing.assert_frame_equal(GOOD, before)


@pytest.mark.parametrize("column", ["participant", "arm", "article", "credibility"])
def test_a_missing_column_is_named_with_those_that_there_are(column: str) -> None:
    with pytest.raises(FrameError, match=f"the column '{column}' is missing; there are ") as error:
        check_ratings(GOOD.drop(columns=column))
    assert error.value.column == column


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("credibility", "seven", "must hold numbers, not 'seven' in row 4"),
        ("credibility", "7", "must hold numbers, not '7' in row 4"),
        ("credibility", np.inf, "must hold finite numbers that can be ratings, not inf in row 4"),
        ("credibility", 1e200, "must hold finite numbers"),
        ("participant", None, "has no value in row 4"),
        ("arm", "  ", "has no value in row 4"),
        ("article", np.nan, "has no value in row 4"),
    ],
)
def test_a_bad_cell_is_named_with_its_row(column: str, value: object, says: str) -> None:
    with pytest.raises(FrameError, match=says) as error:
        check_ratings(with_cell(column, 4, value))
    assert (error.value.column, error.value.rows) == (column, (4,))


def test_an_article_rated_twice_by_one_person_is_refused_with_both_rows() -> None:
    with pytest.raises(FrameError, match=r"participant 'real-000', article 'real-0' stands in rows 0, 6. Keep") as e:
        check_ratings(pd.concat([GOOD, GOOD.iloc[[0]]], ignore_index=True))
    assert e.value.rows == (0, 6)


def test_an_empty_frame_and_a_column_twice_are_refused() -> None:
    with pytest.raises(FrameError, match="there are no ratings"):
        check_ratings(GOOD.iloc[:0])
    with pytest.raises(FrameError, match="more than once: origin"):
        check_ratings(pd.concat([GOOD, GOOD[["origin"]]], axis=1))


def test_missing_outcomes_stay_missing() -> None:
    checked = check_ratings(with_cell("credibility", 0, None))
    assert checked["credibility"].isna().sum() == 1


def test_many_bad_rows_are_counted_not_listed() -> None:
    frame = ratings_of({"real": [float("inf")] * 12})
    with pytest.raises(FrameError, match="in rows 0, 1, 2, 3, 4 and 7 more") as error:
        check_ratings(frame)
    assert len(error.value.rows) == 12


def test_whole_numbers_with_gaps_are_floats() -> None:
    assert numbers(pd.Series([1, None, 3], dtype="Int64", name="x")).tolist()[::2] == [1.0, 3.0]
    assert numbers(pd.Series([None, None], dtype="object", name="x")).isna().all()


class TestAgainstTheSchema:
    table = RATINGS.with_items([item_column("accurate", "How accurate?", levels=(Level("1", "no"), Level("4", "yes")))])

    @pytest.mark.parametrize(
        ("column", "value", "says"),
        [
            ("credibility", 11.0, "must lie from 1 to 10, unlike 11.0 in rows 0, 1,"),
            ("accurate", 5, "must lie from 1 to 4, unlike 5"),
            ("accurate", 2.5, "must hold whole numbers, not 2.5"),
            ("origin", "martian", "must be one of real, synthetic, not 'martian'"),
            ("model", 7, "must hold text, not 7"),
            ("credible", "maybe", "must hold true or false, not 'maybe'"),
            ("submitted_at", "yesterday", "must hold times with a zone"),
            ("submitted_at", pd.Timestamp("2026-01-01"), "must hold times with a zone"),
            ("mode", "", "must not be empty"),
            ("colour", "red", "is not described in the table 'ratings'"),
        ],
    )
    def test_a_value_that_breaks_it_is_named(self, column: str, value: object, says: str) -> None:
        frame = GOOD.assign(**{column: pd.Series([value] * len(GOOD), index=GOOD.index)})
        with pytest.raises(FrameError, match=says):
            check_ratings(frame, table=self.table)

    def test_what_it_describes_passes(self) -> None:
        times = pd.Series(pd.to_datetime(["2026-01-01T10:00:00Z"] * 6))
        frame = GOOD.assign(accurate=3, credible=True, submitted_at=times, mode="live", shown_at=None)
        assert len(check_ratings(frame, table=self.table)) == 6

    def test_a_table_needs_its_required_columns_and_unique_keys(self) -> None:
        people = pd.DataFrame({"participant": ["a", "a"], "outcome": ["", "left"], "arm": ["", "real"]})
        check_columns(people, PARTICIPANTS)
        with pytest.raises(FrameError, match="the column 'arm' is missing from participants"):
            check_columns(people.drop(columns="arm"), PARTICIPANTS)
        with pytest.raises(FrameError, match="participant must be unique"):
            check_unique(people, PARTICIPANTS)


def test_one_key_in_two_spellings_is_refused_with_both() -> None:
    with pytest.raises(FrameError, match=r"the column 'arm' holds both 'real' and 'real ', .*row 0\)") as error:
        check_ratings(with_cell("arm", 0, "real "))
    assert (error.value.column, error.value.rows) == ("arm", (0,))


@pytest.mark.parametrize("column", ["origin", "story", "model", "curation"])
def test_an_article_that_is_two_things_is_refused_with_its_rows(column: str) -> None:
    frame = GOOD.drop(columns="origin").assign(
        article=["a", "b", "c", "c", "a", "d"], **{column: ["x", "x", "x", "x", "y", "y"]}
    )
    with pytest.raises(
        FrameError, match=f"article 'a' has in the column '{column}' 'x' in row 0 and 'y' in row 4"
    ) as e:
        check_ratings(frame)
    assert (e.value.column, e.value.rows) == (column, (0, 4))
    # Rows that say nothing are no other thing.
    check_ratings(frame.assign(**{column: pd.Series(["x", "x", "x", "", None, "y"])}))
