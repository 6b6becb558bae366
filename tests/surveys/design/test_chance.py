"""What chance decides is decided evenly."""

from collections import Counter
from itertools import pairwise
from math import sqrt

import pytest

from surveys.design import Counts, Order, assign
from tests.surveys.design.designs import Recruitment, design

# The 99.9% interval of a binomial share p in n draws, by the normal approximation (z = 3.29).
N, Z = 3000, 3.29


def _inside(times: int, share: float) -> bool:
    return abs(times - N * share) <= Z * sqrt(N * share * (1 - share))


@pytest.mark.parametrize("seed", [1, 2])
def test_ties_between_arms_fall_evenly(seed: int) -> None:
    spec = design(arms=3)
    times = Counter(assign(spec, Counts(), f"person-{n}", seed, 0).arm for n in range(N))
    assert all(_inside(times[arm.key], 1 / 3) for arm in spec.arms)


def test_ties_between_articles_and_between_positions_fall_evenly() -> None:
    spec = design(arms=1, stories=5, per_person=2)
    cells = Counter(
        (trial.story, trial.position) for n in range(N) for trial in assign(spec, Counts(), f"p{n}", 7, 0).plan
    )
    assert len(cells) == 10
    assert all(_inside(times, 1 / 5) for times in cells.values())


def test_ties_between_versions_fall_evenly() -> None:
    spec = design(arms=1, stories=1, versions=4)
    times = Counter(assign(spec, Counts(), f"p{n}", 9, 0).plan[0].article_key for n in range(N))
    assert all(_inside(times[article.key], 1 / 4) for article in spec.articles)


@pytest.mark.parametrize("order", ["latin", "random"])
def test_every_order_of_a_latin_row_or_a_shuffle_is_equally_likely(order: Order) -> None:
    spec = design(arms=1, stories=3, per_person=3, order=order)
    times = Counter(tuple(t.story for t in assign(spec, Counts(), f"p{n}", 1, 0).plan) for n in range(N))
    assert len(times) == 6
    assert all(_inside(each, 1 / 6) for each in times.values())


def test_simple_allocation_draws_by_weight_whatever_was_given_before() -> None:
    spec = design(arms=2, weights=[1, 3], allocation="simple")
    times = Counter(assign(spec, Counts(arms={"arm-1": 999}), f"p{n}", 3, n).arm for n in range(N))
    assert _inside(times["arm-1"], 3 / 4)


def test_what_was_tied_is_recorded() -> None:
    spec = design(arms=3)
    assert assign(spec, Counts(), "p", 0, 0).tied == ("arm-0", "arm-1", "arm-2")
    assert assign(spec, Counts(arms={"arm-0": 1, "arm-2": 1}), "p", 0, 2).tied == ("arm-1",)


def test_neighbours_differ_from_person_to_person_in_balanced_order() -> None:
    recruitment = Recruitment(design(arms=1, stories=4, per_person=4), seed=1)
    follows = Counter((one.story, other.story) for _ in range(60) for one, other in pairwise(recruitment.arrive().plan))
    assert len(follows) == 12
