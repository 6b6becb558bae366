"""Who is spoken to in which language: a participant in theirs, a researcher in the one that they chose."""

import pytest
from django.conf import settings
from django.test import Client
from django.utils import translation

from tests import factories
from tests.surveys.participant.person import Person

pytestmark = pytest.mark.django_db
GERMAN = {"accept-language": "de-AT,de;q=0.9,en;q=0.5"}


def test_the_workbench_speaks_english_until_a_researcher_chooses() -> None:
    page = Client().get("/sign-in/", headers=GERMAN)
    assert '<html lang="en"' in page.content.decode()
    assert page["Content-Language"] == "en"


@pytest.mark.parametrize("tag", [tag for tag in settings.WORKBENCH_LANGUAGES if tag != "en"])
def test_a_language_that_is_chosen_stays_and_leads_back_to_where_it_was_chosen(tag: str) -> None:
    client = Client()
    chosen = client.post("/language/", {"language": tag, "next": "/sign-in/"})
    assert chosen["Location"] == "/sign-in/"
    page = client.get("/sign-in/", headers={"accept-language": "en"}).content.decode()
    assert f'<html lang="{tag}"' in page
    with translation.override(tag):
        assert str(translation.gettext("Sign in")) in page
    assert "No native speaker has read" not in page
    researcher = factories.ResearcherFactory()
    client.force_login(researcher)
    with translation.override(tag):
        assert translation.gettext("No study yet") in client.get("/").content.decode()
    client.post("/language/", {"language": "en"})
    assert '<html lang="en"' in client.get("/").content.decode()


@pytest.mark.parametrize("tag", ["ar", "", "xx", "../de"])
def test_a_language_that_the_workbench_does_not_speak_changes_nothing(tag: str) -> None:
    client = Client()
    assert client.post("/language/", {"language": tag, "next": "https://elsewhere.example.org/"})["Location"] == "/"
    assert settings.LANGUAGE_COOKIE_NAME not in client.cookies
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = tag
    assert '<html lang="en"' in client.get("/sign-in/").content.decode()


def test_who_is_turned_away_reads_why_in_the_browsers_language() -> None:
    study = factories.ready_study()
    page = Client().get(f"/s/{study.key}/", headers=GERMAN)
    assert '<html lang="de"' in page.content.decode()
    assert "Diese Studie ist noch nicht geöffnet" in page.content.decode()


def test_a_german_study_has_german_buttons_and_errors_whatever_the_browser_prefers() -> None:
    study = factories.launched_study(
        languages=["de"],
        wording={
            "title": {"de": "Wie Menschen Nachrichten lesen"},
            "consent": {"de": "Bitte nehmen Sie teil."},
            "debrief": {"de": "Einige Artikel hat ein Programm geschrieben."},
        },
        blocks=_in_german(),
    )
    person = Person(study, headers={"accept-language": "fr"})
    consent = person.get()
    assert '<html lang="de"' in consent.content.decode()
    assert "Ich stimme zu und nehme teil" in consent.content.decode()
    person.walk_to("reading-1")
    person.get()
    wrong = person.post()
    assert "Bitte beantworten Sie diese Frage." in wrong.content.decode()
    assert "Fehler:" in wrong.content.decode()
    person.walk_to("debrief")
    assert "Ein Computerprogramm hat diesen Text geschrieben." in person.get().content.decode() or (
        "Ein Mensch hat diesen Text geschrieben." in person.get().content.decode()
    )


def _in_german() -> list[dict[str, object]]:
    """The factory's questions, their English words said to be German."""
    blocks = factories.definition()["blocks"]
    for block in blocks:
        for item in block["items"]:
            item["wording"] = {"de": item["wording"]["en"]}
            item["options"] = [option | {"label": {"de": option["label"]["en"]}} for option in item["options"]]
    found: list[dict[str, object]] = blocks
    return found
