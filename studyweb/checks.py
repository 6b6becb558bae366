"""What is asked at every start: whether an acknowledged answer is durable, and whether a lab's instruments are read."""

import sqlite3
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.sqlite3.base import DatabaseWrapper as SqliteConnection

from surveys.library import offered

FULL = 2  # what SQLite answers to PRAGMA synchronous

Version = tuple[int, int, int]


def has_wal_race(version: Version) -> bool:
    """Whether this SQLite can corrupt a database in WAL mode.

    The race is in 3.7.0 to 3.51.2, and was fixed in 3.44.6 and 3.50.7 as well (https://sqlite.org/wal.html).
    """
    if version[:2] == (3, 44):
        return version < (3, 44, 6)
    if version[:2] == (3, 50):
        return version < (3, 50, 7)
    return version < (3, 51, 3)


def database_problems(connection: BaseDatabaseWrapper) -> list[str]:
    """What is wrong with the database's settings, in sentences; none for PostgreSQL, whose defaults are durable."""
    if not isinstance(connection, SqliteConnection):
        return []
    problems = []
    if has_wal_race(sqlite3.sqlite_version_info):
        problems.append(
            f"SQLite {sqlite3.sqlite_version} has a race in WAL mode that can corrupt the database. Install the "
            "locked requirements again: pysqlite3 brings a newer one."
        )
    with connection.cursor() as cursor:
        journal = cursor.execute("PRAGMA journal_mode").fetchone()[0]
        synchronous = cursor.execute("PRAGMA synchronous").fetchone()[0]
    if journal != "wal" and not connection.is_in_memory_db():
        problems.append(
            f"SQLite keeps its journal as {journal!r}, and it must be 'wal': is the folder on a network disk?"
        )
    if synchronous != FULL:
        problems.append(f"SQLite's PRAGMA synchronous is {synchronous}, and must be FULL: an answer could be lost.")
    if connection.settings_dict["OPTIONS"].get("transaction_mode") != "IMMEDIATE":
        problems.append("SQLite's transaction_mode must be IMMEDIATE: two people answering at once would get errors.")
    return problems


@register(Tags.database)
def check_database(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """`manage.py check --database default`, and what `migrate` and `up` ask first."""
    asked = (connections[alias] for alias in databases or ())
    return [Error(problem, id="studyweb.E001") for each in asked for problem in database_problems(each)]


@register()
def check_instruments(**kwargs: Any) -> list[CheckMessage]:
    """`manage.py check`: the lab's own instruments that cannot be used, each with its file and line."""
    if settings.INSTRUMENTS_DIR is None:
        return []
    return [Warning(problem, id="studyweb.W001") for problem in offered().problems]
