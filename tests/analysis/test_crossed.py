"""The arms' contrasts by crossed mixed models: R's numbers on every design, and plain words where there is no model."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.crossed import Crossed, crossed_contrasts
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


@pytest.mark.parametrize("name", R["more"]["omnibus"])
def test_the_test_of_all_arms_at_once_is_lmertests(name: str) -> None:
    (case,) = [case for case in CASES if case["name"] == name]
    found = crossed(case).omnibus
    for column, value in R["more"]["omnibus"][name].items():
        assert getattr(found, column) == pytest.approx(value, rel=5e-5), column


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
    ratings["origin"] = np.where(ratings.index // 2 % 2, "real", "synthetic")
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
    # A story an article, a story an arm, and a story that an article of two stories has, are no groups of articles.
    for story in (ratings["article"], ratings["arm"], told["story"].where(ratings["participant"] > "p0000", "another")):
        assert "story" not in crossed_contrasts(ratings.assign(story=story), Plan(reference="real")).formula


def test_an_article_without_a_story_is_one_of_its_own() -> None:
    ratings = simulated(people=60)
    story = ("story" + ratings["article"].str[-1]).where(ratings["article"] != "real-3", "")
    found = crossed_contrasts(ratings.assign(story=story), Plan(reference="real"))
    assert found.fit is not None
    assert {group.name: group.levels for group in found.fit.groups}["story"] == 7


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
    with pytest.raises(FrameError, match="more than one row"):
        crossed_contrasts(twice, Plan(reference="real"))
