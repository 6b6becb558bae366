"""Reports on pages: what may be reported, that a report counts once, whose is kept, and what they say together."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from surveys import flow, paradata
from surveys.models import Mode, PageView, Participant, Study
from surveys.paradata import BOUNDS, Report, ReportError, combined, pages_taken, read_report, record
from surveys.tokens import new_token, token_hash
from tests import factories
from tests.surveys.participant.person import Person

TOKEN = new_token()


def posted(**changes: Any) -> dict[str, str]:
    """What a browser posts about a page that was looked at for four seconds."""
    base = {
        "step": "reading-1",
        "view": "abcdefgh",
        "sequence": 1,
        "first_interaction_ms": 900,
        "submitted_ms": "",
        "visible_ms": 4000,
        "times_away": 1,
        "away_ms": 2500,
        "longest_away_ms": 2500,
        "scroll_percent": 80,
        "viewport_width": 320,
        "viewport_height": 640,
        "pastes": 0,
        "pasted_characters": 0,
        "device": "phone",
        "input_methods": "touch",
    }
    return {name: str(value) for name, value in (base | changes).items()}


def report(**changes: Any) -> Report:
    return read_report(posted(**changes))


@pytest.mark.parametrize("field", ["step", "view", "sequence", "visible_ms", "device", "scroll_percent"])
@pytest.mark.parametrize("value", ["", "-1", "1e9", "٣", "9" * 400, "x\0y", "<b>", "' OR 1=1 --", "NaN"])
def test_what_no_page_of_ours_sends_is_refused_by_the_fields_name(field: str, value: str) -> None:
    with pytest.raises(ReportError, match=f"^{field}: "):
        read_report(posted() | {field: value})


@pytest.mark.parametrize("step", ["end", "consent", "reading-0", "reading-1000", "reading-1/..", "READING-1"])
def test_only_pages_between_consent_and_debriefing_are_reported_on(step: str) -> None:
    with pytest.raises(ReportError, match=r"^step: "):
        report(step=step)


@given(name=st.sampled_from(sorted(BOUNDS)), above=st.integers(1, 10**12))
def test_no_number_is_taken_beyond_its_bound(name: str, above: int) -> None:
    assert getattr(report(**{name: BOUNDS[name]}), name) == BOUNDS[name]
    with pytest.raises(ReportError, match=f"^{name}: "):
        report(**{name: BOUNDS[name] + above})


def test_ways_of_input_are_known_ones_each_once_in_one_order() -> None:
    assert report(input_methods="keyboard touch touch").input_methods == "touch keyboard"
    assert report(input_methods="").input_methods == ""
    with pytest.raises(ReportError, match=r"^input_methods: "):
        report(input_methods="touch thoughts")


@pytest.fixture(params=["sqlite_file", pytest.param("postgres_database", marks=pytest.mark.postgres)])
def study(request: pytest.FixtureRequest) -> Study:
    request.getfixturevalue(request.param)
    return factories.launched_study()


def _person(study: Study) -> Person:
    return Person(study).walk_to("reading-1")


def test_a_report_counts_once_and_an_older_one_changes_nothing(study: Study) -> None:
    person = _person(study)
    late = report(sequence=2, visible_ms=9000)
    assert record(person.token, study.key, late)
    assert not record(person.token, study.key, late)
    assert not record(person.token, study.key, report(sequence=1))
    assert PageView.objects.get().visible_ms == 9000
    assert record(person.token, study.key, report(sequence=3, visible_ms=9500, submitted_ms=9400))
    view = PageView.objects.get()
    assert (view.visible_ms, view.submitted_ms, view.step) == (9500, 9400, "reading-1")
    assert record(person.token, study.key, report(view="another12"))
    assert PageView.objects.count() == 2


def test_nothing_is_kept_of_who_has_not_consented_is_unknown_or_belongs_elsewhere(study: Study) -> None:
    undecided, elsewhere = Person(study), _person(study)
    assert not record(undecided.token, study.key, report())
    assert not record(TOKEN, study.key, report())
    assert not record(elsewhere.token, "another-study", report())
    assert not PageView.objects.exists()


def test_a_withdrawal_deletes_what_was_reported_and_nothing_comes_after_it(study: Study) -> None:
    person, other = _person(study), _person(study)
    assert record(person.token, study.key, report())
    assert record(other.token, study.key, report())
    assert flow.withdraw(person.place)
    assert not record(person.token, study.key, report(sequence=2))
    assert PageView.objects.get().participant == other.row


def test_one_person_cannot_fill_the_table(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paradata, "MOST_VIEWS", 3)
    person = _person(study)
    kept = [record(person.token, study.key, report(view=f"view{n:08}")) for n in range(5)]
    assert kept == [True, True, True, False, False]


def test_a_report_costs_one_statement(study: Study, django_assert_num_queries: Any) -> None:
    person = _person(study)
    with django_assert_num_queries(1):
        assert record(person.token, study.key, report())


@pytest.fixture
def all_writers_busy() -> Iterator[None]:
    for _ in range(paradata.AT_ONCE):
        assert paradata._writing.acquire(blocking=False)
    yield
    for _ in range(paradata.AT_ONCE):
        paradata._writing.release()


@pytest.fixture
def all_places_to_wait_taken() -> Iterator[None]:
    for _ in range(paradata.WAITING):
        assert paradata._waiting.acquire(blocking=False)
    yield
    for _ in range(paradata.WAITING):
        paradata._waiting.release()


@pytest.mark.django_db
@pytest.mark.usefixtures("all_writers_busy")
def test_a_report_waits_for_a_moment_until_it_is_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paradata, "PATIENCE", 30)
    person = _person(factories.launched_study())
    over = threading.Timer(0.05, paradata._writing.release)
    over.start()
    assert record(person.token, person.study.key, report())
    over.join()
    assert paradata._writing.acquire(blocking=False)  # as the others found it


@pytest.mark.django_db
@pytest.mark.usefixtures("all_writers_busy", "all_places_to_wait_taken")
def test_where_enough_reports_wait_already_the_next_is_dropped_without_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(paradata, "PATIENCE", 30)
    before = time.monotonic()
    with pytest.raises(paradata.BusyError):
        record(TOKEN, "any", report())
    assert time.monotonic() - before < 15


@pytest.mark.django_db
@pytest.mark.usefixtures("all_writers_busy")
def test_a_report_whose_turn_does_not_come_is_dropped_and_asks_nothing_of_the_database(
    django_assert_num_queries: Any,
) -> None:
    with django_assert_num_queries(0), pytest.raises(paradata.BusyError):
        record(TOKEN, "any", report())


@pytest.mark.postgres
@pytest.mark.usefixtures("postgres_database")
def test_no_answer_waits_for_a_report_and_a_withdrawal_leaves_none_behind() -> None:
    """A report holds its lock while an answer of the same person is stored; a withdrawal waits until it is over."""
    study = factories.launched_study()
    person = _person(study)
    person.get()
    place = person.place
    withdrawn = threading.Event()

    def withdraw() -> None:
        try:
            assert flow.withdraw(place)
            withdrawn.set()
        finally:
            connection.close()

    with transaction.atomic():
        assert record(person.token, study.key, report())
        answering = threading.Thread(target=_answer, args=(place,))
        answering.start()
        answering.join(timeout=10)
        assert not answering.is_alive()
        leaving = threading.Thread(target=withdraw)
        leaving.start()
        assert not withdrawn.wait(timeout=0.5)
    leaving.join(timeout=10)
    assert withdrawn.is_set()
    assert not PageView.objects.exists()


def _answer(place: flow.Place) -> None:
    try:
        raw = {key: ["2"] for key in ("believable", "accurate", "clear")}
        assert flow.submit(place, "reading-1", raw) == flow.Submitted(True, "reading-2")
    finally:
        connection.close()


def _view(number: int, **changes: Any) -> PageView:
    values = replace(report(), **changes).__dict__
    return PageView(pk=number, received_at=f"2026-01-01T00:00:{number:02}Z", **values)


def test_views_of_one_page_add_up() -> None:
    first = _view(1, first_interaction_ms=None, visible_ms=1000, scroll_percent=90, input_methods="mouse")
    last = _view(2, first_interaction_ms=700, visible_ms=500, device="computer", viewport_width=1280, pastes=2)
    found = combined([last, first])
    assert found["views"] == 2
    assert found["visible_seconds"] == 1.5
    assert found["first_interaction_seconds"] == 0.7
    assert (found["times_away"], found["away_seconds"], found["longest_away_seconds"]) == (2, 5.0, 2.5)
    assert (found["scroll_percent"], found["viewport_width"], found["device"]) == (90, 1280, "computer")
    assert (found["pastes"], found["input_methods"]) == (2, "mouse touch")
    assert combined([]) == {}


@pytest.mark.django_db
def test_without_a_script_a_page_has_the_servers_times_and_nothing_else() -> None:
    study = factories.launched_study()
    measured, plain = Person(study), Person(study)
    for person in (measured, plain):
        person.walk_to("reading-1")
    record(measured.token, study.key, report(submitted_ms=3900))
    for person in (measured, plain):
        person.walk_to("end")
    assert study.current_version is not None
    pages = list(pages_taken(study.current_version, Mode.LIVE))
    assert [page.step for page in pages[:4]] == ["before-1", "reading-1", "reading-2", "debrief"]
    assert len(pages) == 8
    for page in pages:
        assert page.shown_at is not None
        assert page.submitted_at is not None
        assert page.shown_at <= page.submitted_at
        assert bool(page.article) == page.step.startswith("reading")
    by_page = {(page.participant, page.step): page for page in pages}
    found = by_page[measured.row.export_id, "reading-1"]
    assert (found.views, found.visible_seconds, found.device) == (1, 4.0, "phone")
    without = by_page[plain.row.export_id, "reading-1"]
    assert (without.views, without.visible_seconds, without.pastes, without.device) == (None, None, None, "")


@pytest.mark.django_db
def test_who_withdrew_has_no_pages_and_the_queries_do_not_grow_with_the_people(django_assert_num_queries: Any) -> None:
    study = factories.launched_study()
    people = [Person(study).walk_to("end") for _ in range(3)]
    flow.withdraw(people[0].place)
    assert study.current_version is not None
    version = study.current_version
    _ = version.frozen
    with django_assert_num_queries(4):
        pages = list(pages_taken(version, Mode.LIVE))
    assert {page.participant for page in pages} == {person.row.export_id for person in people[1:]}
    assert Participant.objects.filter(token_hash=token_hash(people[0].token)).exists()
