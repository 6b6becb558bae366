"""The list of studies, making one, and a study's overview with its next step."""

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from surveys import lifecycle, recruitment
from surveys.models import Role, Study
from surveys.workbench.next_steps import next_step
from tests.factories import ResearcherFactory, StudyFactory, launched_study, member, ready_study

pytestmark = pytest.mark.django_db


def test_somebody_without_a_study_is_told_how_to_begin(client: Client) -> None:
    client.force_login(ResearcherFactory())

    page = client.get("/").content.decode()

    assert "No study yet" in page
    assert reverse("workbench:study-new") in page


def test_the_list_holds_ones_own_studies_only(owner: Client, study: Study) -> None:
    other = StudyFactory(name="Somebody else’s")

    page = owner.get("/").content.decode()

    assert study.name in page
    assert other.name not in page


@pytest.mark.parametrize("start", ["template:kreps-e3", "empty"])
def test_a_study_is_made_and_its_maker_owns_it(client: Client, start: str) -> None:
    researcher = ResearcherFactory()
    client.force_login(researcher)

    response = client.post("/studies/new/", {"name": "Mine", "start": start}, follow=True)

    study = Study.objects.get()
    assert response.redirect_chain[-1][0] == reverse("workbench:study", args=[study.key])
    assert study.memberships.get().role == Role.OWNER
    assert study.arms.exists() == (start != "empty")


def test_a_copy_records_its_source(owner: Client, study: Study) -> None:
    owner.post("/studies/new/", {"name": "Again", "start": f"copy:{study.key}"})

    copy = Study.objects.get(name="Again")
    assert copy.source == study
    assert copy.articles.count() == study.articles.count()


def test_what_one_only_watches_cannot_be_copied(client: Client, study: Study) -> None:
    client.force_login(member(study, Role.OBSERVER))

    response = client.post("/studies/new/", {"name": "Again", "start": f"copy:{study.key}"})

    assert "start" in response.context["form"].errors
    assert Study.objects.count() == 1


@pytest.mark.parametrize("name", ["", "   ", "x" * 201, "a\x00b"])
def test_a_name_that_cannot_be_stored_is_refused_and_kept(client: Client, name: str) -> None:
    client.force_login(ResearcherFactory())

    response = client.post("/studies/new/", {"name": name, "start": "empty"})

    assert "name" in response.context["form"].errors
    assert response.context["form"]["name"].value() == name
    assert not Study.objects.exists()


def test_the_overview_lists_what_is_missing_with_where_it_is_mended(client: Client) -> None:
    study = StudyFactory(template="kreps-e3")
    client.force_login(study.created_by)

    page = client.get(reverse("workbench:study", args=[study.key])).content.decode()

    assert "The ethics board is named" in page
    assert reverse("workbench:study-texts", args=[study.key]) in page
    assert "entry-link" not in page


def test_the_entry_link_shows_while_the_study_is_live(client: Client) -> None:
    study = launched_study()
    client.force_login(study.created_by)

    page = client.get(reverse("workbench:study", args=[study.key])).content.decode()

    assert f"http://testserver/s/{study.key}/" in page
    assert study.current_version is not None
    assert study.current_version.sha256 in page


def test_the_entry_link_of_a_panels_study_carries_what_the_panel_fills_in(client: Client) -> None:
    study = launched_study()
    recruitment.store(study, {"panel": "sona"}, by=study.created_by)
    client.force_login(study.created_by)
    page = client.get(reverse("workbench:study", args=[study.key])).content.decode()
    assert f"/s/{study.key}/?survey_code=%SURVEY_CODE%" in page


def test_the_entry_link_is_that_of_the_public_address(client: Client, settings: Settings) -> None:
    settings.PUBLIC_URL = "https://study.example.org"
    study = launched_study()
    client.force_login(study.created_by)

    page = client.get(reverse("workbench:study", args=[study.key])).content.decode()

    assert f"https://study.example.org/s/{study.key}/" in page


def test_each_status_has_its_next_step_for_an_owner() -> None:
    study = ready_study()
    study.role = Role.OWNER
    steps = [next_step(study).url]
    for step in (lifecycle.freeze, lifecycle.launch, lifecycle.pause, lifecycle.resume, lifecycle.close):
        step(study, study.created_by)
        steps.append(next_step(study).url)

    assert [url.removeprefix(f"/studies/{study.key}/") for url in steps] == [
        "freeze/",
        "launch/",
        "monitor/",
        "resume/",
        "monitor/",
        "monitor/",
    ]


def test_an_empty_draft_leads_its_owner_to_the_texts_and_its_curator_to_the_articles() -> None:
    study = StudyFactory(template="kreps-e3")
    study.role = Role.OWNER
    assert next_step(study).url.endswith("/texts/")
    study.role = Role.CURATOR
    assert next_step(study).url.endswith("/articles/")
    study.role = Role.OBSERVER
    assert next_step(study).url == f"/studies/{study.key}/"
