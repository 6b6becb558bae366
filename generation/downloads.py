"""Bringing models of the hub here: rows are the queue, the fast worker takes each for a slice of time after the other.

A slice is short, so that reports need not wait for gigabytes; a download goes on where the slice before, a network or a
worker that went away left it. Nothing of it is usable until every file is here and has the hub's own SHA-256.
"""

import logging
import time
from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce, Now

from generation import hub, registry
from generation.engine import ModelFolderError
from generation.models import Download, LanguageModel
from studyweb import room
from studyweb.celery import app
from studyweb.leases import UNLEASED, Leases, new_owner
from studyweb.wakeups import tried
from surveys.models import Researcher

logger = logging.getLogger(__name__)

SLICE_SECONDS = 20
TASK = "generation.tasks.download_next"

Status = Download.Status
LEASES = Leases(Status.QUEUED, Status.RUNNING, timedelta(seconds=60))


class NoLongerOurs(Exception):  # noqa: N818 -- it names what happened
    """The download was cancelled, or another worker has it; what is here stays for the next go."""


def request(model: LanguageModel, *, by: Researcher) -> Download:
    """The model's download, queued now unless it is under way. Raises ``hub.HubError`` for a model of no hub."""
    hub.check_names(model.location, model.revision)
    with transaction.atomic():
        LanguageModel.objects.select_for_update().get(pk=model.pk)
        download, made = Download.objects.get_or_create(language_model=model, defaults={"requested_by": by})
        if not made and not download.is_open:
            Download.objects.filter(pk=download.pk).update(
                status=Status.QUEUED, error="", requested_by=by, requested_at=Now(), ended_at=None, announced_at=None
            )
        transaction.on_commit(_announce_all)
    download.refresh_from_db()
    return download


def cancel(model: LanguageModel) -> bool:
    """Stop a model's download; what is here already shortens the next one. Whether there was something to stop."""
    under_way = Download.objects.filter(language_model=model, status__in=[Status.QUEUED, Status.RUNNING])
    return bool(under_way.update(status=Status.CANCELLED, ended_at=Now(), **UNLEASED))


def download_next(*, clock: Callable[[], float] = time.monotonic) -> Download | None:
    """Go on with the download that has waited longest, for one slice; None where none waits."""
    owner = new_owner()
    download = None if room.is_short() else _claimed(owner)
    if download is None:
        return None
    model, until = download.language_model, clock() + SLICE_SECONDS
    mine = LEASES.held(Download.objects.filter(pk=download.pk), owner)

    def watch(done: int, total: int) -> None:
        if not mine.update(bytes_done=done, bytes_total=total, **LEASES.renewed()):
            raise NoLongerOurs

    try:
        registry.brought_here(model, watch=watch, enough=lambda: clock() > until or room.is_short())
    except NoLongerOurs:
        logger.info("The download of %s is no longer ours; what is here stays.", model)
    except hub.EnoughForNow:
        mine.update(status=Status.QUEUED, announced_at=None, **UNLEASED)
    except (hub.HubError, ModelFolderError) as error:
        logger.warning("The download of %s failed: %s", model, error)
        mine.update(status=Status.FAILED, error=str(error), ended_at=Now(), **UNLEASED)
    else:
        mine.update(
            status=Status.DONE,
            bytes_done=Coalesce(F("bytes_total"), F("bytes_done")),
            ended_at=Now(),
            **UNLEASED,
        )
    _announce_all()
    return download


def sweep() -> int:
    """Wake the fast worker for each download that waits or whose worker died; how many messages were sent."""
    sent = 0
    for pk in list(LEASES.unheard(Download.objects.all()).values_list("pk", flat=True)):
        app.send_task(TASK, queue="fast")
        Download.objects.filter(pk=pk).update(announced_at=Now())
        sent += 1
    return sent


def _claimed(owner: str) -> Download | None:
    waiting = LEASES.claimable(Download.objects.order_by("announced_at", "requested_at", "pk"))
    for pk in waiting.values_list("pk", flat=True):
        one = Download.objects.filter(pk=pk)
        if LEASES.take(one, lease_owner=owner, started_at=Coalesce(F("started_at"), Now())):
            return Download.objects.select_related("language_model").get(pk=pk)
    return None


def _announce_all() -> None:
    tried(sweep, "the message for a download")
