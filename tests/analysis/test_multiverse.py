"""The specification curve: every combination once, the planned one marked, and failures kept with their reason."""

import math

import numpy as np
import pandas as pd
import pytest

from analysis.compare import compare_arms
from analysis.crossed import crossed_contrasts
from analysis.exclusions import apply_exclusions
from analysis.multiverse import CLUSTERED, MEANS, MIXED, MODELS, multiverse
from analysis.plan import Plan
from analysis.plan_rules import parse_rule
from analysis.robust import clustered_ols
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
    (clustered,) = [row for row in clustered_ols(kept, PLAN).rows if row.arm == "small"]
    for name in ("estimate", "std_error", "statistic", "df", "p_value", "ci_low", "ci_high"):
        for model, alone, digits in ((MIXED, mixed, 1e-6), (MEANS, means, 1e-12), (CLUSTERED, clustered, 1e-9)):
            found = getattr(rows["faster-than:5", model], name)
            assert found == pytest.approx(getattr(alone, name), rel=digits), (model, name)
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


def designs() -> list[pd.DataFrame]:
    """People in one arm, in several, with stories that the arms share, and a singular fit."""
    between, within = timed(), simulated(people=60, per_person=6, within=True)
    told = between.assign(story="story" + between["article"].str[-1])
    flat = between.assign(credibility=np.random.default_rng(3).normal(size=len(between)))
    within["seconds_on_page"] = np.random.default_rng(2).uniform(2, 70, len(within))
    return [between, within, within.drop(columns="origin"), told, flat]


@pytest.mark.parametrize("n", range(5))
def test_a_search_that_begins_where_a_neighbours_ended_ends_where_its_own_would(n: int) -> None:
    ratings = designs()[n]
    for row in multiverse(ratings, PLAN, "small", models=(MIXED,)).rows:
        kept = apply_exclusions(ratings, [parse_rule(rule) for rule in row.exclusions.split()]).kept
        (alone,) = [one for one in crossed_contrasts(kept, PLAN).rows if one.arm == "small"]
        for name, digits in (("estimate", 1e-5), ("std_error", 1e-5), ("df", 5e-5), ("p_value", 5e-5)):
            assert getattr(row, name) == pytest.approx(getattr(alone, name), rel=digits), (row.exclusions, name)


def test_people_in_both_arms_are_paired_and_clusters_counted_as_they_are_alone() -> None:
    ratings = designs()[2]
    rows = {row.model: row for row in multiverse(ratings, Plan(reference="real"), "small").rows}
    (means,) = [row for row in compare_arms(ratings, PLAN).means.rows if row.arm == "small"]
    (clustered,) = [row for row in clustered_ols(ratings, PLAN).rows if row.arm == "small"]
    assert (rows[MEANS].df, rows[MEANS].p_value) == pytest.approx((means.df, means.p_value))
    assert rows[CLUSTERED].estimate == pytest.approx(clustered.estimate)
    assert rows[CLUSTERED].std_error == pytest.approx(clustered.std_error, nan_ok=True)


def test_rules_that_leave_out_the_same_people_are_computed_once_and_stand_apart() -> None:
    plan = Plan(reference="real", exclusions=(parse_rule("faster-than:5"), parse_rule("slower-than:500")))
    rows = {row.exclusions: row for row in multiverse(timed(), plan, "small", models=(MIXED,)).rows}
    both, one = rows["faster-than:5 slower-than:500"], rows["faster-than:5"]
    assert len(rows) == 4
    assert (both.estimate, both.p_value) == (one.estimate, one.p_value)


def test_the_reference_stays_the_reference_where_a_rule_empties_it() -> None:
    ratings = timed()
    ratings.loc[ratings["origin"] == "real", "seconds_on_page"] = 1.0
    plan = Plan(exclusions=(parse_rule("faster-than:5"),))
    rows = {row.exclusions: row for row in multiverse(ratings, plan, "small", models=(MIXED, MEANS, CLUSTERED)).rows}
    assert math.isnan(rows["faster-than:5"].estimate)
    assert "no ratings" in rows["faster-than:5"].note


@pytest.mark.parametrize("within", [False, True])
def test_what_the_arms_fit_exactly_is_tested_by_no_model(within: bool) -> None:
    ratings = simulated(people=30, arms=("real", "small"), per_person=5, within=within)
    # A person's means of three and of two equal values differ in their last bit.
    ratings["credibility"] = np.where(ratings["arm"] == "real", 4.1, 4.1 + 0.7)
    rows = {row.model: row for row in multiverse(ratings, Plan(reference="real"), "small").rows}
    assert all(math.isnan(row.p_value) and math.isnan(row.ci_low) and row.note for row in rows.values())
    assert rows[MEANS].estimate == pytest.approx(0.7)
    assert "exactly" in rows[MIXED].note
    assert "exactly" in rows[CLUSTERED].note
    (means,) = compare_arms(ratings, Plan(reference="real")).means.rows
    assert math.isnan(means.p_value)
