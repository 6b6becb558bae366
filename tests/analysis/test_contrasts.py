"""Shares of several ratings a person are contrasted as R does it, and keep their level with few people an arm."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.contrasts import Pair, ShareContrast, share_contrast

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "reference" / "shares.json").read_text(encoding="utf-8")
)["cases"]


def side(shares: Sequence[float] | np.ndarray, given: Any) -> pd.DataFrame:
    return pd.DataFrame({"participant": range(len(shares)), "mean": shares, "share": shares, "n_ratings": given})


def contrast(own: pd.DataFrame, other: pd.DataFrame, *, paired: bool = False, alpha: float = 0.05) -> ShareContrast:
    both = own.merge(other, on="participant", suffixes=("_arm", "_reference"))
    return share_contrast(Pair("small", "real", own, other, both if paired else both.iloc[:0]), alpha)


@pytest.mark.parametrize("case", CASES)
def test_the_test_is_rs_t_test_of_peoples_shares_and_the_intervals_join_prop_tests(case: dict[str, Any]) -> None:
    own, other = (
        side(np.array(case[name]["yes"]) / np.array(case[name]["given"]), case[name]["given"])
        for name in ("arm", "reference")
    )
    found = contrast(own, other, paired=case["paired"], alpha=1 - case["level"])
    assert found.method == ("paired t" if case["paired"] else "Welch t")
    numbers = ("estimate", "std_error", "statistic", "df", "p_value", "ci_low", "ci_high")
    for name in (*numbers, "risk_ratio", "risk_ratio_ci_low", "risk_ratio_ci_high"):
        assert getattr(found, name) == pytest.approx(case[name], rel=1e-9), name


def test_where_everybody_answers_alike_all_that_is_known_is_how_many_people_there_are() -> None:
    """Nobody differs from anybody, so that there is no t test; each person counts once."""
    yes, no = side([1.0] * 10, 6), side([0.0] * 10, 6)
    found = contrast(yes, no)
    assert (found.method, found.estimate) == ("score z", 1.0)
    # prop.test(c(10, 0), c(10, 10), correct = FALSE) has X-squared = 20.
    assert found.statistic == pytest.approx(math.sqrt(20))
    assert 0.5 < found.ci_low < found.ci_high == 1.0
    same = contrast(yes, yes)
    assert math.isnan(same.p_value)
    assert same.risk_ratio_ci_low < 0.8 < 1.25 < same.risk_ratio_ci_high


def studies(people: int, ratings: int, share: float, alike: float, number: int = 300) -> list[ShareContrast]:
    """Contrasts of two arms that do not differ; people's own shares are beta-distributed."""
    rng, odds = np.random.default_rng(8), (1 - alike) / alike
    own = rng.beta(share * odds, (1 - share) * odds, (number, 2, people))
    shares = rng.binomial(ratings, own) / ratings
    return [contrast(side(one, ratings), side(other, ratings)) for one, other in shares]


def test_few_people_an_arm_find_no_more_than_chance_finds() -> None:
    """Of 300 studies 15 find something; more than 26, or fewer than 4, with a chance below 1 in 200. Score tests on
    effective sizes find something in 44 of these, with t in 41."""
    assert 4 <= sum(row.p_value < 0.05 for row in studies(10, 20, 0.83, 0.6)) <= 26


def test_intervals_of_few_people_hold_the_truth_as_often_as_they_say() -> None:
    """Of 300 intervals 15 miss. Joined of the arms' own, each with t of its own people, 4 of these would."""
    found = studies(10, 4, 0.5, 0.1)
    for missed in (
        sum(not row.ci_low <= 0 <= row.ci_high for row in found),
        sum(not row.risk_ratio_ci_low <= 1 <= row.risk_ratio_ci_high for row in found),
    ):
        assert 6 <= missed <= 26
