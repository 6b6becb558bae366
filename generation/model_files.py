"""A local model's files: where they lie, in which form, and what they are to the byte. Importing this loads no torch.

The engine reads safetensors alone. A GGUF file, and pickled weights where somebody who looks after the installation
allowed it for this one model, are converted once, in a process of its own, into a folder of the cache.
"""

import hashlib
import json
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.utils.translation import gettext as _

from generation import hub
from generation.engine import ModelFolderError, ModelIdentity, PromptTokens
from generation.engine.builtin import builtin_model, converted_builtin
from generation.engine.conversion import LAYOUT, PICKLED, QUANTISATION
from generation.engine.families import why_not_shared
from generation.engine.identity import configuration_files, file_sha256
from generation.engine.tokens import read_json
from generation.engine.weights import Tensor, check_against_config, tensors
from generation.models import LanguageModel

Source = LanguageModel.Source
# How the lineage marks a model whose own code was allowed to run.
TRUSTED = "code of its own may run, and its weights may be pickled"


class ModelFiles(NamedTuple):
    """A folder with safetensors, tokenizer and config, what it is to the byte, and whether its own code may run."""

    folder: Path
    identity: ModelIdentity
    runs_code: bool = False


class _Weights(NamedTuple):
    """A model's files as they came: a folder with safetensors, or what is converted into one."""

    source: Path
    files: tuple[Path, ...]
    is_safetensors: bool


def folder_of(model: LanguageModel) -> Path:
    """Where the model's files lie as they came, whether or not they are there.

    Of a model whose code was allowed to run only after it was downloaded, those that came without it, until it is here.
    """
    if model.source != Source.HUB:
        return Path(model.location)
    return _hub_folder(model, trusted=_may_run_code(model))


def lacks_code(model: LanguageModel) -> bool:
    """Whether a hub's model may have files by now, its own code, that were not brought here with the others."""
    if model.source != Source.HUB or not model.trusts_code:
        return False
    return _hub_folder(model, trusted=False).is_dir() and not _hub_folder(model, trusted=True).is_dir()


def _hub_folder(model: LanguageModel, *, trusted: bool) -> Path:
    return hub.folder_of(model.location, model.revision, model.file, trusted=trusted)


def _may_run_code(model: LanguageModel) -> bool:
    """Whether code of its own may run, which a hub's model has with it only where it came after that was allowed."""
    return model.trusts_code and not lacks_code(model)


def files(model: LanguageModel, *, meanwhile: Callable[[], None] = lambda: None) -> ModelFiles:
    """The model's folder and identity, made ready where that was not done before (seconds to minutes, once).

    ``meanwhile`` is called now and then while that lasts; what it raises ends it. Raises ``BuiltinModelError`` or
    ``ModelFolderError``.
    """
    if model.source == Source.BUILTIN:
        return ModelFiles(*builtin_model(settings.CACHE_DIR))
    found = _weights(model)
    if not found.is_safetensors and not _is_converted(found):
        _convert(found.source, _target(found), meanwhile)
    return ModelFiles(_ready(found), _identity(model, found), _may_run_code(model))


def prompt_tokens(model: LanguageModel) -> PromptTokens | None:
    """What counts a local model's tokens, or None while its files are not ready on this machine.

    Raises ``BuiltinModelError`` or ``ModelFolderError`` where they are missing or damaged.
    """
    if model.source == Source.BUILTIN:
        built_in = converted_builtin(settings.CACHE_DIR)
        return None if built_in is None else _tokens(built_in.folder)
    found = _weights(model)
    if not found.is_safetensors and not _is_converted(found):
        return None
    folder = _ready(found)
    # Headers and configuration alone: what no worker could load is said to who asks, not to who waits.
    _check(folder, tensors(folder))
    return _tokens(folder)


def gguf_in(folder: Path) -> str:
    """The GGUF file of a folder without safetensors, or ''. Raises ``ModelFolderError`` where there are several."""
    names = sorted(path.name for path in folder.glob("*.gguf"))
    if not names or any(folder.glob("*.safetensors")):
        return ""
    if len(names) > 1:
        message = _("%(folder)s holds several GGUF files: %(names)s. Name the one that you mean.")
        raise ModelFolderError(message % {"folder": folder, "names": ", ".join(names)})
    return names[0]


def _weights(model: LanguageModel) -> _Weights:
    folder = folder_of(model)
    if not folder.is_dir():
        raise ModelFolderError(
            _("The model %(name)s is not on this machine: there is no folder %(folder)s.")
            % {"name": model.name, "folder": folder}
        )
    if model.file:
        path = folder / model.file
        if not path.is_file():
            raise ModelFolderError(_("There is no file %(path)s.") % {"path": path})
        return _Weights(path, (path,), is_safetensors=False)
    if weights := sorted(folder.glob("*.safetensors")):
        return _Weights(folder, tuple(weights), is_safetensors=True)
    if not (pickled := sorted(folder.glob(PICKLED))):
        raise ModelFolderError(_("%(folder)s holds no safetensors file.") % {"folder": folder})
    if not _may_run_code(model):
        message = _(
            "%(folder)s holds pickled weights alone (%(names)s), and a pickle can run code when it is read. Take the "
            "model as safetensors; or have who looks after this installation allow it, on the model's page."
        )
        raise ModelFolderError(message % {"folder": folder, "names": ", ".join(path.name for path in pickled)})
    return _Weights(folder, tuple(pickled), is_safetensors=False)


def _ready(found: _Weights) -> Path:
    return found.source if found.is_safetensors else _target(found)


def _is_converted(found: _Weights) -> bool:
    return (_target(found) / QUANTISATION).is_file()


def _target(found: _Weights) -> Path:
    """Where the converted model lies: named by the hash of all that goes into it."""
    beside = [path for path in sorted(found.source.glob("*")) if path.is_file()] if found.source.is_dir() else []
    return Path(settings.CACHE_DIR) / "converted" / f"{_joint_sha256(beside or found.files)[:32]}-{LAYOUT}"


def _convert(source: Path, target: Path, meanwhile: Callable[[], None]) -> None:
    # The program and the paths are our own: no shell, and nothing that a request could name.
    command = [sys.executable, "-m", "generation.engine.conversion", str(source), str(target)]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, cwd=settings.BASE_DIR, stdout=said, stderr=said)  # noqa: S603 -- as above
        try:
            while process.poll() is None:
                meanwhile()
                time.sleep(0.2)
        finally:
            process.kill()
            process.wait()
        said.seek(0)
        why = (said.read().decode(errors="replace").strip().splitlines() or [""])[-1]
    if process.returncode < 0:
        why = _("it was ended by the signal %(n)s, perhaps for want of memory") % {"n": -process.returncode}
    if process.returncode:
        message = _("%(path)s cannot be read as a causal language model with its tokenizer. %(why)s")
        raise ModelFolderError(message % {"path": source, "why": why})


def _identity(model: LanguageModel, found: _Weights) -> ModelIdentity:
    """What the model's files are. Raises ``ModelFolderError``."""
    folder = _ready(found)
    tokens = _tokens(folder)
    held = tensors(folder)
    _check(folder, held)
    plain = ModelIdentity(
        repository=model.location,
        file=", ".join(path.name for path in found.files),
        revision=model.revision,
        weights_sha256=_joint_sha256(found.files),
        tokenizer_sha256=_hashed(folder / "tokenizer.json", _stamp(folder / "tokenizer.json")),
        dtype=", ".join(sorted({tensor.dtype for tensor in held})),
        quantisation="",
        context_length=tokens.context_length,
        parameters=sum(math.prod(tensor.shape) for tensor in held),
        files=configuration_files(folder),
        note=TRUSTED if _may_run_code(model) else "",
    )
    return plain if found.is_safetensors else _as_converted(plain, folder)


def _check(folder: Path, held: Sequence[Tensor]) -> None:
    """Raise ``ModelFolderError`` for a model of another kind, or not whole: loaded, what it lacks would be random."""
    config = read_json(folder / "config.json", required=True)
    kinds = [kind for kind in config.get("architectures") or () if isinstance(kind, str)]
    if kinds and not any(kind.endswith(("ForCausalLM", "LMHeadModel")) for kind in kinds):
        message = _("%(folder)s holds a %(kind)s, which is no causal language model: it cannot go on with a text.")
        raise ModelFolderError(message % {"folder": folder, "kind": ", ".join(kinds)})
    if why := why_not_shared(config.get("model_type")):
        raise ModelFolderError(f"{folder}: {why}")
    check_against_config(folder, config, held)


def _as_converted(plain: ModelIdentity, folder: Path) -> ModelIdentity:
    stored = json.loads((folder / QUANTISATION).read_text(encoding="utf-8"))
    quantisation = str(stored["quantisation"])
    how = _how_converted(quantisation)
    return replace(plain, quantisation=quantisation, note="; ".join(part for part in (how, plain.note) if part))


def _how_converted(quantisation: str) -> str:
    # Not translated: it is part of the lineage.
    return f"dequantised from {quantisation}" if quantisation else "converted from pickled weights"


def _joint_sha256(paths: Iterable[Path]) -> str:
    """The SHA-256 of one file; of several, that of their names and SHA-256s, a line each."""
    hashes = {path.name: _hashed(path, _stamp(path)) for path in paths}
    if len(hashes) == 1:
        return next(iter(hashes.values()))
    return hashlib.sha256("".join(f"{digest}  {name}\n" for name, digest in hashes.items()).encode()).hexdigest()


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_mtime_ns, status.st_size


@lru_cache(maxsize=64)
def _hashed(path: Path, stamp: tuple[int, int]) -> str:
    # Gigabytes take seconds: read once a process, and again where the file was written since.
    return file_sha256(path)


def _tokens(folder: Path) -> PromptTokens:
    path = folder / "tokenizer.json"
    # Read again where it was written, or taken away, since.
    return _read_tokens(folder, _stamp(path) if path.is_file() else None)


@lru_cache(maxsize=8)
def _read_tokens(folder: Path, stamp: tuple[int, int] | None) -> PromptTokens:
    return PromptTokens.of(folder)
