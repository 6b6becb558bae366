"""A trend that is found stands beside the main test's pairs without contradicting them."""

from dataclasses import replace

import pandas as pd
import pytest

from analysis.plan import Plan
from analysis.report import StudyInfo, build_report
from tests.analysis.ratings import simulated

PLAN = Plan(reference="a", trend_scores=(("a", 1.0), ("b", 2.0), ("c", 3.0)))
APART = "No two of these arms were shown to differ by themselves"


def rising(step: float) -> pd.DataFrame:
    frame = simulated(people=45, arms=("a", "b", "c"), shift=0.0, seed=3)
    return frame.assign(credibility=frame["credibility"] + step * frame["arm"].map({"a": 0, "b": 1, "c": 2}))


@pytest.mark.parametrize(
    ("step", "said"), [(0.35, True), (1.5, False), (0.0, False)], ids=["line alone", "pairs too", "neither"]
)
def test_where_the_line_alone_is_found_the_report_says_that_no_pair_is(step: float, said: bool) -> None:
    info = replace(StudyInfo("t"), show_published=False)
    report = build_report(rising(step), None, PLAN, info)
    (shown,) = (one for one in report.shown if one.name == "trend")
    assert ("a trend was not shown" in shown.sentences[0]) is (step == 0.0)
    assert any(sentence.startswith(APART) for sentence in shown.sentences) is said
