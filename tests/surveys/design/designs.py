"""Designs, and recruitments of a design, for the tests of this folder."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import permutations

from hypothesis import strategies as st

from surveys.design import (
    RULE,
    Allocation,
    ArmSpec,
    ArticleSpec,
    Assignment,
    Counts,
    DesignKind,
    DesignSpec,
    FactorSpec,
    Order,
    assign,
)
from surveys.design.factors import part

ORDERS: tuple[Order, ...] = ("latin", "balanced", "random")
ALLOCATIONS: tuple[Allocation, ...] = ("least-filled", "complete", "blocked", "simple")
DISCLAIMER = FactorSpec("disclaimer", (("none", 1), ("shown", 1)))
LABEL = FactorSpec("source-label", (("none", 1), ("correct", 1), ("missing", 1), ("false", 1)))


def design(
    kind: DesignKind = "between",
    arms: int = 2,
    stories: int = 4,
    per_person: int = 1,
    order: Order = "balanced",
    allocation: Allocation = "least-filled",
    versions: int = 1,
    weights: Sequence[int] = (),
    target: int | None = None,
    factors: tuple[FactorSpec, ...] = (),
    rule: int = RULE,
) -> DesignSpec:
    """A design in which every arm has every story, in as many versions; mixed ones have two groups of arms."""
    return DesignSpec(
        kind=kind,
        arms=tuple(
            ArmSpec(f"arm-{n}", weights[n] if weights else 1, target, f"group-{n % 2}" if kind == "mixed" else "")
            for n in range(arms)
        ),
        articles=tuple(
            ArticleSpec(f"a{n}-s{story}-v{version}", f"story-{story}", f"arm-{n}", f"text-{n}-{story}-{version}")
            for n in range(arms)
            for story in range(stories)
            for version in range(versions)
        ),
        per_person=per_person,
        order=order,
        allocation=allocation,
        factors=factors,
        rule=rule,
    )


@st.composite
def factors(draw: st.DrawFn, per_person: int) -> tuple[FactorSpec, ...]:
    """No, one or two factors, between or within persons, with small weights, also such as have a common divisor."""
    found = []
    for key in draw(st.lists(st.sampled_from(["disclaimer", "source-label"]), max_size=2, unique=True)):
        count = draw(st.integers(2, 4))
        times = draw(st.sampled_from((1, 1, 2, 25)))
        weights = [times * draw(st.integers(1, 3)) for _ in range(count)]
        within = draw(st.booleans()) and count <= per_person
        found.append(FactorSpec(key, tuple((f"level-{n}", weight) for n, weight in enumerate(weights)), within))
    return tuple(found)


@st.composite
def designs(draw: st.DrawFn, kind: DesignKind | None = None) -> DesignSpec:
    """Any small design without problems."""
    kinds: tuple[DesignKind, ...] = (kind,) if kind else ("between", "within", "mixed")
    chosen = draw(st.sampled_from(kinds))
    read_together = 1 if chosen == "between" else draw(st.integers(2, 3))
    per_person = draw(st.integers(read_together, 5))
    return design(
        chosen,
        arms=draw(st.integers(1, 4)) if chosen == "between" else read_together * (2 if chosen == "mixed" else 1),
        stories=draw(st.integers(per_person, 7)),
        per_person=per_person,
        order=draw(st.sampled_from(ORDERS)),
        allocation=draw(st.sampled_from(ALLOCATIONS)),
        versions=draw(st.integers(1, 3)),
        factors=draw(factors(per_person)),
    )


# What happens, one number each: ``unfold`` makes an arrival, a departure or a return of it. First people only arrive,
# since every departure lets the bound be wider.
HAPPENINGS = st.builds(
    lambda calm, happenings: [0] * calm + happenings, st.integers(0, 30), st.lists(st.integers(0, 99), max_size=50)
)


class Recruitment:
    """People who arrive one after the other; every place counts until it is freed."""

    def __init__(self, spec: DesignSpec, seed: int) -> None:
        self.spec, self.seed = spec, seed
        self.given: list[Assignment] = []
        self.arms: Counter[str] = Counter()
        self.articles: Counter[str] = Counter()
        self.cells: Counter[tuple[str, int]] = Counter()
        self.people: Counter[tuple[str, str]] = Counter()
        self.readings: Counter[tuple[str, int, str]] = Counter()

    def counts(self) -> Counts:
        people, readings = dict(self.people), dict(self.readings)
        return Counts(dict(self.arms), dict(self.articles), dict(self.cells), people=people, readings=readings)

    def arrive(self) -> Assignment:
        number = len(self.given)
        given = assign(self.spec, self.counts(), f"person-{number}", self.seed, number)
        self.given.append(given)
        self.count(given, 1)
        return given

    def count(self, given: Assignment, times: int) -> None:
        self.arms[given.arm] += times
        if given.condition:
            self.people[given.arm, given.condition] += times
        for trial in given.plan:
            self.articles[trial.article_key] += times
            self.cells[trial.article_key, trial.position] += times
            if self.spec.within:
                within = part(self.spec.within, trial.condition)
                self.readings[trial.article_key, trial.position, within] += times

    def gap(self, names: Sequence[str]) -> int:
        """How far apart the people of these arms or rows are."""
        return max(self.arms[name] for name in names) - min(self.arms[name] for name in names)

    def article_gap(self, arm: str) -> int:
        seen = [self.articles[article.key] for article in self.spec.articles if article.arm == arm]
        return max(seen) - min(seen)

    def position_gap(self) -> int:
        """The widest difference between two positions of one article."""
        return max(
            max(at) - min(at)
            for article in self.spec.articles
            for at in [[self.cells[article.key, position] for position in range(self.spec.per_person)]]
        )

    def arm_position_gap(self) -> int:
        """The widest difference between two positions of one arm."""
        gaps = []
        for arm in self.spec.arms:
            keys = [article.key for article in self.spec.articles if article.arm == arm.key]
            at = [sum(self.cells[key, p] for key in keys) for p in range(self.spec.per_person)]
            gaps.append(max(at) - min(at))
        return max(gaps)


class Unrest:
    """Departures and returns so far: how many of each left, and how many of each came back, by whatever names it."""

    def __init__(self, named: Callable[[Assignment], Iterable[str]]) -> None:
        self._named = named
        self.left: Counter[str] = Counter()
        self.back: Counter[str] = Counter()

    def note(self, what: str, given: Assignment) -> None:
        if what != "arrive":
            (self.left if what == "leave" else self.back).update(self._named(given))

    def beyond(self, counts: Mapping[str, int], weights: Mapping[str, int]) -> list[tuple[str, str]]:
        """The pairs that are further apart than the rule of Sainte-Laguë lets them be, and this unrest adds to it.

        That is c_i/w_i - c_j/w_j <= (1/w_i + 1/w_j) / 2 + (who left j) / w_j + (who came back to i) / w_i: an arrival
        at i is only made where it ends within the first part, a departure adds 1/w_j, and a return 1/w_i.
        """
        found = []
        for one, other in permutations(weights, 2):
            apart = Fraction(counts.get(one, 0), weights[one]) - Fraction(counts.get(other, 0), weights[other])
            most = (Fraction(1, weights[one]) + Fraction(1, weights[other])) / 2
            most += Fraction(self.left[other], weights[other]) + Fraction(self.back[one], weights[one])
            if apart > most:
                found.append((one, other))
        return found


def unfold(recruitment: Recruitment, happenings: Sequence[int]) -> Iterator[tuple[str, Assignment]]:
    """('arrive', 'leave' or 'return', who) for each number: a third of them each, as long as there is somebody."""
    present: list[Assignment] = []
    gone: list[Assignment] = []
    for happening in happenings:
        if happening % 3 == 1 and present:
            what, one, other, times = "leave", present, gone, -1
        elif happening % 3 == 2 and gone:
            what, one, other, times = "return", gone, present, 1
        else:
            present.append(recruitment.arrive())
            yield "arrive", present[-1]
            continue
        other.append(one.pop(happening % len(one)))
        recruitment.count(other[-1], times)
        yield what, other[-1]
