"""The balance for any order of arrivals, departures and returns: of arms, rows, conditions, strata and stories."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from math import ceil

from hypothesis import given, settings
from hypothesis import strategies as st

from surveys.design import (
    Allocation,
    Assignment,
    Counts,
    DesignKind,
    DesignSpec,
    FactorSpec,
    Order,
    QuotaFull,
    assign,
)
from surveys.design.factors import combinations
from surveys.design.lanes import groups
from tests.surveys.design.designs import ALLOCATIONS, HAPPENINGS, Recruitment, Unrest, design, unfold

SEEDS = st.integers(0, 2**63 - 1)
WEIGHTS = st.lists(st.integers(1, 9), min_size=2, max_size=5)


def _apart(recruitment: Recruitment, unrest: Unrest, happenings: list[int]) -> list[tuple[str, str]]:
    """The first pairs of arms that are further apart than they may be, after whatever happens."""
    weights = {arm.key: arm.weight for arm in recruitment.spec.arms}
    for what, given_now in unfold(recruitment, happenings):
        unrest.note(what, given_now)
        if broken := unrest.beyond(recruitment.arms, weights):
            return broken
    return []


@given(WEIGHTS, SEEDS, HAPPENINGS)
def test_weighted_arms_are_no_further_apart_than_who_left_and_came_back_puts_them(
    weights: list[int], seed: int, happenings: list[int]
) -> None:
    recruitment = Recruitment(design(arms=len(weights), weights=weights), seed)
    assert _apart(recruitment, Unrest(lambda given_now: [given_now.arm]), happenings) == []


def test_an_allocation_that_does_not_look_at_who_is_there_breaks_this_bound() -> None:
    broken = [
        _apart(
            Recruitment(design(arms=2, weights=[1, 2], allocation="simple"), seed),
            Unrest(lambda given_now: [given_now.arm]),
            [0] * 40,
        )
        for seed in range(5)
    ]
    assert all(broken)


@given(WEIGHTS, SEEDS, HAPPENINGS)
@settings(max_examples=50)
def test_the_bound_is_met_again_after_exactly_as_many_arrivals_as_are_missing(
    weights: list[int], seed: int, happenings: list[int]
) -> None:
    recruitment = Recruitment(design(arms=len(weights), weights=weights), seed)
    for _ in unfold(recruitment, happenings):
        pass
    arms, calm = recruitment.spec.arms, Unrest(lambda given_now: [])
    by_key = {arm.key: arm.weight for arm in arms}
    # An arm is far enough when its next place is dearer than the last one of every other arm was.
    dearest = max(Fraction(2 * recruitment.arms[arm.key] - 1, arm.weight) for arm in arms)
    missing = [ceil((dearest * arm.weight - 1) / 2) - recruitment.arms[arm.key] for arm in arms]
    for _ in range(sum(max(0, people) for people in missing)):
        assert calm.beyond(recruitment.arms, by_key)
        recruitment.arrive()
    assert calm.beyond(recruitment.arms, by_key) == []


@given(st.sampled_from(["within", "mixed"]), st.integers(2, 3), st.tuples(*[st.integers(1, 3)] * 2), SEEDS, HAPPENINGS)
@settings(max_examples=50)
def test_groups_and_their_counterbalancing_rows_keep_it_too(
    kind: str, read_together: int, weights: tuple[int, int], seed: int, happenings: list[int]
) -> None:
    of_mixed = {"arms": 2 * read_together, "weights": weights * read_together}
    spec = design(
        kind,  # type: ignore[arg-type]  # one of them
        per_person=read_together,
        order="latin",
        **({"arms": read_together} if kind == "within" else of_mixed),
    )
    every = {str(n): group for n, group in enumerate(groups(spec))}
    group_of = {lane.name: n for n, group in every.items() for lane in group.lanes}
    of_rows, of_groups = Unrest(lambda given_now: [given_now.arm]), Unrest(lambda given_now: [group_of[given_now.arm]])
    recruitment = Recruitment(spec, seed)
    for what, given_now in unfold(recruitment, happenings):
        of_rows.note(what, given_now)
        of_groups.note(what, given_now)
        people: Counter[str] = Counter()
        for row, n in recruitment.arms.items():
            people[group_of[row]] += n
        assert of_groups.beyond(people, {n: group.weight for n, group in every.items()}) == []
        for group in every.values():
            # A row is served only when its group is, and then as arms of equal weight are.
            assert of_rows.beyond(recruitment.arms, {lane.name: 1 for lane in group.lanes}) == []


@given(st.lists(st.integers(1, 4), min_size=2, max_size=3), st.integers(1, 2), SEEDS, HAPPENINGS)
@settings(max_examples=50)
def test_conditions_between_persons_keep_it_within_each_arm(
    levels: list[int], factors: int, seed: int, happenings: list[int]
) -> None:
    weighted = tuple((f"level-{n}", weight) for n, weight in enumerate(levels))
    spec = design(
        arms=2, weights=[1, 2], factors=tuple(FactorSpec(key, weighted) for key in ("label", "disclaimer")[:factors])
    )
    recruitment = Recruitment(spec, seed)
    unrest = Unrest(lambda given_now: [f"{given_now.arm} {given_now.condition}"])
    for what, given_now in unfold(recruitment, happenings):
        unrest.note(what, given_now)
        people = {f"{arm} {condition}": n for (arm, condition), n in recruitment.people.items()}
        for arm in ("arm-0", "arm-1"):
            weights = {f"{arm} {each.name}": each.weight for each in combinations(spec.factors)}
            assert unrest.beyond(people, weights) == []


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 99)), max_size=60), st.sampled_from([1, 3, 99]), SEEDS)
@settings(max_examples=60)
def test_strata_are_balanced_for_themselves_and_late_returns_alone_pass_targets_and_quotas(
    happenings: list[tuple[int, int]], target: int, seed: int
) -> None:
    spec = replace(design(arms=2, weights=[1, 2], target=target), quotas=(("left", 2),))
    weights, present = {"arm-0": 1, "arm-1": 2}, {"left": list[Assignment](), "right": list[Assignment]()}
    gone: list[tuple[str, Assignment]] = []
    unrest = {stratum: Unrest(lambda given_now: [given_now.arm]) for stratum in present}
    for number, (where, happening) in enumerate(happenings):
        stratum = ("left", "right")[where]
        there = present[stratum]
        by_arm = {at: Counter(each.arm for each in present[at]) for at in present}
        totals = by_arm["left"] + by_arm["right"]
        if happening % 3 == 1 and there:
            gone.append((stratum, there.pop(happening % len(there))))
            unrest[stratum].note("leave", gone[-1][1])
        elif happening % 3 == 2 and gone:
            stratum, back = gone.pop(happening % len(gone))
            present[stratum].append(back)
            unrest[stratum].note("return", back)
        else:
            is_full = stratum == "left" and len(there) >= 2
            is_full = is_full or all(totals[arm] >= target for arm in weights)
            try:
                there.append(assign(spec, Counts(by_arm[stratum], totals=totals), f"{number}", seed, number, stratum))
            except QuotaFull:
                assert is_full
            else:
                assert not is_full
                assert totals[there[-1].arm] < target
                assert stratum == "right" or len(there) <= 2
        if target == 99:
            for at, given_there in present.items():
                assert unrest[at].beyond(Counter(each.arm for each in given_there), weights) == []


@given(st.lists(st.integers(1, 3), min_size=2, max_size=3), SEEDS, HAPPENINGS, st.sampled_from(["complete", "blocked"]))
@settings(max_examples=40)
def test_blocks_are_exact_in_who_was_assigned_whoever_left(
    weights: list[int], seed: int, happenings: list[int], allocation: Allocation
) -> None:
    recruitment = Recruitment(design(arms=len(weights), weights=weights, allocation=allocation), seed)
    for _ in unfold(recruitment, happenings):
        pass
    length = sum(weights) * (6 if allocation == "blocked" else 1)
    while len(recruitment.given) % length:
        recruitment.arrive()
    assigned = Counter(given_now.arm for given_now in recruitment.given)
    assert len({Fraction(assigned[arm.key], arm.weight) for arm in recruitment.spec.arms}) == 1


@given(
    st.integers(1, 4), st.integers(0, 3), st.integers(1, 3), st.sampled_from(["latin", "balanced"]), SEEDS, HAPPENINGS
)
@settings(max_examples=50)
def test_stories_of_an_arm_and_versions_of_a_story_keep_it_too(
    per_person: int, more: int, versions: int, order: Order, seed: int, happenings: list[int]
) -> None:
    spec = design(arms=2, stories=per_person + more, per_person=per_person, order=order, versions=versions)
    recruitment = Recruitment(spec, seed)
    of_stories = Unrest(lambda given_now: [f"{given_now.arm} {trial.story}" for trial in given_now.plan])
    of_articles = Unrest(lambda given_now: [trial.article_key for trial in given_now.plan])
    for what, given_now in unfold(recruitment, happenings):
        of_stories.note(what, given_now)
        of_articles.note(what, given_now)
        for arm in ("arm-0", "arm-1"):
            read = {
                f"{arm} {story}": sum(recruitment.articles[article.key] for article in of)
                for story, of in spec.versions[arm].items()
            }
            assert of_stories.beyond(read, dict.fromkeys(read, 1)) == []
            for of in spec.versions[arm].values():
                assert of_articles.beyond(recruitment.articles, {article.key: 1 for article in of}) == []


@st.composite
def designs_with_bounds(draw: st.DrawFn) -> DesignSpec:
    """Any design of whose articles or positions something is claimed while nobody leaves."""
    kind: DesignKind = draw(st.sampled_from(["between", "within", "mixed"]))
    order: Order = draw(st.sampled_from(["latin", "balanced"]))
    allocation = draw(st.sampled_from(ALLOCATIONS))
    if kind == "between":
        arms, per_person = draw(st.integers(1, 3)), draw(st.integers(1, 4))
        # With more stories than one person reads, it is claimed of articles alone.
        stories = per_person + draw(st.sampled_from([0, 0, 1, 3]))
        weights = draw(st.lists(st.integers(1, 4), min_size=arms, max_size=arms))
    else:
        together = draw(st.integers(2, 3))
        per_person = stories = together * draw(st.integers(1, 2))
        arms = together * (2 if kind == "mixed" else 1)
        by_group = draw(st.tuples(st.integers(1, 3), st.integers(1, 3))) if kind == "mixed" else (1, 1)
        weights = [by_group[n % 2] for n in range(arms)]
    return design(kind, arms, stories, per_person, order, allocation, weights=weights)


def _articles(recruitment: Recruitment) -> int:
    return max(recruitment.article_gap(arm.key) for arm in recruitment.spec.arms)


def _claims(spec: DesignSpec) -> list[tuple[Callable[[Recruitment], int], int]]:
    """(how a gap is counted, how wide it is at most while nobody leaves), as surveys/design/allocation.py says."""
    if spec.kind == "between":
        reads_every_story = len(spec.articles) == len(spec.arms) * spec.per_person
        return [(_articles, 1), *([(Recruitment.position_gap, 1)] if reads_every_story else [])]
    if spec.order == "latin" and spec.allocation != "least-filled":
        # Positions are as even as the rows are, which others than 'least-filled' make even in the long run alone.
        return [(_articles, 1)]
    is_odd = len(spec.groups[0][1]) % 2 == 1
    return [(_articles, 1), (Recruitment.arm_position_gap, 2 if spec.order == "latin" and is_odd else 1)]


@given(designs_with_bounds(), SEEDS, HAPPENINGS)
@settings(max_examples=200)
def test_articles_and_positions_are_further_apart_by_one_at_most_for_each_who_left_or_came_back_and_that_passes(
    spec: DesignSpec, seed: int, happenings: list[int]
) -> None:
    recruitment, unrest, claims = Recruitment(spec, seed), 0, _claims(spec)
    for what, _ in unfold(recruitment, happenings):
        unrest += what != "arrive"
        assert [gap(recruitment) for gap, most in claims if gap(recruitment) > most + unrest] == []
    # In a design of several arms or groups those who come next are not all of the one that was left.
    for _ in range(2 * unrest):
        _arrives_in_each(recruitment)
    assert [gap(recruitment) for gap, most in claims if gap(recruitment) > most] == []


def _arrives_in_each(recruitment: Recruitment) -> None:
    """So many arrive that each group is given to somebody."""
    missing = {lane.name: n for n, group in enumerate(groups(recruitment.spec)) for lane in group.lanes}
    while missing:
        came = missing.get(recruitment.arrive().arm)
        missing = {lane: n for lane, n in missing.items() if n != came}


def test_positions_that_are_drawn_keep_no_such_bound() -> None:
    recruitment = Recruitment(design(arms=1, stories=4, per_person=4, order="random"), seed=7)
    for _ in range(200):
        recruitment.arrive()
    assert recruitment.position_gap() > 1
