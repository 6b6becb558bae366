"""Where a text's sentences end, and what its words are, in any script."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

# Full stops and their kin: Latin, CJK and halfwidth, Arabic and Urdu, Devanagari, Armenian, Ethiopic,
# Burmese, Khmer, Tibetan, Mongolian, and the doubled marks.
TERMINATORS = frozenset(".!?…。！？．｡؟۔।॥։።፧။៕།᠃‼⁇⁈⁉⸮")
_UNSPACED = frozenset("。！？．｡।॥።፧။៕།᠃")
_QUOTES = frozenset("\"'”’»›“‘«‹」』＂＇")
# Where a text asks in Greek, this is the question mark; the second is the same to Unicode.
_GREEK_QUESTION = frozenset(";\u037e")
_STOP = re.compile("[" + re.escape("".join(sorted(TERMINATORS | _GREEK_QUESTION))) + "]")
# In French a blank stands before the closing mark, too; in German such a mark may open, and a word follows.
_CLOSED_BEHIND_A_BLANK = re.compile(r"[ \u00a0\u202f][»›](?!\w)")
_GREEK = re.compile("[\u0370-\u03ff\u1f00-\u1fff]")
# The typed mark where it opens: at the beginning, behind a blank or behind another that opens, and before a word.
_TYPED_OPENING = re.compile(r"(?:^|[\s(\[\"“„])['＇](?=\S)")

# A full stop after one of these does not end a sentence.
_ABBREVIATION = re.compile(
    "mr|mrs|ms|dr|prof|gov|sen|rep|st|lt|gen|col|sgt|capt|rev|hon|pres|jr|sr|vs|inc|co|corp|ltd"
    r"|jan|feb|mar|apr|jun|jul|aug|sep|sept|oct|nov|dec|e\.g|i\.e|approx|dept|est"
)

_IDEOGRAPH = re.compile("[぀-ヿ㐀-䶿一-鿿豈-﫿]")
_WORD = re.compile(
    _IDEOGRAPH.pattern  # a character of Japanese or Chinese stands for a word
    + r"|[^\W_]+(?:['’\-][^\W_]+)*"
)


def words(text: str) -> list[str]:
    """Return the words of a text, case-folded; each character of Chinese or Japanese counts as one."""
    return [match.group().casefold() for match in _WORD.finditer(text)]


def is_unspaced(character: str) -> bool:
    """Return whether a character is one of Japanese or Chinese, which set no blanks between words."""
    return bool(_IDEOGRAPH.match(character))


def wants_blank(text: str) -> bool:
    """Return whether a blank follows in writing what a text ends with: a mark that stops, parts or closes."""
    if not text or text[-1] in _UNSPACED:
        return False
    if text[-1] in _QUOTES:
        return _is_closing(text)
    return text[-1] in TERMINATORS or text[-1] in ",;:" or _closes(text[-1])


def ends_sentence(text: str) -> bool:
    """Return whether a text's last line ends as a sentence does: closing punctuation, a quote, or both."""
    stripped = text.rstrip()
    if not stripped:
        return False
    if stripped[-1] in _QUOTES:
        return _is_closing(stripped)
    core = stripped.rstrip("".join({c for c in stripped if _closes(c)}))
    if not core or not _terminates(core, len(core) - 1):
        return False
    return len(core) < len(stripped) or not _abbreviates(core, len(core) - 1, end=True)


def last_sentence_end(text: str) -> int:
    """Return the index after the last finished sentence, closing quotes included; 0 where none ends."""
    if ends_sentence(text):
        return len(text.rstrip())
    after = len(stripped := text.rstrip())
    if after and stripped[-1] in _QUOTES:
        # It opens what was cut: no sentence before it ends with it.
        after -= 1
    text = text[:after]
    for position in range(len(text) - 1, -1, -1):
        # What closes behind this place: a run of marks is walked through once, however many sentences it could end.
        if position + 1 < len(text) and not (_closes(text[position + 1]) or _terminates(text, position + 1)):
            after = position + 1
        if _terminates(text, position) and _is_boundary(text, position, after):
            return after
    return 0


def stops(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield where each run of marks that can end a sentence begins, and the index behind it and what closes there.

    Looks from `start` to `end`, at each character a few times, however long the text.
    """
    while match := _STOP.search(text, start, end):
        start = match.end()
        if not _terminates(text, match.start()):
            continue
        while start < end:
            if closing := _CLOSED_BEHIND_A_BLANK.match(text, start, end):
                start = closing.end()
            elif _closes(text[start]) or _terminates(text, start):
                start += 1
            else:
                break
        yield match.start(), start


def is_sentence_end(text: str, stop: int, after: int) -> bool:
    """Return whether a sentence ends behind the marks that stand from `stop` to `after`, as `stops` gives them."""
    places = range(after - 1, stop - 1, -1)
    return any(_terminates(text, place) and _is_boundary(text, place, after) for place in places)


def _is_closing(text: str) -> bool:
    """Return whether the quotation mark that a text ends with closes: one that opens is where the text was cut."""
    mark, paragraph = text[-1], text[text.rfind("\n") + 1 : -1]
    before = paragraph[-1:]
    if not before or unicodedata.category(before) == "Ps":
        return False
    if before.isspace():
        # In French there is a blank before the closing mark, too.
        opening = {"»": "«", "›": "‹"}.get(mark, "")
        return bool(opening) and paragraph.count(opening) > paragraph.count(mark)
    if before in TERMINATORS or before in _GREEK_QUESTION:
        return True
    if mark in '"＂':
        return paragraph.count(mark) % 2 == 1
    if mark in "'＇":
        return bool(_TYPED_OPENING.search(paragraph))
    if mark == "’":
        # Else it is an apostrophe: 'joined the workers’'.
        opened = max(paragraph.rfind("‘"), paragraph.rfind("‚"))
        return opened >= 0 and not re.search(r"’(?!\w)", paragraph[opened:])
    return True


def _terminates(text: str, position: int) -> bool:
    """Return whether the character there can end a sentence; of Greek, the semicolon asks."""
    if text[position] in _GREEK_QUESTION:
        return bool(_GREEK.search(text, max(0, position - 3), position))
    return text[position] in TERMINATORS


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
