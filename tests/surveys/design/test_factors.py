"""Factors between persons: their bounds in each arm for any arrivals, departures and returns; conditions as text."""

from collections import Counter
from fractions import Fraction
from itertools import combinations as pairs
from math import sqrt

from hypothesis import given
from hypothesis import strategies as st

from surveys.design import Assignment, Counts, FactorSpec, assign, levels
from surveys.design.factors import combinations, joined, part
from tests.surveys.design.designs import DISCLAIMER, LABEL, Recruitment, design

SEEDS = st.integers(0, 2**63 - 1)
NAMES = [each.name for each in combinations((DISCLAIMER, LABEL))]


@given(st.integers(1, 3), SEEDS)
def test_the_conditions_of_an_arm_are_within_one_of_each_other(arms: int, seed: int) -> None:
    recruitment = Recruitment(design(arms=arms, factors=(DISCLAIMER, LABEL)), seed)
    for _ in range(12 * arms):
        recruitment.arrive()
        for arm in recruitment.spec.arms:
            times = [recruitment.people[arm.key, name] for name in NAMES]
            assert max(times) - min(times) <= 1


@given(SEEDS, st.lists(st.integers(0, 99), max_size=60))
def test_departures_and_returns_widen_it_by_one_each_and_arrivals_close_it(seed: int, happenings: list[int]) -> None:
    recruitment = Recruitment(design(arms=2, factors=(DISCLAIMER,)), seed)
    present: list[Assignment] = []
    gone: list[Assignment] = []
    disturbances = 0
    for happening in happenings:
        if happening % 3 == 1 and present:
            gone.append(present.pop(happening % len(present)))
            recruitment.count(gone[-1], -1)
            disturbances += 1
        elif happening % 3 == 2 and gone:
            present.append(gone.pop(happening % len(gone)))
            recruitment.count(present[-1], 1)
            disturbances += 1
        else:
            present.append(recruitment.arrive())
        assert max(_gaps(recruitment)) <= 1 + disturbances
    for _ in range(4 * (1 + disturbances)):
        recruitment.arrive()
    assert max(_gaps(recruitment)) <= 1


def _gaps(recruitment: Recruitment) -> list[int]:
    both = ("disclaimer:none", "disclaimer:shown")
    return [abs(recruitment.people[arm, both[0]] - recruitment.people[arm, both[1]]) for arm in ("arm-0", "arm-1")]


@given(st.lists(st.integers(1, 5), min_size=2, max_size=4), SEEDS)
def test_weighted_levels_keep_the_stated_bound(weights: list[int], seed: int) -> None:
    factor = FactorSpec("disclaimer", tuple((f"level-{n}", weight) for n, weight in enumerate(weights)))
    recruitment = Recruitment(design(arms=1, factors=(factor,)), seed)
    conditions = combinations((factor,))
    for _ in range(40):
        recruitment.arrive()
        for one, other in pairs(conditions, 2):
            apart = Fraction(recruitment.people["arm-0", one.name], one.weight) - Fraction(
                recruitment.people["arm-0", other.name], other.weight
            )
            assert abs(apart) <= (Fraction(1, one.weight) + Fraction(1, other.weight)) / 2


@given(SEEDS)
def test_a_permuted_block_holds_every_arm_with_every_condition(seed: int) -> None:
    recruitment = Recruitment(design(arms=2, allocation="complete", factors=(DISCLAIMER, LABEL)), seed)
    for block in (1, 2):
        for _ in range(16):
            recruitment.arrive()
        assert {recruitment.people[arm, name] for arm in ("arm-0", "arm-1") for name in NAMES} == {block}


def test_ties_between_conditions_fall_evenly_and_unlike_those_between_arms() -> None:
    spec = design(arms=2, factors=(DISCLAIMER,))
    found = Counter((one.arm, one.condition) for n in range(3000) for one in [assign(spec, Counts(), f"p{n}", 4, 0)])
    # The 99.9% interval of a share of a quarter in 3000 draws.
    assert len(found) == 4
    assert all(abs(n - 750) <= 3.29 * sqrt(3000 * 0.25 * 0.75) for n in found.values())


def test_a_factor_changes_neither_arms_nor_articles_nor_positions() -> None:
    plain, crossed = (Recruitment(design(stories=5, per_person=3, factors=f), 7) for f in ((), (DISCLAIMER,)))
    for _ in range(12):
        one, other = plain.arrive(), crossed.arrive()
        assert one.arm == other.arm
        assert [trial.article_key for trial in one.plan] == [trial.article_key for trial in other.plan]


def test_a_condition_is_read_joined_and_split_as_it_is_written() -> None:
    assert levels("disclaimer:shown source-label:false") == {"disclaimer": "shown", "source-label": "false"}
    assert joined((DISCLAIMER, LABEL), "source-label:none", "disclaimer:shown") == "disclaimer:shown source-label:none"
    assert part((LABEL,), "disclaimer:shown source-label:none") == "source-label:none"
    assert levels("") == {}
    assert [each.name for each in combinations(())] == [""]
