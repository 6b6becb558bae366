"""The benchmark of validity looks at the numbers that a report prints."""

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from scipy import stats

from analysis.crossed import crossed_contrasts
from analysis.plan import Plan
from benchmarks import validity


def test_equivalence_at_the_bound_is_the_p_of_two_one_sided_tests() -> None:
    row = crossed_contrasts(validity.null_study(3), Plan(reference="real")).rows[0]
    # Only the estimate moves by the bound, so that the upper test is of the null study's own estimate against 0.
    expected = float(stats.t.cdf(row.estimate / row.std_error, row.df))
    assert validity.one_study(3, "between")["tost_model"] == pytest.approx(expected, abs=1e-4)


def test_where_people_read_every_arm_the_two_models_are_compared() -> None:
    found = validity.one_study(3, "within")
    assert 0 < found["p_model"] < 1
    assert 0 < found["tost_model"] < 1


def test_of_studies_with_few_repeats_some_have_enough_for_an_effect_of_people_and_some_have_not() -> None:
    studies = [validity.one_study(seed, "few-repeats") for seed in range(12)]
    assert {study["people_term"] for study in studies} == {0.0, 1.0}
    assert all(0 < study["p_model"] < 1 for study in studies)


def test_a_shipped_p_of_equivalence_that_is_broken_shows_in_the_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(ratings: pd.DataFrame, plan: Plan, **options: Any) -> Any:
        found = crossed_contrasts(ratings, plan, **options)
        return replace(found, rows=tuple(replace(row, equivalence_p=0.001) for row in found.rows))

    monkeypatch.setattr(validity, "crossed_contrasts", broken)
    assert validity.one_study(3, "between")["tost_model"] == 0.001
