"""A page that is sent after the way ended elsewhere: kept, once, and told; but nothing after the debriefing."""

from collections.abc import Callable
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client
from django.urls import reverse

from analysis.frames_people import participants_frame
from surveys import flow, lifecycle, panel_status, payments
from surveys.models import Answer, Event, Mode, Participant, Study, Trial
from surveys.panel_status import Row
from tests import factories
from tests.surveys.participant.person import RATING, RATINGS, Person, block, item, leads_to

COMMENT = block("comment", "before", item("age", "number", minimum="18"), item("words", "long-text", required=False))
pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    return _study()


def _study() -> Study:
    study = factories.launched_study(blocks=[COMMENT, RATING])
    study.recruitment = {"panel": "prolific", "resume_hours": 1}
    study.save()
    return study


def _released(study: Study, at: str, status: str = "RETURNED") -> Person:
    """Somebody who has this page before them when the panel's list ends their way."""
    person = Person(study, entry="?PROLIFIC_PID=anna&SESSION_ID=s1").walk_to(at)
    person.get()
    panel_status.apply(study, [Row(2, "anna", "s1", status)], by=study.created_by)
    return person


def _expired(person: Person, slug: str, typed: dict[str, str]) -> Any:
    """What comes back where the form's token is not the browser's any more."""
    person.client.handler.enforce_csrf_checks = True
    person.client.cookies.pop("csrftoken", None)
    return person.post(slug, typed)


def _given(step: str) -> dict[str, str]:
    return dict(Answer.objects.filter(step=step).values_list("item", "value"))


@pytest.mark.parametrize(("status", "outcome"), [("RETURNED", "returned"), ("TIMED-OUT", "timed-out")])
def test_what_stands_on_the_page_is_kept_and_the_way_stays_ended(study: Study, status: str, outcome: str) -> None:
    person = _released(study, "reading-1", status)
    ended_at = person.row.ended_at
    assert leads_to(person.post("reading-1", RATINGS)) == "debrief"
    assert _given("reading-1") == RATINGS
    assert Trial.objects.get(position=0).submitted_at is not None
    assert (person.row.outcome, person.row.stage, person.row.ended_at) == (outcome, "debrief", ended_at)
    assert not Participant.objects.occupying().exists()


def test_the_owner_reads_which_page_it_was_beside_the_outcome_and_in_the_export(study: Study, client: Client) -> None:
    person = _released(study, "reading-1")
    assert study.current_version is not None
    assert list(participants_frame(study.current_version, "live")["sent_after_ending"]) == [""]
    person.post("reading-1", RATINGS)
    (payment,) = payments.payments(study, Mode.LIVE)
    assert (payment.outcome, payment.sent_after_ending) == ("returned", "reading-1")
    client.force_login(study.created_by)
    page = client.get(reverse("workbench:study-payments", args=[study.key])).content.decode()
    assert "Sent afterwards: Articles, page 1" in page
    assert b"reading-1" in payments.export(study, Mode.LIVE, by=study.created_by)
    assert list(participants_frame(study.current_version, "live")["sent_after_ending"]) == ["reading-1"]
    person.post("withdraw")
    assert not Answer.objects.exists()
    assert [each.sent_after_ending for each in payments.payments(study, Mode.LIVE)] == [""]


def test_it_is_kept_once_and_the_first_counts(study: Study) -> None:
    person = _released(study, "reading-1")
    for clear in ("4", "1", "4"):
        person.post("reading-1", RATINGS | {"clear": clear})
    assert _given("reading-1") == RATINGS
    assert Event.objects.get(kind="sent-after-release").data == {"answers_kept": 3}


AFTERWARDS = "The page that you sent afterwards is kept as well"


@pytest.mark.parametrize(
    ("at", "typed", "end"), [("reading-1", RATINGS, "debrief"), ("before-1", {"age": "30", "words": "A word."}, "end")]
)
def test_who_sent_the_page_afterwards_is_told_that_it_is_kept_and_who_did_not_is_not(
    study: Study, at: str, typed: dict[str, str], end: str
) -> None:
    person = _released(study, at)
    others = Person(study, entry="?PROLIFIC_PID=bert&SESSION_ID=s2").walk_to(at)
    others.get()
    panel_status.apply(study, [Row(3, "bert", "s2", "TIMED-OUT")], by=study.created_by)
    person.post(at, typed)
    assert AFTERWARDS in person.get(end).content.decode()
    told = others.get(end).content.decode()
    assert "What you answered until then is kept" in told
    assert AFTERWARDS not in told
    others.post(at, typed)
    assert (AFTERWARDS in others.get(end).content.decode()) is (end == "end")


@pytest.mark.parametrize("at", ["reading-1", "before-1"])
def test_a_page_whose_form_has_expired_comes_back_with_all_that_was_typed_and_is_kept_once_it_is_sent_again(
    study: Study, at: str
) -> None:
    person = _released(study, at)
    typed = {"reading-1": RATINGS, "before-1": {"age": "30", "words": "An hour's work"}}[at]
    refused = _expired(person, at, typed)
    page = " ".join(refused.content.decode().split())
    assert refused.status_code == 403
    assert "Nothing is lost" in page
    assert all(f'name="{key}" value="{value}"' in page or "An hour&#x27;s work" in page for key, value in typed.items())
    assert page.count(" checked") == (3 if at == "reading-1" else 0)
    assert _given(at) == {}
    again = typed | {"csrfmiddlewaretoken": person.client.cookies["csrftoken"].value}
    assert leads_to(person.post(at, again)) == person.slug
    assert _given(at) == typed


def test_a_page_that_is_not_kept_any_more_does_not_come_back(study: Study) -> None:
    sent, told = _released(study, "reading-1"), Person(study, entry="?PROLIFIC_PID=bert&SESSION_ID=s2")
    sent.post("reading-1", RATINGS)
    told.walk_to("reading-1").get()
    panel_status.apply(study, [Row(3, "bert", "s2", "RETURNED")], by=study.created_by)
    assert _expired(told, "before-1", {"age": "30"}).status_code == 303
    told.get("debrief")
    for person in (sent, told):
        assert leads_to(_expired(person, "reading-1", RATINGS)) == "debrief"


def test_an_article_that_was_never_shown_is_not_shown_by_an_expired_form(study: Study) -> None:
    person = Person(study, entry="?PROLIFIC_PID=anna&SESSION_ID=s1").walk_to("reading-1")
    panel_status.apply(study, [Row(2, "anna", "s1", "RETURNED")], by=study.created_by)
    assert person.client.post(f"{person.base}draft/?step=reading-1&sequence=9", {"clear": "4"}).status_code == 410
    assert leads_to(_expired(person, "reading-1", RATINGS)) == "end"


@pytest.mark.postgres
@pytest.mark.usefixtures("postgres_database")
def test_two_looks_at_the_debriefing_at_once_are_one_and_the_page_counts_no_more_after_either() -> None:
    person = _released(_study(), "reading-1")
    shown = Event.objects.filter(kind="debriefing-shown")
    other: list[Thread] = []

    def meanwhile(execute: Any, sql: str, *rest: Any) -> Any:
        found = execute(sql, *rest)
        if "surveys_event" in sql and not other:
            other.append(Thread(target=_looks_at_the_debriefing, args=(person,)))
            other[0].start()
            other[0].join()
            assert shown.count() == 1
        return found

    with connection.execute_wrapper(meanwhile):
        person.get("debrief")
    assert other
    assert shown.count() == 1
    person.post("reading-1", RATINGS)
    assert _given("reading-1") == {}


def _looks_at_the_debriefing(person: Person) -> None:
    try:
        client = Client()
        client.cookies.load({"participant": person.token})
        client.get(f"{person.base}debrief/")
    finally:
        connection.close()


def test_an_answer_that_cannot_be_read_is_left_out_and_the_others_are_kept(study: Study) -> None:
    person = _released(study, "before-1")
    assert leads_to(person.post("before-1", {"age": "seven", "words": "What I thought."})) == "end"
    assert _given("before-1") == {"words": "What I thought."}


def test_the_page_is_told_that_it_can_still_be_sent_until_the_debriefing_is_shown(study: Study) -> None:
    person = _released(study, "reading-1")

    def saved(step: str = "reading-1") -> int:
        return person.client.post(f"{person.base}draft/?step={step}&sequence=9", {"clear": "4"}).status_code

    assert (saved(), saved("before-1")) == (423, 410)
    person.get("debrief")
    assert saved() == 410


def _after_the_debriefing(person: Person) -> None:
    assert b"What this study was about" in person.get("debrief").content


def _after_a_withdrawal(person: Person) -> None:
    person.post("withdraw")


def _long_after_the_closing(person: Person) -> None:
    lifecycle.close(person.study, person.study.created_by)
    Study.objects.update(closed_at="2020-01-01T00:00:00Z")


@pytest.mark.parametrize("first", [_after_the_debriefing, _after_a_withdrawal, _long_after_the_closing])
def test_it_comes_too_late(study: Study, first: Callable[[Person], None]) -> None:
    person = _released(study, "reading-1")
    first(person)
    assert leads_to(person.post("reading-1", RATINGS)) == "debrief"
    assert _given("reading-1") == {}
    told = Event.objects.filter(kind="sent-after-release")
    assert [event.data for event in told] == ([] if first is _after_a_withdrawal else [{"answers_kept": 0}])


def _closes(person: Person) -> Any:
    """The study closes, and the page is opened in another tab: nothing was typed or read that would hold it open."""
    lifecycle.close(person.study, person.study.created_by)
    return person.get()


def _comes_back_late(person: Person) -> Any:
    """The entry link is opened in another tab, hours after the page was."""
    past = timedelta(hours=2)
    Participant.objects.update(consented_at=F("consented_at") - past)
    Answer.objects.update(submitted_at=F("submitted_at") - past)
    Trial.objects.update(shown_at=F("shown_at") - past)
    return person.enter("?PROLIFIC_PID=anna&SESSION_ID=s1")


SENT = {"before-1": {"age": "30", "words": "An hour’s work"}, "reading-1": RATINGS}
TOO_LATE = "The page that you sent came too late"


def _inside(study: Study, at: str) -> Person:
    person = Person(study, entry="?PROLIFIC_PID=anna&SESSION_ID=s1").walk_to(at)
    person.get()
    return person


@pytest.mark.parametrize(
    ("ends", "outcome", "at", "next_page"),
    [
        (_closes, "closed", "before-1", "end"),
        (_comes_back_late, "timed-out", "before-1", "end"),
        (_comes_back_late, "timed-out", "reading-1", "debrief"),
    ],
)
def test_an_open_page_is_kept_when_another_tab_ended_the_way_and_its_sender_is_told(
    study: Study, ends: Callable[[Person], Any], outcome: str, at: str, next_page: str
) -> None:
    person = _inside(study, at)
    assert leads_to(ends(person)) == next_page
    draft = person.client.post(f"{person.base}draft/?step={at}&sequence=9", SENT[at])
    assert (person.row.outcome, draft.status_code) == (outcome, 423)
    sent = person.post(at, SENT[at])
    assert (leads_to(sent), _given(at)) == (next_page, SENT[at])
    page = person.client.get(sent["Location"]).content.decode()
    assert AFTERWARDS in page
    assert TOO_LATE not in page
    person.post(at, dict.fromkeys(SENT[at], "1"))
    assert (person.row.outcome, _given(at)) == (outcome, SENT[at])
    (payment,) = payments.payments(study, Mode.LIVE)
    assert payment.sent_after_ending == at


def test_who_was_debriefed_in_another_tab_is_told_that_the_open_page_came_too_late(study: Study) -> None:
    person = _inside(study, "reading-1")
    assert b"What this study was about" in person.client.get(_comes_back_late(person)["Location"]).content
    for page in ("debrief", "end"):
        for _ in range(2):
            sent = person.post("reading-1", RATINGS)
            assert leads_to(sent) == page
            assert TOO_LATE in person.client.get(sent["Location"]).content.decode()
            assert TOO_LATE not in person.get().content.decode()
        person.post("debrief")
    assert (person.row.outcome, _given("reading-1")) == ("timed-out", {})


def test_who_acknowledged_the_debriefing_without_a_look_at_it_rates_no_more(study: Study) -> None:
    person = _released(study, "reading-1")
    person.post("debrief")
    assert person.row.debriefed_at is not None
    person.post("reading-1", RATINGS)
    assert _given("reading-1") == {}


def test_a_page_that_is_sent_long_after_the_closing_says_that_it_came_too_late(study: Study) -> None:
    person = _inside(study, "before-1")
    _long_after_the_closing(person)
    sent = person.post("before-1", SENT["before-1"])
    assert (leads_to(sent), person.row.outcome, _given("before-1")) == ("end", "closed", {})
    assert TOO_LATE in person.client.get(sent["Location"]).content.decode()


def test_a_form_that_has_expired_long_after_the_closing_says_that_it_came_too_late(study: Study) -> None:
    person = _inside(study, "before-1")
    _long_after_the_closing(person)
    sent = _expired(person, "before-1", SENT["before-1"])
    assert (leads_to(sent), person.row.outcome, _given("before-1")) == ("end", "closed", {})
    assert TOO_LATE in person.client.get(sent["Location"]).content.decode()


def test_a_tab_that_is_behind_ends_no_way_on_the_page_that_was_sent_in_another(study: Study) -> None:
    person = _inside(study, "before-1")
    behind = person.place
    person.post("before-1", SENT["before-1"])
    person.get()
    lifecycle.close(study, study.created_by)
    assert not flow.end_because_closed(behind)
    assert flow.end_because_closed(person.place)
    assert leads_to(person.post("before-1", SENT["before-1"])) == "debrief"
    person.post("reading-1", RATINGS)
    assert (person.row.outcome, _given("reading-1")) == ("closed", RATINGS)


@pytest.mark.parametrize("slug", ["reading-2", "before-1", "nothing-1"])
def test_no_other_page_than_the_one_at_which_the_way_ended_is_taken(study: Study, slug: str) -> None:
    person = _released(study, "reading-1")
    before = Answer.objects.count()
    assert "too-late" not in person.post(slug, RATINGS | {"age": "30"})["Location"]
    assert Answer.objects.count() == before
    assert not Event.objects.filter(kind="sent-after-release").exists()


def test_who_ended_the_way_themselves_sends_nothing_afterwards(study: Study) -> None:
    person = Person(study, entry="?PROLIFIC_PID=anna&SESSION_ID=s1").walk_to("reading-1")
    person.get()
    flow.leave(person.place)
    person.post("reading-1", RATINGS)
    assert _given("reading-1") == {}
