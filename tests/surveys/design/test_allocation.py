"""What anybody may rely on when articles are given: no story twice, each seen about as often, at each position."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surveys.design import ArmSpec, ArticleSpec, Counts, DesignSpec, Order, assign
from tests.surveys.design.designs import Recruitment, design, designs

SEEDS = st.integers(0, 2**63 - 1)


@given(designs(), SEEDS)
def test_nobody_is_given_two_versions_of_one_story(spec: DesignSpec, seed: int) -> None:
    recruitment = Recruitment(spec, seed)
    for _ in range(12):
        plan = recruitment.arrive().plan
        assert [trial.position for trial in plan] == list(range(spec.per_person))
        assert len({trial.story for trial in plan}) == spec.per_person
        assert len({trial.sha256 for trial in plan}) == spec.per_person


@given(designs(), SEEDS)
def test_every_trial_is_an_article_of_the_design_as_it_was_declared(spec: DesignSpec, seed: int) -> None:
    declared = {(a.key, a.story, a.arm, a.sha256) for a in spec.articles}
    plan = Recruitment(spec, seed).arrive().plan
    assert {(t.article_key, t.story, t.arm, t.sha256) for t in plan} <= declared


@given(designs("between"), SEEDS)
def test_in_a_between_design_one_person_reads_one_arm(spec: DesignSpec, seed: int) -> None:
    given_now = Recruitment(spec, seed).arrive()
    assert {trial.arm for trial in given_now.plan} == {given_now.arm}


@given(designs("within"), SEEDS)
def test_in_a_within_design_one_person_reads_every_arm_about_equally_often(spec: DesignSpec, seed: int) -> None:
    times = Counter(trial.arm for trial in Recruitment(spec, seed).arrive().plan)
    assert set(times) == {arm.key for arm in spec.arms}
    assert max(times.values()) - min(times.values()) <= 1


@given(designs("mixed"), SEEDS)
def test_in_a_mixed_design_one_person_reads_all_arms_of_one_group(spec: DesignSpec, seed: int) -> None:
    given_now = Recruitment(spec, seed).arrive()
    group = given_now.arm.split("/")[0]
    assert {trial.arm for trial in given_now.plan} == {arm.key for arm in spec.arms if arm.group == group}


@given(designs(), SEEDS, st.integers(0, 30))
def test_the_same_arguments_give_the_same_plan(spec: DesignSpec, seed: int, people: int) -> None:
    recruitment = Recruitment(spec, seed)
    for _ in range(people):
        recruitment.arrive()
    counts = recruitment.counts()
    again = Counts.from_dict(counts.to_dict())
    assert assign(spec, counts, "somebody", seed, people) == assign(spec, again, "somebody", seed, people)


@given(st.integers(1, 5), st.integers(0, 4), st.integers(1, 3), st.sampled_from(["latin", "balanced", "random"]), SEEDS)
@settings(max_examples=40)
def test_articles_of_an_arm_stay_within_one(per_person: int, more: int, versions: int, order: Order, seed: int) -> None:
    recruitment = Recruitment(
        design(arms=1, stories=per_person + more, per_person=per_person, order=order, versions=versions), seed
    )
    for _ in range(40):
        recruitment.arrive()
        assert recruitment.article_gap("arm-0") <= 1


def test_stories_count_before_versions_so_that_arms_keep_the_same_stories() -> None:
    articles = [ArticleSpec(f"machine-{n}", "flood", "machine", f"text-{n}") for n in range(5)]
    articles.append(ArticleSpec("machine-strike", "strike", "machine", "text-strike"))
    recruitment = Recruitment(DesignSpec("between", (ArmSpec("machine"),), tuple(articles)), seed=4)
    for _ in range(100):
        recruitment.arrive()
    assert recruitment.articles["machine-strike"] == 50
    assert {recruitment.articles[f"machine-{n}"] for n in range(5)} == {10}


@given(st.sampled_from(["latin", "balanced"]), st.integers(2, 6), SEEDS)
@settings(max_examples=30)
def test_positions_stay_within_one_where_everybody_reads_every_story(order: Order, stories: int, seed: int) -> None:
    recruitment = Recruitment(design(arms=1, stories=stories, per_person=stories, order=order), seed)
    for _ in range(3 * stories + 2):
        recruitment.arrive()
        assert recruitment.position_gap() <= 1


@pytest.mark.parametrize(("order", "met"), [("balanced", 2), ("latin", 4)])
@pytest.mark.parametrize(("stories", "per_person"), [(6, 3), (7, 3), (10, 5), (9, 2), (11, 4)])
def test_positions_stay_as_close_as_the_docstring_says_where_people_read_some_stories(
    order: Order, met: int, stories: int, per_person: int
) -> None:
    recruitment = Recruitment(design(arms=1, stories=stories, per_person=per_person, order=order), seed=11)
    for _ in range(300):
        recruitment.arrive()
        assert recruitment.position_gap() <= met


@given(st.integers(2, 3), st.integers(1, 2), st.sampled_from(["latin", "balanced"]), SEEDS)
@settings(max_examples=20)
def test_within_people_every_story_is_read_equally_often_in_every_arm(
    arms: int, rounds: int, order: Order, seed: int
) -> None:
    everything = arms * rounds
    recruitment = Recruitment(design("within", arms=arms, stories=everything, per_person=everything, order=order), seed)
    for _ in range(4 * everything):
        recruitment.arrive()
        for story in range(everything):
            seen = [recruitment.articles[f"a{arm}-s{story}-v0"] for arm in range(arms)]
            assert max(seen) - min(seen) <= 1


@pytest.mark.parametrize(
    ("order", "arms", "bound"), [("balanced", 2, 1), ("balanced", 3, 1), ("latin", 2, 1), ("latin", 3, 2)]
)
def test_within_people_every_arm_is_read_equally_often_at_every_position(order: Order, arms: int, bound: int) -> None:
    recruitment = Recruitment(design("within", arms=arms, stories=7, per_person=2 * arms, order=order), seed=6)
    for _ in range(60):
        recruitment.arrive()
        assert recruitment.arm_position_gap() <= bound


def test_articles_seen_less_are_given_before_others_whatever_their_positions() -> None:
    spec = design(arms=1, stories=3, per_person=2)
    counts = Counts(
        articles={"a0-s0-v0": 5, "a0-s1-v0": 4, "a0-s2-v0": 4}, cells={("a0-s1-v0", 0): 4, ("a0-s2-v0", 0): 4}
    )
    for number in range(20):
        plan = assign(spec, counts, f"p{number}", 0, number).plan
        assert {trial.article_key for trial in plan} == {"a0-s1-v0", "a0-s2-v0"}


def test_a_design_with_problems_is_refused() -> None:
    with pytest.raises(ValueError, match="has no article"):
        assign(DesignSpec("between", (ArmSpec("a"),), ()), Counts(), "p", 0, 0)
