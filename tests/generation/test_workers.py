"""What workers report of themselves, and what the broker says of its queues."""

import os
import sys
from datetime import timedelta
from types import ModuleType

import pytest
import redis
from django.conf import settings
from django.db.models.functions import Now

from generation import workers
from generation.models import Worker
from studyweb import wakeups
from tests.generation.factories import claimed, queued


@pytest.mark.django_db
def test_a_worker_says_where_it_runs_and_what_it_holds() -> None:
    workers.holds("An invented model", "cpu Invented processor")
    try:
        workers.report("generation@somewhere")
    finally:
        workers.holds("", "")
    worker = workers.at_work().get()
    assert (worker.process, worker.model_name, worker.device) == (
        os.getpid(),
        "An invented model",
        "cpu Invented processor",
    )
    assert worker.memory is not None
    assert 10_000_000 < worker.memory < 100_000_000_000
    assert worker.gpu_memory is None


@pytest.mark.django_db
def test_while_torch_is_being_imported_a_worker_reports_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    half = ModuleType("torch")
    for names in ((), ("cuda",)):
        for name in names:
            setattr(half, name, ModuleType(f"torch.{name}"))
        monkeypatch.setitem(sys.modules, "torch", half)
        workers.report("generation@somewhere")
        assert workers.at_work().get().gpu_memory is None


@pytest.mark.django_db
def test_a_second_report_renews_the_first() -> None:
    batch = queued()
    claimed(batch)
    workers.report(batch=batch.pk)
    assert workers.at_work().get().batch == batch
    workers.report()
    assert workers.at_work().get().batch is None


@pytest.mark.django_db
def test_the_fast_worker_is_no_generation_worker() -> None:
    workers.report("fast@somewhere")
    assert not Worker.objects.exists()


@pytest.mark.django_db
def test_a_worker_that_is_silent_is_not_at_work_and_one_of_yesterday_is_forgotten() -> None:
    for name, age in (("silent", timedelta(minutes=2)), ("yesterday", timedelta(days=2))):
        Worker.objects.create(name=name, process=1, seen_at=Now() - age)
    workers.report()
    assert {worker.process for worker in workers.at_work()} == {os.getpid()}
    assert not Worker.objects.filter(name="yesterday").exists()
    assert Worker.objects.filter(name="silent").exists()


def test_the_broker_counts_its_messages(broker: redis.Redis) -> None:
    broker.lpush("generation", "one", "two")
    assert workers.messages() == workers.Messages({"generation": 2, "fast": 0})


def test_a_broker_that_is_down_is_said_to_be() -> None:
    found = workers.messages()
    assert found.waiting == {}
    assert found.problem


@pytest.mark.django_db(transaction=True)
def test_a_workers_timer_sweeps_and_reports(broker: redis.Redis) -> None:
    assert settings.WORKER_REPORTS == ["generation.workers.report"]
    queued()
    assert wakeups.sweep("generation@somewhere") == 1
    assert workers.at_work().count() == 1
