"""A report's tables as CSV are numbers that a program reads: every digit, one value a cell, names that stay."""

import io

import pandas as pd
import pytest

from analysis.report_data import table_csv, table_rows

RESULTS = {
    "means": [{"contrast": "small - real", "estimate": -2.2345678901234567, "df": 40.0, "p_adjusted": None}],
    "items": [{"item": "clear", "arms": [{"arm": "real", "mean": 2.5}, {"arm": "=small", "mean": 1 / 3}]}],
    "equivalence": [
        {"contrast": "small - real", "equivalence": {"bound_low": -0.5, "verdict": "unknown"}, "planned": True}
    ],
    "heterogeneity": [{"covariate": "party", "interaction": [1.5, 2.0, 80.25, 0.2], "rows": []}],
    "trend": {"rows": [{"term": "line", "estimate": 0.25}], "departure": [3.5, 1.0, 60.0, 0.07]},
    "agreement": None,
}


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(table_csv(name, RESULTS)))


def test_a_number_is_read_back_as_it_was_and_what_is_missing_as_missing() -> None:
    frame = read("means")
    assert frame.loc[0, "estimate"] == -2.2345678901234567
    assert frame["p_adjusted"].isna().all()
    assert table_csv("means", RESULTS).isascii()


def test_what_is_above_a_row_stands_in_it_and_what_is_inside_it_has_both_names() -> None:
    rows = [["clear", "real", 2.5], ["clear", "'=small", 1 / 3]]
    assert read("items")[["item", "arm", "mean"]].values.tolist() == rows
    assert list(read("equivalence")) == ["contrast", "equivalence_bound_low", "equivalence_verdict", "planned"]
    assert read("equivalence")["planned"].tolist() == [1]


def test_joint_tests_are_rows_of_named_numbers() -> None:
    assert table_rows("interactions", RESULTS) == [
        {"covariate": "party", "statistic": 1.5, "df": 2.0, "df_within": 80.25, "p_value": 0.2}
    ]
    assert read("trend")["p_value"].tolist()[1] == 0.07


def test_the_main_tests_own_f_stands_before_those_on_peoples_means() -> None:
    joint = {"statistic": 5.5, "df": 2.0, "df_within": 88.4, "p_value": 0.005}
    means = [{"term": "Levene", "statistic": 1.0}]
    rows = table_rows("omnibus", {"omnibus": means, "crossed": {"omnibus": joint, "n_people": 90}})
    assert [row["term"] for row in rows] == ["Mixed model F", "Levene"]
    assert rows[0]["df_within"] == 88.4
    without = {"omnibus": means, "crossed": {"omnibus": dict.fromkeys(joint), "n_people": 90}}
    assert table_rows("omnibus", without) == table_rows("omnibus", {"omnibus": means, "crossed": None}) == means


def test_exclusions_begin_with_what_there_was_before_any_rule() -> None:
    step = {"rule": "incomplete", "description": "Who left.", "people_out": 2, "ratings_out": 6}
    step |= {"people_left": 8, "ratings_left": 30, "n_unknown": 0}
    rows = table_rows("exclusions", {"exclusions": [step]})
    assert rows[1:] == [step]
    assert [*rows[0]] == [*step]
    assert (rows[0]["description"], rows[0]["people_left"], rows[0]["ratings_left"]) == ("Before any rule", 10, 36)
    assert rows[0]["people_out"] is None
    assert table_rows("exclusions", {"exclusions": []}) == []


def test_a_table_whose_numbers_nobody_placed_is_an_error_and_one_without_rows_is_empty() -> None:
    with pytest.raises(KeyError):
        table_rows("unheard-of", RESULTS)
    assert table_rows("agreement", RESULTS) == []
