"""Which models there are, and where a process finds their files. Importing this loads no torch."""

from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.db import transaction

from generation import hub, model_files
from generation.engine import ModelIdentity, PromptTokens, Sampling, served
from generation.engine.served import ServedTokens, Server, ServerError
from generation.model_files import ModelFiles
from generation.models import LanguageModel, TrustChange

BUILTIN_KEY = "built-in"

Source = LanguageModel.Source


def add_folder(
    key: str, folder: Path, *, name: str = "", licence: str = "", file: str = "", trusted_because: str = ""
) -> LanguageModel:
    """The row of a model in a local folder, made or renewed. Raises ``ModelFolderError`` where it is no whole model.

    ``folder`` may be a GGUF file; ``file`` names one of several in a folder. For a reason in ``trusted_because``, which
    is logged, the model's own code may run and its weights may be pickled; a row that is renewed stays as it was.
    """
    folder = folder.expanduser().resolve()
    if folder.suffix == ".gguf" and not folder.is_dir():
        folder, file = folder.parent, folder.name
    stood = LanguageModel.objects.filter(key=key, location=str(folder), trusts_code=True).exists()
    model = LanguageModel(
        key=key, source=Source.FOLDER, location=str(folder), trusts_code=stood or bool(trusted_because)
    )
    model.file = file or model_files.gguf_in(folder)
    with transaction.atomic():
        added = _registered(model, name or model.file or folder.name, licence)
        if trusted_because and not stood:
            TrustChange.objects.create(language_model=added, trusts_code=True, reason=trusted_because)
    return added


def add_from_hub(
    key: str, repository: str, revision: str, *, name: str = "", licence: str = "", file: str = ""
) -> LanguageModel:
    """The row of the hub's model at this commit, made or renewed; downloaded where its files are not here yet.

    ``file`` is a GGUF of the repository; without it its safetensors are taken. Raises ``HubError``, and
    ``ModelFolderError`` where it is no whole model.
    """
    hub.downloaded(repository, revision, file=file)
    model = LanguageModel(key=key, source=Source.HUB, location=repository, revision=revision, file=file)
    return _registered(model, name or repository, licence)


def add_unfetched(
    key: str, repository: str, revision: str, *, name: str = "", file: str = "", **described: str
) -> LanguageModel:
    """The row of a hub's model whose files are not here yet (generation/downloads.py brings them).

    ``described`` holds licence, note, terms and terms_url. Raises ``HubError`` for names that are none.
    """
    hub.check_names(repository, revision, file)
    return LanguageModel.objects.create(
        key=key,
        name=name or repository,
        source=Source.HUB,
        location=repository,
        revision=revision,
        file=file,
        # Known once the files are here; until then nobody can ask it for anything.
        context_length=1,
        **described,
    )


def brought_here(model: LanguageModel, *, watch: hub.Watch, enough: Callable[[], bool]) -> None:
    """Download a hub's model where its files are not here yet, and note what they are.

    Raises ``HubError``, ``EnoughForNow``, ``ModelFolderError`` where it is no whole model, and what ``watch`` raises.
    """
    place, which = (model.location, model.revision), model.file
    hub.downloaded(*place, file=which, trusted=model.trusts_code, watch=watch, enough=enough)
    identity = model_files.files(model, meanwhile=lambda: watch(1, 1)).identity
    LanguageModel.objects.filter(pk=model.pk).update(
        parameters=identity.parameters, context_length=identity.context_length
    )


def is_here(model: LanguageModel) -> bool:
    """Whether texts can be asked of the model on this machine; one that is built in or served elsewhere always is."""
    return model.source not in {Source.HUB, Source.FOLDER} or model_files.folder_of(model).is_dir()


def is_whole(model: LanguageModel) -> bool:
    """Whether the model is here with all that it may have: its own code too where that may run."""
    return is_here(model) and not model_files.lacks_code(model)


def offered() -> list[LanguageModel]:
    """The models that can be asked for texts now, the built-in one first."""
    models = [model for model in LanguageModel.objects.order_by("name") if is_here(model)]
    return sorted(models, key=lambda model: model.source != Source.BUILTIN)


def _registered(model: LanguageModel, name: str, licence: str) -> LanguageModel:
    model.name = name
    identity: ModelIdentity = model_files.files(model).identity
    found, _made = LanguageModel.objects.update_or_create(
        key=model.key,
        defaults={
            "name": name,
            "source": model.source,
            "location": model.location,
            "revision": model.revision,
            "file": model.file,
            "trusts_code": model.trusts_code,
            "licence": licence,
            "parameters": identity.parameters,
            "context_length": identity.context_length,
        },
    )
    return found


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
    return Server(
        model.location,
        model.revision,
        model.dialect,
        model.key_variable,
        model.context_length,
        settings.GENERATION_SERVER_SECONDS,
    )


def unsupported(model: LanguageModel, sampling: Sampling) -> dict[str, str]:
    """{field: what to do} for each sampling setting that this model cannot be asked for; a local one knows all."""
    return served.unsupported(server(model), sampling) if model.source == Source.SERVER else {}


def prompt_tokens(model: LanguageModel) -> PromptTokens | ServedTokens | None:
    """What counts this model's tokens, or None while its files are not ready on this machine.

    Raises ``BuiltinModelError`` or ``ModelFolderError`` where they are missing or damaged.
    """
    if model.source == Source.SERVER:
        return ServedTokens(model.context_length)
    return model_files.prompt_tokens(model)


def files(model: LanguageModel, *, meanwhile: Callable[[], None] = lambda: None) -> ModelFiles:
    """A local model's folder and identity, made ready where that was not done before.

    Raises ``BuiltinModelError``, ``ModelFolderError``, and what ``meanwhile`` raises, which is called while that lasts.
    """
    return model_files.files(model, meanwhile=meanwhile)
