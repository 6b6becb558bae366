"""Discernment with articles as samples is glmer's interaction of truth and arm, and says why where there is none."""

import json
import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analysis.discerned_odds import DiscernedOdds, discerned_odds
from analysis.plan import Plan
from analysis.report import StudyInfo, build_report
from analysis.report_data import table_rows
from analysis.report_json import to_dict
from analysis.validation import FrameError

CASES: dict[str, dict[str, Any]] = {
    case["name"]: case
    for case in json.loads(
        (Path(__file__).parents[1] / "reference" / "discernment_odds.json").read_text(encoding="utf-8")
    )["cases"]
}
PLAN = Plan(outcome="yes", reference="plain")


def answers(name: str = "own articles") -> pd.DataFrame:
    return pd.DataFrame(CASES[name]["data"]).astype({"yes": "float64"})


def found(frame: pd.DataFrame) -> DiscernedOdds:
    return discerned_odds(frame, PLAN, truth="true")


@pytest.mark.parametrize("name", CASES)
def test_the_odds_of_arms_and_contrasts_are_glmers(name: str) -> None:
    case, ours = CASES[name], found(answers(name))
    assert ours.formula == case["formula"].replace("yes", "rating")
    assert ours.fit.log_likelihood == pytest.approx(case["log_likelihood"], abs=1e-6 * abs(case["log_likelihood"]))
    rows = {row.arm: row for row in ours.arms} | {"contrast": ours.contrasts[0]}
    for which, row in rows.items():
        expected = case[which]
        assert row.estimate == pytest.approx(expected["estimate"], abs=1e-3 * expected["std_error"]), which
        assert row.std_error == pytest.approx(expected["std_error"], rel=1e-3), which
        assert row.odds_ratio == math.exp(row.estimate)
        assert row.ci_low < row.odds_ratio < row.ci_high


def test_the_report_has_it_as_a_section_with_its_tables() -> None:
    report = build_report(answers(), None, PLAN, StudyInfo("t", truth="true"))
    (shown,) = (one for one in report.shown if one.name == "discernment-articles")
    assert "about one of 16 true articles over those about one of 16 false ones" in shown.sentences[0]
    assert "between warned and plain: ratio of the odds ratios" in shown.sentences[1]
    results = to_dict(report)["results"]
    (row,) = table_rows("discernment-odds", results)
    assert row["odds_ratio"] == pytest.approx(math.exp(CASES["own articles"]["contrast"]["estimate"]), rel=1e-3)
    assert [line["arm"] for line in table_rows("discernment-odds-arms", results)] == ["plain", "warned"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            lambda frame: frame[frame["article"].isin(["a01", "a02", "a03", "a04", "a17", "a18"])],
            "with fewer than 4 of",
        ),
        (lambda frame: frame[frame["arm"] == "plain"], "fewer than two arms"),
        (
            lambda frame: frame[(frame["arm"] == "plain") | (frame["true"] == 1)],
            "the arm 'warned' has no answers about",
        ),
        (lambda frame: frame.assign(yes=frame["true"].astype(float)), "perfect separation"),
        (lambda frame: frame.assign(true=[1 - frame["true"].iloc[0], *frame["true"].iloc[1:]]), "in others"),
    ],
    ids=["few articles", "one arm", "an arm without false ones", "separation", "true and false"],
)
def test_where_there_is_no_model_the_section_says_why(change: Any, says: str) -> None:
    with pytest.raises(FrameError, match=says):
        found(change(answers()))


def test_an_arm_without_answers_is_said_and_left_out() -> None:
    ours = discerned_odds(answers(), PLAN, truth="true", arms=["plain", "warned", "labelled"])
    assert [row.arm for row in ours.contrasts] == ["warned"]
    assert "The arm labelled has no answers: it is not in the model." in ours.cautions
    assert ours.contrasts[0].p_adjusted == ours.contrasts[0].p_value
