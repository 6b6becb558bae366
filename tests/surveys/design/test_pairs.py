"""Which articles one person reads together, counted in a simulation and held against chance."""

from dataclasses import replace

import pytest

from surveys.design import ArmSpec, ArticleSpec, DesignSpec, simulate
from surveys.design.pairs import Pair, by_arms, pairs_of, possible_pairs
from tests.surveys.design.designs import design


def test_a_pair_can_meet_where_one_person_reads_both_arms_and_the_stories_differ() -> None:
    def keys(spec: DesignSpec) -> set[tuple[str, str]]:
        return {(one.key, other.key) for one, other in possible_pairs(spec)}

    assert keys(design(arms=2, stories=2, per_person=2)) == {("a0-s0-v0", "a0-s1-v0"), ("a1-s0-v0", "a1-s1-v0")}
    within = keys(design("within", arms=2, stories=2, per_person=2))
    assert len(within) == 4
    assert ("a0-s0-v0", "a1-s0-v0") not in within


@pytest.mark.parametrize("kind", ["between", "within", "mixed"])
def test_what_met_and_what_chance_expects_add_up_to_the_same_in_each_pair_of_arms(kind: str) -> None:
    spec = design(kind, arms=4, stories=6, per_person=4, versions=2)  # type: ignore[arg-type]  # one of them
    result = simulate(spec, 300, 0.2, seed=1)
    pairs = pairs_of(spec, result)
    assert len(pairs) == len(possible_pairs(spec))
    assert sum(pair.met for pair in pairs) == sum(result.pairs.values())
    for of in by_arms(pairs):
        its = [pair for pair in pairs if set(pair.arms) == set(of.arms)]
        assert sum(pair.by_chance for pair in its) == pytest.approx(sum(pair.met for pair in its))
        assert (of.can, of.least, of.most) == (len(its), min(p.met for p in its), max(p.met for p in its))
        assert of.do == sum(pair.met > 0 for pair in its)


def test_a_version_that_few_read_is_expected_to_meet_others_less_often() -> None:
    articles = [ArticleSpec(f"flood-{n}", "flood", "arm", f"flood {n}") for n in range(3)]
    articles += [ArticleSpec(f"one-{story}", story, "arm", story) for story in ("fire", "storm")]
    spec = DesignSpec("between", (ArmSpec("arm"),), tuple(articles), per_person=3)
    by_keys = {pair.articles: pair for pair in pairs_of(spec, simulate(spec, 90, 0, seed=1))}
    assert len(by_keys) == 7
    assert by_keys["one-fire", "one-storm"].met == 90
    assert by_keys["flood-0", "one-fire"].met == 30
    # Ninety people read two of the stories, and thirty each version of the third.
    assert by_keys["flood-0", "one-fire"].by_chance == pytest.approx(30)
    assert by_keys["one-fire", "one-storm"].by_chance == pytest.approx(90)


def test_how_far_a_pair_lies_from_chance_is_counted_in_what_chance_does() -> None:
    pair = Pair(("a", "b"), ("one", "one"), met=34, by_chance=25)
    assert pair.residual == pytest.approx(9 / 5)
    assert replace(pair, met=0, by_chance=0).residual == 0
