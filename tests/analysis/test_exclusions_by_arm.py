"""Each rule is counted by arm, and whether it takes more of one arm is tested by people, never by ratings."""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.contingency_tables import cochrans_q

from analysis.exclusions import apply_exclusions
from analysis.exclusions_by_arm import RuleByArm, rule_by_arm
from analysis.plan_rules import parse_rule

# Pearson's test of 6 of 120, 23 of 118 and 13 of 121 people, by R.
R = json.loads((Path(__file__).parents[1] / "reference" / "people.json").read_text(encoding="utf-8"))["attrition"]
COUNTS = (("real", 120, 6), ("small", 118, 23), ("large", 121, 13))
FAST, FAILED = parse_rule("faster-than:5"), parse_rule("attention-failed:1")


def between(per_person: int = 1) -> pd.DataFrame:
    rows = [
        {"participant": f"{arm}{n}", "arm": arm, "seconds_on_page": 1.0 if n < lost else 9.0}
        for arm, people, lost in COUNTS
        for n in range(people)
        for _ in range(per_person)
    ]
    return pd.DataFrame(rows)


def judged(frame: pd.DataFrame) -> RuleByArm:
    return rule_by_arm(frame, frame["seconds_on_page"] < 5, FAST)


@pytest.mark.parametrize("per_person", [1, 4])
def test_of_different_people_it_is_pearsons_test_however_many_ratings_each_gave(per_person: int) -> None:
    found = judged(between(per_person))
    n = sum(people for _, people, _ in COUNTS)
    assert found.permuted == "people between arms"
    assert found.statistic * n / (n - 1) == pytest.approx(R["statistic"], rel=1e-10)
    assert found.df == R["df"]
    assert found.least_expected == pytest.approx(R["least_expected"])
    counted = {arm.arm: (arm.people_out, arm.people_before, arm.ratings_out) for arm in found.arms}
    assert counted == {arm: (lost, people, lost * per_person) for arm, people, lost in COUNTS}


def test_of_the_same_people_it_is_cochrans_q() -> None:
    rng = np.random.default_rng(4)
    out = rng.random((40, 3)) < [0.1, 0.3, 0.5]
    rows = [
        {"participant": f"p{n}", "arm": arm, "seconds_on_page": 1.0 if out[n, k] else 9.0}
        for n in range(40)
        for k, arm in enumerate(("real", "small", "large"))
    ]
    found, expected = judged(pd.DataFrame(rows)), cochrans_q(out.astype(int))
    assert found.permuted == "arms within people"
    assert (found.statistic, found.df, found.p_value) == pytest.approx(
        (expected.statistic, expected.df, expected.pvalue), rel=1e-9
    )


def test_a_rule_that_takes_nobody_or_all_alike_has_no_test() -> None:
    frame = between()
    for seconds in (9.0, 1.0):
        found = judged(frame.assign(seconds_on_page=seconds))
        assert math.isnan(found.p_value)
    assert math.isnan(judged(frame[frame["arm"] == "real"]).p_value)


def test_rules_are_counted_by_arm_after_the_rules_before_them() -> None:
    frame = between(2)
    people = pd.DataFrame({"participant": frame["participant"].unique(), "attention_failed": 0})
    people.loc[people["participant"] == "real0", "attention_failed"] = 1
    first, second = apply_exclusions(frame, [FAILED, FAST], people).by_arm
    assert [(arm.arm, arm.people_out) for arm in first.arms] == [("large", 0), ("real", 1), ("small", 0)]
    assert [(arm.people_before, arm.people_out) for arm in second.arms] == [(121, 13), (119, 5), (118, 23)]
    assert (first.after, second.after) == ("maybe", "always")


@pytest.mark.parametrize(("before", "after"), [(2, "never"), (1, "always"), (None, "maybe")])
def test_checks_before_the_articles_are_no_consequence_of_them(before: int | None, after: str) -> None:
    frame = between()
    people = pd.DataFrame({"participant": frame["participant"].unique(), "attention_failed": 0, "attention_checks": 2})
    if before is not None:
        people = people.assign(attention_checks_before=2)
        people.loc[0, "attention_checks_before"] = before
    assert apply_exclusions(frame, [FAILED], people).by_arm[0].after == after


def test_ratings_without_arms_are_not_counted_by_arm() -> None:
    assert apply_exclusions(between().drop(columns="arm"), [FAST]).by_arm == ()
