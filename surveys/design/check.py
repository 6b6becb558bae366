"""A design held against what it should do: a simulated recruitment, summed up, and what a researcher should look at.

The thresholds are for people's eyes, not tests: they are wide enough that chance alone seldom passes them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import sqrt
from typing import Literal

from surveys.design.lanes import groups
from surveys.design.pairs import Pair, pairs_of
from surveys.design.simulation import ONE_STRATUM, Cell, Simulated, simulate
from surveys.design.spec import ArticleSpec, DesignSpec

ARRIVALS = 1000
# Places that are compared with stories, over all arrivals: about a second of one processor.
_WORK = 3_000_000
# Below so many arrivals the table would show chance more than the design.
FEWEST = 100


@dataclass(frozen=True)
class Spread:
    """The least and the most of some counts."""

    least: int
    most: int


@dataclass(frozen=True)
class Finding:
    """One thing that the check looked at, by name: ``fine``, or to be looked at.

    ``spread`` are the least and most completed people or readings of an arm, story, position or condition; for 'pairs'
    how many pairs met, of how many that can; for 'full' how many were turned away, twice.
    """

    what: Literal["arms", "articles", "positions", "conditions", "pairs", "full"]
    fine: bool
    spread: Spread


@dataclass(frozen=True)
class Checked:
    """A design's simulated recruitment: its table, and the findings in the order of their importance.

    ``articles`` are the design's, ``by_article`` completed readings of each, ``pairs`` those of which one person can be
    given both, ``arrivals`` how many came: fewer than ``ARRIVALS`` for a design that is slow to allocate.
    """

    result: Simulated
    arrivals: int
    completed: int
    articles: tuple[ArticleSpec, ...]
    by_article: dict[str, int]
    pairs: tuple[Pair, ...]
    findings: tuple[Finding, ...]

    @property
    def fine(self) -> bool:
        """Whether there is nothing to look at."""
        return all(finding.fine for finding in self.findings)

    def rows(self) -> list[tuple[str, str, list[Cell]]]:
        """(arm, article, its cells by position), in the design's order."""
        found: dict[str, tuple[str, str, list[Cell]]] = {}
        for cell in self.result.cells:
            found.setdefault(cell.article_key, (cell.arm, cell.article_key, []))[2].append(cell)
        return list(found.values())


def arrivals_for(spec: DesignSpec) -> int:
    """How many arrivals can be simulated while somebody waits."""
    stories = max((len(offered) for offered in spec.versions.values()), default=1)
    return min(ARRIVALS, _WORK // (spec.per_person**2 * max(stories, 1)))


def check(spec: DesignSpec, dropout: Decimal, seed: int, strata: Sequence[tuple[str, int]] = ONE_STRATUM) -> Checked:
    """The design under ``arrivals_for`` people of whom a share ``dropout`` never finishes.

    ``strata`` are (stratum, its share of those who come).

    Raises ValueError for a design with problems, and for one too large to be simulated (fewer than ``FEWEST``).
    """
    arrivals = arrivals_for(spec)
    if arrivals < FEWEST and not spec.problems():
        raise ValueError(f"with {spec.per_person} articles a person this design is too large to be simulated on a page")
    result = simulate(spec, arrivals, dropout, seed, strata=strata)
    by_article = {article.key: 0 for article in spec.articles}
    for cell in result.cells:
        by_article[cell.article_key] += cell.completed
    completed = sum(done for _, done in result.arms.values())
    pairs = tuple(pairs_of(spec, result))
    findings = tuple(_findings(spec, result, by_article, pairs))
    return Checked(result, arrivals, completed, spec.articles, by_article, pairs, findings)


def _findings(
    spec: DesignSpec, result: Simulated, by_article: dict[str, int], pairs: Sequence[Pair]
) -> Iterator[Finding]:
    yield _arms(spec, result)
    for_articles = [Spread(min(of), max(of)) for of in _articles_by_arm(spec, by_article)]
    yield Finding("articles", all(map(_even, for_articles)), _worst(for_articles))
    if spec.per_person > 1:
        at = [[cell.completed for cell in cells] for cells in _cells(result).values()]
        positions = [Spread(min(counts), max(counts)) for counts in at]
        even = spec.order == "random" or all(map(_even, positions))
        yield Finding("positions", even, _worst(positions))
        # Which articles meet is not steered: it is told, and to be looked at where most pairs never do.
        meet = sum(pair.met > 0 for pair in pairs)
        yield Finding("pairs", 2 * meet >= len(pairs), Spread(meet, len(pairs)))
    if result.conditions:
        yield _conditions(spec, result)
    yield Finding("full", result.turned_away == 0, Spread(result.turned_away, result.turned_away))


def _arms(spec: DesignSpec, result: Simulated) -> Finding:
    """Completed people against the arms' weights: each arm's number is taken at the weight of the lightest."""
    lightest = min(group.weight for group in groups(spec))
    of = [
        round(sum(result.arms[lane.name][1] for lane in group.lanes) * lightest / group.weight)
        for group in groups(spec)
        if group.target is None or result.turned_away == 0
    ]
    spread = Spread(min(of, default=0), max(of, default=0))
    return Finding("arms", _even(spread), spread)


def _conditions(spec: DesignSpec, result: Simulated) -> Finding:
    weights = {factor.key: dict(factor.levels) for factor in spec.factors}
    of = []
    for (_, condition), (_, done) in result.conditions.items():
        share = 1
        for part in condition.split():
            key, _, level = part.partition(":")
            share *= weights[key][level]
        of.append(done // share)
    spread = Spread(min(of), max(of))
    # Arms of unequal weight have unequal cells by design; only an empty one is then to be looked at.
    equal = len({arm.weight for arm in spec.arms}) == 1
    return Finding("conditions", _even(spread) if equal else spread.least > 0, spread)


def _worst(spreads: list[Spread]) -> Spread:
    return max(spreads, key=lambda spread: (not _even(spread), spread.most - spread.least))


def _even(spread: Spread) -> bool:
    """Whether counts are no wider apart than drop-out makes them by chance (about four standard errors), none empty."""
    is_empty = spread.least == 0 < spread.most
    return not is_empty and spread.most - spread.least <= 2 + 4 * sqrt(spread.most)


def _articles_by_arm(spec: DesignSpec, by_article: dict[str, int]) -> list[list[int]]:
    # Versions of one story share its readers, so that stories are what should be even.
    return [
        [sum(by_article[article.key] for article in of) for of in stories.values()]
        for stories in spec.versions.values()
        if stories
    ]


def _cells(result: Simulated) -> dict[str, list[Cell]]:
    found: dict[str, list[Cell]] = {}
    for cell in result.cells:
        found.setdefault(cell.article_key, []).append(cell)
    return found
