"""A real worker on a real broker, killed or stopped in the middle: nothing is lost, nothing is done twice."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from django.db import connection
from django.db.models.functions import Now

from generation.engine import Sampling
from generation.models import Batch, Candidate
from tests.generation.factories import queued

pytestmark = [pytest.mark.stack, pytest.mark.model, pytest.mark.django_db(transaction=True)]

# Texts long enough to be interrupted.
LONG = Sampling(temperature=1.3, max_tokens=120)
# More short texts than a worker writes at once, so that some wait while the first are finished.
MANY: dict[str, Any] = {"size": 70, "sampling": Sampling(temperature=1.3, max_tokens=24, min_tokens=24)}


class Workers:
    """Starts generation workers on the test's own database, as `manage.py up` starts its one."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self._started: list[subprocess.Popen[bytes]] = []

    def start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "celery", "--app", "studyweb", "worker", "--queues", "generation"]
        command += ["--pool", "solo", "--concurrency", "1", "--loglevel", "INFO"]
        command += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        environment = {**os.environ, "DATABASE_URL": f"sqlite:///{connection.settings_dict['NAME']}"}
        with self.log.open("ab") as log:
            worker = subprocess.Popen(
                command, cwd=settings.BASE_DIR, env=environment, stdout=log, stderr=subprocess.STDOUT
            )
        self._started.append(worker)
        return worker

    def end(self) -> None:
        for worker in self._started:
            if worker.poll() is None:
                worker.kill()
            worker.wait()

    def wait_for(self, happened: Callable[[], bool], *, within: float = 120) -> None:
        deadline = time.monotonic() + within
        while not happened():
            assert time.monotonic() < deadline, self.log.read_text(encoding="utf-8")[-4000:]
            time.sleep(0.1)


@pytest.fixture
def workers(broker: redis.Redis, tmp_path: Path) -> Iterator[Workers]:
    started = Workers(tmp_path / "worker.log")
    yield started
    started.end()


def drafted(batch: Batch) -> dict[int, tuple[str, object]]:
    rows = batch.candidates.filter(state=Candidate.State.DRAFTED)
    return {row.index: (row.raw_sha256, row.drafted_at) for row in rows}


def is_done(batch: Batch) -> bool:
    return Batch.objects.get(pk=batch.pk).status == Batch.Status.DONE


def all_once(batch: Batch, before: dict[int, tuple[str, object]]) -> None:
    """Every candidate is there, once, and what was finished before is what it was."""
    after = drafted(batch)
    assert sorted(after) == list(range(batch.size))
    assert {index: after[index] for index in before} == before
    tokens = sum(batch.candidates.values_list("tokens", flat=True))
    assert Batch.objects.get(pk=batch.pk).tokens_done == tokens


def test_what_a_killed_worker_had_finished_stays_and_the_next_one_does_the_rest(workers: Workers) -> None:
    worker = workers.start()
    batch = queued(seed=4, **MANY)
    workers.wait_for(lambda: len(drafted(batch)) > 0)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    before = drafted(batch)
    assert 0 < len(before) < batch.size
    assert Batch.objects.get(pk=batch.pk).status == Batch.Status.RUNNING
    # The lease would run out by itself in half a minute; the test does not wait for that.
    Batch.objects.filter(pk=batch.pk).update(lease_expires_at=Now() - timedelta(seconds=1))
    workers.start()
    workers.wait_for(lambda: is_done(batch))
    all_once(batch, before)
    assert batch.runs.count() == 2


def test_a_worker_that_is_told_to_stop_gives_its_batch_back_at_once(workers: Workers) -> None:
    worker = workers.start()
    batch = queued(size=12, seed=4, sampling=LONG)
    workers.wait_for(lambda: batch.runs.filter(steps__gt=0).exists())
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=20) == 0
    before = drafted(batch)
    assert Batch.objects.get(pk=batch.pk).status == Batch.Status.QUEUED
    workers.start()
    workers.wait_for(lambda: is_done(batch))
    all_once(batch, before)


def test_a_broker_that_dies_in_the_middle_does_not_stop_the_batch(workers: Workers, broker: redis.Redis) -> None:
    workers.start()
    batch = queued(size=4, seed=4, sampling=LONG)
    workers.wait_for(lambda: batch.runs.filter(steps__gt=0).exists())
    os.kill(int(broker.info("server")["process_id"]), signal.SIGKILL)
    workers.wait_for(lambda: is_done(batch))
    all_once(batch, {})
