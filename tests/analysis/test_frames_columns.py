"""Rows as columns hold what the database holds, whatever texts are in them, on each kind of database."""

import pytest
from django.db import DatabaseError
from django.db.models.expressions import RawSQL

from analysis import frames_columns
from analysis.frames_columns import asking
from surveys.models import Answer, Participant
from tests import factories

TEXTS = ["", "plain", 'a "quoted" one', "a, b", "two\nlines", "\r\n", "'", "%s", "NULL", "🦉", "\\", "x" * 100_000]


@pytest.fixture(params=["sqlite_file", pytest.param("postgres_database", marks=pytest.mark.postgres)])
def answers(request: pytest.FixtureRequest) -> list[Answer]:
    """Answers of some people, each text once, and one without a trial."""
    request.getfixturevalue(request.param)
    study = factories.launched_study()
    assert study.current_version is not None
    people = [
        Participant.objects.create(study=study, version=study.current_version, mode="live", token_hash=f"{n:064x}")
        for n in range(3)
    ]
    rows = [
        Answer(participant=people[n % 3], step="s", item=f"item-{n}", state="answered", value=text)
        for n, text in enumerate(TEXTS)
    ]
    return Answer.objects.bulk_create(rows)


@pytest.mark.parametrize("together", [1, 100])
def test_every_text_stays_one_cell_and_nothing_is_no_empty_text(
    answers: list[Answer], together: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames_columns, "TOGETHER", together)
    with asking() as ask:
        asked = ask(
            Answer.objects.all(),
            whole={"key": "pk", "person": "participant", "trial": "trial"},
            texts={"item": "item", "value": "value"},
            long={"again": "value"},
        )
        asked_too = ask(Answer.objects.filter(pk__in=()), whole={"key": "pk"}, texts={"value": "value"})
        asked_last = ask(Answer.objects.filter(item="item-0"), whole={"key": "pk"}, texts={})
        found, nobody, last = asked().sort_values("key"), asked_too(), asked_last()
    assert last["key"].tolist() == [answers[0].pk]
    assert found["key"].tolist() == [answer.pk for answer in answers]
    assert found["person"].tolist() == [answer.participant_id for answer in answers]
    assert found["trial"].isna().all()
    assert found["item"].tolist() == [answer.item for answer in answers]
    assert found["value"].tolist() == found["again"].tolist() == TEXTS
    assert (len(nobody), list(nobody)) == (0, ["key", "value"])


def test_what_the_database_refuses_is_raised_where_it_is_read(answers: list[Answer]) -> None:
    wrong = Answer.objects.annotate(wrong=RawSQL("no_such_column", ()))
    with asking() as ask:
        refused, fine = (
            ask(wrong, whole={"wrong": "wrong"}, texts={}),
            ask(Answer.objects.all(), whole={}, texts={"item": "item"}),
        )
        with pytest.raises(DatabaseError, match="no_such_column"):
            refused()
        assert len(fine()) == len(answers)
