"""Autosave over HTTP: kept, refilled, refused."""

import pytest
from django.db.models import F

from surveys import lifecycle
from surveys.flow.endings import FINISHING
from surveys.models import Answer, Draft, Study
from tests import factories
from tests.surveys.participant.person import WHOLE, Person, leads_to

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> Person:
    study: Study = factories.launched_study(blocks=WHOLE)
    return Person(study).walk_to("before-1")


def _save(person: Person, data: dict[str, object], *, step: str = "before-1", sequence: object = 1) -> int:
    return person.client.post(f"{person.base}draft/?step={step}&sequence={sequence}", data).status_code


def test_what_was_typed_is_back_when_the_page_is_loaded_again(person: Person) -> None:
    assert _save(person, {"one": "yes", "some": ["b"], "age": "abc", "words": "half a sen"}, sequence=41) == 204
    page = " ".join(person.get().content.decode().split())
    assert 'id="q-one" checked' in page
    assert 'id="q-some_2" checked' in page
    assert 'value="abc"' in page
    assert "half a sen</textarea>" in page
    assert 'data-sequence="41"' in page
    assert "has-error" not in page
    assert not Answer.objects.exists()


def test_a_page_that_cannot_be_taken_is_kept_as_a_draft_where_no_script_saves_one(person: Person) -> None:
    for words in ("a long careful answer", "another one"):
        page = person.post(data={"words": words})
        assert page.status_code == 422
        assert f"{words}</textarea>" in person.get().content.decode()
    assert Draft.objects.get().content == {"words": ["another one"]}
    assert 'data-sequence="2"' in page.content.decode()
    # The newest counts, whoever saved the one before it: a script's number is a time.
    assert _save(person, {"words": "typed on"}, sequence=1_790_000_000_000) == 204
    person.post(data={"words": "sent again"})
    assert "sent again</textarea>" in person.get().content.decode()
    assert person.post(data={"words": "x" * 300_001}).status_code == 422
    assert "sent again</textarea>" in person.get().content.decode()
    assert not Answer.objects.exists()


def test_a_page_that_cannot_be_taken_does_not_take_the_place_of_another_tabs_newer_draft(person: Person) -> None:
    assert _save(person, {"words": "older, of this tab"}, sequence=5) == 204
    assert _save(person, {"words": "newer, of the other tab"}, sequence=9) == 204
    page = person.post(data={"words": "older, of this tab", "_sequence": "5"})
    assert "older, of this tab</textarea>" in page.content.decode()
    assert Draft.objects.get().content == {"words": ["newer, of the other tab"]}
    # What is sent of the page that came back is the newest by then.
    assert 'name="_sequence" value="9"' in page.content.decode()
    person.post(data={"words": "typed on in this tab", "_sequence": "9"})
    assert Draft.objects.get().content == {"words": ["typed on in this tab"]}
    for made_up in ("", "-1", "1e9", "9" * 17, "x"):
        assert person.post(data={"words": made_up, "_sequence": made_up}).status_code == 422
        assert Draft.objects.get().content["words"] == [made_up]


def test_a_later_draft_replaces_an_earlier_one_and_never_the_other_way_round(person: Person) -> None:
    assert _save(person, {"word": "second"}, sequence=2) == 204
    assert _save(person, {"word": "first"}, sequence=1) == 204
    assert Draft.objects.get().content == {"word": ["second"]}


def test_a_draft_for_a_step_that_is_past_is_refused(person: Person) -> None:
    person.answer()
    assert _save(person, {"word": "late"}) == 409
    assert _save(person, {"clear": "1"}, step="reading-2") == 409
    assert not Draft.objects.exists()


def test_a_draft_whose_way_has_ended_without_the_page_is_told_apart_from_one_that_was_answered(person: Person) -> None:
    person.client.post(f"{person.base}leave/")
    assert _save(person, {"word": "late"}) == 410
    done = Person(person.study).walk_to("debrief")
    assert _save(done, {"comment": "late"}, step="after-1") == 409
    answered, inside = (Person(person.study).walk_to(slug) for slug in ("reading-2", "reading-1"))
    lifecycle.close(person.study, person.study.created_by)
    Study.objects.update(closed_at=F("closed_at") - FINISHING)
    assert _save(inside, {"clear": "1"}, step="reading-1") == 410
    assert _save(answered, {"clear": "1"}, step="reading-1") == 409
    assert not Draft.objects.exists()


def test_a_draft_of_one_step_never_fills_another(person: Person) -> None:
    _save(person, {"word": "mine"})
    assert leads_to(person.answer()) == "reading-1"
    assert "mine" not in person.get().content.decode()


@pytest.mark.parametrize("sequence", ["", "-1", "1.5", "x", "٣", "9" * 17])
def test_a_draft_without_a_number_is_none(person: Person, sequence: str) -> None:
    assert _save(person, {"word": "x"}, sequence=sequence) == 400


def test_a_draft_that_is_too_long_or_of_nobody_is_refused(person: Person) -> None:
    assert _save(person, {"words": "x" * 400_000}) == 413
    assert _save(Person(person.study, enter=False), {"word": "x"}) == 403
    assert not Draft.objects.exists()


def test_drafts_are_only_ever_posted(person: Person) -> None:
    assert person.client.get(f"{person.base}draft/?step=before-1&sequence=1").status_code == 405


def test_a_draft_from_another_site_is_refused() -> None:
    study = factories.launched_study(blocks=WHOLE)
    person = Person(study, enforce_csrf_checks=True)
    response = person.client.post(f"{person.base}draft/?step=consent&sequence=1", {"word": "x"})
    assert response.status_code == 303
    assert not Draft.objects.exists()
