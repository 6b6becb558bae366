"""Covariates by arm: lmerTest's interaction tests and contrasts within groups, and what is refused."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.heterogeneity import heterogeneity
from analysis.plan import Plan
from analysis.validation import FrameError
from tests.analysis.ratings import simulated

R: dict[str, Any] = json.loads(
    (Path(__file__).parent.parent / "reference" / "crossed.json").read_text(encoding="utf-8")
)["more"]["heterogeneity"]
PLAN = Plan(reference="real")
ARMS = ("real", "small", "large")


@pytest.fixture(scope="module")
def ratings() -> pd.DataFrame:
    return pd.DataFrame(R["data"])


def test_the_interaction_of_party_and_arm_is_lmertests(ratings: pd.DataFrame) -> None:
    found = heterogeneity(ratings, PLAN, "party", arms=ARMS).interaction
    for column, value in R["interaction"].items():
        assert getattr(found, column) == pytest.approx(value, rel=5e-5), column


def test_contrasts_within_parties_are_lmertests(ratings: pd.DataFrame) -> None:
    rows = {(row.contrast, row.group): row for row in heterogeneity(ratings, PLAN, "party", arms=ARMS).rows}
    expected = R["rows"]
    assert len(rows) == len(expected) == 6
    for case in expected:
        row = rows[case["contrast"], case["group"]]
        for column in ("estimate", "std_error", "df", "p_value", "ci_low", "ci_high"):
            assert getattr(row, column) == pytest.approx(case[column], rel=5e-5), (row.contrast, row.group, column)
        assert row.p_adjusted >= row.p_value


def test_a_number_enters_as_a_straight_line(ratings: pd.DataFrame) -> None:
    found = heterogeneity(ratings, PLAN, "age", arms=ARMS)
    for column, value in R["age"].items():
        assert getattr(found.interaction, column) == pytest.approx(value, rel=5e-5), column
    (small,) = [row for row in found.rows if row.contrast == "small - real"]
    assert small.group == "one unit more"
    assert small.estimate == pytest.approx(R["age_small"]["estimate"], rel=5e-5)
    assert small.p_value == pytest.approx(R["age_small"]["p_value"], rel=5e-5)


def test_articles_read_by_one_group_alone_and_one_rating_a_cell_get_no_term_of_their_own(ratings: pd.DataFrame) -> None:
    label = ratings.assign(label=ratings["article"].str[-1].isin(["1", "2", "3"]))
    alone = heterogeneity(label, PLAN, "label", arms=ARMS)
    assert not any("article:covariate" in caution.sentence for caution in alone.cautions)
    assert math.isfinite(alone.interaction.p_value)
    once = ratings.drop_duplicates(["article", "party"])
    assert not any("every row exactly" in caution.sentence for caution in heterogeneity(once, PLAN, "party").cautions)


def test_yes_and_no_are_groups_and_missing_values_are_counted(ratings: pd.DataFrame) -> None:
    member = (ratings["party"] == "left").astype("object").where(ratings.index > 11)
    found = heterogeneity(ratings.assign(member=member), PLAN, "member", arms=ARMS)
    assert found.n_missing == 12
    assert {row.group for row in found.rows} == {"False", "True"}


def test_an_empty_cell_is_left_out_and_the_others_stay(ratings: pd.DataFrame) -> None:
    some = ratings[~((ratings["party"] == "left") & (ratings["arm"] == "small"))]
    found = heterogeneity(some, PLAN, "party", arms=ARMS)
    cells = {(row.contrast, row.group) for row in found.rows}
    assert ("small - real", "left") not in cells
    assert ("small - real", "right") in cells
    assert any("Dropped" in caution.sentence for caution in found.cautions)


def test_small_groups_are_spoken_of(ratings: pd.DataFrame) -> None:
    few = ratings.assign(party=np.where(ratings["participant"] < "p010", "tiny", "large"))
    found = heterogeneity(few, PLAN, "party", arms=ARMS)
    assert [caution.about for caution in found.cautions if caution.code == "few-people"] == ["tiny"]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({}, "is no column"),
        ({"party": "left"}, "there are no groups"),
        ({"party": None}, "has 0 value"),
    ],
)
def test_covariates_that_make_no_groups_are_refused(change: dict[str, Any], complaint: str) -> None:
    with pytest.raises(FrameError, match=complaint):
        heterogeneity(simulated().assign(**change), PLAN, "party")


def test_too_many_categories_are_refused() -> None:
    ratings = simulated()
    with pytest.raises(FrameError, match="join them"):
        heterogeneity(ratings.assign(who=ratings["participant"]), PLAN, "who")


def test_a_model_that_cannot_be_fitted_is_a_caution() -> None:
    ratings = simulated().assign(credibility=4.0, party=lambda frame: frame["participant"].str[-1])
    found = heterogeneity(ratings, PLAN, "party")
    assert found.rows == ()
    assert found.cautions[0].code == "no-model"


def test_an_arm_of_one_person_leaves_no_model_of_groups_and_says_so() -> None:
    alone = simulated(people=3, per_person=6).assign(party=lambda frame: frame["position"] % 2 > 0)
    found = heterogeneity(alone, Plan(reference="real"), "party")
    assert found.rows == ()
    assert "an arm has one participant only" in found.cautions[0].sentence
