"""Arms and counterbalancing rows: their bounds as people arrive, and their targets; test_balance.py lets them leave."""

from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.design import Allocation, Counts, Order, QuotaFull, assign
from tests.surveys.design.designs import ALLOCATIONS, Recruitment, design

SEEDS = st.integers(0, 2**63 - 1)


@given(st.integers(1, 6), SEEDS)
def test_equal_arms_stay_within_one_of_each_other(arms: int, seed: int) -> None:
    recruitment = Recruitment(design(arms=arms), seed)
    names = [arm.key for arm in recruitment.spec.arms]
    for _ in range(5 * arms + 2):
        recruitment.arrive()
        assert recruitment.gap(names) <= 1


@given(st.lists(st.integers(1, 9), min_size=2, max_size=5), SEEDS)
def test_weighted_arms_keep_the_stated_bound(weights: list[int], seed: int) -> None:
    recruitment = Recruitment(design(arms=len(weights), weights=weights), seed)
    arms = recruitment.spec.arms
    for _ in range(60):
        recruitment.arrive()
        for one, other in combinations(arms, 2):
            apart = Fraction(recruitment.arms[one.key], one.weight) - Fraction(
                recruitment.arms[other.key], other.weight
            )
            assert abs(apart) <= (Fraction(1, one.weight) + Fraction(1, other.weight)) / 2


@given(st.lists(st.integers(1, 4), min_size=2, max_size=4), SEEDS)
def test_complete_allocation_is_exact_after_every_block(weights: list[int], seed: int) -> None:
    recruitment = Recruitment(design(arms=len(weights), weights=weights, allocation="complete"), seed)
    for block in range(1, 4):
        for _ in range(sum(weights)):
            recruitment.arrive()
        shares = [Fraction(recruitment.arms[arm.key], arm.weight) for arm in recruitment.spec.arms]
        assert set(shares) == {Fraction(block)}


@given(st.lists(st.integers(1, 3), min_size=2, max_size=3), SEEDS)
def test_blocked_allocation_is_exact_after_every_three_blocks_of_varying_length(weights: list[int], seed: int) -> None:
    recruitment = Recruitment(design(arms=len(weights), weights=weights, allocation="blocked"), seed)
    for threesome in range(1, 3):
        for _ in range(6 * sum(weights)):
            recruitment.arrive()
        shares = [Fraction(recruitment.arms[arm.key], arm.weight) for arm in recruitment.spec.arms]
        assert set(shares) == {Fraction(6 * threesome)}


def test_nobody_who_counts_along_can_tell_where_a_block_that_varies_ends() -> None:
    recruitment = Recruitment(design(arms=2, allocation="blocked"), seed=5)
    given_now = [recruitment.arrive().arm for _ in range(600)]
    # With blocks of two the second of each pair would always be the other arm.
    same = sum(given_now[n] == given_now[n + 1] for n in range(0, 600, 2))
    assert 60 < same < 150
    assert recruitment.gap(["arm-0", "arm-1"]) <= 3


def test_blocks_are_permuted_and_not_repeated() -> None:
    recruitment = Recruitment(design(arms=3, allocation="complete"), seed=5)
    blocks = {tuple(recruitment.arrive().arm for _ in range(3)) for _ in range(60)}
    assert len(blocks) == 6


@pytest.mark.parametrize(("order", "arms", "rows"), [("latin", 2, 2), ("latin", 3, 6), ("latin", 4, 4)])
def test_counterbalancing_rows_stay_within_one(order: Order, arms: int, rows: int) -> None:
    recruitment = Recruitment(design("within", arms=arms, per_person=arms, order=order), seed=3)
    names = [f"row-{n + 1}" for n in range(rows)]
    for _ in range(5 * rows + 1):
        recruitment.arrive()
        assert recruitment.gap(names) <= 1
    assert set(recruitment.arms) == set(names)


def test_with_two_arms_and_four_articles_a_latin_row_does_not_simply_alternate() -> None:
    recruitment = Recruitment(design("within", per_person=4, order="latin"), seed=0)
    sequences = {tuple(trial.arm for trial in recruitment.arrive().plan) for _ in range(8)}
    assert sequences == {("arm-0", "arm-1", "arm-1", "arm-0"), ("arm-1", "arm-0", "arm-0", "arm-1")}


def test_groups_of_a_mixed_design_stay_within_one() -> None:
    recruitment = Recruitment(design("mixed", arms=4, per_person=2, order="latin"), seed=8)
    for _ in range(41):
        recruitment.arrive()
        people = [sum(n for name, n in recruitment.arms.items() if name.startswith(f"group-{g}/")) for g in (0, 1)]
        assert abs(people[0] - people[1]) <= 1


def test_an_arm_whose_target_is_reached_is_not_offered() -> None:
    spec = design(arms=3, target=10)
    for number in range(50):
        given_now = assign(spec, Counts(arms={"arm-0": 10, "arm-1": 9, "arm-2": 10}), f"p{number}", 1, number)
        assert given_now.arm == "arm-1"


@pytest.mark.parametrize("allocation", ALLOCATIONS)
def test_when_every_target_is_reached_nobody_more_is_assigned(allocation: Allocation) -> None:
    recruitment = Recruitment(design(arms=3, target=4, allocation=allocation), seed=2)
    for _ in range(12):
        recruitment.arrive()
    assert dict(recruitment.arms) == {"arm-0": 4, "arm-1": 4, "arm-2": 4}
    with pytest.raises(QuotaFull, match=r"reached its target.*raise the targets by an amendment.*close it"):
        recruitment.arrive()


def test_targets_are_held_against_all_strata_where_totals_are_given() -> None:
    spec = design(arms=2, target=10)
    counts = Counts(arms={"arm-0": 3, "arm-1": 4}, totals={"arm-0": 10, "arm-1": 9})
    assert assign(spec, counts, "p", 1, 7).arm == "arm-1"
