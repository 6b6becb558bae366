"""Seeds and random numbers are the same on every machine, for ever: their values are frozen here."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from generation.engine import candidate_seed
from generation.engine.seeds import philox, uniforms

_ONES = 0xFFFFFFFF


@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((_ONES,) * 4, (_ONES,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_philox_gives_the_known_answers_of_its_authors(
    counter: tuple[int, ...], key: tuple[int, ...], expected: tuple[int, ...]
) -> None:
    # Known-answer tests of Random123 (kat_vectors, philox4x32 10).
    a, b, c, d = (np.array([word], dtype=np.uint64) for word in counter)
    low, high = (np.array([word], dtype=np.uint64) for word in key)
    assert tuple(int(word[0]) for word in philox((a, b, c, d), (low, high))) == expected


def test_the_uniform_numbers_are_frozen() -> None:
    assert uniforms([0, 1, 2**63 - 1], [0, 7, 199]).tolist() == [
        0.3990464708489645,
        0.48069244564219105,
        0.6421996123879172,
    ]


def test_a_candidates_seed_is_the_first_63_bits_of_the_digest() -> None:
    digest = int.from_bytes(hashlib.sha256(b"42:7").digest(), "big")
    assert candidate_seed(42, 7) == digest >> (256 - 63)
    assert candidate_seed(42, 7) == 4228552514091437847


@given(st.integers(0, 2**64), st.integers(0, 10**6))
def test_a_seed_fits_a_signed_bigint(batch_seed: int, index: int) -> None:
    assert 0 <= candidate_seed(batch_seed, index) < 2**63


def test_a_negative_index_is_refused() -> None:
    with pytest.raises(ValueError, match="0 or more"):
        candidate_seed(1, -1)


@given(st.lists(st.tuples(st.integers(0, 2**63 - 1), st.integers(0, 10**5)), min_size=1, max_size=20))
def test_a_number_depends_on_its_own_seed_and_step_alone(pairs: list[tuple[int, int]]) -> None:
    seeds, steps = zip(*pairs, strict=True)
    together = uniforms(seeds, steps)
    assert [uniforms([seed], [step])[0] for seed, step in pairs] == together.tolist()
    assert ((together >= 0) & (together < 1)).all()


def test_the_numbers_of_one_seed_and_of_one_step_are_uniform() -> None:
    along_steps = uniforms(np.full(20_000, 12345), np.arange(20_000))
    along_seeds = uniforms([candidate_seed(9, i) for i in range(20_000)], np.zeros(20_000, dtype=np.int64))
    assert stats.kstest(along_steps, "uniform").pvalue > 0.01
    assert stats.kstest(along_seeds, "uniform").pvalue > 0.01
