"""The arms in odds: glmer's and clmm's contrasts, odds ratios, and plain words where there is no model."""

import json
import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analysis.crossed_odds import OddsKind, crossed_odds
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
