"""Reliability of scales: psych's alpha, omega and item statistics, by tests/reference/measures.R."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.reliability import Reliability, feldt_interval, one_factor, reliability
from analysis.validation import FrameError

R: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent.parent / "reference" / "measures.json").read_text(encoding="utf-8")
)["reliability"]
every_scale = pytest.mark.parametrize("case", R, ids=["three items", "five items"])


def frame_of(values: Any) -> tuple[pd.DataFrame, list[str]]:
    table = np.array(values, dtype=float)
    names = [f"item{n}" for n in range(table.shape[1])]
    frame = pd.DataFrame(table, columns=names)
    return frame.assign(participant=[f"p{n}" for n in range(len(frame))]), names


def found(case: dict[str, Any]) -> Reliability:
    return reliability(*frame_of(case["values"]))


@every_scale
def test_alpha_with_feldts_interval_is_psychs(case: dict[str, Any]) -> None:
    rows = {row.term: row for row in found(case).rows}
    assert rows["alpha"].estimate == pytest.approx(case["alpha"], abs=1e-10)
    assert (rows["alpha"].ci_low, rows["alpha"].ci_high) == pytest.approx((case["low"], case["high"]), abs=1e-8)
    assert rows["alpha, standardised"].estimate == pytest.approx(case["alpha_std"], abs=1e-10)


@every_scale
def test_omega_of_one_factor_is_psychs(case: dict[str, Any]) -> None:
    rows = {row.term: row.estimate for row in found(case).rows}
    # psych's search stops at about five digits.
    assert rows["omega, standardised"] == pytest.approx(case["omega_std"], abs=2e-4)
    loadings = [row.loading for row in found(case).items]
    assert loadings == pytest.approx(case["loadings"], abs=2e-3)


@every_scale
def test_items_against_the_rest_and_alpha_without_them_are_psychs(case: dict[str, Any]) -> None:
    items = found(case).items
    assert [row.item_rest for row in items] == pytest.approx(case["item_rest"], abs=1e-10)
    assert [row.alpha_without for row in items] == pytest.approx(case["without"], abs=1e-10)


def test_three_items_of_one_factor_give_their_loadings_back() -> None:
    truth = np.array([0.9, 0.6, 0.7])
    correlation = np.outer(truth, truth)
    np.fill_diagonal(correlation, 1)
    np.testing.assert_allclose(one_factor(correlation), truth, atol=1e-8)


def test_people_with_several_rows_are_left_out_whole() -> None:
    frame, items = frame_of(R[0]["values"])
    doubled = pd.concat([frame, frame], ignore_index=True)
    once, twice = (reliability(table, items) for table in (frame, doubled))
    assert twice.rows[0].method == "jackknife of people"
    assert any("several rows each" in sentence for sentence in twice.statements)
    # A copy of everybody says nothing new, so that the interval must not shrink.
    width = twice.rows[0].ci_high - twice.rows[0].ci_low
    assert width > 0.75 * (once.rows[0].ci_high - once.rows[0].ci_low)


def test_feldts_interval_holds_the_truth_as_often_as_it_says() -> None:
    """Of 1,000 intervals at 95%, 50 miss; fewer than 26 or more than 78 with a chance below 1 in 5,000."""
    truth = 3 / 2 * (1 - 3 / (3 + 6 * 0.5))
    missed = 0
    for seed in range(1000):
        rng = np.random.default_rng(seed)
        values = rng.normal(size=(50, 1)) * math.sqrt(0.5) + rng.normal(size=(50, 3)) * math.sqrt(0.5)
        covariance = np.cov(values, rowvar=False)
        estimate = 3 / 2 * (1 - np.trace(covariance) / covariance.sum())
        low, high = feldt_interval(estimate, 50, 3)
        missed += not low <= truth <= high
    assert 26 <= missed <= 78


@pytest.mark.parametrize("people", [15, 40])
def test_intervals_of_few_people_with_several_rows_hold_the_truth(people: int) -> None:
    """Of 200 intervals at 95%, 10 miss; more than 23 with a chance below 1 in 5,000. Of those of 15 people by a
    percentile bootstrap, 24 did.
    """
    loadings, own, noise = np.array([0.8, 0.6, 0.7]), 0.3**2, 0.7**2
    covariance = np.outer(loadings, loadings) + np.diag([own + noise] * 3)
    truth = 3 / 2 * (1 - np.trace(covariance) / covariance.sum())
    missed = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        factor = rng.normal(0, 0.8, (people, 1, 1)) + rng.normal(0, 0.6, (people, 4, 1))
        values = loadings * factor + rng.normal(0, 0.7, (people, 4, 3)) + rng.normal(0, 0.3, (people, 1, 3))
        frame, items = frame_of(values.reshape(-1, 3))
        row = reliability(frame.assign(participant=np.repeat(np.arange(people), 4)), items).rows[0]
        missed += not row.ci_low <= truth <= row.ci_high
    assert missed <= 23


def test_rows_and_people_in_another_order_have_the_same_intervals() -> None:
    frame, items = frame_of(R[1]["values"])
    twice = pd.concat([frame, frame.assign(item0=frame["item0"].to_numpy()[::-1])], ignore_index=True)
    once, again = (reliability(table, items).rows for table in (twice, twice.sample(frac=1, random_state=3)))
    for row, other in zip(once, again, strict=True):
        assert (row.ci_low, row.ci_high) == pytest.approx((other.ci_low, other.ci_high), rel=1e-9)


def test_an_item_scored_the_wrong_way_is_named() -> None:
    frame, items = frame_of(R[0]["values"])
    said = reliability(frame.assign(item1=8 - frame["item1"]), items).statements
    assert any("run against the others: item1" in sentence for sentence in said)


@pytest.mark.parametrize("people", [30, 10], ids=["one row a person", "three rows a person"])
@pytest.mark.parametrize("shift", [0.0, 1.0], ids=["equal", "one point apart"])
def test_items_that_follow_from_each_other_have_no_interval_and_that_is_said(people: int, shift: float) -> None:
    values = np.random.default_rng(1).integers(1, 8, 30).astype(float)
    frame, items = frame_of(np.column_stack([values, values + shift, values]))
    alike = reliability(frame.assign(participant=[f"p{n % people}" for n in range(30)]), items)
    assert {row.term: row.estimate for row in alike.rows}["alpha"] == pytest.approx(1)
    assert all(math.isnan(row.ci_low) and math.isnan(row.ci_high) and row.method == "none" for row in alike.rows)
    assert any("say no more than one of them" in sentence for sentence in alike.statements)


def test_rows_of_one_person_have_no_interval_because_nobody_else_answered() -> None:
    frame, items = frame_of(R[0]["values"])
    found = reliability(frame.assign(participant="p0"), items)
    assert all(row.method == "none" and math.isnan(row.ci_low) for row in found.rows)
    (said,) = (sentence for sentence in found.statements if "no interval" in sentence)
    assert said.startswith("All rows are one person's: what other people would answer cannot be told")


def test_a_coefficient_that_is_1_without_one_of_the_people_has_no_interval() -> None:
    values = np.random.default_rng(1).integers(1, 8, 12).astype(float)
    frame, items = frame_of(np.column_stack([values, [*values[:-1], 8.0 - values[-1]]]))
    rows = {row.term: row for row in reliability(frame, items).rows}
    assert rows["alpha"].method == "Feldt"
    assert rows["omega"].method == "none"
    assert any(
        "There is no interval of omega, omega, standardised:" in said for said in reliability(frame, items).statements
    )


def test_rows_with_a_missing_answer_are_counted() -> None:
    frame, items = frame_of(R[0]["values"])
    frame.loc[[2, 5], "item1"] = np.nan
    result = reliability(frame, items)
    assert (result.n_rows, result.n_incomplete) == (118, 2)


@pytest.mark.parametrize(
    ("change", "items", "complaint"),
    [
        ({}, ["item0"], "two different items"),
        ({}, ["item0", "item0"], "two different items"),
        ({}, ["item0", "nowhere"], "'nowhere' is missing"),
        ({"item1": 4.0}, ["item0", "item1"], "'item1' is 4 in all rows"),
        ({"item1": np.nan}, ["item0", "item1"], "three are the least"),
        ({"item1": np.inf}, ["item0", "item1"], "finite numbers"),
        ({"item1": "agree"}, ["item0", "item1"], "must hold numbers"),
    ],
)
def test_data_that_carry_no_reliability_are_refused(change: dict[str, Any], items: list[str], complaint: str) -> None:
    frame, _ = frame_of(R[0]["values"])
    with pytest.raises(FrameError, match=complaint):
        reliability(frame.assign(**change), items)
