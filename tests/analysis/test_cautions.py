"""A value that can only be a slip is spoken of; ratings as people give them are not."""

import numpy as np

from analysis.cautions import caution_of_far_values
from analysis.compare import compare_arms
from analysis.plan import Plan
from tests.analysis.ratings import simulated


def test_one_value_a_billion_away_is_named_with_the_outcome() -> None:
    ratings = simulated(people=30)
    assert "far-value" not in {caution.code for caution in compare_arms(ratings, Plan(reference="real")).cautions}
    ratings.loc[3, "credibility"] = 1e9
    (said,) = [c for c in compare_arms(ratings, Plan(reference="real")).cautions if c.code == "far-value"]
    assert "1 of 90 values of credibility, such as 1e+09, lie more than 1,000 times" in said.sentence


def test_values_that_all_lie_far_out_or_do_not_vary_are_no_slips() -> None:
    values = np.array([5.0, 6.0, 7.0, 8.0])
    assert caution_of_far_values(values + 1e9, "score") == []
    assert caution_of_far_values(np.full(10, 5.0), "score") == []
    assert caution_of_far_values(values[:0], "score") == []
