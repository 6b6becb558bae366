"""A database that could lose or corrupt an acknowledged answer is refused by name."""

import sqlite3
from pathlib import Path

import pytest
from django.core.checks import run_checks
from django.db import connections
from django.db.backends.sqlite3.base import DatabaseWrapper
from pytest_django import DjangoDbBlocker

from studyweb.checks import database_problems, has_wal_race


@pytest.mark.parametrize(
    ("version", "bad"),
    [
        ((3, 40, 1), True),
        ((3, 44, 5), True),
        ((3, 44, 6), False),
        ((3, 45, 0), True),
        ((3, 50, 6), True),
        ((3, 50, 7), False),
        ((3, 51, 2), True),
        ((3, 51, 3), False),
        ((3, 53, 4), False),
    ],
)
def test_the_releases_with_the_wal_race_are_known(version: tuple[int, int, int], bad: bool) -> None:
    assert has_wal_race(version) is bad


def test_the_sqlite_that_is_used_has_no_wal_race() -> None:
    assert not has_wal_race(sqlite3.sqlite_version_info)


def test_durable_settings_are_accepted(tmp_path: Path, django_db_blocker: DjangoDbBlocker) -> None:
    with django_db_blocker.unblock():
        assert database_problems(_connection(tmp_path)) == []


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("init_command", "PRAGMA journal_mode=DELETE; PRAGMA synchronous=FULL;", "must be 'wal'"),
        ("init_command", "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;", "must be FULL"),
        ("transaction_mode", "DEFERRED", "transaction_mode must be IMMEDIATE"),
    ],
)
def test_each_weaker_setting_is_refused(
    tmp_path: Path, django_db_blocker: DjangoDbBlocker, option: str, value: str, says: str
) -> None:
    with django_db_blocker.unblock():
        problems = database_problems(_connection(tmp_path, **{option: value}))
    assert len(problems) == 1
    assert says in problems[0]


@pytest.mark.django_db
def test_the_check_asks_the_databases_that_are_named() -> None:
    assert run_checks(tags=["database"], databases=["default"]) == []


def _connection(folder: Path, **options: str) -> DatabaseWrapper:
    """A connection to a file, with durable options but for these."""
    durable = {
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }
    settings = {**connections["default"].settings_dict, "NAME": str(folder / "tried.sqlite3")}
    return DatabaseWrapper({**settings, "ENGINE": "", "OPTIONS": {**durable, **options}}, "tried")
