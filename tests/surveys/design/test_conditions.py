"""Levels within persons: everybody has each in its share, and arms, articles and positions about equally often."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surveys.design import Assignment, DesignSpec, FactorSpec, levels
from surveys.design.factors import combinations, part
from tests.surveys.design.designs import DISCLAIMER, LABEL, Recruitment, design, designs

SEEDS = st.integers(0, 2**63 - 1)
LABEL_WITHIN, DISCLAIMER_WITHIN = replace(LABEL, within=True), replace(DISCLAIMER, within=True)


@given(designs(), SEEDS)
def test_every_reading_has_one_level_of_every_factor(spec: DesignSpec, seed: int) -> None:
    declared = {factor.key: {level for level, _ in factor.levels} for factor in spec.factors}
    for trial in Recruitment(spec, seed).arrive().plan:
        found = levels(trial.condition)
        assert found.keys() == declared.keys()
        assert all(level in declared[key] for key, level in found.items())


@given(designs(), SEEDS)
def test_a_factor_between_persons_is_the_same_at_every_article(spec: DesignSpec, seed: int) -> None:
    recruitment = Recruitment(spec, seed)
    for _ in range(6):
        given_now = recruitment.arrive()
        assert {part(spec.between, trial.condition) for trial in given_now.plan} == {given_now.condition}


@given(st.integers(1, 3), st.integers(0, 2), SEEDS)
@settings(max_examples=30)
def test_within_persons_everybody_has_every_level_in_its_share(rounds: int, more: int, seed: int) -> None:
    per_person = 4 * rounds + more
    spec = design("between", arms=1, stories=per_person, per_person=per_person, factors=(LABEL_WITHIN,))
    for _ in range(3):
        times = _levels_had(Recruitment(spec, seed).arrive())
        assert set(times.values()) <= {rounds, rounds + 1}


@given(st.integers(4, 7), SEEDS)
@settings(max_examples=30)
def test_within_persons_the_levels_of_an_arm_are_within_one(per_person: int, seed: int) -> None:
    recruitment = Recruitment(design(arms=2, stories=7, per_person=per_person, factors=(LABEL_WITHIN,)), seed)
    for _ in range(20):
        recruitment.arrive()
        for arm in ("arm-0", "arm-1"):
            had: Counter[str] = Counter()
            for (key, _, condition), n in recruitment.readings.items():
                had[condition] += n if key.startswith(f"a{arm[-1]}") else 0
            times = [had[each.name] for each in combinations((LABEL_WITHIN,))]
            assert max(times) - min(times) <= 1


@pytest.mark.parametrize(("kind", "arms", "per_person"), [("between", 2, 4), ("within", 2, 4), ("within", 2, 8)])
def test_articles_and_positions_have_each_level_about_equally_often(kind: str, arms: int, per_person: int) -> None:
    spec = design(kind, arms=arms, stories=per_person, per_person=per_person, factors=(DISCLAIMER_WITHIN,))  # type: ignore[arg-type]  # a parameter
    recruitment = Recruitment(spec, seed=3)
    for _ in range(160):
        recruitment.arrive()
    names = [each.name for each in combinations((DISCLAIMER_WITHIN,))]
    for article in spec.articles:
        times = [sum(recruitment.readings[article.key, p, name] for p in range(per_person)) for name in names]
        assert max(times) - min(times) <= 3
    for position in range(per_person):
        times = [sum(recruitment.readings[a.key, position, name] for a in spec.articles) for name in names]
        assert max(times) - min(times) <= 3


def test_within_persons_levels_cross_the_arms_that_one_person_reads() -> None:
    spec = design("within", arms=2, stories=4, per_person=4, factors=(DISCLAIMER_WITHIN,))
    recruitment = Recruitment(spec, seed=8)
    for _ in range(12):
        plan = recruitment.arrive().plan
        assert {(trial.arm, trial.condition) for trial in plan} == {
            (arm, f"disclaimer:{level}") for arm in ("arm-0", "arm-1") for level in ("none", "shown")
        }


def test_unequal_weights_within_persons_are_kept_over_people() -> None:
    rare = FactorSpec("disclaimer", (("none", 3), ("shown", 1)), within=True)
    recruitment = Recruitment(design(arms=1, stories=2, per_person=2, factors=(rare,)), seed=2)
    for _ in range(100):
        recruitment.arrive()
    had: Counter[str] = Counter()
    for (_, _, condition), n in recruitment.readings.items():
        had[condition] += n
    assert abs(had["disclaimer:shown"] - 50) <= 1


def test_plans_with_factors_are_the_ones_that_were_written_down() -> None:
    # A change here means that no ledger of an earlier release with factors replays any more.
    spec = design("within", arms=2, stories=4, per_person=4, factors=(DISCLAIMER, LABEL_WITHIN))
    recruitment = Recruitment(spec, seed=20220101)
    found = []
    for _ in range(2):
        given_now = recruitment.arrive()
        shown = [f"{trial.article_key} {levels(trial.condition)['source-label']}" for trial in given_now.plan]
        found.append([given_now.condition, *shown])
    assert found == [
        ["disclaimer:none", "a1-s0-v0 correct", "a0-s1-v0 none", "a0-s2-v0 missing", "a1-s3-v0 false"],
        ["disclaimer:shown", "a0-s3-v0 false", "a1-s1-v0 missing", "a1-s2-v0 none", "a0-s0-v0 correct"],
    ]


def _levels_had(given_now: Assignment) -> Counter[str]:
    return Counter(trial.condition for trial in given_now.plan)
