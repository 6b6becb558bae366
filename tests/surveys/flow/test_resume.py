"""Coming back: as ever where the study sets no limit, and too late after it, with nothing lost."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext

from surveys import access_keys, flow
from surveys.models import Answer, Draft, Event, Participant, Study, Trial
from tests import factories
from tests.surveys.participant.person import RATINGS, WHOLE, Person, leads_to

pytestmark = pytest.mark.django_db
PANEL = "?PROLIFIC_PID=5f3a&SESSION_ID=77cc"
OVER = "The time in which this study could be continued has passed"


@pytest.fixture
def study() -> Study:
    return _study()


def _study(**settings: object) -> Study:
    study = factories.launched_study(blocks=WHOLE)
    study.recruitment = {"panel": "prolific", "resume_hours": 48, **settings}
    study.save()
    return study


def _days_pass(days: float) -> None:
    """All that was ever noted of anybody lies so much further back."""
    past = timedelta(days=days)
    for model, fields in (
        (Participant, ("arrived_at", "consented_at", "randomised_at", "lease_expires_at", "exposed_at", "ended_at")),
        (Trial, ("shown_at", "submitted_at")),
        (Answer, ("submitted_at",)),
        (Draft, ("saved_at",)),
    ):
        model._default_manager.update(**{field: F(field) - past for field in fields})


def _answers() -> list[tuple[str, str, str]]:
    return list(Answer.objects.order_by("pk").values_list("step", "item", "value"))


@pytest.mark.parametrize("way", ["personal link", "panel's id", "entry link in the same browser"])
def test_who_comes_back_too_late_is_told_so_debriefed_and_loses_no_answer(study: Study, way: str) -> None:
    person = Person(study, entry=PANEL).walk_to("reading-2")
    person.get()
    before = _answers()
    _days_pass(2.1)
    if way == "personal link":
        response = Client().get(f"/r/{person.token}/")
    elif way == "panel's id":
        response = Person(study, enter=False).enter(PANEL)
    else:
        response = person.enter()
    assert leads_to(response) == "debrief"
    assert person.row.outcome == "timed-out"
    page = person.get().content.decode()
    assert OVER in page
    assert "The articles that you saw" in page
    assert leads_to(person.post("reading-2", RATINGS)) == "debrief"
    assert leads_to(person.post()) == "end"
    assert "The time is over" in person.get().content.decode()
    assert person.row.completion_code == ""
    assert _answers() == before
    assert Event.objects.values_list("kind", "step").earliest("pk") == ("came-back-late", "reading-2")


def test_who_had_seen_no_article_is_at_the_end(study: Study) -> None:
    person = Person(study, entry=PANEL).walk_to("reading-1")
    _days_pass(2.1)
    assert leads_to(person.enter(PANEL)) == "end"
    assert OVER in person.get().content.decode()


def test_a_key_typed_too_late_leads_to_the_end_of_its_owner() -> None:
    study = _study(panel="keys")
    (key,) = access_keys.make(study, 1, by=study.created_by)
    person = Person(study, enter=False)
    person.client.post(f"{person.base}key/", {"key": key})
    person.walk_to("before-1")
    _days_pass(2.1)
    other = Person(study, enter=False)
    assert b"This key has been used" in other.client.post(f"{person.base}key/", {"key": key}).content
    assert leads_to(other.client.post(f"{person.base}key/", {"key": key, "again": "1"})) == "end"
    assert person.row.outcome == "timed-out"


def test_within_the_limit_somebody_goes_on_where_they_were(study: Study) -> None:
    person = Person(study, entry=PANEL).walk_to("reading-2")
    _days_pass(1.9)
    assert leads_to(Client().get(f"/r/{person.token}/")) == "reading-2"
    assert person.row.outcome == ""


def test_without_a_limit_somebody_goes_on_after_a_year() -> None:
    study = _study(resume_hours=None)
    person = Person(study, entry=PANEL).walk_to("reading-2")
    _days_pass(365)
    assert leads_to(person.enter(PANEL)) == "reading-2"


@pytest.mark.parametrize("sign", ["an answer", "an article that was shown", "something typed"])
def test_each_sign_of_life_counts(study: Study, sign: str) -> None:
    person = Person(study, entry=PANEL).walk_to("reading-1" if sign != "an answer" else "before-1")
    _days_pass(1.9)
    if sign == "an answer":
        person.answer()
    elif sign == "an article that was shown":
        person.get()
    else:
        flow.save_draft(*person.mine, "reading-1", 1, {"clear": ["1"]})
    _days_pass(1.9)
    assert leads_to(person.enter(PANEL)) == "reading-1"
    _days_pass(0.2)
    assert leads_to(person.enter(PANEL)).startswith(("debrief", "end"))


def test_an_open_page_that_is_sent_late_is_still_kept(study: Study) -> None:
    person = Person(study, entry=PANEL).walk_to("reading-1")
    person.get()
    _days_pass(30)
    assert leads_to(person.post("reading-1", RATINGS)) == "reading-2"
    assert {item: value for step, item, value in _answers() if step == "reading-1"} == RATINGS


@pytest.mark.parametrize("opened", ["reading-2", "before-1"])
def test_a_page_that_is_opened_too_late_is_a_late_coming_back(study: Study, opened: str) -> None:
    person = Person(study, entry=PANEL).walk_to("reading-2")
    person.get()
    before = _answers()
    _days_pass(30)
    assert leads_to(person.get(opened)) == "debrief"
    assert (person.slug, person.row.outcome) == ("debrief", "timed-out")
    assert OVER in person.get().content.decode()
    assert _answers() == before
    assert Event.objects.values_list("kind", "step").earliest("pk") == ("came-back-late", "reading-2")


def test_who_sent_an_open_page_late_is_back_and_reads_on(study: Study) -> None:
    person = Person(study, entry=PANEL).walk_to("reading-1")
    person.get()
    _days_pass(30)
    person.post("reading-1", RATINGS)
    assert person.get("reading-2").status_code == 200
    _days_pass(1.9)
    assert person.get("reading-2").status_code == 200


@pytest.mark.parametrize("hours", [None, 48])
def test_without_a_limit_and_before_it_a_page_can_be_opened(hours: int | None) -> None:
    person = Person(_study(resume_hours=hours), entry=PANEL).walk_to("reading-2")
    person.get()
    _days_pass(1.9 if hours else 365)
    assert person.get("reading-2").status_code == 200


def test_within_an_hour_of_the_consent_the_limit_is_not_looked_up_and_later_in_one_statement(study: Study) -> None:
    person = Person(study, entry=PANEL).walk_to("reading-2")
    person.get()

    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert person.get("reading-2").status_code == 200
        return len(captured)

    assert statements() == 1
    _days_pass(1.5)
    assert statements() == 2


def test_a_web_machine_whose_clock_runs_ahead_makes_nobody_late(study: Study) -> None:
    person = Person(study, entry=PANEL).walk_to("reading-2")
    with time_machine.travel("2099-06-01T00:00:00Z"):
        assert person.get("reading-2").status_code == 200
    assert person.row.outcome == ""


def test_nobody_at_the_consent_or_at_the_end_is_too_late(study: Study) -> None:
    waiting, done = Person(study, entry=PANEL), Person(study, entry="?PROLIFIC_PID=other").walk_to("end")
    _days_pass(30)
    assert waiting.get("consent").status_code == 200
    assert leads_to(waiting.enter(PANEL)) == "consent"
    assert leads_to(done.enter("?PROLIFIC_PID=other")) == "end"
    assert (waiting.row.outcome, done.row.outcome) == ("", "completed")


def test_a_place_that_is_given_up_is_free_and_the_way_ends_once(study: Study) -> None:
    person = Person(study, entry=PANEL).walk_to("reading-1")
    stale = person.place
    assert not flow.come_back("nobody", study.key)
    _days_pass(2.1)
    Participant.objects.update(lease_expires_at="2100-01-01T00:00:00Z")
    for _ in range(2):
        place = flow.come_back(person.token, study.key)
        assert place is not None
        assert place.participant.outcome == "timed-out"
    assert not flow.leave(stale)
    assert not Participant.objects.occupying().exists()
    assert Event.objects.count() == 1


def test_another_panel_id_in_the_same_browser_ends_nobodys_part(study: Study) -> None:
    person = Person(study, entry=PANEL).walk_to("before-1")
    token = person.token
    _days_pass(30)
    assert leads_to(person.enter("?PROLIFIC_PID=other")) == "consent"
    place = flow.find(token)
    assert place is not None
    assert place.participant.outcome == ""
