"""Other databases under the tests: the default one replaced for a while by a real server or a file."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from pytest_django import DjangoDbBlocker

DEFAULT = "default"


@contextmanager
def as_default(database: dict[str, Any], blocker: DjangoDbBlocker, *, migrated: bool = False) -> Iterator[None]:
    """Migrate this database, if it is not, and let all threads use it; the former one is back afterwards."""
    was, connection = connections.settings[DEFAULT], connections[DEFAULT]
    connections.settings[DEFAULT] = {**was, **database}
    del connections[DEFAULT]
    with blocker.unblock():
        try:
            if not migrated:
                call_command("migrate", verbosity=0)
            yield
        finally:
            used: Any = connections[DEFAULT]
            used.close()
            if hasattr(used, "close_pool"):
                used.close_pool()
            connections.settings[DEFAULT] = was
            connections[DEFAULT] = connection


def _sqlite(file: Path) -> dict[str, Any]:
    options = dict(settings.DATABASES[DEFAULT]["OPTIONS"])
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(file), "OPTIONS": options}


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker) -> Path:
    """A migrated SQLite file without people or studies, of which tests take copies: migrating takes seconds."""
    file = tmp_path_factory.mktemp("migrated") / "test.sqlite3"
    with as_default(_sqlite(file), django_db_blocker):
        pass
    return file


@pytest.fixture
def sqlite_file(migrated_file: Path, tmp_path: Path, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """SQLite in a file, with the options that the settings give it: threads meet there as processes do."""
    file = tmp_path / "test.sqlite3"
    shutil.copy(migrated_file, file)
    with as_default(_sqlite(file), django_db_blocker, migrated=True):
        yield


# By its mark pytest-django knows, before any test runs, that it has to make a database.
@pytest.fixture(
    params=[
        pytest.param("db", marks=pytest.mark.django_db),
        pytest.param("postgres_rows", marks=pytest.mark.postgres),
    ]
)
def either_database(request: pytest.FixtureRequest) -> None:
    """SQLite and then PostgreSQL, within one transaction that is undone: for tests that need no second connection."""
    request.getfixturevalue(request.param)


def address() -> str:
    """The ``DATABASE_URL`` with which another process comes to the database that is Django's default now."""
    database = connections[DEFAULT].settings_dict
    if database["ENGINE"].endswith("sqlite3"):
        return f"sqlite:///{database['NAME']}"
    user, password = quote(database["USER"]), quote(database["PASSWORD"])
    query = urlencode({"host": database["HOST"]} | ({"port": database["PORT"]} if database["PORT"] else {}))
    return f"postgres://{user}:{password}@/{database['NAME']}?{query}"
