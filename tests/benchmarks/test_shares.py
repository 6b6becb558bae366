"""The benchmark of shares holds the contrasts that a report shows against the tests that it does not."""

import numpy as np
import pytest

from analysis.descriptives import share_of
from benchmarks import shares


def test_each_study_says_what_the_report_says_and_what_a_score_test_would() -> None:
    own, other = np.array([1.0, 1.0, 0.75, 1.0, 1.0]), np.array([0.25, 0.5, 0.25, 0.0, 0.5])
    found = dict(zip(shares.SAID, shares._of_one(own, other, 4), strict=True))
    assert found == {key: float("coverage" not in key and "ratio" not in key) for key in shares.SAID}


def test_the_score_test_takes_people_of_an_arm_whose_answers_are_all_alike_as_known() -> None:
    spread, alike = np.array([0.25, 0.5, 0.75, 0.5]), np.array([1.0, 0.0, 1.0, 1.0])
    _, both = shares._score(share_of(spread, 16), share_of(spread, 16))
    assert both == pytest.approx(6)
    _, one = shares._score(share_of(spread, 16), share_of(alike, 16))
    assert one > 6
    assert shares._score(share_of(alike, 16), share_of(alike, 16))[1] == np.inf
