"""Who wrote a draft: the model, to the byte, and the software and device that ran it."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Self

# What the engine reads of a model folder beside the weights; each can change the words that a seed gives.
_CONFIGURATION = (
    "chat_template.jinja",
    "config.json",
    "generation_config.json",
    "model.safetensors.index.json",
    "tokenizer.json",
    "tokenizer_config.json",
)

ENGINE_VERSION = "6"
"""Counts up whenever a change of the engine can change the words that a seed gives."""


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """A model to the byte: where it came from, what its files hash to, how its numbers are held.

    `files` is name and SHA-256 of each file beside the weights that the engine reads, by name (`configuration_files`).
    """

    repository: str
    file: str
    revision: str
    weights_sha256: str
    tokenizer_sha256: str
    dtype: str
    quantisation: str
    context_length: int
    parameters: int
    note: str = ""
    files: tuple[tuple[str, str], ...] = ()

    def to_dict(self) -> dict[str, str | int | dict[str, str]]:
        """Return the fields as plain values, ready for JSON; `files` as {name: SHA-256}."""
        plain = {field.name: getattr(self, field.name) for field in fields(self)}
        return plain | {"files": dict(self.files)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the identity stored by `to_dict`; raises TypeError where a field is missing or unknown."""
        return cls(**{**values, "files": tuple(sorted(dict(values.get("files", {})).items()))})

    def digest(self) -> str:
        """Return the SHA-256 of the canonical JSON of this identity, as hexadecimal."""
        canonical = json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class EngineVersions:
    """The software and the device that ran a model; part of each draft's lineage.

    `steps` is how the model was stepped (`graphs`); empty where another machine ran it.
    """

    engine: str
    python: str
    torch: str
    transformers: str
    tokenizers: str
    device: str
    dtype: str
    threads: int
    steps: str = ""

    def to_dict(self) -> dict[str, str | int]:
        """Return the fields as plain values, ready for JSON."""
        return asdict(self)


def python_version() -> str:
    """Return this interpreter's version, such as '3.11.7'."""
    return platform.python_version()


def processor_name(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """Return the processor's model name as Linux has it, else what Python knows: at the least the architecture."""
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            field, _, value = line.partition(":")
            if field.strip() == "model name" and value.strip():
                return " ".join(value.split())
    return platform.processor() or platform.machine()


def configuration_files(folder: Path) -> tuple[tuple[str, str], ...]:
    """Return name and SHA-256 of each file in a model folder, beside the weights, that can be read; by name.

    Code of the model's own is among them, whether or not it may run.

    Raises OSError where one cannot be read.
    """
    names = {*_CONFIGURATION, *(path.name for path in folder.glob("*.py"))}
    return tuple((name, file_sha256(folder / name)) for name in sorted(names) if (folder / name).is_file())


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, as hexadecimal; raises OSError where it cannot be read."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
