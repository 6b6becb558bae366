"""How hard a text is to read, by formulas that were published for its language. Pure.

Flesch, R. (1948). A new readability yardstick. Journal of Applied Psychology 32, 221-233 (English).
Amstad, T. (1978). Wie verständlich sind unsere Zeitungen? Zürich (German).
Björnsson, C. H. (1968). Läsbarhet. Stockholm: the LIX, which counts letters, not syllables, for alphabets.
"""

import re
import unicodedata
from collections.abc import Sequence

from generation.engine.sentences import words
from generation.parity.passages import sentences

LONG_WORD = 7  # letters, in the LIX: more than six

_VOWELS = {"en": "aeiouy", "de": "aeiouyäöü"}
# An e that is written at a word's end and not spoken ('made', 'moved'), unless it carries the word's only vowel.
_SILENT = re.compile(r"(?<![aeiouy])(?:es?|ed)$")
_SPOKEN = re.compile(r"(?:[^aeiouy]le|[td]ed|(?:[sxz]|[cs]h|[cg])es)$")
# Two vowels side by side that are two syllables all the same: radio, Indian, area, being, quiet, creation, usual.
_APART = re.compile(
    r"(?<![ctgsxnl])i(?:a|o)|(?<![ctgs])i(?:et|en[ct]|um)|e(?:a|as)$|(?:[eiouy])ing|cre(?=at(?!ur))|u(?:al|at)|eo(?=[nr]|$)|oet"
)


def reading_ease(text: str, language: str) -> float | None:
    """Flesch's reading ease, in Amstad's form for German: about 0 (hard) to 100 (easy); None for other languages.

    Syllables are counted by rule, which misses some words; both sides of a comparison are counted alike.
    """
    primary, said = language.split("-")[0].lower(), words(text)
    if primary not in _VOWELS or not said:
        return None
    per_sentence = len(said) / len(sentences(text))
    per_word = sum(syllables(word, primary) for word in said) / len(said)
    if primary == "de":
        return 180 - per_sentence - 58.5 * per_word
    return 206.835 - 1.015 * per_sentence - 84.6 * per_word


def lix(text: str) -> float | None:
    """Björnsson's LIX: words a sentence plus the percentage of long words; None for scripts without an alphabet."""
    said = words(text)
    if not said or not is_alphabetic(said):
        return None
    return len(said) / len(sentences(text)) + 100 * sum(len(word) >= LONG_WORD for word in said) / len(said)


def syllables(word: str, language: str) -> int:
    """How many syllables a word has, by rule: runs of vowels, in English less the silent e; at least one."""
    word = word.casefold()
    count = len(re.findall(f"[{_VOWELS[language]}]+", word))
    if language == "en":
        count += len(_APART.findall(word))
        if _SILENT.search(word) and not _SPOKEN.search(word):
            count -= 1
    return max(1, count)


def is_alphabetic(said: Sequence[str]) -> bool:
    """Whether words are written in letters that have cases: Latin, Greek, Cyrillic and their kin."""
    letters = [character for word in said for character in word if unicodedata.category(character)[0] == "L"]
    cased = sum(unicodedata.category(character) in {"Ll", "Lu"} for character in letters)
    return bool(letters) and cased >= len(letters) / 2
