"""Articles and distributions are counted as they are, with what cannot be estimated left open."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.articles import MOST_VALUES, distributions, summarise_articles


def ratings() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "participant": list("abcdefg"),
            "arm": ["x"] * 5 + ["y"] * 2,
            "article": ["high", "high", "low", "low", "low", "once", "once"],
            "credibility": [8.0, 9.0, 1.0, 2.0, 6.0, 4.0, None],
        }
    )


def test_articles_stand_by_arm_from_the_lowest_to_the_highest_with_t_intervals() -> None:
    low, high, once = summarise_articles(ratings(), "credibility", ["x", "y"], 0.05).rows
    assert [row.article for row in (low, high, once)] == ["low", "high", "once"]
    interval = stats.t.interval(0.95, 2, loc=3.0, scale=np.std([1, 2, 6], ddof=1) / math.sqrt(3))
    assert (low.ci_low, low.ci_high) == pytest.approx(tuple(map(float, interval)))
    assert (once.n, once.mean, math.isnan(once.ci_low)) == (1, 4.0, True)


def test_an_article_has_its_median_and_the_share_of_its_ratings_that_reach_the_cut() -> None:
    low, _, once = summarise_articles(ratings(), "credibility", ["x", "y"], 0.05, cut=6).rows
    assert low.median == 2.0
    assert low.share == pytest.approx(1 / 3)
    # By R's prop.test of 1 in 3 without a correction.
    assert (low.share_ci_low, low.share_ci_high) == pytest.approx((0.06149194, 0.79234030), abs=1e-7)
    assert (once.share, once.median) == (0.0, 4.0)
    assert math.isnan(summarise_articles(ratings(), "credibility", ["x", "y"], 0.05).rows[0].share)


def test_several_ratings_of_one_article_by_one_person_are_one_persons_share() -> None:
    twice = pd.concat([ratings().assign(item="one"), ratings().assign(item="two")])
    low = summarise_articles(twice, "credibility", ["x", "y"], 0.05, cut=6).rows[0]
    alone = summarise_articles(ratings(), "credibility", ["x", "y"], 0.05, cut=6).rows[0]
    assert (low.n, low.share) == (6, alone.share)
    assert low.share_ci_low == pytest.approx(alone.share_ci_low)


def test_distributions_count_every_rating_over_the_same_values() -> None:
    x, y = distributions(ratings(), "credibility", ["x", "none", "y"])
    assert x.values == y.values == (1.0, 2.0, 4.0, 6.0, 8.0, 9.0)
    assert (sum(x.counts), y.counts) == (5, (0, 0, 1, 0, 0, 0))
    assert x.cumulated == pytest.approx((0.2, 0.4, 0.4, 0.6, 0.8, 1.0))
    assert distributions(ratings().iloc[-1:], "credibility", ["y"]) == ()


def test_many_values_are_counted_in_bins_without_losing_one() -> None:
    values = np.random.default_rng(1).normal(size=5000)
    frame = pd.DataFrame({"arm": "x", "article": "t", "credibility": values})
    (found,) = distributions(frame, "credibility", ["x"])
    assert (len(found.values), sum(found.counts), found.cumulated[-1]) == (MOST_VALUES, 5000, 1.0)
    assert found.values[-1] == values.max()
