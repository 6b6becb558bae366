"""Real generation workers on the test's own database and broker, and what they must leave behind."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from django.conf import settings

from generation.models import Batch, Candidate
from tests import databases


class Workers:
    """Starts generation workers on the test's own database, as `manage.py up` starts its one."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self._started: list[subprocess.Popen[bytes]] = []

    def start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "celery", "--app", "studyweb", "worker", "--queues", "generation"]
        command += ["--pool", "solo", "--concurrency", "1", "--loglevel", "INFO"]
        command += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        environment = {**os.environ, "DATABASE_URL": databases.address()}
        worker = subprocess.Popen(
            command, cwd=settings.BASE_DIR, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        assert worker.stdout is not None
        # By way of another process: a worker whose files must not grow still says so.
        with worker.stdout as said, self.log.open("ab") as log:
            writer = subprocess.Popen(["cat"], stdin=said, stdout=log)
        self._started += [worker, writer]
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
