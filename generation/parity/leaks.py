"""What could tell readers which texts a machine wrote: marks of the machine, marks of one side alone. Pure."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from generation.engine.cleaning import SPECIAL_TOKEN, clean
from generation.engine.screening import CUT_ENDING, SELF_REFERENCE, other_language, screen
from generation.engine.sentences import words
from generation.parity.measures import Shown
from generation.parity.shares import chance

SELF_NAMING = "self-naming"
TOKENS = "special-tokens"
ECHO = "prompt-echo"
CUT = "cut-ending"
BYLINE = "byline"
DATELINE = "dateline"
CREDIT = "credit"
HEADLINE = "headline"
QUOTE_MARKS = "quote-marks"
MARKUP = "markup"
LANGUAGE = "language"
OTHER_LANGUAGE = "other-language"

ECHO_WORDS = 10
# In so many of all studies whose sides differ in nothing any mark that both sides carry is called a leak, at most. Many
# are looked at together, each in all texts and in every arm, and of few texts half have what the others have not.
BY_CHANCE = 0.05

_BYLINE = re.compile(
    r"^\W*(?:By|BY|by|Von|Par|Por)\s+[A-ZÀ-Þ][\w'’.\-]{1,40}(?:\s+[A-ZÀ-Þ][\w'’.\-]{1,40}){1,3}"
    r"(?:\s*(?:,|and|und|et|y)\s+(?:[A-ZÀ-Þ][\w'’.\-]{1,40}\s*){1,4})?\W*$",
    re.MULTILINE,
)
_DATELINE = re.compile(
    r"^[A-ZÀ-Þ][A-ZÀ-Þ .'’\-]{2,40}(?:,\s*[A-Z][\w.]*(?:\s\d{1,2})?){0,3}\s*(?:\([A-Za-z .]{2,20}\)\s*)?[—–-]{1,2}\s"
    r"|^(?:\w[\w .,]{1,60}\s)?\((?:Reuters|AP|AFP|dpa|UPI|Xinhua|EFE)\)\s*[—–:-]",
    re.MULTILINE,
)
_CREDIT = re.compile(
    r"\b(?:[Rr]eporting|[Ee]diting|[Ww]riting)\s+by\s+[A-Z]"
    r"|\((?:Reuters|AP|AFP|dpa|UPI|Xinhua|EFE)\)|\bcontributed (?:to this|reporting)\b"
    # With bounds, since of a long run of dots and letters each place would be tried to its end.
    r"|\w[\w.]{0,63}@\w[\w.]{0,80}\.\w{2,20}",
)
_MARKUP = re.compile(r"\*\*|^#{1,6}\s|^[*\-]\s|`|https?://|</?[a-z]+>", re.MULTILINE)


@dataclass(frozen=True)
class Leak:
    """Something that tells. ``keys`` are the articles that show it, ``evidence`` the words of the first of them.

    ``arm`` is the key of the one machine arm that differs so; '' is all of them together, or single texts.
    """

    kind: str
    keys: tuple[str, ...]
    evidence: str
    # How many texts of each side show it, where it is the difference that tells.
    real: str = ""
    synthetic: str = ""
    arm: str = ""


def scan(texts: Sequence[Shown]) -> list[Leak]:
    """All leaks, those of single texts first."""
    found = [leak for kind, look in _MACHINE for leak in _in_texts(kind, look, texts)]
    real, written = ([text for text in texts if text.side == side] for side in ("real", "synthetic"))
    if real and written:
        tags = sorted({text.language for text in texts})
        others = sorted({_other_language(text) for text in texts} - {""})
        marks = (
            *_ONE_SIDE,
            *((LANGUAGE, _said_to_be(tag)) for tag in tags),
            *((OTHER_LANGUAGE, _seen_to_be(language)) for language in others),
        )
        sides = _sides(written)
        counted = [
            (kind, _Marked.among(real, look), [(arm, _Marked.among(of_it, look)) for arm, of_it in sides])
            for kind, look in marks
        ]
        # One that all texts carry, or none, can lie apart nowhere.
        varying = sum(0 < len(own.seen) + len(of_arms[0][1].seen) < len(texts) for _kind, own, of_arms in counted)
        by_chance = BY_CHANCE / max(1, varying * len(sides))
        found += [leak for mark in counted for leak in _one_sided(*mark, by_chance=by_chance)]
    return found


def _in_texts(kind: str, look: Callable[[Shown], str], texts: Sequence[Shown]) -> list[Leak]:
    seen = [(text.key, evidence) for text in texts if text.side == "synthetic" and (evidence := look(text))]
    return [Leak(kind, tuple(key for key, _evidence in seen), seen[0][1])] if seen else []


def _sides(written: Sequence[Shown]) -> list[tuple[str, Sequence[Shown]]]:
    """All machine-written texts, under '', and those of each arm under its key, where there are several."""
    arms = sorted({text.arm for text in written})
    each = [(arm, [text for text in written if text.arm == arm]) for arm in arms]
    return [("", written), *(each if len(each) > 1 else [])]


def _one_sided(
    kind: str, marked: "_Marked", written: Sequence[tuple[str, "_Marked"]], *, by_chance: float
) -> Iterator[Leak]:
    """A mark that texts of one side alone carry, or so many more of them that it tells the sides apart.

    Where all arms together have it about as often as the real texts, arm by arm: one that always has it and one that
    never has would make up for each other.
    """
    (_all, of_all), *arms = written
    if bool(marked.seen) != bool(of_all.seen) or marked.lies_apart_from(of_all, by_chance=by_chance):
        yield _leak(kind, marked, of_all)
        return
    for arm, of_arm in arms:
        if marked.lies_apart_from(of_arm, by_chance=by_chance):
            yield _leak(kind, marked, of_arm, arm=arm)


@dataclass(frozen=True)
class _Marked:
    """The keys of the texts that carry a mark, each with the words that show it, of so many."""

    seen: tuple[tuple[str, str], ...]
    of: int

    @classmethod
    def among(cls, texts: Sequence[Shown], look: Callable[[Shown], str]) -> "_Marked":
        return cls(tuple((text.key, found) for text in texts if (found := look(text))), len(texts))

    @property
    def share(self) -> float:
        return len(self.seen) / self.of

    def lies_apart_from(self, other: "_Marked", *, by_chance: float) -> bool:
        return chance((len(self.seen), self.of), (len(other.seen), other.of)) <= by_chance

    def __str__(self) -> str:
        return f"{len(self.seen)}/{self.of}"


def _leak(kind: str, real: _Marked, written: _Marked, *, arm: str = "") -> Leak:
    more = real if real.share > written.share else written
    return Leak(
        kind, tuple(key for key, _found in more.seen), more.seen[0][1], str(real), synthetic=str(written), arm=arm
    )


def _self_naming(text: Shown) -> str:
    return _flagged(text, SELF_REFERENCE)


def _cut(text: Shown) -> str:
    return _flagged(text, CUT_ENDING)


def _flagged(text: Shown, code: str) -> str:
    return next((flag.evidence or code for flag in screen(text.text, prompt_text="") if flag.code == code), "")


def _tokens(text: Shown) -> str:
    return next((out.what for out in clean(text.text, "").removed if out.why == SPECIAL_TOKEN), "")


def _echo(text: Shown) -> str:
    """Words of the prompt that the text says behind the opening which it may well begin with."""
    begins_so = text.text.startswith(text.prompt)
    said = words(text.text[len(text.prompt) if begins_so else text.opening :])
    prompt = words(text.prompt)
    runs = {tuple(prompt[n : n + ECHO_WORDS]) for n in range(len(prompt) - ECHO_WORDS + 1)}
    for n in range(len(said) - ECHO_WORDS + 1):
        if tuple(said[n : n + ECHO_WORDS]) in runs:
            return " ".join(said[n : n + ECHO_WORDS])
    return ""


def _pattern(pattern: re.Pattern[str]) -> Callable[[Shown], str]:
    def look(text: Shown) -> str:
        match = pattern.search(text.text)
        return match.group().strip() if match else ""

    return look


def _byline(text: Shown) -> str:
    # A byline stands first or last; 'by Tuesday evening' somewhere inside is none.
    lines = [line for line in text.text.split("\n") if line.strip()]
    edges = "\n".join(dict.fromkeys([*lines[:2], *lines[-2:]]))
    match = _BYLINE.search(edges)
    return match.group().strip() if match and len(match.group()) < 80 else ""


def _curly(text: Shown) -> str:
    match = re.search("[“”‘’]", text.text)
    return text.text[max(0, match.start() - 20) : match.end() + 20] if match else ""


def _said_to_be(tag: str) -> Callable[[Shown], str]:
    # The whole tag, region and all: the page names it.
    return lambda text: tag if text.language == tag else ""


def _seen_to_be(language: str) -> Callable[[Shown], str]:
    return lambda text: language if _other_language(text) == language else ""


@lru_cache(maxsize=2048)
def _other_language(text: Shown) -> str:
    """The language that a text is in where that is another than it is said to be."""
    return other_language(text.text, text.language)


def _typed(text: Shown) -> str:
    match = re.search("[\"']", text.text)
    return text.text[max(0, match.start() - 20) : match.end() + 20] if match else ""


_MACHINE: tuple[tuple[str, Callable[[Shown], str]], ...] = (
    (SELF_NAMING, _self_naming),
    (TOKENS, _tokens),
    (ECHO, _echo),
    (CUT, _cut),
)
_ONE_SIDE: tuple[tuple[str, Callable[[Shown], str]], ...] = (
    (BYLINE, _byline),
    (DATELINE, _pattern(_DATELINE)),
    (CREDIT, _pattern(_CREDIT)),
    (HEADLINE, lambda text: text.headline),
    (QUOTE_MARKS, _curly),
    (QUOTE_MARKS, _typed),
    (MARKUP, _pattern(_MARKUP)),
)
