"""Beside every result that is none a section says what its test would have found."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from analysis.equivalence import detectable
from analysis.plan import Plan
from analysis.report import StudyInfo, build_report
from analysis.report_json import to_dict
from tests.analysis.ratings import simulated
from tests.analysis.sections.test_sections import ARMS, INFO, PLAN, ratings, section

FOUR_OF_FIVE = "four of five such studies"


def test_what_would_have_been_found_stands_beside_every_result_that_was_not() -> None:
    frame = ratings(60).assign(credibility=lambda rows: np.random.default_rng(5).integers(1, 11, len(rows)))
    none = build_report(frame, None, replace(PLAN, exclusions=()), INFO)
    rows = json.loads(json.dumps(to_dict(none), allow_nan=False))["results"]
    line = rows["trend"]["rows"][0]
    assert (
        f"was not shown; a change of {line['detectable']:.3f} would have been found in {FOUR_OF_FIVE}"
        in (section(none, "trend").sentences[0])
    )
    (picked,) = rows["curation"]
    assert picked["detectable"] == picked["detectable_adjusted"] > 2.8 * picked["std_error"]
    assert (
        f"; a difference of {picked['detectable']:.2f} would have been found in {FOUR_OF_FIVE}."
        in (section(none, "curation").sentences[0])
    )
    area = next(row for row in rows["detection"]["rows"] if row["term"] == "auc")
    assert (
        f"; an area of {0.5 + area['detectable']:.2f} or {0.5 - area['detectable']:.2f} would have"
        in (section(none, "detection").sentences[0])
    )
    for name in ("shares", "share-pairs", "trend", "curation", "heterogeneity", "interactions", "detection", "models"):
        (table,) = (one for one in none.tables if one.name == name)
        assert "Would be found" in table.header
        assert "Would be found:" in table.caption
        assert all(len(row) == len(table.header) for row in table.rows)


def test_every_other_model_says_what_it_would_have_found_and_those_of_odds_say_it_as_a_ratio() -> None:
    report = build_report(ratings(60), None, replace(PLAN, exclusions=()), INFO)
    rows = {(row["arm"], row["model"]): row for row in to_dict(report)["results"]["models"]}
    (table,) = (one for one in report.tables if one.name == "models")
    printed = {(row[0], row[1]): row[table.header.index("Would be found")] for row in table.rows}
    assert len(rows) == len(printed) == 2 * 6
    for (arm, model), row in rows.items():
        size = detectable(row["std_error"], math.inf if row["df"] is None else row["df"], 0.05 / 2)
        expected = math.exp(size) if row["scale"] == "odds ratio" else size
        assert row["detectable_adjusted"] == pytest.approx(expected)
        assert row["detectable"] < expected
        (cell,) = (text for (pair, name), text in printed.items() if name == model and pair.startswith(arm.title()))
        assert cell == f"{expected:.2f}"


def test_an_interaction_says_by_how_much_an_arm_that_departs_in_one_group_would_have_been_found() -> None:
    frame = ratings(60).query("arm != 'large'")
    two = build_report(frame, None, replace(PLAN, main_contrast="", exclusions=()), INFO)
    found = to_dict(two)["results"]["heterogeneity"][0]
    assert found["interaction"][3] > 0.05
    said = section(two, "heterogeneity").sentences[0]
    assert said.endswith(
        f"; an arm that departs in one group by {found['interaction_detectable']:.2f} from the others would have been "
        f"found in {FOUR_OF_FIVE}."
    )


def test_without_a_mixed_model_the_sentence_tells_the_share_that_would_have_been_found() -> None:
    plain = simulated(people=60, shift=0).drop(columns="article")
    report = build_report(plain, None, Plan(reference="real"), StudyInfo("t", arms=ARMS, articles_known=False))
    row = report.comparison.shares.rows[0]
    assert row.p_adjusted > 0.05
    assert (
        f"; one of {100 * row.detectable_adjusted:.1f} points would have been found in at least {FOUR_OF_FIVE}"
        in (report.sentences[0])
    )
