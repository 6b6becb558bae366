"""The comparison says what the data carry, and says beside it what they do not."""

import math
from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.compare import Comparison, compare_arms
from analysis.contrasts import MeanContrast, ShareContrast, are_shared
from analysis.descriptives import ArmSummary
from analysis.omnibus import OmnibusTest
from analysis.plan import Plan
from analysis.validation import FrameError
from tests.analysis.ratings import ratings_of, simulated

PLAN = Plan(reference="real")


def codes(comparison: Comparison, about: str = "") -> set[str]:
    return {caution.code for caution in comparison.cautions if caution.about == about}


def test_the_frames_have_the_columns_of_their_rows_even_without_rows() -> None:
    comparison = compare_arms(ratings_of({"real": [5, 6, 7]}), PLAN)
    for table, kind in (
        (comparison.arms, ArmSummary),
        (comparison.means, MeanContrast),
        (comparison.shares, ShareContrast),
        (comparison.share_pairs, ShareContrast),
        (comparison.omnibus, OmnibusTest),
    ):
        assert list(table.to_frame().columns) == [field.name for field in fields(kind)]


def test_the_unit_is_the_persons_mean_so_that_repeating_a_rating_adds_no_certainty() -> None:
    once = ratings_of({"real": [7, 8, 6, 9, 5], "small": [5, 6, 4, 6, 3]})
    thrice = pd.concat([once.assign(article=once["article"] + suffix) for suffix in "abc"], ignore_index=True)
    first, second = compare_arms(once, PLAN), compare_arms(thrice, PLAN)
    assert second.n_ratings == 3 * first.n_ratings
    assert second.means.rows[0].std_error == pytest.approx(first.means.rows[0].std_error)
    (own,), (again,) = first.shares.rows, second.shares.rows
    # t in the place of z, since nobody knows beforehand that one person's ratings are the same.
    assert again.ci_low < own.ci_low == pytest.approx(again.ci_low, abs=0.05)
    assert second.arms.rows[0].n_effective == first.arms.rows[0].n_effective == 5


def test_ratings_of_one_person_that_are_unlike_are_worth_more_than_one() -> None:
    comparison = compare_arms(simulated(per_person=4), PLAN)
    for arm in comparison.arms.rows:
        assert arm.n_people <= arm.n_effective <= arm.n_ratings
        assert arm.share_ci_low < arm.share < arm.share_ci_high


def test_one_arm_a_person_is_compared_by_welch_and_has_omnibus_tests() -> None:
    comparison = compare_arms(simulated(), PLAN)
    assert comparison.design == "between"
    assert {row.method for row in comparison.means.rows} == {"Welch t"}
    assert len(comparison.omnibus.rows) == 4


def test_all_arms_a_person_are_compared_by_their_differences_and_have_no_omnibus_tests() -> None:
    comparison = compare_arms(simulated(within=True), PLAN)
    assert comparison.design == "within"
    assert {row.people for row in comparison.means.rows} == {"same people"}
    assert comparison.omnibus.rows == ()
    assert "no-omnibus" in codes(comparison)


def test_people_who_are_in_one_of_two_arms_only_are_said_to_be_left_out() -> None:
    ratings = simulated(within=True)
    kept = ratings[(ratings["arm"] != "small") | (ratings["participant"] < "p0050")]
    comparison = compare_arms(kept, PLAN)
    assert comparison.design == "mixed"
    row = next(row for row in comparison.means.rows if row.arm == "small")
    assert row.n == 50
    assert "partly-paired" in codes(comparison, "small - real")


def test_one_person_of_many_in_both_arms_does_not_make_it_a_comparison_within_people() -> None:
    ratings = simulated(people=80, arms=("real", "small"))
    stray = ratings[ratings["arm"] == "small"].iloc[:1].assign(participant="p0000")
    alone, with_stray = compare_arms(ratings, PLAN), compare_arms(pd.concat([ratings, stray]), PLAN)
    assert with_stray.design == "between"
    (row,), (before,) = with_stray.means.rows, alone.means.rows
    assert (row.people, row.n, row.n_reference) == ("different people", 41, 40)
    assert row.estimate == pytest.approx(before.estimate, abs=0.1)
    assert with_stray.shares.rows[0].n == 41
    assert len(with_stray.omnibus.rows) == len(alone.omnibus.rows) > 0
    assert with_stray.pairwise.rows[0].n == 41
    caution = next(caution for caution in with_stray.cautions if caution.code == "few-in-several-arms")
    assert caution.sentence.startswith("1 of 80 people are in more than one arm")


def test_arms_share_their_people_from_half_of_the_smaller_arm() -> None:
    assert are_shared(20, 40, 100)
    assert not are_shared(19, 40, 100)
    assert not are_shared(0, 0, 10)


def test_a_planted_effect_is_found() -> None:
    row = compare_arms(simulated(people=300, shift=-1.0), PLAN).means.rows[0]
    assert row.ci_low < -1.0 < row.ci_high
    assert row.p_adjusted < 0.001


@settings(max_examples=8, deadline=None)
@given(st.randoms(use_true_random=False), st.booleans())
def test_the_order_of_rows_and_the_names_of_people_change_nothing(random, within: bool) -> None:  # type: ignore[no-untyped-def]
    ratings = simulated(people=24, within=within)
    rows = list(range(len(ratings)))
    random.shuffle(rows)
    shuffled = ratings.iloc[rows]
    assert compare_arms(shuffled, PLAN) == compare_arms(ratings, PLAN)


def test_the_reference_is_the_plans_or_the_only_real_arm_or_the_first_and_the_choice_is_said() -> None:
    ratings = simulated()
    assert compare_arms(ratings, Plan(reference="large")).reference == "large"
    chosen = compare_arms(ratings, Plan())
    assert chosen.reference == "real"
    assert "reference-chosen" in codes(chosen)
    assert compare_arms(ratings.drop(columns="origin"), Plan()).reference == "large"


def test_an_unknown_reference_is_an_error_that_names_the_arms() -> None:
    with pytest.raises(FrameError, match="the reference 'human' is no arm; there are large, real, small"):
        compare_arms(simulated(), Plan(reference="human"))


def test_an_arm_that_the_study_does_not_have_is_an_error_with_its_rows() -> None:
    with pytest.raises(FrameError, match="arms that the study does not: large") as error:
        compare_arms(simulated(), PLAN, arms=["real", "small"])
    assert len(error.value.rows) == 90


def test_people_and_programs_are_never_analysed_together() -> None:
    ratings = simulated()
    mixed = ratings.assign(mode=["live" if n % 2 else "simulated" for n in range(len(ratings))])
    with pytest.raises(FrameError, match=r"several modes \(live, simulated\)"):
        compare_arms(mixed, PLAN)


class TestWhatTheDataCannotCarry:
    def test_an_empty_arm_is_shown_empty(self) -> None:
        comparison = compare_arms(simulated(), PLAN, arms=["real", "small", "large", "huge"])
        row = comparison.arms.rows[3]
        assert (row.arm, row.n_people, row.n_ratings) == ("huge", 0, 0)
        assert math.isnan(row.mean)
        assert "empty-arm" in codes(comparison, "huge")
        assert math.isnan(comparison.means.rows[2].estimate)
        assert comparison.means.rows[0].p_adjusted < 1

    def test_one_participant_has_no_interval(self) -> None:
        comparison = compare_arms(ratings_of({"real": [7, 8, 6], "small": [5]}), PLAN)
        arm = comparison.arms.rows[1]
        assert arm.mean == 5
        assert math.isnan(arm.ci_low)
        assert math.isnan(comparison.means.rows[0].p_value)
        assert codes(comparison, "small") >= {"one-participant", "one-article"}
        assert "no-test" in codes(comparison, "small - real")

    def test_one_article_an_arm_is_said_beside_the_arm(self) -> None:
        comparison = compare_arms(ratings_of({"real": [7, 8, 6], "small": [5, 6, 4]}, articles=1), PLAN)
        for arm in ("real", "small"):
            (caution,) = (c for c in comparison.cautions if c.about == arm)
            assert caution.code == "one-article"
            assert "one article only" in caution.sentence

    def test_articles_that_people_share_are_fixed_and_that_is_said(self) -> None:
        comparison = compare_arms(simulated(), PLAN)
        assert "articles-fixed" in codes(comparison)
        assert any("crossed random effects" in sentence for sentence in comparison.warnings)

    def test_a_constant_outcome_gives_no_false_certainty(self) -> None:
        comparison = compare_arms(ratings_of({"real": [7, 7, 7], "small": [5, 5, 5]}), PLAN)
        row = comparison.means.rows[0]
        assert row.estimate == -2
        assert math.isnan(row.ci_low)
        assert math.isnan(row.p_value)
        assert math.isnan(row.effect_size)
        assert codes(comparison, "small") >= {"constant-outcome"}
        assert all(math.isnan(test.p_value) for test in comparison.omnibus.rows if test.term != "Kruskal-Wallis")

    def test_shares_of_all_and_none_have_intervals_and_no_ratio_of_nothing(self) -> None:
        comparison = compare_arms(ratings_of({"real": [8, 9, 7, 8], "small": [3, 4, 5, 2]}), PLAN)
        row = comparison.shares.rows[0]
        assert row.estimate == -1
        assert row.ci_low == -1
        assert row.ci_high < 0
        assert row.risk_ratio == 0
        assert math.isnan(row.risk_ratio_ci_low)
        other_way = compare_arms(ratings_of({"real": [8, 9], "small": [3, 4]}), Plan(reference="small"))
        assert math.isnan(other_way.shares.rows[0].risk_ratio)

    def test_missing_outcomes_are_counted_and_do_not_count(self) -> None:
        comparison = compare_arms(ratings_of({"real": [7, None, 6, 8], "small": [5, 6, None, 4]}), PLAN)
        assert (comparison.n_missing, comparison.n_ratings, comparison.n_people) == (2, 6, 6)
        assert any("2 of 8 ratings have no value" in sentence for sentence in comparison.warnings)

    def test_an_outcome_that_nobody_gave_leaves_every_arm_empty(self) -> None:
        comparison = compare_arms(ratings_of({"real": [None, None], "small": [None, None]}), PLAN)
        assert comparison.n_people == 0
        assert all(math.isnan(row.estimate) for row in comparison.means.rows)

    def test_unknown_persons_and_articles_are_said(self) -> None:
        ratings = simulated().drop(columns="article").assign(participant=[f"row {n}" for n in range(270)])
        comparison = compare_arms(ratings, PLAN, articles_known=False, persons_known=False)
        assert codes(comparison) >= {"persons-unknown", "articles-unknown"}
        assert "articles-fixed" not in codes(comparison)

    def test_uneven_numbers_of_ratings_are_said(self) -> None:
        comparison = compare_arms(simulated().iloc[:-1], PLAN)
        assert any(caution.code == "uneven-ratings" for caution in comparison.cautions)

    def test_huge_values_with_small_differences_keep_their_differences(self) -> None:
        far = ratings_of({"real": [1e9 + 3, 1e9 + 4, 1e9 + 5], "small": [1e9 + 1, 1e9 + 2, 1e9 + 3]})
        near = ratings_of({"real": [3, 4, 5], "small": [1, 2, 3]})
        plan = Plan(reference="real", credible_cut=None)
        a, b = compare_arms(far, plan).means.rows[0], compare_arms(near, plan).means.rows[0]
        assert (a.estimate, a.p_value) == pytest.approx((b.estimate, b.p_value), rel=1e-6)


@pytest.mark.parametrize("within", [False, True])
def test_shares_of_all_pairs_are_what_each_pair_has_against_its_own_reference(within: bool) -> None:
    ratings = simulated(arms=("a", "real", "z"), within=within)
    pairs = {row.contrast: row for row in compare_arms(ratings, PLAN).share_pairs.rows}
    assert list(pairs) == ["a - real", "z - real", "z - a"]
    against_a = {row.contrast: row for row in compare_arms(ratings, Plan(reference="a")).shares.rows}
    one, other = (replace(row["z - a"], p_adjusted=0, detectable_adjusted=0) for row in (pairs, against_a))
    assert one == other
    assert pairs["z - a"].detectable_adjusted > against_a["z - a"].detectable_adjusted > pairs["z - a"].detectable
    smallest = min(pairs.values(), key=lambda row: row.p_value)
    assert smallest.p_adjusted == pytest.approx(min(3 * smallest.p_value, 1))


def test_no_cut_no_shares() -> None:
    comparison = compare_arms(simulated(), Plan(reference="real", credible_cut=None))
    assert comparison.shares.rows == comparison.share_pairs.rows == ()
    assert all(math.isnan(arm.share) for arm in comparison.arms.rows)


def test_the_cut_counts_from_its_own_value() -> None:
    comparison = compare_arms(ratings_of({"real": [6, 5, 7, 4], "small": [5, 5, 5, 6]}), PLAN)
    assert [arm.share for arm in comparison.arms.rows] == [0.5, 0.25]


def test_equivalence_needs_a_bound() -> None:
    assert math.isnan(compare_arms(simulated(), PLAN).means.rows[0].equivalence_p)
    wide = compare_arms(simulated(people=300, shift=0), Plan(reference="real", equivalence_bound=1.5))
    assert wide.means.rows[0].equivalence_p < 0.001


@pytest.mark.parametrize(
    ("people", "many", "told"), [(12, 10, True), (12, 4, False), (30, 10, False), (2, 10, True), (1, 10, False)]
)
def test_few_people_with_one_rating_against_many_are_told_of_the_test_of_their_shares(
    people: int, many: int, told: bool
) -> None:
    rng = np.random.default_rng(1)
    rows = [
        (f"p{n:02}", arm, f"{arm}-{place}", float(rng.integers(3, 10)))
        for n in range(people)
        for arm, each in (("real", many), ("small", 1))
        for place in range(each)
    ]
    frame = pd.DataFrame(rows, columns=["participant", "arm", "article", "credibility"])
    for plan in (Plan(reference="real", credible_cut=6.0), Plan(reference="real", credible_cut=None)):
        found = [caution for caution in compare_arms(frame, plan).cautions if caution.code == "uneven-ratings"]
        assert bool(found) == (told and plan.credible_cut is not None)
        assert all(f"{people} people who gave 1 and {many} ratings each" in caution.sentence for caution in found)
