"""Draws are even, separate for separate purposes, and the same for ever."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.design import Draws, seed_for

# Written down once: another value here means that no earlier ledger replays any more.
FROZEN_DRAWS = [49, 0, 87, 16, 93, 98, 69, 64]
FROZEN_SEED = 229769509848748912


def test_the_first_draws_of_a_seed_are_the_frozen_ones() -> None:
    draws = Draws(1, "arm", "person-1")
    assert [draws.below(100) for _ in range(8)] == FROZEN_DRAWS
    assert seed_for("version", "live", "") == FROZEN_SEED


def test_parts_are_kept_apart() -> None:
    assert Draws("a", "bc").word() != Draws("ab", "c").word()
    assert Draws(1).word() != Draws("1").word()
    assert seed_for("live", "") != seed_for("live")


@given(st.lists(st.text()))
def test_a_seed_fits_a_signed_bigint(parts: list[str]) -> None:
    assert 0 <= seed_for(*parts) < 2**63


@given(st.integers(), st.integers(1, 2**64))
def test_a_number_below_a_bound_is_below_it(seed: int, bound: int) -> None:
    assert 0 <= Draws(seed).below(bound) < bound


@given(st.integers(), st.lists(st.integers(), max_size=30))
def test_a_shuffle_keeps_what_it_shuffles(seed: int, things: list[int]) -> None:
    assert sorted(Draws(seed).shuffled(things)) == sorted(things)


def test_numbers_fall_evenly() -> None:
    draws = Draws("even")
    times = Counter(draws.below(6) for _ in range(6000))
    spread = 3.29 * (6000 * (1 / 6) * (5 / 6)) ** 0.5
    assert all(abs(times[face] - 1000) <= spread for face in range(6))


def test_nothing_to_draw_from_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing to draw"):
        Draws(1).pick([])
