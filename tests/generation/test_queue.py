"""The queue of batches: leases, heartbeats, and what the sweep gives back."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
import redis
from django.db import connection
from django.db.models.functions import Now
from kombu.exceptions import OperationalError

from generation import batches, drafting, queue, turns
from generation.drafting import LeaseLost
from generation.models import Batch, Candidate
from generation.models.batches import LEASES
from studyweb.leases import new_owner
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
        drafting.save(old, draft(0))
    assert drafting.save(new, draft(0))


@pytest.mark.django_db
def test_an_owner_that_lost_its_batch_makes_no_run_of_it_that_would_come_behind_the_new_owners() -> None:
    batch = queued()
    old = claimed(batch)
    assert drafting.save(old, draft(0))
    die(batch)
    new = claimed(batch)
    with pytest.raises(LeaseLost):
        drafting._gone_on(old, {"steps": "eager"})
    with pytest.raises(LeaseLost):
        drafting._begun(batch, old.owner)
    assert list(batch.runs.order_by("number")) == [old, new]
    assert drafting._begun(batch, new.owner).number == 3


@pytest.mark.django_db
def test_a_run_that_goes_on_is_stored_once_where_the_databases_answer_is_lost_and_asked_for_again() -> None:
    batch = queued(size=5)
    run = claimed(batch)
    assert drafting.save(run, draft(0))
    turns.texts_to_write(run, 5)
    without: dict[str, str | int] = {"steps": "eager"}
    again: dict[str, str | int] = {"steps": "CUDA graphs"}
    first, second = (drafting._gone_on(run, without) for _ in range(2))
    assert (first, first.promised, second.batch.prompt) == (second, 4, batch.prompt)
    assert list(batch.runs.order_by("number").values_list("promised", flat=True)) == [1, 4]
    # Graphs that are recorded anew in the next round are no second asking.
    assert drafting.save(first, draft(1))
    third = drafting._gone_on(first, again)
    assert drafting._gone_on(third, without) == third, "it has no text yet"
    assert list(batch.runs.order_by("number").values_list("promised", flat=True)) == [1, 1, 3]


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
    assert drafting.save(first, draft(1))
    die(batch)
    second = claimed(batch)
    waiting = batch.candidates.filter(state=Candidate.State.WAITING).order_by("index")
    assert [candidate.index for candidate in waiting] == [0, 2]
    assert not drafting.save(second, draft(1, "Another text for the same candidate."))
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
        assert drafting.save(run, draft(index))
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
def test_a_paused_batch_waits_until_somebody_lets_it_go_on() -> None:
    batch = queued(size=2)
    run = claimed(batch)
    assert drafting.save(run, draft(0))
    assert batches.pause(batch, by=batch.created_by)
    assert not batches.pause(batch, by=batch.created_by)
    with pytest.raises(LeaseLost):
        drafting.save(run, draft(1))
    assert queue.claim_next("another") is None
    assert batches.resume(fresh(batch), by=batch.created_by)
    assert queue.claim_next("another") == batch
    assert batch.candidates.filter(state=Candidate.State.DRAFTED).count() == 1


@pytest.mark.django_db
def test_a_paused_batch_can_be_stopped_for_good() -> None:
    batch = queued()
    batches.pause(batch, by=batch.created_by)
    assert batches.cancel(batch, by=batch.created_by)
    assert fresh(batch).status == Status.CANCELLED


@pytest.mark.django_db
def test_a_batch_with_texts_added_meanwhile_is_not_done() -> None:
    batch = queued(size=1)
    run = claimed(batch)
    assert drafting.save(run, draft(0))
    batches.extend(batch, by=batch.created_by, size=2)
    assert not queue.finish(batch.pk, run.owner)
    assert drafting.save(run, draft(1))
    assert queue.finish(batch.pk, run.owner)
    assert fresh(batch).status == Status.DONE


@pytest.mark.django_db
def test_the_sweep_wakes_a_worker_for_each_waiting_batch_and_not_again_at_once(broker: redis.Redis) -> None:
    queued(queued().study)
    assert queue.sweep() == 2
    assert broker.llen("generation") == 2
    assert queue.sweep() == 0


@pytest.mark.django_db
def test_a_wake_up_that_may_be_lost_is_sent_again_after_a_while(broker: redis.Redis) -> None:
    batch = queued()
    queue.sweep()
    Batch.objects.filter(pk=batch.pk).update(announced_at=Now() - 2 * LEASES.announced_again_after)
    assert queue.sweep() == 1
    assert broker.llen("generation") == 2


@pytest.mark.django_db
def test_the_sweep_puts_a_dead_workers_batch_back_and_leaves_a_live_ones_alone(
    broker: redis.Redis, caplog: pytest.LogCaptureFixture
) -> None:
    dead, alive = queued(), queued()
    for batch in (dead, alive):
        claimed(batch)
    die(dead)
    assert queue.sweep() == 1
    assert (fresh(dead).status, fresh(alive).status) == (Status.QUEUED, Status.RUNNING)
    assert "gave no sign of life" in caplog.text


@pytest.mark.django_db
def test_a_sweep_without_a_broker_says_so_and_sends_later() -> None:
    batch = queued()
    with pytest.raises(OperationalError):
        queue.sweep()
    assert fresh(batch).announced_at is None


@pytest.mark.django_db(transaction=True)
def test_a_request_wakes_a_worker_when_it_is_stored(broker: redis.Redis) -> None:
    queued()
    assert broker.llen("generation") == 1


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
            got.append(queue.claim_next(new_owner()))
        finally:
            connection.close()

    workers = [threading.Thread(target=claim) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(got) == 4
    assert sum(batch is not None for batch in got) == 1


def wait_until(happened: Callable[[], bool], *, within: float) -> None:
    deadline = time.monotonic() + within
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
