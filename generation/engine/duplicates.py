"""Which texts say nearly the same: runs of three words, compared by MinHash (Broder 1997).

A text's signature is a few hundred bytes, made once and kept with it: thousands of texts are compared in milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from generation.engine.runs import mixed, run_hashes
from generation.engine.screening import NEAR_DUPLICATE, Flag
from generation.engine.sentences import words

SHINGLE_WORDS = 3
LIKENESS = 0.6  # the share of common shingles from which two texts are called nearly the same
_PERMUTATIONS = 128  # the estimate's standard error is then at most 0.044
_AT_ONCE = 4096  # shingles, so that the longest text takes 4 MB
_SALTS = mixed(np.arange(1, _PERMUTATIONS + 1, dtype=np.uint64))

_Rows = npt.NDArray[np.uint32]


class Alike(NamedTuple):
    """Another text, by its key, and the share of shingles that both have."""

    key: str
    share: float


def signature(text: str) -> bytes:
    """Return a text's MinHash, the smallest of its shingles' hashes by each of 128 functions; b'' without a shingle."""
    shingles = np.unique(run_hashes(words(text), SHINGLE_WORDS))
    if not len(shingles):
        return b""
    smallest = np.full(_PERMUTATIONS, np.iinfo(np.uint32).max, dtype=np.uint32)
    for start in range(0, len(shingles), _AT_ONCE):
        hashed = mixed(shingles[start : start + _AT_ONCE, None] ^ _SALTS) >> np.uint64(32)
        smallest = np.minimum(smallest, hashed.min(axis=0).astype(np.uint32))
    return smallest.astype("<u4").tobytes()


class Signatures:
    """The signatures of texts, each under the key of its text, in the order in which they came."""

    def __init__(self, known: Iterable[tuple[str, bytes]] = ()) -> None:
        with_one = [(key, made) for key, made in known if made]
        self._keys = [key for key, _made in with_one]
        self._rows: _Rows = _read(b"".join(made for _key, made in with_one))

    def add(self, key: str, made: bytes) -> None:
        """Remember one more text."""
        if not made:
            return
        if len(self._keys) == len(self._rows):
            # Room for as many again, so that adding one by one copies each row a few times only.
            spare = np.empty((max(64, len(self._keys)), _PERMUTATIONS), dtype=np.uint32)
            self._rows = np.concatenate([self._rows, spare])
        self._rows[len(self._keys)] = _read(made)[0]
        self._keys.append(key)

    def nearest(self, made: bytes) -> Alike | None:
        """Return the first of those texts that the signature's text is most alike, where that is LIKENESS or more."""
        if not made or not self._keys:
            return None
        shares = (self._rows[: len(self._keys)] == _read(made)).mean(axis=1)
        place = int(shares.argmax())
        return Alike(self._keys[place], float(shares[place])) if shares[place] >= LIKENESS else None


def near_duplicate(alike: Alike) -> Flag:
    """Return the flag of a text that says nearly what another one says."""
    evidence = f"text {alike.key[:6]}, {alike.share:.0%} alike"
    return Flag(NEAR_DUPLICATE, "Nearly the same as another text.", evidence, about=alike.key)


def _read(made: bytes) -> _Rows:
    return np.frombuffer(made, dtype="<u4").astype(np.uint32).reshape(-1, _PERMUTATIONS)
