"""The arms in odds: glmer's and clmm's contrasts, odds ratios, and plain words where there is no model."""

import json
import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from scipy import stats

from analysis.crossed_odds import OddsKind, crossed_odds
from analysis.equivalence import detectable
from analysis.plan import Plan
from tests.analysis.ratings import ratings_of, simulated

CASES: dict[str, dict[str, Any]] = {
    case["name"]: case
    for case in json.loads((Path(__file__).parent.parent / "reference" / "laplace.json").read_text(encoding="utf-8"))
}
PLAN = Plan(reference="real")


def test_the_odds_of_a_credible_rating_are_glmers() -> None:
    case = CASES["between"]
    data = pd.DataFrame(case["data"])
    found = crossed_odds(data, Plan(outcome="credible", reference="real", credible_cut=1), kind="credible")
    (row,) = found.rows
    expected = case["fixed"][1]
    assert row.estimate == pytest.approx(expected["estimate"], abs=1e-3 * expected["std_error"])
    assert row.std_error == pytest.approx(expected["std_error"], rel=1e-3)
    assert row.odds_ratio == pytest.approx(math.exp(row.estimate))


def test_the_odds_of_higher_ratings_are_clmms() -> None:
    case = CASES["ordinal between"]
    found = crossed_odds(pd.DataFrame(case["data"]), Plan(outcome="rating", reference="real"), kind="ordinal")
    expected = case["fixed"][0]
    assert found.rows[0].estimate == pytest.approx(expected["estimate"], abs=1e-3 * expected["std_error"])
    assert found.rows[0].std_error == pytest.approx(expected["std_error"], rel=1e-3)
    assert "wald-few-articles" in {caution.code for caution in found.cautions}


def frame(case: str) -> pd.DataFrame:
    return pd.DataFrame(CASES[case]["data"])


def test_odds_are_tested_by_t_with_the_degrees_of_freedom_of_the_articles() -> None:
    """Sixteen articles, eight in each of two arms; sixty people."""
    plan = Plan(outcome="credible", reference="real", credible_cut=1, alpha=0.1)
    (row,) = crossed_odds(frame("between"), plan, kind="credible").rows
    assert row.df == 16 - 2
    assert row.p_value == pytest.approx(2 * stats.t.sf(abs(row.estimate / row.std_error), 14))
    assert row.ci_high == pytest.approx(row.estimate + stats.t.ppf(0.95, 14) * row.std_error)
    assert row.detectable_adjusted == row.detectable == pytest.approx(detectable(row.std_error, 14, 0.1))


def test_of_fewer_people_than_articles_the_degrees_of_freedom_are_theirs() -> None:
    data = frame("between")
    few = data[data["participant"].isin(sorted(data["participant"].unique())[:14])]
    (row,) = crossed_odds(few, Plan(outcome="rating", reference="real"), kind="ordinal").rows
    assert row.df == 14 - 2


def test_versions_of_the_same_stories_have_the_degrees_of_freedom_beyond_their_stories() -> None:
    data = frame("between")
    told = data.assign(story=data["article"].str[1:].astype(int).mod(8).map("s{}".format))
    found = crossed_odds(told, Plan(outcome="rating", reference="real"), kind="ordinal")
    assert "(1 | story)" in found.formula
    assert found.rows[0].df == 16 - 8 - 1


def test_articles_that_all_arms_read_and_people_in_all_arms_count_once() -> None:
    both = simulated(people=40, per_person=6, within=True, arms=("real", "small"))
    place = both["participant"].str[1:].astype(int) // 2 + both["position"]
    shared = both.drop(columns="origin").assign(article=place.mod(6).map("a{}".format))
    found = crossed_odds(shared, PLAN, kind="credible")
    assert found.rows[0].df == 6 - 1


def test_a_single_article_in_two_arms_changes_no_degrees_of_freedom() -> None:
    apart = simulated(people=60, per_person=4, arms=("real", "small")).drop(columns="origin")
    twin = apart["article"] == "small-0"
    found = crossed_odds(apart.assign(article=apart["article"].mask(twin, "real-0")), PLAN, kind="credible")
    assert found.rows[0].df == 11 - 2


def test_where_articles_are_held_fixed_the_degrees_of_freedom_are_of_people() -> None:
    one_each = simulated(people=60, per_person=3, within=True).assign(article=lambda rows: rows["arm"])
    found = crossed_odds(one_each, PLAN, kind="ordinal")
    assert "article" not in found.formula
    assert {row.df for row in found.rows} == {60 - 3}


def test_few_articles_are_said_with_the_error_of_the_tests() -> None:
    found = crossed_odds(frame("between"), Plan(outcome="rating", reference="real"), kind="ordinal")
    (said,) = (one.sentence for one in found.cautions if one.code == "wald-few-articles")
    assert said.startswith("real has 8 articles.")
    assert "up to about 6% of tests of odds at 5%" in said


def test_a_planted_difference_has_its_sign_and_every_arm_its_row() -> None:
    found = crossed_odds(simulated(people=150), PLAN, kind="ordinal", arms=["real", "small", "large", "huge"])
    rows = {row.arm: row for row in found.rows}
    assert rows["small"].odds_ratio_ci_high < 1
    assert rows["small"].p_adjusted >= rows["small"].p_value
    assert math.isnan(rows["huge"].odds_ratio)
    assert [caution.about for caution in found.cautions if caution.code == "empty-arm"] == ["huge"]


def test_an_arm_that_everybody_finds_credible_is_named() -> None:
    ratings = simulated()
    ratings.loc[ratings["arm"] == "real", "credibility"] = 9.0
    found = crossed_odds(ratings, PLAN, kind="credible")
    assert all(math.isnan(row.estimate) for row in found.rows)
    assert "perfect separation" in found.cautions[-1].sentence


@pytest.mark.parametrize("kind", ["credible", "ordinal"])
@pytest.mark.parametrize(
    "ratings",
    [simulated().assign(credibility=5.0), simulated().query("arm == 'real'"), ratings_of({"real": [5], "small": [8]})],
    ids=["constant", "one arm", "two ratings"],
)
def test_data_that_carry_no_model_say_why(kind: OddsKind, ratings: pd.DataFrame) -> None:
    found = crossed_odds(ratings, PLAN, kind=kind)
    assert found.fit is None
    assert found.cautions[-1].code == "no-model"


@pytest.mark.parametrize("kind", ["credible", "ordinal"])
def test_an_arm_of_one_person_leaves_no_odds_either(kind: OddsKind) -> None:
    found = crossed_odds(simulated(people=2, per_person=6, arms=("real", "small")), PLAN, kind=kind)
    assert found.fit is None
    assert "an arm has one participant only" in found.cautions[-1].sentence


def test_without_a_cut_nothing_is_credible() -> None:
    with pytest.raises(ValueError, match="no cut"):
        crossed_odds(simulated(), Plan(credible_cut=None), kind="credible")
