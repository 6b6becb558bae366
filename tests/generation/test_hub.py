"""Models of the hub at a pinned commit: what is refused, what would be downloaded, and taking what is here already."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from generation import hub, registry
from generation.engine.builtin import builtin_model
from generation.models import LanguageModel

pytestmark = pytest.mark.django_db

REPOSITORY = "invented/model"
REVISION = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def cache(tmp_path: Path, settings: Any) -> Path:
    """An empty cache folder."""
    settings.CACHE_DIR = tmp_path / "cache"
    return tmp_path / "cache"


@pytest.fixture
def snapshot(settings: Any, tmp_path: Path) -> Path:
    """A commit's files where a download leaves them: those of the built-in model, under another name."""
    source = builtin_model(settings.CACHE_DIR).folder
    settings.CACHE_DIR = tmp_path / "cache"
    folder = hub.folder_of(REPOSITORY, REVISION)
    shutil.copytree(source, folder, copy_function=os.symlink)
    (folder / "identity.json").unlink()
    return folder


def add(*arguments: str) -> None:
    call_command("add_language_model", "other", *arguments)


def test_a_commit_that_is_here_already_is_registered_without_a_network(
    snapshot: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add("--hub", REPOSITORY, "--revision", REVISION, "--licence", "Apache-2.0")
    model = LanguageModel.objects.get(key="other")
    assert (model.source, model.location, model.revision) == ("hub", REPOSITORY, REVISION)
    assert (model.name, model.licence, model.context_length) == (REPOSITORY, "Apache-2.0", 8192)
    assert "8192" in capsys.readouterr().out
    found = registry.files(model)
    assert (found.folder, found.identity.repository, found.identity.revision) == (snapshot, REPOSITORY, REVISION)
    tokens = registry.prompt_tokens(model)
    assert tokens is not None
    assert tokens.context_length == 8192


def test_a_model_that_moves_into_a_folder_is_no_longer_of_the_hub(snapshot: Path) -> None:
    add("--hub", REPOSITORY, "--revision", REVISION)
    add(str(snapshot))
    model = LanguageModel.objects.get(key="other")
    assert (model.source, model.location, model.revision) == ("folder", str(snapshot), "")


def test_without_a_network_the_command_says_what_can_be_done(cache: Path) -> None:
    assert os.environ["HF_HUB_OFFLINE"] == "1"
    with pytest.raises(CommandError, match=r"could not be downloaded.*Try again with a network") as refused:
        add("--hub", REPOSITORY, "--revision", REVISION)
    assert str(cache / "hub" / "invented--model" / REVISION) in str(refused.value)
    assert not hub.folder_of(REPOSITORY, REVISION).exists()
    assert not LanguageModel.objects.filter(key="other").exists()


def test_what_a_broken_download_left_is_not_taken_for_the_model(cache: Path) -> None:
    folder = hub.folder_of(REPOSITORY, REVISION)
    partial = folder.with_name(f".{REVISION}.partial")
    partial.mkdir(parents=True)
    (partial / "config.json").write_text("{}")
    with pytest.raises(hub.HubError, match="could not be downloaded"):
        hub.downloaded(REPOSITORY, REVISION)
    assert not folder.exists()


@pytest.mark.parametrize("revision", ["", "main", "v1.0", REVISION[:12], REVISION.upper(), f"{REVISION}0", "g" * 40])
def test_only_a_whole_commit_is_a_revision(cache: Path, revision: str) -> None:
    with pytest.raises(CommandError, match="40 hexadecimal digits"):
        add("--hub", REPOSITORY, "--revision", revision)


@pytest.mark.parametrize(
    "repository", ["../../etc", "a/b/c", "https://example.org/model", "a b/c", "a--b/c", "name/", ".a/b"]
)
def test_what_is_no_repository_is_refused(cache: Path, repository: str) -> None:
    with pytest.raises(CommandError, match="no repository of the hub"):
        add("--hub", repository, "--revision", REVISION)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "exactly one"),
        (["folder", "--hub", REPOSITORY, "--revision", REVISION], "exactly one"),
        (["folder", "--revision", REVISION], "belongs to --hub"),
        (["--revision", REVISION], "exactly one"),
    ],
)
def test_a_model_is_a_folder_or_a_commit(arguments: list[str], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        add(*arguments)


def test_neither_pickles_nor_code_nor_other_formats_are_downloaded() -> None:
    names = [
        "README.md",
        "config.json",
        "flax_model.msgpack",
        "generation_config.json",
        "model-00001-of-00002.safetensors",
        "model-00002-of-00002.safetensors",
        "model.safetensors.index.json",
        "modeling_invented.py",
        "onnx/model.safetensors",
        "original/consolidated.safetensors",
        "pytorch_model.bin",
        "tokenizer.json",
        "training_args.bin",
    ]
    assert hub.wanted(REPOSITORY, names) == [
        "config.json",
        "generation_config.json",
        "model-00001-of-00002.safetensors",
        "model-00002-of-00002.safetensors",
        "model.safetensors.index.json",
        "tokenizer.json",
    ]


@pytest.mark.parametrize("missing", ["config.json", "tokenizer.json", "model.safetensors"])
def test_a_repository_that_holds_no_whole_model_is_refused_before_anything_is_downloaded(missing: str) -> None:
    names = {"config.json", "tokenizer.json", "model.safetensors", "pytorch_model.bin"} - {missing}
    with pytest.raises(hub.HubError, match=f"holds no {missing}"):
        hub.wanted(REPOSITORY, sorted(names))


def test_a_gguf_file_is_taken_alone_and_its_name_is_checked() -> None:
    names = ["README.md", "config.json", "model.Q4_0.gguf", "model.Q8_0.gguf", "model.safetensors", "tokenizer.json"]
    assert hub.wanted(REPOSITORY, names, file="model.Q8_0.gguf") == ["model.Q8_0.gguf"]
    with pytest.raises(hub.HubError, match=r"holds no other\.gguf"):
        hub.wanted(REPOSITORY, names, file="other.gguf")
    for name in ("../x.gguf", "a/b.gguf", "model.bin", ".gguf"):
        with pytest.raises(hub.HubError, match="no GGUF file"):
            hub.check_names(REPOSITORY, REVISION, name)
    assert hub.folder_of(REPOSITORY, REVISION, "a.gguf") != hub.folder_of(REPOSITORY, REVISION)


def test_what_comes_in_another_form_says_what_can_be_done() -> None:
    whole = ["config.json", "tokenizer.json"]
    with pytest.raises(hub.HubError, match=r"such as a\.Q4_0\.gguf"):
        hub.wanted(REPOSITORY, [*whole, "b.gguf", "a.Q4_0.gguf"])
    pickled = [*whole, "pytorch_model.bin", "modeling_invented.py", "setup.sh"]
    with pytest.raises(hub.HubError, match="allow them on the model's page"):
        hub.wanted(REPOSITORY, pickled)
    assert hub.wanted(REPOSITORY, pickled, trusted=True) == [
        "config.json",
        "modeling_invented.py",
        "pytorch_model.bin",
        "tokenizer.json",
    ]
    both = [*pickled, "model.safetensors"]
    assert "pytorch_model.bin" not in hub.wanted(REPOSITORY, both, trusted=True)
