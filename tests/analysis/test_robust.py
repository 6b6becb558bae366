"""Sensitivity lines: two-way clustered errors as R's sandwich, ordinal regression as R's clm, and refusals."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.plan import Plan
from analysis.robust import clustered_ols, ordinal_regression
from analysis.validation import FrameError
from tests.analysis.ratings import ratings_of, simulated

REFERENCE = Path(__file__).parent.parent / "reference"
R: dict[str, Any] = json.loads((REFERENCE / "crossed.json").read_text(encoding="utf-8"))["more"]
CLUSTERED: list[dict[str, Any]] = json.loads((REFERENCE / "clustered.json").read_text(encoding="utf-8"))
CLUSTERED_ODDS: dict[str, float] = json.loads((REFERENCE / "clustered_odds.json").read_text(encoding="utf-8"))
PLAN = Plan(reference="real")


def test_two_way_clustered_errors_are_sandwichs_with_fixests_factor_of_clusters() -> None:
    found = clustered_ols(pd.DataFrame(R["data"]), PLAN, arms=["real", "small", "large"])
    for row, expected in zip(found.rows, CLUSTERED, strict=True):
        assert row.arm == expected.pop("arm")
        for column, value in expected.items():
            assert getattr(row, column) == pytest.approx(value, rel=1e-8), column
    assert {caution.about for caution in found.cautions} == {"article"}


def test_ordinal_regression_has_clms_coefficients_and_the_errors_of_its_scores_by_person() -> None:
    found = {row.arm: row for row in ordinal_regression(pd.DataFrame(R["ordinal"]["data"]), PLAN).rows}
    for arm, error in CLUSTERED_ODDS.items():
        assert found[arm].estimate == pytest.approx(R["ordinal"][arm], abs=2e-5)
        assert found[arm].std_error == pytest.approx(error, rel=1e-3)


def test_arms_that_separate_the_ratings_give_no_numbers_but_a_reason() -> None:
    ratings = ratings_of({"real": [1, 2, 1, 2, 2], "small": [3, 4, 3, 4, 4]})
    found = ordinal_regression(ratings, PLAN)
    assert found.rows == ()
    assert "perfect separation" in found.cautions[0].sentence


@pytest.mark.parametrize("method", [clustered_ols, ordinal_regression])
@pytest.mark.parametrize(
    "ratings",
    [
        simulated().assign(credibility=5.0),
        simulated().query("arm == 'real'"),
        ratings_of({"real": [4.0], "small": [5.0]}),
    ],
    ids=["constant", "one arm", "two ratings"],
)
def test_data_that_carry_nothing_give_a_reason(method: Any, ratings: pd.DataFrame) -> None:
    found = method(ratings, PLAN)
    assert found.rows == ()
    assert found.cautions[0].code == "no-model"


def test_a_reference_without_ratings_is_refused() -> None:
    with pytest.raises(FrameError, match="has no ratings"):
        clustered_ols(simulated().query("arm != 'real'"), PLAN, arms=["real", "small", "large"])


def test_a_negative_clustered_variance_gives_no_error_and_says_so() -> None:
    found = clustered_ols(simulated(within=True), Plan(reference="real"))
    lost = [row for row in found.rows if math.isnan(row.std_error)]
    assert lost
    assert all(math.isfinite(row.estimate) and math.isnan(row.p_value) for row in lost)
    assert {one.about for one in found.cautions if one.code == "no-clustered-error"} == {row.contrast for row in lost}


def test_one_article_an_arm_leaves_no_clustered_error_and_says_so() -> None:
    ratings = simulated(people=30, per_person=1)
    found = clustered_ols(ratings.assign(article=ratings["arm"]), PLAN)
    assert all(math.isfinite(row.estimate) and math.isnan(row.std_error) for row in found.rows)
    assert {one.about for one in found.cautions if one.code == "no-clustered-error"} == {
        row.contrast for row in found.rows
    }


@pytest.mark.parametrize("values", [(2.0, 9.0), (0.1, 0.7), (2e6 + 0.1, 2e6 + 0.3)])
def test_ratings_that_the_arms_fit_exactly_have_no_clustered_error(values: tuple[float, float]) -> None:
    ratings = simulated(people=30, arms=("real", "small")).rename(columns={"credibility": "score"})
    ratings["score"] = np.where(ratings["arm"] == "real", *values)
    found = clustered_ols(ratings, Plan(reference="real", outcome="score", credible_cut=None))
    assert found.rows == ()
    assert "the arms fit every rating exactly" in found.cautions[0].sentence


def test_a_contrast_of_two_arms_that_do_not_vary_has_no_clustered_error_beside_one_that_does() -> None:
    ratings = simulated(people=60)
    ratings.loc[ratings["arm"] == "real", "credibility"] = 2.3
    ratings.loc[ratings["arm"] == "small", "credibility"] = 4.7
    rows = {row.arm: row for row in clustered_ols(ratings, PLAN).rows}
    assert rows["small"].estimate == pytest.approx(2.4)
    assert math.isnan(rows["small"].p_value)
    assert math.isfinite(rows["large"].p_value)


def test_what_a_library_warns_of_reaches_nobody_in_its_own_words() -> None:
    ratings = simulated(people=90, arms=("real", "m1", "m2"))
    ratings.loc[::9, "arm"] += " too"
    found = clustered_ols(ratings, PLAN)
    assert any(math.isnan(row.std_error) for row in found.rows)
    said = {caution.code: caution.sentence for caution in found.cautions}
    assert said["library"].startswith("Something in the least squares")
    assert "encountered" not in " ".join(said.values())
