"""A report is the same for the same data, says what it rests on, and never hides what it cannot carry."""

import json
import math
import re
from dataclasses import replace
from html import unescape
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.files.data_digest import data_digest
from analysis.plan import Plan
from analysis.plan_rules import parse_rule
from analysis.report import ArmInfo, Report, StudyInfo, build_report
from analysis.report_html import to_html
from analysis.report_json import to_dict
from analysis.report_text import df_pair, level_text, main_sentences, number
from analysis.software import software_versions
from analysis.validation import FrameError
from tests.analysis.ratings import ratings_of, simulated

ARMS = (
    ArmInfo("real", "Invented reports", "real"),
    ArmInfo("small", "Small <model>", "synthetic"),
    ArmInfo("large", "Large model", "synthetic"),
)
INFO = StudyInfo("An invented study", study="abc", version="f" * 64, mode="simulated", arms=ARMS)
PLAN = Plan(reference="real", exclusions=(parse_rule("incomplete"), parse_rule("attention-failed:2")))


def ratings() -> pd.DataFrame:
    frame = simulated(people=60, shift=-2.5)
    return frame.assign(mode="simulated", source=[1 + n % 5 for n in range(len(frame))])


def participants() -> pd.DataFrame:
    names = sorted(set(ratings()["participant"]))
    arms = ratings().groupby("participant")["arm"].first()
    people = pd.DataFrame(
        {
            "participant": names,
            "mode": "simulated",
            "outcome": ["left" if n % 10 == 0 else "completed" for n in range(len(names))],
            "arm": [arms[name] for name in names],
            "attention_failed": [2 if n % 15 == 1 else 0 for n in range(len(names))],
        }
    )
    arrival = pd.DataFrame(
        {"participant": ["x1", "x2"], "mode": "simulated", "outcome": ["no-consent", "screened-out"], "arm": ""}
    )
    return pd.concat([people, arrival], ignore_index=True)


@pytest.fixture(scope="module")
def report() -> Report:
    return build_report(ratings(), participants(), PLAN, INFO)


def test_equal_data_give_equal_bytes_whatever_the_order_of_rows_and_columns(report: Report) -> None:
    shuffled = ratings().sample(frac=1, random_state=2)[sorted(ratings().columns)]
    again = build_report(shuffled, participants().iloc[::-1], PLAN, INFO)
    assert to_html(again) == to_html(report)
    assert json.dumps(to_dict(again)) == json.dumps(to_dict(report))


def test_one_changed_value_changes_the_digest() -> None:
    changed = ratings()
    changed.loc[5, "credibility"] = 1.0 if changed.loc[5, "credibility"] != 1.0 else 2.0
    assert data_digest(changed, None) != data_digest(ratings(), None)
    assert data_digest(ratings(), participants()) != data_digest(ratings(), None)


def test_the_sentence_gives_difference_interval_and_p_in_the_arms_names(report: Report) -> None:
    row = report.comparison.means.rows[0]
    assert "Small <model> was rated lower than Invented reports" in report.main_sentence
    assert f"difference −{abs(row.estimate):.2f}, 95% interval" in report.main_sentence
    assert "Holm" in report.main_sentence


def test_simulated_people_are_called_a_program_first(report: Report) -> None:
    assert report.sentences[0].startswith("These are answers of a program")
    live = build_report(
        ratings().assign(mode="live"), None, Plan(reference="real"), StudyInfo("t", mode="live", arms=ARMS)
    )
    assert "program" not in live.main_sentence


def test_an_interval_that_is_not_adjusted_says_so_and_never_contradicts_the_test_beside_it() -> None:
    report = build_report(simulated(people=60), None, Plan(reference="real"), StudyInfo("t", arms=ARMS))
    assert report.crossed is not None
    beside: dict[str, Any] = {"p_value": 0.039, "p_adjusted": 0.078, "ci_low": -1.58, "ci_high": -0.04}
    rows = tuple(replace(row, **beside) for row in report.crossed.rows)
    labels = report.info.labels
    for one in main_sentences(report.comparison, labels, "index", "", replace(report.crossed, rows=rows)):
        assert "−1.58 to −0.04 (not adjusted), p = 0.078 adjusted for 2 contrasts" in one
        assert "was not shown to differ" in one
        assert "on its own it would differ (p = 0.039), among 2 contrasts it need not" in one
    means = replace(report.comparison.means, rows=tuple(replace(r, **beside) for r in report.comparison.means.rows))
    for one in main_sentences(replace(report.comparison, means=means), labels, "index", ""):
        assert "(not adjusted), p = 0.078 adjusted for 2 contrasts" in one
        assert "on its own it would differ (p = 0.039)" in one
    two = simulated(people=60, arms=("real", "small"))
    single = build_report(two, None, Plan(reference="real"), StudyInfo("t", arms=ARMS[:2])).main_sentence
    assert "adjusted" not in single.replace("after the adjustment", "")


def test_a_pair_has_one_sign_in_all_tables() -> None:
    frame = simulated(people=60, arms=("a", "real", "z"))
    report = build_report(frame, None, Plan(reference="real"), StudyInfo("t"))
    results = to_dict(report)["results"]
    named = [row["contrast"] for row in results["crossed"]["pairs"]]
    assert [row["contrast"] for row in results["pairwise"]] == named == ["a - real", "z - real", "z - a"]
    assert [row["contrast"] for row in results["share_pairs"]] == named


def test_no_effect_is_never_called_equality() -> None:
    frame = simulated(people=60, shift=0.0)
    sentence = build_report(frame, None, Plan(reference="real"), StudyInfo("t", arms=ARMS)).main_sentence
    assert "was not shown to differ from" in sentence
    assert "no difference" not in sentence


def test_arms_that_are_fitted_exactly_get_a_caution_and_neither_test_nor_interval() -> None:
    frame = simulated(people=60, arms=("real", "small"))
    frame["credibility"] = np.where(frame["arm"] == "real", 2.0, 9.0)
    exact = build_report(frame, None, Plan(reference="real"), StudyInfo("t", arms=(ARMS[0], ARMS[1])))
    assert exact.crossed is not None
    assert exact.crossed.fit is None
    assert all(math.isnan(row.p_value) and math.isnan(row.ci_low) for row in exact.crossed.rows)
    assert any("fits every row exactly" in caution.sentence for caution in exact.cautions)
    assert exact.main_sentence == (
        "Small <model> was not tested against Invented reports on the credibility index (1 to 10): everybody within an "
        "arm has the same value, and nothing says how much others would. The difference of 7.00 is of these people "
        "alone."
    )


def test_results_stand_with_and_without_exclusions(report: Report) -> None:
    assert report.without_exclusions is not None
    assert report.comparison.n_people == 50
    assert report.without_exclusions.n_people == 60
    assert [step.people_out for step in report.exclusions.steps] == [6, 4]
    assert {"means", "means-without-exclusions", "exclusions"} <= {table.name for table in report.tables}
    plain = build_report(ratings(), participants(), Plan(reference="real"), INFO)
    assert plain.without_exclusions is None


def test_rules_that_leave_nobody_are_an_error() -> None:
    frame = ratings().assign(seconds_on_page=1.0)
    with pytest.raises(FrameError, match="no ratings are left after the plan's exclusions"):
        build_report(frame, None, Plan(exclusions=(parse_rule("faster-than:5"),)), INFO)


def test_a_report_is_of_one_mode() -> None:
    with pytest.raises(FrameError, match="the participants come from the modes live"):
        build_report(ratings(), participants().assign(mode="live"), PLAN, INFO)


def test_flow_and_analysed_people_agree(report: Report) -> None:
    flow = to_dict(report)["results"]["flow"]
    assert flow["arrived"] == 62
    assert sum(arm["analysed"] for arm in flow["arms"]) == report.comparison.n_people
    names = [figure.name for figure in report.figures]
    assert names[:3] == ["flow", "share-credible", "mean-outcome"]


def test_attribution_is_reported_where_it_was_asked() -> None:
    info = StudyInfo("t", mode="simulated", arms=ARMS, attribution_item="source")
    report = build_report(ratings(), None, Plan(reference="real"), info)
    rows = to_dict(report)["results"]["attribution"]
    assert [row["arm"] for row in rows] == ["real", "small", "large", "all"]
    assert {"detection", "attribution"} <= {table.name for table in report.tables}


@pytest.mark.parametrize(("alpha", "level"), [(0.05, "95%"), (0.025, "97.5%"), (0.005, "99.5%"), (0.001, "99.9%")])
def test_an_interval_is_called_by_its_whole_level(alpha: float, level: str) -> None:
    assert level_text(1 - alpha) == level


def test_an_f_without_degrees_of_freedom_has_a_dash_and_no_nan() -> None:
    assert df_pair(math.nan, math.nan) == "–"
    assert df_pair(2.0, 31.44) == "2, 31.4"


def test_a_report_at_another_level_says_it_in_every_place() -> None:
    frame = ratings_of({"real": [7, 8, 6, 9], "small": [5, 6, 4, 5]})
    found = build_report(frame, None, Plan(reference="real", alpha=0.025), StudyInfo("t"))
    page = to_html(found)
    assert "97.5% interval" in found.main_sentence
    assert "97.5% interval" in " ".join(found.methods) + " ".join(" ".join(table.header) for table in found.tables)
    assert "98% interval" not in page


def test_published_values_are_marked_and_only_shown_where_they_belong(report: Report) -> None:
    page = to_html(report)
    assert "published 2019: curated GPT-2 articles 72%" in page
    assert "published 2019: New York Times originals 83%" in page
    assert all(f"published 2019: GPT-2 {value}" in page for value in ("355M 6.07", "774M 6.72", "1.5B 6.91"))
    other = StudyInfo("t", arms=ARMS, show_published=False, outcome_label="trust", outcome_scale=None)
    frame = ratings().rename(columns={"credibility": "trust"})
    plain = build_report(frame, None, Plan(outcome="trust", reference="real", credible_cut=None), other)
    assert "2019: " not in to_html(plain)
    assert to_dict(plain)["published"] is None


def test_the_html_is_whole_and_asks_nobody_for_anything(report: Report) -> None:
    page = to_html(report)
    assert "<script" not in page
    assert not re.search(r'(src|href)="(?!data:|#)', page)
    assert page.count("<img ") == page.count('alt="') == len(report.figures)
    assert "Small &lt;model&gt;" in page
    assert "Small <model>" not in page
    assert report.data_sha256 in page
    assert all(caution.sentence in unescape(page) for caution in report.cautions)
    for section in report.shown:
        assert page.count(f'<h2 id="{section.name}">') == page.count(f'href="#{section.name}"') == 1
    assert all(f"Left out: {section.left_out}" in unescape(page) for section in report.left_out)


def test_the_json_is_strict_versioned_and_holds_the_numbers(report: Report) -> None:
    content = json.loads(json.dumps(to_dict(report), allow_nan=False))
    assert content["format"] == "studyweb-report/3"
    row = content["results"]["means"][0]
    assert row["contrast"] == "small - real"
    assert row["estimate"] == report.comparison.means.rows[0].estimate
    assert row["equivalence_p"] is None
    assert content["results"]["flow"]["arms"][0]["arm"] == "real"
    assert content["plan"]["exclusions"] == ["incomplete", "attention-failed:2"]
    assert content["software"] == software_versions()


def test_every_row_of_a_table_is_as_long_as_its_header(report: Report) -> None:
    for table in report.tables:
        assert {len(row) for row in table.rows} == {len(table.header)}


def test_methods_name_the_tests_that_were_used() -> None:
    between = build_report(simulated(), None, Plan(reference="real"), StudyInfo("t"))
    within = build_report(simulated(within=True), None, Plan(reference="real"), StudyInfo("t"))
    assert "Welch's t test" in " ".join(between.methods)
    assert "paired t tests" in " ".join(within.methods)
    assert "Kruskal-Wallis" not in " ".join(within.methods)


def test_arms_that_cannot_be_tested_are_reported_without_a_test() -> None:
    sentence = build_report(
        ratings_of({"real": [7, 8], "small": [5]}), None, Plan(reference="real"), StudyInfo("t", arms=ARMS)
    ).main_sentence
    assert "Small <model> was not tested against Invented reports" in sentence
    assert "Small <model> has one person only" in sentence
    assert "Large model cannot be compared with Invented reports" in sentence
    alone = build_report(ratings_of({"real": [7, 8]}), None, Plan(), StudyInfo("t"))
    assert "only one arm" in alone.main_sentence


def test_cautions_call_the_arms_by_their_names_and_keep_their_keys(report: Report) -> None:
    empty = StudyInfo("t", mode="simulated", arms=(*ARMS, ArmInfo("huge", "Huge model")))
    cautions = build_report(ratings(), None, Plan(reference="real"), empty).cautions
    (caution,) = (caution for caution in cautions if caution.code == "empty-arm")
    assert (caution.about, "The arm Huge model has no ratings" in caution.sentence) == ("huge", True)
    assert any("6 in Invented reports" in caution.sentence for caution in report.comparison.cautions)


@pytest.mark.parametrize(("factor", "digits"), [(0.001, 4), (1.0, 2), (1000.0, 0)])
def test_numbers_have_the_digits_that_the_outcomes_spread_needs(factor: float, digits: int) -> None:
    frame = simulated(people=60)
    frame["credibility"] *= factor
    plan = Plan(reference="real", outcome="credibility", credible_cut=None)
    info = StudyInfo("t", outcome_scale=None, show_published=False)
    report = build_report(frame, None, plan, info)
    assert report.crossed is not None
    row = report.crossed.rows[0]
    assert f"difference {number(row.estimate, digits)}, " in report.sentences[0]
    tables = {table.name: table for table in report.tables}
    assert tables["crossed"].rows[0][1] == number(row.estimate, digits)
    assert tables["crossed"].rows[0][3] == number(row.std_error, digits + 1)
    assert tables["arms"].rows[0][4] == number(report.comparison.arms.rows[0].mean, digits)
    for name in ("means", "crossed-pairs", "pairwise", "articles", "equivalence", "models", "specifications"):
        assert "0.00" not in {cell for cells in tables[name].rows for cell in cells[1:4]}
