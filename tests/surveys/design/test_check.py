"""A design check says what a recruitment would look like, and what to look at before anybody comes."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surveys.design import ArmSpec, ArticleSpec, DesignSpec, check
from surveys.design.check import ARRIVALS, Finding, arrivals_for
from tests.surveys.design.designs import DISCLAIMER, LABEL, design, designs

FIFTH = Decimal("0.2")


def _found(spec: DesignSpec, dropout: Decimal = FIFTH) -> dict[str, Finding]:
    return {finding.what: finding for finding in check(spec, dropout, 1).findings}


@pytest.mark.parametrize("kind", ["between", "within", "mixed"])
@pytest.mark.parametrize("order", ["latin", "balanced"])
def test_a_sound_design_has_nothing_to_look_at(kind: str, order: str) -> None:
    spec = design(kind, arms=4, stories=4, per_person=4, order=order, factors=(DISCLAIMER,))  # type: ignore[arg-type]  # parameters
    checked = check(spec, FIFTH, 3)
    assert [finding.what for finding in checked.findings if not finding.fine] == []
    assert checked.fine


def test_everybody_and_everything_is_in_the_table() -> None:
    checked = check(design(arms=3, stories=5, per_person=2), FIFTH, 1)
    assert checked.arrivals == ARRIVALS
    assert sum(checked.by_article.values()) == 2 * checked.completed
    assert [len(cells) for _, _, cells in checked.rows()] == [2] * 15
    assert len(checked.pairs) == 3 * 10


def test_an_article_that_nobody_reads_is_told() -> None:
    arms = (ArmSpec("one"), ArmSpec("two", target=1))
    articles = tuple(ArticleSpec(f"{arm}-{n}", f"s{n}", arm, f"{arm}{n}") for arm in ("one", "two") for n in range(3))
    found = _found(DesignSpec("between", arms, articles))
    assert not found["articles"].fine
    assert found["articles"].spread.least == 0


def test_targets_that_turn_people_away_are_told() -> None:
    full = _found(design(arms=2, target=100))["full"]
    assert not full.fine
    assert full.spread.least > 500
    assert _found(design(arms=2))["full"].fine


def test_where_most_pairs_never_meet_it_is_told() -> None:
    # Sixty stories and two articles a person make more pairs than there are people.
    assert not _found(design(arms=1, stories=60, per_person=2))["pairs"].fine
    assert _found(design(arms=1, stories=4, per_person=2))["pairs"].fine


def test_unequal_weights_are_no_unevenness() -> None:
    arms = _found(design(arms=2, weights=[1, 4]))["arms"]
    assert arms.fine
    assert 100 < arms.spread.least <= arms.spread.most < 250
    # The same people held against weights that the arms do not have are far apart.
    capped = replace(design(arms=2), arms=(ArmSpec("arm-0"), ArmSpec("arm-1", target=20)))
    told = {finding.what: finding for finding in check(capped, FIFTH, 1).findings}
    assert not told["arms"].fine


def test_conditions_are_counted_by_arm() -> None:
    checked = check(design(arms=2, stories=2, per_person=2, factors=(DISCLAIMER, LABEL)), FIFTH, 1)
    assert len(checked.result.conditions) == 2 * 8
    assert sum(done for _, done in checked.result.conditions.values()) == 2 * checked.completed


def test_a_design_that_is_slow_to_allocate_is_shown_with_fewer_people_and_a_huge_one_refused() -> None:
    assert arrivals_for(design(stories=30, per_person=20)) == 250
    with pytest.raises(ValueError, match="too large to be simulated"):
        check(design(arms=1, stories=100, per_person=100), FIFTH, 1)


def test_a_design_with_problems_is_refused_with_them() -> None:
    with pytest.raises(ValueError, match="has no article"):
        check(DesignSpec("between", (ArmSpec("a"),), ()), FIFTH, 0)


@given(designs(), st.integers(0, 100), st.integers(0, 2**63 - 1))
@settings(max_examples=10, deadline=None)
def test_any_design_and_any_dropout_can_be_checked(spec: DesignSpec, percent: int, seed: int) -> None:
    checked = check(spec, Decimal(percent) / 100, seed)
    assert checked.completed <= checked.arrivals
    assert {finding.what for finding in checked.findings} >= {"arms", "articles", "full"}
