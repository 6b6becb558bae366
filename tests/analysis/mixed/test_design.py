"""Which tables carry a model and which are refused, by column and row."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.mixed import FormulaError, MixedModelError, fit_mixed
from analysis.mixed.design import make_design
from tests.analysis.mixed.ratings import crossed

MODEL = "y ~ origin + (1 | participant) + (1 | article)"


def changed(column: str, rows: list[int], value: Any) -> pd.DataFrame:
    frame = crossed()
    frame[column] = frame[column].astype(object) if isinstance(value, str) else frame[column]
    frame.loc[rows, column] = value
    return frame


def refusal(frame: pd.DataFrame, formula: str = MODEL) -> MixedModelError:
    with pytest.raises(MixedModelError) as caught:
        fit_mixed(frame, formula)
    return caught.value


def test_an_unknown_column_is_named_beside_those_there_are() -> None:
    with pytest.raises(FormulaError, match="no column 'arm'; it has participant, article, origin, signed, y") as caught:
        make_design(crossed(), "y ~ arm + (1 | participant)")
    assert caught.value.column == "arm"


def test_infinite_values_are_named_by_row() -> None:
    error = refusal(changed("y", [3, 12], np.inf))
    assert (error.column, error.rows) == ("y", (3, 12))
    assert "infinite in rows 3, 12" in str(error)


def test_what_a_function_makes_infinite_is_named_by_row() -> None:
    frame = crossed().assign(age=30.0)
    frame.loc[5, "age"] = 0.0
    with np.errstate(divide="ignore"):
        error = refusal(frame, "y ~ log(age) + (1 | participant)")
    assert error.rows == (5,)


def test_text_among_numbers_is_named_by_row() -> None:
    error = refusal(changed("y", [7], "seven"))
    assert (error.column, error.rows) == ("y", (7,))
    assert "row 7 ('seven')" in str(error)


def test_an_outcome_of_text_is_refused() -> None:
    assert "not numbers" in str(refusal(crossed().assign(y="good")))


def test_a_constant_outcome_is_refused() -> None:
    assert "the outcome 'y' is 4 in all 80 rows" in str(refusal(crossed().assign(y=4.0)))


def test_one_participant_is_refused() -> None:
    error = refusal(crossed().assign(participant="p1"))
    assert "the factor 'participant' has one level only, p1" in str(error)


def test_one_arm_is_refused() -> None:
    assert "the column 'origin' has only the value real" in str(refusal(crossed().assign(origin="real")))


def test_an_arm_that_only_missing_outcomes_have_is_refused() -> None:
    frame = crossed()
    frame.loc[frame["origin"] == "synthetic", "y"] = np.nan
    assert "the column 'origin' has only the value real" in str(refusal(frame))


def test_a_category_that_no_row_has_makes_no_column() -> None:
    frame = crossed()
    frame["origin"] = pd.Categorical(frame["origin"], categories=["human", "real", "synthetic"])
    assert make_design(frame, MODEL).terms == ("Intercept", "origin[T.synthetic]")


def test_the_first_category_is_the_reference() -> None:
    frame = crossed()
    frame["origin"] = pd.Categorical(frame["origin"], categories=["synthetic", "real"])
    assert make_design(frame, MODEL).terms == ("Intercept", "origin[T.real]")


def test_a_level_for_every_row_is_refused() -> None:
    frame = crossed().assign(row=lambda rows: [f"r{n}" for n in rows.index])
    assert "a level of its own in each of the 80 rows" in str(refusal(frame, "y ~ origin + (1 | row)"))


def test_as_many_effects_as_rows_are_refused() -> None:
    frame = crossed(each=2)
    assert "asks for 40 effects from 40 rows" in str(refusal(frame, "y ~ origin + (1 + signed | participant)"))


def test_a_table_without_complete_rows_is_refused() -> None:
    assert "no row has a value in every column" in str(refusal(crossed().assign(y=np.nan)))


def test_missing_values_anywhere_leave_the_row_out() -> None:
    frame = crossed()
    frame.loc[2, "origin"] = None
    frame.loc[5, "participant"] = None
    design = make_design(frame, MODEL)
    assert (len(design.y), design.n_missing) == (78, 2)
    assert {2, 5}.isdisjoint(design.rows)


def test_yes_and_no_are_categories() -> None:
    design = make_design(crossed().assign(seen=lambda rows: rows.index % 3 == 0), "y ~ seen + (1 | participant)")
    assert design.terms == ("Intercept", "seen[T.True]")


def test_columns_that_are_sums_of_others_are_dropped_and_named() -> None:
    frame = crossed().assign(one=1.0, twice=lambda rows: rows["signed"] * 2 + 1)
    design = make_design(frame, "y ~ signed + twice + one + (1 | participant)")
    assert design.terms == ("Intercept", "signed")
    assert design.dropped == ("twice", "one")


def test_the_levels_of_a_combination_are_pairs() -> None:
    (factor,) = make_design(crossed(), "y ~ 1 + (1 | origin:participant)").factors
    assert factor.name == "origin:participant"
    assert ("real", "p00") in factor.levels


def test_data_without_noise_are_refused() -> None:
    assert "fits every row exactly" in str(refusal(crossed(noise=0.0)))


def test_duplicate_ratings_are_ratings() -> None:
    frame = crossed()
    twice = pd.concat([frame, frame.head(10)], ignore_index=True)
    assert fit_mixed(twice, MODEL).n == 90
