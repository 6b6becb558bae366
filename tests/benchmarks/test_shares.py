"""The benchmark of shares holds the contrasts that a report shows against the tests that it does not."""

import numpy as np
import pytest

from analysis.descriptives import share_of
from benchmarks import shares


@pytest.mark.parametrize("same", [False, True])
def test_each_study_says_what_the_report_says_and_what_the_tests_before_would(same: bool) -> None:
    own, other = np.array([1.0, 1.0, 0.75, 1.0, 1.0]), np.array([0.25, 0.5, 0.25, 0.0, 0.5])
    found = dict(zip(shares.SAID, shares._of_one(own, other, 4, same), strict=True))
    if same:
        assert np.isnan([found.pop("score_t"), found.pop("score_z")]).all()
    # All find the difference, the ratio's interval leaves out 1, and each p tells what the interval does.
    assert {key for key, said in found.items() if said} == found.keys() - {"ratio_coverage", "disagree", "t_disagrees"}


def test_people_of_whom_ten_all_say_yes_to_all_are_told_otherwise_by_welchs_test_than_by_the_interval() -> None:
    found = dict(zip(shares.SAID, shares._of_one(np.ones(10), np.repeat([0.8, 1.0], 20), 10, False), strict=True))
    assert (found["t_test"], found["t_disagrees"]) == (1, 1)
    assert (found["false_positives"], found["disagree"]) == (0, 0)


def test_the_score_test_takes_people_of_an_arm_whose_answers_are_all_alike_as_known() -> None:
    spread, alike = np.array([0.25, 0.5, 0.75, 0.5]), np.array([1.0, 0.0, 1.0, 1.0])
    _, both = shares._score(share_of(spread, 16), share_of(spread, 16))
    assert both == pytest.approx(6)
    _, one = shares._score(share_of(spread, 16), share_of(alike, 16))
    assert one > 6
    assert shares._score(share_of(alike, 16), share_of(alike, 16))[1] == np.inf
