"""Which articles one person reads together, how often they do in a simulated recruitment, and how often by chance."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt

from surveys.design.simulation import Simulated
from surveys.design.spec import ArticleSpec, DesignSpec


@dataclass(frozen=True)
class Pair:
    """Two articles that one person can be given, in the design's order, and the arm of each.

    ``met`` completed people read both; ``by_chance`` would on average, as ``pairs_of`` says.
    """

    articles: tuple[str, str]
    arms: tuple[str, str]
    met: int
    by_chance: float

    @property
    def residual(self) -> float:
        """Pearson's: how far ``met`` lies from chance, in units of what chance itself does; 0 where nothing was read.

        Beyond 2 it is seldom chance, beyond 4 hardly ever (Friendly 1994, doi 10.1080/01621459.1994.10476460).
        """
        return (self.met - self.by_chance) / sqrt(self.by_chance) if self.by_chance else 0.0


@dataclass(frozen=True)
class ArmPair:
    """The pairs of articles of two arms, or of one: how many ``can`` meet and ``do``, and how often each of them."""

    arms: tuple[str, str]
    can: int
    do: int
    least: int
    mean: float
    most: int


def possible_pairs(spec: DesignSpec) -> list[tuple[ArticleSpec, ArticleSpec]]:
    """The pairs of articles, of different stories, that the arms of one person offer, in the design's order."""
    found = []
    for _, arms in spec.groups:
        keys = {arm.key for arm in arms}
        of = [article for article in spec.articles if article.arm in keys]
        found += [(one, other) for n, one in enumerate(of) for other in of[n + 1 :] if other.story != one.story]
    return found


def pairs_of(spec: DesignSpec, result: Simulated) -> list[Pair]:
    """Every pair that can meet.

    By chance: the meetings of two arms fall on their pairs of articles in proportion to how often the one and the other
    article is read at all, so that an article that few read, as one of many versions of its story, is no finding.
    """
    read: dict[str, int] = defaultdict(int)
    for cell in result.cells:
        read[cell.article_key] += cell.completed
    found = [
        (
            (one.key, other.key),
            (one.arm, other.arm),
            result.pairs.get((min(one.key, other.key), max(one.key, other.key)), 0),
        )
        for one, other in possible_pairs(spec)
    ]
    meetings: dict[frozenset[str], int] = defaultdict(int)
    shares: dict[frozenset[str], int] = defaultdict(int)
    for (one, other), arms, met in found:
        meetings[frozenset(arms)] += met
        shares[frozenset(arms)] += read[one] * read[other]
    return [
        Pair(
            (one, other), arms, met, _part(meetings[frozenset(arms)], read[one] * read[other], shares[frozenset(arms)])
        )
        for (one, other), arms, met in found
    ]


def _part(whole: int, share: int, shares: int) -> float:
    return whole * share / shares if shares else 0.0


def by_arms(pairs: Iterable[Pair]) -> list[ArmPair]:
    """The same by arms, in the order in which they come."""
    of: dict[frozenset[str], list[Pair]] = {}
    for pair in pairs:
        of.setdefault(frozenset(pair.arms), []).append(pair)
    return [
        ArmPair(
            its[0].arms,
            len(its),
            sum(pair.met > 0 for pair in its),
            min(pair.met for pair in its),
            sum(pair.met for pair in its) / len(its),
            max(pair.met for pair in its),
        )
        for its in of.values()
    ]
