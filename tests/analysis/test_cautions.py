"""A value that can only be a slip is spoken of; ratings as people give them are not."""

from dataclasses import replace

import numpy as np
import pytest

from analysis.cautions import caution_of_far_values
from analysis.compare import compare_arms
from analysis.plan import Plan
from tests.analysis.ratings import simulated


def test_one_value_a_billion_away_is_named_with_the_outcome() -> None:
    ratings = simulated(people=30)
    assert "far-value" not in {caution.code for caution in compare_arms(ratings, Plan(reference="real")).cautions}
    ratings.loc[3, "credibility"] = 1e9
    (said,) = [c for c in compare_arms(ratings, Plan(reference="real")).cautions if c.code == "far-value"]
    assert "1 of 90 values of credibility, such as 1e+09, lies more than 1,000 times" in said.sentence


def test_arms_that_are_called_the_same_are_told_apart_by_their_keys_and_each_group_has_its_own_caution() -> None:
    ratings = simulated(people=40, arms=("real", "a", "b", "c"))
    names = {"real": "Original", "a": "Model", "b": "Model", "c": "original "}
    said = [c for c in compare_arms(ratings, Plan(reference="real"), labels=names).cautions if c.code == "alike-arms"]
    assert [(caution.about, caution.sentence.split(":")[0]) for caution in sorted(said, key=lambda one: one.about)] == [
        ("a", "The arms 'Model' (a) and 'Model' (b) are called the same and count as different arms"),
        ("c", "The arms 'original ' and 'Original' differ in capitals or blanks alone and count as different arms"),
    ]


def test_values_that_all_lie_far_out_or_do_not_vary_are_no_slips() -> None:
    values = np.array([5.0, 6.0, 7.0, 8.0])
    assert caution_of_far_values(values + 1e9, "score") == []
    assert caution_of_far_values(np.full(10, 5.0), "score") == []
    assert caution_of_far_values(values[:0], "score") == []


@pytest.mark.parametrize(
    ("slips", "others"),
    [
        ([1e9], [0.0] * 90 + [1.0] * 9),
        ([999.0] * 3, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0] * 20),
        ([-99.0], [1.0, 4.0, 5.0, 7.0] * 10),
        ([99.0, 99.0], list(map(float, range(1, 11))) * 5),
        ([-99.0, 998.0, 999.0, 999.0], [1.0, 4.0, 5.0, 7.0] * 10),
        ([9999.0], list(map(float, range(1, 102)))),
        ([1e9], [5.0] * 40),
    ],
)
def test_codes_and_slips_beside_a_short_scale_are_named(slips: list[float], others: list[float]) -> None:
    (said,) = caution_of_far_values(np.array(slips + others), "score")
    assert said.code == "far-value"
    assert f"{len(slips)} of {len(slips) + len(others)} values of score" in said.sentence


@pytest.mark.parametrize("seed", range(20))
def test_reaction_times_long_scales_and_rare_answers_are_no_slips(seed: int) -> None:
    rng = np.random.default_rng(seed)
    kinds = [
        rng.lognormal(6.5, 1.0, 200),
        rng.lognormal(0.0, 1.5, 40),
        rng.normal(500, 80, 100) + rng.exponential(300, 100),
        rng.integers(1, 102, 60).astype(float),
        (rng.random(300) < 0.01).astype(float),
        rng.poisson(0.3, 200).astype(float),
        np.where(rng.random(60) < 0.5, 0.0, 100.0),
    ]
    assert [caution_of_far_values(values, "score") for values in kinds] == [[]] * len(kinds)


@pytest.mark.parametrize(("cut", "which"), [(70, "none"), (1, "every one")])
def test_a_cut_that_tells_no_two_values_apart_is_named_with_the_values(cut: float, which: str) -> None:
    plan = Plan(reference="real", outcome="credibility", credible_cut=cut)
    ratings = simulated(people=30)
    (said,) = [c for c in compare_arms(ratings, plan).cautions if c.code == "cut-beyond"]
    low, high = ratings["credibility"].min(), ratings["credibility"].max()
    assert f"from {cut:g} upwards, and {which} of the values of credibility does" in said.sentence
    assert f"from {low:g} to {high:g}" in said.sentence
    inside = compare_arms(ratings, replace(plan, credible_cut=6.0))
    assert "cut-beyond" not in {caution.code for caution in inside.cautions}
