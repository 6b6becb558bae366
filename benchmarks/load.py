"""Many people at once with no time to think: is every request answered in time, and every answer kept exactly once?

`python -m benchmarks.load [--sqlite]` starts studyweb as `manage.py up` runs it, over PostgreSQL committing durably or
over SQLite, and lets so many readers walk the study of the participants' benchmark (`benchmarks/peers/content.json`),
again and again, until the time is over. Several processes share the readers: in one, whose threads take turns, each
would wait for all others between two pieces of a request. Then the database is held against what was sent. It prints a
table, and one line of JSON that says whether all held: no error, no request over 30 s, no answer lost or doubled, arms
within 1.
"""

import argparse
import contextlib
import json
import os
import signal
import sqlite3
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import httpx

from benchmarks._participants_servers import Postgres, cpu_seconds
from benchmarks._participants_sides import Studyweb, studyweb
from benchmarks._participants_walk import ARTICLES, Given, Walk, WalkError, answers
from benchmarks.participants import WrongRun, check, percentile

SLOWEST = 30.0
PROCESSES = 4


@dataclass(frozen=True)
class SqliteFile:
    """One SQLite database, as ``studyweb`` asks for it."""

    path: Path

    @property
    def django_url(self) -> str:
        return f"sqlite:///{self.path}"

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query, over a connection of its own."""
        with contextlib.closing(sqlite3.connect(self.path)) as connection:
            return connection.execute(query).fetchall()


@dataclass(frozen=True)
class SqliteFolder:
    """Where SQLite databases are made."""

    folder: Path

    def new(self, name: str) -> SqliteFile:
        """A database that is not there yet."""
        return SqliteFile(self.folder / f"{name}.sqlite3")


@dataclass
class Seen:
    """What readers met: seconds of each request by its method, what went wrong, what was sent; and what they cost."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: {"GET": [], "POST": []})
    errors: Counter[str] = field(default_factory=Counter)
    sent: list[Given] = field(default_factory=list)
    walked: int = 0
    cpu: float = 0.0

    def add(self, other: "Seen") -> None:
        """Count what other readers met too."""
        for method, found in other.seconds.items():
            self.seconds[method] += found
        self.errors += other.errors
        self.sent += other.sent
        self.walked += other.walked
        self.cpu += other.cpu


@dataclass(frozen=True)
class Door:
    """Where readers come in: the study's address, and what its consent asks for."""

    entry: str
    consent: dict[str, str]
    until: float  # of the clock that all processes of a machine share


def main(people: int, seconds: int, *, on_sqlite: bool) -> None:
    """Run, print, and say whether everything held."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="load-", dir="/tmp")))
        postgres = None if on_sqlite else stack.enter_context(Postgres())
        side = stack.enter_context(studyweb(postgres or SqliteFolder(folder), folder))
        assert isinstance(side, Studyweb)
        seen = Seen()
        web, began = side.cpu(), time.monotonic()
        database = cpu_seconds(postgres.process) if postgres else 0.0
        door = Door(side.entries(1)[0], side.consent, began + seconds)
        shares = [range(first, people, PROCESSES) for first in range(min(PROCESSES, people))]
        with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
            for found in pool.map(partial(_readers, door), shares):
                seen.add(found)
        lasted = time.monotonic() - began
        spent = {"web": side.cpu() - web, "load generator": seen.cpu}
        if postgres:
            spent["database"] = cpu_seconds(postgres.process) - database
        arms = dict(side.database.rows("SELECT arm, count(*) FROM surveys_participant WHERE arm <> '' GROUP BY arm"))
        lost = _lost(side, seen)
    _print(seen, spent, lasted, people, "SQLite" if on_sqlite else "PostgreSQL")
    slowest = max(max(found, default=0.0) for found in seen.seconds.values())
    spread = max(arms.values()) - min(arms.values())
    holds = not seen.errors and not lost and slowest <= SLOWEST and spread <= 1
    print(f"arms: {arms}; {lost or 'every answer is recorded exactly once'}")
    verdict = {"benchmark": "load", "slowest_s": round(slowest, 1), "errors": seen.errors.total(), "arms_apart": spread}
    print(json.dumps(verdict | {"holds": holds}))


def _readers(door: Door, numbers: Sequence[int]) -> Seen:
    """What the readers of one process met, each in a thread of its own."""
    seen, lock = Seen(), threading.Lock()
    began = time.process_time()
    with ThreadPoolExecutor(len(numbers)) as pool:
        done = [pool.submit(_walk_until, door, seen, lock, reader) for reader in numbers]
    for walked in done:
        walked.result()
    seen.cpu = time.process_time() - began
    return seen


def _walk_until(door: Door, seen: Seen, lock: threading.Lock, reader: int) -> None:
    """One person after another by one reader, until the time is over; what is under way is left where it is."""
    number = 0
    while time.monotonic() < door.until:
        label = f"reader {reader}, walk {number}"
        number += 1
        with _timed(seen, lock) as client:
            walk = Walk(client, door.entry, label, door.consent)
            try:
                _walk(walk, door.until)
            except (WalkError, httpx.HTTPError) as error:
                with lock:
                    seen.errors[f"{type(error).__name__}: {str(error)[:120]}"] += 1
            with lock:
                seen.sent += walk.given
                seen.walked += len(walk.given) == ARTICLES


def _walk(walk: Walk, end: float) -> None:
    walk.enter()
    walk.submit(walk.consent)
    for position in range(ARTICLES):
        if time.monotonic() >= end:
            return
        given = answers(walk.label, position)
        walk.submit(given._asdict())
        walk.given.append(given)
    walk.submit({})


@contextlib.contextmanager
def _timed(seen: Seen, lock: threading.Lock) -> Iterator[httpx.Client]:
    """A browser that notes how long each request took."""

    def began(request: httpx.Request) -> None:
        request.extensions["began"] = time.perf_counter()

    def ended(response: httpx.Response) -> None:
        took = time.perf_counter() - response.request.extensions["began"]
        with lock:
            seen.seconds[response.request.method].append(took)

    hooks: dict[str, list[Any]] = {"request": [began], "response": [ended]}
    with httpx.Client(follow_redirects=True, timeout=2 * SLOWEST, event_hooks=hooks, verify=False) as client:  # noqa: S501  # no TLS here: loading certificates costs more than a page
        yield client


def _lost(side: Studyweb, seen: Seen) -> str:
    """What the database does not hold as it was sent; '' if it holds everything once."""
    try:
        check(side.name, seen.sent, side.recorded())
    except (WrongRun, WalkError) as wrong:
        return str(wrong)
    return ""


def _print(seen: Seen, spent: dict[str, float], lasted: float, people: int, database: str) -> None:
    total = sum(len(found) for found in seen.seconds.values())
    print(f"{os.cpu_count()} cores, {database}, {people} people at once, think time zero, {lasted:.0f} s")
    print(
        f"{total} requests ({total / lasted:.0f} a second), {len(seen.sent)} pages of answers, {seen.walked} walked all"
    )
    print(f"\n{'seconds':10}{'requests':>10}{'p50':>8}{'p95':>8}{'p99':>8}{'slowest':>9}")
    for method, found in seen.seconds.items():
        cells = "".join(f"{percentile(found, share):8.2f}" for share in (0.5, 0.95, 0.99))
        print(f"{method:10}{len(found):10}{cells}{max(found):9.2f}")
    print("\nCPU seconds: " + ", ".join(f"{name} {seconds:.0f}" for name, seconds in spent.items()))
    for error, times in seen.errors.most_common(5):
        print(f"{times} times {error}")


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--people", type=int, default=500, help="how many walk at once")
    options.add_argument("--seconds", type=int, default=180, help="for how long")
    options.add_argument("--sqlite", action="store_true", help="over SQLite instead of PostgreSQL")
    given = options.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    main(given.people, given.seconds, on_sqlite=given.sqlite)
