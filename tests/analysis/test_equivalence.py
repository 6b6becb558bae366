"""Equivalence is claimed exactly where the inner interval lies within the bounds; what would be found is said."""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analysis.equivalence import detectable, detectable_noncentrality, equivalence_row, with_detectable
from analysis.intervals import Interval, TTest, newcombe_detectable, t_test, tost

R: dict[str, Any] = json.loads(
    (Path(__file__).parent.parent / "reference" / "measures.json").read_text(encoding="utf-8")
)


@dataclass(frozen=True)
class Row:
    std_error: float
    df: float
    p_value: float
    detectable: float = math.nan
    detectable_adjusted: float = math.nan


@given(
    estimate=st.floats(-2, 2),
    error=st.floats(0.05, 2),
    df=st.floats(1.5, 500),
    low=st.floats(-2, -0.01),
    high=st.floats(0.01, 2),
)
def test_it_is_claimed_exactly_if_the_inner_interval_lies_within_the_bounds(
    estimate: float, error: float, df: float, low: float, high: float
) -> None:
    row = equivalence_row("a - b", t_test(estimate, error, df), Interval(low, high))
    inside = low < row.ci_low and row.ci_high < high
    assert (row.p_value < 0.05) == inside or abs(row.p_value - 0.05) < 1e-9
    assert (row.verdict in {"equivalent", "different but within the bounds"}) == (row.p_value < 0.05)


def test_with_one_bound_to_both_sides_it_is_the_p_of_the_plans_test() -> None:
    test = t_test(0.3, 0.2, 31.5)
    row = equivalence_row("a - b", test, Interval(-0.7, 0.7))
    assert row.p_value == pytest.approx(tost(test, -0.7, 0.7))
    assert row.statistic == pytest.approx((0.3 - 0.7) / 0.2)


def test_bounds_may_differ_on_either_side() -> None:
    row = equivalence_row("a - b", t_test(0.3, 0.2, 31.5), Interval(-0.1, 2.0))
    assert row.p_value == pytest.approx(stats.t.sf(2.0, 31.5))


@pytest.mark.parametrize(
    ("estimate", "error", "verdict"),
    [
        (0.05, 0.1, "equivalent"),
        (0.35, 0.05, "different but within the bounds"),
        (1.5, 0.1, "different"),
        (0.4, 0.5, "undecided"),
    ],
)
def test_the_four_verdicts(estimate: float, error: float, verdict: str) -> None:
    assert equivalence_row("a - b", t_test(estimate, error, 60), Interval(-0.5, 0.5)).verdict == verdict


@pytest.mark.parametrize("case", R["detectable"], ids=lambda case: f"n = {case['n']}")
def test_the_detectable_difference_of_two_equal_groups_is_that_of_power_t_test(case: dict[str, float]) -> None:
    error = case["sd"] * math.sqrt(2 / case["n"])
    assert detectable(error, 2 * case["n"] - 2) == pytest.approx(case["delta"], rel=1e-8)


@pytest.mark.parametrize("case", R["detectable_by_df"], ids=lambda case: f"df = {case['df']}")
def test_with_any_degrees_of_freedom_it_is_where_rs_noncentral_t_has_the_power(case: dict[str, float | None]) -> None:
    df = math.inf if case["df"] is None else case["df"]
    assert case["alpha"] is not None
    assert detectable(1.0, df, case["alpha"]) == pytest.approx(case["delta"], rel=1e-8)


@pytest.mark.parametrize("case", R["detectable_noncentrality"], ids=lambda case: f"{case['df']} df")
def test_a_joint_test_finds_what_rs_noncentral_f_has_the_power_for(case: dict[str, float]) -> None:
    found = detectable_noncentrality(case["df"], case["df_within"], case["alpha"])
    assert found == pytest.approx(case["noncentrality"], rel=1e-6)


@pytest.mark.parametrize("case", R["detectable_shares"], ids=lambda case: f"{case['share']} of {case['n']}")
def test_a_share_of_single_ratings_that_would_be_found_is_near_that_of_power_prop_test(case: dict[str, float]) -> None:
    """Which takes another test, that of pooled shares."""
    found = newcombe_detectable(case["n"], case["share"], case["n"], detectable(1.0, math.inf))
    assert found == pytest.approx(case["delta"], rel=0.03)


def test_a_share_that_would_be_found_stays_within_0_and_1() -> None:
    quantile = detectable(1.0, math.inf)
    # From 95% only a lower share can be found; from 50% of five people none.
    assert 0.2 < newcombe_detectable(20, 0.95, 20, quantile) < 0.95
    assert math.isnan(newcombe_detectable(5, 0.5, 5, quantile))


def test_rows_say_what_they_find_alone_and_among_those_that_have_a_test() -> None:
    blank = Row(0.4, 21.5, 0.2)
    rows = [blank, Row(math.nan, math.nan, math.nan), Row(0.3, math.inf, 0.01)]
    first, without, last = with_detectable(rows, 0.05)
    assert first.detectable == detectable(0.4, 21.5)
    assert first.detectable_adjusted == detectable(0.4, 21.5, 0.025)
    assert last.detectable_adjusted == detectable(0.3, math.inf, 0.025)
    assert math.isnan(without.detectable)
    assert math.isnan(without.detectable_adjusted)
    (alone,) = with_detectable([blank], 0.05)
    assert alone.detectable_adjusted == alone.detectable


@given(df=st.floats(1.0, 1e7), error=st.floats(1e-6, 1e6), alpha=st.floats(0.001, 0.2))
def test_a_detectable_difference_is_there_for_any_precision(df: float, error: float, alpha: float) -> None:
    found = detectable(error, df, alpha)
    assert found > error * stats.norm.ppf(1 - alpha / 2) * 0.99


def test_without_a_standard_error_there_is_no_test() -> None:
    row = equivalence_row("a - b", TTest(0.2, math.nan, math.nan, math.nan, math.nan), Interval(-1, 1))
    assert row.verdict == "no test"
    assert math.isnan(row.p_value)
    assert math.isnan(row.detectable)


@pytest.mark.parametrize("bounds", [Interval(1, -1), Interval(0.5, 0.5), Interval(-math.inf, 1)])
def test_bounds_that_are_none_are_refused(bounds: Interval) -> None:
    with pytest.raises(ValueError, match="two numbers in order"):
        equivalence_row("a - b", t_test(0, 1, 10), bounds)


def test_with_endless_degrees_of_freedom_the_noncentrality_is_that_of_chi_squared() -> None:
    assert detectable_noncentrality(3, math.inf) == pytest.approx(detectable_noncentrality(3, 1e7), rel=1e-4)
