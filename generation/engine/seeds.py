"""Seeds and random numbers: each candidate has a stream of its own, addressed by position, not by draw order.

Because the number for (seed, step) is computed and never taken from a shared generator, neither the batch
size nor the neighbours in a batch can choose a candidate's words.
"""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

_WORD = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)
_MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_WEYL = (np.uint64(0x9E3779B9), np.uint64(0xBB67AE85))
_ROUNDS = 10

Words = npt.NDArray[np.uint64]


def candidate_seed(batch_seed: int, index: int) -> int:
    """Return the seed of candidate `index` of a batch: the first 63 bits of SHA-256 over 'batch_seed:index'.

    Both are written in decimal ASCII. Raises ValueError for a negative number.
    """
    if batch_seed < 0 or index < 0:
        raise ValueError(f"A batch seed and an index are 0 or more, not {batch_seed} and {index}.")
    digest = hashlib.sha256(f"{batch_seed}:{index}".encode("ascii")).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def philox(counter: tuple[Words, Words, Words, Words], key: tuple[Words, Words]) -> tuple[Words, Words, Words, Words]:
    """Return Philox4x32-10 of a counter under a key: four arrays of 32-bit words, held in uint64.

    Source: Salmon, Moraes, Dror and Shaw (2011), "Parallel random numbers: as easy as 1, 2, 3". Integer
    arithmetic only, hence equal on every machine.
    """
    first, second, third, fourth = counter
    low, high = key
    for _ in range(_ROUNDS):
        left = _MULTIPLIERS[0] * first
        right = _MULTIPLIERS[1] * third
        first, second, third, fourth = (
            (right >> _SHIFT) ^ second ^ low,
            right & _WORD,
            (left >> _SHIFT) ^ fourth ^ high,
            left & _WORD,
        )
        low = (low + _WEYL[0]) & _WORD
        high = (high + _WEYL[1]) & _WORD
    return first, second, third, fourth


def uniforms(seeds: npt.ArrayLike, steps: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return one number in [0, 1) for each (seed, step), with 53 random bits; both arrays of one shape.

    Seeds are whole numbers below 2**64, steps below 2**64; the number depends on that pair alone.
    """
    seed = np.asarray(seeds, dtype=np.uint64)
    step = np.asarray(steps, dtype=np.uint64)
    zero = np.zeros_like(step)
    words = philox((step & _WORD, step >> _SHIFT, zero, zero), (seed & _WORD, seed >> _SHIFT))
    bits = (words[0] << np.uint64(21)) | (words[1] >> np.uint64(11))
    return bits.astype(np.float64) * 2.0**-53
