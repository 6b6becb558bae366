"""Accuracy counts the answers that name a source, one person at a time."""

import math

import pandas as pd
import pytest

from analysis.attribution import attribution_accuracy
from analysis.intervals import wilson
from analysis.validation import FrameError


def answers(*rows: tuple[str, str, float | None]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["participant", "origin", "attribution"])
    return frame.assign(arm=frame["origin"], article=[f"a{n}" for n in range(len(frame))])


def test_right_is_above_the_neutral_answer_for_machines_and_below_it_for_people() -> None:
    frame = answers(
        ("a", "synthetic", 5), ("b", "synthetic", 4), ("c", "synthetic", 2), ("d", "real", 1), ("e", "real", 4)
    )
    by_arm = {row.arm: row for row in attribution_accuracy(frame).rows}
    assert by_arm["synthetic"].accuracy == pytest.approx(2 / 3)
    assert by_arm["real"].accuracy == 0.5
    assert by_arm["all"].accuracy == pytest.approx(3 / 5)
    assert by_arm["all"].said_synthetic == pytest.approx(3 / 5)
    assert (by_arm["all"].ci_low, by_arm["all"].ci_high) == pytest.approx(wilson(3 / 5, 5))
    assert [row.origin for row in attribution_accuracy(frame).rows] == ["real", "synthetic", ""]


def test_neutral_and_missing_answers_do_not_count_and_are_counted() -> None:
    frame = answers(("a", "synthetic", 3), ("b", "synthetic", None), ("c", "synthetic", 5), ("d", "real", 3))
    row = attribution_accuracy(frame).rows[-1]
    assert (row.n_answers, row.n_neutral, row.n_missing, row.accuracy) == (1, 2, 1, 1.0)


def test_people_who_only_could_not_tell_leave_no_number() -> None:
    row = attribution_accuracy(answers(("a", "real", 3), ("b", "real", 3))).rows[0]
    assert (row.n_people, row.n_answers) == (0, 0)
    assert math.isnan(row.accuracy)
    assert math.isnan(row.ci_low)


def test_each_person_counts_once() -> None:
    frame = answers(*[("a", "synthetic", 5.0)] * 9, ("b", "synthetic", 1))
    assert attribution_accuracy(frame).rows[0].accuracy == 0.5


def test_without_an_origin_no_answer_is_right() -> None:
    frame = answers(("a", "real", 1))
    with pytest.raises(FrameError, match="the column 'origin' is missing"):
        attribution_accuracy(frame.drop(columns="origin"))
    with pytest.raises(FrameError, match="must be 'real' or 'synthetic', not 'ghost'"):
        attribution_accuracy(frame.assign(origin="ghost"))


def test_the_frame_has_stable_columns() -> None:
    frame = attribution_accuracy(answers(("a", "real", 1)), arms=["real", "synthetic"]).to_frame()
    assert list(frame["arm"]) == ["real", "synthetic", "all"]
    assert {"accuracy", "ci_low", "ci_high", "n_people", "n_answers", "n_neutral"} <= set(frame.columns)
