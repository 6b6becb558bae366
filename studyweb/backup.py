"""One consistent file of everything that an installation must not lose, taken while it runs; and the way back.

The file is a .tar.gz: `manifest.json` (what is in it, with sizes and SHA-256), the database, the stored files, and the
secrets that were made on this machine. SQLite is copied with its backup API, PostgreSQL with pg_dump: both see one
moment. The database is copied before the files, and files are written before the rows that name them, so every row's
file is there. The broker is left out: rows are the queue, a message is only a wake-up.
"""

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from django.conf import settings
from django.db import connection
from psycopg import pq
from psycopg.conninfo import make_conninfo

FORMAT = "studyweb-backup/1"
MANIFEST = "manifest.json"
SQLITE = "database.sqlite3"
POSTGRESQL = "database.pgdump"
SECRETS = ("secret-key.txt", "identity-key.txt")


class BackupError(Exception):
    """The backup or its restoring cannot be done; the message says what to do."""


def back_up(target: Path, *, now: datetime, overwrite: bool = False) -> dict[str, Any]:
    """Write the backup; its manifest. The file appears whole or not at all, and only its owner reads it.

    Raises BackupError when the file exists already and is not to be overwritten, or when the database cannot be read.
    """
    if target.exists() and not overwrite:
        raise BackupError(f"{target} exists already. Choose another name, or say --force to replace it.")
    if not target.parent.is_dir():
        raise BackupError(f"There is no folder {target.parent}. Make it first, or choose another.")
    with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as name:
        staging = Path(name) / "content"
        staging.mkdir()
        _copy_database(staging)
        _copy_files(staging)
        manifest = {"format": FORMAT, "made_at": now.astimezone(UTC).isoformat(), "files": _listed(staging)}
        (staging / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
        packed = Path(name) / "packed"
        _pack(staging, packed)
        packed.replace(target)
    return manifest


def restore(source: Path) -> list[str]:
    """Put a backup's content into the data folder, which must hold no database; the names that were put there.

    Raises BackupError when the file is not whole, when data would be overwritten, or for a PostgreSQL dump, which is
    restored with pg_restore.
    """
    database = Path(settings.DATA_DIR) / "studyweb.sqlite3"
    if connection.vendor != "sqlite":
        raise BackupError("DATABASE_URL is set. Unset it to restore into the data folder, or use pg_restore.")
    if database.exists() or any(_files_in(Path(settings.MEDIA_ROOT))):
        raise BackupError(f"There is data in {settings.DATA_DIR}. Set STUDYWEB_DATA_DIR to an empty folder.")
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=settings.DATA_DIR) as name:
        names = unpack(source, Path(name))
        if POSTGRESQL in names:
            raise BackupError(
                f"{source} holds a PostgreSQL dump. Take {POSTGRESQL} out of it and restore it with "
                "pg_restore --clean --if-exists --dbname=NAME."
            )
        for each in names:
            place = database if each == SQLITE else Path(settings.DATA_DIR) / each
            place.parent.mkdir(parents=True, exist_ok=True)
            (Path(name) / each).replace(place)
    return names


def unpack(source: Path, folder: Path) -> list[str]:
    """Extract a backup and hold every file against the manifest; their names. Raises BackupError."""
    try:
        with tarfile.open(source) as archive:
            archive.extractall(folder, filter="data")
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BackupError(f"{source} is not there, or is no backup of studyweb: it has no {MANIFEST}.") from error
    except (OSError, EOFError, tarfile.TarError, ValueError) as error:
        raise BackupError(f"{source} cannot be read: {error}. It may have been cut off on its way.") from error
    if manifest.get("format") != FORMAT:
        raise BackupError(f"{source} has the format {manifest.get('format')!r}, and {FORMAT!r} is expected.")
    found = {entry["name"]: entry for entry in _listed(folder) if entry["name"] != MANIFEST}
    listed = {entry["name"]: entry for entry in manifest["files"]}
    wrong = sorted(name for name in found.keys() | listed.keys() if found.get(name) != listed.get(name))
    if wrong:
        raise BackupError(f"{source} is damaged: {', '.join(wrong)} do not agree with its manifest.")
    return sorted(listed)


def _copy_database(staging: Path) -> None:
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        with closing(sqlite3.connect(staging / SQLITE)) as copy:
            # Pages are read in one step under a read lock of WAL: writers go on, and the copy is of one moment.
            connection.connection.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
    else:
        _dump_postgresql(staging / POSTGRESQL)


def _dump_postgresql(target: Path) -> None:
    program = shutil.which("pg_dump")
    if program is None:
        raise BackupError(
            "The database is PostgreSQL, and pg_dump is not installed here: apt-get install postgresql-client."
        )
    address, password = _address_for_libpq()
    done = subprocess.run(  # noqa: S603 -- the command is our own, without a shell
        [program, "--format=custom", "--no-owner", f"--file={target}", f"--dbname={address}"],
        env={**os.environ, **({"PGPASSWORD": password} if password else {})},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise BackupError(f"pg_dump could not copy the database: {done.stderr.strip()}")


def _address_for_libpq() -> tuple[str, str]:
    """How Django reaches the database, as pg_dump understands it; and the password, which no process list may show."""
    known = {option.keyword.decode() for option in pq.Conninfo.get_defaults()}
    given = {name: value for name, value in connection.get_connection_params().items() if name in known and value}
    password = str(given.pop("password", ""))
    return make_conninfo(**given), password


def _copy_files(staging: Path) -> None:
    media = Path(settings.MEDIA_ROOT)
    for path in _files_in(media):
        target = staging / "files" / path.relative_to(media)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copyfile(path, target)
        except FileNotFoundError:
            # Deleted between the listing and the copying, as a withdrawal may: it is rightly in no later backup.
            target.unlink(missing_ok=True)
    for name in SECRETS:
        kept = Path(settings.DATA_DIR) / name
        if kept.exists():
            shutil.copyfile(kept, staging / name)


def _files_in(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def _listed(folder: Path) -> list[dict[str, Any]]:
    """Name, size in bytes and SHA-256 of every file under the folder."""
    entries = []
    for path in _files_in(folder):
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        name = str(PurePosixPath(path.relative_to(folder)))
        entries.append({"name": name, "bytes": path.stat().st_size, "sha256": digest})
    return entries


def _pack(staging: Path, packed: Path) -> None:
    with packed.open("xb") as file:
        os.fchmod(file.fileno(), 0o600)
        with tarfile.open(fileobj=file, mode="w:gz") as archive:
            # The manifest comes first, so that it can be read without unpacking the rest.
            for path in [staging / MANIFEST, *(path for path in _files_in(staging) if path.name != MANIFEST)]:
                archive.add(path, arcname=str(PurePosixPath(path.relative_to(staging))))
        file.flush()
        os.fsync(file.fileno())
