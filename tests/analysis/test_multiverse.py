"""The specification curve: every combination once, the planned one marked, and failures kept with their reason."""

import math

import numpy as np
import pandas as pd
import pytest

from analysis.compare import compare_arms
from analysis.crossed import crossed_contrasts
from analysis.multiverse import MEANS, MIXED, MODELS, multiverse
from analysis.plan import Plan, parse_rule
from analysis.validation import FrameError
from tests.analysis.ratings import simulated

PLAN = Plan(reference="real", exclusions=(parse_rule("faster-than:5"), parse_rule("slower-than:60")))


def timed() -> pd.DataFrame:
    ratings = simulated(people=60)
    return ratings.assign(seconds_on_page=np.random.default_rng(1).uniform(2, 70, len(ratings)))


def test_every_combination_stands_once_from_low_to_high() -> None:
    found = multiverse(timed(), PLAN, "small", models=(MIXED, MEANS))
    assert len(found.rows) == 4 * 2
    assert len({(row.exclusions, row.model) for row in found.rows}) == 8
    estimates = [row.estimate for row in found.rows]
    assert estimates == sorted(estimates)
    assert [row.place for row in found.rows] == list(range(1, 9))
    assert found.contrast == "small - real"
    assert found.same_sign == 1.0


def test_each_number_is_that_of_its_own_analysis() -> None:
    ratings = timed()
    rows = {(row.exclusions, row.model): row for row in multiverse(ratings, PLAN, "small").rows}
    kept = ratings[ratings["seconds_on_page"] >= 5]
    (mixed,) = [row for row in crossed_contrasts(kept, PLAN).rows if row.arm == "small"]
    (means,) = [row for row in compare_arms(kept, PLAN).means.rows if row.arm == "small"]
    assert rows["faster-than:5", MIXED].estimate == mixed.estimate
    assert rows["faster-than:5", MIXED].p_value == mixed.p_value
    assert rows["faster-than:5", MEANS].ci_low == means.ci_low
    assert rows["", MIXED].n_ratings == (ratings["arm"] != "large").sum()
    assert [key for key, row in rows.items() if row.planned] == [("faster-than:5 slower-than:60", MIXED)]
    assert {key[1] for key in rows} == set(MODELS)


def test_what_cannot_be_computed_stays_at_the_end_and_says_why() -> None:
    ratings = timed()
    ratings.loc[ratings["arm"] == "small", "seconds_on_page"] = 1.0
    found = multiverse(ratings, PLAN, "small", models=(MIXED, MEANS))
    last = found.rows[-1]
    assert math.isnan(last.estimate)
    assert last.note
    assert math.isnan(found.same_sign)


def test_progress_is_told_and_can_end_the_work() -> None:
    seen: list[tuple[int, int]] = []

    def watch(done: int, total: int) -> None:
        seen.append((done, total))
        if done == 2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        multiverse(timed(), PLAN, "small", models=(MEANS,), progress=watch)
    assert seen == [(1, 4), (2, 4)]


def test_unknown_arms_and_models_are_refused() -> None:
    with pytest.raises(FrameError, match="no contrast"):
        multiverse(timed(), PLAN, "nowhere")
    with pytest.raises(ValueError, match="no model 'magic'"):
        multiverse(timed(), PLAN, "small", models=("magic",))
