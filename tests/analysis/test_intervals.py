"""Intervals, tests and effect sizes keep their properties wherever the numbers lie."""

import doctest
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from analysis import intervals
from analysis.intervals import (
    hedges_g,
    hedges_g_z,
    holm,
    newcombe,
    newcombe_detectable,
    paired,
    spread,
    t_interval,
    tost,
    welch,
    wilson,
)

EFFECT_SIZES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "reference" / "effect_sizes.json").read_text(encoding="utf-8")
)["cases"]
shares = st.floats(0, 1)
sizes = st.floats(1, 1e6)
# Ratings as they come: points on a scale, in steps that a double holds exactly.
samples = st.lists(st.integers(4, 40).map(lambda quarter: quarter / 4), min_size=2, max_size=30)


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(intervals).failed == 0


@given(shares, sizes)
def test_a_wilson_interval_holds_the_share_and_stays_within_0_and_1(share: float, n: float) -> None:
    low, high = wilson(share, n)
    assert 0 <= low <= share <= high <= 1


@given(shares, sizes, shares, sizes)
def test_a_newcombe_interval_holds_the_difference_and_mirrors(a: float, n: float, b: float, m: float) -> None:
    low, high = newcombe(a, wilson(a, n), b, wilson(b, m))
    assert -1 <= low <= a - b <= high <= 1
    assert newcombe(b, wilson(b, m), a, wilson(a, n)) == pytest.approx((-high, -low))


def test_shares_that_do_not_exist_are_refused() -> None:
    with pytest.raises(ValueError, match="does not exist"):
        wilson(1.2, 10)
    assert all(math.isnan(limit) for limit in wilson(0.5, 0))


@given(samples, samples)
def test_welchs_t_changes_its_sign_when_the_arms_change_sides(a: list[float], b: list[float]) -> None:
    there, back = welch(a, b), welch(b, a)
    assert there.estimate == -back.estimate
    assert (math.isnan(there.p_value) and math.isnan(back.p_value)) or there.p_value == pytest.approx(back.p_value)


@given(samples, samples, st.floats(-1e6, 1e6))
def test_a_shift_of_the_scale_changes_no_test(a: list[float], b: list[float], shift: float) -> None:
    assume(spread(a) > 0 or spread(b) > 0)
    moved = welch(np.add(a, shift), np.add(b, shift))
    assert moved.p_value == pytest.approx(welch(a, b).p_value, rel=1e-4, abs=1e-9)


@given(samples, samples, st.floats(0.1, 5), st.sampled_from([0.01, 0.05, 0.1]))
def test_equivalence_is_shown_exactly_if_the_interval_at_1_less_2_alpha_lies_inside_the_bounds(
    a: list[float], b: list[float], bound: float, alpha: float
) -> None:
    test = welch(a, b)
    assume(not math.isnan(test.std_error))
    low, high = t_interval(test.estimate, test.std_error, test.df, 2 * alpha)
    assume(min(abs(low + bound), abs(high - bound)) > 1e-9)
    assert (tost(test, -bound, bound) < alpha) == (-bound < low and high < bound)


@pytest.mark.parametrize("values", [[3.0], [], [4.0, 4.0, 4.0]])
def test_what_cannot_be_tested_has_an_estimate_at_most(values: list[float]) -> None:
    test = welch(values, values)
    assert math.isnan(test.p_value)
    assert math.isnan(test.std_error)
    assert math.isnan(paired(values).p_value)
    assert all(math.isnan(value) for value in hedges_g(values, values))
    assert all(math.isnan(value) for value in hedges_g_z(values))


def test_means_that_differ_in_their_last_bit_only_have_no_spread() -> None:
    assert spread([0.1 + 0.2, 0.3, 0.3]) == 0
    assert math.isnan(spread([1.0]))


@pytest.mark.parametrize("n", [5, 40, 3000, 200_000])
def test_a_hedges_interval_holds_its_estimate_at_any_size(n: int) -> None:
    rng = np.random.default_rng(n)
    a, b = rng.normal(6.9, 2, n), rng.normal(6.1, 2, n)
    there, back = hedges_g(a, b), hedges_g(b, a)
    assert there.low < there.estimate < there.high
    assert (back.low, back.high) == pytest.approx((-there.high, -there.low), rel=1e-6)


@pytest.mark.parametrize("case", EFFECT_SIZES)
def test_hedges_intervals_are_rs_however_alike_the_arms_of_the_same_people_are(case: dict[str, Any]) -> None:
    a, b = np.array(case["a"]), np.array(case["b"])
    found = hedges_g_z(a - b) if case["same_people"] else hedges_g(a, b)
    assert found == pytest.approx((case["estimate"], case["low"], case["high"]), rel=1e-7, abs=1e-7)


def test_hedges_intervals_of_few_people_who_differ_much_hold_the_truth() -> None:
    rng = np.random.default_rng(5)
    found = [hedges_g_z(rng.normal(2.0, 1, 5)) for _ in range(600)]
    assert np.mean([size.low <= 2 <= size.high for size in found]) > 0.93
    assert all(size.low < size.estimate < size.high for size in found)


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_never_lowers_a_p_and_keeps_their_order(p: list[float]) -> None:
    adjusted = holm(p)
    assert all(raw <= new <= 1 for raw, new in zip(p, adjusted, strict=True))
    order = np.argsort(p, kind="stable")
    assert list(np.array(adjusted)[order]) == sorted(adjusted)


def test_holm_does_not_count_tests_that_were_not_made() -> None:
    first, none, second = holm([0.01, math.nan, 0.04])
    assert (first, second) == (0.02, 0.04)
    assert math.isnan(none)


@pytest.mark.parametrize("quantile", [math.nan, math.inf])
def test_with_no_quantile_no_difference_of_shares_would_be_found(quantile: float) -> None:
    assert math.isnan(newcombe_detectable(10.0, 0.5, 10.0, quantile))
