"""Models of the Hugging Face hub: one commit's safetensors, tokenizer and configuration, in the cache folder."""

import re
import shutil
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

# As the hub allows them: never with "..", nor with the "--" that stands for the slash in a folder's name.
_REPOSITORY = re.compile(r"(?!.*(--|\.\.))[A-Za-z0-9_]([\w.-]*\w)?(/[A-Za-z0-9_]([\w.-]*\w)?)?", re.ASCII)
# Neither pickled weights nor code: what is not named here is never downloaded.
_WEIGHTS = re.compile(r"model(-\d+-of-\d+)?\.safetensors")
_NEEDED = frozenset({"config.json", "tokenizer.json"})
_WELCOME = frozenset(
    {"chat_template.jinja", "generation_config.json", "model.safetensors.index.json", "tokenizer_config.json"}
)


class HubError(RuntimeError):
    """A model that cannot be had from the hub; the message says what to do."""


def folder_of(repository: str, revision: str) -> Path:
    """Where the files of a repository's commit lie on this machine, whether or not they are there."""
    return Path(settings.CACHE_DIR) / "hub" / repository.replace("/", "--") / revision


def downloaded(repository: str, revision: str) -> Path:
    """The folder with the files of this commit; asks the hub only where there is none. No code of the model's is run.

    ``revision`` is a whole commit, since a branch or a tag can move. Raises ``HubError``.
    """
    if not _REPOSITORY.fullmatch(repository):
        message = _("“%(repository)s” is no repository of the hub: they are called like openai-community/gpt2-xl.")
        raise HubError(message % {"repository": repository})
    if not re.fullmatch(r"[0-9a-f]{40}", revision):
        raise HubError(
            _("The revision must be a whole commit of 40 hexadecimal digits, not “%(revision)s”: a branch can move.")
            % {"revision": revision}
        )
    folder = folder_of(repository, revision)
    if not folder.is_dir():
        _download(repository, revision, folder)
    return folder


def wanted(repository: str, names: list[str]) -> list[str]:
    """Those of a repository's files that are downloaded. Raises ``HubError`` where they are no whole model."""
    weights = {name for name in names if _WEIGHTS.fullmatch(name)}
    missing = sorted(_NEEDED - set(names)) + ([] if weights else ["model.safetensors"])
    if missing:
        raise HubError(
            _("%(repository)s cannot be used at this commit: it holds no %(files)s.")
            % {"repository": repository, "files": ", ".join(missing)}
        )
    return sorted(weights | (set(names) & (_NEEDED | _WELCOME)))


def _download(repository: str, revision: str, folder: Path) -> None:
    """Fetch the files; ``folder`` appears whole or not at all. What a broken download left is taken up again."""
    from httpx2 import HTTPError
    from huggingface_hub import list_repo_files, snapshot_download
    from huggingface_hub.errors import RepositoryNotFoundError, RevisionNotFoundError

    partial = folder.with_name(f".{revision}.partial")
    try:
        names = wanted(repository, list_repo_files(repository, revision=revision))
        snapshot_download(repository, revision=revision, local_dir=partial, allow_patterns=names)
        # Without a network the library is content with what is there already.
        if absent := [name for name in names if not (partial / name).is_file()]:
            raise OSError(f"{', '.join(absent)} did not arrive")
        shutil.rmtree(partial / ".cache", ignore_errors=True)
        partial.rename(folder)
    except (RepositoryNotFoundError, RevisionNotFoundError) as error:
        raise HubError(
            _(
                "The hub shows no %(repository)s at %(revision)s. Check both; for a model behind a form, accept its "
                "terms on the hub and set HF_TOKEN."
            )
            % {"repository": repository, "revision": revision}
        ) from error
    except (HTTPError, OSError) as error:
        raise HubError(
            _(
                "%(repository)s could not be downloaded: %(why)s Try again with a network; or lay its files in "
                "%(folder)s, and the same command takes them from there."
            )
            % {"repository": repository, "why": f"{str(error).rstrip('.')}.", "folder": folder}
        ) from error
