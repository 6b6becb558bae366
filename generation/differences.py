"""What changed between two texts, word by word. Pure."""

import difflib
import re
from dataclasses import dataclass

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
    """The differences between two texts, in whole words, blanks and punctuation marks."""
    before, after = _PIECES.findall(old), _PIECES.findall(new)
    pieces: list[Piece] = []
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for what, a, b, c, d in matcher.get_opcodes():
        gone, come = "".join(before[a:b]), "".join(after[c:d])
        if what == "equal":
            pieces.append(Piece("same", gone))
            continue
        if gone:
            pieces.append(Piece("deleted", gone))
        if come:
            pieces.append(Piece("inserted", come))
    return Differences(
        tuple(pieces),
        deleted=sum(len(piece.text) for piece in pieces if piece.kind == "deleted"),
        inserted=sum(len(piece.text) for piece in pieces if piece.kind == "inserted"),
        old_length=len(old),
    )
