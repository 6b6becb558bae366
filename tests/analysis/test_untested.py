"""Where two arms have no test the report says so and why, and claims no difference."""

import numpy as np
import pandas as pd
import pytest

from analysis.plan import Plan
from analysis.report import Report, StudyInfo, build_report
from tests.analysis.ratings import simulated


def report_on(ratings: pd.DataFrame) -> Report:
    return build_report(ratings, None, Plan(reference="real"), StudyInfo("t"))


def constant() -> pd.DataFrame:
    return simulated(people=12, arms=("real", "small")).assign(credibility=3.0)


def separated() -> pd.DataFrame:
    ratings = simulated(people=12, arms=("real", "small"))
    return ratings.assign(credibility=np.where(ratings["arm"] == "real", 9.0, 2.0))


def of_one_person() -> pd.DataFrame:
    ratings = simulated(people=13, arms=("real", "small"))
    return ratings[(ratings["arm"] == "real") | (ratings["participant"] == "p0001")]


def alike_within() -> pd.DataFrame:
    ratings = simulated(people=12, per_person=4, arms=("real", "small"), within=True)
    person = ratings["participant"].str[1:].astype(int)
    return ratings.assign(credibility=2.0 + person % 3 + 2 * (ratings["arm"] == "small"))


@pytest.mark.parametrize(
    ("ratings", "why", "difference"),
    [
        (constant(), "everybody within an arm has the same value", "0.00"),
        (separated(), "everybody within an arm has the same value", "−7.00"),
        (of_one_person(), "small has one person only", ""),
        (alike_within(), "all 12 people who are in both arms differ by the same", "2.00"),
    ],
    ids=["constant", "separated", "one person", "all differ by the same"],
)
def test_a_comparison_without_a_test_says_why_and_claims_nothing(
    ratings: pd.DataFrame, why: str, difference: str
) -> None:
    report = report_on(ratings)
    (sentence,) = report.sentences
    assert sentence.startswith(f"small was not tested against real on the credibility index (1 to 10): {why}")
    assert f"The difference of {difference}" in sentence
    assert sentence.endswith("is of these people alone.")
    assert "differed" not in sentence
    (caution,) = (caution for caution in report.cautions if caution.code == "no-test")
    assert caution.sentence.startswith(f"small against real has no test and no interval of people's means: {why}")
