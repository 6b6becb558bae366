"""What a reader may notice in an article before its content: length, style, form. Pure; equal for real and written."""

import re
from dataclasses import dataclass
from functools import lru_cache

from generation.engine.screening import screen
from generation.engine.sentences import words
from generation.parity.passages import sentences
from generation.parity.readability import is_alphabetic, lix, reading_ease
from surveys.sentences import paragraphs

# Silent reading of English non-fiction: Brysbaert (2019), Journal of Memory and Language 109, 104047.
WORDS_A_MINUTE = 238

_DAYS = {
    "en": "monday|tuesday|wednesday|thursday|friday|saturday|sunday|yesterday|today|tomorrow"
    "|january|february|march|april|june|july|august|september|october|november|december"
    r"|(?:last|this|next) (?:week|month|year)|may(?= \d)",
    "de": "montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonnabend|sonntag|gestern|heute|morgen"
    "|januar|februar|märz|april|mai|juni|juli|august|september|oktober|november|dezember",
    "fr": "lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|hier|aujourd['’]hui|demain"
    "|janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre",
    "es": "lunes|martes|miércoles|jueves|viernes|sábado|domingo|ayer|hoy|mañana"
    "|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre",
}
_YEAR = r"(?:19|20)\d\d"
_QUOTED = re.compile(r"[\"“„«»]([^\"“”„«»]{3,400})[\"”“»«]")
_NAME = re.compile(r"[^\W\d_][\w'’\-]*")
_MARKUP = re.compile(r"[*_#`|]{1,3}|https?://|</?\w+>")

# The measures in the order in which they are shown. Those that are None for a text have nothing to say of it.
NAMES = (
    "words", "sentences", "paragraphs", "sentence_words", "reading_minutes", "reading_ease", "lix", "dates", "names",
    "quotes", "numbers", "headline_words", "curly_quotes", "markup", "flags",
)  # fmt: skip


@dataclass(frozen=True)
class Shown:
    """A text as readers get it. ``side`` is 'real' or 'synthetic'; ``key`` names the article, ``arm`` its arm."""

    key: str
    arm: str
    side: str
    headline: str
    text: str
    language: str = "en"
    # What a machine was given to write it, where that is known; and how many characters of the text are that, as an
    # opening that people may have edited.
    prompt: str = ""
    opening: int = 0


@lru_cache(maxsize=2048)
def measured(shown: Shown) -> dict[str, float | None]:
    """Each of ``NAMES`` for one text. Rates are per 100 words; None where a measure does not fit the language."""
    said = words(shown.text)
    parts = sentences(shown.text)
    hundred = len(said) / 100 or 1.0
    days = _dates(shown)
    named = _names(parts, shown.language)
    return {
        "words": len(said),
        "sentences": len(parts),
        "paragraphs": len(paragraphs(shown.text)),
        "sentence_words": len(said) / len(parts) if parts else 0.0,
        "reading_minutes": len(said) / WORDS_A_MINUTE,
        "reading_ease": reading_ease(shown.text, shown.language),
        "lix": lix(shown.text),
        "dates": days / hundred if days is not None else None,
        "names": named / hundred if named is not None else None,
        "quotes": len(_QUOTED.findall(shown.text)) / hundred,
        "numbers": len(re.findall(r"\d[\d.,:]*", shown.text)) / hundred,
        "headline_words": len(words(shown.headline)),
        "curly_quotes": _curly(shown.text),
        "markup": len(_MARKUP.findall(shown.text)) / hundred,
        "flags": len(screen(shown.text, prompt_text="", language=shown.language)),
    }


def _dates(shown: Shown) -> int | None:
    pattern = _date_words(shown.language)
    return len(pattern.findall(shown.text)) if pattern else None


def _date_words(language: str) -> re.Pattern[str] | None:
    days = _DAYS.get(language.split("-")[0].lower())
    return re.compile(rf"\b(?:{days}|{_YEAR})\b", re.IGNORECASE) if days else None


def _names(parts: list[str], language: str) -> int | None:
    """Capitalised words inside sentences, each run of them counted once; days and months are none.

    None where the script has no capitals, and for German, which capitalises every noun.
    """
    if language.split("-")[0].lower() == "de" or not is_alphabetic(words(" ".join(parts))):
        return None
    if dates := _date_words(language):
        parts = [dates.sub("-", part) for part in parts]
    return sum(_runs(list(_NAME.findall(part))[1:]) for part in parts)


def _runs(inside: list[str]) -> int:
    capital = [word[0].isupper() and (len(word) > 1 or not word.isascii()) for word in inside]
    return sum(is_one and not before for is_one, before in zip(capital, [False, *capital], strict=False))


def _curly(text: str) -> float | None:
    """The share of typographic marks among a text's quotation marks and apostrophes; None where it has none."""
    typographic, typed = len(re.findall("[“”‘’„«»]", text)), len(re.findall("[\"']", text))
    return typographic / (typographic + typed) if typographic + typed else None
