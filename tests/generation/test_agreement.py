"""Krippendorff's alpha: against his own worked examples, and what it is not defined for."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.agreement import krippendorff

# Krippendorff (2011), Computing Krippendorff's alpha-reliability: examples A (binary, two observers), B (nominal, two
# observers) and C (nominal, four observers, values missing). A dot is a value that nobody gave.
BINARY = ("0100000010", "1110010000")
NOMINAL = ("aabbdcccedda", "babbbcccddda")
MISSING = ("123321412...", "1233224125.3", ".3332342251.", "12332441251.")


def units(observers: tuple[str, ...]) -> list[list[str]]:
    return [[value for value in unit if value != "."] for unit in zip(*observers, strict=True)]


@pytest.mark.parametrize(("observers", "alpha"), [(BINARY, 0.095), (MISSING, 0.743)])
def test_alpha_is_the_published_one(observers: tuple[str, ...], alpha: float) -> None:
    found = krippendorff(units(observers)).alpha
    assert found is not None
    assert round(found, 3) == alpha


def test_two_observers_without_gaps_give_scotts_pi_with_its_small_sample_correction() -> None:
    pairs = units(NOMINAL)
    n = len(pairs)
    observed = sum(a == b for a, b in pairs) / n
    values = [value for pair in pairs for value in pair]
    by_chance = sum((values.count(value) / (2 * n)) ** 2 for value in set(values))
    pi = (observed - by_chance) / (1 - by_chance)
    assert krippendorff(pairs).alpha == pytest.approx(1 - (1 - pi) * (2 * n - 1) / (2 * n))


def test_units_with_one_value_say_nothing() -> None:
    found = krippendorff(units(MISSING))
    assert (found.units, found.values, found.unanimous) == (11, 40, 8)


@pytest.mark.parametrize("values", [[], [["a"]], [["a", "a"], ["a", "a"]]])
def test_alpha_is_not_defined_without_pairs_or_without_variation(values: list[list[str]]) -> None:
    assert krippendorff(values).alpha is None


@given(st.lists(st.lists(st.sampled_from("ab"), min_size=2, max_size=4), min_size=2, max_size=20), st.randoms())
def test_neither_the_order_of_values_nor_their_names_matter(values: list[list[str]], chance: random.Random) -> None:
    shuffled = [chance.sample(unit, len(unit)) for unit in chance.sample(values, len(values))]
    renamed = [["x" if value == "a" else "y" for value in unit] for unit in shuffled]
    alpha = krippendorff(values).alpha
    assert krippendorff(renamed).alpha == (alpha if alpha is None else pytest.approx(alpha))
    if alpha is not None:
        assert alpha <= 1
        assert (alpha == 1) == all(len(set(unit)) == 1 for unit in values)


def test_values_given_at_random_agree_no_better_than_chance() -> None:
    chance = random.Random(4)
    found = krippendorff([chance.choices("ab", k=3) for _ in range(4000)]).alpha
    assert found is not None
    assert abs(found) < 0.03
