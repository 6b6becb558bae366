"""Counting a prompt's tokens needs only the folder's files, and says which of them is missing or broken."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from generation.engine import INSTRUCTION, ModelFolderError, Prompt, PromptError, PromptTokens, Sampling
from tests.generation.engine.conftest import write_tokenizer


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model folder without weights."""
    write_tokenizer(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"n_positions": 64, "eos_token_id": [0, 5]}))
    return tmp_path


def test_a_prompt_is_counted_and_held_against_the_context(folder: Path) -> None:
    tokens = PromptTokens(folder)
    length = tokens.check(Prompt("The council voted."), Sampling(max_tokens=40))
    assert length == len(tokens.encode(Prompt("The council voted.")))
    with pytest.raises(PromptError, match="at most 24 tokens"):
        tokens.check(Prompt("bridge " * 60), Sampling(max_tokens=40))


@pytest.mark.parametrize(
    ("config", "length"),
    [
        ({"model_type": "mistral", "sliding_window": 16}, 16),
        ({"model_type": "starcoder2", "sliding_window": 16, "use_sliding_window": True}, 16),
        ({"model_type": "mistral", "sliding_window": 4096}, 64),
        ({"model_type": "mistral", "sliding_window": None}, 64),
        ({"model_type": "qwen2", "sliding_window": 16, "use_sliding_window": False}, 64),
        ({"model_type": "qwen2", "sliding_window": 16}, 64),
        ({"model_type": "smollm3", "sliding_window": 16, "layer_types": ["full_attention"] * 2}, 64),
    ],
)
def test_a_window_that_all_layers_look_back_over_is_the_context(
    folder: Path, config: dict[str, Any], length: int
) -> None:
    (folder / "config.json").write_text(json.dumps({"n_positions": 64, "eos_token_id": 0, **config}))
    tokens = PromptTokens(folder)
    assert tokens.context_length == length
    if length == 16:
        with pytest.raises(PromptError, match="more than the 16"):
            tokens.check(Prompt("bridge"), Sampling(max_tokens=16))


def test_a_stored_truncation_does_not_shorten_a_prompt(folder: Path) -> None:
    stored = json.loads((folder / "tokenizer.json").read_text())
    stored["truncation"] = {"direction": "Right", "max_length": 3, "strategy": "LongestFirst", "stride": 0}
    (folder / "tokenizer.json").write_text(json.dumps(stored))
    assert PromptTokens(folder).count(Prompt("The council voted on Tuesday.")) > 3


def test_every_named_ending_token_ends_a_text(folder: Path) -> None:
    (folder / "generation_config.json").write_text('{"eos_token_id": 7}')
    assert PromptTokens(folder).end_tokens == {0, 5, 7}


@pytest.mark.parametrize("text", ["Caf\u00e9 – “quoted”", "市長は", "🙂🙂", " leading space", "line\n\nbreaks"])
def test_a_draft_decodes_to_what_was_encoded(folder: Path, text: str) -> None:
    tokens = PromptTokens(folder)
    assert tokens.decode(tokens.encode(Prompt("The council")), tokens.encode(Prompt(text))) == text


def test_an_instruction_needs_a_chat_template_and_fills_it(folder: Path) -> None:
    with pytest.raises(PromptError, match="no chat template"):
        PromptTokens(folder).count(Prompt("Write.", INSTRUCTION))
    template = "{% for m in messages %}[{{ m['role'] }}] {{ m['content'] }}\n{% endfor %}[assistant]"
    (folder / "chat_template.jinja").write_text(template)
    assert PromptTokens(folder).rendered(Prompt("Write.", INSTRUCTION)) == "[user] Write.\n[assistant]"


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ raise_exception('A system prompt is needed') }}",
        "{{ messages[0]['content'] + 1 }}",
        "{{ 1 / 0 }}",
        "{{ strftime_now(1) }}",
        "{% for",
    ],
)
def test_a_chat_template_that_fails_or_reaches_into_python_is_said_to(folder: Path, template: str) -> None:
    (folder / "chat_template.jinja").write_text(template)
    with pytest.raises(PromptError, match="chat template"):
        PromptTokens(folder).count(Prompt("Write.", INSTRUCTION))


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json"])
def test_a_missing_or_broken_file_is_named(folder: Path, name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    without = tmp_path_factory.mktemp("without") / "model"
    shutil.copytree(folder, without, ignore=shutil.ignore_patterns(name))
    with pytest.raises(ModelFolderError, match=name):
        PromptTokens(without)
    (folder / name).write_text("{")
    with pytest.raises(ModelFolderError, match=name):
        PromptTokens(folder)


def test_a_config_without_a_context_length_is_said(folder: Path) -> None:
    (folder / "config.json").write_text("{}")
    with pytest.raises(ModelFolderError, match="how long a context"):
        PromptTokens(folder).check(Prompt("The council"), Sampling())


def test_counting_imports_neither_torch_nor_transformers(folder: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from generation.engine import Prompt, PromptTokens, Sampling;"
        "PromptTokens(Path(sys.argv[1])).check(Prompt('The council'), Sampling(max_tokens=9));"
        "print(sorted({'torch', 'transformers', 'django', 'celery', 'pandas'} & set(sys.modules)))"
    )
    ended = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"
