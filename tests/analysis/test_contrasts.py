"""Shares of several ratings a person are contrasted as R does it, and keep their level with few people an arm."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from scipy import stats

from analysis.contrasts import Pair, ShareContrast, share_contrast
from analysis.descriptives import share_of, shares_of_two

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "reference" / "shares.json").read_text(encoding="utf-8")
)["cases"]


def side(shares: Sequence[float] | np.ndarray, given: Any) -> pd.DataFrame:
    return pd.DataFrame({"participant": range(len(shares)), "mean": shares, "share": shares, "n_ratings": given})


def contrast(
    own: pd.DataFrame, other: pd.DataFrame, *, paired: bool = False, alpha: float = 0.05, tested: int = 1
) -> ShareContrast:
    both = own.merge(other, on="participant", suffixes=("_arm", "_reference"))
    return share_contrast(Pair("small", "real", own, other, both if paired else both.iloc[:0]), alpha, tested)


@pytest.mark.parametrize("case", CASES)
def test_the_intervals_join_those_of_rs_prop_test_and_the_test_is_where_uniroot_finds_them_at_0(
    case: dict[str, Any],
) -> None:
    own, other = (
        side(np.array(case[name]["yes"]) / np.array(case[name]["given"]), case[name]["given"])
        for name in ("arm", "reference")
    )
    found = contrast(own, other, paired=case["paired"], alpha=1 - case["level"], tested=3)
    assert found.method == ("paired Newcombe t" if case["paired"] else "Newcombe t")
    numbers: tuple[str, ...] = ("estimate", "std_error", "statistic", "df", "p_value", "ci_low", "ci_high")
    numbers += ("risk_ratio", "risk_ratio_ci_low", "risk_ratio_ci_high", "detectable", "detectable_adjusted")
    for name in numbers:
        expected = math.nan if case[name] is None else case[name]
        assert getattr(found, name) == pytest.approx(expected, rel=1e-9, nan_ok=True), name


def test_where_everybody_answers_alike_all_that_is_known_is_how_many_people_there_are() -> None:
    """Nobody differs from anybody, so that there is no t; each person counts once."""
    yes, no = side([1.0] * 10, 6), side([0.0] * 10, 6)
    found = contrast(yes, no)
    assert (found.method, found.estimate) == ("Newcombe z", 1.0)
    # Wilson's limits of 10 of 10 lie z^2 / (10 + z^2) off: both together are 1 off where that is the root of a half.
    assert found.statistic == pytest.approx(math.sqrt(10 * math.sqrt(0.5) / (1 - math.sqrt(0.5))))
    assert 0.5 < found.ci_low < found.ci_high == 1.0
    same = contrast(yes, yes)
    assert (same.statistic, same.p_value) == (0.0, 1.0)
    assert same.ci_low < 0 < same.ci_high
    assert same.risk_ratio_ci_low < 0.8 < 1.25 < same.risk_ratio_ci_high


@pytest.mark.parametrize("given", [1, 6])
def test_an_arm_of_one_person_has_neither_an_interval_nor_a_test(given: int) -> None:
    one, many = side([0.0], given), side([1.0] * 20 + [0.0] * 10, given)
    for found in (contrast(one, many), contrast(many, one), contrast(one, many, paired=True)):
        said = (found.std_error, found.statistic, found.p_value, found.ci_low, found.ci_high)
        assert all(math.isnan(value) for value in (*said, found.risk_ratio_ci_low))
        assert abs(found.estimate) >= 2 / 3


def test_two_people_are_tested_with_the_little_that_they_tell() -> None:
    """Welch's t test of these shares, whose spread is nearly all of one arm's, has p = 1e-20."""
    found = contrast(side([0.0, 0.0], 6), side([0.8333] * 15 + [1.0] * 10 + [0.5] * 5, 6))
    assert found.ci_high < -0.1
    assert 0.001 < found.p_value < 0.05


@st.composite
def two_arms(draw: st.DrawFn) -> tuple[pd.DataFrame, pd.DataFrame, bool]:
    """Two arms of different people, or of the same, who each gave one to eight ratings."""
    given, paired = draw(st.integers(1, 8)), draw(st.booleans())
    n = draw(st.integers(2, 30))
    sizes = (n, n) if paired else (n, draw(st.integers(2, 30)))
    counts = [draw(st.lists(st.integers(0, given), min_size=size, max_size=size)) for size in sizes]
    own, other = (side(np.array(count) / given, given) for count in counts)
    return own, other, paired


@given(two_arms(), st.sampled_from([0.2, 0.1, 0.05, 0.01, 0.001]))
@example((side([1.0] * 12, 4), side([0.0] * 12, 4), True), 0.05)
@example((side([1.0, 0.75] * 6, 4), side([0.75, 0.5] * 6, 4), True), 0.05)
@example((side([1.0] * 10, 10), side([0.8] * 20 + [1.0] * 20, 10), False), 0.05)
def test_p_is_below_alpha_exactly_where_the_interval_leaves_out_no_difference(
    arms: tuple[pd.DataFrame, pd.DataFrame, bool], alpha: float
) -> None:
    own, other, paired = arms
    found = contrast(own, other, paired=paired, alpha=alpha)
    assert found.ci_low <= found.estimate <= found.ci_high
    assume(abs(found.p_value / alpha - 1) > 1e-6)
    assert (found.p_value < alpha) == (found.ci_low > 0 or found.ci_high < 0)
    assert math.copysign(1, found.statistic) == math.copysign(1, found.estimate) or abs(found.estimate) < 1e-12


def test_an_arm_near_all_yes_whose_few_people_are_alike_by_chance_counts_by_both_arms_spread() -> None:
    """The one arm's ten people differ by less than single ratings do: by their own spread each rating would count."""
    alike, unlike = side(np.repeat([0.95, 0.9], 5), 20), side([1.0, 0.9, 0.6, 0.35, 1.0, 0.8, 0.4, 1.0, 0.95, 1.0], 20)
    own, pooled = (
        shares_of_two(alike["share"].to_numpy(), 200, other["share"].to_numpy(), 200)[0] for other in (alike, unlike)
    )
    assert (own.n_effective, own.share) == (200, pooled.share)
    assert 10 <= pooled.n_effective < 40
    assert contrast(alike, unlike).p_value > 0.05


def test_an_arm_whose_answers_hang_together_more_than_the_others_keeps_its_own_size() -> None:
    loose, tight = side([0.4, 0.5, 0.6, 0.5] * 5, 10), side([0.0, 1.0, 1.0, 0.0] * 5, 10)
    (first, second) = shares_of_two(loose["share"].to_numpy(), 200, tight["share"].to_numpy(), 200)
    assert second.n_effective == share_of(tight["share"].to_numpy(), 200).n_effective == 20
    assert 20 < first.n_effective < 200


def test_with_one_rating_a_person_each_person_is_one_answer() -> None:
    own, other = side([1.0, 0.0] * 8, 1), side([1.0, 1.0, 1.0, 0.0] * 4, 1)
    for arm in shares_of_two(own["share"].to_numpy(), 16, other["share"].to_numpy(), 16):
        assert arm.n_effective == 16


def studies(
    people: tuple[int, int], ratings: int, share: float, alike: float, number: int = 300, *, paired: bool = False
) -> list[ShareContrast]:
    """Contrasts of two arms that do not differ; people's own shares are beta-distributed."""
    rng, odds = np.random.default_rng(8), (1 - alike) / alike
    own = rng.beta(share * odds, (1 - share) * odds, (number, sum(people)))
    shares = rng.binomial(ratings, own) / ratings
    sides = ((side(row[: people[0]], ratings), side(row[people[0] :], ratings)) for row in shares)
    return [contrast(arm, reference, paired=paired) for arm, reference in sides]


@pytest.mark.parametrize("paired", [False, True])
def test_the_share_that_would_be_found_is_found_in_about_four_of_five_studies_upwards_and_downwards(
    paired: bool,
) -> None:
    """Of 200 studies 160; fewer than 140 or more than 178 with a chance below 1 in 500."""
    rng, share, ratings = np.random.default_rng(4), 0.6, 4
    places = rng.random((200, 60))

    def rows(moved: float) -> list[ShareContrast]:
        """Studies whose one arm lies so much higher; the same people keep their place among people."""
        others = places if paired else rng.random((200, 60))
        arms = [
            rng.binomial(ratings, stats.beta.ppf(where, 2 * truth, 2 * (1 - truth))) / ratings
            for truth, where in ((share + moved, places), (share, others))
        ]
        return [contrast(side(a, ratings), side(b, ratings), paired=paired) for a, b in zip(*arms, strict=True)]

    size = float(np.median([row.detectable for row in rows(0.0)]))
    for moved in (size, -size):
        assert 140 <= sum(row.p_value < 0.05 for row in rows(moved)) <= 178


def test_few_people_against_many_near_all_yes_find_no_more_than_chance_finds() -> None:
    """Of 300 studies 15 find something; more than 26 with a chance below 1 in 200. Welch's t test of people's shares,
    whose spread is that of the few, finds something in 42."""
    assert 1 <= sum(row.p_value < 0.05 for row in studies((10, 40), 8, 0.95, 0.3)) <= 26


def test_intervals_of_few_people_hold_the_truth_as_often_as_they_say() -> None:
    """Of 300 intervals 15 miss. Joined of the arms' own, each with t of its own people, 4 of these would."""
    found = studies((10, 10), 4, 0.5, 0.1)
    for missed in (
        sum(not row.ci_low <= 0 <= row.ci_high for row in found),
        sum(not row.risk_ratio_ci_low <= 1 <= row.risk_ratio_ci_high for row in found),
    ):
        assert 6 <= missed <= 26


@pytest.mark.parametrize("paired", [False, True])
def test_few_people_whose_twenty_ratings_are_very_alike_find_no_more_than_chance_finds(paired: bool) -> None:
    """With each arm's own effective size 32 of 300 studies find something, and 35 of the same people."""
    found = studies((10, 10), 20, 0.9, 0.6, paired=paired)
    assert 1 <= sum(row.p_value < 0.05 for row in found) <= 26
    assert all(math.isfinite(row.ci_low) for row in found)


def test_intervals_of_the_same_people_with_one_rating_against_ten_hold_the_truth() -> None:
    """Shares that lie near each other by chance are the more alike by it: on the far side that is not believed."""
    rng, odds, truth = np.random.default_rng(10), 0.25, (0.6, 0.4)
    places = rng.random((400, 20))
    one, ten = (stats.beta.ppf(places, share * odds, (1 - share) * odds) for share in truth)
    pairs = zip(rng.binomial(1, one), rng.binomial(10, ten) / 10, strict=True)
    found = [contrast(side(own, 1), side(other, 10), paired=True) for own, other in pairs]
    assert np.mean([row.ci_low <= truth[0] - truth[1] <= row.ci_high for row in found]) > 0.95
    ratios = [row for row in found if row.risk_ratio_ci_low == row.risk_ratio_ci_low]
    assert np.mean([row.risk_ratio_ci_low <= truth[0] / truth[1] <= row.risk_ratio_ci_high for row in ratios]) > 0.95
