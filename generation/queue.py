"""The queue of batches: the database's rows are the queue, leased with a heartbeat; a message only wakes a worker."""

import logging
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from generation import turns, workers
from generation.models import Batch, Candidate, Run
from generation.models.batches import LEASES, BatchQuerySet
from generation.storable import storable
from studyweb import leases, room
from studyweb.celery import app
from studyweb.leases import UNLEASED

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 5
LOOK_SECONDS = 1
MOST_ATTEMPTS = 3
TASK = "generation.tasks.draft_next"

Status = Batch.Status


def claim_next(owner: str) -> Batch | None:
    """The batch whose turn it is (generation/turns.py), now leased to ``owner``; None where nothing waits.

    None too on a disk that is nearly full. A batch whose workers died ``MOST_ATTEMPTS`` times without saving one
    candidate is failed instead.
    """
    if room.is_short():
        return None
    for pk in turns.in_turn():
        mine = Batch.objects.filter(pk=pk)
        if not LEASES.take(mine, lease_owner=owner, heartbeat_at=Now(), attempts=F("attempts") + 1):
            continue
        batch = Batch.objects.select_related("prompt__story", "language_model", "study").get(pk=pk)
        if batch.attempts <= MOST_ATTEMPTS:
            return batch
        message = _(
            "The worker stopped %(n)s times without finishing a text, perhaps for want of memory. "
            "Look at its log, then try again with shorter texts or another model."
        )
        fail(pk, owner, message % {"n": MOST_ATTEMPTS})
    return None


def renew(pk: int, owner: str) -> bool:
    """Hold the lease for another while; whether it is still ours."""
    return bool(_held(pk, owner).update(**LEASES.renewed(), heartbeat_at=Now()))


def is_held(pk: int, owner: str) -> bool:
    """Whether ``owner`` is still to work on this batch: not cancelled, not taken over."""
    return _held(pk, owner).exists()


def release(pk: int, owner: str, *, blameless: bool = True) -> bool:
    """Give a batch back unfinished, for any worker to go on with; whether it was still ours.

    ``blameless`` says that nothing of the batch's own stopped it; else the attempt counts.
    """
    attempts = {"attempts": 0} if blameless else {}
    return bool(_held(pk, owner).update(status=Status.QUEUED, announced_at=None, **attempts, **UNLEASED))


def finish(pk: int, owner: str) -> bool:
    """Mark a batch as done, unless candidates were added to it meanwhile; whether it is done."""
    waiting = Candidate.objects.filter(batch=pk, state=Candidate.State.WAITING)
    mine = _held(pk, owner)
    with transaction.atomic():
        # The row is held first: raising the number of candidates takes the same lock.
        if not mine.select_for_update().exists() or waiting.exists():
            return False
        return bool(mine.update(status=Status.DONE, ended_at=Now(), error="", **UNLEASED))


def fail(pk: int, owner: str, error: str) -> bool:
    """Mark a batch as failed, with a sentence for the researcher, and what it still lacked too; whether it was ours."""
    mine = _held(pk, owner)
    with transaction.atomic():
        failed = mine.update(status=Status.FAILED, ended_at=Now(), error=storable(error), attempts=0, **UNLEASED)
        if failed:
            waiting = Candidate.objects.filter(batch=pk, state=Candidate.State.WAITING)
            waiting.update(state=Candidate.State.FAILED)
    return bool(failed)


def cancel(batch: Batch) -> bool:
    """Stop a batch; what is finished stays. The worker notices within seconds. Whether there was something to stop."""
    open_one = Batch.objects.filter(pk=batch.pk, status__in=[Status.QUEUED, Status.RUNNING, Status.PAUSED])
    return bool(open_one.update(status=Status.CANCELLED, ended_at=Now(), attempts=0, **UNLEASED))


def pause(batch: Batch) -> bool:
    """Leave a batch as it stands until somebody lets it go on; whether it was open.

    What is under way at that moment is written anew then, in the same words: the seeds fix them.
    """
    open_one = Batch.objects.filter(pk=batch.pk, status__in=[Status.QUEUED, Status.RUNNING])
    return bool(open_one.update(status=Status.PAUSED, attempts=0, **UNLEASED))


def requeue(batch: Batch) -> bool:
    """Put a paused, cancelled, failed or extended batch back into the queue; whether there is something to do.

    Needs a transaction.
    """
    stopped = Batch.objects.filter(
        pk=batch.pk, status__in=[Status.PAUSED, Status.CANCELLED, Status.FAILED, Status.DONE]
    )
    candidates = Candidate.objects.filter(batch=batch)
    # What a server refused stays refused: the same seed and prompt would ask, and pay, for the same again.
    candidates.filter(state=Candidate.State.FAILED, error="").update(state=Candidate.State.WAITING)
    if not candidates.filter(state=Candidate.State.WAITING).exists():
        return False
    return bool(stopped.update(status=Status.QUEUED, attempts=0, error="", ended_at=None, announced_at=None))


def sweep() -> int:
    """Put batches whose worker died back into the queue and wake workers for what waits; how many wake-ups were sent.

    ``settings.SWEEPS`` has every worker call it at its start and every 15 seconds.
    """
    dead = Batch.objects.filter(status=Status.RUNNING, lease_expires_at__lt=Now())
    for pk, owner in list(dead.values_list("pk", "lease_owner")):
        if dead.filter(pk=pk, lease_owner=owner).update(status=Status.QUEUED, announced_at=None, **UNLEASED):
            logger.warning("Worker %s gave no sign of life; its batch %s is queued again.", owner, pk)
    unheard = LEASES.unheard(Batch.objects.filter(pk__in=turns.in_turn()))
    sent = 0
    for pk in list(unheard.order_by("created_at", "pk").values_list("pk", flat=True)):
        announce(pk)
        sent += 1
    return sent


def _held(pk: int, owner: str) -> BatchQuerySet:
    return LEASES.held(Batch.objects.filter(pk=pk), owner)


def announce(pk: int) -> None:
    """Wake a worker for a batch that waits. Raises kombu's ``OperationalError`` where no broker answers."""
    # By name, since the task imports this module.
    app.send_task(TASK)
    Batch.objects.filter(pk=pk).update(announced_at=Now())


class Heartbeat:
    """Keeps a lease alive from a thread of its own, and notices when the batch was cancelled or taken over."""

    def __init__(
        self,
        pk: int,
        owner: str,
        *,
        stopping: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pk, self._owner, self._stopping, self._clock = pk, owner, stopping, clock
        self.progressed()
        self._steps = 0
        self._looks = 0
        self._lost = threading.Event()
        self._beating = leases.beating(self._look, every=LOOK_SECONDS, name=f"heartbeat of batch {pk}")

    def __enter__(self) -> Self:
        self._beating.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._beating.__exit__(kind, error, trace)

    @property
    def lost(self) -> bool:
        """Whether the batch is no longer ours: cancelled, or taken over after we were silent too long."""
        return self._lost.is_set()

    def progressed(self) -> None:
        """Note that a text is done: the next one has as long again."""
        self._deadline = self._clock() + 60 * settings.BATCH_MINUTES

    @property
    def timed_out(self) -> bool:
        """Whether no text was done for longer than one may take, the model made ready for the first one included."""
        return self._clock() > self._deadline

    def interrupted(self) -> bool:
        """Whether to stop writing now; the engine asks between steps, which are counted by that."""
        self._steps += 1
        return self.stopped()

    def stopped(self) -> bool:
        """Whether to stop writing now, asked as often as anybody likes: a server's steps are not seen from here."""
        return self._lost.is_set() or self._stopping() or self.timed_out

    def _look(self) -> bool:
        self._looks += 1
        renewing = self._looks % HEARTBEAT_SECONDS == 0
        held = renew(self._pk, self._owner) if renewing else is_held(self._pk, self._owner)
        if renewing:
            workers.report(batch=self._pk)
        if held and self._steps:
            Run.objects.filter(batch=self._pk, owner=self._owner).update(steps=self._steps)
        if not held:
            self._lost.set()
        return held
