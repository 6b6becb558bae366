"""A study in several languages: chosen at the consent without losing one's place, recorded, and written its own way."""

import pytest

from surveys.models import Participant, Study
from tests import factories
from tests.surveys.participant.person import Person

pytestmark = pytest.mark.django_db
WORDS = {"en": "Please take part.", "de": "Bitte nehmen Sie teil.", "ar": "شارك من فضلك."}


def spoken(*languages: str) -> Study:
    """A live study with texts and questions in these languages."""
    definition = factories.definition()
    definition["languages"] = list(languages)
    definition["wording"] = {
        name: {tag: WORDS[tag] for tag in languages} for name in ("title", "consent", "debrief", "thanks")
    }
    for block in definition["blocks"]:
        for item in block["items"]:
            item["wording"] = {tag: f"{tag}: {item['key']}" for tag in languages}
            for option in item["options"]:
                option["label"] = {tag: f"{tag}: {option['code']}" for tag in languages}
    return factories.launched_study(**{key: value for key, value in definition.items() if key != "plan"})


def page(person: Person, slug: str = "") -> str:
    return str(person.get(slug).content.decode())


def test_with_one_language_nothing_is_to_be_chosen() -> None:
    person = Person(spoken("en"))
    assert 'name="language"' not in page(person)
    person.post(data={"language": "de"})
    assert (person.slug, person.row.language) == ("consent", "en")


def test_a_language_is_chosen_at_the_consent_and_kept_on_the_whole_way() -> None:
    person = Person(spoken("en", "de"), headers={"accept-language": "en"})
    consent = page(person)
    assert 'lang="de"' in consent
    assert ">Deutsch</button>" in consent
    person.post(data={"language": "de"})
    assert (person.slug, person.row.language) == ("consent", "de")
    german = page(person)
    assert "Bitte nehmen Sie teil." in german
    assert '<html lang="de"' in german
    person.post(data={"answer": "agree"})
    assert "de: news-use" in page(person)
    assert "Weiter" in page(person)


def test_choosing_a_language_is_no_consent_and_after_it_there_is_no_choice() -> None:
    person = Person(spoken("en", "de"))
    person.post(data={"language": "de", "answer": "agree"})
    assert person.row.consented_at is None
    person.walk_to("before-1")
    person.post("consent", {"language": "en"})
    assert (person.slug, person.row.language) == ("before-1", "de")


@pytest.mark.parametrize("language", ["", "fr", "de' OR 1=1", "DE", "x" * 5000])
def test_a_language_that_is_not_offered_changes_nothing(language: str) -> None:
    person = Person(spoken("en", "de"))
    person.post(data={"language": language})
    assert (person.slug, Participant.objects.get().language) == ("consent", "en")


def test_an_arabic_study_is_laid_out_from_the_right_and_says_which_words_are_arabic() -> None:
    person = Person(spoken("ar"))
    for slug in ("consent", "before-1", "reading-1"):
        person.walk_to(slug)
        found = page(person)
        assert '<html lang="en"\n      dir="rtl"' in found
        assert 'lang="ar"' in found
    assert person.get()["Content-Language"] == "ar, en"


def test_a_study_in_both_directions_turns_with_the_choice() -> None:
    person = Person(spoken("en", "ar"))
    assert 'dir="ltr"' in page(person).split("<head>")[0]
    person.post(data={"language": "ar"})
    assert 'dir="rtl"' in page(person).split("<head>")[0]
