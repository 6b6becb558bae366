"""The page of amendments: what was changed and why, and changing one thing more."""

import pytest
from django.test import Client
from django.urls import reverse

from surveys import lifecycle
from surveys.models import Amendment, Participant, Role, Study
from tests.factories import launched_study, member, ready_study

pytestmark = pytest.mark.usefixtures("either_database")
TARGET = {"kind": "target", "target-arm": "real", "target-target": "40", "target-reason": "The panel had more people."}


@pytest.fixture
def running(client: Client) -> Study:
    study = launched_study(stories=3)
    client.force_login(study.created_by)
    return study


def _url(study: Study) -> str:
    return reverse("workbench:study-amendments", args=[study.key])


def test_a_target_is_changed_and_stands_on_the_page_with_its_reason(client: Client, running: Study) -> None:
    page = client.post(_url(running), TARGET, follow=True).content.decode()
    assert "Target of Real: 40 instead of no limit" in page
    assert "The panel had more people." in page
    assert "Real (40)" in page


def test_an_article_is_dropped_and_not_offered_again(client: Client, running: Study) -> None:
    key = running.articles.order_by("key")[0].key
    data = {"kind": "article", "article-article": key, "article-reason": "Its source asked."}
    page = client.post(_url(running), data, follow=True).content.decode()
    assert f"Not given any more: {key}" in page
    assert f'<option value="{key}"' not in page


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"target-reason": " "}, "reason"),
        ({"target-target": "0"}, "target"),
        ({"target-target": "x"}, "target"),
        ({"target-arm": "nothing"}, "arm"),
        ({"target-target": ""}, "target"),
    ],
)
def test_what_is_wrong_is_named_by_its_field_and_nothing_is_changed(
    client: Client, running: Study, change: dict[str, str], field: str
) -> None:
    response = client.post(_url(running), TARGET | change)
    assert field in response.context["target_form"].errors
    assert not response.context["article_form"].is_bound
    assert not Amendment.objects.exists()


def test_an_article_that_the_design_needs_stays_and_the_page_says_why(client: Client) -> None:
    study = launched_study(stories=2)
    client.force_login(study.created_by)
    data = {"kind": "article", "article-article": study.articles.all()[0].key, "article-reason": "A reason."}
    page = client.post(_url(study), data).content.decode()
    assert "The design cannot do without it." in page
    assert not Amendment.objects.exists()


def test_a_full_study_says_on_monitor_and_amendments_what_can_be_done(client: Client, running: Study) -> None:
    version = running.current_version
    assert version is not None
    Participant.objects.create(
        study=running,
        version=version,
        mode="live",
        token_hash="0" * 64,
        outcome="quota-full",
        stage="end",
        consented_at="2026-01-01T00:00:00Z",
    )
    assert "1 person found every place taken" in client.get(_url(running)).content.decode()
    monitor = client.get(reverse("workbench:study-monitor", args=[running.key])).content.decode()
    assert _url(running) in monitor


def test_a_draft_and_an_unblinded_study_offer_no_form(client: Client, running: Study) -> None:
    draft = ready_study()
    client.force_login(draft.created_by)
    assert "Nothing is frozen yet" in client.get(_url(draft)).content.decode()
    client.force_login(running.created_by)
    lifecycle.unblind(running, running.created_by, "All are in.")
    page = client.get(_url(running)).content.decode()
    assert "Nothing can be amended now" in page
    assert "<form" not in page.partition("<main")[2]


def test_only_who_runs_a_study_amends_it(client: Client, running: Study) -> None:
    client.force_login(member(running, Role.ANALYST))
    page = client.get(_url(running))
    assert page.status_code == 200
    assert "Change the target" not in page.content.decode()
    assert client.post(_url(running), TARGET).status_code == 403
