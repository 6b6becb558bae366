"""A backup that is taken while somebody writes holds one moment, and comes back whole."""

import os
import sqlite3
import subprocess
import sys
import tarfile
import threading
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]


class Installation:
    """A data folder with a migrated database, and the commands run on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def manage(self, *arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        outside = {"DATABASE_URL", "REDIS_URL", "PUBLIC_URL", "SECRET_KEY", "IDENTITY_KEY"}
        kept = {name: value for name, value in os.environ.items() if name not in outside}
        return subprocess.run(
            [sys.executable, "manage.py", *map(str, arguments)],
            cwd=PROJECT,
            env={**kept, "STUDYWEB_DATA_DIR": str(self.folder), **environment},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.folder / "studyweb.sqlite3", timeout=30, isolation_level=None)

    def pairs(self) -> list[tuple[int, int]]:
        """The rows of both tables that the writer fills, each number in both."""
        with self.connect() as database:
            return database.execute("SELECT a.n, b.n FROM a FULL JOIN b ON a.n = b.n").fetchall()


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    installation = Installation(tmp_path_factory.mktemp("data"))
    done = installation.manage("migrate", "--verbosity", "0")
    assert done.returncode == 0, done.stderr
    stored = installation.folder / "files" / "reports" / "one.csv"
    stored.parent.mkdir(parents=True)
    stored.write_bytes(b"participant,rating\n1,4\n")
    return installation


@pytest.fixture(scope="module")
def backup(migrated: Installation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Taken while another thread writes each number into two tables, in one transaction."""
    target = tmp_path_factory.mktemp("backup") / "studyweb.tar.gz"
    stop = threading.Event()
    database = migrated.connect()
    # By their keys the pairs are found at once: the writer makes many thousands.
    database.execute("CREATE TABLE a (n INTEGER PRIMARY KEY)")
    database.execute("CREATE TABLE b (n INTEGER PRIMARY KEY)")
    # So large that the copying takes a while.
    database.execute(
        "CREATE TABLE weight AS WITH RECURSIVE count(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM count LIMIT 5000)"
        " SELECT randomblob(4000) AS x FROM count"
    )
    database.close()

    def write() -> None:
        with migrated.connect() as own:
            number = 0
            while not stop.is_set():
                number += 1
                own.execute("BEGIN IMMEDIATE")
                own.execute("INSERT INTO a VALUES (?)", (number,))
                own.execute("INSERT INTO b VALUES (?)", (number,))
                own.execute("COMMIT")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        done = migrated.manage("backup", target)
    finally:
        stop.set()
        writer.join()
    assert done.returncode == 0, done.stderr
    return target


@pytest.fixture(scope="module")
def restored(backup: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    installation = Installation(tmp_path_factory.mktemp("restored") / "data")
    done = installation.manage("restore", backup)
    assert done.returncode == 0, done.stderr
    return installation


def test_it_holds_one_moment_of_a_database_that_is_written_to(migrated: Installation, restored: Installation) -> None:
    copied, all_pairs = restored.pairs(), migrated.pairs()
    assert copied
    assert all(first == second for first, second in copied)
    assert sorted(copied) == [(number, number) for number in range(1, len(copied) + 1)]
    # The writer went on while the copy was made.
    assert len(all_pairs) > len(copied)


def test_the_restored_database_is_sound_and_complete(migrated: Installation, restored: Installation) -> None:
    with restored.connect() as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert database.execute("SELECT count(*), sum(length(x)) FROM weight").fetchone() == (5000, 20_000_000)
    assert restored.manage("migrate", "--check").returncode == 0


def test_files_and_kept_secrets_come_back(migrated: Installation, restored: Installation) -> None:
    for name in ("files/reports/one.csv", "secret-key.txt", "identity-key.txt"):
        assert (restored.folder / name).read_bytes() == (migrated.folder / name).read_bytes()


def test_only_its_owner_reads_it(backup: Path) -> None:
    assert backup.stat().st_mode & 0o077 == 0
    assert [path.name for path in backup.parent.iterdir()] == [backup.name]


def test_an_existing_file_is_replaced_only_by_force(migrated: Installation, tmp_path: Path) -> None:
    target = tmp_path / "there.tar.gz"
    target.write_text("precious")
    done = migrated.manage("backup", target)
    assert done.returncode != 0
    assert "exists already" in done.stderr
    assert target.read_text() == "precious"
    assert migrated.manage("backup", target, "--force").returncode == 0
    assert tarfile.is_tarfile(target)


def test_a_folder_with_data_is_never_restored_over(migrated: Installation, backup: Path) -> None:
    done = migrated.manage("restore", backup)
    assert done.returncode != 0
    assert f"There is data in {migrated.folder}" in done.stderr


def test_a_changed_byte_is_noticed_and_nothing_is_restored(backup: Path, tmp_path: Path) -> None:
    with tarfile.open(backup) as archive:
        archive.extractall(tmp_path / "content", filter="data")
    (tmp_path / "content" / "files" / "reports" / "one.csv").write_bytes(b"participant,rating\n1,5\n")
    changed = tmp_path / "changed.tar.gz"
    with tarfile.open(changed, "w:gz") as archive:
        archive.add(tmp_path / "content", arcname=".")
    installation = Installation(tmp_path / "data")
    done = installation.manage("restore", changed)
    assert done.returncode != 0
    assert "files/reports/one.csv do not agree with its manifest" in done.stderr
    assert not (installation.folder / "studyweb.sqlite3").exists()
    assert not (installation.folder / "files").exists()


@pytest.mark.parametrize("length", [0, 1000])
def test_a_file_that_was_cut_off_is_refused(backup: Path, tmp_path: Path, length: int) -> None:
    cut = tmp_path / "cut.tar.gz"
    cut.write_bytes(backup.read_bytes()[:length])
    done = Installation(tmp_path / "data").manage("restore", cut)
    assert done.returncode != 0
    assert "cannot be read" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_file_and_a_missing_folder_are_said(migrated: Installation, tmp_path: Path) -> None:
    done = Installation(tmp_path / "data").manage("restore", tmp_path / "none.tar.gz")
    assert "none.tar.gz is not there" in done.stderr
    assert "There is no folder" in migrated.manage("backup", tmp_path / "none" / "b.tar.gz").stderr


def test_without_pg_dump_a_postgresql_backup_says_what_is_missing(migrated: Installation, tmp_path: Path) -> None:
    environment = {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none", "PATH": str(tmp_path)}
    done = migrated.manage("backup", tmp_path / "b.tar.gz", "--skip-checks", **environment)
    assert "pg_dump is not installed here" in done.stderr
    assert not (tmp_path / "b.tar.gz").exists()
