"""Which candidates say nearly the same: shingles of three words, compared by MinHash (Broder 1997)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from generation.engine.screening import NEAR_DUPLICATE, Flag
from generation.engine.sentences import words

if TYPE_CHECKING:
    from datasketch import MinHash

SHINGLE_WORDS = 3
LIKENESS = 0.6  # the share of common shingles from which two texts are called nearly the same
_PERMUTATIONS = 128  # the estimate's standard error is then at most 0.044


class Alike(NamedTuple):
    """Another text, by its key, and the share of shingles that both have."""

    key: int
    share: float


class Duplicates:
    """The texts of one batch seen so far."""

    def __init__(self) -> None:
        # Imported at its first use, as `languages` is.
        from datasketch import MinHashLSH

        self._index = MinHashLSH(threshold=LIKENESS - 0.1, num_perm=_PERMUTATIONS)
        self._hashes: dict[int, MinHash] = {}

    def add(self, key: int, text: str) -> Alike | None:
        """Remember a text under a key; return the earlier one that it is most alike, where that is LIKENESS or more."""
        hashed = _hashed(text)
        if hashed is None or key in self._hashes:
            return None
        found = [Alike(int(other), hashed.jaccard(self._hashes[other])) for other in self._index.query(hashed)]
        self._index.insert(key, hashed)
        self._hashes[key] = hashed
        best = max(found, key=lambda alike: (alike.share, -alike.key), default=None)
        return best if best is not None and best.share >= LIKENESS else None

    def flag(self, key: int, text: str) -> Flag | None:
        """Remember a text; return the flag of one that is nearly an earlier one."""
        alike = self.add(key, text)
        if alike is None:
            return None
        return Flag(NEAR_DUPLICATE, "Nearly the same as another text.", f"text {alike.key}, {alike.share:.0%} alike")


def _hashed(text: str) -> MinHash | None:
    """Return a text's MinHash, None where it has not one shingle."""
    from datasketch import MinHash

    said = words(text)
    shingles = {" ".join(said[start : start + SHINGLE_WORDS]) for start in range(len(said) - SHINGLE_WORDS + 1)}
    if not shingles:
        return None
    hashed = MinHash(num_perm=_PERMUTATIONS)
    hashed.update_batch([shingle.encode() for shingle in sorted(shingles)])
    return hashed
