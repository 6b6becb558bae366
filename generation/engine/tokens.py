"""A model folder's tokens: how long a prompt is, what fits, which tokens end a text. Needs no torch.

The web process counts with it before anything is queued; the drafter encodes with the very same code.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import Any, Self

from jinja2 import TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from tokenizers import Tokenizer

from generation.engine import fields
from generation.engine.prompt import FIELDS, INSTRUCTION, Prompt, PromptError
from generation.engine.sampling import Sampling

# Base models end a document with this token even where an instruction-tuned config names only its turn's end.
_DOCUMENT_ENDS = ("<|endoftext|>", "</s>", "<|end_of_text|>")


class ModelFolderError(RuntimeError):
    """A model folder lacks something or holds something broken; the message names the file."""


class PromptTokens:
    """Counts and encodes prompts as one model sees them."""

    def __init__(self, folder: Path) -> None:
        """Read a model folder (tokenizer.json, config.json); raises ModelFolderError."""
        self.folder = folder
        self._config = read_json(folder / "config.json", required=True)
        path = folder / "tokenizer.json"
        try:
            self._tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # the library raises bare Exception for a missing or broken file
            raise ModelFolderError(f"{path} cannot be read as a tokenizer: {error}") from error
        # A stored truncation would shorten a long prompt without a word.
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()

    @classmethod
    def of(cls, folder: Path) -> Self:
        """Return the tokens of a model folder; raises ModelFolderError."""
        return cls(folder)

    @cached_property
    def context_length(self) -> int:
        """How many tokens the model can hold, prompt and draft together.

        Of a model that looks back over a sliding window in all its layers, the window: within it, that is plain
        attention, and nothing here computes another.
        """
        window = _window(self._config)
        for name in ("max_position_embeddings", "n_positions", "n_ctx", "max_seq_len"):
            value = self._config.get(name)
            if isinstance(value, int) and value > 0:
                return min(value, window or value)
        raise ModelFolderError(f"{self.folder / 'config.json'} does not say how long a context the model holds.")

    @cached_property
    def end_tokens(self) -> frozenset[int]:
        """The ids that end a text: those of config, generation config and tokenizer config, and GROVER's."""
        ids: set[int] = set()
        for settings in (self._config, read_json(self.folder / "generation_config.json")):
            value = settings.get("eos_token_id")
            ids.update(value if isinstance(value, list) else [value] if isinstance(value, int) else [])
        named = read_json(self.folder / "tokenizer_config.json").get("eos_token")
        words = [named.get("content") if isinstance(named, dict) else named, *self._special_document_ends()]
        if self.knows_fields:
            words.append(fields.NATIVE_END)
        ids.update(i for word in words if word and (i := self._tokenizer.token_to_id(word)) is not None)
        return frozenset(ids)

    @cached_property
    def chat_template(self) -> str | None:
        """The model's chat template (Jinja), or None where it was not made to follow instructions."""
        path = self.folder / "chat_template.jinja"
        if path.exists():
            return path.read_text(encoding="utf-8")
        stored = read_json(self.folder / "tokenizer_config.json").get("chat_template")
        return stored if isinstance(stored, str) else None

    @cached_property
    def knows_fields(self) -> bool:
        """Whether the model was trained on an article's fields: its tokenizer has GROVER's tokens."""
        return self._tokenizer.token_to_id(fields.NATIVE_BODY) is not None

    def rendered(self, prompt: Prompt) -> str:
        """Return the text that the model is given; raises PromptError where it has no chat template or no fields."""
        if prompt.kind == FIELDS:
            given = fields.read(prompt.text)
            return fields.as_native(given) if self.knows_fields else fields.as_head(given)
        if prompt.kind != INSTRUCTION:
            return prompt.text
        if self.chat_template is None:
            raise PromptError(
                "This model has no chat template, so it cannot follow an instruction. "
                "Give it the opening of an article to continue, or choose an instruction-tuned model."
            )
        return self._fill_template(self.chat_template, prompt.text)

    def encode(self, prompt: Prompt) -> list[int]:
        """Return the prompt's token ids as the model is given them; raises PromptError."""
        # A chat template writes its own opening token.
        text = self.rendered(prompt)
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=prompt.kind != INSTRUCTION).ids
        return ids

    def encode_with_ends(self, text: str) -> tuple[list[int], list[int]]:
        """Return a text's token ids as a continuation's, and where in the text, in characters, each token ends.

        Tokens that share a character end at the same place; one that stands for no character ends where it begins.
        """
        encoding = self._tokenizer.encode(text)
        return list(encoding.ids), list(accumulate((end for _start, end in encoding.offsets), max))

    def count(self, prompt: Prompt) -> int:
        """Return the prompt's length in tokens; raises PromptError."""
        return len(self.encode(prompt))

    def check(self, prompt: Prompt, sampling: Sampling) -> int:
        """Return the prompt's length in tokens; raises PromptError where it is unusable or does not fit."""
        length = self.count(prompt.validated())
        prompt.check_length(length, sampling.max_tokens, self.context_length)
        return length

    def decode(self, prompt_ids: Sequence[int], draft_ids: Sequence[int]) -> str:
        """Return the text of the draft alone, special tokens kept, as it follows on the prompt."""
        # Some tokenizers swallow the space before a first word, so the draft is read as part of the whole.
        opening = self._tokenizer.decode(list(prompt_ids), skip_special_tokens=False)
        whole: str = self._tokenizer.decode([*prompt_ids, *draft_ids], skip_special_tokens=False)
        if whole.startswith(opening):
            return whole[len(opening) :]
        alone: str = self._tokenizer.decode(list(draft_ids), skip_special_tokens=False)
        return alone

    def decode_part(self, token_ids: Sequence[int]) -> str:
        """Return the text of a few tokens of a draft, special tokens kept; a character cut in two shows as U+FFFD."""
        text: str = self._tokenizer.decode(list(token_ids), skip_special_tokens=False)
        return text

    def _special_document_ends(self) -> list[str]:
        added = self._tokenizer.get_added_tokens_decoder().values()
        return [token.content for token in added if token.special and token.content in _DOCUMENT_ENDS]

    def _fill_template(self, template: str, request: str) -> str:
        settings = read_json(self.folder / "tokenizer_config.json")
        special = {
            name: value.get("content", "") if isinstance(value, dict) else value
            for name, value in settings.items()
            if name.endswith("_token") and isinstance(value, (str, dict))
        }
        try:
            compiled = _environment().from_string(template)
            return compiled.render(
                messages=[{"role": "user", "content": request}], add_generation_prompt=True, **special
            )
        except Exception as error:  # a template is a program of the model's makers, and can raise anything
            why = str(error) or type(error).__name__
            raise PromptError(f"The chat template of {self.folder} cannot be filled: {why}") from error


def _environment() -> ImmutableSandboxedEnvironment:
    """Return the Jinja environment that chat templates are written for (as in transformers)."""
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
    )
    environment.filters["tojson"] = _to_json
    environment.globals["raise_exception"] = _raise_in_template
    environment.globals["strftime_now"] = _fixed_date
    return environment


def _to_json(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)


def _raise_in_template(message: str) -> None:
    raise TemplateError(message)


def _fixed_date(layout: str) -> str:
    """Return one day always: a draft is a function of model, prompt, sampling and seed, not of the date."""
    return datetime(2024, 1, 1).strftime(layout)  # noqa: DTZ001 -- a fixed label in a prompt, not a moment


def _window(config: dict[str, Any]) -> int | None:
    """Return over how many tokens a model's layers look back, None where over all."""
    window = config.get("sliding_window")
    if isinstance(window, bool) or not isinstance(window, int) or window < 1:
        return None
    # Configs of Qwen state a window that is used only where they say so.
    is_used = config.get("use_sliding_window", not str(config.get("model_type")).startswith("qwen"))
    layers = config.get("layer_types")
    return window if is_used and (not layers or "sliding_attention" in layers) else None


def read_json(path: Path, *, required: bool = False) -> dict[str, Any]:
    """Return a JSON object; {} where the file is absent and not required. Raises ModelFolderError."""
    if not path.exists():
        if required:
            raise ModelFolderError(f"{path} is missing: {path.parent} is not a whole Hugging Face model folder.")
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelFolderError(f"{path} cannot be read as JSON: {error}") from error
    if not isinstance(content, dict):
        raise ModelFolderError(f"{path} must hold a JSON object.")
    return content
