"""Standardised differences: against R, and where there is none."""

import json
import math
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.parity.comparison import (
    Difference,
    compared,
    differences,
    differences_by_arm,
    furthest,
    spread,
    standardised,
)
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
    [(None, ""), (0.1, "small"), (-0.3, "notable"), (0.8, "uncertain"), (-3.0, "large"), (-math.inf, "large")],
)
def test_a_difference_is_called_by_its_size(value: float | None, size: str) -> None:
    side = spread([1.0, 2.0, 3.0, 4.0, 5.0])
    assert Difference("words", side, side, value).size == size


def test_longer_texts_on_one_side_show() -> None:
    texts = [*pair(), *pair(REAL + " More.", WRITTEN), shown(WRITTEN * 4), shown(WRITTEN * 5)]
    found = {difference.name: difference for difference in differences(texts)}
    assert found["words"].size == "uncertain"
    assert found["words"].synthetic is not None
    assert found["words"].synthetic.n == 4
    more = [*texts, *(shown(WRITTEN * n) for n in (4, 4, 5, 5)), *(pair(REAL + " More." * n)[0] for n in range(4))]
    again = {difference.name: difference for difference in differences(more)}
    assert again["words"].size == "large"


def test_an_arm_of_half_the_length_and_one_of_half_as_much_again_do_not_cancel_out() -> None:
    sizes = {"real": (48, 50, 52, 50), "short": (23, 25, 27, 25), "long": (73, 75, 77, 75)}
    texts = [
        shown("word " * n, "real" if arm == "real" else "synthetic", arm=arm) for arm, of in sizes.items() for n in of
    ]
    pooled = next(d for d in differences(texts) if d.name == "words")
    assert pooled.standardised == pytest.approx(0)
    of_arms = {d.arm: d for d in differences_by_arm(texts) if d.name == "words"}
    assert {arm: d.size for arm, d in of_arms.items()} == {"short": "large", "long": "large"}
    assert furthest([pooled, *of_arms.values()]) in of_arms.values()
    assert differences_by_arm([text for text in texts if text.arm != "long"]) == []


def test_a_large_difference_is_judged_before_a_greater_one_that_may_be_chance() -> None:
    sure = compared("words", [100, 110, 120], [300, 310, 330])
    chance = Difference("words", spread([1.0, 2.0]), spread([1.0, 2.0]), 3.0)
    assert (chance.size, furthest([chance, sure])) == ("uncertain", sure)
    assert furthest([Difference("words", None, None, None), chance]) == chance


@pytest.mark.parametrize(("n", "by_chance"), [(3, 0.3), (5, 0.2), (10, 0.05)])
def test_texts_of_one_author_hardly_ever_differ_surely_though_they_often_differ_much(n: int, by_chance: float) -> None:
    draw = random.Random(20190)
    found = [compared("words", *([draw.gauss(0, 1) for _ in range(n)] for _side in range(2))) for _ in range(2000)]
    beyond = sum(difference.size in {"large", "uncertain"} for difference in found) / len(found)
    assert beyond > by_chance
    assert sum(difference.size == "large" for difference in found) / len(found) < 0.03


def test_few_texts_that_lie_far_apart_differ_surely() -> None:
    assert compared("words", [100, 110, 120], [300, 310, 330]).size == "large"
    assert compared("words", [100, 110, 120], [118, 124, 131]).size == "uncertain"
    assert compared("words", [1, 1], [2, 2]).size == "large"


def test_the_interval_is_that_of_the_formula_and_narrows_with_the_texts() -> None:
    few = compared("words", [0.0, 1.0, 2.0], [1.0, 2.0, 3.0]).interval
    many = compared("words", [0.0, 1.0, 2.0] * 10, [1.0, 2.0, 3.0] * 10).interval
    assert few == pytest.approx((1 - 2.5758 * math.sqrt(2 / 3 + 1 / 12), 1 + 2.5758 * math.sqrt(2 / 3 + 1 / 12)))
    assert few is not None
    assert many is not None
    assert many[0] > 0 > few[0]


def test_a_single_text_has_no_spread() -> None:
    found = spread([3.0])
    assert found is not None
    assert (found.mean, found.sd) == (3.0, None)
    assert spread([]) is None


# To a thousandth, since what is far smaller than the shift is lost in it.
sides = st.lists(st.floats(-1e3, 1e3).map(lambda value: round(value, 3)), min_size=2, max_size=8)


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
