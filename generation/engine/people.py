"""Whom a text names and whom it has speak: what a researcher must look at, and set right in the debriefing.

No list of the living is complete, and a machine gives real people's names to invented words. So every personal name
that the prompt or a real article holds is pointed out, also by its surname alone, every name with a title, and every
quotation that stands in neither. It errs towards pointing out.
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
_WORD = re.compile(r"[^\W\d_][\w\-]*")
_PLAIN = re.compile(r"['’]s?$")
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
# What ends, or behind a title's word begins, the name of an institution or a place. Words that are common as surnames,
# too ('Park', 'Hall', 'West'), are none of them.
_INSTITUTION_WORDS = (
    "act agency airport airways alliance area assembly association authority avenue bank board boulevard bridge"
    " building bureau canyon center centre chambers church city club college commission committee company conference"
    " congress convention corp council county court department district dynamics east electric exchange federation"
    " force foundation general group hospital house inc industries institute international island islands jr league"
    " library ltd ministry motors mountain museum national network office organization party police press prize"
    " project river school senate service services society square sr state states station store street supreme system"
    " times today trust union university"
)
_INSTITUTIONS = frozenset(_INSTITUTION_WORDS.split())
_QUOTE = re.compile(
    r"“([^“”]{2,600})”|\"([^\"\n]{2,600})\"|„([^„“”]{2,600})[“”]|«([^«»]{2,600})»|»([^«»]{2,600})«|「([^「」]{2,600})」"
)


def people_flags(text: str, *, prompt_text: str, real_texts: Sequence[str] = ()) -> tuple[Flag, ...]:
    """Return a flag for real people's names and one for quotations that no source has, where there are any."""
    named, said = to_set_right(text, prompt_text=prompt_text, real_texts=real_texts)
    found = (
        _flag(REAL_NAME, "Names people: are they real, and would this be false of them?", named),
        _flag(INVENTED_QUOTE, "Has somebody say what no source says.", said),
    )
    return tuple(flag for flag in found if flag is not None)


def to_set_right(text: str, *, prompt_text: str, real_texts: Sequence[str] = ()) -> tuple[list[str], list[str]]:
    """Return all names of people who may be real, and all quotations that no source has, in the order of the text."""
    known = "\n".join([prompt_text, *real_texts])
    return _real(text, known), _invented(text, known)


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
    # With its title a name is found below, without it.
    plain = (name for name in names(text) if not _TITLED.fullmatch(name))
    of_sources = {name for name in plain if name in sources and not _is_institution(name)}
    titled = {name for match in _TITLED.finditer(text) if not _is_institution(name := _spaced(match.group(1)))}
    whole = of_sources | titled
    # A news text names people once in full, and by their surname from then on: that may be all that the sources' says.
    alone = _surnames(known) & set(_WORD.findall(text))
    said = {part for name in whole for part in name.split()}
    return sorted(whole | (alone - said), key=text.find)


def _surnames(known: str) -> set[str]:
    """Return the last parts of the personal names of the sources, those behind a title included."""
    whole = {*names(known), *(_spaced(match.group(1)) for match in _TITLED.finditer(known))}
    last = {_PLAIN.sub("", name.split(" ")[-1]) for name in whole if not _is_institution(name)}
    return {part for part in last if len(part) > 1 and part.casefold() not in _STARTERS}


def _is_institution(name: str) -> bool:
    """Return whether a run of capitalised words is no person: 'Justice Department', 'General Motors', 'King Jr.'."""
    parts = [_PLAIN.sub("", part).rstrip(".").casefold() for part in name.split(" ")]
    return parts[-1] in _INSTITUTIONS or parts[0] in _INSTITUTIONS


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
