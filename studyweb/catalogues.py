"""The catalogues of the interface's words: collecting the strings out of code and templates, and compiling them.

``studyweb/locale/<language>/LC_MESSAGES/django.po`` is what translators write. What Django reads is compiled from it
(``django.mo``) by Babel, which every installation has, whenever a process that starts finds it missing or older. It is
a product and stays out of version control.
"""

import io
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

DOMAIN = "django"
APPS = ("studyweb", "surveys", "generation", "analysis")
# What stands in the heading comment of a translation that no native speaker has read yet (docs/translations.md).
UNREVIEWED = "UNREVIEWED"

# Lines of the header that Babel writes for people to fill in.
_NOT_FILLED_IN = re.compile(rb'^"[^"\n]*(?:EMAIL@ADDRESS|YEAR-MO-DA|LL@li\.org)[^"\n]*"\n', re.MULTILINE)

_NAMES = ("gettext", "gettext_lazy", "gettext_noop", "_")
_PLURALS = ("ngettext", "ngettext_lazy")
_CONTEXTS = ("pgettext", "pgettext_lazy")
KEYWORDS = {
    **dict.fromkeys(_NAMES, None),
    **dict.fromkeys(_PLURALS, (1, 2)),
    **dict.fromkeys(_CONTEXTS, ((1, "c"), 2)),
    "npgettext": ((1, "c"), 2, 3),
}


class CatalogueError(Exception):
    """A catalogue that cannot be read or compiled; the message names the file and what to do."""


def languages() -> list[str]:
    """The languages that have a catalogue, English left out, which needs none."""
    return sorted(path.parent.parent.name for path in _folder().glob(f"*/LC_MESSAGES/{DOMAIN}.po"))


def po_file(language: str) -> Path:
    """Where a language's catalogue is."""
    return _folder() / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def read(language: str) -> Catalog:
    """A language's catalogue. Raises ``CatalogueError`` naming file and line if it cannot be read."""
    path = po_file(language)
    try:
        with path.open("rb") as file:
            return read_po(file, locale=language, domain=DOMAIN, abort_invalid=True)
    except (OSError, ValueError, PoFileError) as error:
        raise CatalogueError(f"{path} cannot be read: {error}") from error


def is_reviewed(language: str) -> bool:
    """Whether a native speaker has read a language's catalogue and taken the warning out of its heading comment."""
    return UNREVIEWED not in read(language).header_comment


def is_translated(message: Message) -> bool:
    """Whether a string has its words in the catalogue's language, in every plural form, and nobody doubts them."""
    words = message.string if isinstance(message.string, tuple | list) else (message.string,)
    return not message.fuzzy and bool(words) and all(words)


def collect(files: Iterable[Path] | None = None) -> Catalog:
    """All strings of these files, of the whole project unless given, each with the files in which it stands."""
    catalogue = Catalog(domain=DOMAIN, charset="utf-8")
    for path in files if files is not None else sources():
        # Names without lines: a moved line is no change to a translation.
        where = path.relative_to(settings.BASE_DIR).as_posix()
        for _line, message, comments, context in _messages(path):
            catalogue.add(message, locations=[(where, 1)], auto_comments=comments, context=context)
    return catalogue


def sources() -> Iterator[Path]:
    """Every file that can hold a string for people: code and templates of the apps, without their migrations."""
    for app in APPS:
        for path in sorted((Path(settings.BASE_DIR) / app).rglob("*")):
            is_code = path.suffix == ".py" and "migrations" not in path.parts
            if is_code or (path.suffix == ".html" and "templates" in path.parts):
                yield path


def update(language: str) -> Catalog:
    """Bring a language's catalogue up to the code: new strings are added untranslated, those that are gone leave."""
    catalogue = read(language)
    # A guess that looks like a translation is worse than none.
    catalogue.update(collect(), no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    written = io.BytesIO()
    write_po(written, catalogue, width=110, sort_by_file=True, include_lineno=False, ignore_obsolete=True)
    _replace(po_file(language), _NOT_FILLED_IN.sub(b"", written.getvalue()))
    return catalogue


def compile_stale() -> list[str]:
    """Compile each catalogue whose product is missing or older; the languages that were compiled.

    Several processes may do so at once: each writes a file of its own and renames it. Raises ``CatalogueError`` where a
    catalogue cannot be read or its folder not written.
    """
    compiled = []
    for language in languages():
        source = po_file(language)
        product = source.with_suffix(".mo")
        if product.exists() and product.stat().st_mtime_ns >= source.stat().st_mtime_ns:
            continue
        written = io.BytesIO()
        write_mo(written, read(language))
        try:
            _replace(product, written.getvalue())
        except OSError as error:
            raise CatalogueError(
                f"{product} cannot be written: {error}. Run 'python manage.py catalogues' once as a user who may."
            ) from error
        compiled.append(language)
    return compiled


def _folder() -> Path:
    return Path(settings.BASE_DIR) / "studyweb" / "locale"


def _messages(path: Path) -> Iterator[tuple[int, str | tuple[str, ...], list[str], str | None]]:
    content = path.read_text(encoding="utf-8")
    if path.suffix == ".html":
        # What is no string becomes noise, whose indentation means nothing and would be taken for Python's.
        content = "\n".join(line.strip() for line in templatize(content, origin=str(path)).splitlines())
    yield from extract("python", io.BytesIO(content.encode()), keywords=KEYWORDS, comment_tags=["Translators:"])


def _replace(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
