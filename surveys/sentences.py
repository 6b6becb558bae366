"""PURE: the paragraphs of a text, and the sentences of an article, numbered from 1, as readers mark them.

Answers hold these numbers beside the hash of the text. So the rules below are fixed for good: other rules would move
every mark that was ever made, and need names of their own beside these.
"""

import re
import unicodedata
from functools import lru_cache

# Full stops of many scripts; after those of the second group no blank is needed.
_SPACED = ".!?…؟۔։።៕‼⁇⁈⁉"
_UNSPACED = "。！？．｡।॥"
_QUOTES = "\"'”’»›“‘«‹」』"
_END = re.compile(rf"[{re.escape(_SPACED + _UNSPACED)}]+")
# A full stop after one of these ends no sentence.
_ABBREVIATION = re.compile(
    r"(mr|mrs|ms|dr|prof|gov|sen|rep|st|lt|gen|col|sgt|capt|rev|hon|pres|jr|sr|vs|no|fig"
    r"|jan|feb|mar|apr|jun|jul|aug|sep|sept|oct|nov|dec|approx|dept|est|bzw|nr|str|sra?|[^\W\d_]|([^\W\d_]\.)+[^\W\d_])",
    re.IGNORECASE,
)


def paragraphs(text: str) -> tuple[str, ...]:
    """The paragraphs of a plain text, wherever one is shown, measured or curated: what stands between empty lines.

    A line of blanks parts nothing. In no text that is stored now are there any (``surveys.models.normal_text``); one
    that was stored and frozen before is shown, and measured, as it always was.
    """
    return tuple(found for part in text.split("\n\n") if (found := part.strip()))


@lru_cache(maxsize=512)
def sentences(text: str) -> tuple[tuple[str, ...], ...]:
    """The sentences of each paragraph; all of them together are counted from 1."""
    return tuple(tuple(_split(" ".join(part.split()))) for part in paragraphs(text))


def count(text: str) -> int:
    """How many sentences a text has."""
    return sum(map(len, sentences(text)))


def _split(paragraph: str) -> list[str]:
    found, start = [], 0
    for end in _END.finditer(paragraph):
        after = end.end()
        while after < len(paragraph) and _closes(paragraph[after]):
            after += 1
        if after < len(paragraph) and _ends(paragraph, start, end.start(), end.end(), after):
            found.append(paragraph[start:after].strip())
            start = after
    return [*found, rest] if (rest := paragraph[start:].strip()) else found


def _ends(paragraph: str, start: int, stop: int, stopped: int, after: int) -> bool:
    """Whether a sentence ends with the stop at ``stop`` (to ``stopped``), with closing marks up to ``after``."""
    if paragraph[stopped - 1] in _UNSPACED:
        return True
    # Of a paragraph one blank is left between two words. Slices to its ends would be copied at each full stop.
    following = paragraph[after : after + 2].lstrip()[:1]
    if not paragraph[after].isspace() or following.islower():
        return False
    if paragraph[stop:stopped] != "." or after > stopped:
        return True
    word = paragraph[max(start, paragraph.rfind(" ", start, stop) + 1) : stop].lstrip(_QUOTES + "([")
    return not _ABBREVIATION.fullmatch(word)


def _closes(character: str) -> bool:
    return character in _QUOTES or unicodedata.category(character) in {"Pe", "Pf"}
