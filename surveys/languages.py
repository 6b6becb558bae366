"""What languages are called in themselves, and in which direction they are written (from Unicode's CLDR, by Babel)."""

from functools import lru_cache
from typing import Literal

from babel import Locale, UnknownLocaleError


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


def _locale(tag: str) -> Locale | None:
    # A tag may say more than anybody knows of: 'ca-valencia' is Catalan all the same.
    wanted = tag
    while wanted:
        try:
            return Locale.parse(wanted, sep="-")
        except (UnknownLocaleError, ValueError):
            wanted = wanted.rpartition("-")[0]
    return None
