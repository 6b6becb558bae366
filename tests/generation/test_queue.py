"""The queue of batches: leases, heartbeats, and what the sweep gives back."""

import threading
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now

from generation import batches, drafting, queue
from generation.drafting import LeaseLost
from generation.models import Batch, Candidate
from studyweb.celery import app
from tests.generation.factories import claimed, draft, queued

Status = Batch.Status


def fresh(batch: Batch) -> Batch:
    return Batch.objects.get(pk=batch.pk)


def die(batch: Batch) -> None:
    """What a killed worker leaves: a lease that nobody renews, here run out already."""
    Batch.objects.filter(pk=batch.pk).update(lease_expires_at=Now() - timedelta(seconds=1))


@pytest.mark.django_db
def test_a_batch_is_claimed_once() -> None:
    batch = queued()
    assert queue.claim_next("one") == batch
    assert queue.claim_next("two") is None
    assert (fresh(batch).status, fresh(batch).lease_owner) == (Status.RUNNING, "one")


@pytest.mark.django_db
def test_who_waited_longest_is_first() -> None:
    first, second = queued(), queued()
    assert [queue.claim_next("one"), queue.claim_next("two")] == [first, second]


@pytest.mark.django_db
def test_a_lease_that_ran_out_can_be_taken_over_and_its_old_owner_may_save_nothing() -> None:
    batch = queued()
    old = claimed(batch)
    die(batch)
    new = claimed(batch)
    assert not queue.renew(batch.pk, old.owner)
    with pytest.raises(LeaseLost):
        drafting.save(old, draft(0), real_texts=[])
    assert drafting.save(new, draft(0), real_texts=[])


@pytest.mark.django_db
def test_a_renewed_lease_cannot_be_taken_over() -> None:
    batch = queued()
    run = claimed(batch)
    die(batch)
    assert queue.renew(batch.pk, run.owner)
    assert queue.claim_next("another") is None


@pytest.mark.django_db
def test_what_was_finished_stays_and_the_rest_is_done_by_the_next_worker() -> None:
    batch = queued(size=3)
    first = claimed(batch)
    assert drafting.save(first, draft(1), real_texts=[])
    die(batch)
    second = claimed(batch)
    waiting = batch.candidates.filter(state=Candidate.State.WAITING).order_by("index")
    assert [candidate.index for candidate in waiting] == [0, 2]
    assert not drafting.save(second, draft(1, "Another text for the same candidate."), real_texts=[])
    assert batch.candidates.get(index=1).run == first


@pytest.mark.django_db
def test_a_batch_that_kills_its_workers_is_failed_and_can_be_tried_again() -> None:
    batch = queued()
    for _ in range(queue.MOST_ATTEMPTS):
        claimed(batch)
        die(batch)
    assert queue.claim_next("one more") is None
    failed = fresh(batch)
    assert failed.status == Status.FAILED
    assert "3 times" in failed.error
    assert set(batch.candidates.values_list("state", flat=True)) == {"failed"}
    assert batches.resume(failed, by=batch.created_by)
    assert queue.claim_next("again") == batch


@pytest.mark.django_db
def test_a_saved_text_counts_as_progress_against_giving_up() -> None:
    batch = queued(size=5)
    for index in range(4):
        run = claimed(batch)
        assert drafting.save(run, draft(index), real_texts=[])
        die(batch)
    assert queue.claim_next("one more") == batch


@pytest.mark.django_db
def test_a_released_batch_goes_on_at_once() -> None:
    batch = queued()
    run = claimed(batch)
    assert queue.release(batch.pk, run.owner)
    assert not queue.release(batch.pk, run.owner)
    assert queue.claim_next("next") == batch


@pytest.mark.django_db
def test_a_batch_with_texts_added_meanwhile_is_not_done() -> None:
    batch = queued(size=1)
    run = claimed(batch)
    assert drafting.save(run, draft(0), real_texts=[])
    batches.extend(batch, by=batch.created_by, size=2)
    assert not queue.finish(batch.pk, run.owner)
    assert drafting.save(run, draft(1), real_texts=[])
    assert queue.finish(batch.pk, run.owner)
    assert fresh(batch).status == Status.DONE


@pytest.fixture
def messages(monkeypatch: pytest.MonkeyPatch) -> "list[str]":
    """The messages that a broker in memory was sent: Celery's own transport for tests of that kind."""
    monkeypatch.setattr(app.conf, "broker_url", "memory://")
    monkeypatch.setattr(app.conf, "broker_write_url", "memory://")
    app.pool.force_close_all()
    app.set_current()
    sent: list[str] = []
    with app.connection_for_write() as opened:
        waiting = opened.SimpleQueue("generation")
        waiting.clear()

        class Sent(list[str]):
            def __len__(self) -> int:
                return int(waiting.qsize())

        yield Sent(sent)  # type: ignore[misc]
        waiting.clear()
    app.pool.force_close_all()


@pytest.mark.django_db(transaction=True)
def test_the_heartbeat_renews_and_notices_a_cancellation() -> None:
    batch = queued()
    run = claimed(batch)
    die(batch)
    with queue.Heartbeat(batch.pk, run.owner) as heartbeat:
        assert not heartbeat.interrupted()
        wait_until(lambda: Batch.objects.claimable().count() == 0, within=8)
        assert batches.cancel(batch, by=batch.created_by)
        wait_until(heartbeat.interrupted, within=4)
        assert heartbeat.lost


@pytest.mark.django_db(transaction=True)
def test_the_heartbeat_counts_the_steps_of_the_model() -> None:
    batch = queued()
    run = claimed(batch)
    with queue.Heartbeat(batch.pk, run.owner) as heartbeat:
        for _ in range(7):
            assert not heartbeat.interrupted()
        wait_until(lambda: type(run).objects.get(pk=run.pk).steps == 7, within=4)


@pytest.mark.django_db(transaction=True)
def test_of_workers_that_claim_at_the_same_moment_one_gets_the_batch() -> None:
    queued()
    barrier, got = threading.Barrier(4), []

    def claim() -> None:
        try:
            barrier.wait()
            got.append(queue.claim_next(queue.new_owner()))
        finally:
            connection.close()

    workers = [threading.Thread(target=claim) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(got) == 4
    assert sum(batch is not None for batch in got) == 1


def wait_until(happened: "queue.Callable[[], bool]", *, within: float) -> None:
    deadline = time.monotonic() + within
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
