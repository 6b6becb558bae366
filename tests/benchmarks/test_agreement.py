"""The benchmark of agreement makes ratings of a known alpha, and says whether their interval holds it."""

import numpy as np
import pytest

from analysis.agreement import krippendorff
from benchmarks import agreement
from benchmarks.agreement import Kind, answered, rated


@pytest.mark.parametrize("lopsided", [False, True])
def test_as_much_of_the_ratings_variance_as_alpha_says_lies_between_articles(lopsided: bool) -> None:
    frame = rated(np.random.default_rng(4), Kind(1, 1500, 3000, 6, lopsided), 0.3)
    assert len(frame.drop_duplicates(["participant", "article"])) == len(frame) == 18_000
    held, low, estimate, corrected = agreement._of_one(frame, 0.3)
    assert (held, low) == (True, False)
    assert estimate == pytest.approx(corrected, abs=0.01)
    assert corrected == pytest.approx(0.3, abs=0.06)


def test_people_read_the_articles_of_their_own_arm() -> None:
    frame = rated(np.random.default_rng(2), Kind(2, 8, 40, 4), 0.1)
    assert frame.groupby("article")["arm"].nunique().max() == frame.groupby("participant")["arm"].nunique().max() == 1
    assert frame.groupby("participant").size().unique().tolist() == [4]


@pytest.mark.parametrize(("held", "without", "wrong"), [(95, 0, False), (87, 0, False), (83, 0, True), (0, 100, True)])
def test_a_kind_whose_intervals_hold_too_seldom_or_that_has_none_misses_the_bar(
    held: int, without: int, wrong: bool
) -> None:
    rows = np.array([[0.1, 0.5]] * held + [[0.4, 0.5]] * (100 - held - without) + [[np.nan, np.nan]] * without)
    assert agreement.misses(rows, 0.3) is wrong
    cell, share = agreement.yes_no_cell(rows, 0.3)
    assert (share is None) == (cell == "no interval") == (without == 100)


@pytest.mark.parametrize("two", [True, False], ids=["two kinds", "beta"])
def test_yes_no_ratings_have_the_share_and_the_alpha_that_were_asked_for(two: bool) -> None:
    frame = answered(np.random.default_rng(2), Kind(1, 3000, 3000, 4), 0.1, 0.6, two=two)
    (row,) = krippendorff(frame, "rating", metric="interval").rows
    assert frame["rating"].mean() == pytest.approx(0.1, abs=0.02)
    assert row.corrected == pytest.approx(0.6, abs=0.05)
