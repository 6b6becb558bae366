"""What a draft's lineage says of the model's files and of the machine."""

from __future__ import annotations

import hashlib
import json
import platform
from dataclasses import replace
from pathlib import Path

import pytest

from generation.engine import ModelIdentity
from generation.engine.identity import configuration_files, processor_name
from tests.generation.engine.conftest import identity_of


@pytest.mark.parametrize(
    "name", ["chat_template.jinja", "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"]
)
def test_every_file_that_changes_the_words_changes_the_identity(tmp_path: Path, name: str) -> None:
    (tmp_path / "config.json").write_text("{}")
    before = replace(identity_of("a"), files=configuration_files(tmp_path))
    (tmp_path / name).write_text('{"other": 1}')
    after = replace(identity_of("a"), files=configuration_files(tmp_path))
    assert dict(after.files)[name] == hashlib.sha256(b'{"other": 1}').hexdigest()
    assert before.digest() != after.digest()


def test_weights_and_what_nothing_reads_are_not_among_the_files(tmp_path: Path) -> None:
    for name in ("model.safetensors", "README.md", "config.json"):
        (tmp_path / name).write_bytes(b"{}")
    assert [name for name, _ in configuration_files(tmp_path)] == ["config.json"]


def test_an_identity_comes_back_from_json_as_it_was() -> None:
    identity = replace(identity_of("a"), files=(("config.json", "1" * 64), ("tokenizer.json", "2" * 64)))
    stored = json.loads(json.dumps(identity.to_dict()))
    assert stored["files"] == {"config.json": "1" * 64, "tokenizer.json": "2" * 64}
    assert ModelIdentity.from_dict(stored) == identity
    assert hash(ModelIdentity.from_dict(stored)) == hash(identity)


def test_the_processor_is_named_as_the_system_names_it(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor\t: 0\nmodel\t\t: 17\nmodel name\t: Invented  CPU @ 2.00GHz\n\nmodel name\t: Other\n")
    assert processor_name(cpuinfo) == "Invented CPU @ 2.00GHz"


@pytest.mark.parametrize("content", [None, "", "processor\t: 0\nBogoMIPS\t: 50.00\n", "model name\t:\n"])
def test_a_processor_without_a_name_is_known_by_its_architecture(tmp_path: Path, content: str | None) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    if content is not None:
        cpuinfo.write_text(content)
    assert processor_name(cpuinfo) == (platform.processor() or platform.machine()) != ""
