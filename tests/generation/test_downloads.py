"""Bringing a model here from a server that speaks the hub's protocol: slices, hashes, resuming, cancelling."""

import errno
from collections.abc import Iterator
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import redis
from django.test import Client
from django.urls import reverse
from huggingface_hub import constants

from generation import downloads, hub, registry
from generation.models import Download, LanguageModel
from tests.factories import ResearcherFactory
from tests.generation.engine.conftest import write_model
from tests.generation.gguf_files import write_gguf
from tests.generation.hub_server import HubServer, served

pytestmark = pytest.mark.django_db

REPOSITORY = "invented/tiny"
REVISION = "0123456789abcdef0123456789abcdef01234567"
Status = Download.Status


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A whole model in miniature: random weights, a tokenizer of a few words."""
    import torch
    from tokenizers import Tokenizer, models
    from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

    folder = tmp_path / "hub-files"
    words = {"<|endoftext|>": 0, "the": 1, "bridge": 2}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="<|endoftext|>"))
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|endoftext|>").save_pretrained(folder)
    torch.manual_seed(1)
    sizes: dict[str, Any] = {"vocab_size": 3, "n_positions": 32, "n_embd": 512, "n_layer": 2, "n_head": 2}
    GPT2LMHeadModel(GPT2Config(**sizes, bos_token_id=0, eos_token_id=0)).save_pretrained(folder)
    (folder / "pytorch_model.bin").write_bytes(b"a pickle that nobody may load")
    (folder / "modeling_invented.py").write_text("raise SystemExit('code of the model ran')")
    return folder


@pytest.fixture
def server(files: Path, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    settings.CACHE_DIR = tmp_path / "cache"
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    with served(files, REPOSITORY, REVISION) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        yield server


@pytest.fixture
def model(broker: redis.Redis) -> LanguageModel:
    return registry.add_unfetched("tiny", REPOSITORY, REVISION, name="An invented tiny model")


def asked(model: LanguageModel) -> Download:
    return downloads.request(model, by=ResearcherFactory(is_superuser=True))


def fresh(model: LanguageModel) -> Download:
    return Download.objects.get(language_model=model)


def test_a_download_brings_the_weights_and_neither_pickles_nor_code(server: HubServer, model: LanguageModel) -> None:
    assert not registry.is_here(model)
    asked(model)
    downloads.download_next()
    done = fresh(model)
    assert (done.status, done.error) == (Status.DONE, "")
    assert done.bytes_total is not None
    assert done.bytes_done == done.bytes_total > 100_000
    folder = hub.folder_of(REPOSITORY, REVISION)
    assert {path.name for path in folder.iterdir()} >= {"config.json", "model.safetensors", "tokenizer.json"}
    assert not list(folder.glob("*.bin")) + list(folder.glob("*.py"))
    model.refresh_from_db()
    assert (model.context_length, registry.is_here(model)) == (32, True)
    assert registry.files(model).identity.revision == REVISION


def test_a_download_goes_on_slice_by_slice_and_fetches_nothing_twice(server: HubServer, model: LanguageModel) -> None:
    asked(model)
    slices = 0
    while fresh(model).is_open:
        # The clock goes 30 seconds at each look: a slice is over with the first piece that arrived.
        downloads.download_next(clock=partial(next, count(0.0, 30.0)))
        slices += 1
        assert slices < 50
    assert slices > 3
    assert fresh(model).status == Status.DONE
    starts = [ranged for name, ranged in server.asked if name == "model.safetensors" and ranged]
    assert len(starts) == len(set(starts)) >= 2, "each slice goes on behind the one before"


def test_what_a_broken_connection_left_is_taken_up_where_it_broke(server: HubServer, model: LanguageModel) -> None:
    server.breaks_after = 12_000_000
    asked(model)
    downloads.download_next()
    assert fresh(model).status == Status.DONE
    starts = [ranged for name, ranged in server.asked if name == "model.safetensors" and ranged]
    assert starts, "it began anew instead of going on"
    assert registry.is_here(model)


def test_a_server_that_always_breaks_fails_the_download_with_a_sentence(
    server: HubServer, model: LanguageModel
) -> None:
    server.breaks_after = 1000
    asked(model)
    downloads.download_next()
    assert fresh(model).status == Status.FAILED
    assert "could not be downloaded" in fresh(model).error
    server.breaks_after = None
    asked(model)
    downloads.download_next()
    assert fresh(model).status == Status.DONE


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json"])
def test_a_file_that_is_not_what_the_hub_says_is_thrown_away(
    server: HubServer, model: LanguageModel, name: str
) -> None:
    server.states_wrong_hash_of = name
    asked(model)
    downloads.download_next()
    failed = fresh(model)
    assert failed.status == Status.FAILED
    assert f"{name} of {REPOSITORY} arrived damaged" in failed.error
    assert not registry.is_here(model)
    server.states_wrong_hash_of = ""
    asked(model)
    downloads.download_next()
    assert fresh(model).status == Status.DONE


def test_a_cancelled_download_stops_at_once_and_can_be_asked_for_again(server: HubServer, model: LanguageModel) -> None:
    asked(model)

    def cancelling() -> float:
        downloads.cancel(model)
        return 0.0

    downloads.download_next(clock=cancelling)
    assert fresh(model).status == Status.CANCELLED
    assert not registry.is_here(model)
    assert downloads.download_next() is None
    asked(model)
    downloads.download_next()
    assert fresh(model).status == Status.DONE


def test_asking_twice_is_one_download(server: HubServer, model: LanguageModel, broker: redis.Redis) -> None:
    assert asked(model) == asked(model)
    assert Download.objects.count() == 1


def test_without_a_network_it_says_so_and_the_built_in_model_is_still_there(
    model: LanguageModel, settings: Any, tmp_path: Path
) -> None:
    from generation.engine.builtin import builtin_model

    builtin_model(settings.CACHE_DIR)
    asked(model)
    downloads.download_next()
    failed = fresh(model)
    assert failed.status == Status.FAILED
    assert "Try again with a network" in failed.error
    assert registry.offered()[0].key == registry.BUILTIN_KEY
    assert model not in registry.offered()


def test_a_repository_that_the_hub_does_not_show_is_named(server: HubServer, broker: redis.Redis) -> None:
    other = registry.add_unfetched("other", "invented/another", REVISION)
    asked(other)
    downloads.download_next()
    assert "invented/another" in fresh(other).error


@pytest.mark.django_db(transaction=True)
def test_a_request_wakes_the_fast_worker_and_a_lost_message_is_sent_again(
    broker: redis.Redis, model: LanguageModel
) -> None:
    asked(model)
    assert broker.llen("fast") == 1
    assert downloads.sweep() == 0
    Download.objects.update(announced_at=None)
    assert downloads.sweep() == 1


def test_a_gguf_file_is_brought_alone_converted_and_ready(
    server: HubServer, files: Path, tmp_path: Path, broker: redis.Redis
) -> None:
    write_gguf(write_model(tmp_path / "llama", "llama"), files / "tiny.F16.gguf")
    model = registry.add_unfetched("tiny", REPOSITORY, REVISION, file="tiny.F16.gguf")
    asked(model)
    downloads.download_next()
    done = fresh(model)
    assert (done.status, done.error) == (Status.DONE, "")
    folder = hub.folder_of(REPOSITORY, REVISION, "tiny.F16.gguf")
    assert [path.name for path in folder.iterdir()] == ["tiny.F16.gguf"]
    model.refresh_from_db()
    assert model.context_length == 256
    assert registry.prompt_tokens(model) is not None
    assert registry.files(model).identity.revision == REVISION


def test_a_gguf_file_that_is_no_model_fails_its_download_with_the_reason(
    server: HubServer, files: Path, broker: redis.Redis
) -> None:
    (files / "broken.gguf").write_bytes(b"GGUF" + bytes(100))
    model = registry.add_unfetched("tiny", REPOSITORY, REVISION, file="broken.gguf")
    asked(model)
    downloads.download_next()
    done = fresh(model)
    assert done.status == Status.FAILED
    assert "broken.gguf cannot be read" in done.error


def test_what_trust_allows_is_fetched_once_it_is_given_and_no_longer_used_once_it_is_taken_back(
    server: HubServer, model: LanguageModel, client: Client
) -> None:
    asked(model)
    downloads.download_next()
    client.force_login(ResearcherFactory(is_superuser=True))
    for trusts_code, names in (("", {"modeling_invented.py"}), ("True", set())):
        server.asked.clear()
        client.post(reverse("models:trust", args=[model.key]), {"reason": "I read it.", "trusts_code": trusts_code})
        downloads.download_next()
        assert (fresh(model).status, fresh(model).error) == (Status.DONE, "")
        model = LanguageModel.objects.get(pk=model.pk)
        # Weights that are here and were checked are not fetched again.
        assert {name for name, _range in server.asked if name in {"model.safetensors", *names}} == names
        here = {path.name for path in registry.files(model).folder.iterdir()}
        assert {name for name in here if name.endswith(".py")} == names
        assert "model.safetensors" in here


def test_until_its_code_is_here_a_trusted_model_writes_with_what_came_before_and_nothing_is_fetched_twice(
    server: HubServer, model: LanguageModel, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked(model)
    downloads.download_next()
    client.force_login(ResearcherFactory(is_superuser=True))
    client.post(reverse("models:trust", args=[model.key]), {"reason": "I read it.", "trusts_code": ""})
    model = LanguageModel.objects.get(pk=model.pk)
    assert (registry.is_here(model), registry.is_whole(model)) == (True, False)
    found = registry.files(model)
    assert (found.folder, found.runs_code) == (hub.folder_of(REPOSITORY, REVISION), False)
    assert found.identity.note == ""
    page = client.get(reverse("models:model", args=[model.key])).content.decode()
    assert "Its own code, which may run now, is not here yet" in page

    def no_link(path: Path, target: Path) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link", str(path))

    monkeypatch.setattr(Path, "hardlink_to", no_link)
    server.asked.clear()
    downloads.download_next()
    assert (fresh(model).status, fresh(model).error) == (Status.DONE, "")
    assert registry.is_whole(model)
    assert "model.safetensors" not in {name for name, _range in server.asked}
    weights = registry.files(model).folder / "model.safetensors"
    assert weights.read_bytes() == (hub.folder_of(REPOSITORY, REVISION) / "model.safetensors").read_bytes()
