"""A power plan is computed by the worker that claims it, from named spreads or a pilot's; it shows no difference."""

import json
from typing import Any

import pytest

from analysis import jobs, power_plans
from analysis.models import PowerPlan
from surveys.models import Mode, Study
from tests.factories import launched_study, ready_study
from tests.walking import readers_walk

pytestmark = pytest.mark.django_db
SPREADS = {"person": 1.0, "article": 0.3, "noise": 1.2, "person_by_arm": 0.0, "story": 0.0}
QUESTION: dict[str, Any] = {
    "difference": 0.5,
    "people": [40, 400],
    "articles": [4, 40],
    "ratings": 2,
    "design": "between",
    "power": 0.8,
    "alpha": 0.05,
    "simulations": 0,
    "small_simulations": 0,
}


def asked(study: Study, source: str = "", **changes: Any) -> PowerPlan:
    question = {**QUESTION, **changes}
    return power_plans.request_power(study, by=study.created_by, question=question, spreads=SPREADS, source=source)


def made(plan: PowerPlan) -> PowerPlan:
    power_plans.make(plan.pk)
    return PowerPlan.objects.get(pk=plan.pk)


def test_a_draft_gets_its_curve_its_table_and_the_fewest_people() -> None:
    plan = made(asked(ready_study()))
    assert plan.status == PowerPlan.Status.DONE, plan.error
    sizes = {(row["articles"], row["people"]): row["expected"] for row in plan.result["sizes"]}
    assert sizes[40, 400] > 0.8 > sizes[4, 400] > sizes[4, 40]
    assert [row["articles"] for row in plan.result["needed"]] == [4, 40]
    assert plan.result["needed"][0]["people"] is None
    assert "take more articles" in plan.result["sentences"][0]
    assert plan.result["figure"]["svg"].startswith("<svg")
    assert len(plan.result["table"]["rows"]) == 4


def test_the_same_question_waits_once_and_another_beside_it() -> None:
    study = ready_study()
    assert asked(study) == asked(study)
    assert asked(study, difference=0.4) != asked(study)
    assert study.audit.filter(verb="power asked for").count() == 2


def test_equivalence_of_all_of_three_arms_is_computed() -> None:
    shown: dict[str, Any] = {"difference": 0.0, "bound_low": -0.5, "bound_high": 0.5, "arms": 3, "which": "all"}
    plan = made(asked(ready_study(), people=[60, 600], articles=[40], **shown))
    assert plan.status == PowerPlan.Status.DONE, plan.error
    assert plan.result["sizes"][0]["expected"] < 0.5 < plan.result["sizes"][1]["expected"]
    assert "equivalence of all 2 arms" in plan.result["table"]["caption"]
    assert 60 < plan.result["needed"][0]["people"] < 600
    assert "people give a power of 80%" in plan.result["sentences"][0]


def test_simulated_studies_stand_beside_the_formula() -> None:
    plan = made(asked(ready_study(), people=[24], articles=[4], difference=2.0, simulations=2))
    (row,) = plan.result["sizes"]
    assert (row["n_simulated"], plan.result["seed"]) == (2, 1)
    assert 0 <= row["ci_low"] <= row["estimate"] <= row["ci_high"] <= 1


def test_ratings_give_spreads_before_the_unblinding_and_no_difference() -> None:
    study = launched_study()
    readers_walk(study, 12, {"real": 0.0, "synthetic": -3.0})
    assert power_plans.sources_of(study) == [Mode.SIMULATED]
    plan = made(asked(study, source=Mode.SIMULATED, people=[40], articles=[4]))
    assert plan.status == PowerPlan.Status.DONE, plan.error
    assert plan.result["components"]["noise"] > 0
    assert plan.question["spreads"] == {}
    said = json.dumps({**plan.result, "figure": {**plan.result["figure"], "svg": ""}})
    assert not {"real", "synthetic"} & set(said.split(chr(34)))


def test_a_source_without_ratings_says_what_to_do_instead() -> None:
    plan = made(asked(launched_study(), source=Mode.PILOT))
    assert plan.status == PowerPlan.Status.FAILED
    assert "name the spreads instead" in plan.error


def test_a_plan_that_was_cancelled_is_not_computed_and_one_under_way_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    study = ready_study()
    plan = asked(study)
    assert power_plans.cancel(plan, by=study.created_by)
    assert made(plan).result == {}
    assert not power_plans.cancel(plan, by=study.created_by)
    monkeypatch.setattr(power_plans, "SECONDS_BETWEEN", 0.0)
    running = jobs.claim(PowerPlan, asked(study).pk)
    assert running is not None
    tell = power_plans._progress(running)
    tell(3, 10)
    assert PowerPlan.objects.get(pk=running.pk).progress == "3 of 10 studies"
    power_plans.cancel(running, by=study.created_by)
    with pytest.raises(jobs.Stopped):
        tell(4, 10)


def test_what_a_dead_worker_left_is_published_again_and_given_up_in_the_end() -> None:
    plan = asked(ready_study())
    PowerPlan.objects.update(attempts=jobs.MOST_ATTEMPTS)
    assert made(plan).status == PowerPlan.Status.FAILED
