"""The plan's rules are applied one after the other, each with its counts."""

import pandas as pd
import pytest

from analysis.exclusions import apply_exclusions
from analysis.plan_rules import parse_rule
from analysis.validation import FrameError

RATINGS = pd.DataFrame(
    {
        "participant": ["a", "a", "b", "b", "c", "c", "d", "d"],
        "seconds_on_page": [3.0, 30.0, 40.0, None, 20.0, 900.0, 4.0, 4.5],
        "seen-before": ["no", "yes", "no", "", "not-sure", "no", "yes", "no"],
        "looked-it-up": [0, 1, 0, None, 0, 0, 0, 0],
    }
)
PEOPLE = pd.DataFrame(
    {
        "participant": ["a", "b", "c", "d", "e"],
        "outcome": ["completed", "completed", "left", "completed", "no-consent"],
        "attention_failed": [0, 2, 1, None, None],
        "attention_failed_before": [0, 1, 0, None, None],
        "flags": ["", "fast no-script", "", "fast", ""],
    }
)


def left_by(*rules: str) -> list[int]:
    return list(apply_exclusions(RATINGS, [parse_rule(rule) for rule in rules], PEOPLE).kept.index)


@pytest.mark.parametrize(
    ("rule", "left"),
    [
        ("incomplete", [0, 1, 2, 3, 6, 7]),
        ("attention-failed:2", [0, 1, 4, 5, 6, 7]),
        ("attention-failed", [0, 1, 6, 7]),
        ("attention-failed-before", [0, 1, 4, 5, 6, 7]),
        ("flagged:fast", [0, 1, 4, 5]),
        ("flagged:script", [0, 1, 2, 3, 4, 5, 6, 7]),
        ("faster-than:4", [1, 2, 3, 4, 5, 6, 7]),
        ("slower-than:600", [0, 1, 2, 3, 4, 6, 7]),
        ("seen-before", [0, 2, 3, 4, 5, 7]),
        ("looked-it-up", [0, 2, 3, 4, 5, 6, 7]),
    ],
)
def test_each_rule_leaves_out_whom_it_names(rule: str, left: list[int]) -> None:
    assert left_by(rule) == left


def test_a_rule_counts_what_the_rules_before_it_had_left() -> None:
    result = apply_exclusions(RATINGS, [parse_rule("incomplete"), parse_rule("faster-than:5")], PEOPLE)
    assert (result.people_before, result.ratings_before) == (4, 8)
    first, second = result.steps
    assert (first.people_out, first.ratings_out, first.people_left, first.ratings_left) == (1, 2, 3, 6)
    assert (second.people_out, second.ratings_out, second.people_left, second.ratings_left) == (1, 3, 2, 3)
    assert list(result.to_frame()["rule"]) == ["incomplete", "faster-than:5"]


def test_the_order_of_rules_changes_the_counts_and_never_what_is_left() -> None:
    assert left_by("incomplete", "faster-than:5") == left_by("faster-than:5", "incomplete")


def test_what_a_rule_cannot_judge_stays_and_is_counted() -> None:
    for rule, unknown in (("faster-than:5", 1), ("attention-failed", 1), ("seen-before", 1), ("looked-it-up", 1)):
        (step,) = apply_exclusions(RATINGS, [parse_rule(rule)], PEOPLE).steps
        assert step.n_unknown == unknown, rule


def test_who_could_not_be_checked_for_a_flag_stays_and_is_counted() -> None:
    people = PEOPLE.assign(flags_unknown=["fast", "", "fast slow", "slow", "fast"])
    result = apply_exclusions(RATINGS, [parse_rule("flagged:fast")], people)
    assert list(result.kept.index) == [0, 1, 4, 5]
    assert result.steps[0].n_unknown == 2
    without = apply_exclusions(RATINGS, [parse_rule("flagged:fast")], PEOPLE.assign(flags=None))
    assert (len(without.kept), without.steps[0].n_unknown) == (8, 4)


def test_no_rules_leave_everything() -> None:
    result = apply_exclusions(RATINGS, [])
    assert result.kept is RATINGS
    assert result.to_frame().empty


def test_a_rule_that_does_not_find_its_column_is_an_error() -> None:
    with pytest.raises(FrameError, match="'faster-than:5' needs the column 'seconds_on_page' of ratings"):
        apply_exclusions(RATINGS.drop(columns="seconds_on_page"), [parse_rule("faster-than:5")])
    with pytest.raises(FrameError, match="'incomplete' needs the table of participants"):
        apply_exclusions(RATINGS, [parse_rule("incomplete")])


def test_ratings_of_somebody_who_never_arrived_are_an_error() -> None:
    with pytest.raises(FrameError, match="'d' has ratings and is not in the table of participants") as error:
        apply_exclusions(RATINGS, [parse_rule("incomplete")], PEOPLE.iloc[:3])
    assert error.value.rows == (6, 7)
