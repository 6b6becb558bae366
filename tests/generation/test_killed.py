"""A real worker on a real broker, killed or stopped in the middle: nothing is lost, nothing is done twice."""

import os
import signal
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.db.models.functions import Now

from generation import scores
from generation.engine import Sampling
from generation.models import Batch, TextScore
from surveys.models import Study
from tests.factories import ArmFactory, ArticleFactory
from tests.generation.factories import CONTINUATION, OPENING, built_in, queued
from tests.generation.working import Workers, all_once, drafted, is_done

pytestmark = [pytest.mark.stack, pytest.mark.model, pytest.mark.django_db(transaction=True)]

# Texts long enough to be interrupted.
LONG = Sampling(temperature=1.3, max_tokens=120)
# More short texts than a worker writes at once, so that some wait while the first are finished.
MANY: dict[str, Any] = {"size": 70, "sampling": Sampling(temperature=1.3, max_tokens=24, min_tokens=24)}


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


def scored(study: Study) -> dict[int, tuple[float | None, object]]:
    done = TextScore.objects.filter(article__study=study, status=TextScore.Status.DONE)
    return {row.pk: (row.perplexity, row.ended_at) for row in done}


def test_what_a_killed_worker_had_scored_stays_and_the_next_one_scores_the_rest_once(workers: Workers) -> None:
    arm = ArmFactory()
    study: Study = arm.study
    # Far more than a worker takes at once, each long enough to be caught at.
    for number in range(40):
        ArticleFactory(arm=arm, text=f"Invented report {number}. {OPENING}{CONTINUATION * 4}")
    assert scores.request(study, built_in(), by=study.created_by) == 40
    worker = workers.start()
    workers.wait_for(lambda: len(scored(study)) > 0)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    before = scored(study)
    assert 0 < len(before) < 40
    missing = TextScore.objects.filter(article__study=study).exclude(status=TextScore.Status.DONE)
    # The leases would run out by themselves in some minutes, and what the killed one was told of would be announced
    # again after a minute and a half; the test does not wait for that.
    missing.filter(status=TextScore.Status.RUNNING).update(lease_expires_at=Now() - timedelta(seconds=1))
    missing.update(announced_at=None)
    workers.start()
    workers.wait_for(lambda: len(scored(study)) == 40, within=360)
    after = scored(study)
    assert {pk: after[pk] for pk in before} == before
    assert max(TextScore.objects.values_list("attempts", flat=True)) <= 2
    assert TextScore.objects.filter(article__study=study).count() == 40
