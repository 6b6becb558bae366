"""Whoever has not consented joins the study's current version, and agrees to no words but those that they read."""

import re
from typing import Any

import pytest

from surveys import flow, lifecycle
from surveys.models import Study
from surveys.recruitment import Entrant
from tests import factories
from tests.surveys.participant.person import Person, leads_to
from tests.surveys.participant.test_languages import spoken

pytestmark = pytest.mark.django_db
ENTRY = "?PROLIFIC_PID=5f3a5f3a5f3a5f3a5f3a5f3a&SESSION_ID=1"
NEW = "What happens is written anew here."
HAS_CHANGED = "This page has changed since you opened it"


def revised(study: Study, **wording: str) -> None:
    study.refresh_from_db()
    owner = study.created_by
    assert owner is not None
    lifecycle.pause(study, owner)
    lifecycle.revise(study, owner)
    for name, text in wording.items():
        study.definition["wording"][name] = dict.fromkeys(study.definition["languages"], text)
    study.definition["withdrawal_days"] = 9  # no two versions of one document
    study.save(update_fields=["definition"])
    lifecycle.freeze(study, owner)
    lifecycle.launch(study, owner)


def agreeing(person: Person) -> dict[str, Any]:
    """What the button of the consent that is shown now sends."""
    (words,) = re.findall(r'name="words" value="([^"]+)"', person.get("consent").content.decode())
    return {"answer": "agree", "words": words}


@pytest.mark.parametrize("comes_by", ["the page itself", "the panel's link", "the personal link"])
def test_who_came_before_a_revision_reads_and_joins_the_version_after_it(comes_by: str) -> None:
    study = factories.launched_study()
    # Who came by a panel's id consents with it alone, which the personal link does not bring.
    first = person = Person(study, entry="" if comes_by == "the personal link" else ENTRY)
    first.get("consent")
    revised(study, consent=NEW)
    if comes_by == "the panel's link":
        person = Person(study, entry=ENTRY)
    elif comes_by == "the personal link":
        token = person.token
        person.client.cookies.clear()
        person.client.get(f"/r/{token}/")
    assert NEW in person.get("consent").content.decode()
    assert leads_to(person.post("consent", agreeing(person))) == "before-1"
    assert (person.row.version.pk, person.row.pk) == (study.current_version_id, first.row.pk)
    assert person.walk_to("end").row.completed_at is not None


@pytest.mark.parametrize("has_seen_the_new_one_elsewhere", [False, True])
def test_agreeing_to_a_consent_that_was_rewritten_shows_the_new_one_first(has_seen_the_new_one_elsewhere: bool) -> None:
    study = factories.launched_study()
    person = Person(study)
    old = agreeing(person)
    revised(study, consent=NEW)
    if has_seen_the_new_one_elsewhere:
        person.get("consent")
    page = person.post("consent", old)
    shown = page.content.decode()
    assert page.status_code == 409
    assert NEW in shown
    assert HAS_CHANGED in shown
    assert (person.slug, person.row.consented_at) == ("consent", None)
    assert person.post("consent", {"answer": "agree"}).status_code == 303  # a page of before the words were marked
    assert person.row.version.pk == study.current_version_id


def test_an_unmarked_page_of_before_a_revision_agrees_to_nothing_and_a_refusal_is_one_on_any_page() -> None:
    study = factories.launched_study()
    person, other = Person(study), Person(study)
    revised(study, consent=NEW)
    assert person.post("consent", {"answer": "agree"}).status_code == 409
    assert leads_to(other.post("consent", {"answer": "decline", "words": "of before"})) == "end"
    assert other.row.outcome == "no-consent"


def test_a_revision_that_leaves_the_consent_as_it_was_lets_people_go_straight_on() -> None:
    study = factories.launched_study()
    person = Person(study)
    read = agreeing(person)
    revised(study, thanks="Other thanks.")
    assert leads_to(person.post("consent", read)) == "before-1"
    assert person.row.version.pk == study.current_version_id


def test_who_has_consented_stays_in_the_version_that_they_consented_to() -> None:
    study = factories.launched_study()
    person = Person(study).walk_to("before-1")
    before = person.row.version.pk
    revised(study, consent=NEW)
    assert person.walk_to("end").row.version.pk == before != study.current_version_id


def test_a_consent_that_crosses_with_joining_a_new_version_is_not_taken_for_the_old_one() -> None:
    study = factories.launched_study()
    person = Person(study)
    read_before = person.place
    revised(study, consent=NEW)
    person.get("consent")
    assert flow.agree(read_before, Entrant()) == ""
    assert (person.slug, person.row.consented_at) == ("consent", None)


def test_a_consent_read_in_one_language_is_shown_in_the_one_that_another_tab_chose_before_it_counts() -> None:
    person = Person(spoken("en", "de"), headers={"accept-language": "en"})
    read = agreeing(person)
    person.post("consent", {"language": "de"})
    page = person.post("consent", read)
    assert page.status_code == 409
    assert "Bitte nehmen Sie teil." in page.content.decode()
    assert leads_to(person.post("consent", agreeing(person))) == "before-1"
    assert person.row.language == "de"


def test_a_no_in_another_tab_after_the_yes_leads_to_leaving() -> None:
    person = Person(factories.launched_study()).walk_to("before-1")
    assert leads_to(person.post("consent", {"answer": "decline"})) == "leave"
    assert person.slug == "before-1"
