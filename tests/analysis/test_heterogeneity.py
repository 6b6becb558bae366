"""Covariates by arm: lmerTest's interaction tests and contrasts within groups, and what is refused."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.crossed_frame import model_frame
from analysis.equivalence import detectable, detectable_noncentrality
from analysis.heterogeneity import heterogeneity
from analysis.heterogeneity_terms import random_terms
from analysis.plan import Plan
from analysis.validation import FrameError
from tests.analysis.ratings import simulated

REFERENCE = Path(__file__).parent.parent / "reference"
R: dict[str, Any] = json.loads((REFERENCE / "crossed.json").read_text(encoding="utf-8"))["more"]["heterogeneity"]
CASES: dict[str, Any] = json.loads((REFERENCE / "interactions.json").read_text(encoding="utf-8"))
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


def test_what_the_interaction_finds_is_the_difference_of_two_groups_contrasts(ratings: pd.DataFrame) -> None:
    """Of two arms and two groups: one degree of freedom, whose F is the square of that difference over its error."""
    pair = ratings[ratings["arm"].isin(["real", "small"]) & ratings["party"].isin(["left", "right"])]
    found = heterogeneity(pair, PLAN, "party")
    left, right = found.rows
    error = abs(left.estimate - right.estimate) / math.sqrt(found.interaction.statistic)
    assert found.interaction_detectable == pytest.approx(detectable(error, found.interaction.df_within), rel=1e-6)
    assert left.detectable_adjusted == pytest.approx(detectable(left.std_error, left.df, 0.025))


def test_of_several_groups_it_is_by_how_much_one_arm_departs_in_one_of_them(ratings: pd.DataFrame) -> None:
    """Raised by so much in the cell that is least well known, made-up ratings without noise of their own come to the
    noncentrality; in any other cell to more."""
    found = heterogeneity(ratings, PLAN, "party", arms=ARMS)
    wanted = detectable_noncentrality(4, found.interaction.df_within)
    raised = []
    for arm in ARMS:
        for party in ("centre", "left", "right"):
            cell = (ratings["arm"] == arm) & (ratings["party"] == party)
            up = ratings.assign(credibility=ratings["credibility"] + cell * found.interaction_detectable)
            fit = heterogeneity(up, PLAN, "party", arms=ARMS)
            # The spreads are the same, so that of the two tests with one cell raised and lowered by as much the mean of
            # F, less the F of nothing raised, is what the raising alone makes.
            down = ratings.assign(credibility=ratings["credibility"] - cell * found.interaction_detectable)
            other = heterogeneity(down, PLAN, "party", arms=ARMS)
            mean = (fit.interaction.statistic + other.interaction.statistic) / 2
            raised.append(4 * (mean - found.interaction.statistic))
    assert min(raised) == pytest.approx(wanted, rel=1e-3)


def test_what_the_interaction_with_a_number_finds_is_the_change_with_one_unit(ratings: pd.DataFrame) -> None:
    found = heterogeneity(ratings[ratings["arm"].isin(["real", "small"])], PLAN, "age")
    (row,) = found.rows
    assert found.interaction_detectable == pytest.approx(row.detectable, rel=1e-6)


def test_a_number_enters_as_a_straight_line(ratings: pd.DataFrame) -> None:
    found = heterogeneity(ratings, PLAN, "age", arms=ARMS)
    for column, value in R["age"].items():
        assert getattr(found.interaction, column) == pytest.approx(value, rel=5e-5), column
    (small,) = [row for row in found.rows if row.contrast == "small - real"]
    assert small.group == "one unit more"
    assert small.estimate == pytest.approx(R["age_small"]["estimate"], rel=5e-5)
    assert small.p_value == pytest.approx(R["age_small"]["p_value"], rel=5e-5)


@pytest.mark.parametrize("name", ["empty", "within"])
def test_colons_in_names_empty_cells_and_groups_within_people_are_as_in_lmertest(name: str) -> None:
    case = CASES[name]
    found = heterogeneity(pd.DataFrame(case["data"]), PLAN, "group")
    for column, value in case["interaction"].items():
        assert getattr(found.interaction, column) == pytest.approx(value, rel=2e-4), column
    rows = {(row.contrast, row.group): row for row in found.rows}
    assert set(rows) == {(row["contrast"], row["group"]) for row in case["rows"]}
    for expected in case["rows"]:
        row = rows[expected["contrast"], expected["group"]]
        for column in ("estimate", "std_error", "df", "p_value", "ci_low", "ci_high"):
            assert getattr(row, column) == pytest.approx(expected[column], rel=5e-5), (row.contrast, row.group, column)


def test_a_number_that_varies_within_people_has_a_slope_over_them_as_in_lmertest() -> None:
    (row,) = heterogeneity(pd.DataFrame(CASES["within"]["data"]), PLAN, "minutes").rows
    for column, value in CASES["within"]["minutes"].items():
        assert getattr(row, column) == pytest.approx(value, rel=5e-5), column


def test_the_test_is_the_same_whichever_arm_or_group_is_the_first(ratings: pd.DataFrame) -> None:
    tests = [
        heterogeneity(ratings.replace({"party": {"left": left}}), Plan(reference=arm), "party").interaction
        for arm, left in (("real", "left"), ("small", "left"), ("large", "a"))
    ]
    assert [test.df_within for test in tests] == pytest.approx([tests[0].df_within] * 3, rel=1e-5)


def test_groups_of_people_in_several_arms_have_a_term_of_arm_and_group_over_people() -> None:
    both = simulated(people=40, per_person=12, within=True).assign(group=lambda frame: frame["position"] % 4 < 2)
    data = model_frame(both, "credibility", ["real", "small", "large"]).assign(covariate=both["group"].astype("str"))
    assert random_terms(data, " + (1 | participant)", numeric=False) == (
        " + (1 | participant) + (1 | participant:covariate) + (1 | participant:arm:covariate)"
    )
    assert random_terms(data.assign(covariate=both["position"]), " + (1 | participant)", numeric=True) == (
        " + (1 | participant) + (0 + covariate | participant) + (0 + covariate | participant:arm)"
    )


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


@pytest.mark.parametrize("group", ["centre", "left", "right"])
@pytest.mark.parametrize("arm", ["small", "real"])
def test_an_empty_cell_is_left_out_whichever_group_it_is_and_said_in_words(
    ratings: pd.DataFrame, arm: str, group: str
) -> None:
    some = ratings[~((ratings["party"] == group) & (ratings["arm"] == arm))]
    found = heterogeneity(some, PLAN, "party", arms=ARMS, labels={"small": "GPT-2 small"})
    unknown = {(f"{other} - real", group) for other in ("small", "large") if arm in (other, "real")}
    every = {(f"{other} - real", party) for other in ("small", "large") for party in ("centre", "left", "right")}
    assert {(row.contrast, row.group) for row in found.rows} == every - unknown
    said = " ".join(caution.sentence for caution in found.cautions)
    assert f"{'GPT-2 small' if arm == 'small' else arm} has no ratings where party is '{group}'" in said
    assert "Dropped" not in said


def test_a_number_that_is_the_same_throughout_an_arm_has_no_slope_there(ratings: pd.DataFrame) -> None:
    flat = ratings.assign(age=ratings["age"].where(ratings["arm"] != "small", 40))
    found = heterogeneity(flat, PLAN, "age", arms=ARMS)
    assert [row.contrast for row in found.rows] == ["large - real"]
    assert any("age is the same in all ratings of small" in caution.sentence for caution in found.cautions)


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
