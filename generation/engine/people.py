"""Whom a text names and whom it has speak: what a researcher must look at, and set right in the debriefing.

No list of the living is complete, and a machine gives real people's names to invented words. So every personal name
that the prompt or a real article holds is pointed out, every name with a title, and every quotation that stands in
neither. It errs towards pointing out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from generation.engine.screening import INVENTED_QUOTE, REAL_NAME, Flag
from generation.engine.sentences import words

QUOTE_WORDS = 4  # shorter ones are single words in quotes
_MOST_SHOWN = 6

# With a bound, since of a long run of letters and hyphens each place would be tried to its end.
_PART = r"(?:[A-ZÀ-ÖØ-ÞĀ-ŽА-ЯΑ-Ω][\w’'\-]{0,60}[\w]|[A-Z]\.)"
_PARTICLE = r"(?:de|del|della|der|den|di|da|dos|du|la|le|van|von|bin|al|el|ibn|y)"
_NAME = re.compile(rf"\b{_PART}(?:[ \u00a0](?:{_PARTICLE}[ \u00a0])*{_PART}){{1,4}}")
_TITLED = re.compile(
    r"\b(?:President|Prime Minister|Chancellor|Senator|Sen\.|Congress(?:man|woman)|Representative|Rep\.|Governor|Gov\."
    r"|Minister|Secretary|Mayor|Judge|Justice|King|Queen|Pope|Prince|Princess|General|Gen\.|Mr\.|Mrs\.|Ms\.|Dr\."
    r"|Präsident(?:in)?|Kanzler(?:in)?|Bundeskanzler(?:in)?|Minister(?:in)?|Herr|Frau"
    r"|Président(?:e)?|Monsieur|Madame|Presidente|Presidenta|Señor|Señora)"
    rf"[ \u00a0]((?:{_PART}[ \u00a0]?){{1,3}})"
)
# Words that begin a sentence with a capital letter and are no part of the name behind them.
_STARTER_WORDS = (
    "a after although an and as at because before but by during for from he her his if in it last many meanwhile"
    " most mr mrs ms dr no on one she since so some still that the then there these they this those though to two"
    " under until what when where while who with yesterday monday tuesday wednesday thursday friday saturday sunday"
    " am auch aus bei da der die das dann doch ein eine für im mit nach und von während zu"
    " le la les un une dans pour avec mais puis el los las en con pero según"
)
_STARTERS = frozenset(_STARTER_WORDS.split())
_QUOTE = re.compile(
    r"“([^“”]{2,600})”|\"([^\"\n]{2,600})\"|„([^„“”]{2,600})[“”]|«([^«»]{2,600})»|»([^«»]{2,600})«|「([^「」]{2,600})」"
)


def people_flags(text: str, *, prompt_text: str, real_texts: Sequence[str] = ()) -> tuple[Flag, ...]:
    """Return a flag for real people's names and one for quotations that no source has, where there are any."""
    known = "\n".join([prompt_text, *real_texts])
    found = (
        _flag(REAL_NAME, "Names people: are they real, and would this be false of them?", _real(text, known)),
        _flag(INVENTED_QUOTE, "Has somebody say what no source says.", _invented(text, known)),
    )
    return tuple(flag for flag in found if flag is not None)


def names(text: str) -> list[str]:
    """Return the personal names of two words or more, once each, in the order of the text."""
    found = (_without_starters(_spaced(match.group())) for match in _NAME.finditer(text))
    return list(dict.fromkeys(name for name in found if " " in name))


def quotations(text: str) -> list[str]:
    """Return what stands between quotation marks, of QUOTE_WORDS words or more, in the order of the text."""
    inside = (next(group for group in match.groups() if group is not None) for match in _QUOTE.finditer(text))
    return [said for said in inside if len(words(said)) >= QUOTE_WORDS]


def _real(text: str, known: str) -> list[str]:
    sources = _spaced(known)
    of_sources = {name for name in names(text) if name in sources}
    titled = {_spaced(match.group(1)) for match in _TITLED.finditer(text)}
    return sorted(of_sources | titled, key=text.find)


def _invented(text: str, known: str) -> list[str]:
    source = f" {' '.join(words(known))} "
    found = [said for said in quotations(text) if f" {' '.join(words(said))} " not in source]
    # A comma inside the marks belongs to the sentence around them.
    return [said.strip().rstrip(",") for said in found]


def _without_starters(name: str) -> str:
    first, _, rest = name.partition(" ")
    return _without_starters(rest) if first.casefold() in _STARTERS else name


def _spaced(text: str) -> str:
    return " ".join(text.split())


def _flag(code: str, message: str, evidence: Sequence[str]) -> Flag | None:
    if not evidence:
        return None
    more = len(evidence) - _MOST_SHOWN
    shown = "; ".join(evidence[:_MOST_SHOWN])
    return Flag(code, message, f"{shown}; and {more} more" if more > 0 else shown)
