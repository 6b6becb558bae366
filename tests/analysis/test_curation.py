"""Curated against uncurated: the crossed model's contrast within models, and said where models are mixed up in it."""

import pytest

from analysis.crossed import crossed_contrasts
from analysis.curation import ALL_MODELS, curation_contrasts
from analysis.equivalence import detectable
from analysis.plan import Plan
from analysis.report_info import ArmInfo
from tests.analysis.ratings import simulated

ARMS = ("real", "a-picked", "a-plain", "b-picked", "b-plain")
CROSSED = crossed_contrasts(simulated(people=100, arms=ARMS), Plan(reference="real"), pairs="all")
KINDS = {"picked": "curated", "plain": "uncurated"}


def infos(**models: str) -> list[ArmInfo]:
    made = [ArmInfo(arm, arm, "synthetic", models.get(arm[0], ""), KINDS[arm[2:]]) for arm in ARMS[1:]]
    return [ArmInfo("real", "real", "real"), *made]


def test_within_a_model_it_is_the_crossed_models_contrast_and_over_models_their_mean() -> None:
    whole, first, second = curation_contrasts(CROSSED, infos(a="A", b="B")).rows
    pairs = {row.contrast: row for row in CROSSED.rows}
    for found, name in ((first, "a-plain - a-picked"), (second, "b-plain - b-picked")):
        alone = pairs[name]
        assert (found.estimate, found.std_error) == pytest.approx((-alone.estimate, alone.std_error))
        assert (found.df, found.p_value) == pytest.approx((alone.df, alone.p_value))
        assert (found.ci_low, found.ci_high) == pytest.approx((-alone.ci_high, -alone.ci_low))
    assert whole.term == ALL_MODELS
    assert whole.estimate == pytest.approx((first.estimate + second.estimate) / 2)
    assert whole.std_error < min(first.std_error, second.std_error)
    assert (whole.curated, whole.uncurated) == (("a-picked", "b-picked"), ("a-plain", "b-plain"))
    assert whole.p_adjusted == whole.p_value
    assert first.p_adjusted >= first.p_value
    assert whole.detectable_adjusted == whole.detectable == detectable(whole.std_error, whole.df)
    assert first.detectable_adjusted == detectable(first.std_error, first.df, 0.025) > first.detectable
    assert list(curation_contrasts(CROSSED, infos(a="A", b="B")).to_frame()["term"]) == [ALL_MODELS, "A", "B"]


def test_one_model_has_one_row() -> None:
    (row,) = curation_contrasts(CROSSED, infos(a="A", b="A")).rows
    assert (row.term, len(row.curated)) == ("A", 2)


def test_models_of_one_kind_each_are_compared_with_a_caution() -> None:
    arms = [arm for arm in infos(a="A", b="B") if arm.key in ("a-picked", "b-plain")]
    found = curation_contrasts(CROSSED, arms)
    assert [row.term for row in found.rows] == [ALL_MODELS]
    assert found.cautions[0].code == "curation-confounded"


def test_an_arm_without_its_other_side_is_named_and_left_out() -> None:
    arms = [arm for arm in infos(a="A", b="B") if arm.key != "b-plain"]
    found = curation_contrasts(CROSSED, arms)
    assert [row.term for row in found.rows] == ["A"]
    assert "b-picked" in found.cautions[0].sentence


def test_without_both_kinds_or_without_a_model_there_is_nothing() -> None:
    assert curation_contrasts(CROSSED, infos(a="A")[:2]).rows == ()
    flat = crossed_contrasts(simulated(arms=ARMS).assign(credibility=5.0), Plan(reference="real"))
    assert curation_contrasts(flat, infos(a="A", b="B")).rows == ()
