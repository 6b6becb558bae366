"""Rows that are jobs: claimed by one worker, held by a lease, and anybody's again when its worker says nothing more.

Each such table has a status, ``lease_expires_at`` and most often ``lease_owner`` and ``announced_at``. Every change is
one UPDATE that also says what it expects, so that of two workers only one can make it. Times are the database's. A
message of the broker only wakes a worker; one that is lost costs time (studyweb/wakeups.py).
"""

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from django.db import Error, InterfaceError, OperationalError, connection, models
from django.db.models import Q
from django.db.models.functions import Now

from studyweb import room

logger = logging.getLogger(__name__)

Rows = TypeVar("Rows", bound=models.QuerySet[Any])
Result = TypeVar("Result")

WAITS = (0.5, 2.0, 4.0, 8.0)  # seconds before the second, third, ... attempt; together well below any lease

# What a database raises that was stopped, that closed the connection, or that is too busy: nothing of the job's own.
UNREACHED = (OperationalError, InterfaceError)

UNLEASED: dict[str, Any] = {"lease_owner": "", "lease_expires_at": None}


@dataclass(frozen=True)
class Leases:
    """How the rows of one table are leased: their two states, for how long, and when a message may be lost."""

    waiting: str
    running: str
    length: timedelta
    # A second message does no harm.
    announced_again_after: timedelta = timedelta(seconds=90)

    def claimable(self, rows: Rows) -> Rows:
        """Those that a worker may take now: waiting, or held by one that gave no sign of life in time."""
        return rows.filter(Q(status=self.waiting) | Q(status=self.running, lease_expires_at__lt=Now()))

    def unheard(self, rows: Rows) -> Rows:
        """Those that may be taken and that no worker was told of lately."""
        lately = Now() - self.announced_again_after
        return self.claimable(rows).filter(Q(announced_at=None) | Q(announced_at__lt=lately))

    def take(self, rows: models.QuerySet[Any], **also: Any) -> int:
        """Lease those of the rows that may be taken, and write ``also``, their owner for one; how many are ours now."""
        return self.claimable(rows).update(status=self.running, **self.renewed(), **also)

    def held(self, rows: Rows, owner: str) -> Rows:
        """Those that ``owner`` holds: not cancelled, not taken over."""
        return rows.filter(status=self.running, lease_owner=owner)

    def renewed(self) -> dict[str, Any]:
        """What to write into a row to hold it for another while."""
        return {"lease_expires_at": Now() + self.length}


def new_owner() -> str:
    """A name for one claim of this process: where it runs, and a random part, so that no two claims share one."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


@contextmanager
def beating(beat: Callable[[], bool], *, every: float, name: str) -> Iterator[None]:
    """Call ``beat`` every so many seconds from a thread while the block runs, until it says False.

    A thread, since one long computation must not look like death, nor wait for the database. Whatever a beat raises is
    logged and the next one tries again: the database may be restarting, and no fault in what a beat reports may end a
    job that goes on. If the database stays away, leases run out, as they should.
    """
    over = threading.Event()

    def run() -> None:
        try:
            while not over.wait(every) and _went_on(beat, name):
                pass
        finally:
            connection.close()

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _went_on(beat: Callable[[], bool], name: str) -> bool:
    try:
        return beat()
    except Error:
        logger.exception("The %s did not reach the database; trying again.", name)
        connection.close()
    except Exception:
        logger.exception("The %s met an error; trying again.", name)
    return True


def waiting_for_database(change: Callable[[], Result], what: str) -> Result:
    """Make a change that may be made twice; while the database cannot be reached, again on a new connection.

    A restart takes seconds, and what would be lost with the job may have taken minutes. Raises what the last attempt
    raised, and at once what says that the disk is full, which no new connection mends. For a thread that is in no
    transaction.
    """
    for wait in WAITS:
        try:
            return change()
        except UNREACHED as error:
            if room.is_full(error):
                raise
            logger.exception("%s did not reach the database; trying again in %s seconds.", what, wait)
            connection.close()
            time.sleep(wait)
    return change()


def connection_was_lost() -> bool:
    """Whether the database closed this thread's connection, which is thrown away: the next query opens one."""
    lost = not connection.is_usable()
    connection.close()
    return lost
