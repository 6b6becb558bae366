"""What chance decides is decided evenly, and on every machine in the same way."""

from collections import Counter
from itertools import pairwise
from math import sqrt

import pytest

from surveys.design import Allocation, Counts, DesignKind, Order, assign
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


# Written down once. A change here means that no ledger of an earlier release replays any more.
FROZEN: dict[tuple[DesignKind, Order, Allocation], list[str]] = {
    ("between", "balanced", "least-filled"): [
        "arm-3: a3-s3-v0 a3-s0-v0 a3-s1-v0 a3-s4-v0",
        "arm-2: a2-s3-v0 a2-s4-v0 a2-s0-v0 a2-s1-v0",
        "arm-0: a0-s2-v0 a0-s0-v0 a0-s4-v0 a0-s3-v0",
    ],
    ("between", "latin", "complete"): [
        "arm-2: a2-s1-v0 a2-s2-v0 a2-s4-v0 a2-s3-v0",
        "arm-1: a1-s1-v0 a1-s2-v0 a1-s4-v0 a1-s3-v0",
        "arm-3: a3-s3-v0 a3-s4-v0 a3-s2-v0 a3-s0-v0",
    ],
    ("between", "random", "simple"): [
        "arm-3: a3-s3-v0 a3-s0-v0 a3-s1-v0 a3-s4-v0",
        "arm-3: a3-s3-v0 a3-s4-v0 a3-s0-v0 a3-s2-v0",
        "arm-2: a2-s2-v0 a2-s0-v0 a2-s4-v0 a2-s3-v0",
    ],
    ("within", "latin", "least-filled"): [
        "row-3: a2-s3-v0 a3-s0-v0 a1-s1-v0 a0-s4-v0",
        "row-4: a3-s3-v0 a0-s1-v0 a2-s0-v0 a1-s4-v0",
        "row-2: a1-s2-v0 a2-s1-v0 a0-s0-v0 a3-s4-v0",
    ],
    ("within", "balanced", "least-filled"): [
        "balanced: a0-s3-v0 a3-s0-v0 a2-s1-v0 a1-s4-v0",
        "balanced: a2-s3-v0 a0-s4-v0 a1-s0-v0 a3-s1-v0",
        "balanced: a1-s2-v0 a2-s0-v0 a3-s4-v0 a0-s1-v0",
    ],
    ("mixed", "random", "simple"): [
        "group-1/random: a3-s3-v0 a1-s0-v0 a3-s1-v0 a1-s4-v0",
        "group-1/random: a3-s0-v0 a1-s3-v0 a1-s2-v0 a3-s4-v0",
        "group-0/random: a0-s2-v0 a2-s0-v0 a2-s4-v0 a0-s3-v0",
    ],
    ("mixed", "latin", "complete"): [
        "group-1/row-1: a1-s3-v0 a3-s0-v0 a3-s1-v0 a1-s4-v0",
        "group-0/row-2: a2-s3-v0 a0-s4-v0 a0-s0-v0 a2-s1-v0",
        "group-1/row-2: a3-s2-v0 a1-s1-v0 a1-s0-v0 a3-s3-v0",
    ],
}


@pytest.mark.parametrize(("kind", "order", "allocation"), list(FROZEN))
def test_plans_are_the_frozen_ones(kind: DesignKind, order: Order, allocation: Allocation) -> None:
    spec = design(kind, arms=4, stories=5, per_person=4, order=order, allocation=allocation)
    recruitment = Recruitment(spec, seed=20220101)
    plans = []
    for _ in range(3):
        given_now = recruitment.arrive()
        plans.append(f"{given_now.arm}: " + " ".join(trial.article_key for trial in given_now.plan))
    assert plans == FROZEN[kind, order, allocation]
