"""Adjusted p values keep their order, and are R's: p.adjust(c(.01, .02, .03, .04, .05, .5), "BH") and "bonferroni"."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.adjust import ADJUSTMENTS, benjamini_hochberg, bonferroni

P = [0.01, 0.02, 0.03, 0.04, 0.05, 0.5]
some = st.lists(st.floats(0, 1), min_size=1, max_size=12)


def test_benjamini_and_hochberg() -> None:
    assert benjamini_hochberg(P) == pytest.approx([0.06, 0.06, 0.06, 0.06, 0.06, 0.5])
    assert benjamini_hochberg([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.04, 0.04])


def test_bonferroni() -> None:
    assert bonferroni(P) == pytest.approx([0.06, 0.12, 0.18, 0.24, 0.3, 1.0])


@pytest.mark.parametrize("name", sorted(ADJUSTMENTS))
def test_a_p_that_there_is_not_does_not_count(name: str) -> None:
    adjusted = ADJUSTMENTS[name]([0.01, math.nan, 0.04])
    assert math.isnan(adjusted[1])
    assert [adjusted[0], adjusted[2]] == ADJUSTMENTS[name]([0.01, 0.04])


@pytest.mark.parametrize("name", sorted(ADJUSTMENTS))
@given(p=some)
def test_no_adjusted_p_is_below_its_own_or_above_one_and_order_is_kept(name: str, p: list[float]) -> None:
    adjusted = ADJUSTMENTS[name](p)
    assert all(own <= new <= 1 for own, new in zip(p, adjusted, strict=True))
    order = sorted(range(len(p)), key=lambda n: p[n])
    assert all(adjusted[a] <= adjusted[b] for a, b in itertools.pairwise(order))


@given(p=some)
def test_holm_is_never_above_bonferroni_nor_below_benjamini_and_hochberg(p: list[float]) -> None:
    triples = zip(*(ADJUSTMENTS[name](p) for name in ("benjamini-hochberg", "holm", "bonferroni")), strict=True)
    assert all(low <= middle + 1e-15 and middle <= high + 1e-15 for low, middle, high in triples)
