"""Which models there are, and where a process finds their files. Importing this loads no torch."""

import hashlib
import json
import math
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.utils.translation import gettext as _

from generation import hub
from generation.engine import ModelFolderError, ModelIdentity, PromptTokens, Sampling, served
from generation.engine.builtin import builtin_model, converted_builtin
from generation.engine.identity import configuration_files, file_sha256
from generation.engine.served import ServedTokens, Server, ServerError
from generation.models import LanguageModel

BUILTIN_KEY = "built-in"

Source = LanguageModel.Source


class ModelFiles(NamedTuple):
    """A folder with safetensors, tokenizer and config, and what it is to the byte."""

    folder: Path
    identity: ModelIdentity


class _Tensor(NamedTuple):
    dtype: str
    shape: tuple[int, ...]


def add_folder(key: str, folder: Path, *, name: str = "", licence: str = "") -> LanguageModel:
    """The row of a model in a local folder, made or renewed. Raises ``ModelFolderError`` where it is no whole model."""
    folder = folder.expanduser().resolve()
    identity = _identity(folder, repository=str(folder), revision="")
    return _registered(key, Source.FOLDER, identity, name or folder.name, licence)


def add_from_hub(key: str, repository: str, revision: str, *, name: str = "", licence: str = "") -> LanguageModel:
    """The row of the hub's model at this commit, made or renewed; downloaded where its files are not here yet.

    Raises ``HubError``, and ``ModelFolderError`` where it is no whole model.
    """
    folder = hub.downloaded(repository, revision)
    identity = _identity(folder, repository=repository, revision=revision)
    return _registered(key, Source.HUB, identity, name or repository, licence)


def add_unfetched(key: str, repository: str, revision: str, *, name: str = "", **described: str) -> LanguageModel:
    """The row of a hub's model whose files are not here yet (generation/downloads.py brings them).

    ``described`` holds licence, note, terms and terms_url. Raises ``HubError`` for names that are none.
    """
    hub.check_names(repository, revision)
    return LanguageModel.objects.create(
        key=key,
        name=name or repository,
        source=Source.HUB,
        location=repository,
        revision=revision,
        # Known once the files are here; until then nobody can ask it for anything.
        context_length=1,
        **described,
    )


def brought_here(model: LanguageModel, *, watch: hub.Watch, enough: Callable[[], bool]) -> None:
    """Download a hub's model where its files are not here yet, and note what they are.

    Raises ``HubError``, ``EnoughForNow``, ``ModelFolderError`` where it is no whole model, and what ``watch`` raises.
    """
    folder = hub.downloaded(model.location, model.revision, watch=watch, enough=enough)
    identity = _identity(folder, repository=model.location, revision=model.revision)
    LanguageModel.objects.filter(pk=model.pk).update(
        parameters=identity.parameters, context_length=identity.context_length
    )


def is_here(model: LanguageModel) -> bool:
    """Whether texts can be asked of the model on this machine; one that is built in or served elsewhere always is."""
    if model.source == Source.HUB:
        return hub.folder_of(model.location, model.revision).is_dir()
    return model.source != Source.FOLDER or Path(model.location).is_dir()


def offered() -> list[LanguageModel]:
    """The models that can be asked for texts now, the built-in one first."""
    models = [model for model in LanguageModel.objects.order_by("name") if is_here(model)]
    return sorted(models, key=lambda model: model.source != Source.BUILTIN)


def _registered(key: str, source: Source, identity: ModelIdentity, name: str, licence: str) -> LanguageModel:
    model, _made = LanguageModel.objects.update_or_create(
        key=key,
        defaults={
            "name": name,
            "source": source,
            "location": identity.repository,
            "revision": identity.revision,
            "licence": licence,
            "parameters": identity.parameters,
            "context_length": identity.context_length,
        },
    )
    return model


def add_server(key: str, server: Server, *, name: str = "", **described: str) -> LanguageModel:
    """The row of a model that a server elsewhere serves. ``described`` holds licence, note, terms and terms_url.

    The server is not asked here: it may be down today. Raises ``ServerError`` for an address, dialect or variable that
    cannot be, naming each.
    """
    if problems := server.problems():
        raise ServerError("; ".join(f"{field} {problem}" for field, problem in problems.items()))
    return LanguageModel.objects.create(
        key=key,
        name=name or server.model,
        source=Source.SERVER,
        location=server.address.rstrip("/"),
        revision=server.model,
        dialect=server.dialect,
        key_variable=server.key_variable,
        context_length=server.context_length,
        **described,
    )


def server(model: LanguageModel) -> Server:
    """Where a served model is asked."""
    return Server(model.location, model.revision, model.dialect, model.key_variable, model.context_length)


def unsupported(model: LanguageModel, sampling: Sampling) -> dict[str, str]:
    """{field: what to do} for each sampling setting that this model cannot be asked for; a local one knows all."""
    return served.unsupported(server(model), sampling) if model.source == Source.SERVER else {}


def prompt_tokens(model: LanguageModel) -> PromptTokens | ServedTokens | None:
    """What counts this model's tokens, or None while its files are not ready on this machine.

    Raises ``BuiltinModelError`` or ``ModelFolderError`` where they are missing or damaged.
    """
    if model.source == Source.SERVER:
        return ServedTokens(model.context_length)
    if model.source != Source.BUILTIN:
        return _tokens(_folder(model))
    found = converted_builtin(settings.CACHE_DIR)
    return None if found is None else _tokens(found.folder)


def files(model: LanguageModel) -> ModelFiles:
    """The model's folder and identity, made ready where that was not done before (seconds; imports torch).

    Raises ``BuiltinModelError`` or ``ModelFolderError``.
    """
    if model.source == Source.BUILTIN:
        return ModelFiles(*builtin_model(settings.CACHE_DIR))
    folder = _folder(model)
    return ModelFiles(folder, _identity(folder, repository=model.location, revision=model.revision))


def _folder(model: LanguageModel) -> Path:
    folder = Path(model.location)
    if model.source == Source.HUB:
        folder = hub.folder_of(model.location, model.revision)
    if not folder.is_dir():
        raise ModelFolderError(
            _("The model %(name)s is not on this machine: there is no folder %(folder)s.")
            % {"name": model.name, "folder": folder}
        )
    return folder


def _identity(folder: Path, *, repository: str, revision: str) -> ModelIdentity:
    """What the folder's files hash to. Raises ``ModelFolderError``."""
    weights = sorted(folder.glob("*.safetensors"))
    if not weights:
        raise ModelFolderError(_("%(folder)s holds no safetensors file.") % {"folder": folder})
    tokens = _tokens(folder)
    tensors = [tensor for path in weights for tensor in _tensors(path)]
    return ModelIdentity(
        repository=repository,
        file=", ".join(path.name for path in weights),
        revision=revision,
        weights_sha256=_joint_sha256(weights),
        tokenizer_sha256=_hashed(folder / "tokenizer.json", _stamp(folder / "tokenizer.json")),
        dtype=", ".join(sorted({tensor.dtype for tensor in tensors})),
        quantisation="",
        context_length=tokens.context_length,
        parameters=sum(math.prod(tensor.shape) for tensor in tensors),
        files=configuration_files(folder),
    )


def _tensors(path: Path) -> list[_Tensor]:
    """What a safetensors file holds, out of its header: a length of 8 bytes, little-endian, and that much JSON."""
    try:
        with path.open("rb") as file:
            header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        return [
            _Tensor(entry["dtype"], tuple(entry["shape"])) for name, entry in header.items() if name != "__metadata__"
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, MemoryError) as error:
        raise ModelFolderError(_("%(path)s cannot be read: %(why)s") % {"path": path, "why": error}) from error


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


@lru_cache(maxsize=8)
def _tokens(folder: Path) -> PromptTokens:
    return PromptTokens.of(folder)
