"""Wake-up messages to workers. The database is the queue of record: a message that is lost costs time, never work.

``wake`` sends one when the transaction commits. ``Sweeper`` runs in each worker, at its start and every 15 seconds, and
lets the functions in ``settings.SWEEPS`` publish again what nobody is working on.
"""

import logging
from collections.abc import Callable
from typing import Any

from celery import Task, bootsteps
from django.conf import settings
from django.db import connections, transaction
from django.utils.module_loading import import_string
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)

SWEEP_SECONDS = 15
BROKER_ERRORS = (OperationalError, OSError)


def wake(task: Task, **kwargs: Any) -> None:
    """Send ``task`` once the transaction has committed. A broker that is down is logged: the sweep sends it again."""

    transaction.on_commit(lambda: tried(lambda: task.apply_async(kwargs=kwargs), task.name))


def tried(publish: Callable[[], object], what: str) -> None:
    """Publish; a broker that is down is logged, since the next sweep publishes again."""
    try:
        publish()
    except BROKER_ERRORS as error:
        log.warning("The broker did not take %s (%s); the next sweep publishes it again.", what, error)


def sweep(hostname: str = "") -> int:
    """Let every function in ``settings.SWEEPS`` publish what waits; returns how many messages they sent.

    In a worker, called ``hostname``, those in ``settings.WORKER_REPORTS`` then say what it is at.
    """
    try:
        sent: int = sum(import_string(name)() for name in settings.SWEEPS)
        for name in settings.WORKER_REPORTS if hostname else ():
            import_string(name)(hostname)
        return sent
    finally:
        # The worker's main process must not hold a connection that a forked child would inherit.
        connections.close_all()


class Sweeper(bootsteps.StartStopStep):  # type: ignore[misc]  # celery ships no types
    """The worker's timer for ``sweep``."""

    requires = ("celery.worker.components:Timer",)

    def start(self, worker: Any) -> None:
        """Sweep now and then every ``SWEEP_SECONDS``."""
        self._name = str(worker.hostname)
        self._timer = worker.timer.call_repeatedly(SWEEP_SECONDS, self._sweep)
        self._sweep()

    def stop(self, worker: Any) -> None:
        """End the timer with the worker."""
        self._timer.cancel()

    def _sweep(self) -> None:
        try:
            sweep(self._name)
        except Exception:
            # A database that restarts must not end the worker; the next sweep tries again, and the log says so.
            log.exception("The sweep failed; the next one is in %s seconds.", SWEEP_SECONDS)
