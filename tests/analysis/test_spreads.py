"""Arms of unequal size and unequal spread are named, with Welch's result; others are not."""

import numpy as np
import pandas as pd
import pytest

from analysis.compare import compare_arms
from analysis.plan import Plan
from analysis.report import StudyInfo, build_report
from analysis.report_text import interval, number
from analysis.spreads import cautions_of_spreads

PLAN = Plan(reference="real")


def study(real: tuple[int, float], small: tuple[int, float]) -> pd.DataFrame:
    rng = np.random.default_rng(8)
    rows = [
        (f"{arm}-{person}", arm, f"{arm}-{(person + place) % 8}", arm == "small", value)
        for arm, (people, sd) in (("real", real), ("small", small))
        for person in range(people)
        for place, value in enumerate(rng.normal(6, sd) + rng.normal(0, sd, 3))
    ]
    return pd.DataFrame(rows, columns=["participant", "arm", "article", "late", "credibility"])


@pytest.mark.parametrize(
    ("real", "small", "how"),
    [((100, 0.6), (20, 1.8), "too often"), ((100, 1.8), (20, 0.6), "too seldom")],
)
def test_a_small_arm_with_another_spread_has_welchs_result_beside_the_main_test(
    real: tuple[int, float], small: tuple[int, float], how: str
) -> None:
    comparison = compare_arms(study(real, small), PLAN)
    (caution,) = cautions_of_spreads(comparison, {"small": "Small model"})
    (welch,) = comparison.means.rows
    assert caution.about == "small - real"
    assert "Small model (SD " in caution.sentence
    assert how in caution.sentence
    assert (
        f"difference {number(welch.estimate)}, 95% interval {interval(welch.ci_low, welch.ci_high)}" in caution.sentence
    )


@pytest.mark.parametrize(
    ("real", "small"),
    [((60, 0.6), (60, 1.8)), ((100, 1.0), (20, 1.0))],
    ids=["equal numbers", "equal spreads"],
)
def test_equal_numbers_or_equal_spreads_need_no_caution(real: tuple[int, float], small: tuple[int, float]) -> None:
    assert cautions_of_spreads(compare_arms(study(real, small), PLAN), {}) == []


def test_the_report_says_it_of_the_mixed_model_and_states_the_rule() -> None:
    report = build_report(study((100, 0.6), (20, 1.8)), None, PLAN, StudyInfo("t"))
    assert [caution.about for caution in report.cautions if caution.code == "unequal-spreads"] == ["small - real"]
    assert any("by a factor of 1.5 or more" in sentence for sentence in report.methods)
