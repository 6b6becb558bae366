"""Several statements as one: all or nothing on each kind of database, and only for who is first."""

import pytest
from django.db import DataError, IntegrityError, connection, transaction
from django.db.models import F, IntegerField
from django.test.utils import CaptureQueriesContext

from surveys.models import Answer, Draft, PanelIdentity, PanelSubmission, Participant
from surveys.prepared import Delete, Given, Insert, InsertFor, Together, Update
from tests import factories

ROWS = Insert(Answer, "participant_id", "step", "item", "trial_id", "state", "value")
PERSON = Given("pk", IntegerField())
MOVING = Together(
    Update(
        lambda: (
            Participant.objects.filter(pk=PERSON, step=Given("step", IntegerField())),
            {"step": Given("to", IntegerField())},
        )
    ),
    ROWS,
    Update(lambda: (Draft.objects.filter(participant=PERSON), {"sequence": F("sequence") + 1})),
)
FORGETTING = Delete(lambda: Draft.objects.filter(participant=PERSON))
HOSTILE = ["'", "%s", "%", '"; DROP TABLE surveys_answer; --', "🦉", "\\", "x" * 100_000]


@pytest.fixture(params=["sqlite_file", pytest.param("postgres_database", marks=pytest.mark.postgres)])
def person(request: pytest.FixtureRequest) -> Participant:
    request.getfixturevalue(request.param)
    study = factories.launched_study()
    assert study.current_version is not None
    somebody = Participant.objects.create(
        study=study, version=study.current_version, mode="live", token_hash="a" * 64, consented_at="2026-01-01T00:00Z"
    )
    Draft.objects.create(participant=somebody, step="s", sequence=1, content={})
    return somebody


def _rows(person: Participant, *values: str) -> list[tuple[int, str, str, None, str, str]]:
    return [(person.pk, "s", f"item-{n}", None, "answered", value) for n, value in enumerate(values)]


def _stored(person: Participant) -> tuple[int, int, list[str]]:
    """(step, sequence of the draft, answers) as the database has them."""
    person.refresh_from_db()
    answers = Answer.objects.order_by("item").values_list("value", flat=True)
    return person.step, Draft.objects.get().sequence, list(answers)


def test_only_who_is_first_is_recorded_and_with_everything_that_belongs_to_it(person: Participant) -> None:
    assert MOVING.run(_rows(person, *HOSTILE), pk=person.pk, step=0, to=1)
    assert not MOVING.run(_rows(person, "later"), pk=person.pk, step=0, to=1)
    assert _stored(person) == (1, 2, HOSTILE)
    assert all(answer.submitted_at is not None for answer in Answer.objects.all())


def test_it_is_one_statement_where_the_database_knows_such(person: Participant) -> None:
    for step, count in enumerate((1, 2, 0, 1)):
        rows = [(person.pk, f"s{step}", f"i{n}", None, "answered", "x") for n in range(count)]
        with CaptureQueriesContext(connection) as captured:
            assert MOVING.run(rows, pk=person.pk, step=step, to=step + 1)
        assert len(captured) == (1 if connection.vendor == "postgresql" else 5 if count else 4)
    assert Answer.objects.count() == 4


def test_a_move_without_answers_is_made_all_the_same(person: Participant) -> None:
    assert MOVING.run([], pk=person.pk, step=0, to=1)
    assert not MOVING.run([], pk=person.pk, step=0, to=1)
    assert _stored(person) == (1, 2, [])


def test_what_belongs_to_an_update_without_rows_is_done_only_with_it(person: Participant) -> None:
    first = Update(
        lambda: (
            Participant.objects.filter(pk=PERSON, step=Given("step", IntegerField())),
            {"step": Given("to", IntegerField())},
        )
    )
    renewing = Together(first, None, Update(lambda: (Draft.objects.filter(participant=PERSON), {"sequence": 9})))
    assert not renewing.run(pk=person.pk, step=5, to=6)
    assert _stored(person) == (0, 1, [])
    assert renewing.run(pk=person.pk, step=0, to=1)
    assert _stored(person) == (1, 9, [])


def test_where_a_row_cannot_be_stored_nothing_is_changed(person: Participant) -> None:
    rows = _rows(person, "one", "two")
    with pytest.raises(IntegrityError):
        MOVING.run([*rows, rows[0]], pk=person.pk, step=0, to=1)
    assert _stored(person) == (0, 1, [])
    with pytest.raises(IntegrityError):
        MOVING.run([(*rows[0][:4], "skipped", "a value")], pk=person.pk, step=0, to=1)
    assert _stored(person) == (0, 1, [])


@pytest.mark.postgres
def test_what_is_too_long_for_its_column_is_refused_and_never_cut(postgres_database: None) -> None:
    study = factories.launched_study()
    assert study.current_version is not None
    somebody = Participant.objects.create(study=study, version=study.current_version, mode="live", token_hash="a" * 64)
    with pytest.raises(DataError):
        MOVING.run([(somebody.pk, "s" * 41, "item", None, "answered", "x")], pk=somebody.pk, step=0, to=1)
    assert not Answer.objects.exists()


def test_it_goes_back_with_the_transaction_around_it(person: Participant) -> None:
    with transaction.atomic():
        assert MOVING.run(_rows(person, "one"), pk=person.pk, step=0, to=1)
        transaction.set_rollback(True)
    assert _stored(person) == (0, 1, [])


def test_a_deletion_takes_the_rows_of_one_person(person: Participant) -> None:
    FORGETTING.run(pk=person.pk + 1)
    assert Draft.objects.count() == 1
    FORGETTING.run(pk=person.pk)
    assert Draft.objects.count() == 0


def test_a_row_about_another_is_inserted_once_and_only_where_that_is(person: Participant) -> None:
    names = ("identity_id", "keyed_hash", "ciphertext", "status")
    submission = InsertFor(PanelSubmission, *names, of=PanelIdentity, key="participant_id")
    moving = Together(
        Update(lambda: (Participant.objects.filter(pk=PERSON, step=0), {"step": Given("to", IntegerField())})),
        None,
        entry=submission,
    )
    row = ("a" * 64, b"\x00'%s", "", person.pk)
    submission.run([row])
    assert not PanelSubmission.objects.exists()
    PanelIdentity.objects.create(study=person.study, mode="live", keyed_hash="b" * 64, participant=person)
    assert moving.run((), row, pk=person.pk, to=1)
    assert not moving.run((), ("c" * 64, *row[1:]), pk=person.pk, to=1)
    submission.run([row])
    (kept,) = PanelSubmission.objects.all()
    assert (kept.keyed_hash, bytes(kept.ciphertext or b""), kept.status) == row[:3]
    assert kept.seen_at is not None
