"""Rows that are jobs: claimed by one worker, held by a lease, renewed while they are made, given up when it dies.

A broker message only says that there is one; who claims the row does the work. Reports and exports are such rows.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar

from django.db import DatabaseError, connection, models, transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from analysis.models import Job
from surveys import audit
from surveys.models import Researcher

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
HEARTBEAT_SECONDS = 30.0
MOST_ATTEMPTS = 3
Status = Job.Status
J = TypeVar("J", bound=Job)


class Stopped(Exception):  # noqa: N818 -- nobody did anything wrong
    """The job was cancelled, or another worker has taken it over."""


def claimable(kind: type[J]) -> models.QuerySet[J]:
    """Those that a worker may take: waiting, or left by a worker that stopped renewing its lease."""
    return _all(kind).filter(Q(status=Status.WAITING) | Q(status=Status.RUNNING, lease_expires_at__lt=Now()))


def claim(kind: type[J], pk: int) -> J | None:
    """The job, if it is ours to do from now on; None if it is done, cancelled, or another worker has it."""
    mine = claimable(kind).filter(pk=pk)
    if not mine.update(status=Status.RUNNING, lease_expires_at=Now() + LEASE, attempts=F("attempts") + 1, progress=""):
        return None
    return _all(kind).select_related("study", "version__study").get(pk=pk)


def renew(job: Job, **values: str) -> bool:
    """Renew the lease, and write ``values``. False if somebody cancelled or another worker took over: stop then."""
    return bool(_ours(job).update(lease_expires_at=Now() + LEASE, **values))


def step(job: Job, progress: str) -> None:
    """Say how far the job is. Raises ``Stopped`` if it is no longer ours."""
    if not renew(job, progress=progress):
        raise Stopped


def finish(job: Job, **values: object) -> bool:
    """Store what was made, unless the job is no longer ours."""
    return bool(_ours(job).update(status=Status.DONE, finished_at=Now(), progress="", **values))


def fail(job: Job, error: str) -> None:
    """Store what went wrong. Another worker may have taken the job over meanwhile, and may still succeed."""
    _ours(job).update(status=Status.FAILED, error=error, finished_at=Now(), progress="")


def cancel(job: Job, *, by: Researcher, verb: str) -> bool:
    """End a job that is still to be done. False if it was done before."""
    with transaction.atomic():
        still = _all(type(job)).filter(pk=job.pk, status__in=(Status.WAITING, Status.RUNNING))
        ended = still.update(status=Status.CANCELLED, finished_at=Now(), progress="")
        if ended:
            audit.record(job.study, verb, by=by)
    return bool(ended)


def _ours(job: Job) -> models.QuerySet[Job]:
    return _all(type(job)).filter(pk=job.pk, status=Status.RUNNING, attempts=job.attempts)


def _all(kind: type[J]) -> models.QuerySet[J]:
    return kind._default_manager.all()


def _renewed(job: Job) -> bool:
    try:
        return renew(job)
    except DatabaseError:
        # It may be restarting, or locked for a while; if it stays away the lease runs out, as it should.
        log.exception("The lease of %s could not be renewed; the next attempt is in %s s.", job, HEARTBEAT_SECONDS)
        connection.close()
        return True


@contextmanager
def kept(job: Job) -> Iterator[None]:
    """Renew the lease from a thread while the block runs: one long computation must not look like a dead worker.

    Inside a transaction there is nothing to renew: nobody else sees the claim before its end, and another connection
    would wait for it.
    """
    if connection.in_atomic_block:
        yield
        return
    over = threading.Event()

    def beat() -> None:
        try:
            while not over.wait(HEARTBEAT_SECONDS):
                if not _renewed(job):
                    return
        finally:
            connection.close()

    thread = threading.Thread(target=beat, name=f"{type(job).__name__.lower()}-{job.pk}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
