"""Who wrote a draft: the model, to the byte, and the software and device that ran it."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

ENGINE_VERSION = "1"
"""Counts up whenever a change of the engine can change the words that a seed gives."""


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """A model to the byte: where it came from, what its files hash to, how its numbers are held."""

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

    def to_dict(self) -> dict[str, str | int]:
        """Return the fields as plain values, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the identity stored by `to_dict`; raises TypeError where a field is missing or unknown."""
        return cls(**values)

    def digest(self) -> str:
        """Return the SHA-256 of the canonical JSON of this identity, as hexadecimal."""
        canonical = json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class EngineVersions:
    """The software and the device that ran a model; part of each draft's lineage."""

    engine: str
    python: str
    torch: str
    transformers: str
    device: str
    dtype: str
    threads: int

    def to_dict(self) -> dict[str, str | int]:
        """Return the fields as plain values, ready for JSON."""
        return asdict(self)


def python_version() -> str:
    """Return this interpreter's version, such as '3.11.7'."""
    return platform.python_version()


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, as hexadecimal; raises OSError where it cannot be read."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
