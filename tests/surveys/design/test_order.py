"""Williams designs are balanced as the paper says, and the cheapest assignment is the cheapest there is."""

from collections import Counter
from itertools import pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.design.order import cheapest, williams


@pytest.mark.parametrize("n", range(1, 12))
def test_each_condition_stands_equally_often_in_each_position(n: int) -> None:
    rows = williams(n)
    assert all(sorted(row) == list(range(n)) for row in rows)
    at = Counter((position, condition) for row in rows for position, condition in enumerate(row))
    assert set(at.values()) == {len(rows) // n}


@pytest.mark.parametrize("n", range(2, 12))
def test_each_condition_follows_each_other_equally_often(n: int) -> None:
    rows = williams(n)
    follows = Counter(pair for row in rows for pair in pairwise(row))
    assert len(follows) == n * (n - 1)
    assert set(follows.values()) == {len(rows) // n}


def test_even_numbers_need_one_square_and_odd_ones_two() -> None:
    assert [len(williams(n)) for n in (1, 2, 3, 4, 5)] == [1, 2, 6, 4, 10]


def test_no_conditions_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one condition"):
        williams(0)


@st.composite
def costs(draw: st.DrawFn) -> list[list[int]]:
    rows = draw(st.integers(1, 4))
    columns = draw(st.integers(rows, 6))
    return [[draw(st.integers(-5, 2**70)) for _ in range(columns)] for _ in range(rows)]


@given(costs())
def test_the_assignment_costs_as_little_as_the_best_of_all(table: list[list[int]]) -> None:
    chosen = cheapest(table)
    assert len(set(chosen)) == len(table)
    best = min(
        sum(row[column] for row, column in zip(table, columns, strict=True))
        for columns in permutations(range(len(table[0])), len(table))
    )
    assert sum(row[column] for row, column in zip(table, chosen, strict=True)) == best


def test_more_places_than_choices_are_refused() -> None:
    with pytest.raises(ValueError, match="2 places cannot be filled from 1"):
        cheapest([[1], [2]])
