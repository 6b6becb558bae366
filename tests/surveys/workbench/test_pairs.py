"""The triangle of the design check: which articles one person reads together, for two articles and for forty."""

import pytest

from surveys.design import DesignSpec, simulate
from surveys.design.pairs import Pair, pairs_of
from surveys.workbench.pairs import DRAWN, LISTED, Triangle, kind, listed, triangle
from tests.surveys.design.designs import design


def _drawn(spec: DesignSpec) -> Triangle | None:
    return triangle(spec.articles, pairs_of(spec, simulate(spec, 100, 0, seed=1)))


def test_two_articles_make_one_square_with_its_number() -> None:
    drawn = _drawn(design(arms=1, stories=2, per_person=2))
    assert drawn is not None
    assert [(row.number, row.article, len(row.squares)) for row in drawn.rows] == [
        (1, "a0-s0-v0", 0),
        (2, "a0-s1-v0", 1),
    ]
    (square,) = drawn.rows[1].squares
    assert (square.text, square.kind, square.pair.met) == ("100", "as", 100)


def test_forty_articles_are_drawn_small_and_a_cross_marks_who_never_meet() -> None:
    drawn = _drawn(design(arms=2, stories=20, per_person=2))
    assert drawn is not None
    squares = [square for row in drawn.rows for square in row.squares]
    assert len(squares) == 2 * 190
    assert {(square.text, square.pair.met == 0) for square in squares} == {("×", True), ("", False)}
    assert drawn.width < 900
    # No two squares lie on each other, and each lies in the row and under the column of its two articles.
    assert len({(square.x, square.y) for square in squares}) == len(squares)
    assert all(square.x + drawn.size[0] <= drawn.width and square.y < drawn.height for square in squares)
    assert [number for _, number in drawn.columns] == [1, 5, 10, 15, 20, 25, 30, 35]


def test_more_articles_than_can_be_seen_are_not_drawn_and_the_list_begins_with_the_furthest_from_chance() -> None:
    spec = design(arms=1, stories=DRAWN + 1, per_person=2)
    assert _drawn(spec) is None
    pairs = pairs_of(spec, simulate(spec, 100, 0, seed=1))
    assert len(listed(pairs)) == LISTED
    far = [abs(pair.residual) for pair in listed(pairs)]
    assert far == sorted(far, reverse=True)


@pytest.mark.parametrize(
    ("met", "expected"), [(0, "less-2"), (60, "less-2"), (75, "less-1"), (100, "as"), (125, "more-1"), (140, "more-2")]
)
def test_a_square_is_tinted_where_chance_seldom_comes_and_dark_where_it_hardly_ever_does(
    met: int, expected: str
) -> None:
    assert kind(Pair(("a", "b"), ("one", "one"), met, by_chance=100)) == expected
