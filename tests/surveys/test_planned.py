"""Statements without a cursor give what a cursor gives, and fail as it fails."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from psycopg import Connection, errors

from surveys import planned
from surveys.models import Article, Participant
from surveys.prepared import Given, Lookup
from tests import factories

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("postgres_database")]


def _server() -> "Connection[Any]":
    connection.ensure_connection()
    server: Connection[Any] = connection.connection
    return server


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("text", "ä 🦉 % %s '\"\\"),
        ("text", ""),
        ("text", None),
        ("bigint", 2**40),
        ("integer", -1),
        ("boolean", True),
        ("timestamptz", datetime(2026, 5, 4, 3, 2, 1, 5, tzinfo=UTC)),
    ],
)
def test_a_value_comes_back_as_it_was_given(type_: str, value: object) -> None:
    for _ in range(2):
        rows, count = planned.run(_server(), f"SELECT CAST(%s AS {type_}), '100%%'", [value])
        assert rows == [[value, "100%"]]
        assert count == 1


def test_values_of_other_sizes_and_kinds_have_plans_of_their_own() -> None:
    for value in (1, 2**20, 2**40, 3, None):
        assert planned.run(_server(), "SELECT CAST(%s AS bigint)", [value])[0] == [[value]]


def test_an_error_is_the_one_that_a_cursor_raises_and_the_connection_goes_on() -> None:
    with pytest.raises(errors.DivisionByZero):
        planned.run(_server(), "SELECT 1 / CAST(%s AS integer)", [0])
    with pytest.raises(errors.UndefinedTable):
        planned.run(_server(), "SELECT * FROM no_such_table WHERE a = %s", [0])
    with pytest.raises(errors.DataError, match="NUL"):
        planned.run(_server(), "SELECT CAST(%s AS text)", ["a\0b"])
    assert planned.run(_server(), "SELECT CAST(%s AS integer)", [1])[0] == [[1]]


def test_a_transaction_holds_what_runs_in_it() -> None:
    study = factories.launched_study()
    assert study.current_version is not None
    person = Participant.objects.create(study=study, version=study.current_version, mode="live", token_hash="a" * 64)
    sql = "UPDATE surveys_participant SET step = %s WHERE id = %s"
    with transaction.atomic():
        for step in (3, 4):
            assert planned.run(_server(), sql, [step, person.pk]) == ([], 1)
        transaction.set_rollback(True)
    person.refresh_from_db()
    assert person.step == 0
    assert planned.run(_server(), sql, [5, person.pk]) == ([], 1)
    person.refresh_from_db()
    assert person.step == 5


def test_a_connection_that_is_lost_is_an_operational_error_each_time_and_a_new_one_plans_anew() -> None:
    lookup = Lookup(
        lambda: Article.objects.filter(key=Given("key", Article._meta.get_field("key"))).values_list("pk", "key")
    )
    assert lookup.all(key="none") == []
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = cursor.fetchone()[0]
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [backend])
    other.close()
    for _ in range(2):
        with pytest.raises(OperationalError):
            lookup.all(key="none")
    connection.close()
    assert lookup.all(key="none") == []
