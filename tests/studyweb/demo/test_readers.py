"""Simulated readers: the planted effect is in their ratings, exactly in expectation and nearly in a sample."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studyweb.demo.readers import ITEMS, Population, expected_index, shift_for


@given(st.floats(-3.5, 2.5))
def test_a_shift_has_just_the_effect_it_was_made_for(effect: float) -> None:
    assert expected_index(shift_for(effect)) - expected_index(0) == pytest.approx(effect, abs=1e-9)


def test_an_effect_beyond_the_scale_is_refused() -> None:
    with pytest.raises(ValueError, match="range of 1 to 10"):
        shift_for(-9)


def test_a_large_sample_shows_the_planted_effect() -> None:
    population = Population({"real": 0.0, "machine": -0.8}, seed=1)

    def mean(arm: str, first: int) -> float:
        readers = range(first, first + 1500)
        return float(np.mean([sum(population.rating(r, f"s{r}", arm, i) for i in ITEMS) - 2 for r in readers]))

    # Independent readers and stories: the standard error of the difference is about 0.08.
    assert mean("machine", 0) - mean("real", 1500) == pytest.approx(-0.8, abs=0.3)


def test_a_reader_answers_the_same_whenever_asked() -> None:
    one, again = (Population({"real": 0.0}, seed=7) for _ in range(2))
    assert [one.rating(3, "flood", "real", item) for item in ITEMS] == [
        again.rating(3, "flood", "real", item) for item in reversed(ITEMS)
    ][::-1]


def test_ratings_stay_on_the_scale_and_use_all_of_it() -> None:
    population = Population({"real": 0.0}, seed=2)
    assert {population.rating(reader, "flood", "real", "clear") for reader in range(400)} == {1, 2, 3, 4}
