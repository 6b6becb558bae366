"""Guests, who came by a number that could be guessed, keep what is theirs; whoever consents is no guest."""

import pytest

from surveys import attempts
from tests import factories
from tests.surveys.participant.person import WHOLE, Person

pytestmark = pytest.mark.django_db
LINK = "?survey_code=10234"


def test_a_guest_who_opens_the_link_once_more_finds_what_they_typed() -> None:
    study = factories.launched_study(blocks=WHOLE)
    Person(study, entry=LINK).walk_to("before-1")
    guest = Person(study, entry=LINK)
    guest.client.post(f"{guest.base}draft/?step=before-1&sequence=2", {"word": "by a guest"})
    guest.enter(LINK)
    assert "by a guest" in guest.client.get(f"{guest.base}before-1/").content.decode()


@pytest.mark.parametrize("address", ["127.0.0.1", "192.0.2.7"])
def test_who_never_got_the_answer_to_their_consent_is_the_person_all_the_same(address: str) -> None:
    person = Person(factories.launched_study(blocks=WHOLE), entry=LINK, REMOTE_ADDR=address)
    before = person.client.cookies["participant"].value
    person.client.post(f"{person.base}consent/", {"answer": "agree"})
    person.client.cookies["participant"] = before  # the answer never came
    # A phone has meanwhile gone from one network to another.
    person.client.defaults["REMOTE_ADDR"] = "198.51.100.4"
    person.client.post(f"{person.base}consent/", {"answer": "agree"})
    assert person.client.get(f"{person.base}leave/").status_code == 200
    person.enter(LINK)
    assert person.client.cookies["participant"].value == person.token != before
    person.walk_to("end")
    assert person.row.completion_code in person.get().content.decode()


@pytest.mark.parametrize("comes_first", [True, False])
def test_who_sends_a_consent_after_it_was_given_stays_a_guest(comes_first: bool) -> None:
    study = factories.launched_study(blocks=WHOLE)
    guest = Person(study, entry=LINK, enter=comes_first)
    Person(study, entry=LINK).walk_to("before-1")
    guest.enter(LINK)
    guest.client.post(f"{guest.base}consent/", {"answer": "agree"})
    assert guest.client.get(f"{guest.base}leave/").status_code == 403


def test_tries_are_counted_by_address_and_not_at_all_where_none_is_known() -> None:
    study = factories.launched_study()
    assert [attempts.are_too_many(study, "number", "192.0.2.7", most=2) for _ in range(3)] == [False, False, True]
    assert not attempts.are_too_many(study, "number", "192.0.2.8", most=2)
    assert not any(attempts.are_too_many(study, "number", "127.0.0.1", most=2) for _ in range(3))
