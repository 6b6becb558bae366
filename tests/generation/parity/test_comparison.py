"""Standardised differences: against R, and where there is none."""

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.parity.comparison import Difference, differences, spread, standardised
from tests.generation.parity.texts import REAL, WRITTEN, pair, shown

REFERENCE = json.loads((Path(__file__).parents[2] / "reference" / "curation.json").read_text(encoding="utf-8"))


def test_the_standardised_difference_is_that_of_r() -> None:
    case = REFERENCE["standardised"]
    assert standardised(case["real"], case["synthetic"]) == pytest.approx(case["difference"], rel=1e-12)


@pytest.mark.parametrize(
    ("real", "synthetic", "value"),
    [([1], [2, 3], None), ([], [], None), ([2, 2], [2, 2], 0), ([1, 1], [2, 2], math.inf), ([3, 3], [2, 2], -math.inf)],
)
def test_what_has_no_spread_differs_in_everything_or_in_nothing(
    real: list[float], synthetic: list[float], value: float | None
) -> None:
    assert standardised(real, synthetic) == value


@pytest.mark.parametrize(
    ("value", "size"),
    [(None, ""), (0.1, "small"), (-0.3, "notable"), (0.8, "large"), (-math.inf, "large")],
)
def test_a_difference_is_called_by_its_size(value: float | None, size: str) -> None:
    assert Difference("words", None, None, value).size == size


def test_longer_texts_on_one_side_show() -> None:
    texts = [*pair(), *pair(REAL + " More.", WRITTEN), shown(WRITTEN * 4), shown(WRITTEN * 5)]
    found = {difference.name: difference for difference in differences(texts)}
    assert found["words"].size == "large"
    assert found["words"].synthetic is not None
    assert found["words"].synthetic.n == 4


def test_a_single_text_has_no_spread() -> None:
    found = spread([3.0])
    assert found is not None
    assert (found.mean, found.sd) == (3.0, None)
    assert spread([]) is None


sides = st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=8)


@given(sides, sides, st.floats(-100, 100), st.floats(0.5, 20))
def test_the_unit_and_the_origin_do_not_matter_and_the_sides_mirror(
    real: list[float], synthetic: list[float], shift: float, unit: float
) -> None:
    here = standardised(real, synthetic)
    assert here is not None
    assert standardised(synthetic, real) == -here
    if math.isfinite(here) and abs(here) < 1e6:
        moved = standardised([shift + unit * v for v in real], [shift + unit * v for v in synthetic])
        assert moved == pytest.approx(here, rel=1e-3, abs=1e-3)
