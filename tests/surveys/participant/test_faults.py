"""What goes wrong in browsers and what people try: after each, nothing acknowledged is lost and nothing is doubled."""

from typing import Any

import pytest
import time_machine
from django.test import Client

from surveys import lifecycle, tokens
from surveys.models import Answer, Participant, Study
from surveys.participant.visit import ENTRANT_COOKIE, TOKEN_COOKIE
from tests import factories
from tests.surveys.participant.person import RATINGS, WHOLE, Person, fitting, leads_to
from tests.surveys.participant.states import expired

pytestmark = pytest.mark.django_db


def _answers(step: str) -> dict[str, str]:
    return dict(Answer.objects.filter(step=step).values_list("item", "value"))


def test_a_double_submit_is_recorded_once_and_both_lead_onward(study: Study) -> None:
    person = Person(study).walk_to("reading-1")
    person.get()
    assert leads_to(person.post("reading-1", RATINGS)) == "reading-2"
    assert leads_to(person.post("reading-1", RATINGS)) == "reading-2"
    assert _answers("reading-1") == RATINGS


def test_going_back_and_sending_something_else_overwrites_nothing(study: Study) -> None:
    person = Person(study).walk_to("reading-2")
    assert leads_to(person.get("reading-1")) == "reading-2"
    assert leads_to(person.post("reading-1", RATINGS | {"clear": "1"})) == "reading-2"
    assert _answers("reading-1") == RATINGS


def test_two_tabs_answer_one_page_and_the_first_counts(study: Study) -> None:
    person = Person(study).walk_to("reading-1")
    person.get()
    other_tab = Client()
    other_tab.cookies = person.client.cookies
    assert leads_to(other_tab.post(f"{person.base}reading-1/", RATINGS)) == "reading-2"
    assert leads_to(person.post("reading-1", RATINGS | {"clear": "1"})) == "reading-2"
    assert _answers("reading-1") == RATINGS


FIRST_COUNTS = b"what you sent now changes nothing"


@pytest.mark.parametrize("slug", ["before-1", "reading-1", "after-1"])
def test_who_sends_other_answers_to_a_page_that_was_answered_is_told_that_the_first_count(
    study: Study, slug: str
) -> None:
    person = Person(study).walk_to(slug)
    person.get()
    first = fitting(person.place)
    other = first | {"word": "Other words", "clear": "1", "comment": "Another comment."}
    onward = person.post(slug, first)
    assert FIRST_COUNTS not in person.client.get(onward["Location"]).content
    answers = _answers(slug)
    assert FIRST_COUNTS not in person.client.get(person.post(slug, first)["Location"]).content
    refused = person.post(slug, other)
    assert leads_to(refused) == leads_to(onward)
    assert FIRST_COUNTS in person.client.get(refused["Location"]).content
    # It is said once, where it belongs.
    assert FIRST_COUNTS not in person.get().content
    assert FIRST_COUNTS not in person.client.post(refused["Location"], {}).content
    assert _answers(slug) == answers


def test_at_the_end_too_it_is_told_that_the_first_answers_count(study: Study) -> None:
    person = Person(study).walk_to("end")
    refused = person.post("after-1", {"comment": "Another comment."})
    page = person.client.get(refused["Location"]).content
    assert (leads_to(refused), FIRST_COUNTS in page, b"Please go on here" in page) == ("end", True, False)
    assert FIRST_COUNTS not in person.get().content


def test_nobody_is_told_that_answers_count_which_were_withdrawn_or_never_given(study: Study) -> None:
    person = Person(study).walk_to("reading-2")
    assert "?" not in person.post("after-1", {"comment": "Too early."})["Location"]
    person.client.post(f"{person.base}withdraw/")
    assert "?" not in person.post("reading-1", RATINGS | {"clear": "1"})["Location"]


@pytest.mark.parametrize(
    "slug", ["reading-1", "reading-2", "looking-back-1", "after-1", "debrief", "end", "reading-99"]
)
def test_a_position_that_was_tampered_with_leads_back_and_records_nothing(study: Study, slug: str) -> None:
    person = Person(study).walk_to("before-1")
    for response in (person.get(slug), person.post(slug, {**RATINGS, "comment": "x", "author": "machine"})):
        assert leads_to(response) == "before-1"
    assert not Answer.objects.exists()
    assert person.row.debriefed_at is None


def test_another_persons_token_acts_for_that_person_and_a_token_of_another_study_for_nobody(study: Study) -> None:
    other_study = factories.launched_study(blocks=WHOLE)
    person, stranger = Person(study).walk_to("before-1"), Person(other_study).walk_to("before-1")
    person.client.cookies[TOKEN_COOKIE] = stranger.token
    response = person.post("before-1", {"one": "yes"})
    assert response.status_code == 404
    assert not Answer.objects.exists()
    assert stranger.slug == "before-1"


@pytest.mark.parametrize("token", ["", "x", "' OR 1=1 --", "\\", "../" * 20, "a" * 4000])
def test_a_guessed_token_is_nobody(study: Study, token: str) -> None:
    Person(study).walk_to("before-1")
    client = Client()
    client.cookies[TOKEN_COOKIE] = token
    assert client.get(f"/s/{study.key}/before-1/").status_code == 404
    client.cookies[TOKEN_COOKIE] = tokens.new_token()
    assert client.get(f"/s/{study.key}/before-1/").status_code == 404


def test_ratings_are_refused_after_the_debriefing(study: Study) -> None:
    person = Person(study).walk_to("debrief")
    person.get()
    before = list(Answer.objects.order_by("pk").values_list("step", "item", "value"))
    for slug in ("reading-1", "reading-2", "looking-back-1", "after-1"):
        assert leads_to(person.post(slug, RATINGS | {"author": "machine", "comment": "now I know"})) == "debrief"
    person.walk_to("end")
    for slug in ("reading-1", "looking-back-1", "after-1"):
        assert leads_to(person.post(slug, RATINGS | {"author": "machine"})) == "end"
    assert list(Answer.objects.order_by("pk").values_list("step", "item", "value")) == before


GUESS = "ABCDEFGHJK"


def test_no_page_gives_a_code_before_the_completion(study: Study) -> None:
    study.recruitment = {"panel": "prolific", "codes": {"completed": "PANELC0DE"}}
    study.save()
    person = Person(study, entry="?PROLIFIC_PID=5f3a&SESSION_ID=77cc")
    while person.slug != "debrief":
        assert person.row.completion_code == ""
        for slug in (person.slug, "debrief", "end", "leave", "withdraw"):
            assert b"PANELC0DE" not in person.get(slug, follow=True).content
        person.answer()
    assert b"PANELC0DE" not in person.get().content
    person.answer()
    assert b"PANELC0DE" in person.get("end").content


@pytest.mark.parametrize("slug", ["before-1", "reading-2"])
def test_a_code_that_is_guessed_does_nothing(study: Study, slug: str) -> None:
    person = Person(study, entry="?PROLIFIC_PID=5f3a&SESSION_ID=77cc").walk_to(slug)
    before = list(Answer.objects.order_by("pk").values_list("step", "item", "value"))
    for name in ("code", "completion_code", "cc", "outcome"):
        person.client.cookies[name] = GUESS
        for address in (f"{person.base}{slug}/", f"{person.base}end/", person.base):
            query = "?" if address != person.base else "?PROLIFIC_PID=5f3a&SESSION_ID=77cc&"
            assert GUESS not in person.client.get(f"{address}{query}{name}={GUESS}", follow=True).content.decode()
        assert leads_to(person.post("end", {name: GUESS})) == slug
        assert person.post(slug, {name: GUESS}).status_code == 422
        assert person.client.get(f"{person.base}{GUESS}/")["Location"] == f"{person.base}{slug}/"
        assert Client().get(f"/r/{GUESS}/").status_code == 404
    row = person.row
    assert (person.slug, row.outcome, row.completion_code, row.completed_at) == (slug, "", "", None)
    assert list(Answer.objects.order_by("pk").values_list("step", "item", "value")) == before


def test_a_forged_entrant_names_nobody(study: Study) -> None:
    person = Person(study)
    person.client.cookies[ENTRANT_COOKIE] = GUESS
    person.answer()
    assert not Participant.objects.filter(panel_identity__isnull=False).exists()


@pytest.mark.parametrize("wrong", ["1999-12-31T23:59:59Z", "2038-01-19T03:14:08Z", "2099-06-01T00:00:00Z"])
def test_a_machine_whose_clock_jumps_loses_nobody_and_times_stay_the_databases(study: Study, wrong: str) -> None:
    study.recruitment = {"resume_hours": 1}
    study.save()
    person = Person(study).walk_to("reading-1")
    with time_machine.travel(wrong):
        assert leads_to(person.enter()) == "reading-1"
        assert leads_to(person.answer()) == "reading-2"
        assert Participant.objects.occupying().count() == 1
    assert leads_to(Client().get(f"/r/{person.token}/")) == "reading-2"
    with time_machine.travel(wrong):
        person.walk_to("end")
    row = person.row
    times = [row.consented_at, row.randomised_at, row.exposed_at, row.completed_at, row.debriefed_at]
    assert times == sorted(time for time in times if time is not None)
    assert row.debriefed_at is not None
    assert row.consented_at is not None
    assert (row.debriefed_at - row.consented_at).total_seconds() < 600
    assert row.outcome == "completed"
    assert Answer.objects.filter(step="reading-1").count() == len(RATINGS)


def _strict(study: Study) -> Person:
    return Person(study, enforce_csrf_checks=True)


def _send(person: Person, slug: str, data: dict[str, Any]) -> Any:
    token = person.client.cookies["csrftoken"].value
    return person.post(slug, data | {"csrfmiddlewaretoken": token})


def test_an_expired_form_comes_back_with_all_that_was_typed_and_can_be_sent_at_once(study: Study) -> None:
    person = _strict(study)
    person.get()
    _send(person, "consent", {"answer": "agree"})
    person.get()
    del person.client.cookies["csrftoken"]
    response = person.post("before-1", {"one": "yes", "some": ["a", "b"], "words": "an hour's work"})
    page = " ".join(response.content.decode().split())
    assert response.status_code == 403
    assert "Nothing is lost" in page
    assert "an hour&#x27;s work" in page
    assert 'id="q-one" checked' in page
    assert 'id="q-some_2" checked' in page
    assert not Answer.objects.exists()
    assert leads_to(_send(person, "before-1", {"one": "yes", "scale": "low", "age": "20"})) == "reading-1"


def test_an_expired_form_of_a_step_that_is_past_leads_onward(study: Study) -> None:
    person = _strict(study)
    person.get()
    _send(person, "consent", {"answer": "agree"})
    assert leads_to(person.post("consent", {"answer": "decline"})) == "before-1"
    assert person.row.outcome == ""


@pytest.mark.parametrize(("closed_at", "comes_back"), [(None, True), ("2020-01-01T00:00:00Z", False)])
def test_an_expired_form_of_a_study_that_closed_comes_back_only_while_it_can_still_be_sent(
    study: Study, closed_at: str | None, comes_back: bool
) -> None:
    person = _strict(study)
    person.get()
    _send(person, "consent", {"answer": "agree"})
    person.get()
    lifecycle.close(study, study.created_by)
    if closed_at:
        Study.objects.update(closed_at=closed_at)
    del person.client.cookies["csrftoken"]
    response = person.post("before-1", {"one": "yes"})
    assert (b"Nothing is lost" in response.content) is comes_back
    if not comes_back:
        assert b"The study has closed" in person.client.get(response["Location"], follow=True).content


def test_an_expired_form_of_an_earlier_page_takes_the_open_one_from_nobody_when_the_study_has_closed(
    study: Study,
) -> None:
    person = Person(study).walk_to("reading-2")
    person.get()
    lifecycle.close(study, study.created_by)
    person.client.handler.enforce_csrf_checks = True
    person.client.cookies.pop("csrftoken", None)
    assert leads_to(person.post("reading-1", RATINGS)) == "reading-2"
    assert person.get("reading-2").status_code == 200
    Study.objects.update(closed_at="2020-01-01T00:00:00Z")
    person.client.cookies.pop("csrftoken", None)
    assert leads_to(person.post("reading-1", RATINGS)) == "debrief"
    assert person.row.outcome == "closed"


def test_an_expired_consent_is_asked_again(study: Study) -> None:
    person = _strict(study)
    response = person.post("consent", {"answer": "agree"})
    assert response.status_code == 403
    assert b"I agree" in response.content
    assert person.slug == "consent"


@pytest.mark.parametrize("slug", ["leave", "withdraw"])
def test_leaving_and_withdrawing_cannot_be_done_by_another_site(study: Study, slug: str) -> None:
    person = _strict(study)
    person.get()
    _send(person, "consent", {"answer": "agree"})
    response = person.post(slug)
    assert response.status_code == 303
    assert response["Location"] == f"{person.base}{slug}/"
    assert person.row.outcome == ""


def test_a_stranger_with_an_expired_form_is_told_what_is_missing(study: Study) -> None:
    stranger = Person(study, enter=False, enforce_csrf_checks=True)
    response = stranger.post("before-1", {"one": "yes"})
    assert response.status_code == 403
    assert b"We cannot tell who you are" in response.content


def test_a_researchers_expired_form_has_its_own_page() -> None:
    response = Client(enforce_csrf_checks=True).post("/sign-in/", {"email": "x@example.org"})
    assert response.status_code == 403
    assert b"This page had been open for too long" in response.content


def test_a_forged_form_of_a_page_that_was_never_shown_shows_no_article_without_its_time(study: Study) -> None:
    person = Person(study).walk_to("reading-1")
    assert leads_to(expired(person, RATINGS)) == "reading-1"
    assert person.row.exposed_at is None
    person.get()
    assert expired(person, RATINGS).status_code == 403
    assert person.row.exposed_at is not None
