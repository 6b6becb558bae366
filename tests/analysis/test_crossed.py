"""The arms' contrasts by crossed mixed models: R's numbers on every design, and plain words where there is no model."""

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.crossed import Crossed, crossed_contrasts
from analysis.crossed_pairs import crossed_pairs
from analysis.crossed_terms import LEAST_REPEATS, tells_apart
from analysis.equivalence import detectable
from analysis.mixed import fit_mixed
from analysis.mixed.result import Ddf
from analysis.plan import Plan
from analysis.validation import FrameError
from tests.analysis.ratings import ratings_of, simulated

R: dict[str, Any] = json.loads(
    (Path(__file__).parent.parent / "reference" / "crossed.json").read_text(encoding="utf-8")
)
CASES: list[dict[str, Any]] = R["cases"]
by_design = pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]))
PLAN = Plan(reference="real", equivalence_bound=1.0)


def crossed(case: dict[str, Any], **options: Any) -> Crossed:
    return crossed_contrasts(pd.DataFrame(case["data"]), PLAN, arms=arms(case), pairs="all", **options)


def arms(case: dict[str, Any]) -> list[str]:
    return [arm for arm in ("real", "small", "large") if arm in case["means"]]


@by_design
def test_contrasts_with_satterthwaites_degrees_of_freedom_are_lmertests(case: dict[str, Any]) -> None:
    found = crossed(case)
    assert found.fit is not None
    assert found.fit.criterion == pytest.approx(case["criterion"], rel=5e-7)
    agree(found, case["satterthwaite"])


@by_design
def test_contrasts_with_kenward_and_rogers_degrees_of_freedom_are_pbkrtests(case: dict[str, Any]) -> None:
    agree(crossed(case, ddf="kenward-roger"), case["kenward_roger"])


def agree(found: Crossed, expected: dict[str, dict[str, float]]) -> None:
    rows = found.to_frame().set_index("contrast")
    assert set(rows.index) == set(expected)
    for name, values in expected.items():
        for column, value in values.items():
            digits = 5e-5 if column in {"df", "p_value"} else 5e-6
            # A limit near nought is the small difference of an estimate and its error.
            least = 2e-6 * values["std_error"] if column.startswith("ci_") else 1e-12
            assert rows.loc[name, column] == pytest.approx(value, rel=digits, abs=least), (name, column)


@by_design
def test_the_arms_means_are_for_new_people_and_articles(case: dict[str, Any]) -> None:
    rows = crossed(case).means_frame().set_index("arm")
    for arm, values in case["means"].items():
        for column in ("estimate", "std_error", "df", "ci_low", "ci_high"):
            assert rows.loc[arm, column] == pytest.approx(values[column], rel=5e-5), (arm, column)


@by_design
def test_every_pair_out_of_a_models_contrasts_with_the_reference_is_lmertests(case: dict[str, Any]) -> None:
    found = crossed_contrasts(pd.DataFrame(case["data"]), PLAN, arms=arms(case))
    pairs = crossed_pairs(found, PLAN)
    agree(replace(found, rows=pairs), case["satterthwaite"])


@pytest.mark.parametrize("name", R["more"]["omnibus"])
def test_the_test_of_all_arms_at_once_is_lmertests(name: str) -> None:
    (case,) = [case for case in CASES if case["name"] == name]
    found = crossed(case).omnibus
    for column, value in R["more"]["omnibus"][name].items():
        assert getattr(found, column) == pytest.approx(value, rel=5e-5), column


def test_the_test_of_all_arms_at_once_is_the_same_whichever_arm_is_the_reference() -> None:
    (case,) = [case for case in CASES if case["name"] == "unbalanced"]
    ratings = pd.DataFrame(case["data"])
    tests = [crossed_contrasts(ratings, Plan(reference=arm)).omnibus for arm in ("real", "small", "large")]
    assert [test.df_within for test in tests] == pytest.approx([tests[0].df_within] * 3, rel=1e-5)
    assert [test.p_value for test in tests] == pytest.approx([tests[0].p_value] * 3, rel=1e-6)


@pytest.mark.parametrize("ddf", ["satterthwaite", "kenward-roger"])
def test_the_fits_own_coefficients_have_the_degrees_of_freedom_that_it_names(ddf: Ddf) -> None:
    (case,) = [case for case in CASES if case["name"] == "few articles"]
    found = crossed(case, ddf=ddf)
    assert found.fit is not None
    assert found.fit.ddf == ddf
    own, (row,) = found.fit.effect("arm[T.small]"), found.rows
    assert (own.df, own.std_error, own.p_value) == (row.df, row.std_error, row.p_value)
    assert own.df == pytest.approx(case[ddf.replace("-", "_")]["small - real"]["df"], rel=5e-5)
    assert found.fit.covariance[1][1] == pytest.approx(own.std_error**2)


@pytest.mark.parametrize("name", R["more"]["omnibus_kr"])
def test_the_test_of_all_arms_at_once_has_kenward_and_rogers_degrees_of_freedom_where_they_are_asked_for(
    name: str,
) -> None:
    (case,) = [case for case in CASES if case["name"] == name]
    found = crossed(case, ddf="kenward-roger").omnibus
    for column, value in R["more"]["omnibus_kr"][name].items():
        assert getattr(found, column) == pytest.approx(value, rel=5e-5), column


def test_a_normal_test_of_all_arms_at_once_is_that_of_as_many_degrees_of_freedom_as_there_can_be() -> None:
    (case,) = [case for case in CASES if case["name"] == "unbalanced"]
    plain, normal = (crossed(case, ddf=ddf).omnibus for ddf in ("satterthwaite", "normal"))
    assert normal.statistic == pytest.approx(plain.statistic)
    assert math.isinf(normal.df_within)
    assert normal.p_value == pytest.approx(float(stats.f.sf(plain.statistic, 2, 1e9)))


def test_a_covariate_beside_the_arms_changes_what_is_equal_between_them() -> None:
    ratings = simulated(people=120).assign(length=lambda frame: frame["article"].str[-1].astype(int))
    ratings["credibility"] += ratings["length"] * 0.5
    plain, beside = (
        crossed_contrasts(ratings, Plan(reference="real"), beside=columns) for columns in ((), ("length",))
    )
    assert "`length`" in beside.formula
    assert beside.means == ()
    assert beside.rows[0].std_error < plain.rows[0].std_error
    with pytest.raises(FrameError, match="cannot stand beside"):
        crossed_contrasts(ratings, Plan(reference="real"), beside=["nowhere"])


def test_a_table_has_stable_columns_and_counts_people_and_articles() -> None:
    found = crossed_contrasts(simulated(), Plan(reference="real"))
    assert list(found.to_frame().columns)[:11] == [
        "contrast",
        "arm",
        "reference",
        "estimate",
        "std_error",
        "statistic",
        "df",
        "p_value",
        "p_adjusted",
        "ci_low",
        "ci_high",
    ]
    assert [(row.n, row.n_reference, row.n_articles) for row in found.rows] == [(30, 30, 6), (30, 30, 6)]
    assert math.fsum(part.share for part in found.variance) == pytest.approx(1)


SLOPE, OWN = "(1 + origin | participant)", "(1 | participant:arm)"


@pytest.mark.parametrize(
    ("arms", "per_person", "terms"),
    [
        (("real", "small"), 6, f"{SLOPE} + (1 | article)"),
        (("real", "small", "large"), 6, f"{SLOPE} + {OWN} + (1 | article)"),
        (("real", "small", "large"), 3, f"{SLOPE} + (1 | article)"),
    ],
    ids=["one arm an origin", "two models", "one rating an arm"],
)
def test_people_who_read_both_origins_get_a_slope_and_what_they_make_of_each_of_several_models(
    arms: tuple[str, ...], per_person: int, terms: str
) -> None:
    found = crossed_contrasts(
        simulated(people=60, per_person=per_person, arms=arms, within=True), Plan(reference="real")
    )
    assert found.formula == f"rating ~ arm + {terms}"


def test_people_who_each_read_the_real_arm_and_one_model_get_the_slope_alone() -> None:
    ratings = pd.DataFrame(simulated(people=90, per_person=6, within=True))
    own = ratings["participant"].str[-1].astype(int) % 2
    read = (ratings["arm"] == "real") | (ratings["arm"] == own.map({0: "small", 1: "large"}))
    found = crossed_contrasts(ratings[read], Plan(reference="real"))
    assert found.formula == f"rating ~ arm + {SLOPE} + (1 | article)"


def test_arms_that_hold_both_origins_differ_within_a_person_beside_the_slope() -> None:
    ratings = simulated(people=60, per_person=6, arms=("shown", "hidden"), within=True)
    ratings["origin"] = np.where(ratings["article"].str[-1].astype(int) > 2, "real", "synthetic")
    assert f"{SLOPE} + {OWN}" in crossed_contrasts(ratings, Plan(reference="shown")).formula


@pytest.mark.parametrize("per_person", [1, 6])
@pytest.mark.parametrize("people", [{"real": 1, "small": 1}, {"real": 1, "small": 30}, {"real": 30, "small": 1}])
def test_an_arm_of_one_person_leaves_no_model_and_says_so(people: dict[str, int], per_person: int) -> None:
    ratings = simulated(people=60, per_person=per_person, arms=("real", "small"))
    number = ratings["participant"].str[1:].astype(int) // 2
    found = crossed_contrasts(ratings[number < ratings["arm"].map(people)], Plan(reference="real"))
    assert found.fit is None
    assert math.isnan(found.rows[0].p_value)
    assert [caution.code for caution in found.cautions] == ["people-confounded", "no-model"]
    assert "an arm has one participant only: there is no mixed model" in found.warnings[1]


def test_two_people_an_arm_are_the_fewest_that_a_model_takes() -> None:
    found = crossed_contrasts(simulated(people=4, per_person=6, arms=("real", "small")), Plan(reference="real"))
    assert found.fit is not None
    assert math.isfinite(found.rows[0].p_value)


def test_stories_get_a_term_only_where_they_group_articles() -> None:
    ratings = simulated(people=60)
    told = ratings.assign(story="story" + ratings["article"].str[-1])
    found = crossed_contrasts(told, Plan(reference="real"))
    assert "(1 | story) + (1 | article)" in found.formula
    assert "story" in {part.group for part in found.variance}
    # A story an article and a story an arm are no groups of articles.
    for story in (ratings["article"], ratings["arm"]):
        assert "story" not in crossed_contrasts(ratings.assign(story=story), Plan(reference="real")).formula


def test_an_article_without_a_story_is_one_of_its_own() -> None:
    ratings = simulated(people=60)
    story = ("story" + ratings["article"].str[-1]).where(ratings["article"] != "real-3", "")
    found = crossed_contrasts(ratings.assign(story=story), Plan(reference="real"))
    assert found.fit is not None
    assert {group.name: group.levels for group in found.fit.groups}["story"] == 7


REFERENCE = Path(__file__).parent.parent / "reference"
TWICE: dict[str, dict[str, float]] = json.loads((REFERENCE / "twice.json").read_text(encoding="utf-8"))


def test_a_person_who_rates_twice_among_many_who_rate_once_leaves_people_in_the_residual_and_that_is_said() -> None:
    found = crossed_contrasts(pd.read_csv(REFERENCE / "twice.csv"), Plan(reference="real"))
    assert found.formula == "rating ~ arm + (1 | article)"
    for name, value in TWICE["articles"].items():
        assert getattr(found.rows[0], name) == pytest.approx(value, rel=5e-5), name
    (said,) = (caution.sentence for caution in found.cautions if caution.code == "few-repeats")
    assert "1 of 120 people; ratings beyond a first one: 1" in said
    assert "too small by at most 0.8%" in said


def test_a_residual_that_runs_to_nought_leaves_the_articles_their_degrees_of_freedom_and_is_told() -> None:
    fit = fit_mixed(pd.read_csv(REFERENCE / "twice.csv"), "credibility ~ arm + (1 | participant) + (1 | article)")
    own, expected = fit.effect("arm[T.small]"), TWICE["people"]
    assert fit.residual_sd < 0.01
    # How far the search came along a flat deviance is not the same in both.
    assert own.df == pytest.approx(expected["df"], rel=0.01)
    assert own.std_error == pytest.approx(expected["std_error"], rel=0.001)
    assert any("less than a hundredth of the SD over 'participant'" in said for said in fit.statements)


@pytest.mark.parametrize(("sizes", "told"), [([2] + [1] * 119, False), ([2] * 9 + [1] * 111, False),
    ([2] * 10 + [1] * 300, True), ([9] + [1] * 119, True), ([2] * 4, True), ([1] * 50, False)])  # fmt: skip
def test_groups_are_told_from_the_residual_by_ten_repeats_or_by_their_size(sizes: list[int], told: bool) -> None:
    rows = pd.DataFrame({"participant": [f"p{n}" for n, size in enumerate(sizes) for _ in range(size)]})
    assert tells_apart(rows, ["participant"]) is told


def test_a_small_arm_of_people_with_several_ratings_is_not_hidden_by_a_large_one_with_one_each() -> None:
    one, several = [f"a{n}" for n in range(120)], [f"b{n // 3}" for n in range(8)]
    rows = pd.DataFrame({"participant": one + several, "arm": ["real"] * 120 + ["synthetic"] * 8})
    assert len(several) - len({*several}) < LEAST_REPEATS
    assert not tells_apart(rows.drop(columns="arm"), ["participant"])
    assert tells_apart(rows, ["participant"])


def test_one_person_in_both_arms_gets_no_slope_of_origin() -> None:
    ratings = simulated(people=60, per_person=3, arms=("real", "small"))
    ratings.loc[0, ["arm", "origin", "article"]] = ["small", "synthetic", "small-0"]
    assert crossed_contrasts(ratings, Plan(reference="real")).formula == (
        "rating ~ arm + (1 | participant) + (1 | article)"
    )


def test_one_person_in_both_arms_of_a_very_small_study_gets_no_slope_either() -> None:
    ratings = simulated(people=6, per_person=4, arms=("real", "small"))
    ratings.loc[0, ["arm", "origin", "article"]] = ["small", "synthetic", "small-5"]
    found = crossed_contrasts(ratings, Plan(reference="real"))
    assert found.formula == "rating ~ arm + (1 | participant) + (1 | article)"


def test_an_article_a_rating_is_a_sample_of_articles_without_a_term() -> None:
    ratings = simulated(people=30, per_person=3)
    found = crossed_contrasts(ratings.assign(article=ratings.index.map("a{}".format)), Plan(reference="real"))
    assert found.formula == "rating ~ arm + (1 | participant)"
    assert found.samples_articles
    assert {caution.code for caution in found.cautions} == {"one-rating-an-article"}


def test_one_rating_a_person_leaves_people_in_the_residual() -> None:
    found = crossed_contrasts(simulated(people=120, per_person=1), Plan(reference="real"))
    assert found.formula == "rating ~ arm + (1 | article)"
    assert "one-rating-a-person" in {caution.code for caution in found.cautions}


def test_one_article_an_arm_leaves_articles_out_and_says_so() -> None:
    ratings = simulated(people=60, per_person=3, within=True)
    found = crossed_contrasts(ratings.assign(article=ratings["arm"]), Plan(reference="real"))
    assert "article" not in found.formula
    assert "articles-confounded" in {caution.code for caution in found.cautions}
    assert all(math.isfinite(row.p_value) for row in found.rows)


def test_equivalence_and_the_detectable_difference_follow_the_plan() -> None:
    ratings = simulated(people=300, shift=0.0)
    found = crossed_contrasts(ratings, Plan(reference="real", equivalence_bound=2.0))
    (row, _) = found.rows
    assert row.equivalence_p < 0.05
    assert row.detectable > 2.8 * row.std_error
    # Of two contrasts the smaller p must be below alpha / 2: 2.2414 + 0.8416 errors.
    assert row.detectable_adjusted == pytest.approx(detectable(row.std_error, row.df, 0.025))
    assert row.detectable_adjusted > 3.08 * row.std_error
    pair = simulated(people=300, shift=0.0, arms=("real", "small"))
    (alone,) = crossed_contrasts(pair, Plan(reference="real")).rows
    assert alone.detectable_adjusted == alone.detectable
    assert all(math.isnan(r.equivalence_p) for r in crossed_contrasts(ratings, Plan(reference="real")).rows)


def test_an_arm_without_ratings_is_named_and_the_others_are_compared() -> None:
    found = crossed_contrasts(simulated(), Plan(reference="real"), arms=["real", "small", "large", "huge"])
    rows = {row.arm: row for row in found.rows}
    assert math.isnan(rows["huge"].estimate)
    assert math.isfinite(rows["small"].estimate)
    assert [c.about for c in found.cautions if c.code == "empty-arm"] == ["huge"]


@pytest.mark.parametrize(
    ("ratings", "why"),
    [
        (simulated().assign(credibility=5.0), "nothing to explain"),
        (simulated().query("arm == 'real'"), "Fewer than two arms"),
        (ratings_of({"real": [5.0], "small": [6.0]}), "no mixed model"),
        (simulated(people=1, per_person=1).assign(arm="real"), "Fewer than two arms"),
    ],
    ids=["constant", "one arm", "two ratings", "one rating"],
)
def test_where_there_is_no_model_the_numbers_are_blank_and_the_reason_is_said(ratings: pd.DataFrame, why: str) -> None:
    found = crossed_contrasts(ratings, Plan(reference="real"))
    assert found.fit is None
    assert all(math.isnan(row.estimate) for row in found.rows)
    assert why in " ".join(found.warnings)


def test_values_around_a_billion_keep_their_digits() -> None:
    ratings = simulated()
    plain = crossed_contrasts(ratings, Plan(reference="real"))
    large = crossed_contrasts(ratings.assign(credibility=ratings["credibility"] + 1e9), Plan(reference="real"))
    assert large.rows[0].estimate == pytest.approx(plain.rows[0].estimate, rel=1e-5)
    assert large.rows[0].p_value == pytest.approx(plain.rows[0].p_value, rel=1e-3)


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ({"credibility": np.inf}, "credibility"),
        ({"credibility": "high"}, "credibility"),
        ({"participant": None}, "participant"),
    ],
)
def test_broken_ratings_are_refused_with_their_column(change: dict[str, Any], column: str) -> None:
    ratings = simulated().astype(dict.fromkeys(change, "object"))
    for name, value in change.items():
        ratings.loc[3, name] = value
    with pytest.raises(FrameError) as refused:
        crossed_contrasts(ratings, Plan(reference="real"))
    assert refused.value.column == column
    assert refused.value.rows == (3,)


def test_an_unknown_reference_and_ratings_twice_are_refused() -> None:
    with pytest.raises(FrameError, match="is no arm"):
        crossed_contrasts(simulated(), Plan(reference="nobody"))
    twice = pd.concat([simulated(), simulated().iloc[:1]], ignore_index=True)
    with pytest.raises(FrameError, match="stands in rows 0, 270"):
        crossed_contrasts(twice, Plan(reference="real"))
