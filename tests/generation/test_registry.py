"""The models that texts can be asked of: where their files lie, and what they are to the byte."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from generation import registry
from generation.engine import ModelFolderError, builtin
from generation.engine.builtin import builtin_model
from generation.engine.identity import file_sha256
from generation.models import LanguageModel
from tests.generation.factories import built_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model folder as one gets it elsewhere: the built-in model's files under another name."""
    target = tmp_path / "a-model"
    shutil.copytree(builtin_model(settings.CACHE_DIR).folder, target)
    (target / "identity.json").unlink()
    return target


def test_a_folder_is_made_known_with_what_its_files_say(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("add_language_model", "other", str(folder), "--licence", "Apache-2.0")
    model = LanguageModel.objects.get(key="other")
    assert (model.name, model.source, model.context_length) == ("a-model", "folder", 8192)
    assert model.parameters is not None
    assert model.parameters > 134_000_000
    assert "8192" in capsys.readouterr().out


def test_a_folders_identity_is_that_of_its_files(folder: Path) -> None:
    model = registry.add_folder("other", folder)
    found = registry.files(model)
    weights = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    assert found.folder == folder
    assert (found.identity.weights_sha256, found.identity.dtype) == (weights, "F32")
    assert dict(found.identity.files)["config.json"] == file_sha256(folder / "config.json")
    assert found.identity != registry.files(built_in()).identity


def test_a_file_that_was_written_anew_is_hashed_anew(folder: Path) -> None:
    model = registry.add_folder("other", folder)
    before = registry.files(model).identity.tokenizer_sha256
    tokenizer = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer, indent=1), encoding="utf-8")
    assert registry.files(model).identity.tokenizer_sha256 != before


def test_another_chat_template_is_another_identity(folder: Path) -> None:
    model = registry.add_folder("other", folder)
    before = registry.files(model).identity
    (folder / "chat_template.jinja").write_text("{{ messages[0]['content'] }}", encoding="utf-8")
    after = registry.files(model).identity
    assert (after.tokenizer_sha256, after.weights_sha256) == (before.tokenizer_sha256, before.weights_sha256)
    assert after.digest() != before.digest()


def test_the_row_of_the_built_in_model_says_what_its_files_say() -> None:
    model = built_in()
    identity = registry.files(model).identity
    assert (model.source, model.location, model.licence) == ("builtin", builtin.REPOSITORY, builtin.LICENCE)
    assert (model.parameters, model.context_length) == (identity.parameters, identity.context_length)


def test_tokens_are_counted_without_loading_the_model(folder: Path) -> None:
    tokens = registry.prompt_tokens(registry.add_folder("other", folder))
    assert tokens is not None
    assert tokens.context_length == 8192


@pytest.mark.parametrize("missing", ["model.safetensors", "config.json", "tokenizer.json"])
def test_a_folder_that_is_no_whole_model_is_refused(folder: Path, missing: str) -> None:
    (folder / missing).unlink()
    with pytest.raises(CommandError):
        call_command("add_language_model", "other", str(folder))
    assert not LanguageModel.objects.filter(key="other").exists()


def test_weights_that_are_no_safetensors_are_refused(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"not a model")
    with pytest.raises(ModelFolderError, match="cannot be read"):
        registry.add_folder("other", folder)


def test_a_key_is_a_short_name(folder: Path) -> None:
    with pytest.raises(CommandError):
        call_command("add_language_model", "no key", str(folder))


def test_a_model_of_the_hub_that_is_not_here_is_said_so() -> None:
    model = LanguageModel.objects.create(
        key="elsewhere",
        name="GPT-2",
        source="hub",
        location="openai-community/gpt2",
        revision="abc",
        context_length=1024,
    )
    with pytest.raises(ModelFolderError, match="not on this machine"):
        registry.files(model)
