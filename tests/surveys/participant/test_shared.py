"""Coming in by a key, and one person after another at one computer: nobody sees anything of who was there before."""

from typing import Any

import pytest
from django.test import Client

from surveys import access_keys, attempts, lifecycle
from surveys.access_keys import KeyRefused
from surveys.models import AccessKey, Mode, Participant, Study
from surveys.participant.visit import ENTRANT_COOKIE, TOKEN_COOKIE
from surveys.recruitment import signed_mode
from tests import factories
from tests.surveys.participant.person import Person, Response, leads_to, mark_on

pytestmark = pytest.mark.django_db


def _study(**settings: object) -> Study:
    study = factories.launched_study()
    study.recruitment = {"panel": "keys", **settings}
    study.save()
    return study


def _keys(study: Study, count: int = 1) -> list[str]:
    return access_keys.make(study, count, by=study.created_by)


def _type(person: Person, key: str, **more: str) -> Response:
    return person.client.post(f"{person.base}key/", {"key": key, **more})


def _came(study: Study, key: str) -> Person:
    person = Person(study, enter=False)
    assert leads_to(_type(person, key)) == person.slug
    return person


def test_the_entry_asks_for_a_key_and_a_right_one_leads_to_the_consent() -> None:
    study = _study()
    (key,) = _keys(study)
    person = Person(study, enter=False)
    assert person.enter()["Location"] == f"/s/{study.key}/key/"
    assert "Type your key" in person.client.get(f"{person.base}key/").content.decode()
    assert leads_to(_type(person, key.lower())) == "consent"
    assert AccessKey.objects.get().used_at is not None
    assert Participant.objects.get().mode == "live"


def test_who_lost_what_the_key_left_in_the_browser_before_the_consent_types_it_again_and_is_the_same_person() -> None:
    study = _study()
    (key,) = _keys(study)
    person = _came(study, key)
    del person.client.cookies[ENTRANT_COOKIE]
    sent = {"answer": "agree", "_person": mark_on(person.get().content.decode())}
    refused = person.post("consent", sent)
    assert refused.status_code == 403
    assert f'href="{person.base}key/"' in refused.content.decode()
    assert "Type your key once more" in refused.content.decode()
    assert person.enter()["Location"] == f"/s/{study.key}/key/"
    assert leads_to(_type(person, key)) == "consent"
    assert leads_to(person.post("consent", {"answer": "agree"})) == "before-1"
    assert Participant.objects.count() == 1
    assert leads_to(person.enter()) == "before-1"


def test_a_wrong_key_is_explained_and_kept_on_the_page() -> None:
    person = Person(_study(), enter=False)
    response = _type(person, '"><script>x')
    page = response.content.decode()
    assert response.status_code == 422
    assert 'aria-invalid="true"' in page
    assert "<script>x" not in page
    assert not Participant.objects.exists()


def test_a_key_used_twice_goes_on_where_it_was_on_another_computer_too() -> None:
    study = _study()
    (key,) = _keys(study)
    _came(study, key).walk_to("reading-1")
    assert leads_to(_type(Person(study, enter=False), key)) == "reading-1"
    assert Participant.objects.count() == 1


def test_a_key_whose_part_has_ended_says_so_and_shows_nothing_until_its_owner_says_that_it_was_them() -> None:
    study = _study()
    (key,) = _keys(study)
    first = _came(study, key).walk_to("end")
    other = Person(study, enter=False)
    page = _type(other, key)
    assert "This key has been used" in page.content.decode()
    assert first.row.completion_code not in page.content.decode()
    assert TOKEN_COOKIE not in other.client.cookies
    assert leads_to(_type(other, key, again="1")) == "end"
    assert first.row.completion_code in other.get("end").content.decode()


def test_while_a_study_is_paused_a_new_key_stays_unused_and_a_used_one_goes_on() -> None:
    study = _study()
    used, new = _keys(study, 2)
    _came(study, used).walk_to("before-1")
    lifecycle.pause(study, study.created_by)
    assert "paused" in _type(Person(study, enter=False), new).content.decode()
    assert AccessKey.objects.filter(used_at__isnull=True).count() == 1
    assert leads_to(_type(Person(study, enter=False), used)) == "before-1"


def test_a_study_without_keys_has_no_page_for_them() -> None:
    study = factories.launched_study()
    person = Person(study, enter=False)
    assert person.client.get(f"{person.base}key/")["Location"] == person.base
    assert _type(person, "ABCD")["Location"] == person.base


def test_a_preview_needs_no_key() -> None:
    study = _study()
    person = Person(study, enter=False)
    person.client.force_login(study.created_by)
    assert leads_to(person.enter("?mode=preview")) == "consent"


@pytest.mark.parametrize("query", ["", "?PROLIFIC_PID=invented"])
def test_no_id_in_a_link_stands_for_a_key_before_one_was_used_or_after(query: str) -> None:
    study = _study()
    stranger = Person(study, enter=False)
    assert stranger.enter(query)["Location"] == f"/s/{study.key}/key/"
    assert not Participant.objects.exists()
    person = _came(study, _keys(study)[0])
    person.walk_to("reading-1")
    assert leads_to(person.enter(query)) == "reading-1"
    person.walk_to("end")
    assert leads_to(person.enter(query)) == "end"
    assert Participant.objects.count() == 1


@pytest.mark.parametrize("query", ["", "&PROLIFIC_PID=invented"])
def test_who_took_part_in_the_pilot_needs_a_key_all_the_same(query: str) -> None:
    study = _study()
    person = Person(study, entry=f"?mode={signed_mode(study, Mode.PILOT)}{query}").walk_to("end")
    assert person.row.mode == "pilot"
    assert person.enter()["Location"] == f"/s/{study.key}/key/"
    assert not Participant.objects.filter(mode="live").exists()


def test_behind_a_proxy_who_guesses_stops_nobody_else(settings: Any) -> None:
    settings.BEHIND_TLS = True
    study, (of_another_study,) = _study(), _keys(_study())

    def at(address: str) -> Person:
        return Person(study, enter=False, REMOTE_ADDR="172.18.0.1", HTTP_X_FORWARDED_FOR=f"192.0.2.1, {address}")

    for _ in range(attempts.MOST_ATTEMPTS):
        with pytest.raises(KeyRefused):
            access_keys.redeem(study, of_another_study, "203.0.113.7")
    assert "Too many keys" in _type(at("203.0.113.7"), of_another_study).content.decode()
    assert "This key is not known here" in _type(at("203.0.113.8"), of_another_study).content.decode()
    assert leads_to(_type(at("203.0.113.7"), _keys(study)[0])) == "consent"


def test_the_next_person_finds_nothing_of_the_one_before() -> None:
    study = _study(shared_computer=True)
    first, second = _keys(study, 2)
    person = _came(study, first).walk_to("end")
    pages = ("consent", "reading-1", "debrief", "end", "leave", "withdraw")
    page = person.get("end").content.decode()
    assert "Next person" in page
    assert "/r/" not in page
    response = person.client.post(f"{person.base}next/")
    assert leads_to(response) == study.key
    for name in (TOKEN_COOKIE, ENTRANT_COOKIE):
        assert response.cookies[name].value == ""
        assert response.cookies[name]["path"] == person.base
    for slug in pages:
        back = person.get(slug)
        assert back.status_code == 404
        assert back["Cache-Control"] == "no-store"
    assert leads_to(_type(person, second)) == "consent"
    assert Participant.objects.count() == 2


def test_on_a_shared_computer_the_cookie_ends_with_the_browser() -> None:
    study = _study(shared_computer=True)
    (key,) = _keys(study)
    person = Person(study, enter=False)
    assert _type(person, key).cookies[TOKEN_COOKIE]["max-age"] == ""
    lasting = _study()
    assert _type(Person(lasting, enter=False), _keys(lasting)[0]).cookies[TOKEN_COOKIE]["max-age"] > 0


def test_who_comes_to_a_computer_at_which_somebody_has_not_finished_is_asked_whether_it_is_them() -> None:
    study = _study(shared_computer=True)
    person = _came(study, _keys(study)[0]).walk_to("reading-1")
    page = person.enter().content.decode()
    assert "Is it still you?" in page
    assert f"/s/{study.key}/reading-1/" in page
    person.client.post(f"{person.base}next/")
    assert person.enter()["Location"] == f"/s/{study.key}/key/"


def test_a_shared_computer_works_with_a_plain_link_too() -> None:
    study = _study(panel="plain", shared_computer=True)
    person = Person(study).walk_to("end")
    assert person.enter()["Location"] == f"/s/{study.key}/next/"
    assert "Clear this computer" in person.client.get(f"{person.base}next/").content.decode()
    person.client.post(f"{person.base}next/")
    assert leads_to(person.enter()) == "consent"
    assert Participant.objects.count() == 2


def test_who_comes_next_by_a_panels_link_is_told_to_open_it_and_never_refused() -> None:
    study = _study(panel="sona", host="lab.sona-systems.example", shared_computer=True)
    person = Person(study, entry="?survey_code=1").walk_to("end")
    assert leads_to(person.client.post(f"{person.base}next/")) == study.key
    page = person.enter()
    assert page.status_code == 200
    assert "This computer is ready" in page.content.decode()
    assert "Sign in at SONA and open this study" in page.content.decode()
    assert 'href="https://lab.sona-systems.example/"' in page.content.decode()
    assert leads_to(person.enter("?survey_code=2")) == "consent"
    assert Participant.objects.count() == 2


@pytest.mark.parametrize("slug", ["consent", "reading-1", "end"])
def test_a_panels_id_on_a_shared_computer_says_who_it_is_whoever_was_there_before(slug: str) -> None:
    study = _study(panel="sona", shared_computer=True)
    person = Person(study, entry="?survey_code=1").walk_to(slug)
    first = person.token
    assert leads_to(person.enter("?survey_code=1")) == slug
    assert leads_to(person.enter("?survey_code=2")) == "consent"
    assert person.token != first
    assert leads_to(person.enter("?survey_code=1")) == slug
    assert person.token == first


def test_a_personal_link_leaves_nothing_for_long_on_a_shared_computer() -> None:
    for is_shared, lasts in ((True, False), (False, True)):
        person = Person(_study(panel="plain", shared_computer=is_shared))
        cookie = Client().get(f"/r/{person.token}/").cookies[TOKEN_COOKIE]
        assert bool(cookie["max-age"]) == lasts


def test_clearing_needs_the_page_so_that_no_other_site_can_do_it() -> None:
    study = _study(shared_computer=True)
    (key,) = _keys(study)
    person = Person(study, enter=False, enforce_csrf_checks=True)
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(f"{person.base}next/").status_code == 303
    assert strict.post(f"{person.base}key/", {"key": key}).status_code == 303
    assert not Participant.objects.exists()
