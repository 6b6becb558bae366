"""Models in other forms than safetensors: a GGUF is converted once; pickles and code need somebody's word for it."""

import fcntl
import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import pytest
import torch
from django.core.management import CommandError, call_command
from safetensors.torch import load_file
from transformers import BertConfig, BertModel, LlamaForCausalLM

from generation import drafting, model_files, queue, registry, scores, trust
from generation.engine import ModelFolderError, Prompt, PromptTokens, Sampling
from generation.engine.conversion import LAYOUT
from generation.engine.identity import file_sha256
from generation.lineage import lineage_of
from generation.models import Batch, LanguageModel, TextScore, TrustChange
from generation.trust import TrustError, set_trust
from tests.factories import ArticleFactory, ResearcherFactory
from tests.generation.engine.conftest import write_model, write_tokenizer
from tests.generation.factories import queued, text_of
from tests.generation.gguf_files import write_gguf

pytestmark = pytest.mark.django_db
# A worker's heartbeat looks at the batch from a thread of its own, which sees only what is committed.
COMMITTED = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _a_cache_of_its_own(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.CACHE_DIR = tmp_path / "cache"
    monkeypatch.setattr(drafting, "_loaded", {})


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model as a folder with safetensors."""
    return write_model(tmp_path_factory.mktemp("plain") / "tiny", "llama")


@pytest.fixture
def gguf_file(plain: Path, tmp_path: Path) -> Path:
    (tmp_path / "models").mkdir()
    return write_gguf(plain, tmp_path / "models" / "tiny.F16.gguf")


@pytest.fixture(scope="module")
def _converted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("converted")


@pytest.fixture
def _one_cache_for_all(_converted: Path, settings: Any) -> None:
    """What one test has converted the next finds: the files are equal, and each conversion loads torch anew."""
    settings.CACHE_DIR = _converted


@contextmanager
def _another_converts(file: Path, cache: Path) -> Iterator[None]:
    """Within the block the file's conversion waits for another process; not for ever, so that a test can fail."""
    path = cache / "converted" / f"{file_sha256(file)[:32]}-{LAYOUT}.lock"
    path.parent.mkdir(parents=True)
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        given_up = threading.Timer(20, lambda: fcntl.flock(lock, fcntl.LOCK_UN))
        given_up.start()
        yield
        given_up.cancel()


@pytest.mark.usefixtures("_one_cache_for_all")
def test_a_gguf_file_becomes_a_model_whose_numbers_and_words_are_its_own(plain: Path, gguf_file: Path) -> None:
    call_command("add_language_model", "tiny", str(gguf_file))
    model = LanguageModel.objects.get(key="tiny")
    assert (model.file, model.name, model.context_length) == ("tiny.F16.gguf", "tiny.F16.gguf", 256)
    found = registry.files(model)
    assert (found.identity.quantisation, found.identity.note) == ("F16", "dequantised from F16")
    assert (found.identity.file, found.identity.weights_sha256) == ("tiny.F16.gguf", file_sha256(gguf_file))
    ids = torch.tensor([[3, 50, 120, 7, 31]])
    with torch.no_grad():
        before, after = (LlamaForCausalLM.from_pretrained(path)(ids).logits for path in (plain, found.folder))
    # The weights were rounded to 16 bits, and nothing else changed.
    assert (before - after).abs().max() < 0.05 * before.abs().max()
    tokens, prompt = registry.prompt_tokens(model), Prompt("The council voted.")
    assert isinstance(tokens, PromptTokens)
    assert tokens.encode(prompt) == PromptTokens.of(plain).encode(prompt)


@COMMITTED
@pytest.mark.usefixtures("_one_cache_for_all")
def test_it_is_converted_once_and_drafts_are_written_with_it(gguf_file: Path) -> None:
    model = registry.add_folder("tiny", gguf_file.parent)
    stamp = (registry.files(model).folder / "model.safetensors").stat().st_mtime_ns
    batch = queued(language_model="tiny", text="The council voted", sampling=Sampling(max_tokens=5))
    drafting.draft_next()
    batch.refresh_from_db()
    assert (batch.status, batch.error) == (Batch.Status.DONE, "")
    assert lineage_of(text_of(batch))["model"]["identity"]["quantisation"] == "F16"
    assert (registry.files(model).folder / "model.safetensors").stat().st_mtime_ns == stamp


@COMMITTED
@pytest.mark.usefixtures("_one_cache_for_all")
@pytest.mark.parametrize("ended", ["cancelled", "stopped", "too long"])
def test_a_conversion_ends_with_the_batch_that_waits_for_it(
    gguf_file: Path, tmp_path: Path, settings: Any, ended: str
) -> None:
    registry.add_folder("tiny", gguf_file)
    batch = queued(language_model="tiny", text="The council voted")
    settings.CACHE_DIR = tmp_path / "emptied"
    times = chain([0.0], repeat(60.0 * settings.BATCH_MINUTES + 1 if ended == "too long" else 0.0))

    def stopping() -> bool:
        if ended == "cancelled":
            queue.cancel(batch)
        return ended == "stopped"

    with _another_converts(gguf_file, settings.CACHE_DIR):
        drafting.draft_next(stopping=stopping, clock=lambda: next(times))
    batch.refresh_from_db()
    states = {"cancelled": Batch.Status.CANCELLED, "stopped": Batch.Status.QUEUED, "too long": Batch.Status.FAILED}
    assert batch.status == states[ended]
    assert ("BATCH_MINUTES" in batch.error) == (ended == "too long")
    assert registry.prompt_tokens(batch.language_model) is None, "nothing was converted"


@COMMITTED
@pytest.mark.usefixtures("_one_cache_for_all")
@pytest.mark.parametrize(("ended", "status"), [("stopped", "queued"), ("too long", "failed")])
def test_a_conversion_ends_with_the_scores_that_wait_for_it(
    gguf_file: Path, tmp_path: Path, settings: Any, ended: str, status: str
) -> None:
    model = registry.add_folder("tiny", gguf_file)
    article = ArticleFactory()
    scores.request(article.study, model, by=article.study.created_by)
    settings.CACHE_DIR = tmp_path / "emptied"
    times = chain([0.0, 0.0], repeat(60.0 * settings.BATCH_MINUTES + 1 if ended == "too long" else 0.0))
    with _another_converts(gguf_file, settings.CACHE_DIR):
        assert scores.score_next(stopping=lambda: ended == "stopped", clock=lambda: next(times)) == 0
    score = TextScore.objects.get()
    assert (score.status, "BATCH_MINUTES" in score.error) == (status, ended == "too long")


@pytest.mark.usefixtures("_one_cache_for_all")
def test_before_it_is_converted_no_tokens_are_counted_and_the_worker_converts_it(
    gguf_file: Path, tmp_path: Path, settings: Any
) -> None:
    model = registry.add_folder("tiny", gguf_file)
    settings.CACHE_DIR = tmp_path / "emptied"
    assert registry.prompt_tokens(model) is None
    registry.files(model)
    assert registry.prompt_tokens(model) is not None


@pytest.mark.usefixtures("_one_cache_for_all")
def test_of_several_gguf_files_one_is_named(gguf_file: Path) -> None:
    shutil.copyfile(gguf_file, gguf_file.with_name("tiny.Q8_0.gguf"))
    with pytest.raises(CommandError, match=r"several GGUF files: tiny\.F16\.gguf, tiny\.Q8_0\.gguf"):
        call_command("add_language_model", "tiny", str(gguf_file.parent))
    call_command("add_language_model", "tiny", str(gguf_file.parent), "--file", "tiny.F16.gguf")
    assert LanguageModel.objects.get(key="tiny").file == "tiny.F16.gguf"


def test_a_gguf_file_that_is_no_such_model_is_refused_with_the_reason(plain: Path, tmp_path: Path) -> None:
    refused = {
        "no file": tmp_path / "missing.gguf",
        "cannot be read": tmp_path / "corrupt.gguf",
        "tokenizer": write_gguf(plain, tmp_path / "wordless.gguf", tokenizer=False),
        "bert": write_gguf(plain, tmp_path / "not-causal.gguf", architecture="bert"),
    }
    refused["cannot be read"].write_bytes(b"GGUF" + bytes(40))
    for reason, path in refused.items():
        with pytest.raises(ModelFolderError, match=reason) as told:
            registry.add_folder("tiny", path)
        assert path.name in str(told.value)
        assert "Traceback" not in str(told.value)
    half = tmp_path / "half.gguf"
    half.write_bytes(write_gguf(plain, tmp_path / "whole.gguf").read_bytes()[:9_000])
    with pytest.raises(ModelFolderError, match=r"half\.gguf cannot be read"):
        registry.add_folder("tiny", half)
    assert not LanguageModel.objects.filter(key="tiny").exists()


def test_a_folder_without_tokenizer_weights_or_a_causal_model_is_refused(plain: Path, tmp_path: Path) -> None:
    for missing, told in (("tokenizer.json", "tokenizer"), ("model.safetensors", "no safetensors")):
        folder = tmp_path / f"without-{missing}"
        shutil.copytree(plain, folder)
        (folder / missing).unlink()
        with pytest.raises(ModelFolderError, match=told):
            registry.add_folder("tiny", folder)
    bert = tmp_path / "bert"
    BertModel(
        BertConfig(vocab_size=320, hidden_size=12, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8)
    ).save_pretrained(bert)
    write_tokenizer(bert)
    with pytest.raises(ModelFolderError, match="a BertModel, which is no causal language model"):
        registry.add_folder("tiny", bert)


def test_a_folder_whose_weights_lack_a_layer_is_refused_before_anything_is_asked_of_it(
    plain: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(plain, tmp_path / "cut")
    config = json.loads((folder / "config.json").read_text()) | {"num_hidden_layers": 4}
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelFolderError, match="promises 4 layers, and the weights lack layer 3"):
        registry.add_folder("tiny", folder)


@pytest.fixture
def pickled(plain: Path, tmp_path: Path) -> Path:
    """The tiny model with pickled weights alone."""
    folder = tmp_path / "pickled"
    shutil.copytree(plain, folder)
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    return folder


def test_pickled_weights_are_refused_until_somebody_says_why_they_may_be_read(pickled: Path, plain: Path) -> None:
    with pytest.raises(CommandError, match="a pickle can run code"):
        call_command("add_language_model", "tiny", str(pickled))
    call_command("add_language_model", "tiny", str(pickled), "--trust", "Made here last week.")
    model = LanguageModel.objects.get(key="tiny")
    change = TrustChange.objects.get(language_model=model)
    assert (change.trusts_code, change.reason, change.by) == (True, "Made here last week.", None)
    found = registry.files(model)
    assert found.identity.weights_sha256 == file_sha256(pickled / "pytorch_model.bin")
    assert found.identity.note == f"converted from pickled weights; {model_files.TRUSTED}"
    original = load_file(plain / "model.safetensors")
    assert all(
        torch.equal(tensor, original[name]) for name, tensor in load_file(found.folder / "model.safetensors").items()
    )


class Malice:
    """A pickle that would run a command when it is read."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> Any:
        return Path.touch, (self.marker,)


def test_code_in_a_pickle_does_not_run_even_where_pickles_may_be_read(pickled: Path, tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    torch.save({"weight": Malice(marker)}, pickled / "pytorch_model.bin")
    with pytest.raises(ModelFolderError, match="cannot be read"):
        registry.add_folder("tiny", pickled, trusted_because="To see.")
    assert not marker.exists()


@pytest.fixture
def coded(plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The tiny model under a type of its own, whose code leaves a mark where it runs."""
    monkeypatch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", str(tmp_path / "modules"))
    folder = tmp_path / "coded"
    shutil.copytree(plain, folder)
    config = json.loads((folder / "config.json").read_text())
    own = {"AutoConfig": "invented_model.InventedConfig", "AutoModelForCausalLM": "invented_model.InventedForCausalLM"}
    config |= {"model_type": "invented", "architectures": ["InventedForCausalLM"], "auto_map": own}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "invented_model.py").write_text(
        "from pathlib import Path\n"
        "from transformers import LlamaConfig, LlamaForCausalLM\n"
        f"Path({str(tmp_path / 'ran')!r}).touch()\n"
        "class InventedConfig(LlamaConfig):\n"
        "    model_type = 'invented'\n"
        "class InventedForCausalLM(LlamaForCausalLM):\n"
        "    config_class = InventedConfig\n"
    )
    return folder


@COMMITTED
def test_a_models_own_code_runs_only_once_it_is_allowed_for_this_one_and_the_lineage_says_so(
    coded: Path, tmp_path: Path
) -> None:
    boss = ResearcherFactory(is_superuser=True)
    model = registry.add_folder("coded", coded)
    asked: dict[str, Any] = {
        "language_model": "coded",
        "text": "The council voted",
        "sampling": Sampling(max_tokens=5),
        "size": 1,
    }
    refused = queued(**asked)
    drafting.draft_next()
    refused.refresh_from_db()
    assert refused.status == Batch.Status.FAILED
    assert "cannot be loaded" in refused.error
    assert not (tmp_path / "ran").exists()
    set_trust(model, trusts_code=True, reason="I read its forty lines.", by=boss)
    written = queued(**asked)
    drafting.draft_next()
    written.refresh_from_db()
    assert (written.status, written.error) == (Batch.Status.DONE, "")
    assert (tmp_path / "ran").exists()
    identity = lineage_of(text_of(written))["model"]["identity"]
    assert identity["note"] == model_files.TRUSTED
    assert identity["files"]["invented_model.py"] == file_sha256(coded / "invented_model.py")


def test_each_change_of_trust_is_logged_with_a_reason_and_none_is_made_twice(coded: Path) -> None:
    boss = ResearcherFactory(is_superuser=True)
    model = registry.add_folder("coded", coded)
    with pytest.raises(TrustError, match="Write why"):
        set_trust(model, trusts_code=True, reason=" ", by=boss)
    set_trust(model, trusts_code=True, reason="Read.", by=boss)
    with pytest.raises(TrustError, match="so already"):
        set_trust(model, trusts_code=True, reason="Again.", by=boss)
    set_trust(model, trusts_code=False, reason="It changed.", by=boss)
    assert list(model.trust_changes.order_by("pk").values_list("trusts_code", "reason")) == [
        (True, "Read."),
        (False, "It changed."),
    ]
    assert not trust.concerns(LanguageModel.objects.get(key=registry.BUILTIN_KEY))
