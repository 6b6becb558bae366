"""Where a text's sentences end, and what its words are, in any script."""

from __future__ import annotations

import re
import unicodedata

# Full stops and their kin: Latin, CJK and halfwidth, Arabic and Urdu, Devanagari, Armenian, Ethiopic,
# Burmese, Khmer, Tibetan, Mongolian, and the doubled marks.
TERMINATORS = frozenset(".!?…。！？．｡؟۔।॥։።፧။៕།᠃‼⁇⁈⁉⸮")
_UNSPACED = frozenset("。！？．｡।॥።፧။៕།᠃")
_QUOTES = frozenset("\"'”’»›“‘«‹」』＂＇")

# A full stop after one of these does not end a sentence.
_ABBREVIATION = re.compile(
    "mr|mrs|ms|dr|prof|gov|sen|rep|st|lt|gen|col|sgt|capt|rev|hon|pres|jr|sr|vs|inc|co|corp|ltd"
    r"|jan|feb|mar|apr|jun|jul|aug|sep|sept|oct|nov|dec|e\.g|i\.e|approx|dept|est"
)

_WORD = re.compile(
    r"[぀-ヿ㐀-䶿一-鿿豈-﫿]"  # a character of Japanese or Chinese stands for a word
    r"|[^\W_]+(?:['’\-][^\W_]+)*"
)


def words(text: str) -> list[str]:
    """Return the words of a text, case-folded; each character of Chinese or Japanese counts as one."""
    return [match.group().casefold() for match in _WORD.finditer(text)]


def ends_sentence(text: str) -> bool:
    """Return whether a text's last line ends as a sentence does: closing punctuation, a quote, or both."""
    stripped = text.rstrip()
    if not stripped:
        return False
    if stripped[-1] in _QUOTES:
        return True
    core = stripped.rstrip("".join({c for c in stripped if _closes(c)}))
    if not core or core[-1] not in TERMINATORS:
        return False
    return len(core) < len(stripped) or not _abbreviates(core, len(core) - 1, end=True)


def last_sentence_end(text: str) -> int:
    """Return the index after the last finished sentence, closing quotes included; 0 where none ends."""
    if ends_sentence(text):
        return len(text.rstrip())
    after = len(text)
    for position in range(len(text) - 1, -1, -1):
        # What closes behind this place: a run of marks is walked through once, however many sentences it could end.
        if position + 1 < len(text) and not (_closes(text[position + 1]) or text[position + 1] in TERMINATORS):
            after = position + 1
        if text[position] in TERMINATORS and _is_boundary(text, position, after):
            return after
    return 0


def _is_boundary(text: str, position: int, after: int) -> bool:
    if text[position] in _UNSPACED:
        return True
    if after < len(text) and not text[after].isspace():
        return False
    following = _letter_from(text, after)
    if following.islower():
        return False
    return after > position + 1 or not _abbreviates(text, position, end=not following)


def _abbreviates(text: str, position: int, *, end: bool) -> bool:
    """Return whether the full stop at `position` closes an abbreviation or, inside a text, an initial."""
    if text[position] != ".":
        return False
    start = position
    while start and (text[start - 1].isalnum() or text[start - 1] in "_."):
        start -= 1
    word = text[start:position].casefold()
    if _ABBREVIATION.fullmatch(word):
        # 'Smith Jr.' or 'Acme Inc.' may well be a text's last word; 'Mr.' may not.
        return not (end and word in {"jr", "sr", "inc", "co", "corp", "ltd", "dept"})
    return not end and ((len(word) == 1 and word.isalpha()) or bool(re.fullmatch(r"(?:\w\.)+\w", word)))


def _letter_from(text: str, start: int) -> str:
    """Return the first character from a place on that is no blank; '' where none follows."""
    while start < len(text) and text[start].isspace():
        start += 1
    return text[start : start + 1]


def _closes(character: str) -> bool:
    return character in _QUOTES or unicodedata.category(character) in {"Pe", "Pf"}
