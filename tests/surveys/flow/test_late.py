"""A page that is sent after a panel's list ended the way: kept, once, and told; but nothing after the debriefing."""

from collections.abc import Callable

import pytest
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
    study = factories.launched_study(blocks=[COMMENT, RATING])
    study.recruitment = {"panel": "prolific"}
    study.save()
    return study


def _released(study: Study, at: str, status: str = "RETURNED") -> Person:
    """Somebody who has this page before them when the panel's list ends their way."""
    person = Person(study, entry="?PROLIFIC_PID=anna&SESSION_ID=s1").walk_to(at)
    person.get()
    panel_status.apply(study, [Row(2, "anna", "s1", status)], by=study.created_by)
    return person


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
    assert "sent the page reading-1 afterwards" in page
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


@pytest.mark.parametrize("slug", ["reading-2", "before-1", "nothing-1"])
def test_no_other_page_than_the_one_at_which_the_way_ended_is_taken(study: Study, slug: str) -> None:
    person = _released(study, "reading-1")
    before = Answer.objects.count()
    person.post(slug, RATINGS | {"age": "30"})
    assert Answer.objects.count() == before
    assert not Event.objects.filter(kind="sent-after-release").exists()


def test_who_ended_the_way_themselves_sends_nothing_afterwards(study: Study) -> None:
    person = Person(study, entry="?PROLIFIC_PID=anna&SESSION_ID=s1").walk_to("reading-1")
    person.get()
    flow.leave(person.place)
    person.post("reading-1", RATINGS)
    assert _given("reading-1") == {}
