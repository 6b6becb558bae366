"""What changed between two texts, word by word. Pure."""

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate, groupby

from generation.engine.sentences import words

# Word by word, texts of about a thousand words each that have nothing in common take half a second; far more, minutes.
MOST_PAIRS = 4_000_000
# Pairs of equal pieces that one comparison looks at, some seconds' worth: of texts that say one thing thousands of
# times, such as quotation marks, each run of it is like every other, and all of them take hours.
MOST_STEPS = 20_000_000
# Openings of news that were written anew on the same event share runs of three words with the first ones, names above
# all, and hardly a run of four.
RUN = 4
# Of runs of two words or more, each one word behind the one before, such openings share five words at most; texts of
# which every third word was changed, nearly all that was left.
CHAIN = 8

_PIECES = re.compile(r"\s+|\w+(?:['’\-]\w+)*|[^\w\s]")


@dataclass(frozen=True)
class Piece:
    """A run of a comparison: ``kind`` is 'same', 'deleted' (of the old text alone) or 'inserted' (of the new)."""

    kind: str
    text: str


@dataclass(frozen=True)
class Kept:
    """Of a part of a text in another one: how many words it had, how many still stand, and the longest run of these.

    Only words in runs of ``RUN`` or more stand, or in shorter ones that follow each other with one word changed between
    them, ``CHAIN`` or more in all: of a text that somebody wrote anew, on the same event, single words and names are
    met again by chance.
    """

    given: int
    kept: int
    longest: int


@dataclass(frozen=True)
class _Run:
    """Words that both texts have in a row, so many of them of the part, ``behind`` so many that one of the two has."""

    words: int
    own: int
    behind: int


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

    @property
    def readable(self) -> tuple[Piece, ...]:
        """The same for reading: words that were changed one after the other are one change with the blanks between."""
        shown: list[Piece] = []
        change: list[Piece] = []
        for place, piece in enumerate(self.pieces):
            is_between = bool(change) and not piece.text.strip() and place + 1 < len(self.pieces)
            if piece.kind == "same" and not is_between:
                shown += [*_as_one(change), piece]
                change = []
            else:
                change.append(piece)
        return (*shown, *_as_one(change))

    def kept_of(self, start: int, stop: int) -> "Kept":
        """What became of the old text's characters from ``start`` to ``stop``."""
        given = len(words(self.old[start:stop]))
        kept = longest = 0
        for chain in _chains(self._runs(start, stop)):
            in_all = sum(run.own for run in chain)
            for run in chain:
                # A part that is shorter than a run is one as a whole.
                if run.words >= min(RUN, given) or in_all >= CHAIN:
                    kept, longest = kept + run.own, max(longest, run.own)
        return Kept(given, kept, longest)

    def _runs(self, start: int, stop: int) -> list["_Run"]:
        """The runs of words that both texts have, whatever changed in signs and blanks between these."""
        runs: list[_Run] = []
        old = gone = come = 0
        for piece in self.pieces:
            n = len(words(piece.text))
            if piece.kind == "same" and n:
                own = len(words(piece.text[max(0, start - old) : max(0, stop - old)]))
                if runs and not (gone or come):
                    before = runs.pop()
                    runs.append(_Run(before.words + n, before.own + own, before.behind))
                else:
                    runs.append(_Run(n, own, max(gone, come)))
                gone = come = 0
            gone += n if piece.kind == "deleted" else 0
            come += n if piece.kind == "inserted" else 0
            old += len(piece.text) if piece.kind != "inserted" else 0
        return runs

    @property
    def old(self) -> str:
        """The old text."""
        return "".join(piece.text for piece in self.pieces if piece.kind != "inserted")


def _chains(runs: Iterable[_Run]) -> list[list[_Run]]:
    """The runs, those of two words or more together with the one before where that is one and one word lies between."""
    chains: list[list[_Run]] = []
    for run in runs:
        if chains and run.behind == 1 and min(run.words, chains[-1][-1].words) > 1:
            chains[-1].append(run)
        else:
            chains.append([run])
    return chains


def _as_one(change: list[Piece]) -> list[Piece]:
    """What a run of changes took out, and then what it put in; as it is where it does only one of both."""
    gone, come = ("".join(piece.text for piece in change if piece.kind != kind) for kind in ("inserted", "deleted"))
    if gone.strip() and come.strip():
        return [Piece("deleted", gone), Piece("inserted", come)]
    return change


def compare(old: str, new: str) -> Differences:
    """The differences between two texts, in whole words, blanks and punctuation marks.

    In long texts only the lines that differ are compared word by word, and where even those are too many, or would take
    more than ``MOST_STEPS``, as wholes.
    """
    pieces = tuple(_joined(_compared(_PIECES.findall(old), _PIECES.findall(new), _Steps())))
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


def place_behind(changed: Differences, cut: int) -> int:
    """Where in the new text the first ``cut`` characters of the old one end; what was inserted among them counts.

    What stands in the place of the last of them counts too.
    """
    old = new = 0
    replaced = False
    for piece in changed.pieces:
        if old >= cut and not (replaced and piece.kind == "inserted"):
            break
        replaced = piece.kind == "deleted"
        taken = len(piece.text) if piece.kind == "inserted" else min(len(piece.text), cut - old)
        old += taken if piece.kind != "inserted" else 0
        new += taken if piece.kind != "deleted" else 0
    return new


def opening_in(text: str, *, opening: str, draft: str) -> int:
    """How many characters of ``text``, made of ``draft`` by people, are the ``opening`` in front of both."""
    if text.startswith(opening):
        return len(opening)
    end = place_behind(compare(draft, text), len(opening))
    if end < len(text):
        return end
    # Too little is left as it was to tell where the opening ends: what follows must be looked through all the same.
    return len(opening) if len(opening) < len(text) else 0


class _TooManySteps(Exception):  # noqa: N818 -- it names what happened
    """A comparison that would take longer than anybody waits."""


class _Steps:
    """How many steps a comparison has left."""

    def __init__(self) -> None:
        self.left = MOST_STEPS

    def take(self, n: int) -> None:
        self.left -= n
        if self.left < 0:
            raise _TooManySteps


class _Matcher(difflib.SequenceMatcher[str]):
    """Counts what it is about to do, and raises ``_TooManySteps`` before it is too much."""

    def __init__(self, before: list[str], after: list[str], steps: _Steps) -> None:
        super().__init__(None, before, after, autojunk=False)
        self._steps = steps
        like = Counter(after)
        # Of the first pieces of the old text: how many pieces of the new one are like each, summed up.
        self._work = [0, *accumulate(1 + like[piece] for piece in before)]

    def find_longest_match(
        self, alo: int = 0, ahi: int | None = None, blo: int = 0, bhi: int | None = None
    ) -> difflib.Match:
        """As its parent does, in so many steps."""
        self._steps.take(self._work[-1 if ahi is None else ahi] - self._work[alo])
        return super().find_longest_match(alo, ahi, blo, bhi)


def _opcodes(before: list[str], after: list[str], steps: _Steps) -> Iterable[tuple[str, int, int, int, int]]:
    """What became of which pieces; all of them replaced where there are too many to look at."""
    whole = [("replace", 0, len(before), 0, len(after))]
    if len(before) * len(after) > MOST_PAIRS:
        return whole
    try:
        return _Matcher(before, after, steps).get_opcodes()
    except _TooManySteps:
        return whole


def _compared(before: list[str], after: list[str], steps: _Steps, *, by_line: bool = False) -> Iterator[Piece]:
    if len(before) * len(after) > MOST_PAIRS and not by_line:
        before, after = ("".join(side).splitlines(keepends=True) for side in (before, after))
        yield from _compared(before, after, steps, by_line=True)
        return
    for what, a, b, c, d in _opcodes(before, after, steps):
        gone, come = "".join(before[a:b]), "".join(after[c:d])
        if what == "equal":
            yield Piece("same", gone)
            continue
        old, new = _PIECES.findall(gone), _PIECES.findall(come)
        if by_line and old and new and len(old) * len(new) <= MOST_PAIRS:
            yield from _compared(old, new, steps)
            continue
        if gone:
            yield Piece("deleted", gone)
        if come:
            yield Piece("inserted", come)


def _joined(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """The pieces with neighbours of one kind as one."""
    for kind, run in groupby(pieces, key=lambda piece: piece.kind):
        yield Piece(kind, "".join(piece.text for piece in run))
