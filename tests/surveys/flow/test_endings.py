"""Endings: each after an article leads to the debriefing; withdrawal deletes answers and keeps the code."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.db.models import F
from django.utils.formats import date_format

from surveys import flow, lifecycle
from surveys.flow.endings import FINISHING
from surveys.models import Answer, Draft, Event, LedgerEntry, Participant, Study, Trial
from tests import factories
from tests.surveys.participant.person import WHOLE, Person

pytestmark = pytest.mark.django_db
LONG_AGO = "2020-01-01T00:00:00Z"


@pytest.fixture
def study() -> Study:
    return factories.launched_study(blocks=WHOLE)


def _close(study: Study) -> None:
    lifecycle.close(study, study.memberships.get().researcher)


def test_who_leaves_before_any_article_is_at_the_end(study: Study) -> None:
    person = Person(study).walk_to("reading-1")
    assert flow.leave(person.place)
    assert (person.row.outcome, person.slug) == ("left", "end")
    assert person.row.ended_at is not None
    assert Event.objects.get().step == "reading-1"


def test_who_leaves_after_an_article_is_debriefed_first(study: Study) -> None:
    person = Person(study).walk_to("reading-1")
    person.get()
    assert flow.leave(person.place)
    assert (person.row.outcome, person.slug) == ("left", "debrief")
    assert flow.acknowledge_debrief(person.place)
    assert person.slug == "end"
    assert person.row.debriefed_at is not None
    assert person.row.completion_code == ""


def test_leaving_is_final_and_keeps_what_was_answered(study: Study) -> None:
    person = Person(study).walk_to("reading-2")
    answered = Answer.objects.count()
    stale = person.place
    assert flow.leave(stale)
    assert not flow.leave(stale)
    assert flow.submit(stale, "reading-2", {}) == flow.Submitted(False)
    assert Answer.objects.count() == answered


def test_leaving_at_the_consent_is_not_consenting(study: Study) -> None:
    person = Person(study)
    assert flow.leave(person.place)
    assert (person.row.outcome, person.slug) == ("no-consent", "end")


def test_who_has_completed_cannot_leave_any_more(study: Study) -> None:
    person = Person(study).walk_to("debrief")
    assert not flow.leave(person.place)
    assert person.row.outcome == "completed"


def test_the_debriefing_is_acknowledged_once_and_only_there(study: Study) -> None:
    person = Person(study).walk_to("after-1")
    assert not flow.acknowledge_debrief(person.place)
    person.walk_to("debrief")
    stale = person.place
    assert flow.acknowledge_debrief(stale)
    first = person.row.debriefed_at
    assert not flow.acknowledge_debrief(stale)
    assert person.row.debriefed_at == first


def test_withdrawing_deletes_answers_and_drafts_and_keeps_flow_and_ledger(study: Study) -> None:
    person = Person(study).walk_to("reading-2")
    flow.save_draft(*person.mine, "reading-2", 1, {"clear": ["1"]})
    assert flow.withdraw(person.place)
    assert not Answer.objects.exists()
    assert not Draft.objects.exists()
    assert Trial.objects.count() == 2
    assert LedgerEntry.objects.count() == 1
    assert (person.row.outcome, person.slug) == ("withdrawn", "debrief")
    event = Event.objects.get(kind="withdrawn")
    assert event.data == {"answers_deleted": 9}


def test_withdrawing_after_completing_keeps_the_code_and_the_place_on_the_way(study: Study) -> None:
    person = Person(study).walk_to("end")
    code = person.row.completion_code
    assert code
    assert flow.withdraw(person.place)
    assert person.slug == "end"
    assert person.row.completion_code == code
    assert person.row.completed_at is not None
    assert code.encode() in person.get().content


def test_withdrawing_at_the_debriefing_does_not_skip_it(study: Study) -> None:
    person = Person(study).walk_to("debrief")
    assert flow.withdraw(person.place)
    assert person.slug == "debrief"


def test_withdrawing_works_once_and_until_the_stated_cut_off(study: Study) -> None:
    person, late = Person(study).walk_to("end"), Person(study).walk_to("end")
    assert flow.withdraw(person.place)
    assert not flow.withdraw(person.place)
    Participant.objects.filter(pk=late.row.pk).update(ended_at=LONG_AGO)
    answers = Answer.objects.count()
    assert answers
    assert not flow.withdraw(late.place)
    assert Answer.objects.count() == answers
    assert late.row.outcome == "completed"


@pytest.mark.parametrize("days", [0, 14])
def test_the_day_until_which_one_can_withdraw_counts_to_its_end(days: int) -> None:
    study = factories.launched_study(withdrawal_days=days)
    # The day has passed once it has ended in the farthest west, twelve hours behind UTC.
    today = datetime.now(timezone(timedelta(hours=-12))).date()
    first = datetime(today.year, today.month, today.day, tzinfo=UTC) - timedelta(days=days)
    for ended_at, is_in_time in ((first - timedelta(seconds=1), False), (first, True)):
        person = Person(study).walk_to("debrief")
        Participant.objects.filter(pk=person.row.pk).update(ended_at=ended_at)
        assert ("Withdraw my answers" in person.get("debrief").content.decode()) == is_in_time
        deadline = flow.withdrawal_deadline(person.place)
        assert deadline is not None
        assert deadline.date() == ended_at.date() + timedelta(days=days)
        told = date_format(deadline.date())
        assert (told in person.get("debrief").content.decode()) == is_in_time
        assert told in person.get("withdraw").content.decode()
        assert flow.withdraw(person.place) == is_in_time


def test_who_never_consented_has_nothing_to_withdraw(study: Study) -> None:
    person = Person(study)
    assert not flow.withdraw(person.place)
    flow.decline(person.place)
    assert not flow.withdraw(person.place)


def test_who_is_inside_after_an_article_when_the_study_closes_gets_the_debriefing(study: Study) -> None:
    inside, before, arrived = Person(study).walk_to("reading-2"), Person(study).walk_to("before-1"), Person(study)
    _close(study)
    assert inside.place.is_closed
    assert flow.end_because_closed(inside.place)
    assert flow.end_because_closed(before.place)
    assert not flow.end_because_closed(arrived.place)
    assert (inside.row.outcome, inside.slug) == ("closed", "debrief")
    assert (before.row.outcome, before.slug) == ("closed", "end")
    assert (arrived.row.outcome, arrived.slug) == ("", "consent")


def test_a_while_after_closing_nothing_more_is_recorded(study: Study) -> None:
    person = Person(study).walk_to("reading-1")
    person.get()
    _close(study)
    Study.objects.update(closed_at=F("closed_at") - FINISHING)
    raw = {"believable": ["1"], "accurate": ["1"], "clear": ["1"]}
    assert flow.submit(person.place, "reading-1", raw) == flow.Submitted(False)
    assert not flow.save_draft(*person.mine, "reading-1", 1, raw)
    assert not Answer.objects.filter(step="reading-1").exists()


def test_a_pause_lets_those_inside_finish(study: Study) -> None:
    person = Person(study).walk_to("reading-1")
    lifecycle.pause(study, study.memberships.get().researcher)
    assert person.walk_to("end").row.outcome == "completed"
