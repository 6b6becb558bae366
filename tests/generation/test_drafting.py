"""What a worker does with a batch, on the real engine and the built-in model, with texts of a few tokens."""

import hashlib
import threading
import time
from itertools import count
from typing import Any

import pytest
import redis
from django.db import connection
from django.db.utils import OperationalError

from generation import batches, drafting, queue, tasks
from generation.engine import Sampling, builtin, drafter
from generation.models import Batch, Candidate, LanguageModel
from tests.generation.factories import CONTINUATION, claimed, draft, queued, text_of

Status = Batch.Status


@pytest.mark.model
@pytest.mark.django_db(transaction=True)
def test_the_task_writes_every_candidate_of_a_batch_with_its_lineage() -> None:
    batch = queued(size=3, seed=11)
    tasks.draft_next()
    batch.refresh_from_db()
    assert (batch.status, batch.error, batch.lease_owner) == (Status.DONE, "", "")
    texts = list(batch.candidates.order_by("index"))
    assert [text.state for text in texts] == ["drafted"] * 3
    assert batch.tokens_done == sum(text.tokens for text in texts) > 0
    assert len({text.raw_text for text in texts}) == 3
    for text in texts:
        assert text.raw_sha256 == hashlib.sha256(text.raw_text.encode()).hexdigest()
        assert len(text.token_ids) == len(text.logprobs) == len(text.ranks) == text.tokens <= 4
        assert text.mean_logprob == pytest.approx(sum(text.logprobs) / text.tokens, abs=1e-3)
        assert text.drafted_at is not None
    run = batch.runs.get()
    assert run.model_identity["repository"] == builtin.REPOSITORY
    assert len(run.model_identity["weights_sha256"]) == 64
    assert run.engine_versions["torch"].startswith("2.13")
    assert {"config.json", "tokenizer.json"} <= set(run.model_identity["files"])
    assert run.engine_versions["tokenizers"]
    assert {text.run_id for text in texts} == {run.pk}


@pytest.mark.model
@pytest.mark.django_db(transaction=True)
def test_a_run_keeps_the_prompt_as_the_chat_template_made_it() -> None:
    batch = queued(size=1, kind="instruction", text="Write about a bridge.")
    tasks.draft_next()
    run = batch.runs.get()
    assert run.given_text.endswith("<|im_start|>user\nWrite about a bridge.<|im_end|>\n<|im_start|>assistant\n")
    assert run.given_text.startswith("<|im_start|>system")
    assert run.given_tokens == batch.prompt_tokens > 10


@pytest.mark.model
@pytest.mark.django_db(transaction=True)
def test_a_second_delivery_of_the_message_does_nothing() -> None:
    batch = queued(size=1)
    tasks.draft_next(sent_by="a later release")
    before = batch.candidates.values().get()
    tasks.draft_next()
    assert batch.candidates.values().get() == before
    assert batch.runs.count() == 1


@pytest.mark.model
@pytest.mark.django_db(transaction=True)
def test_the_same_seed_prompt_and_settings_give_the_same_texts_again() -> None:
    study = queued(size=2, seed=5).study
    story = study.stories.get()
    queued(study, size=2, seed=5, story=story)
    queued(study, size=2, seed=6, story=story)
    for _ in range(3):
        drafting.draft_next()
    first, again, other = (
        [text.raw_text for text in batch.candidates.order_by("index")]
        for batch in Batch.objects.filter(study=study).order_by("number")
    )
    assert first == again != other


@pytest.mark.model
@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_told_to_stop_gives_the_batch_back_and_the_next_one_ends_it() -> None:
    batch = queued(size=2)
    drafting.draft_next(stopping=lambda: True)
    batch.refresh_from_db()
    assert batch.status == Status.QUEUED
    assert not batch.candidates.filter(state="drafted").exists()
    drafting.draft_next()
    batch.refresh_from_db()
    assert batch.status == Status.DONE
    assert batch.runs.count() == 2


@pytest.mark.model
@pytest.mark.django_db(transaction=True)
def test_a_cancelled_batch_is_left_within_seconds_and_keeps_what_it_has() -> None:
    batch = queued(size=1, sampling=Sampling(max_tokens=4000, min_tokens=4000))

    def cancel_soon() -> None:
        try:
            while not batch.runs.filter(steps__gt=0).exists():
                time.sleep(0.1)
            batches.cancel(batch, by=batch.created_by)
        finally:
            connection.close()

    canceller = threading.Thread(target=cancel_soon)
    canceller.start()
    drafting.draft_next()
    canceller.join()
    batch.refresh_from_db()
    assert batch.status == Status.CANCELLED
    assert batch.candidates.get().state == "waiting"


@pytest.mark.model
@pytest.mark.django_db(transaction=True)
def test_on_a_disk_that_gets_short_a_batch_is_given_back_and_waits_until_there_is_room(settings: Any) -> None:
    batch = queued(size=1, sampling=Sampling(max_tokens=4000, min_tokens=4000))

    def fill_soon() -> None:
        try:
            while not batch.runs.filter(steps__gt=0).exists():
                time.sleep(0.1)
            settings.DISK_RESERVE_MB = 10**9
        finally:
            connection.close()

    filler = threading.Thread(target=fill_soon)
    filler.start()
    drafting.draft_next()
    filler.join()
    batch.refresh_from_db()
    assert batch.status == Status.QUEUED
    assert drafting.draft_next() is None
    settings.DISK_RESERVE_MB = 0
    assert queue.claim_next("one") == batch


def test_a_full_disk_is_named_to_the_researcher() -> None:
    said = drafting.explained(OperationalError("database or disk is full"))
    assert said == "The disk is full. What is finished stays: make room, then try again."


@pytest.mark.model
@pytest.mark.django_db(transaction=True)
def test_the_model_stays_in_memory_between_batches() -> None:
    queued(size=1)
    drafting.draft_next()
    held = dict(drafting._loaded)
    queued(size=1)
    drafting.draft_next()
    assert len(held) == 1
    assert all(drafting._loaded[identity] is drafter for identity, drafter in held.items())


@pytest.mark.model
@pytest.mark.django_db(transaction=True)
def test_a_prompt_that_no_longer_fits_fails_the_batch_with_a_sentence(caplog: pytest.LogCaptureFixture) -> None:
    batch = queued(size=1)
    Batch.objects.filter(pk=batch.pk).update(sampling={**batch.sampling, "max_tokens": 100_000})
    drafting.draft_next()
    batch.refresh_from_db()
    assert batch.status == Status.FAILED
    assert "the model can hold" in batch.error
    assert batch.candidates.get().state == "failed"
    assert "Traceback" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_a_missing_model_folder_fails_the_batch_with_a_sentence(caplog: pytest.LogCaptureFixture) -> None:
    model = LanguageModel.objects.create(
        key="gone", name="Gone", source="folder", location="/no/such/folder", context_length=1024
    )
    batch = queued(size=1)
    Batch.objects.filter(pk=batch.pk).update(language_model=model)
    drafting.draft_next()
    batch.refresh_from_db()
    assert batch.status == Status.FAILED
    assert "/no/such/folder" in batch.error
    assert "failed" in caplog.text


@pytest.mark.django_db
def test_a_draft_is_cleaned_and_screened_and_its_raw_text_kept() -> None:
    batch = queued(size=1)
    raw = CONTINUATION + "\nAdvertisement\nAs an AI language model, I cannot go on with"
    assert drafting.save(claimed(batch), draft(0, raw))
    text = text_of(batch)
    assert text.raw_text == raw
    assert "Advertisement" not in text.text
    assert {removal["what"].strip() for removal in text.removals} >= {"Advertisement"}
    assert text.mean_logprob == -2.0


@pytest.mark.django_db
def test_flags_are_stored_with_their_number() -> None:
    batch = queued(size=1)
    assert drafting.save(claimed(batch), draft(0, " Two words."))
    text = text_of(batch)
    assert "too-short" in {flag["code"] for flag in text.flags}
    assert text.flag_count == len(text.flags)


@pytest.mark.django_db
def test_a_nul_character_can_be_stored_and_the_token_ids_keep_it() -> None:
    batch = queued(size=1)
    assert drafting.save(claimed(batch), draft(0, " A text with \0 inside it."))
    text = text_of(batch)
    assert "\0" not in text.raw_text + text.text
    assert text.token_ids == [11, 12, 13]


@pytest.mark.django_db
def test_a_text_of_nothing_is_stored_and_flagged() -> None:
    batch = queued(size=1)
    assert drafting.save(claimed(batch), draft(0, ""))
    text = text_of(batch)
    assert (text.state, text.text) == (Candidate.State.DRAFTED, "")
    assert text.flags


def test_a_process_that_only_asks_loads_no_torch() -> None:
    import subprocess
    import sys

    code = (
        "import django; django.setup(); import generation.urls, generation.tasks, sys; "
        "print([name for name in ('torch', 'transformers', 'pandas') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.model
@pytest.mark.django_db(transaction=True)
def test_a_long_batch_makes_room_for_somebody_else_between_two_rounds(
    monkeypatch: pytest.MonkeyPatch, broker: redis.Redis
) -> None:
    monkeypatch.setattr(drafting, "ROUND", 2)
    of_one = Sampling(max_tokens=1)
    long = queued(size=3, sampling=of_one)
    drafting_first = drafting.draft_next()
    assert drafting_first == long
    assert Batch.objects.get(pk=long.pk).status == Status.DONE, "nobody else waits: it is written in one go"
    long, short = queued(size=3, sampling=of_one), queued(size=1, sampling=of_one)
    served = [drafting.draft_next() for _ in range(3)]
    assert [batch.pk for batch in served if batch] == [long.pk, short.pk, long.pk]
    assert Batch.objects.get(pk=long.pk).status == Status.DONE
    assert long.candidates.filter(state="drafted").count() == 3


@pytest.mark.model
@pytest.mark.django_db(transaction=True)
def test_a_slow_batch_makes_room_within_a_round_and_finishes_what_it_has_begun(
    settings: Any, monkeypatch: pytest.MonkeyPatch, broker: redis.Redis
) -> None:
    monkeypatch.setitem(drafter._MOST_ROWS, "cpu", 2)
    settings.ROUND_MINUTES = 0
    slow, urgent = queued(size=6), queued(size=1)
    Batch.objects.filter(pk=urgent.pk).update(created_by=slow.created_by, priority=1)
    other = queued(size=1)
    # Its owner's of higher priority first; then the others' and this one take turns, two texts at a time.
    served = [drafting.draft_next() for _ in range(3)]
    assert [batch.pk for batch in served if batch] == [urgent.pk, other.pk, slow.pk]
    assert Batch.objects.get(pk=slow.pk).status == Status.DONE, "nobody else waits any more: time alone ends no round"
    slow, other = queued(size=6), queued(size=1)
    assert drafting.draft_next() == slow
    assert Batch.objects.get(pk=slow.pk).status == Status.QUEUED
    assert slow.candidates.filter(state="drafted").count() == 2
    assert [drafting.draft_next(), drafting.draft_next()] == [other, slow]
    assert slow.candidates.filter(state="drafted").count() == 6


@pytest.mark.model
@pytest.mark.django_db(transaction=True)
def test_a_batch_that_takes_too_long_ends_with_a_sentence_and_keeps_what_is_finished(settings: Any) -> None:
    batch = queued(size=2)
    settings.BATCH_MINUTES = 0
    drafting.draft_next()
    batch.refresh_from_db()
    assert batch.status == Status.FAILED
    assert "BATCH_MINUTES" in batch.error
    settings.BATCH_MINUTES = 10
    assert batches.resume(batch, by=batch.created_by)
    drafting.draft_next()
    assert batch.candidates.filter(state="drafted").count() == 2


@pytest.mark.model
@pytest.mark.django_db(transaction=True)
def test_a_batch_whose_texts_come_one_after_another_is_never_ended_for_its_length(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(drafter._MOST_ROWS, "cpu", 2)
    settings.BATCH_MINUTES = 12
    batch, minutes = queued(size=6), count()
    # A minute a look at the clock, which is one a step: a text takes four.
    drafting.draft_next(clock=lambda: 60 * next(minutes))
    batch.refresh_from_db()
    assert (batch.status, batch.error) == (Status.DONE, "")
    assert next(minutes) > settings.BATCH_MINUTES


@pytest.mark.model
@pytest.mark.django_db(transaction=True)
def test_no_more_is_written_than_the_studys_budget_allows_and_the_rest_waits() -> None:
    batch = queued(size=4, sampling=Sampling(max_tokens=4, min_tokens=4))
    batches.set_budget(batch.study, by=batch.created_by, tokens_a_day=8)
    drafting.draft_next()
    batch.refresh_from_db()
    assert batch.status == Status.QUEUED
    assert batch.candidates.filter(state="drafted").count() == 2
    assert drafting.draft_next() is None
    batches.set_budget(batch.study, by=batch.created_by, tokens_a_day=None)
    drafting.draft_next()
    assert Batch.objects.get(pk=batch.pk).status == Status.DONE
