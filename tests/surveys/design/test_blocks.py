"""Permuted blocks: exact at their end in the smallest whole numbers, whatever the weights, and never written down."""

import hashlib
from collections import Counter
from fractions import Fraction
from itertools import pairwise
from math import gcd

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surveys.design import RULE, Allocation, Counts, DesignSpec, FactorSpec, assign, levels
from surveys.design.blocks import LONGEST, STRETCH, Place, stretch_from
from tests.surveys.design.designs import ALLOCATIONS, Recruitment, design

SEEDS = st.integers(0, 2**63 - 1)
PERCENT = (FactorSpec("disclaimer", (("none", 50), ("shown", 50))),)


def _label(*weights: int) -> FactorSpec:
    return FactorSpec("source-label", tuple((f"level-{n}", weight) for n, weight in enumerate(weights)))


def _cells(recruitment: Recruitment) -> Counter[tuple[str, str]]:
    return Counter((given.arm, given.condition) for given in recruitment.given)


@given(st.integers(1, 50), st.integers(1, 50), SEEDS)
def test_equal_weights_of_any_size_make_the_blocks_that_ones_make(arms: int, level: int, seed: int) -> None:
    ones = design(weights=(1, 1), allocation="complete", factors=(_label(1, 1),))
    large = design(weights=(arms, arms), allocation="complete", factors=(_label(level, level),))
    for number in range(8):
        assert assign(large, Counts(), "p", seed, number).canonical() == (
            assign(ones, Counts(), "p", seed, number).canonical()
        )


@given(st.lists(st.integers(1, 4), min_size=2, max_size=3), st.integers(1, 5), st.integers(1, 25), SEEDS)
@settings(max_examples=40)
def test_a_block_is_exact_at_the_end_of_the_smallest_whole_numbers(
    weights: list[int], times: int, level: int, seed: int
) -> None:
    factors = (_label(2 * level, level, level),)
    spec = design(arms=len(weights), weights=[w * times for w in weights], allocation="complete", factors=factors)
    recruitment = Recruitment(spec, seed)
    smallest = 4 * sum(weights) // gcd(*weights)
    for block in (1, 2):
        for _ in range(smallest):
            recruitment.arrive()
        shares = {
            Fraction(n, weights[int(arm[-1])] // gcd(*weights) * (2 if levels(of)["source-label"] == "level-0" else 1))
            for (arm, of), n in _cells(recruitment).items()
        }
        assert shares == {Fraction(block)}


@pytest.mark.parametrize("allocation", ALLOCATIONS)
@pytest.mark.parametrize("shares", [(25, 25, 25, 25), (40, 20, 20, 20), (33, 33, 34), (97, 2, 1)])
def test_shares_in_percent_come_out_in_every_allocation(allocation: Allocation, shares: tuple[int, ...]) -> None:
    factors = (*PERCENT, _label(*shares))
    recruitment = Recruitment(design(arms=3, weights=(33, 33, 34), allocation=allocation, factors=factors), seed=11)
    people = 600
    for _ in range(people):
        recruitment.arrive()
    named = [levels(given.condition) for given in recruitment.given]
    disclaimers = Counter(of["disclaimer"] for of in named)
    labels = Counter(of["source-label"] for of in named)
    # Independent draws are within four standard errors; what is balanced is nearer, by a stretch at most.
    wide = 50 if allocation == "simple" else STRETCH / 3
    assert abs(disclaimers["none"] - disclaimers["shown"]) <= 2 * wide
    assert all(abs(labels[f"level-{n}"] - people * share / sum(shares)) <= wide for n, share in enumerate(shares))
    assert recruitment.gap(["arm-0", "arm-1", "arm-2"]) <= 2 * wide


@given(st.integers(1, 2 * LONGEST), st.integers(1, 3), SEEDS)
@settings(max_examples=20)
def test_a_block_of_stretches_holds_each_ticket_equally_often(more: int, times: int, seed: int) -> None:
    length = LONGEST + more
    seen: Counter[int] = Counter()
    for first in range(0, length * times, STRETCH):
        seen.update(stretch_from(seed, Place(3, first, times), length))
    assert seen == dict.fromkeys(range(length), times)


@given(st.integers(LONGEST + 1, 10**15), st.fractions(0, 1), st.fractions(0, 1), SEEDS)
@settings(max_examples=60)
def test_a_stretch_meets_every_run_of_tickets_by_its_share_give_or_take_a_few(
    length: int, one: Fraction, other: Fraction, seed: int
) -> None:
    begin, end = sorted((int(one * length), int(other * length)))
    met = list(stretch_from(seed, Place(0, 0), length))
    share = Fraction(len(met) * (end - begin), length)
    assert abs(sum(begin <= ticket < end for ticket in met) - share) <= 4


@pytest.mark.parametrize("allocation", ALLOCATIONS)
def test_large_weights_without_a_common_divisor_are_allocated_by_their_shares(allocation: Allocation) -> None:
    """Written down, a block of these would have more places than memory has."""
    factors = (_label(999_999_937, 2_000_000_011), FactorSpec("disclaimer", (("none", 10**12 + 39), ("shown", 1))))
    recruitment = Recruitment(design(arms=2, weights=(997, 1009), allocation=allocation, factors=factors), seed=4)
    for _ in range(300):
        recruitment.arrive()
    labels = Counter(levels(given.condition)["source-label"] for given in recruitment.given)
    # Independent draws are within four standard errors; 300 people are five stretches.
    wide = 35 if allocation == "simple" else 4
    assert recruitment.gap(["arm-0", "arm-1"]) <= 2 * wide
    assert abs(labels["level-0"] - 100) <= wide


@pytest.mark.parametrize("allocation", ["complete", "blocked"])
def test_a_full_arm_of_a_long_block_gives_its_places_to_the_open_ones(allocation: Allocation) -> None:
    spec = design(arms=2, weights=(1, 1000), target=2, allocation=allocation, factors=(_label(10**9 + 7, 10**9 + 9),))
    recruitment = Recruitment(spec, seed=2)
    for _ in range(4):
        recruitment.arrive()
    assert dict(recruitment.arms) == {"arm-0": 2, "arm-1": 2}


def test_the_order_in_a_stretch_is_drawn() -> None:
    met = list(stretch_from(1, Place(0, 0), 10**6))
    assert len({after - before for before, after in pairwise(met)}) > STRETCH / 2
    assert met != list(stretch_from(2, Place(0, 0), 10**6))


# What releases before the second rule gave: 300 people of this design, as SHA-256 of their assignments.
FIRST_RULE = {
    "complete": "35b60ee092e209d28da6a0d9853e7673dc0812aabad62b6e2d9b16521be18de2",
    "blocked": "1c439b235a2904cc4982c6bbf2f72fec93f1e97cccdfd5a3e6a0b408ff814129",
    "simple": "5ead90a2cd568e66009297a8b612cd7d0c6c146908a8033d4f0228fff89187c4",
}


def _of_the_first_rule(allocation: Allocation) -> DesignSpec:
    label = FactorSpec("label", (("none", 10), ("correct", 5), ("false", 5)))
    factors = (FactorSpec("disclaimer", (("none", 6), ("shown", 4))), label)
    return design(weights=(4, 2), stories=2, allocation=allocation, factors=factors, rule=1)


@pytest.mark.parametrize("allocation", FIRST_RULE)
def test_what_was_frozen_under_the_first_rule_is_allocated_by_it(allocation: Allocation) -> None:
    assert RULE == 2
    spec = _of_the_first_rule(allocation)
    assert _digest(spec) == FIRST_RULE[allocation]
    assert (
        _digest(design(spec.kind, stories=2, weights=(4, 2), allocation=allocation, factors=spec.factors))
        != (FIRST_RULE[allocation])
    )


def _digest(spec: DesignSpec) -> str:
    given_now = [assign(spec, Counts(), f"p{number}", 7, number).canonical() for number in range(300)]
    return hashlib.sha256("\n".join(given_now).encode()).hexdigest()
