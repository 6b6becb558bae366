"""A panel's list frees the places of who returned or timed out; it deletes nothing and can come twice."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, models, transaction
from hypothesis import given
from hypothesis import strategies as st

from surveys import audit, panel_status
from surveys.article_files import RowProblem
from surveys.models import Answer, Mode, PanelIdentity, PanelSubmission, Participant, Study
from surveys.panel_status import MOST_ROWS, PanelFileError, Row, read
from surveys.payments import payments
from surveys.recruitment import signed_mode
from surveys.tokens import keyed_hash, unseal
from tests import factories
from tests.postgres import until_somebody_waits
from tests.surveys.participant.person import Person, leads_to

HEADER = "Submission id,Participant id,Status,Custom study tncs accepted at,Started at,Completed at,Completion code"


def _csv(*rows: tuple[str, str, str]) -> bytes:
    lines = [
        f"{submission},{person},{status},Not Applicable,2026-03-01T10:00:00Z,,NOCODE"
        for submission, person, status in rows
    ]
    return "\n".join([HEADER, *lines, ""]).encode()


def test_prolifics_export_is_read_as_it_is() -> None:
    rows = read(_csv(("s1", "p1", "AWAITING REVIEW"), ("s2", "p2", "TIMED-OUT")))
    assert rows == [Row(2, "p1", "s1", "AWAITING REVIEW"), Row(3, "p2", "s2", "TIMED-OUT")]


@pytest.mark.parametrize("written", ["TIMED-OUT", "Timed-out", "timed_out", " TIMED OUT "])
def test_a_status_is_known_however_it_is_written(written: str) -> None:
    assert read(f"participant_id;session id;status\np1;s1;{written}".encode()) == [Row(2, "p1", "s1", "TIMED-OUT")]


def test_a_spreadsheets_mark_tabs_and_blank_lines_do_no_harm() -> None:
    content = "\ufeffStatus\tParticipant id\nRETURNED\tp1\n\n\t\nACTIVE\tp2\n".encode()
    assert [(row.number, row.person) for row in read(content)] == [(2, "p1"), (5, "p2")]


@pytest.mark.parametrize(
    ("content", "row", "says"),
    [
        (b"", 1, "empty"),
        (b"  \n ", 1, "empty"),
        (HEADER.encode(), 1, "no submissions"),
        (b"a,b\n1,2", 1, "missing: Participant id, Status"),
        (b"Participant id,b\n1,2", 1, "missing: Status"),
        ("Participant id,Status\np,é".encode("latin-1"), 1, "not UTF-8"),
        (b"Participant id,Status\np1,ACTIVE\np2", 3, "as many cells"),
        (b"Participant id,Status\np1,PAID", 2, "'PAID' is no status"),
        (b"Participant id,Status\n,ACTIVE", 2, "no id"),
        (b"Participant id,Status\n" + b"x" * 201 + b",ACTIVE", 2, "no id"),
        (b'Participant id,Status\np1,"ACTIVE', 2, "cannot be read"),
        (b"Submission id,Participant id,Status\ns,p1,ACTIVE\ns,p2,ACTIVE", 3, "in row 2 already"),
        (b"Participant id,Status\n" + b"p,ACTIVE\n" * (MOST_ROWS + 1), 1, "more than"),
    ],
)
def test_a_list_that_cannot_be_used_says_in_which_row_and_why(content: bytes, row: int, says: str) -> None:
    with pytest.raises(PanelFileError) as caught:
        read(content)
    assert caught.value.problems[0].row == row
    assert says in caught.value.problems[0].message


def test_every_wrong_row_is_named_at_once() -> None:
    with pytest.raises(PanelFileError) as caught:
        read(b"Participant id,Status\np1,PAID\np2,ACTIVE\n,ACTIVE\np4,WHAT")
    assert [problem.row for problem in caught.value.problems] == [2, 4, 5]


@given(st.binary(max_size=300))
def test_no_file_does_worse_than_be_refused(content: bytes) -> None:
    problems: tuple[RowProblem, ...] = ()
    rows: list[Row] = []
    try:
        rows = read(content)
    except PanelFileError as error:
        problems = error.problems
    assert bool(rows) != bool(problems)


@pytest.fixture
def study(db: None) -> Study:
    return factories.launched_study()


def _person(study: Study, name: str, to: str = "reading-1", mode: str = "") -> Person:
    person = Person(study, entry=f"?PROLIFIC_PID={name}&SESSION_ID=of-{name}{mode}")
    return person.walk_to(to)


def _look(study: Study, *rows: tuple[str, str, str]) -> dict[str, str]:
    return {line.person: line.what for line in panel_status.look(study, read(_csv(*rows)))}


def _apply(study: Study, *rows: tuple[str, str, str]) -> Counter[str]:
    return panel_status.apply(study, read(_csv(*rows)), by=study.created_by)


def test_a_look_says_for_each_person_what_would_happen_and_does_nothing(study: Study) -> None:
    for name, to in (("a", "reading-1"), ("b", "reading-2"), ("c", "before-1"), ("d", "end"), ("e", "consent")):
        _person(study, name, to)
    _person(study, "f").post("leave")
    before = list(Participant.objects.order_by("pk").values())
    assert _look(
        study,
        ("of-a", "a", "RETURNED"),
        ("of-b", "b", "ACTIVE"),
        ("of-c", "c", "TIMED-OUT"),
        ("of-d", "d", "RETURNED"),
        ("of-e", "e", "RETURNED"),
        ("of-f", "f", "RETURNED"),
        ("of-g", "g", "RETURNED"),
    ) == {
        "a": "release",
        "b": "goes-on",
        "c": "release",
        "d": "completed",
        "e": "not-consented",
        "f": "ended",
        "g": "unknown",
    }
    assert list(Participant.objects.order_by("pk").values()) == before


def test_the_places_of_returned_and_timed_out_people_are_given_again_and_their_answers_kept(study: Study) -> None:
    one, other, stays = (_person(study, name, "reading-2") for name in "abc")
    answers = Answer.objects.count()
    counts = _apply(study, ("of-a", "a", "RETURNED"), ("of-b", "b", "TIMED-OUT"), ("of-c", "c", "ACTIVE"))
    assert counts == {"release": 2, "goes-on": 1}
    assert [one.row.outcome, other.row.outcome, stays.row.outcome] == ["returned", "timed-out", ""]
    assert list(Participant.objects.occupying()) == [stays.row]
    assert Answer.objects.count() == answers
    # Whoever comes back by the panel's link reads what it was about, and then what happened.
    back = Person(study, entry="?PROLIFIC_PID=a&SESSION_ID=of-a")
    assert back.slug == "debrief"
    assert leads_to(back.post()) == "end"
    assert "You have given this study back" in back.get("end").content.decode()


def test_a_second_time_the_same_list_changes_nothing(study: Study) -> None:
    _person(study, "a")
    rows = (("of-a", "a", "RETURNED"),)
    _apply(study, *rows)
    after = list(Participant.objects.values()), list(PanelSubmission.objects.values("keyed_hash", "status"))
    assert _apply(study, *rows) == {"ended": 1}
    assert (list(Participant.objects.values()), list(PanelSubmission.objects.values("keyed_hash", "status"))) == after


def test_who_has_a_second_submission_that_counts_keeps_the_place(study: Study) -> None:
    person = _person(study, "a")
    _apply(study, ("of-a", "a", "RETURNED"), ("again", "a", "ACTIVE"))
    assert person.row.outcome == ""
    _apply(study, ("of-a", "a", "RETURNED"), ("again", "a", "TIMED-OUT"))
    assert person.row.outcome == "timed-out"


def test_a_list_that_tells_of_another_submission_than_the_one_they_came_with_ends_nobody(study: Study) -> None:
    person, done = _person(study, "a"), _person(study, "d", "end")
    foreign = (("elsewhere", "a", "RETURNED"), ("elsewhere-too", "d", "TIMED-OUT"))
    assert _look(study, *foreign) == {"a": "another", "d": "ended"}
    assert _apply(study, *foreign) == {"another": 1, "ended": 1}
    assert (person.row.outcome, done.row.outcome) == ("", "completed")
    # Their own ending still counts, and what they never came with is not in its way.
    assert _apply(study, ("of-a", "a", "RETURNED")) == {"release": 1}


def test_a_list_from_before_the_second_submission_ends_nobody_and_one_of_the_second_does(
    study: Study,
) -> None:
    person = _person(study, "a")
    person.enter("?PROLIFIC_PID=a&SESSION_ID=again")
    assert _apply(study, ("of-a", "a", "RETURNED")) == {"another": 1}
    assert _apply(study, ("again", "a", "TIMED-OUT")) == {"release": 1}
    assert person.row.outcome == "timed-out"


def test_where_no_submission_is_known_the_persons_own_id_decides(study: Study) -> None:
    person = Person(study, entry="?PROLIFIC_PID=a").walk_to("reading-1")
    assert _look(study, ("any", "a", "RETURNED")) == {"a": "release"}
    other = _person(study, "b")
    panel_status.apply(study, read(b"Participant id,Status\nb,RETURNED\n"), by=study.created_by)
    assert (person.row.outcome, other.row.outcome) == ("", "returned")


def test_a_submission_that_only_a_list_told_of_is_nobodys_second_until_they_come_with_it(study: Study) -> None:
    person = _person(study, "a")
    _apply(study, ("of-a", "a", "ACTIVE"), ("late", "a", "RETURNED"))
    assert _told(study) == [("of-a", "ACTIVE", "")]
    person.enter("?PROLIFIC_PID=a&SESSION_ID=late")
    assert _told(study) == [("of-a late", "ACTIVE RETURNED", "duplicate-panel-id")]


def _told(study: Study) -> list[tuple[str, str, str]]:
    return [(each.submission, each.panel_status, each.flags) for each in payments(study, "live")]


@pytest.mark.postgres
@pytest.mark.usefixtures("postgres_database")
@pytest.mark.parametrize(("rows", "status"), [(Participant, "RETURNED"), (PanelSubmission, "ACTIVE")])
def test_two_lists_applied_at_once_lock_what_both_name_in_one_order(rows: type[models.Model], status: str) -> None:
    study = factories.launched_study()
    for name in ("anna", "bert"):
        _person(study, name)
    first, second = rows._default_manager.order_by("pk")

    def apply() -> Counter[str]:
        try:
            return _apply(study, ("of-bert", "bert", status), ("of-anna", "anna", status))
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            # As another list does, which names them the other way round and has come to the first of them.
            rows._default_manager.select_for_update().get(pk=first.pk)
            other = pool.submit(apply)
            until_somebody_waits()
            rows._default_manager.select_for_update(nowait=True).get(pk=second.pk)
        assert other.result(timeout=60).total() == 2


def test_a_long_list_holds_others_up_for_some_hundred_people_at_a_time(sqlite_file: None) -> None:
    study = factories.launched_study()
    first = _person(study, "0").row
    _crowd(study, first, 250)
    at_once = [0]
    entries = [(f"of-{n}", str(n), "RETURNED") for n in range(250)]

    def counted(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith("BEGIN"):
            at_once.append(0)
        at_once[-1] += sql.startswith('UPDATE "surveys_participant"')
        return execute(sql, *rest)

    with connection.execute_wrapper(counted):
        assert _apply(study, *entries) == {"release": 250}
    assert (max(at_once), sum(at_once)) == (100, 250)
    assert {row.status for row in PanelSubmission.objects.all()} == {"RETURNED"}
    assert PanelSubmission.objects.count() == 250
    told = study.audit.filter(verb="panel statuses imported").order_by("sequence").values_list("subject", flat=True)
    assert [subject.split()[0] for subject in told] == ["100", "100", "50"]
    assert audit.verify(study) == []
    assert _apply(study, *entries) == {"ended": 250}


def _crowd(study: Study, first: Participant, count: int) -> None:
    """People of a panel who have come as far as the first of them."""
    for number in range(1, count):
        person = Participant.objects.get(pk=first.pk)
        person.pk, person.token_hash, person.export_id = None, f"token-{number}", f"export-{number}"
        person.save(force_insert=True)
        keyed = keyed_hash(study, first.mode, str(number))
        PanelIdentity.objects.create(
            study=study, mode=first.mode, keyed_hash=keyed, panel="prolific", participant=person
        )


def test_each_submission_keeps_its_status_and_only_the_arrival_is_kept_of_who_has_not_consented(study: Study) -> None:
    _person(study, "a")
    _person(study, "e", "consent")
    _apply(study, ("of-a", "a", "APPROVED"), ("late", "a", "RETURNED"), ("of-e", "e", "ACTIVE"))
    found = {unseal(bytes(s.ciphertext)): s.status for s in PanelSubmission.objects.all() if s.ciphertext}
    assert found == {"of-a": "APPROVED", "late": "RETURNED"}


def test_an_import_is_logged_with_a_count_and_a_digest_and_without_an_id(study: Study) -> None:
    _person(study, "secret-id")
    _apply(study, ("of-secret-id", "secret-id", "RETURNED"))
    entry = study.audit.order_by("-sequence")[0]
    assert (entry.verb, entry.subject) == ("panel statuses imported", "1 places freed of 1 submissions")
    assert "secret-id" not in str(vars(entry))
    assert audit.verify(study) == []


def test_people_of_the_pilot_are_found_too_and_those_of_other_studies_are_not(study: Study) -> None:
    mode = f"&mode={signed_mode(study, Mode.PILOT)}"
    pilot = _person(study, "a", mode=mode)
    other = _person(factories.launched_study(), "a")
    _apply(study, ("of-a", "a", "RETURNED"))
    assert pilot.row.outcome == "returned"
    assert other.row.outcome == ""


def test_the_list_goes_from_the_look_to_the_confirmation_unread_and_unchanged(study: Study) -> None:
    rows = read(_csv(("s1", "p1", "RETURNED")))
    packed = panel_status.pack(study, rows)
    assert "p1" not in packed
    assert panel_status.unpack(study, packed) == rows
    for wrong in (packed[:-4] + "AAAA", "", "é" * 9):
        with pytest.raises(PanelFileError, match="changed on its way"):
            panel_status.unpack(study, wrong)
    with pytest.raises(PanelFileError, match="another study"):
        panel_status.unpack(factories.ready_study(), packed)
