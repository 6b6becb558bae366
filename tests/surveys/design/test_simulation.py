"""A simulated recruitment counts everybody, frees the places of those who leave, and is the same each time."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surveys.design import DesignSpec, simulate
from tests.surveys.design.designs import design, designs


@given(designs(), st.integers(0, 25), st.integers(0, 100), st.integers(0, 2**63 - 1))
@settings(max_examples=30)
def test_every_arrival_is_counted_once(spec: DesignSpec, arrivals: int, percent: int, seed: int) -> None:
    result = simulate(spec, arrivals, Decimal(percent) / 100, seed)
    assert sum(started for started, _ in result.arms.values()) == arrivals
    completed = sum(done for _, done in result.arms.values())
    assert sum(cell.started for cell in result.cells) == arrivals * spec.per_person
    assert sum(cell.completed for cell in result.cells) == completed * spec.per_person
    assert sum(result.pairs.values()) == completed * spec.per_person * (spec.per_person - 1) // 2
    assert len(result.cells) == len(spec.articles) * spec.per_person


def test_the_same_arguments_give_the_same_table() -> None:
    assert simulate(design(), 60, 0.3, 5) == simulate(design(), 60, 0.3, 5)
    assert simulate(design(), 60, 0.3, 5) != simulate(design(), 60, 0.3, 6)


def test_without_dropout_arms_are_within_one_and_all_complete() -> None:
    result = simulate(design(arms=3), 100, 0, 1)
    assert sorted(result.arms.values()) == [(33, 33), (33, 33), (34, 34)]


def test_the_share_that_leaves_is_the_share_asked_for() -> None:
    result = simulate(design(arms=3, stories=5, per_person=2), 2000, 0.25, 1)
    completed = [done for _, done in result.arms.values()]
    assert abs(sum(completed) - 1500) <= 3.29 * (2000 * 0.25 * 0.75) ** 0.5


def test_the_places_of_those_who_left_are_given_again() -> None:
    result = simulate(design(arms=2, target=50), 400, 0.5, 3, lease=5)
    assert [done for _, done in result.arms.values()] == [50, 50]
    assert result.turned_away > 0


def test_without_lapsing_leases_the_places_stay_taken() -> None:
    result = simulate(design(arms=2, target=50), 400, 0.5, 3, lease=400)
    assert [started for started, _ in result.arms.values()] == [50, 50]
    assert sum(done for _, done in result.arms.values()) < 80
    assert result.turned_away == 300


@pytest.mark.parametrize("dropout", [-0.1, 1.1])
def test_a_dropout_that_is_no_share_is_refused(dropout: float) -> None:
    with pytest.raises(ValueError, match="from 0 to 1"):
        simulate(design(), 1, dropout, 0)


def test_a_negative_lease_is_refused() -> None:
    with pytest.raises(ValueError, match="lease"):
        simulate(design(), 1, 0, 0, lease=-1)


def test_each_stratum_is_balanced_for_itself_and_closes_at_its_quota() -> None:
    spec = replace(design(arms=2), quotas=(("left", 31), ("right", 10)))
    result = simulate(spec, 200, 0, 4, strata=(("left", 3), ("right", 1), ("neither", 1)))
    with_quota = 41
    others = sum(done for _, done in result.arms.values()) - with_quota
    # A fifth of those who come, within four standard errors; each stratum's arms are within one.
    assert abs(others - 40) <= 4 * (200 * 0.2 * 0.8) ** 0.5
    assert result.turned_away == 200 - with_quota - others
    one, other = (done for _, done in result.arms.values())
    assert abs(one - other) <= 3


def test_targets_count_over_all_strata() -> None:
    result = simulate(design(arms=2, target=20), 100, 0, 4, strata=(("left", 1), ("right", 1)))
    assert list(result.arms.values()) == [(20, 20), (20, 20)]
    assert result.turned_away == 60
