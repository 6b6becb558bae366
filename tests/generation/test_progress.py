"""How far a batch is, in numbers and in words."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from generation import drafting, registry
from generation.engine import Sampling
from generation.engine.served import Server
from generation.models import Run
from generation.progress import progress_of
from tests.generation.factories import claimed, draft, queued, written

pytestmark = pytest.mark.django_db


def since(run: Run, seconds: float, steps: int) -> None:
    """Let the run have begun to write so many seconds and steps ago."""
    Run.objects.filter(pk=run.pk).update(drafting_since=Now() - timedelta(seconds=seconds), steps=steps)


def test_a_waiting_batch_says_nothing_of_speed() -> None:
    found = progress_of(queued(size=3))
    assert (found.done, found.size, found.tokens_per_second, found.left) == (0, 3, None, None)
    assert found.label == "0 of 3 texts written"


def test_a_worker_that_loads_the_model_is_said_so() -> None:
    batch = queued()
    claimed(batch)
    batch.refresh_from_db()
    assert progress_of(batch).is_loading


def test_before_the_first_text_the_length_under_way_is_shown_and_the_time_is_a_bound() -> None:
    batch = queued(size=3, sampling=Sampling(max_tokens=100))
    since(claimed(batch), seconds=10, steps=20)
    batch.refresh_from_db()
    found = progress_of(batch)
    assert found.under_way == 20
    assert found.left is not None
    assert found.left.total_seconds() == pytest.approx(80 * 10 / 20, abs=2)


def test_tokens_a_second_count_the_texts_under_way_too() -> None:
    batch = queued(size=3, sampling=Sampling(max_tokens=100))
    run = claimed(batch)
    assert drafting.save(run, draft(0, token_ids=(1,) * 10, rows=3))
    since(run, seconds=10, steps=20)
    batch.refresh_from_db()
    found = progress_of(batch)
    assert found.tokens_per_second == pytest.approx((10 + 2 * 20) / 10, rel=0.1)
    assert found.left is not None
    assert found.left.total_seconds() == pytest.approx(80 * 10 / 20, abs=2)


def test_where_texts_wait_for_rows_the_time_follows_from_the_mean_length() -> None:
    batch = queued(size=100, sampling=Sampling(max_tokens=100))
    run = claimed(batch)
    for index in range(4):
        assert drafting.save(run, draft(index, token_ids=(1,) * 50, rows=4))
    since(run, seconds=50, steps=50)
    batch.refresh_from_db()
    found = progress_of(batch)
    assert found.tokens_per_second == pytest.approx(4, rel=0.1)
    assert found.left is not None
    assert found.left.total_seconds() == pytest.approx(96 * 50 / 4, rel=0.1)
    assert found.left_label == "about 20 minutes left"


def test_a_run_that_goes_on_under_other_versions_counts_what_came_before() -> None:
    batch = queued(size=100, sampling=Sampling(max_tokens=100))
    run = claimed(batch)
    for index in range(4):
        assert drafting.save(run, draft(index, token_ids=(1,) * 50, rows=4))
    since(run, seconds=50, steps=50)
    assert drafting._gone_on(run, {"steps": "eager"}) != run
    batch.refresh_from_db()
    assert progress_of(batch).tokens_per_second == pytest.approx(4, rel=0.1)


def test_of_a_served_model_only_finished_texts_are_counted() -> None:
    registry.add_server("served", Server("http://gpu.example.org:8000/v1", "mine"))
    batch = queued(size=20, language_model="served", sampling=Sampling(max_tokens=100))
    run = claimed(batch)
    # As releases before this one wrote it: how often the worker looked, which is no length of anything.
    since(run, seconds=10, steps=20)
    batch.refresh_from_db()
    found = progress_of(batch)
    assert (found.tokens_per_second, found.left, found.under_way) == (None, None, None)
    for index in range(4):
        assert drafting.save(run, draft(index, token_ids=(), counted=50, rows=8, seconds=6.0))
    since(run, seconds=10, steps=20)
    found = progress_of(batch)
    assert found.tokens_per_second == pytest.approx(4 * 50 / 10, rel=0.1)
    assert found.left == timedelta(seconds=16 * 6 / 8)
    assert found.under_way is None


def test_a_server_that_counts_no_tokens_has_no_rate() -> None:
    registry.add_server("served", Server("http://gpu.example.org:8000/v1", "mine"))
    batch = queued(size=3, language_model="served")
    run = claimed(batch)
    assert drafting.save(run, draft(0, token_ids=(), rows=3, seconds=6.0))
    since(run, seconds=10, steps=0)
    batch.refresh_from_db()
    found = progress_of(batch)
    assert (found.tokens_per_second, found.left) == (None, timedelta(seconds=2 * 6 / 3))


def test_a_finished_batch_has_no_time_left() -> None:
    found = progress_of(written())
    assert (found.done, found.left, found.left_label) == (3, None, "")


def test_texts_that_a_server_refused_say_nothing_of_speed() -> None:
    batch = queued(size=3)
    run = claimed(batch)
    since(run, seconds=10, steps=20)
    batch.candidates.filter(index=0).update(state="failed", error="refused", run=run)
    batch.refresh_from_db()
    assert progress_of(batch).under_way == 20
