"""The page 'how many people, how many articles': the way from a question to its figure, and who may go it."""

import pytest
from django.test import Client
from django.urls import reverse

from analysis import power_plans
from analysis.models import PowerPlan
from surveys.models import Mode, Role, Study
from tests.analysis.test_power_form import GIVEN
from tests.factories import launched_study, member, ready_study

pytestmark = pytest.mark.django_db
ASKED = {**GIVEN, "people": "50, 100"}


def url(study: Study, name: str, /, **kwargs: str) -> str:
    return reverse(f"analysis:{name}", kwargs={"study_key": study.key, **kwargs})


def signed_in(study: Study, role: str = Role.OWNER) -> Client:
    client = Client()
    client.force_login(study.created_by if role == Role.OWNER else member(study, role))
    return client


def test_from_a_question_to_its_curve_and_table() -> None:
    study = ready_study()
    client = signed_in(study)
    page = client.get(url(study, "power")).content.decode()
    assert "No answer yet" in page
    assert 'aria-current="page">Sample size</a>' in page
    assert client.post(url(study, "power"), ASKED).status_code == 302
    plan = PowerPlan.objects.get()
    assert "Waiting for a worker" in client.get(url(study, "power")).content.decode()
    progress = url(study, "power-progress", plan_key=plan.key)
    assert client.get(progress).status_code == 200
    assert client.get(url(study, "power-figure", plan_key=plan.key)).status_code == 404
    power_plans.make(plan.pk)
    assert (client.get(progress).status_code, client.get(progress)["HX-Refresh"]) == (286, "true")
    page = client.get(url(study, "power")).content.decode()
    assert "Power for a difference of 0.5" in page
    assert "articles an arm" in page
    figure = client.get(url(study, "power-figure", plan_key=plan.key))
    assert (figure["Content-Type"], figure.content[:4]) == ("image/svg+xml", b"<svg")


def test_an_earlier_answer_can_be_looked_at_again() -> None:
    study = ready_study()
    client = signed_in(study)
    for difference in ("0.5", "0.9"):
        client.post(url(study, "power"), {**ASKED, "difference": difference})
        power_plans.make(PowerPlan.objects.latest("pk").pk)
    first = PowerPlan.objects.order_by("pk")[0]
    assert "difference of 0.9" in client.get(url(study, "power")).content.decode()
    assert "difference of 0.5" in client.get(url(study, "power") + f"?plan={first.key}").content.decode()
    assert client.get(url(study, "power") + "?plan=nosuchplan").status_code == 404


def test_what_was_written_stays_where_something_is_wrong() -> None:
    study = ready_study()
    refused = signed_in(study).post(url(study, "power"), {**ASKED, "sd_noise": "", "people": "50, 101"})
    page = refused.content.decode()
    assert refused.status_code == 422
    assert "50, 101" in page
    assert "even numbers" in page
    assert not PowerPlan.objects.exists()


def test_the_plan_and_the_design_are_in_the_form_already() -> None:
    study = launched_study()
    study.definition["plan"] |= {"alpha": "0.01", "equivalence_bound": "0.75"}
    study.definition["design"] |= {"per_person": 3}
    study.save()
    page = signed_in(study).get(url(study, "power")).content.decode()
    for field, value in (("alpha", "0.01"), ("ratings", "3"), ("bound_low", "-0.75"), ("bound_high", "0.75")):
        assert f'value="{value}"' in page.split(f'name="{field}"')[1].partition(">")[0], field
    # A bound of equivalence is what counts as no difference: it is none that is to be found.
    assert "value=" not in page.split('name="difference"')[1].partition(">")[0]


@pytest.mark.parametrize("role", [Role.ANALYST, Role.CURATOR, Role.OBSERVER])
def test_who_may_not_analyse_looks_on(role: str) -> None:
    study = ready_study()
    client, may = signed_in(study, role), role == Role.ANALYST
    page = client.get(url(study, "power"))
    assert ("Compute the power" in page.content.decode()) is may
    assert client.post(url(study, "power"), ASKED).status_code == (302 if may else 403)
    plan = power_plans.request_power(study, by=study.created_by, question={"people": [4]}, spreads={})
    cancelled = client.post(url(study, "cancel-power", plan_key=plan.key))
    assert cancelled.status_code == (302 if may else 403)


def test_another_studys_plan_is_not_found() -> None:
    study, other = ready_study(), launched_study()
    plan = power_plans.request_power(other, by=other.created_by, question={"people": [4]}, spreads={})
    for name in ("power-progress", "power-figure"):
        assert signed_in(study).get(url(study, name, plan_key=plan.key)).status_code == 404
    assert Client().get(url(study, "power")).status_code == 302


def test_ratings_that_are_there_are_offered_as_a_source() -> None:
    study = launched_study()
    assert power_plans.sources_of(study) == []
    assert Mode.SIMULATED not in signed_in(study).get(url(study, "power")).content.decode()
