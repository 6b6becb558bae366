"""Models of the Hugging Face hub: one commit's safetensors, tokenizer and configuration, in the cache folder."""

import hashlib
import os
import re
import shutil
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, Self

from django.conf import settings
from django.utils.translation import gettext as _

# As the hub allows them: never with "..", nor with the "--" that stands for the slash in a folder's name.
_REPOSITORY = re.compile(r"(?!.*(--|\.\.))[A-Za-z0-9_]([\w.-]*\w)?(/[A-Za-z0-9_]([\w.-]*\w)?)?", re.ASCII)
# Neither pickled weights nor code: what is not named here is never downloaded.
_WEIGHTS = re.compile(r"model(-\d+-of-\d+)?\.safetensors")
# Names in there are of files that have their hash: a download in many pieces reads each of them once.
_CHECKED = ".checked"
# A GGUF holds tensors and words, no code.
_GGUF = re.compile(r"[A-Za-z0-9_][\w.-]*\.gguf", re.ASCII)
# Of models alone whose code somebody allowed to run.
_PICKLED = re.compile(r"pytorch_model(-\d+-of-\d+)?\.bin")
_CODE = re.compile(r"[A-Za-z_]\w*\.py", re.ASCII)
_NEEDED = frozenset({"config.json", "tokenizer.json"})
_WELCOME = frozenset(
    {"chat_template.jinja", "generation_config.json", "model.safetensors.index.json", "tokenizer_config.json"}
)


Watch = Callable[[int, int], None]


class EnoughForNow(Exception):  # noqa: N818 -- it names what happened
    """The download was broken off on request; the next one goes on from there."""


class HubError(RuntimeError):
    """A model that cannot be had from the hub; the message says what to do."""


def folder_of(repository: str, revision: str, file: str = "", *, trusted: bool = False) -> Path:
    """Where the files of a repository's commit lie on this machine, or its GGUF ``file`` alone; there or not.

    With code and pickled weights, ``trusted``, they lie elsewhere: what is here already may lack them.
    """
    name = f"{revision}-{file}" if file else f"{revision}-trusted" if trusted else revision
    return Path(settings.CACHE_DIR) / "hub" / repository.replace("/", "--") / name


def downloaded(
    repository: str,
    revision: str,
    *,
    file: str = "",
    trusted: bool = False,
    watch: Watch = lambda _done, _total: None,
    enough: Callable[[], bool] = lambda: False,
) -> Path:
    """The folder with the files of this commit; asks the hub only where there is none. No code of the model's is run.

    ``revision`` is a whole commit, since a branch or a tag can move. ``file`` is a GGUF of the repository, without
    which its safetensors are taken; ``trusted`` takes pickled weights and code too. ``watch`` is told now and then how
    many bytes of how many are here; what it raises ends the download, which goes on from there the next time.
    ``enough`` is asked after each piece that arrived. Raises ``HubError``, and ``EnoughForNow`` where that was so.
    """
    check_names(repository, revision, file)
    folder = folder_of(repository, revision, file, trusted=trusted)
    if not folder.is_dir():
        if trusted and not file:
            _begin_with(folder_of(repository, revision), _partly(folder), watch)
        _download(repository, revision, folder, partial(wanted, file=file, trusted=trusted), watch, enough)
    return folder


def check_names(repository: str, revision: str, file: str = "") -> None:
    """Raise ``HubError`` where the hub could have no such repository or file, or the revision is not a whole commit."""
    if file and not _GGUF.fullmatch(file):
        message = _("“%(file)s” is no GGUF file of a repository: they are called like model.Q4_K_M.gguf.")
        raise HubError(message % {"file": file})
    if not _REPOSITORY.fullmatch(repository):
        message = _("“%(repository)s” is no repository of the hub: they are called like openai-community/gpt2-xl.")
        raise HubError(message % {"repository": repository})
    if not re.fullmatch(r"[0-9a-f]{40}", revision):
        raise HubError(
            _("The revision must be a whole commit of 40 hexadecimal digits, not “%(revision)s”: a branch can move.")
            % {"revision": revision}
        )


def wanted(repository: str, names: list[str], *, file: str = "", trusted: bool = False) -> list[str]:
    """Those of a repository's files that are downloaded. Raises ``HubError`` where they are no whole model."""
    weights = {name for name in names if _WEIGHTS.fullmatch(name)}
    code: set[str] = set()
    if trusted:
        weights = weights or {name for name in names if _PICKLED.fullmatch(name)}
        code = {name for name in names if _CODE.fullmatch(name)}
    needed = {file} if file else {*_NEEDED, *(weights or {"model.safetensors"})}
    if missing := sorted(needed - set(names)):
        said = _("%(repository)s cannot be used at this commit: it holds no %(files)s.")
        said = said % {"repository": repository, "files": ", ".join(missing)}
        raise HubError(" ".join(part for part in (said, "" if file or weights else _other_form(names)) if part))
    return sorted(needed if file else needed | code | (set(names) & _WELCOME))


def _other_form(names: list[str]) -> str:
    """What to do with a repository whose weights are no safetensors; '' where there are none at all."""
    if gguf := sorted(name for name in names if _GGUF.fullmatch(name)):
        return _("It holds GGUF files: add it with the name of one, such as %(name)s.") % {"name": gguf[0]}
    if any(_PICKLED.fullmatch(name) for name in names):
        return _(
            "It holds pickled weights, which can run code when they are read: who looks after this installation can "
            "allow them on the model's page."
        )
    return ""


def _download(
    repository: str,
    revision: str,
    folder: Path,
    choose: Callable[[str, list[str]], list[str]],
    watch: Watch,
    enough: Callable[[], bool],
) -> None:
    """Fetch the files; ``folder`` appears whole or not at all. What a broken download left is taken up again."""
    # Read when the library is imported: plain requests can be taken up again in the middle of a file.
    os.environ.setdefault("HF_HUB_DISABLE_XET", "1")
    from httpx2 import HTTPError
    from huggingface_hub import HfApi
    from huggingface_hub.errors import RepositoryNotFoundError, RevisionNotFoundError

    partly = _partly(folder)
    try:
        # The endpoint is asked for anew, so that a mirror can be named at any time.
        api = HfApi(endpoint=os.environ.get("HF_ENDPOINT") or None)
        found = api.model_info(repository, revision=revision, files_metadata=True).siblings or []
        by_name = {file.rfilename: file for file in found}
        files = [_File.of(by_name[name]) for name in choose(repository, list(by_name))]
        fetched = _Fetched(sum(file.size for file in files), watch, enough)
        for file in files:
            _fetch(api, repository, revision, file, partly, fetched)
        shutil.rmtree(partly / ".cache", ignore_errors=True)
        shutil.rmtree(partly / _CHECKED, ignore_errors=True)
        partly.rename(folder)
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
                "%(folder)s and try again, and they are taken from there."
            )
            % {"repository": repository, "why": f"{str(error).rstrip('.')}.", "folder": folder}
        ) from error


def _partly(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.partial")


def _begin_with(plain: Path, partly: Path, watch: Watch) -> None:
    """Link what was downloaded and checked without trust into a download with it: gigabytes are fetched once."""
    if not plain.is_dir():
        return
    (partly / _CHECKED).mkdir(parents=True, exist_ok=True)
    for path in plain.iterdir():
        if path.is_file() and not (partly / path.name).exists():
            try:
                (partly / path.name).hardlink_to(path)
            except OSError:
                # Some disks know no links, and one folder may lie on another disk.
                _copy(path, partly / path.name, watch)
            (partly / _CHECKED / path.name).touch()


def _copy(path: Path, target: Path, watch: Watch) -> None:
    """Copy a file; where that is broken off, the download takes up what is there."""
    done, total = 0, path.stat().st_size
    with path.open("rb") as source, target.open("wb") as copy:
        while piece := source.read(1 << 24):
            copy.write(piece)
            done += len(piece)
            watch(done, total)


class _File(NamedTuple):
    name: str
    size: int
    # Of large files only.
    sha256: str
    # Of small files, by which the commit knows them; of a large one it is that of a pointer to it.
    git_sha1: str

    @classmethod
    def of(cls, sibling: Any) -> Self:
        sha256 = sibling.lfs.sha256 if sibling.lfs else ""
        return cls(sibling.rfilename, int(sibling.size or 0), sha256, "" if sha256 else sibling.blob_id or "")

    def is_whole(self, path: Path, fetched: "_Fetched") -> bool:
        """Whether the file at ``path`` is this one, by its size and by what the hub states of its content."""
        if path.stat().st_size != self.size:
            return False
        if self.sha256:
            return _hashed(path, hashlib.sha256(), fetched) == self.sha256
        # Git's own name for a file's content, not a safeguard of ours: nothing stronger is stated of small files.
        named = hashlib.sha1(b"blob %d\0" % self.size, usedforsecurity=False)
        return not self.git_sha1 or _hashed(path, named, fetched) == self.git_sha1


class _Fetched:
    """How many bytes are here; tells the watcher, at most a few times a second."""

    def __init__(self, total: int, watch: Watch, enough: Callable[[], bool]) -> None:
        self.done, self._total, self._watch, self._enough, self._told = 0, total, watch, enough, 0.0
        self._pieces = 0

    def arrived(self, n: int) -> None:
        # The library tells of a piece before it writes it: the one before is safe, so that each go gets further.
        if self._pieces and self._enough():
            raise EnoughForNow
        self._pieces += 1
        self.done += n
        self.tell()

    def tell(self, *, now: bool = False) -> None:
        if now or time.monotonic() - self._told > 0.25:
            self._told = time.monotonic()
            self._watch(self.done, self._total)


def _fetch(api: Any, repository: str, revision: str, file: _File, partial: Path, fetched: _Fetched) -> None:
    """Bring one file here and hold it against its size and hash. Raises ``HubError`` where it is another."""
    path, checked = partial / file.name, partial / _CHECKED / file.name
    before = fetched.done
    if not checked.is_file():
        _request(api, repository, revision, file, path, fetched)
        if not file.is_whole(path, fetched):
            path.unlink()
            message = _("%(file)s of %(repository)s arrived damaged and was thrown away. Try again.")
            raise HubError(message % {"file": file.name, "repository": repository})
        checked.parent.mkdir(exist_ok=True)
        checked.touch()
    fetched.done = before + file.size
    fetched.tell(now=True)


def _request(api: Any, repository: str, revision: str, file: _File, path: Path, fetched: _Fetched) -> None:
    """Append to ``path`` what it lacks of a file. The library's own downloads begin anew at each call."""
    from huggingface_hub import hf_hub_url
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils._headers import build_hf_headers
    from huggingface_hub.utils.tqdm import tqdm

    class Bar(tqdm):
        """The library's own bar, which draws nothing here and tells how much arrived."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **{**kwargs, "disable": True})  # type: ignore[no-untyped-call]

        def update(self, n: float | None = 1) -> None:
            fetched.arrived(int(n or 0))

    path.parent.mkdir(parents=True, exist_ok=True)
    here = path.stat().st_size if path.is_file() else 0
    if here > file.size:
        path.unlink()
        here = 0
    fetched.done += here
    if here < file.size or not path.is_file():
        url = hf_hub_url(repository, file.name, revision=revision, endpoint=api.endpoint)
        headers = build_hf_headers(token=api.token)
        path.touch()
        # Not opened for appending: a server that knows no ranges sends the whole file, which goes to its start.
        with path.open("r+b") as target:
            target.seek(here)
            http_get(url, target, resume_size=here, headers=headers, expected_size=file.size, tqdm_class=Bar)


def _hashed(path: Path, digest: Any, fetched: _Fetched) -> str:
    with path.open("rb") as file:
        while piece := file.read(1 << 24):
            digest.update(piece)
            fetched.tell()
    return str(digest.hexdigest())
