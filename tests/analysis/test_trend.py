"""Trends over ordered arms: lmerTest's slope and departure, and Kendall's tau as the test of an order."""

import json
import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from scipy import stats

from analysis.equivalence import detectable
from analysis.plan import Plan
from analysis.trend import TrendRow, trend
from analysis.validation import FrameError
from tests.analysis.ratings import simulated

REFERENCE = Path(__file__).parent.parent / "reference"
R: dict[str, Any] = json.loads((REFERENCE / "crossed.json").read_text(encoding="utf-8"))["more"]
WITHIN: dict[str, Any] = json.loads((REFERENCE / "interactions.json").read_text(encoding="utf-8"))["trend"]
SCORES = {"small": 1.0, "large": 2.0, "real": 3.0}


def test_the_slope_is_lmertests() -> None:
    line = trend(pd.DataFrame(R["data"]), Plan(reference="real"), SCORES).rows[0]
    for column, value in R["trend"]["line"].items():
        assert getattr(line, column) == pytest.approx(value, rel=5e-5), column
    assert line.detectable == detectable(line.std_error, line.df)


def test_the_departure_from_a_line_is_the_contrast_that_no_line_has() -> None:
    found = trend(pd.DataFrame(R["data"]), Plan(reference="real"), SCORES).departure
    expected = R["trend"]["departure"]
    assert found.statistic == pytest.approx(expected["statistic"] ** 2, rel=5e-5)
    assert (found.df, found.df_within) == pytest.approx((1, expected["df"]), rel=5e-5)
    assert found.p_value == pytest.approx(expected["p_value"], rel=5e-5)


def test_a_trend_within_people_has_a_slope_over_them_as_in_lmertest() -> None:
    scores = {"s1": 0.0, "s2": 1.0, "s3": 2.0, "s4": 3.0}
    found = trend(pd.DataFrame(WITHIN["data"]), Plan(reference="s1"), scores)
    for column, value in WITHIN["line"].items():
        assert getattr(found.rows[0], column) == pytest.approx(value, rel=1e-4), column
    for column, value in WITHIN["departure"].items():
        assert getattr(found.departure, column) == pytest.approx(value, rel=1e-3), column


def test_beside_the_slope_of_origin_the_scores_slope_stands_where_there_are_more_than_two_arms() -> None:
    within = simulated(per_person=6, within=True)
    for scores, slope in ((SCORES, True), ({"real": 0.0, "small": 1.0}, False)):
        said = trend(within, Plan(reference="real"), scores).cautions
        assert any("of score over 'participant'" in caution.sentence for caution in said) is slope


def test_where_the_scale_has_its_nought_does_not_matter() -> None:
    within = simulated(per_person=6, within=True)
    taste = within["participant"].str[1:].astype(int) % 7 - 3
    within["credibility"] += taste * within["arm"].map({"small": -1, "large": 0, "real": 1})
    near, far = (
        trend(within, Plan(reference="real"), {arm: score + shift for arm, score in SCORES.items()}).rows[0]
        for shift in (0.0, 50.0)
    )
    assert (far.estimate, far.std_error, far.df) == pytest.approx((near.estimate, near.std_error, near.df), rel=1e-5)


def test_the_order_alone_is_tested_by_kendalls_tau() -> None:
    row = trend(pd.DataFrame(R["data"]), Plan(reference="real"), SCORES).rows[1]
    assert row.term == "Jonckheere-Terpstra"
    assert row.estimate == pytest.approx(R["trend"]["tau"], abs=1e-10)
    assert row.statistic == pytest.approx(R["trend"]["z"], rel=1e-6)
    assert row.p_value == pytest.approx(R["trend"]["p_value"], rel=1e-6)
    assert math.isnan(row.detectable)


def test_a_planted_fall_is_found_and_its_sign_is_right() -> None:
    found = trend(simulated(people=120, shift=-1.8), Plan(reference="real"), {"real": 0.0, "small": 1.0})
    assert [row.term for row in found.rows] == ["mixed model, straight line", "Jonckheere-Terpstra"]
    assert all(row.statistic < 0 and row.p_value < 0.001 for row in found.rows)
    assert math.isnan(found.departure.p_value)


def test_an_arm_of_one_person_leaves_no_line_and_says_so() -> None:
    found = trend(simulated(people=3, per_person=6), Plan(reference="real"), SCORES)
    assert [row.term for row in found.rows] == ["Jonckheere-Terpstra"]
    assert "an arm has one participant only" in found.cautions[-1].sentence


def test_people_in_several_arms_have_no_test_of_independent_groups() -> None:
    found = trend(simulated(per_person=6, within=True), Plan(reference="real"), SCORES)
    assert [row.term for row in found.rows] == ["mixed model, straight line"]


@pytest.mark.parametrize("scores", [{"real": 1.0}, {"real": 1.0, "small": 1.0}, {"real": 1.0, "small": math.nan}, {}])
def test_scores_without_an_order_are_refused(scores: dict[str, float]) -> None:
    with pytest.raises(FrameError, match="a trend needs two arms"):
        trend(simulated(), Plan(reference="real"), scores)


def test_the_order_of_many_people_has_a_statistic_where_p_is_too_small_for_a_number() -> None:
    def ordered(people: int) -> TrendRow:
        rows = [
            {"participant": f"{arm}{n}", "arm": arm, "article": f"{arm}-{n % 5}", "credibility": 3.0 * place + n % 4}
            for arm, place in SCORES.items()
            for n in range(people)
        ]
        return trend(pd.DataFrame(rows), Plan(reference="real"), SCORES).rows[-1]

    few, many = ordered(100), ordered(700)
    assert few.statistic == pytest.approx(stats.norm.isf(few.p_value / 2), rel=1e-9)
    assert many.p_value == 0
    assert many.statistic == pytest.approx(math.sqrt(7) * few.statistic, rel=0.01)
