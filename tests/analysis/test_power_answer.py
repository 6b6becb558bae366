"""An answer is rows under names that stay, and its progress counts every study that there can be, those for the fewest
people among them."""

from dataclasses import fields

import pandas as pd

from analysis.power import PowerPoint
from analysis.power_answer import Needed, PowerAnswer, PowerQuestion, power_answer
from analysis.power_size import Components

PARTS = Components(person=0.5, article=0.1, noise=0.8)


def told(question: PowerQuestion) -> list[tuple[int, int]]:
    """What ``progress`` was called with."""
    calls: list[tuple[int, int]] = []
    power_answer(question, PARTS, progress=lambda done, total: calls.append((done, total)))
    return calls


def test_progress_never_goes_back_and_never_beyond_its_total() -> None:
    calls = told(PowerQuestion(1.2, people=(12, 200), articles=(4, 5), ratings=2, small_simulations=2))
    done, totals = zip(*calls, strict=True)
    # One small size for each number of articles, and two sizes each for the fewest people.
    assert set(totals) == {2 * 2 + 2 * 2 * 2}
    assert list(done) == sorted(set(done))
    assert done[:4] == (1, 2, 3, 4)
    assert done[4] == 5
    assert {9, 10} <= set(done)
    assert done[-1] <= totals[0]


def test_frames_hold_a_row_a_size_and_a_row_a_number_of_articles() -> None:
    found = power_answer(
        PowerQuestion(0.6, people=(60, 120), articles=(2, 12), ratings=2, small_simulations=0),
        Components(person=0.5, article=0.5, noise=0.8),
    )
    sizes, needed = found.to_frame(), found.needed_frame()
    assert list(sizes.columns) == [field.name for field in fields(PowerPoint)]
    assert list(zip(sizes["articles"], sizes["people"], strict=True)) == [(2, 60), (2, 120), (12, 60), (12, 120)]
    assert list(needed.columns) == [field.name for field in fields(Needed)]
    assert list(needed["articles"]) == [2, 12]
    assert pd.isna(needed["people"][0])
    assert needed["people"][1] == found.needed[1].people
    assert needed["people"].dtype == "Int64"


def test_an_answer_without_sizes_has_the_same_columns() -> None:
    asked = PowerQuestion(0.6, people=(), articles=())
    empty = PowerAnswer(asked, power_answer(asked, PARTS).curve, ())
    assert list(empty.needed_frame().columns) == [field.name for field in fields(Needed)]
    assert empty.needed_frame()["people"].dtype == "Int64"
    assert list(empty.to_frame().columns) == [field.name for field in fields(PowerPoint)]
