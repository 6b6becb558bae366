"""What languages are called, how they are written (Unicode's CLDR, by Babel), and whether the interface speaks them."""

from functools import lru_cache
from typing import Literal

from babel import Locale, UnknownLocaleError
from django.conf import settings
from django.utils import translation

from studyweb import catalogues


@lru_cache(maxsize=256)
def own_name(tag: str) -> str:
    """'Deutsch' for 'de', 'português (Brasil)' for 'pt-BR'; the tag itself for a language that is not known."""
    locale = _locale(tag)
    name = locale.get_display_name(locale) if locale else None
    return f"{name[0].upper()}{name[1:]}" if name else tag


@lru_cache(maxsize=256)
def direction(tag: str) -> Literal["ltr", "rtl"]:
    """Whether a language is written from the left or from the right."""
    locale = _locale(tag)
    return "rtl" if locale is not None and locale.text_direction == "rtl" else "ltr"


Spoken = Literal["original", "reviewed", "unreviewed", "not"]


def interface_language(tag: str) -> str:
    """The language in which the interface has words for who takes part in this language: English where it has none."""
    try:
        return translation.get_supported_language_variant(tag.lower())
    except LookupError:
        return settings.LANGUAGE_CODE


def spoken(tag: str) -> Spoken:
    """How the interface's own words (buttons, errors, endings) stand in a study's language."""
    language = interface_language(tag)
    if language.partition("-")[0] != tag.partition("-")[0]:
        return "not"
    if language == settings.LANGUAGE_CODE:
        return "original"
    return "reviewed" if _is_reviewed(language) else "unreviewed"


@lru_cache(maxsize=32)
def _is_reviewed(language: str) -> bool:
    return catalogues.is_reviewed(language)


def _locale(tag: str) -> Locale | None:
    # A tag may say more than anybody knows of: 'ca-valencia' is Catalan all the same.
    wanted = tag
    while wanted:
        try:
            return Locale.parse(wanted, sep="-")
        except (UnknownLocaleError, ValueError):
            wanted = wanted.rpartition("-")[0]
    return None
