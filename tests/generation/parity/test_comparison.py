"""Standardised differences: against R, and where there is none."""

import json
import math
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.parity.comparison import (
    Difference,
    compared,
    differences,
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
    more = [*texts, *(shown(WRITTEN * n) for n in (4, 4, 5, 5) * 2), *(pair(REAL + " More." * n)[0] for n in range(8))]
    again = {difference.name: difference for difference in differences(more)}
    assert again["words"].size == "large"


def test_an_arm_of_half_the_length_and_one_of_half_as_much_again_do_not_cancel_out() -> None:
    sizes = {"real": (48, 50, 52, 50), "short": (23, 25, 27, 25), "long": (73, 75, 77, 75)}
    texts = [
        shown("word " * n, "real" if arm == "real" else "synthetic", arm=arm) for arm, of in sizes.items() for n in of
    ]
    pooled, *each = (d for d in differences(texts) if d.name == "words")
    assert pooled.standardised == pytest.approx(0)
    of_arms = {d.arm: d for d in each}
    assert {arm: d.size for arm, d in of_arms.items()} == {"short": "large", "long": "large"}
    assert furthest([pooled, *of_arms.values()]) in of_arms.values()
    assert {d.arm for d in differences([text for text in texts if text.arm != "long"])} == {""}


def test_a_large_difference_is_judged_before_a_greater_one_that_may_be_chance() -> None:
    sure = compared("words", [100, 110, 120], [300, 310, 330])
    chance = Difference("words", spread([1.0, 2.0]), spread([1.0, 2.0]), 3.0)
    assert (chance.size, furthest([chance, sure])) == ("uncertain", sure)
    assert furthest([Difference("words", None, None, None), chance]) == chance


def judged(draw: Callable[[], float], *, n: int, arms: int, measures: int = 10) -> list[str]:
    """The sizes by which independent measures of ``n`` texts a side are judged, all drawn alike."""
    several = arms + 1 if arms > 1 else 1
    sizes = []
    for _measure in range(measures):
        real = [draw() for _ in range(n)]
        each = [[draw() for _ in range(n)] for _ in range(arms)]
        found = [compared("words", real, [value for arm in each for value in arm])]
        found += [compared("words", real, values, arm=str(arm)) for arm, values in enumerate(each) if arms > 1]
        sizes.append(furthest([replace(difference, among=measures * several) for difference in found]).size)
    return sizes


@pytest.mark.parametrize("kind", ["normal", "skewed", "rare", "two values"])
@pytest.mark.parametrize(("n", "arms"), [(2, 3), (5, 1), (5, 6), (12, 3)])
def test_of_studies_whose_sides_differ_in_nothing_few_are_kept_from_freezing(kind: str, n: int, arms: int) -> None:
    random_numbers = random.Random(20190)
    draw = {
        "normal": lambda: random_numbers.gauss(0, 1),
        "skewed": lambda: random_numbers.lognormvariate(0, 0.5),
        "rare": lambda: float(random_numbers.random() < 0.1),
        "two values": lambda: float(random_numbers.random() < 0.5),
    }[kind]
    studies = 60
    blocked = sum("large" in judged(draw, n=n, arms=arms) for _study in range(studies))
    # Five in a hundred and what chance adds to them: more come once in a thousand runs.
    assert blocked <= 0.05 * studies + 3.1 * math.sqrt(0.05 * 0.95 * studies)


def test_of_few_texts_of_one_author_many_measures_lie_far_apart() -> None:
    draw = random.Random(20190)
    sizes = [size for _study in range(50) for size in judged(lambda: draw.gauss(0, 1), n=3, arms=1)]
    assert sizes.count("uncertain") > 0.3 * len(sizes)
    assert sizes.count("large") < 0.01 * len(sizes)


def test_few_texts_that_lie_far_apart_differ_surely_also_among_all_that_is_looked_at() -> None:
    apart = compared("words", [100, 110, 120], [300, 310, 330])
    assert [replace(apart, among=among).size for among in (1, 15, 600)] == ["large", "large", "uncertain"]
    assert compared("words", [100, 110, 120], [118, 124, 131]).size == "uncertain"


@pytest.mark.parametrize(("n", "size"), [(2, "uncertain"), (4, "uncertain"), (5, "large"), (9, "large")])
def test_sides_that_are_all_alike_differ_surely_where_so_many_texts_would_hardly_be_so(n: int, size: str) -> None:
    found = replace(compared("paragraphs", [1.0] * n, [2.0] * n), among=15)
    assert found.standardised == math.inf
    assert found.chance == pytest.approx(2 * 0.25**n)
    assert (found.size, found.interval) == (size, None)


@given(st.integers(2, 6), st.integers(2, 6), st.lists(st.floats(0.01, 1), min_size=2, max_size=4))
def test_no_shares_of_values_split_the_sides_more_often(n: int, m: int, weights: list[float]) -> None:
    shares = [weight / sum(weights) for weight in weights]
    split = sum(p**n * q**m for i, p in enumerate(shares) for j, q in enumerate(shares) if i != j)
    chance = compared("paragraphs", [1.0] * n, [2.0] * m).chance
    assert chance is not None
    assert split <= chance * (1 + 1e-9)


def test_interval_and_chance_are_those_of_r_whichever_test_is_less_sure() -> None:
    case = REFERENCE["standardised"]
    for student, welch in zip(case["student"], case["welch"], strict=True):
        found = replace(compared("words", case["real"], case["synthetic"]), among=welch["among"])
        wider = max(student, welch, key=lambda test: test["interval"][1] - test["interval"][0])
        assert found.interval == pytest.approx(wider["interval"], rel=1e-9)
        assert found.chance == pytest.approx(max(student["p"], welch["p"]), rel=1e-9)


def test_what_is_looked_at_together_are_all_measures_of_all_arms() -> None:
    texts = [*pair(arm="a"), *pair(arm="a"), *pair(arm="b"), *pair(arm="b")]
    found = differences(texts)
    said = [difference for difference in found if difference.standardised is not None]
    assert {difference.arm for difference in found} == {"", "a", "b"}
    assert {difference.among for difference in found} == {len(said)}
    assert 3 * 10 < len(said) <= 3 * 15


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
