"""Two shares, and how likely they differ so by chance: held against R, and against every table that there is."""

import json
import math
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.parity.shares import chance, fisher_exact, split

REFERENCE = json.loads((Path(__file__).parents[2] / "reference" / "curation.json").read_text(encoding="utf-8"))


def test_fishers_exact_test_is_that_of_r() -> None:
    for case in REFERENCE["fisher"]:
        real, written = tuple(case["real"]), tuple(case["synthetic"])
        assert fisher_exact(real, written) == pytest.approx(case["p"], rel=1e-9)


@given(st.integers(1, 9), st.integers(1, 9), st.floats(0.01, 0.99))
def test_no_chance_comes_up_more_often_than_it_says_whatever_share_both_sides_have(
    n: int, m: int, share: float
) -> None:
    tables = [
        (chance((a, n), (b, m)), math.comb(n, a) * math.comb(m, b) * share ** (a + b) * (1 - share) ** (n + m - a - b))
        for a in range(n + 1)
        for b in range(m + 1)
    ]
    for level in {found for found, _how_often in tables}:
        assert sum(how_often for found, how_often in tables if found <= level) <= level * (1 + 1e-9)


def test_of_few_texts_always_and_never_is_less_likely_than_fishers_test_has_it() -> None:
    assert chance((4, 4), (0, 4)) == chance((0, 4), (4, 4)) == pytest.approx(2 * 0.5**8)
    assert fisher_exact((4, 4), (0, 4)) == pytest.approx(2 / 70)
    assert chance((3, 4), (0, 4)) == fisher_exact((3, 4), (0, 4))
    assert split(1, 1) == pytest.approx(0.5)


@given(st.integers(1, 300), st.integers(1, 300))
def test_always_and_never_is_always_less_likely_than_fishers_test_has_it(n: int, m: int) -> None:
    assert split(n, m) <= fisher_exact((n, n), (0, m)) * (1 + 1e-9)


@given(st.integers(1, 40), st.integers(1, 40), st.data())
def test_fishers_exact_test_counts_every_table_that_is_no_likelier(n: int, m: int, data: st.DataObject) -> None:
    a, b = data.draw(st.integers(0, n)), data.draw(st.integers(0, m))
    ways = [math.comb(n, x) * math.comb(m, a + b - x) for x in range(a + b + 1) if a + b - x >= 0]
    rare = [way for way in ways if 0 < way <= math.comb(n, a) * math.comb(m, b)]
    assert fisher_exact((a, n), (b, m)) == sum(rare) / math.comb(n + m, a + b)


def test_of_thousands_of_texts_no_table_is_counted_anew_and_none_where_all_and_none_have_a_mark() -> None:
    for counts, most in ((((4000, 4000), (0, 4000)), 0), (((2000, 4000), (2100, 4000)), 8)):
        with patch.object(math, "comb", wraps=math.comb) as counted:
            chance(*counts)
        assert counted.call_count <= most
