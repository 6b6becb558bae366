"""The benchmark of shares holds the contrasts that a report shows against those by other sizes and other tests."""

import numpy as np
import pytest

from benchmarks import shares


@pytest.mark.parametrize("same", [False, True])
def test_each_study_says_what_the_report_says_and_what_other_tests_would(same: bool) -> None:
    own, other = np.array([1.0, 1.0, 0.75, 1.0, 1.0]), np.array([0.25, 0.5, 0.25, 0.0, 0.5])
    found = dict(zip(shares.SAID, shares._of_one(own, other, (4, 4), same), strict=True))
    # All find the difference, the ratio's interval leaves out 1, and p tells what the interval does.
    assert {key for key, said in found.items() if said} == found.keys() - {"ratio_coverage", "disagree"}


def test_by_its_own_size_an_arm_whose_people_are_alike_by_chance_finds_a_difference() -> None:
    """Ten people near 1 whose shares hardly differ, against ten who do."""
    own, other = np.repeat([0.95, 1.0], 5), np.array([1.0, 1.0, 1.0, 1.0, 0.9, 0.6, 0.35, 1.0, 0.8, 0.4])
    found = dict(zip(shares.SAID, shares._of_one(own, other, (20, 20), False), strict=True))
    assert (found["own_size"], found["false_positives"]) == (1, 0)


def test_intervals_of_arms_that_differ_are_held_against_their_own_truth() -> None:
    own, other = np.repeat([0.75, 1.0, 0.5, 1.0], 3), np.repeat([0.5, 0.75, 0.25, 1.0], 3)
    assert shares._of_apart(own, other, (4, 4), False, (0.8125, 0.625)) == [1, 1]
    assert shares._of_apart(own, other, (4, 4), False, (0.95, 0.1)) == [0, 0]


def test_a_bar_is_missed_by_the_mean_and_by_a_kind_that_is_surely_outside() -> None:
    fine = dict.fromkeys(shares.SAID | shares.SAID_APART, np.full(len(shares.KINDS), 0.95))
    fine |= {"false_positives": np.full(len(shares.KINDS), 0.04), "disagree": np.zeros(len(shares.KINDS))}
    assert shares.missed(fine, 200) == []
    one = fine["false_positives"].copy()
    one[7] = 0.08
    assert shares.missed({**fine, "false_positives": one}, 200) == []
    assert shares.missed({**fine, "false_positives": one}, 2000) == ["false_positives"]
    assert shares.missed({**fine, "coverage_apart": fine["coverage_apart"] - 0.02}, 200) == ["coverage_apart"]
    assert shares.missed({**fine, "disagree": one}, 200) == ["disagree"]


@pytest.mark.parametrize("same", [False, True])
def test_drawn_people_have_the_shares_that_were_asked_for(same: bool) -> None:
    pairs = shares._drawn(np.random.default_rng(1), 400, (10, 10 if same else 20, same, False), (2, 8), 0.3, (0.9, 0.7))
    own, other = (np.array([pair[side] for pair in pairs]) for side in (0, 1))
    assert own.shape == (400, 10)
    assert {*np.unique(own * 2)} == {0.0, 1.0, 2.0}
    assert (own.mean(), other.mean()) == pytest.approx((0.9, 0.7), abs=0.02)
    if same:
        assert np.corrcoef(own.ravel(), other.ravel())[0, 1] > 0.4
