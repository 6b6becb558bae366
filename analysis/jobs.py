"""Rows that are jobs: claimed by one worker, held by a lease, renewed while they are made, given up when it dies.

A broker message only says that there is one; who claims the row does the work. Reports, exports and power plans are
such rows.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

from django.db import connection, models, transaction
from django.db.models import F
from django.db.models.functions import Now

from analysis.models import Work
from studyweb.leases import Leases, beating
from surveys import audit
from surveys.models import Researcher

HEARTBEAT_SECONDS = 30.0
MOST_ATTEMPTS = 3
Status = Work.Status
LEASES = Leases(Status.WAITING, Status.RUNNING, timedelta(minutes=2))
J = TypeVar("J", bound=Work)


class Stopped(Exception):  # noqa: N818 -- nobody did anything wrong
    """The job was cancelled, or another worker has taken it over."""


class Refused(Exception):  # noqa: N818 -- a person can mend it
    """The job cannot be done; the message says why and what to do."""


def make(kind: type[J], pk: int, work: Callable[[J], object], *, given_up: str, failed: str) -> None:
    """Do a job, if it is ours to do. What goes wrong is stored with it, and raised unless it is ``Refused``.

    ``given_up`` says that it ended its worker ``%(n)s`` times, ``failed`` that it went wrong, with ``%(why)s``.
    """
    job = claim(kind, pk)
    if job is None:
        return
    if job.attempts > MOST_ATTEMPTS:
        fail(job, given_up % {"n": MOST_ATTEMPTS})
        return
    try:
        with kept(job):
            work(job)
    except Stopped:
        return
    except Refused as error:
        fail(job, str(error))
    except Exception as error:
        fail(job, failed % {"why": error})
        raise


def announce_again(kind: type[J], task: Any, argument: str) -> int:
    """Publish the Celery task once more for every job that nobody is doing; returns how many."""
    waiting = list(claimable(kind).values_list("pk", flat=True))
    for pk in waiting:
        task.apply_async(kwargs={argument: pk})
    return len(waiting)


def claimable(kind: type[J]) -> models.QuerySet[J]:
    """Those that a worker may take: waiting, or left by a worker that stopped renewing its lease."""
    return LEASES.claimable(_all(kind))


def claim(kind: type[J], pk: int) -> J | None:
    """The job, if it is ours to do from now on; None if it is done, cancelled, or another worker has it."""
    if not LEASES.take(_all(kind).filter(pk=pk), attempts=F("attempts") + 1, progress=""):
        return None
    return _all(kind).select_related(*kind.RELATED).get(pk=pk)


def renew(job: Work, **values: str) -> bool:
    """Renew the lease, and write ``values``. False if somebody cancelled or another worker took over: stop then."""
    return bool(_ours(job).update(**LEASES.renewed(), **values))


def step(job: Work, progress: str) -> None:
    """Say how far the job is. Raises ``Stopped`` if it is no longer ours."""
    if not renew(job, progress=progress):
        raise Stopped


def finish(job: Work, **values: object) -> bool:
    """Store what was made, unless the job is no longer ours."""
    return bool(_ours(job).update(status=Status.DONE, finished_at=Now(), progress="", **values))


def fail(job: Work, error: str) -> None:
    """Store what went wrong. Another worker may have taken the job over meanwhile, and may still succeed."""
    _ours(job).update(status=Status.FAILED, error=error, finished_at=Now(), progress="")


def cancel(job: Work, *, by: Researcher, verb: str) -> bool:
    """End a job that is still to be done. False if it was done before."""
    with transaction.atomic():
        still = _all(type(job)).filter(pk=job.pk, status__in=(Status.WAITING, Status.RUNNING))
        ended = still.update(status=Status.CANCELLED, finished_at=Now(), progress="")
        if ended:
            audit.record(job.study, verb, by=by)
    return bool(ended)


def _ours(job: Work) -> models.QuerySet[Work]:
    return _all(type(job)).filter(pk=job.pk, status=Status.RUNNING, attempts=job.attempts)


def _all(kind: type[J]) -> models.QuerySet[J]:
    return kind._default_manager.all()


@contextmanager
def kept(job: Work) -> Iterator[None]:
    """Renew the lease from a thread while the block runs: one long computation must not look like a dead worker.

    Inside a transaction there is nothing to renew: nobody else sees the claim before its end, and another connection
    would wait for it.
    """
    if connection.in_atomic_block:
        yield
        return
    with beating(lambda: renew(job), every=HEARTBEAT_SECONDS, name=f"heartbeat of {job}"):
        yield
