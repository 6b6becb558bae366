"""Statements that are written once do what the ORM's own do, for every value."""

import pytest
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models import CharField, IntegerField
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from surveys.models import Draft, Participant
from surveys.prepared import Given, Lookup, Update, made
from tests import factories

pytestmark = pytest.mark.django_db
HOSTILE = ["", "'", "%s", "%", '"; DROP TABLE surveys_draft; --', "🦉", "\\"]

DRAFT_OF = Lookup(
    lambda: Draft.objects.filter(step=Given("step", CharField())).values_list("id", "sequence", "content", "saved_at")
)
LATER = Update(
    lambda: (
        Draft.objects.filter(step=Given("step", CharField()), sequence__lt=Given("sequence", IntegerField())),
        {"sequence": Given("sequence", IntegerField()), "saved_at": Now()},
    )
)


@pytest.fixture
def person() -> Participant:
    study = factories.launched_study()
    assert study.current_version is not None
    return Participant.objects.create(study=study, version=study.current_version, mode="live", token_hash="a" * 64)


@pytest.mark.parametrize("step", HOSTILE)
def test_a_lookup_finds_what_the_orm_finds_with_the_same_types(person: Participant, step: str) -> None:
    draft = Draft.objects.create(participant=person, step=step, sequence=7, content={"word": ["ä", step]})
    draft.refresh_from_db()
    assert DRAFT_OF.first(step=step) == [draft.pk, 7, {"word": ["ä", step]}, draft.saved_at]
    assert DRAFT_OF.first(step=f"{step}?") is None


def test_an_update_changes_the_rows_it_is_given_and_counts_them(person: Participant) -> None:
    for step in ("one", "two"):
        Draft.objects.create(participant=person, step=step, sequence=1, content={})
    assert LATER.run(step="one", sequence=5) == 1
    assert LATER.run(step="one", sequence=5) == 0
    assert LATER.run(step="three", sequence=9) == 0
    assert dict(Draft.objects.values_list("step", "sequence")) == {"one": 5, "two": 1}


def test_a_statement_is_one_query_and_is_written_once(person: Participant) -> None:
    LATER.run(step="one", sequence=1)
    with CaptureQueriesContext(connection) as captured:
        DRAFT_OF.first(step="one")
        LATER.run(step="one", sequence=1)
    assert len(captured) == 2
    assert DRAFT_OF._written(connections[DEFAULT_DB_ALIAS]) is DRAFT_OF._written(connections[DEFAULT_DB_ALIAS])


def test_a_made_row_fetches_what_it_was_not_given(person: Participant) -> None:
    again = made(Participant, ["id", "language"], [person.pk, "de"])
    assert again == person
    assert again.language == "de"
    assert again.token_hash == "a" * 64
