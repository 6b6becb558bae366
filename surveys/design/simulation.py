"""What a design's cells will look like: invented people arrive, some leave, and everything is counted."""

from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate

from surveys.design.allocation import assign
from surveys.design.draws import Draws, seed_for
from surveys.design.factors import combinations, part
from surveys.design.lanes import QuotaFull, groups
from surveys.design.plan import Assignment, Counts
from surveys.design.spec import DesignSpec

_MILLION = 1_000_000


@dataclass(frozen=True)
class Cell:
    """How many people started, and completed, with an article at a position (from 0)."""

    arm: str
    story: str
    article_key: str
    position: int
    started: int
    completed: int


@dataclass(frozen=True)
class Simulated:
    """The cells after a simulated recruitment; every cell is there, the empty ones too.

    - arms: ``Assignment.arm`` -> (people who started, people who completed).
    - cells: one for each article and position.
    - pairs: (article, article) in alphabetical order -> completed people who read both.
    - turned_away: arrivals who found every target reached, or the quota of their stratum.
    - conditions: (arm, condition) -> (readings by people who started, by people who completed); empty where the
      design has no factors.
    """

    arms: Mapping[str, tuple[int, int]]
    cells: tuple[Cell, ...]
    pairs: Mapping[tuple[str, str], int]
    turned_away: int
    conditions: Mapping[tuple[str, str], tuple[int, int]]


ONE_STRATUM = (("", 1),)


def simulate(
    spec: DesignSpec,
    arrivals: int,
    dropout: Decimal | float,
    seed: int,
    lease: int = 10,
    strata: Sequence[tuple[str, int]] = ONE_STRATUM,
) -> Simulated:
    """The cells when ``arrivals`` people come one after the other and a share ``dropout`` (0 to 1) never finishes.

    A person who leaves holds their place until ``lease`` more people have come, as a lapsing lease does; then the
    place is given again. ``strata`` are (stratum, its share of those who come): each is balanced for itself and has its
    quota, while targets count over all. The same arguments give the same table.
    Raises ValueError for a dropout outside 0 to 1, a negative lease, or a design with problems.
    """
    if not 0 <= dropout <= 1:
        raise ValueError(f"dropout is a share from 0 to 1, not {dropout}")
    if lease < 0:
        raise ValueError(f"lease is a number of arrivals from 0, not {lease}")
    leaves_below = round(dropout * _MILLION)
    held, started, completed = {name: _Tally(spec) for name, _ in strata}, _Tally(spec), _Tally(spec)
    drawn, given_numbers = Draws(seed, "strata"), Counter[str]()
    up_to = list(accumulate(share for _, share in strata))
    pairs: Counter[tuple[str, str]] = Counter()
    leavers: deque[tuple[int, str, Assignment]] = deque()
    leaving = Draws(seed, "leaves")
    seeds = {name: seed_for(seed, "simulation", *filter(None, [name])) for name, _ in strata}
    turned_away = 0
    for number in range(arrivals):
        while leavers and leavers[0][0] <= number:
            _, stratum, gone = leavers.popleft()
            held[stratum].add(gone, -1)
        stratum = strata[bisect_right(up_to, drawn.below(up_to[-1]))][0]
        try:
            counts = held[stratum].counts(sum((each.arms for each in held.values()), Counter()))
            given = assign(spec, counts, f"arrival-{number}", seeds[stratum], given_numbers[stratum], stratum)
        except QuotaFull:
            turned_away += 1
            continue
        given_numbers[stratum] += 1
        held[stratum].add(given)
        started.add(given)
        if leaving.below(_MILLION) < leaves_below:
            leavers.append((number + 1 + lease, stratum, given))
            continue
        completed.add(given)
        pairs.update(_pairs(given))
    return _table(spec, started, completed, pairs, turned_away)


class _Tally:
    """Running counts of assignments."""

    def __init__(self, spec: DesignSpec) -> None:
        self.spec = spec
        self.arms: Counter[str] = Counter()
        self.articles: Counter[str] = Counter()
        self.cells: Counter[tuple[str, int]] = Counter()
        self.conditions: Counter[tuple[str, str]] = Counter()
        self.readings: Counter[tuple[str, int, str]] = Counter()
        self.shown: Counter[tuple[str, str]] = Counter()
        self.people = 0

    def add(self, given: Assignment, times: int = 1) -> None:
        self.people += times
        self.arms[given.arm] += times
        if given.condition:
            self.conditions[given.arm, given.condition] += times
        for trial in given.plan:
            self.articles[trial.article_key] += times
            self.cells[trial.article_key, trial.position] += times
            if trial.condition:
                self.shown[trial.arm, trial.condition] += times
            if self.spec.within:
                within = part(self.spec.within, trial.condition)
                self.readings[trial.article_key, trial.position, within] += times

    def counts(self, totals: Mapping[str, int]) -> Counts:
        return Counts(self.arms, self.articles, self.cells, totals, self.conditions, self.readings)


def _pairs(given: Assignment) -> list[tuple[str, str]]:
    keys = sorted(trial.article_key for trial in given.plan)
    return [(first, second) for n, first in enumerate(keys) for second in keys[n + 1 :]]


def _table(
    spec: DesignSpec, started: _Tally, completed: _Tally, pairs: Counter[tuple[str, str]], turned_away: int
) -> Simulated:
    lanes = [lane.name for group in groups(spec) for lane in group.lanes]
    cells = tuple(
        Cell(
            article.arm,
            article.story,
            article.key,
            position,
            started.cells[article.key, position],
            completed.cells[article.key, position],
        )
        for article in spec.articles
        for position in range(spec.per_person)
    )
    arms = {name: (started.arms[name], completed.arms[name]) for name in lanes}
    every = (each.name for each in combinations(spec.factors) if each.name)
    conditions = {
        (arm.key, name): (started.shown[arm.key, name], completed.shown[arm.key, name])
        for name in every
        for arm in spec.arms
    }
    return Simulated(arms, cells, dict(sorted(pairs.items())), turned_away, conditions)
