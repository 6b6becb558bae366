"""The whole way on SQLite and on PostgreSQL: what is written, what the database's clock decides, what it can store."""

from threading import Thread
from typing import Any

import pytest
from django.db import connection

from surveys import flow
from surveys.models import Answer, Draft, Outcome, Participant, Study
from tests import factories
from tests.surveys.participant.person import WHOLE, Person


@pytest.fixture(params=["sqlite_file", pytest.param("postgres_database", marks=pytest.mark.postgres)])
def study(request: pytest.FixtureRequest) -> Study:
    request.getfixturevalue(request.param)
    return factories.launched_study(blocks=WHOLE)


def test_the_way_from_the_entry_to_the_code_with_whatever_people_write(study: Study) -> None:
    person = Person(study, entry="?PROLIFIC_PID=5f3a&SESSION_ID=77cc").walk_to("before-1")
    assert flow.save_draft(*person.mine, "before-1", 1, {"word": ["half \0 a \ud800 🦉"]})
    assert flow.save_draft(*person.mine, "before-1", 2, {"word": ["more"]})
    assert Draft.objects.get().content == {"word": ["more"]}
    person.answer(word="NUL \0 and 🦉", words="'; DROP TABLE surveys_answer; --")
    assert Answer.objects.get(item="word").value == "NUL  and 🦉"
    person.walk_to("end")
    row = person.row
    assert row.outcome == "completed"
    assert row.arrived_at <= row.consented_at <= row.randomised_at <= row.exposed_at  # type: ignore[operator]
    assert row.exposed_at <= row.completed_at <= row.debriefed_at  # type: ignore[operator]
    assert row.completion_code in person.get().content.decode()
    assert flow.withdraw(person.place)
    assert not Answer.objects.exists()


def test_nobody_is_shown_an_article_for_whom_it_ended_since_the_look(study: Study) -> None:
    first = Person(study).walk_to("reading-1")
    looked = first.place
    assert flow.end_at_panel(looked.participant, Outcome.RETURNED)
    assert not flow.mark_shown(looked)
    assert (first.row.stage, first.row.exposed_at) == ("end", None)
    second = Person(study).walk_to("reading-2")
    looked = second.place
    assert flow.leave(looked)
    assert not flow.mark_shown(looked)
    assert [position for position, shown in _shown(second) if shown] == [0]


def test_an_article_that_two_tabs_open_at_once_is_shown_from_the_first_on(study: Study) -> None:
    person = Person(study).walk_to("reading-1")
    looked = person.place
    assert flow.mark_shown(looked)
    before = _shown(person), person.row.exposed_at
    # The other tab is led to where it is, and shows the article then.
    assert not flow.mark_shown(looked)
    assert flow.mark_shown(person.place)
    assert (_shown(person), person.row.exposed_at) == before


def _shown(person: Person) -> list[tuple[int, object]]:
    return list(person.row.trials.order_by("position").values_list("position", "shown_at"))


def test_leases_and_the_cut_off_go_by_the_databases_clock(study: Study) -> None:
    person = Person(study).walk_to("reading-1")
    assert Participant.objects.occupying().count() == 1
    Participant.objects.update(lease_expires_at="2020-01-01T00:00:00Z")
    assert Participant.objects.occupying().count() == 0
    person.walk_to("end")
    Participant.objects.update(ended_at="2020-01-01T00:00:00Z")
    assert not flow.withdraw(person.place)
    assert study.current_version is not None
    assert flow.ledger_differences(study.current_version) == (1, [])


def test_somebody_who_is_assigned_while_the_ledger_is_read_is_no_difference(study: Study) -> None:
    Person(study).walk_to("reading-1")
    came: list[Thread] = []

    def meanwhile(execute: Any, sql: str, *rest: Any) -> Any:
        found = execute(sql, *rest)
        if "surveys_ledgerentry" in sql and not came:
            came.append(Thread(target=_is_assigned, args=(study,)))
            came[0].start()
            came[0].join()
        return found

    assert study.current_version is not None
    with connection.execute_wrapper(meanwhile):
        assert flow.ledger_differences(study.current_version) == (1, [])
    assert flow.ledger_differences(study.current_version) == (2, [])


def _is_assigned(study: Study) -> None:
    try:
        Person(study).walk_to("reading-1")
    finally:
        connection.close()
