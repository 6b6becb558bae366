"""Cleaning a raw draft: what is not part of the article is taken out, and what was taken out is recorded.

Only removes; never writes a word. The raw text stays with its candidate.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

from generation.engine.sentences import last_sentence_end

SPECIAL_TOKEN = "special token"  # noqa: S105 -- a reason, not a password
BROKEN_CHARACTER = "broken or control character"
PROMPT_ECHO = "echo of the prompt"
NEWSLETTER = "newsletter or advertisement line"
UNFINISHED = "unfinished last sentence"

MOST_PASSES = 50  # a text that needs more is no text, and each takes as long as it is
_MOST_ECHOES = 1000  # in one pass: a model that loops says its prompt again and again
_ECHO_WORDS = 6  # a shorter overlap with the prompt's end may be chance, or style
_ECHO_CHARACTERS = 20  # the same, for scripts that set no spaces

_SPECIAL = re.compile(
    r"<\|(?:im_start|start_header_id)\|>[ \t]*(?:system|user|assistant)?(?:<\|end_header_id\|>)?[ \t]*\n?"
    r"|<\|[^|<>\s]{1,40}\|>"
    r"|</?s>|<(?:pad|unk|bos|eos|mask|sep|cls)>|\[/?INST\]|<</?SYS>>",
)
_BROKEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffd\ufeff\ud800-\udfff]+")
_WHOLE_LINES = (
    r"advertisement|advertorial|sponsored(?: content)?|(?:story|article) continues below(?: advertisement)?"
    r"|continue reading(?: the main story)?|read more|share this (?:article|story|page)"
    r"|related (?:articles|stories)"
    r"|anzeige|werbung|publicité|publicidad|pubblicità|реклама|广告|広告"
)
_LINE_STARTS = (
    r"(?:sign up (?:here )?(?:for|to receive) (?:our|the|your)|subscribe (?:now|today|here|to (?:our|the)))\b"
    r"|get (?:the latest|our|the day['’]s) [^.]{0,80}\b(?:inbox|newsletter|e-?mail)"
    r"|(?:click|tap) here (?:to|for)\b|download (?:our|the) [\w ]{0,30}app\b"
    r"|(?:follow|like|find) us on (?:twitter|facebook|instagram|x|youtube|tiktok)\b"
    r"|(?:read more|related|see also|watch|more from [\w ]{1,40})\s*:"
    r"|(?:copyright|©|\(c\)) ?(?:©|\(c\))? ?\d{4}|all rights reserved\b"
    r"|this (?:story|article) (?:originally|first) appeared\b"
    r"|(?:jetzt )?(?:unseren )?newsletter abonnieren|inscrivez-vous à (?:notre|la) newsletter"
    r"|suscríbe(?:te|se) a (?:nuestro|la|nuestra)"
)
_NEWSLETTER = re.compile(rf"^[\W_]*(?:(?:{_WHOLE_LINES})[\W_]*$|(?:{_LINE_STARTS}))", re.IGNORECASE)
_NEWSLETTER_LENGTH = 240  # a longer line is a paragraph, which merely begins alike


@dataclass(frozen=True, slots=True)
class Removal:
    """A piece that was taken out of a draft, and why (one of this module's reasons)."""

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A draft's text as an article, and all that was taken out of it, in the order of removal."""

    text: str
    removed: tuple[Removal, ...]


def clean(raw: str, prompt_text: str) -> Cleaned:
    """Return a raw draft without special tokens, prompt echo, advertising lines and an unfinished last
    sentence.

    A text in which no sentence ends is kept whole, so that nothing is emptied by that rule. Cleaning a
    cleaned text changes nothing, unless it took more than ``MOST_PASSES``. White space at the ends and blank lines left
    behind by a removal are dropped unrecorded.
    """
    text, removed = raw.strip(), list[Removal]()
    # One removal can lay bare the next: a line that was cut down to 'Advertisement.'
    for _ in range(MOST_PASSES):
        before = text
        for step in _STEPS:
            text, pieces = step(text, prompt_text)
            text = text.strip()
            removed.extend(pieces)
        if text == before:
            break
    return Cleaned(text, tuple(removed))


def _without_special(text: str, _prompt: str) -> tuple[str, list[Removal]]:
    return _substituted(_SPECIAL, text, SPECIAL_TOKEN)


def _without_broken(text: str, _prompt: str) -> tuple[str, list[Removal]]:
    return _substituted(_BROKEN, text, BROKEN_CHARACTER)


def _without_echo(text: str, prompt: str) -> tuple[str, list[Removal]]:
    """Take off the start of a text where it says again the whole prompt or the prompt's last words."""
    removed: list[Removal] = []
    while len(removed) < _MOST_ECHOES and (cut := max(_echo_of_words(text, prompt), _echo_of_characters(text, prompt))):
        removed.append(Removal(text[:cut], PROMPT_ECHO))
        text = text[cut:].lstrip()
    return text, removed


def _echo_of_words(text: str, prompt: str) -> int:
    spans = list(islice(re.finditer(r"\S+", text), len(given := prompt.split())))
    length = _overlap(given, [span.group() for span in spans])
    return spans[length - 1].end() if length >= _ECHO_WORDS else 0


def _overlap(given: Sequence[str], said: Sequence[str]) -> int:
    """Return how many of the last words of ``given`` ``said`` begins with, at most, in a few looks at each word.

    By the borders of Knuth, Morris and Pratt (1977): a prompt and a text that say one word thousands of times overlap
    in as many lengths.
    """
    if not said:
        return 0
    borders, length = [0], 0
    for word in said[1:]:
        while length and word != said[length]:
            length = borders[length - 1]
        length += word == said[length]
        borders.append(length)
    length = 0
    for word in given:
        while length and (length == len(said) or word != said[length]):
            length = borders[length - 1]
        length += word == said[length]
    return length


def _echo_of_characters(text: str, prompt: str) -> int:
    whole = prompt.strip()
    return len(whole) if len(whole) >= _ECHO_CHARACTERS and text.startswith(whole) else 0


def _without_newsletter(text: str, _prompt: str) -> tuple[str, list[Removal]]:
    kept: list[str] = []
    removed: list[Removal] = []
    for line in text.split("\n"):
        if len(line) <= _NEWSLETTER_LENGTH and _NEWSLETTER.match(line):
            removed.append(Removal(line, NEWSLETTER))
        elif not (removed and not line.strip() and (not kept or not kept[-1].strip())):
            kept.append(line)
    return ("\n".join(kept), removed) if removed else (text, [])


def _without_unfinished(text: str, _prompt: str) -> tuple[str, list[Removal]]:
    end = last_sentence_end(text)
    rest = text[end:]
    return (text[:end], [Removal(rest.strip(), UNFINISHED)]) if end and rest.strip() else (text, [])


def _substituted(pattern: re.Pattern[str], text: str, why: str) -> tuple[str, list[Removal]]:
    removed = [Removal(match.group(), why) for match in pattern.finditer(text)]
    return pattern.sub("", text), removed


_STEPS: tuple[Callable[[str, str], tuple[str, list[Removal]]], ...] = (
    _without_special,
    _without_broken,
    _without_echo,
    _without_newsletter,
    _without_unfinished,
)
