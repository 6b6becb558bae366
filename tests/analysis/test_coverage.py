"""Intervals hold the truth about as often as they say, over published seeds.

Of 1,000 intervals at 95%, 50 miss; fewer than 26 or more than 78 miss with a chance below 1 in 5,000.
"""

import numpy as np
import pandas as pd
import pytest

from analysis.agreement import krippendorff
from analysis.contrasts import Pair, share_contrast
from analysis.descriptives import share_of
from analysis.intervals import newcombe, paired, t_interval, welch, wilson
from benchmarks.agreement import Kind, rated

DRAWS = 1_000
FEWEST, MOST = 26, 78


def test_differences_of_different_people() -> None:
    missed = 0
    for seed in range(DRAWS):
        rng = np.random.default_rng(seed)
        test = welch(rng.normal(6, 1, 40), rng.normal(6, 3, 15))
        low, high = t_interval(test.estimate, test.std_error, test.df)
        missed += not low <= 0 <= high
    assert FEWEST <= missed <= MOST


def test_differences_within_people() -> None:
    missed = 0
    for seed in range(DRAWS):
        rng = np.random.default_rng(seed)
        level = rng.normal(6, 2, 20)
        test = paired(rng.normal(level, 1) - rng.normal(level, 1))
        low, high = t_interval(test.estimate, test.std_error, test.df)
        missed += not low <= 0 <= high
    assert FEWEST <= missed <= MOST


@pytest.mark.parametrize(("per_person", "alike"), [(1, 0.0), (4, 0.0), (4, 0.3), (4, 0.9)])
def test_shares_however_alike_one_persons_ratings_are(per_person: int, alike: float) -> None:
    """A Wilson interval that took all ratings as independent would miss 29% at ``alike`` = 0.9."""
    truth, missed = 0.7, 0
    for seed in range(DRAWS):
        rng = np.random.default_rng(seed)
        follows = rng.random((60, per_person)) < alike**0.5
        own = rng.random((60, per_person)) < truth
        ratings = np.where(follows, own[:, :1], own)
        low, high = share_of(ratings.mean(axis=1), ratings.size).interval(0.05)
        missed += not low <= truth <= high
    # With independent ratings the bound by the number of people may only widen the interval.
    assert missed <= MOST
    assert missed >= FEWEST


@pytest.mark.parametrize(
    ("people", "per_person", "alike", "truth"), [(8, 20, 0.3, 0.7), (10, 10, 0.3, 0.8), (15, 8, 0.5, 0.9)]
)
def test_shares_of_few_people_with_many_ratings_each(people: int, per_person: int, alike: float, truth: float) -> None:
    """Up to 80 of 1,000 miss: people of whom most say always yes are the hardest. With z, 93, 90 and 130 miss."""
    odds, missed = (1 - alike) / alike, 0
    for seed in range(DRAWS):
        rng = np.random.default_rng(seed)
        own = rng.beta(truth * odds, (1 - truth) * odds, people)
        low, high = share_of(rng.binomial(per_person, own) / per_person, people * per_person).interval(0.05)
        missed += not low <= truth <= high
    assert 15 <= missed <= 80


def test_a_person_whose_answers_are_all_alike_counts_once() -> None:
    shares = [0.0, 1.0, 1.0, 0.0, 1.0]
    assert share_of(shares, 50).interval(0.05) == share_of(shares, 5).interval(0.05) == wilson(0.6, 5)


def test_differences_of_shares() -> None:
    missed = 0
    for seed in range(DRAWS):
        rng = np.random.default_rng(seed)
        a = share_of((rng.random((50, 3)) < 0.72).mean(axis=1), 150)
        b = share_of((rng.random((50, 3)) < 0.83).mean(axis=1), 150)
        low, high = newcombe(a.share, a.interval(0.05), b.share, b.interval(0.05))
        missed += not low <= -0.11 <= high
    assert FEWEST <= missed <= MOST


@pytest.mark.parametrize("same_people", [False, True])
def test_contrasts_of_shares_and_their_ratios(same_people: bool) -> None:
    """80 people with two ratings an arm; in the same people's case their answers in both arms hang together.

    Of 400 intervals 20 miss; fewer than 6 or more than 38 with a chance below 1 in 5,000.
    """
    missed_difference = missed_ratio = 0
    for seed in range(400):
        rng = np.random.default_rng(seed)
        mood = rng.random((80, 1)) < 0.4
        common = rng.random((80, 1))
        sides = []
        for truth in (0.6, 0.75):
            own = rng.random((80, 2))
            sides.append((np.where(mood, common, own) < truth).mean(axis=1))
            if not same_people:
                mood, common = rng.random((80, 1)) < 0.4, rng.random((80, 1))
        arm, reference = (
            pd.DataFrame({"participant": range(80), "share": side, "mean": side, "n_ratings": 2}) for side in sides
        )
        both = arm.merge(reference, on="participant", suffixes=("_arm", "_reference"))
        row = share_contrast(Pair("small", "real", arm, reference, both if same_people else both.iloc[:0]), 0.05)
        missed_difference += not row.ci_low <= -0.15 <= row.ci_high
        missed_ratio += not row.risk_ratio_ci_low <= 0.8 <= row.risk_ratio_ci_high
    assert 6 <= missed_difference <= 38
    assert 6 <= missed_ratio <= 38


@pytest.mark.parametrize(("people", "same_people"), [((10, 10), False), ((5, 50), False), ((10, 10), True)])
def test_contrasts_of_shares_of_few_people_with_very_alike_ratings(people: tuple[int, int], same_people: bool) -> None:
    """Of 400 intervals 20 miss a difference of 7 points; more than 38 with a chance below 1 in 5,000. With each arm's
    own effective size 44 to 46 do."""
    rng, missed = np.random.default_rng(3), 0
    for _ in range(400):
        arm, reference = (
            pd.DataFrame({"participant": range(n), "share": shares, "mean": shares, "n_ratings": 20})
            for n, shares in (
                (n, rng.binomial(20, rng.beta(truth * 2 / 3, (1 - truth) * 2 / 3, n)) / 20)
                for n, truth in zip(people, (0.83, 0.9), strict=True)
            )
        )
        both = arm.merge(reference, on="participant", suffixes=("_arm", "_reference"))
        row = share_contrast(Pair("small", "real", arm, reference, both if same_people else both.iloc[:0]), 0.05)
        missed += not row.ci_low <= -0.07 <= row.ci_high
    assert 1 <= missed <= 30


@pytest.mark.parametrize("kind", [Kind(1, 12, 40, 4), Kind(2, 8, 40, 4)], ids=["12", "8 an arm"])
@pytest.mark.parametrize("alpha", [0.1, 0.6])
def test_agreement_about_few_articles(kind: Kind, alpha: float) -> None:
    """Of 100 intervals at 95%, 5 miss, more than 14 with a chance below 1 in 5,000; where articles differ little, fewer
    may. A percentile bootstrap of articles misses 24 and 37 where alpha is 0.1.
    """
    rng = np.random.default_rng(1)
    rows = [krippendorff(rated(rng, kind, alpha), "rating", metric="interval").rows[0] for _ in range(100)]
    assert sum(not row.ci_low <= alpha <= row.ci_high for row in rows) <= 14
    assert np.mean([row.corrected for row in rows]) == pytest.approx(alpha, abs=0.05)
