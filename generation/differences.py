"""What changed between two texts, word by word. Pure."""

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

# Word by word, texts of about a thousand words each that have nothing in common take half a second; far more, minutes.
MOST_PAIRS = 4_000_000

_PIECES = re.compile(r"\s+|\w+(?:['’\-]\w+)*|[^\w\s]")


@dataclass(frozen=True)
class Piece:
    """A run of a comparison: ``kind`` is 'same', 'deleted' (of the old text alone) or 'inserted' (of the new)."""

    kind: str
    text: str


@dataclass(frozen=True)
class Differences:
    """The pieces in reading order; joining all but the inserted gives the old text, all but the deleted the new one."""

    pieces: tuple[Piece, ...]
    deleted: int
    inserted: int
    old_length: int

    @property
    def share(self) -> float:
        """Characters deleted and inserted, as a share of the old text's characters; 1 at most."""
        return min(1.0, (self.deleted + self.inserted) / max(1, self.old_length))


def compare(old: str, new: str) -> Differences:
    """The differences between two texts, in whole words, blanks and punctuation marks.

    In long texts only the lines that differ are compared word by word, and where even those are too many, as wholes.
    """
    pieces = tuple(_joined(_compared(_PIECES.findall(old), _PIECES.findall(new))))
    return Differences(
        pieces,
        deleted=sum(len(piece.text) for piece in pieces if piece.kind == "deleted"),
        inserted=sum(len(piece.text) for piece in pieces if piece.kind == "inserted"),
        old_length=len(old),
    )


def place_before(changed: Differences, cut: int) -> int:
    """Where in the old text the first ``cut`` characters of the new one end; what was deleted among them counts."""
    old = new = 0
    for piece in changed.pieces:
        if new >= cut:
            break
        taken = len(piece.text) if piece.kind == "deleted" else min(len(piece.text), cut - new)
        old += taken if piece.kind != "inserted" else 0
        new += taken if piece.kind != "deleted" else 0
    return old


def _compared(before: list[str], after: list[str], *, by_line: bool = False) -> Iterator[Piece]:
    is_long = len(before) * len(after) > MOST_PAIRS
    if is_long and not by_line:
        before, after = ("".join(side).splitlines(keepends=True) for side in (before, after))
        yield from _compared(before, after, by_line=True)
        return
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for what, a, b, c, d in [("replace", 0, len(before), 0, len(after))] if is_long else matcher.get_opcodes():
        gone, come = "".join(before[a:b]), "".join(after[c:d])
        if what == "equal":
            yield Piece("same", gone)
            continue
        words, others = _PIECES.findall(gone), _PIECES.findall(come)
        if by_line and words and others and len(words) * len(others) <= MOST_PAIRS:
            yield from _compared(words, others)
            continue
        if gone:
            yield Piece("deleted", gone)
        if come:
            yield Piece("inserted", come)


def _joined(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """The pieces with neighbours of one kind as one."""
    for kind, run in groupby(pieces, key=lambda piece: piece.kind):
        yield Piece(kind, "".join(piece.text for piece in run))
