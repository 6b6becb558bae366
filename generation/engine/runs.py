"""Runs of so many words as numbers, so that those of many texts are found among each other at once."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from generation.engine.sentences import words

_Hashes = npt.NDArray[np.uint64]

_BASE = np.uint64(0x9E3779B97F4A7C15)


def mixed(numbers: _Hashes) -> _Hashes:
    """Return each number with all its bits mixed (the end of SplitMix64, Steele et al. 2014)."""
    mixing = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixing = (mixing ^ (mixing >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixing ^ (mixing >> np.uint64(31))


def run_hashes(said: Sequence[str], length: int) -> _Hashes:
    """Return a number for each run of ``length`` words, in their order; equal runs have equal numbers."""
    count = len(said) - length + 1
    if count < 1:
        return np.empty(0, dtype=np.uint64)
    of_words = mixed(np.array([zlib.crc32(word.encode()) for word in said], dtype=np.uint64) + _BASE)
    found = np.zeros(count, dtype=np.uint64)
    for place in range(length):
        found = found * _BASE + of_words[place : place + count]
    return found


class Sources:
    """Texts that a passage may have been copied from; which of them share a run of words is told at once."""

    def __init__(self, texts: Sequence[str], length: int) -> None:
        self._texts, self._length = texts, length
        hashed = [run_hashes(words(text), length) for text in texts]
        lengths = np.array([len(runs) for runs in hashed], dtype=np.int64)
        owners = np.repeat(np.arange(len(texts), dtype=np.int32), lengths)
        runs = np.concatenate([np.empty(0, dtype=np.uint64), *hashed])
        order = np.argsort(runs, kind="stable")
        self._runs, self._owners = runs[order], owners[order]

    def sharing(self, said: Sequence[str], most: int) -> list[str]:
        """Return the texts that share a run with these words, at most so many: those that share most runs first."""
        runs = np.unique(run_hashes(said, self._length))
        first, behind = (np.searchsorted(self._runs, runs, side=side) for side in ("left", "right"))
        # A run that stands in a text twice counts twice; that a passage is said again makes no text less of a source.
        hit = [self._owners[start:end] for start, end in zip(first, behind, strict=True) if end > start]
        if not hit:
            return []
        counts = np.bincount(np.concatenate(hit), minlength=len(self._texts))
        best = np.argsort(-counts, kind="stable")[:most]
        return [self._texts[place] for place in best if counts[place]]
