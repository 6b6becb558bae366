"""A text with each of its words under the class of its rank among what a model would have written there. Pure.

The classes are those of GLTR (Gehrmann, Strobelt and Rush 2019): within the ten most probable tokens, the hundred, the
thousand, or none of them.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

LIMITS = (10, 100, 1000)
CLASSES = ("10", "100", "1000", "rest")
UNRANKED = ""


@dataclass(frozen=True)
class Piece:
    """A run of the text whose tokens are of one class; ``kind`` is one of ``CLASSES``, or UNRANKED."""

    text: str
    kind: str


@dataclass(frozen=True)
class Share:
    """How many of the ranked tokens are of a class."""

    kind: str
    tokens: int
    share: float


@dataclass(frozen=True)
class Overlay:
    """A text in pieces, which together are the text, and how many tokens each class has."""

    pieces: tuple[Piece, ...]
    shares: tuple[Share, ...]

    @property
    def tokens(self) -> int:
        """How many tokens have a rank."""
        return sum(share.tokens for share in self.shares)


def overlay(text: str, ends: Sequence[int], ranks: Sequence[int]) -> Overlay:
    """The text cut where ``ends`` says. ``ends[0]`` is where the first ranked token begins, the others where each ends.

    A character that several tokens share is of the first one's class. What stands outside is unranked.
    """
    if len(ends) != len(ranks) + 1:
        raise ValueError(f"{len(ranks)} ranks need {len(ranks) + 1} ends, not {len(ends)}")
    kinds = [rank_class(rank) for rank in ranks]
    parts = [Piece(text[: ends[0]], UNRANKED)]
    held = ends[0]
    for (_before, end), kind in zip(pairwise([*ends, len(text)]), [*kinds, UNRANKED], strict=True):
        parts.append(Piece(text[held:end], kind))
        held = max(held, end)
    whole = [part for part in parts if part.text]
    runs = groupby(whole, key=lambda part: part.kind)
    pieces = tuple(Piece("".join(part.text for part in run), kind) for kind, run in runs)
    counts = [(kind, kinds.count(kind)) for kind in CLASSES]
    return Overlay(pieces, tuple(Share(kind, n, n / len(kinds) if kinds else 0.0) for kind, n in counts))


def rank_class(rank: int) -> str:
    """The class of a rank, of which 1 is the most probable."""
    return CLASSES[bisect_left(LIMITS, rank)]


def found_ends(text: str, tokens: Sequence[str]) -> list[int]:
    """Where in ``text`` each of the tokens ends, from what each of them says alone; shorter where the text ends before.

    Tokenizers may keep the blank before a word from a token that is read alone, and a token may hold a character in
    part (U+FFFD): such tokens end where the next whole one begins.
    """
    ends: list[int] = []
    at = 0
    for token in tokens:
        said = token.strip("\N{REPLACEMENT CHARACTER}").strip()
        if said and "\N{REPLACEMENT CHARACTER}" not in token:
            start = text.find(said, at)
            if start < 0:
                break
            at = start + len(said)
        ends.append(at)
    return ends
