"""Distributions by arm: scipy's statistics, permutation p values that keep their level, and people as the unit."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.distributions import compare_distributions
from analysis.intervals import holm
from analysis.plan import Plan
from tests.analysis.ratings import ratings_of, simulated

PLAN = Plan(reference="real")


def two_arms(seed: int, people: int = 30, per_person: int = 1) -> pd.DataFrame:
    return simulated(people=2 * people, per_person=per_person, arms=("real", "small"), shift=0.0, seed=seed)


def test_with_one_rating_a_person_the_statistics_are_kolmogorov_smirnovs_and_mann_whitneys() -> None:
    ratings = two_arms(3)
    (row,) = compare_distributions(ratings, PLAN, permutations=50).rows
    own, other = (ratings.loc[ratings["arm"] == arm, "credibility"] for arm in ("small", "real"))
    assert row.estimate == pytest.approx(stats.ks_2samp(own, other).statistic)
    assert row.superiority == pytest.approx(stats.mannwhitneyu(own, other).statistic / (len(own) * len(other)))


def test_the_permutation_p_is_near_the_exact_one_without_ties() -> None:
    rng = np.random.default_rng(2)
    ratings = ratings_of({"real": list(rng.normal(0, 1, 12)), "small": list(rng.normal(1.2, 1, 12))})
    (row,) = compare_distributions(ratings, PLAN, permutations=4000).rows
    own, other = (ratings.loc[ratings["arm"] == arm, "credibility"] for arm in ("small", "real"))
    exact = stats.ks_2samp(own, other, method="exact").pvalue
    assert row.p_value == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 4000) + 1e-3)
    u = stats.mannwhitneyu(own, other, method="exact").pvalue
    assert row.superiority_p == pytest.approx(u, abs=4 * np.sqrt(u * (1 - u) / 4000) + 1e-3)


def test_people_with_many_like_ratings_do_not_make_false_positives() -> None:
    """Of 150 null studies 7.5 reject at 5%; more than 17 with a chance below 1 in 1,000."""
    rejected = sum(
        compare_distributions(two_arms(seed, people=12, per_person=5), PLAN, permutations=120).rows[0].p_value < 0.05
        for seed in range(150)
    )
    assert rejected <= 17


def test_arms_of_the_same_people_are_swapped_within_them() -> None:
    ratings = simulated(people=40, per_person=4, arms=("real", "small"), within=True, shift=-1.0)
    (row,) = compare_distributions(ratings, PLAN, permutations=300).rows
    assert row.permuted == "arms within people"
    assert row.p_value < 0.02
    assert row.superiority < 0.5


def test_curves_rise_from_the_least_value_to_one() -> None:
    points = compare_distributions(simulated(), PLAN, permutations=10).points_frame()
    for _, curve in points.groupby("arm"):
        assert curve["value"].is_monotonic_increasing
        assert curve["share"].is_monotonic_increasing
        assert curve["share"].iloc[-1] == pytest.approx(1)


def test_equal_seeds_give_equal_p_and_an_empty_arm_has_none() -> None:
    one, other = (
        compare_distributions(simulated(), PLAN, arms=["real", "small", "large", "empty"], permutations=40)
        for _ in range(2)
    )
    pd.testing.assert_frame_equal(one.to_frame(), other.to_frame())
    assert np.isnan(one.rows[-1].p_value)


def test_both_tests_are_adjusted_alike_over_the_contrasts() -> None:
    rows = compare_distributions(simulated(people=60, shift=-0.6), PLAN, permutations=300).rows
    assert [row.p_adjusted for row in rows] == pytest.approx(holm([row.p_value for row in rows]))
    assert [row.superiority_p_adjusted for row in rows] == pytest.approx(holm([row.superiority_p for row in rows]))
    assert any(row.superiority_p_adjusted > row.superiority_p for row in rows)
