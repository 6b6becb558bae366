"""The checklist's line about the analysis plan: what could not be computed later is refused before freezing."""

from typing import Any

import pytest

from analysis.study import plan_gates
from surveys import lifecycle
from surveys.lifecycle import LifecycleError
from tests.factories import definition, ready_study

pytestmark = pytest.mark.django_db


def plan(**changes: Any) -> dict[str, Any]:
    return {"outcome": "credibility", "reference": "real"} | changes


def blocks_without_instrument() -> list[dict[str, Any]]:
    return [{**block, "instrument": ""} for block in definition()["blocks"]]


def blocks_on_another_scale() -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = definition()["blocks"]
    for item in blocks[1]["items"]:
        item["options"] = [{**option, "code": f"point-{option['code']}"} for option in item["options"]]
    return blocks


def blocks_scored_otherwise() -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = definition()["blocks"]
    blocks[1]["scoring"] |= {"offset": 0, "minimum": "3", "maximum": "12"}
    return blocks


@pytest.mark.parametrize("outcome", ["credibility", "accurate", "seconds_on_page"])
def test_a_plan_about_what_the_study_measures_passes(outcome: str) -> None:
    rules = ["attention-failed:1", "incomplete", "faster-than:5", "flagged:speeding", "flagged:long-absence"]
    (gate,) = plan_gates(ready_study(plan=plan(outcome=outcome, exclusions=rules)))
    assert gate.passed, gate.detail


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"plan": plan(outcome="trust")}, "measures: credibility, seconds_on_page, believable, accurate, clear"),
        ({"plan": plan(outcome="news-use")}, "does not measure"),
        ({"plan": plan(exclusions=["faster_than:5"])}, "'faster_than:5' is no rule"),
        ({"plan": plan(exclusions=["seen-before"])}, "needs the question seen-before"),
        ({"plan": plan(exclusions=["flagged:charm"])}, "names no quality flag. There are: attention, "),
        ({"plan": plan(exclusions=["flagged:looked-it-up"])}, "flagged:looked-it-up can flag nobody"),
        ({"plan": plan(exclusions=["flagged:other-panel-study"])}, "can be changed after the plan is frozen"),
        (
            {"plan": plan(alternative_exclusions=["flagged:other-panel-study"])},
            "can be changed after the plan is frozen",
        ),
        (
            {"plan": plan(covariates=["party"])},
            "The covariate party is not known before the articles. There are: news-",
        ),
        ({"plan": plan(main_contrast="huge")}, "main_contrast names huge, which is no arm. There are: real, synthetic"),
        ({"plan": plan(trend_scores={"real": "1", "tiny": "2"})}, "trend_scores names tiny, which is no arm"),
        ({"plan": plan(alternative_exclusions=["seen-before"])}, "needs the question seen-before"),
        ({"plan": plan(equivalence_low="-1")}, "equivalence_low and equivalence_high belong together"),
        ({"plan": plan(outcome="accurate", credible_cut="6")}, "accurate lies from 1 to 4; name a cut above 1"),
        ({"plan": plan(credible_cut="10.5")}, "credibility lies from 1 to 10"),
        ({"plan": plan(outcome="seconds_on_page", credible_cut="6")}, "seconds_on_page is a time"),
        ({"plan": plan(alpha="0.9")}, "alpha: 0.9 is not between 0 and 0.5"),
        ({"blocks": blocks_without_instrument(), "plan": plan()}, "credibility, which this study does not measure"),
        ({"blocks": blocks_on_another_scale()}, "the answers and the scoring that its index is made of"),
        ({"blocks": blocks_scored_otherwise()}, "the answers and the scoring that its index is made of"),
    ],
)
def test_a_plan_that_could_not_be_carried_out_is_not_frozen(changes: dict[str, Any], said: str) -> None:
    study = ready_study(**changes)
    with pytest.raises(LifecycleError, match="The analysis plan can be carried out") as refused:
        lifecycle.freeze(study, study.created_by)
    assert said in str(refused.value)
    assert not study.versions.exists()
