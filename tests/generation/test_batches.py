"""Asking for texts: what is refused before anything is queued, and what is stored."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from generation import batches, registry, terms
from generation.batches import MOST_CANDIDATES, RequestError
from generation.engine import Sampling, candidate_seed
from generation.models import Batch, Candidate, LanguageModel, Prompt
from surveys import audit, lifecycle
from surveys.articles import DraftOnly
from surveys.models import Story
from tests.factories import StoryFactory, StudyFactory, ready_study
from tests.generation.engine.conftest import write_model
from tests.generation.factories import OPENING, claimed, curator, queued, written

pytestmark = pytest.mark.django_db


def test_a_request_stores_prompt_settings_and_one_waiting_candidate_a_text() -> None:
    batch = queued(size=3, seed=7, sampling=Sampling(temperature=0.8, max_tokens=4))
    assert batch.status == Batch.Status.QUEUED
    assert batch.prompt.text == OPENING
    assert batch.prompt_tokens > 20
    assert batch.sampling["temperature"] == 0.8
    assert [(c.index, c.seed, c.state) for c in batch.candidates.order_by("index")] == [
        (index, candidate_seed(7, index), "waiting") for index in range(3)
    ]
    assert audit.verify(batch.study) == []


def test_without_a_seed_one_is_drawn() -> None:
    study = StudyFactory()
    assert queued(study).seed != queued(study).seed


def test_the_same_prompt_is_stored_once() -> None:
    study = StudyFactory()
    story = StoryFactory(study=study)
    first, second = (queued(study, story=story) for _ in range(2))
    other = queued(study, story=story, text=OPENING + " More.")
    assert first.prompt == second.prompt
    assert [first.number, second.number, other.number] == [1, 2, 3]
    assert other.prompt.number == 2


def test_a_story_can_be_named_anew() -> None:
    batch = queued(story="A bridge is closed")
    assert batch.prompt.story.title == "A bridge is closed"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"text": ""}, "text"),
        ({"text": " \n\u200b "}, "text"),
        ({"text": "A NUL \0 inside"}, "text"),
        ({"text": "half a pair \ud800"}, "text"),
        ({"text": "word " * 9000}, "text"),
        ({"text": "x" * 100_001}, "text"),
        ({"kind": "a poem"}, "text"),
        ({"size": 0}, "size"),
        ({"size": -1}, "size"),
        ({"size": MOST_CANDIDATES + 1}, "size"),
        ({"language_model": "no-such-model"}, "language_model"),
        ({"sampling": Sampling(temperature=-1)}, "temperature"),
        ({"sampling": Sampling(temperature=float("nan"))}, "temperature"),
        ({"sampling": Sampling(top_p=0)}, "top_p"),
        ({"sampling": Sampling(top_k=-1)}, "top_k"),
        ({"sampling": Sampling(max_tokens=0)}, "max_tokens"),
        ({"sampling": Sampling(max_tokens=100_000)}, "text"),
        ({"sampling": Sampling(repetition_penalty=0)}, "repetition_penalty"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**63}, "seed"),
        ({"headline": "x" * 301}, "headline"),
        ({"language": ""}, "language"),
        ({"story": " "}, "story"),
        ({"story": "x" * 201}, "story"),
    ],
)
def test_what_cannot_be_asked_is_named_by_field_and_nothing_is_stored(changes: dict[str, Any], field: str) -> None:
    study = StudyFactory()
    with pytest.raises(RequestError) as refused:
        queued(study, **changes)
    assert field in refused.value.problems
    assert not Batch.objects.exists()
    assert not Prompt.objects.exists()
    assert not Candidate.objects.exists()


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(RequestError) as refused:
        queued(text="", size=0, sampling=Sampling(temperature=-1), language_model="none")
    assert set(refused.value.problems) == {"text", "size", "temperature", "language_model"}


def test_a_story_of_another_study_is_refused() -> None:
    with pytest.raises(RequestError, match="another study"):
        queued(StudyFactory(), story=StoryFactory())


def test_a_frozen_study_takes_no_batch() -> None:
    study = ready_study()
    story = Story.objects.filter(study=study).first()
    lifecycle.freeze(study, study.created_by)
    with pytest.raises(DraftOnly):
        queued(study, story=story)


def test_a_model_that_is_not_prepared_yet_is_said_so(settings: Any, tmp_path: Any) -> None:
    settings.CACHE_DIR = tmp_path
    with pytest.raises(RequestError, match="being prepared"):
        queued()


def as_bert(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"architectures": ["BertModel"]}))


def as_stablelm(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"model_type": "stablelm"}))


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (shutil.rmtree, "is not on this machine"),
        (lambda folder: (folder / "model.safetensors").unlink(), "holds no safetensors"),
        (lambda folder: os.truncate(folder / "model.safetensors", 5000), "is cut short: it has 5000 of its"),
        (lambda folder: (folder / "model.safetensors").write_bytes(b"\xff" * 99), "cannot be read"),
        (lambda folder: (folder / "tokenizer.json").unlink(), "cannot be read as a tokenizer"),
        (lambda folder: (folder / "config.json").write_text("{"), "cannot be read"),
        (as_bert, "a BertModel, which is no causal language model"),
        (as_stablelm, r"cannot serve the attention of this family \(stablelm\)"),
    ],
)
def test_a_model_that_was_spoilt_since_it_was_added_is_said_before_a_worker_is_touched(
    spoil: Callable[[Path], object], told: str, tmp_path: Path
) -> None:
    folder = write_model(tmp_path / "tiny", "llama")
    registry.add_folder("tiny", folder)
    asked: dict[str, Any] = {"language_model": "tiny", "text": "The council voted"}
    queued(**asked)
    Batch.objects.all().delete()
    spoil(folder)
    with pytest.raises(RequestError, match=told) as refused:
        queued(**asked)
    assert [*refused.value.problems] == ["language_model"]
    assert not Batch.objects.exists()


def test_more_texts_go_on_with_the_same_seeds() -> None:
    batch = written(seed=5)
    assert batches.extend(batch, by=batch.created_by, size=5)
    batch.refresh_from_db()
    assert (batch.size, batch.status) == (5, Batch.Status.QUEUED)
    added = batch.candidates.filter(state=Candidate.State.WAITING).order_by("index")
    assert [(c.index, c.seed) for c in added] == [(3, candidate_seed(5, 3)), (4, candidate_seed(5, 4))]


@pytest.mark.parametrize("size", [1, 3, MOST_CANDIDATES + 1])
def test_more_must_be_more_and_not_too_many(size: int) -> None:
    batch = queued(size=3)
    with pytest.raises(RequestError):
        batches.extend(batch, by=batch.created_by, size=size)
    assert batch.candidates.count() == 3


def test_a_closed_models_batch_is_raised_and_resumed_by_who_accepted_its_terms_alone() -> None:
    batch = written()
    batches.cancel(batch, by=batch.created_by)
    other = curator(batch.study)
    model = LanguageModel.objects.get(pk=batch.language_model_id)
    model.terms = "For research only."
    model.save()
    batch.refresh_from_db()
    acts: list[Callable[[], object]] = [
        lambda: batches.extend(batch, by=other, size=9), lambda: batches.resume(batch, by=other)
    ]  # fmt: skip
    for act in acts:
        with pytest.raises(RequestError, match="accept its terms"):
            act()
    assert Candidate.objects.count() == 3
    assert terms.accept(model, other, read=terms.terms_sha256(model))
    assert batches.extend(batch, by=other, size=4)
    assert Candidate.objects.count() == 4


@pytest.mark.parametrize("stopped", [Batch.Status.PAUSED, Batch.Status.CANCELLED, Batch.Status.FAILED])
def test_a_batch_that_was_stopped_is_extended_and_waits_until_somebody_lets_it_go_on(stopped: str) -> None:
    batch = queued(size=2)
    Batch.objects.filter(pk=batch.pk).update(status=stopped, error="The model is gone." if stopped == "failed" else "")
    assert not batches.extend(batch, by=batch.created_by, size=3)
    batch.refresh_from_db()
    assert (batch.status, batch.size, batch.candidates.count()) == (stopped, 3, 3)
    assert batches.resume(batch, by=batch.created_by)
    batch.refresh_from_db()
    assert batch.status == Batch.Status.QUEUED


def test_a_batch_that_is_being_written_is_extended_in_place() -> None:
    batch = queued(size=2)
    run = claimed(batch)
    batches.extend(batch, by=batch.created_by, size=3)
    batch.refresh_from_db()
    assert (batch.status, batch.lease_owner) == (Batch.Status.RUNNING, run.owner)


def test_a_cancelled_batch_stops_and_can_go_on() -> None:
    batch = queued()
    assert batches.cancel(batch, by=batch.created_by)
    assert not batches.cancel(batch, by=batch.created_by)
    batch.refresh_from_db()
    assert batch.status == Batch.Status.CANCELLED
    assert batches.resume(batch, by=batch.created_by)
    batch.refresh_from_db()
    assert batch.status == Batch.Status.QUEUED


def test_a_finished_batch_has_nothing_to_resume() -> None:
    batch = written()
    assert not batches.resume(batch, by=batch.created_by)


@pytest.mark.django_db(transaction=True)
def test_with_the_broker_down_a_request_is_stored_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    batch = queued()
    assert Batch.objects.get(pk=batch.pk).status == Batch.Status.QUEUED
    assert "next sweep publishes it again" in caplog.text
