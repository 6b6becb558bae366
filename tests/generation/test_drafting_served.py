"""What a worker makes of a server's answers, and of a database that closes its connections while texts are written."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis

from generation import batches, drafting, queue, registry
from generation.engine import Sampling
from generation.engine.served import Server
from generation.lineage import lineage_of
from generation.models import Batch, Candidate
from generation.progress import progress_of
from studyweb import leases
from studyweb.leases import new_owner
from tests.generation.engine.test_server_request import Said, answering, said
from tests.generation.factories import queued
from tests.postgres import close_all_connections

pytestmark = pytest.mark.django_db(transaction=True)

Status = Batch.Status


def completion(text: str, **more: Any) -> Said:
    choice = {"text": text, "finish_reason": "stop"} | more
    return said({"choices": [choice], "usage": {"completion_tokens": 3, "prompt_tokens": 7}})


@pytest.fixture
def asked_of() -> Iterator[Callable[..., Batch]]:
    """A batch asked of a server that answers the n-th text (from 0) as told; it is stopped at the end."""
    servers = []

    def ask(answer: Callable[[int], Said], *, listing: Callable[[], None] = lambda: None, **changes: Any) -> Batch:
        number, lock = iter(range(10**6)), threading.Lock()

        def by_path(_: int, body: dict[str, Any], __: dict[str, str]) -> Said:
            if "prompt" not in body:
                listing()
                return said({"data": [{"id": "m"}]})
            with lock:
                return answer(next(number))

        servers.append(server := answering(by_path))
        registry.add_server("served", Server(server.__enter__(), "m"))
        return queued(language_model="served", sampling=Sampling(max_tokens=5), **changes)

    yield ask
    for server in servers:
        server.__exit__(None, None, None)


def texts(batch: Batch) -> dict[int, Candidate]:
    return {candidate.index: candidate for candidate in batch.candidates.all()}


@pytest.mark.postgres
def test_a_database_that_closes_its_connections_costs_no_text(
    asked_of: Callable[..., Batch], monkeypatch: pytest.MonkeyPatch, postgres_database: None
) -> None:
    # Each connection of the pool may be a dead one.
    monkeypatch.setattr(leases, "WAITS", (0.01,) * 9)
    once = iter([close_all_connections])

    def answer(n: int) -> Said:
        if n == 3:
            close_all_connections()
        return completion(f" Text {n}. It is finished.")

    batch = asked_of(answer, listing=lambda: next(once, lambda: None)(), size=12)
    drafting.draft_next()
    batch.refresh_from_db()
    # Before the first text the batch goes back; while texts come in, each is stored on a new connection.
    assert (batch.status, batch.error, batch.attempts) == (Status.QUEUED, "", 0)
    drafting.draft_next()
    batch.refresh_from_db()
    assert (batch.status, batch.error) == (Status.DONE, "")
    assert {candidate.state for candidate in texts(batch).values()} == {Candidate.State.DRAFTED}
    assert batch.tokens_done == 36


def test_a_text_that_is_refused_fails_alone_and_is_not_paid_for_again(asked_of: Callable[..., Batch]) -> None:
    answered = []

    def answer(n: int) -> Said:
        answered.append(n)
        return completion("", finish_reason="content_filter") if n == 2 else completion(f" Text {n}. It is finished.")

    batch = asked_of(answer, size=10)
    drafting.draft_next()
    batch.refresh_from_db()
    assert (batch.status, batch.error) == (Status.DONE, "")
    [refused] = [text for text in texts(batch).values() if text.state == Candidate.State.FAILED]
    assert "wrote no text (content_filter)" in refused.error
    found = progress_of(batch)
    assert (found.done, found.failed, found.refusals) == (9, 1, (refused.error,))
    batches.extend(batch, by=batch.created_by, size=11)
    drafting.draft_next()
    assert (len(answered), progress_of(batch).failed) == (11, 1)


def test_the_workers_looks_at_a_server_are_not_told_as_steps_of_a_model(
    asked_of: Callable[..., Batch], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "LOOK_SECONDS", 0.05)

    def answer(n: int) -> Said:
        time.sleep(0.1)
        return completion(f" Text {n}.")

    batch = asked_of(answer, size=16)
    drafting.draft_next()
    [run] = batch.runs.all()
    assert (run.steps, progress_of(batch).done) == (0, 16)


def test_what_is_under_way_when_a_server_fails_is_kept(asked_of: Callable[..., Batch]) -> None:
    def answer(n: int) -> Said:
        return said({"error": "an invented quota"}, status=402) if n == 7 else completion(f" Text {n}.")

    batch = asked_of(answer, size=30)
    drafting.draft_next()
    batch.refresh_from_db()
    assert batch.status == Status.FAILED
    assert "an invented quota" in batch.error
    # All that was asked for but the one: those before it and those beside it.
    assert progress_of(batch).done >= 7
    assert batches.resume(batch, by=batch.created_by)
    drafting.draft_next()
    batch.refresh_from_db()
    assert (batch.status, progress_of(batch).done) == (Status.DONE, 30)


def test_a_slow_server_makes_room_for_somebody_else_and_no_text_that_was_asked_for_is_lost(
    asked_of: Callable[..., Batch], settings: Any, broker: redis.Redis
) -> None:
    settings.ROUND_MINUTES = 0
    answered: list[int] = []

    def answer(n: int) -> Said:
        answered.append(n)
        return completion(f" Text {n}. It is finished.")

    batch = asked_of(answer, size=100)
    other = queued(size=1)
    drafting.draft_next()
    batch.refresh_from_db()
    assert (batch.status, len(answered)) == (Status.QUEUED, progress_of(batch).done)
    assert 1 <= len(answered) <= 16
    assert batches.cancel(other, by=other.created_by)
    drafting.draft_next()
    batch.refresh_from_db()
    assert (batch.status, len(answered)) == (Status.DONE, 100)


def test_a_server_that_refuses_every_text_is_not_asked_for_all(asked_of: Callable[..., Batch]) -> None:
    asked: list[int] = []

    def answer(n: int) -> Said:
        asked.append(n)
        return completion("", finish_reason="content_filter")

    batch = asked_of(answer, size=200)
    drafting.draft_next()
    batch.refresh_from_db()
    assert batch.status == Status.FAILED
    assert "16 texts in a row were refused" in batch.error
    assert len(asked) < 40


@pytest.mark.postgres
def test_whatever_an_answer_holds_can_be_stored_and_is_told(
    asked_of: Callable[..., Batch], postgres_database: None
) -> None:
    nasty = (
        rb'{"choices": [{"text": " Smile \ud83d and go on.", "finish_reason": "stop", '
        rb'"logprobs": {"token_logprobs": [-Infinity]}}], "usage": {"completion_tokens": 1e400}}',
        rb'{"choices": [{"text": " A \u0000 b.", "finish_reason": "stop"}], "model": "m\u0000-2", '
        rb'"system_fingerprint": "fp\ud83d1", "usage": {"completion_tokens": 4, "prompt_tokens": 9}}',
        rb'{"choices": [{"text": null, "finish_reason": "no\u0000ne \ud83d"}], "usage": 3}',
    )
    batch = asked_of(lambda n: said(nasty[n]), size=3)
    drafting.draft_next()
    batch.refresh_from_db()
    assert (batch.status, batch.error) == (Status.DONE, "")
    written = sorted(text.raw_text for text in texts(batch).values())
    assert written == ["", " A \N{SYMBOL FOR NULL} b.", " Smile \N{REPLACEMENT CHARACTER} and go on."]
    [told] = [text for text in texts(batch).values() if text.served.get("model")]
    assert lineage_of(told)["candidate"]["served"] == {
        "model": "m -2",
        "system_fingerprint": "fp 1",
        "prompt_tokens": 9,
        "seed": told.seed & 0x7FFFFFFF,
        "sent": {"temperature": 1.0, "top_p": 1.0, "max_tokens": 5},
    }


@pytest.mark.postgres
def test_an_error_that_holds_what_no_database_stores_ends_its_batch(
    asked_of: Callable[..., Batch], postgres_database: None
) -> None:
    batch = asked_of(lambda _: said({}), size=1)
    owner = new_owner()
    queue.claim_next(owner)
    assert queue.fail(batch.pk, owner, "An invented \0 error \ud83d.")
    batch.refresh_from_db()
    assert batch.error == "An invented \N{SYMBOL FOR NULL} error \N{REPLACEMENT CHARACTER}."
