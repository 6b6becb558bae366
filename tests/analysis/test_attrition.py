"""Loss by arm: Pearson's test and the intervals are those of R, and what cannot be tested has no number."""

import json
import math
from dataclasses import fields, replace
from pathlib import Path

import pytest

from analysis.attrition import attrition
from analysis.flow import ArmFlow, Flow

R = json.loads((Path(__file__).parents[1] / "reference" / "people.json").read_text(encoding="utf-8"))["attrition"]


def flow(*counts: tuple[str, int, int]) -> Flow:
    arms = tuple(ArmFlow(arm, n, n, done, n - done, 0, 0, 0, 0, 0, 0, 0, None) for arm, n, done in counts)
    nobody = {field.name: 0 for field in fields(Flow) if field.name != "arms"}
    randomised = sum(arm.randomised for arm in arms)
    return Flow(**{**nobody, "arrived": randomised, "randomised": randomised}, arms=arms)


COUNTS = (("real", 120, 114), ("small", 118, 95), ("large", 121, 108))


def test_the_test_and_the_intervals_are_those_of_r() -> None:
    found = attrition(flow(*COUNTS), "real")
    assert found.statistic == pytest.approx(R["statistic"], rel=1e-10)
    assert found.df == R["df"]
    assert found.p_value == pytest.approx(R["p_value"], rel=1e-10)
    assert found.least_expected == pytest.approx(R["least_expected"])
    assert [row.share_ci_low for row in found.rows] == pytest.approx(R["share_low"], rel=1e-6)
    assert [row.share_ci_high for row in found.rows] == pytest.approx(R["share_high"], rel=1e-6)
    assert [row.lost for row in found.rows] == [6, 23, 13]
    assert math.isnan(found.rows[0].estimate)
    assert found.rows[1].estimate == pytest.approx(23 / 118 - 6 / 120)
    assert found.rows[1].ci_low < found.rows[1].estimate < found.rows[1].ci_high


def test_where_nobody_was_lost_or_one_arm_is_there_nothing_is_tested() -> None:
    assert math.isnan(attrition(flow(("real", 10, 10), ("small", 12, 12)), "real").p_value)
    assert math.isnan(attrition(flow(("real", 10, 5)), "real").p_value)


def test_an_arm_that_nobody_was_assigned_to_has_no_row() -> None:
    given = flow(*COUNTS)
    empty = replace(given, arms=(*given.arms, ArmFlow("huge", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, None)))
    assert attrition(empty, "real") == attrition(given, "real")
