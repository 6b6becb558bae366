"""The figure of a design check that shows which articles are read together: a triangle of squares, one a pair.

Its drawing units are those of the page's other figure (``views/designing.py``).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from surveys.design import ArticleSpec
from surveys.design.pairs import Pair

# Up to so many articles each square has room for its number; up to so many the triangle is drawn at all.
WITH_NUMBERS, DRAWN = 16, 80
# The most pairs that the page lists; what lies furthest from chance comes first.
LISTED = 1000
NAMES, TOP = 200, 26
# Residuals from which a square is tinted, and from which it is dark.
_SELDOM, _HARDLY_EVER = 2, 4


@dataclass(frozen=True)
class Square:
    """One pair: where it stands, what to write on it, how it lies against chance, and what it says when pointed at.

    ``kind`` is 'less-2', 'less-1', 'as', 'more-1' or 'more-2'. On a square without a number only a cross is written:
    on those of pairs that never meet.
    """

    x: float
    y: float
    text: str
    kind: str
    pair: Pair


@dataclass(frozen=True)
class Row:
    """An article, by its number among all, with the squares of its pairs with those before it."""

    number: int
    article: str
    y: float
    squares: tuple[Square, ...]


@dataclass(frozen=True)
class Triangle:
    """The figure: a row for each article, and over some columns their article's number (x, number)."""

    rows: tuple[Row, ...]
    columns: tuple[tuple[float, int], ...]
    size: tuple[int, int]
    width: int
    height: int


def triangle(articles: Sequence[ArticleSpec], pairs: Sequence[Pair]) -> Triangle | None:
    """The figure of these articles, in their order; None for so many that nothing could be seen."""
    if len(articles) > DRAWN:
        return None
    has_numbers = len(articles) <= WITH_NUMBERS
    wide, high = (44, 26) if has_numbers else (16, 16)
    number = {article.key: n for n, article in enumerate(articles)}
    of: dict[int, list[Square]] = {n: [] for n in range(len(articles))}
    for pair in pairs:
        column, row = sorted(number[key] for key in pair.articles)
        text = str(pair.met) if has_numbers else "" if pair.met else "×"
        of[row].append(Square(NAMES + wide * column, TOP + high * row, text, kind(pair), pair))
    rows = (Row(n + 1, article.key, TOP + high * n, tuple(of[n])) for n, article in enumerate(articles))
    every = 1 if has_numbers else 5
    columns = ((NAMES + wide * (n + 0.5), n + 1) for n in range(len(articles) - 1) if (n + 1) % every == 0 or n == 0)
    size = (NAMES + wide * len(articles), TOP + high * len(articles))
    return Triangle(tuple(rows), tuple(columns), (wide - 2, high - 2), *size)


def kind(pair: Pair) -> str:
    """How a pair lies against chance, as a class of the stylesheet names it."""
    beyond = (abs(pair.residual) >= _SELDOM) + (abs(pair.residual) >= _HARDLY_EVER)
    if not beyond:
        return "as"
    return f"{'more' if pair.residual > 0 else 'less'}-{beyond}"


def listed(pairs: Sequence[Pair]) -> list[Pair]:
    """Those that the page lists, the furthest from chance first."""
    return sorted(pairs, key=lambda pair: -abs(pair.residual))[:LISTED]
