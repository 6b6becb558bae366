"""Agreement: Krippendorff's own example, psych's ICC, and what is refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.agreement import Metric, intraclass, krippendorff
from analysis.validation import FrameError
from tests.analysis.ratings import simulated

R: dict[str, Any] = json.loads(
    (Path(__file__).parent.parent / "reference" / "measures.json").read_text(encoding="utf-8")
)
UNBALANCED: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent.parent / "reference" / "agreement.json").read_text(encoding="utf-8")
)
WITHIN: dict[str, Any] = json.loads(
    (Path(__file__).parent.parent / "reference" / "within_arms.json").read_text(encoding="utf-8")
)
# Krippendorff 2011, Computing Krippendorff's Alpha-Reliability, example C: four observers, twelve units.
EXAMPLE = (
    (1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None),
    (1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3),
    (None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None),
    (1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None),
)


def judged(table: Any) -> pd.DataFrame:
    """One row a judgement: the rows of the table are judges, its columns articles."""
    rows = [(f"p{judge}", f"a{unit:02}", value) for judge, row in enumerate(table) for unit, value in enumerate(row)]
    return pd.DataFrame(rows, columns=["participant", "article", "credibility"])


@pytest.mark.parametrize(("metric", "published"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_krippendorffs_own_example(metric: Metric, published: float) -> None:
    (row,) = krippendorff(judged(EXAMPLE), "credibility", metric=metric).rows
    assert round(row.estimate, 3) == published
    assert (row.n_units, row.n_values) == (11, 40)
    assert row.ci_low < row.estimate < row.ci_high


@pytest.mark.parametrize("metric", ["nominal", "ordinal", "interval"])
def test_perfect_agreement_is_one_and_chance_is_near_zero(metric: Metric) -> None:
    rng = np.random.default_rng(1)
    same = judged([list(range(20))] * 3)
    assert krippendorff(same, "credibility", metric=metric).rows[0].estimate == pytest.approx(1)
    chance = judged(rng.integers(1, 5, (4, 300)).tolist())
    assert abs(krippendorff(chance, "credibility", metric=metric).rows[0].estimate) < 0.06


def test_alpha_without_the_bias_of_few_units_holds_other_units_and_other_judges_against_each_other() -> None:
    # Within units 1 and 4 apart, between units and judges 3 and 6 apart, each squared.
    row = krippendorff(judged([[1, 5], [2, 9]]), "credibility", metric="interval").rows[0]
    within, between = (1 + 16) / 2, ((9 - 1) ** 2 + (5 - 2) ** 2) / 2
    assert row.corrected == pytest.approx(1 - within / between)


@pytest.mark.parametrize("metric", ["nominal", "ordinal", "interval"])
def test_the_interval_is_the_same_however_rows_lie_and_people_are_named(metric: Metric) -> None:
    frame = simulated(people=40)
    once = krippendorff(frame, "credibility", metric=metric)
    again = krippendorff(frame.sample(frac=1, random_state=2), "credibility", metric=metric)
    assert once == again
    assert once.rows[0].method == "jackknife of units and judges"


def test_where_nobody_disagrees_or_two_judge_what_the_interval_is_not_is_said() -> None:
    alike = krippendorff(judged([list(range(20))] * 3), "credibility", metric="interval")
    assert np.isnan(alike.rows[0].ci_low)
    assert "Too few people disagree" in alike.statements[0]
    two = krippendorff(judged(EXAMPLE[1:3]), "credibility", metric="ordinal")
    assert two.rows[0].ci_low < two.rows[0].estimate < two.rows[0].ci_high
    assert two.statements[0] == "The interval of alpha speaks of other units judged by these 2 people, not of others."


def test_judgements_that_are_all_the_same_have_no_alpha() -> None:
    found = krippendorff(judged([[3, 3, 3, 3, 3, 3]] * 2), "credibility", metric="interval")
    assert np.isnan(found.rows[0].estimate)
    assert any("not defined" in sentence for sentence in found.statements)


def test_arms_in_which_everybody_judges_alike_have_no_alpha_whatever_the_arms_do() -> None:
    frame = simulated().assign(score=lambda made: made["arm"].map({"real": 10.0, "small": 0.1, "large": 0.3}))
    (row,) = krippendorff(frame, "score", metric="interval").rows
    assert np.isnan([row.estimate, row.corrected, row.ci_low]).all()


def test_one_article_an_arm_gives_alpha_no_interval_and_that_is_said() -> None:
    frame = simulated(per_person=1).assign(article=lambda made: made["arm"])
    found = krippendorff(frame, "credibility", metric="interval")
    assert np.isnan(found.rows[0].ci_low)
    assert found.statements[0].startswith("No arm has two units that two people or more judged")


def test_categories_in_words_are_nominal_only() -> None:
    words = judged([["real", "fake", "real"], ["real", "fake", "fake"]])
    assert krippendorff(words, "credibility", metric="nominal").rows[0].estimate < 1
    with pytest.raises(FrameError, match="must hold numbers"):
        krippendorff(words, "credibility", metric="ordinal")


def test_a_judge_who_judged_twice_and_units_that_nobody_shares_are_refused() -> None:
    frame = judged(EXAMPLE)
    with pytest.raises(FrameError, match="more than once"):
        krippendorff(pd.concat([frame, frame.iloc[:1]]), "credibility", metric="nominal")
    with pytest.raises(FrameError, match="no article was judged by two"):
        krippendorff(frame.drop_duplicates("article").dropna(), "credibility", metric="nominal")


@pytest.mark.parametrize("case", R["icc"], ids=["Shrout & Fleiss 1979", "a study"])
def test_intraclass_correlations_with_their_intervals_are_psychs(case: dict[str, Any]) -> None:
    frame = judged(np.array(case["values"], dtype=float).T)
    single, mean = intraclass(frame).rows
    for row, expected in ((single, case["single"]), (mean, case["mean"])):
        assert row.estimate == pytest.approx(expected["estimate"], abs=1e-8)
        assert (row.ci_low, row.ci_high) == pytest.approx((expected["low"], expected["high"]), abs=1e-6)


@pytest.mark.parametrize(
    ("judges", "values"),
    [
        (4, [9.6, 2.3, 9.5, 3.8, 4.8, 8.4, 4.7]),
        (4, [9.1, 8.0, 3.0, 3.7, 8.9, 1.0, 8.4, 8.2, 5.2, 3.7, 3.5]),
        (5, [5.6, 9.8, 1.7, 6.5, 4.4, 8.2, 2.6, 8.8, 5.9]),
    ],
    ids=["single", "single and mean", "upper limit"],
)
def test_perfect_agreement_is_never_more_than_one(judges: int, values: list[float]) -> None:
    for row in intraclass(judged([values] * judges)).rows:
        assert row.estimate == pytest.approx(1, abs=1e-12)
        assert not max(row.estimate, row.ci_low, row.ci_high) > 1


def test_shrout_and_fleiss_published_these() -> None:
    single, mean = intraclass(judged(np.array(R["icc"][0]["values"], dtype=float).T)).rows
    assert (round(single.estimate, 2), round(mean.estimate, 2)) == (0.29, 0.62)


def test_with_ratings_missing_the_variances_of_a_mixed_model_are_taken() -> None:
    case = R["icc_incomplete"]
    values = np.array([[np.nan if v is None else v for v in row] for row in case["values"]], dtype=float)
    found = intraclass(judged(values.T))
    assert found.rows[0].estimate == pytest.approx(case["single"], abs=1e-4)
    assert "Not everybody rated every article: intraclass" in found.statements[0]


@pytest.mark.parametrize("case", UNBALANCED, ids=["uneven numbers of articles", "four articles a person"])
def test_intervals_where_not_everybody_rated_everything_are_those_of_lme4s_curvature(case: dict[str, Any]) -> None:
    single, mean = intraclass(pd.DataFrame(case["data"])).rows
    for row, expected in ((single, case["single"]), (mean, case["mean"])):
        assert row.estimate == pytest.approx(expected["estimate"], rel=1e-5)
        assert (row.ci_low, row.ci_high) == pytest.approx((expected["low"], expected["high"]), rel=1e-4)


def test_agreement_within_arms_is_that_of_lme4_with_arms_in_the_fixed_part_and_of_all_pairs_of_an_arm() -> None:
    frame = pd.DataFrame(WITHIN["data"])
    found = intraclass(frame)
    for row, expected in zip(found.rows, (WITHIN["single"], WITHIN["mean"]), strict=True):
        assert row.estimate == pytest.approx(expected["estimate"], rel=1e-5)
        assert (row.ci_low, row.ci_high) == pytest.approx((expected["low"], expected["high"]), rel=1e-4)
    assert "several arms, whose means are taken out" in found.statements[0]
    metrics: tuple[Metric, ...] = ("interval", "ordinal")
    for metric in metrics:
        (row,) = krippendorff(frame, "credibility", metric=metric).rows
        assert row.estimate == pytest.approx(WITHIN[metric], rel=1e-9)
        assert row.ci_low < row.estimate < row.ci_high


def test_what_the_arms_do_is_no_agreement_about_articles() -> None:
    frame = simulated(people=60, per_person=4, shift=-5.0, seed=3)
    means = frame.groupby("article")["credibility"].transform("mean")
    alike = frame.assign(score=frame["credibility"] - means + 3 * (frame["arm"] == "real"))
    assert [row.estimate for row in intraclass(alike, outcome="score").rows] == [0.0, 0.0]
    (row,) = krippendorff(alike, "score", metric="interval").rows
    assert row.estimate < 0.01


def test_one_article_an_arm_has_no_agreement_about_articles() -> None:
    single = simulated(people=60, per_person=1).assign(article=lambda frame: frame["arm"])
    twice = pd.concat([single, single.assign(article="real", arm="real", origin="real")]).drop_duplicates(
        ["participant", "article"]
    )
    with pytest.raises(FrameError, match="every arm has one article only"):
        intraclass(twice)


def test_articles_that_do_not_differ_have_an_agreement_of_zero_and_no_interval() -> None:
    frame = simulated(seed=3).query("arm == 'real'")
    flat = frame.assign(score=frame["credibility"] - frame.groupby("article")["credibility"].transform("mean"))
    single, mean = intraclass(flat, outcome="score").rows
    assert (single.estimate, mean.estimate) == (0.0, 0.0)
    assert np.isnan(single.ci_low)


@pytest.mark.parametrize(
    ("frame", "complaint"),
    [
        (simulated(people=30, per_person=1), "nobody rated two articles"),
        (simulated().query("article == 'real-0'"), "takes two of each"),
        (simulated(people=1), "takes two of each"),
        (simulated().assign(credibility=4.0), "the same in all rows"),
    ],
    ids=["one rating a person", "one article", "one person", "constant"],
)
def test_data_that_carry_no_agreement_are_refused(frame: pd.DataFrame, complaint: str) -> None:
    with pytest.raises(FrameError, match=complaint):
        intraclass(frame)
