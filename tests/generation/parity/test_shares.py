"""Two shares, and how likely they differ so by chance: held against R, and against every table that there is."""

import json
import math
from pathlib import Path

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
