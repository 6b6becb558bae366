"""Discernment with articles as samples is glmer's interaction of truth and arm, and says why where there is none."""

import json
import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from scipy import stats

from analysis.__main__ import main
from analysis.discerned_odds import DiscernedOdds, discerned_odds
from analysis.equivalence import detectable
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
    assert ours.fit.log_likelihood == pytest.approx(case["log_likelihood"], abs=1e-6)
    rows = {row.arm: row for row in ours.arms} | {"contrast": ours.contrasts[0]}
    for which, row in rows.items():
        expected = case[which]
        assert row.estimate == pytest.approx(expected["estimate"], abs=1e-3 * expected["std_error"]), which
        assert row.std_error == pytest.approx(expected["std_error"], rel=1e-3), which
        assert row.odds_ratio == math.exp(row.estimate)
        assert row.ci_low < row.estimate < row.ci_high
        assert (row.odds_ratio_ci_low, row.odds_ratio_ci_high) == (math.exp(row.ci_low), math.exp(row.ci_high))


def test_the_reference_has_what_people_and_articles_make_of_an_arm() -> None:
    assert CASES["people in both arms"]["sd_version"] > 0.3
    assert CASES["people in both arms"]["sd_slope_in_arm"] > 0.3


def test_without_enough_answers_in_each_arm_people_have_no_slope_there() -> None:
    frame = answers("people in both arms")
    few = frame.groupby(["participant", "arm", "true"]).sample(1, random_state=1)
    formula = found(few).formula
    assert "(1 + truth | participant) + (1 | participant:arm)" in formula


@pytest.mark.parametrize(
    ("name", "df"),
    [("own articles", 32 - 4), ("same articles", 20 - 2), ("people in both arms", 20 - 2)],
)
def test_tests_have_the_degrees_of_freedom_of_the_articles(name: str, df: float) -> None:
    ours = found(answers(name))
    for row in (*ours.arms, *ours.contrasts):
        assert row.df == df
        assert row.p_value == pytest.approx(2 * stats.t.sf(abs(row.estimate / row.std_error), df))
        assert row.ci_high == pytest.approx(row.estimate + stats.t.ppf(0.975, df) * row.std_error)


def test_of_fewer_people_than_articles_the_degrees_of_freedom_are_theirs() -> None:
    frame = answers()
    people = sorted(frame["participant"].unique())[:16]
    ours = found(frame[frame["participant"].isin(people)])
    assert {row.df for row in ours.contrasts} == {16 - 2}


def test_what_a_contrast_would_find_is_of_all_of_them_and_what_an_arm_would_of_itself() -> None:
    ours = found(with_a_third_arm(answers()))
    for row in ours.contrasts:
        assert row.detectable == pytest.approx(detectable(row.std_error, row.df))
        assert row.detectable_adjusted == pytest.approx(detectable(row.std_error, row.df, 0.025))
    for row in ours.arms:
        assert row.detectable_adjusted == row.detectable == pytest.approx(detectable(row.std_error, row.df))


def test_frames_hold_a_row_a_contrast_and_a_row_an_arm() -> None:
    ours = found(answers())
    assert list(ours.to_frame()["contrast"]) == ["warned - plain"]
    assert list(ours.arms_frame()["arm"]) == ["plain", "warned"]


def test_answers_about_articles_of_unknown_truth_do_not_count() -> None:
    frame = answers()
    frame["true"] = frame["true"].astype(float)
    frame.loc[frame["participant"] == "p001", "true"] = math.nan
    ours = found(frame)
    assert (ours.n_ratings, ours.n_people) == (len(frame) - (frame["participant"] == "p001").sum(), 59)


def test_the_caution_goes_by_the_arm_with_fewest_articles() -> None:
    frame = answers()
    kept = sorted(frame.loc[(frame["arm"] == "warned") & (frame["true"] == 1), "article"].unique())[:5]
    few = frame[(frame["arm"] == "plain") | (frame["true"] == 0) | frame["article"].isin(kept)]
    (said,) = (one for one in found(few).cautions if "articles" in one and "With so few" in one)
    assert said.startswith("warned has 5 true articles.")
    assert "of tests of odds at 5%" in said


def test_of_several_contrasts_the_interval_is_said_not_to_be_adjusted() -> None:
    report = build_report(with_a_third_arm(answers()), None, PLAN, StudyInfo("t", truth="true"))
    (shown,) = (one for one in report.shown if one.name == "discernment-articles")
    assert len(shown.sentences) == 3
    assert all(
        "(not adjusted), p = " in one and "adjusted for 2 contrasts (42 df" in one for one in shown.sentences[1:]
    )


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
            lambda frame: frame[(frame["arm"] == "plain") | frame["article"].isin(["a17", "a18", "a20"])],
            "the arm 'warned' has answers about 1 true and 2 false articles; with fewer than 4 of",
        ),
        (
            lambda frame: pd.concat(
                [frame[frame["arm"] == "plain"], frame[frame["arm"] == "warned"].assign(participant="p999")]
            ).drop_duplicates(["participant", "article"]),
            "the arm 'warned' and what to its only participant",
        ),
        (lambda frame: frame[frame["arm"] == "plain"], "fewer than two arms"),
        (
            lambda frame: frame[(frame["arm"] == "plain") | (frame["true"] == 1)],
            "the arm 'warned' has answers about [0-9]+ true and 0 false",
        ),
        (lambda frame: frame.assign(yes=frame["true"].astype(float)), "perfect separation"),
        (lambda frame: frame.assign(true=[1 - frame["true"].iloc[0], *frame["true"].iloc[1:]]), "in others"),
    ],
    ids=["few articles", "one person", "one arm", "an arm without false ones", "separation", "true and false"],
)
def test_where_there_is_no_model_the_section_says_why(change: Any, says: str) -> None:
    with pytest.raises(FrameError, match=says):
        found(change(answers()))


def with_a_third_arm(frame: pd.DataFrame) -> pd.DataFrame:
    third = frame[frame["arm"] == "warned"].assign(arm="labelled")
    third["participant"], third["article"] = "q" + third["participant"], "b" + third["article"]
    return pd.concat([frame, third], ignore_index=True)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            lambda third: third.assign(yes=third["yes"].where(third["true"] == 0, 1.0)),
            "In the arm 'Labelled' every answer about true articles is yes, so that no finite odds fit best",
        ),
        (
            lambda third: third[third["article"].isin(["ba17", "ba18", "ba20"])],
            "The arm 'Labelled' has answers about 1 true and 2 false articles; with fewer than 4 of each",
        ),
    ],
    ids=["separation", "few articles"],
)
def test_an_arm_whose_odds_cannot_be_told_is_left_out_alone(change: Any, says: str) -> None:
    frame = with_a_third_arm(answers())
    is_third = frame["arm"] == "labelled"
    changed = pd.concat([frame[~is_third], change(frame[is_third])])
    ours = discerned_odds(changed, PLAN, truth="true", labels={"labelled": "Labelled"})
    alone = found(answers())
    assert (ours.arms, ours.contrasts, ours.formula) == (alone.arms, alone.contrasts, alone.formula)
    assert (ours.n_ratings, ours.n_true, ours.n_false) == (alone.n_ratings, alone.n_true, alone.n_false)
    assert [one for one in ours.cautions if one.startswith(says) and one.endswith("this arm is left out.")]


def test_without_the_reference_there_is_nothing_to_compare_with() -> None:
    frame = with_a_third_arm(answers())
    frame.loc[(frame["arm"] == "plain") & (frame["true"] == 0), "yes"] = 0.0
    with pytest.raises(FrameError, match=r"'plain' every answer about false articles is no.*and it is the reference"):
        found(frame)


def test_an_arm_without_answers_is_said_and_left_out() -> None:
    ours = discerned_odds(answers(), PLAN, truth="true", arms=["plain", "warned", "labelled"])
    assert [row.arm for row in ours.contrasts] == ["warned"]
    assert "The arm labelled has no answers: it is not in the model." in ours.cautions
    assert ours.contrasts[0].p_adjusted == ours.contrasts[0].p_value


def test_limits_that_no_number_holds_are_told_as_endless_and_what_would_be_found_as_beyond_all(tmp_path: Path) -> None:
    rows = [
        {"participant": f"p{n}", "arm": arm, "article": f"{arm}{m}", "truth": m % 2, "yes": (m // 2 + n + m * n) % 2}
        for n in range(2)
        for arm in "abcd"
        for m in range(8)
    ]
    path, out = tmp_path / "answers.csv", tmp_path / "report.json"
    pd.DataFrame(rows).to_csv(path, index=False)
    named = ["--outcome", "yes", "--truth", "truth", "--reference", "a", "--alpha", "0.001"]
    assert main(["report", str(path), *named, "--json", str(out)]) == 0
    said = out.read_text(encoding="utf-8")
    assert "a ratio of more than 1,000 or less than 0.001 would have been found" in said
