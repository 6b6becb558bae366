"""A ledger replays to the same result, and says where it was touched."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surveys.design import Assignment, Counts, DesignSpec, LedgerLine, assign, replay, seed_for
from tests.surveys.design.designs import Recruitment, design, designs


def ledger(spec: DesignSpec, people: int, mode: str = "live", stratum: str = "") -> list[LedgerLine]:
    """The lines of a recruitment, through JSON as a database keeps them."""
    seed = seed_for(mode, stratum)
    recruitment = Recruitment(spec, seed)
    lines = []
    for number in range(people):
        counts = json.loads(json.dumps(recruitment.counts().to_dict()))
        result = json.loads(recruitment.arrive().canonical())
        lines.append(LedgerLine(mode, stratum, number, f"person-{number}", seed, counts, result))
    return lines


@given(designs(), st.integers(0, 12))
@settings(max_examples=40)
def test_an_untouched_ledger_is_identical_in_any_order_of_its_lines(spec: DesignSpec, people: int) -> None:
    lines = ledger(spec, people) + ledger(spec, people, "pilot") + ledger(spec, people, stratum="left")
    assert replay(spec, lines[::-1]) == []


def _other_arm(line: LedgerLine) -> LedgerLine:
    other = "arm-1" if line.result["arm"] == "arm-0" else "arm-0"
    return replace(line, result={**line.result, "arm": other})


def _other_text(line: LedgerLine) -> LedgerLine:
    trial, *rest = line.result["plan"]
    return replace(line, result={**line.result, "plan": [{**trial, "sha256": "swapped"}, *rest]})


@pytest.mark.parametrize(
    ("touch", "sentence"),
    [
        (_other_arm, "recorded arm"),
        (_other_text, "position 0: recorded"),
        (lambda line: replace(line, result={**line.result, "plan": line.result["plan"][:1]}), "recorded 1 articles"),
        (lambda line: replace(line, result={**line.result, "tied": []}), "recorded the tie"),
        (lambda line: replace(line, result={"arm": "arm-0"}), "cannot be read: KeyError"),
        (lambda line: replace(line, counts_seen={}), "cannot be read: KeyError"),
        (lambda line: replace(line, seed=line.seed + 1), "recorded"),
    ],
)
def test_a_touched_line_is_named(touch: Callable[[LedgerLine], LedgerLine], sentence: str) -> None:
    spec = design(stories=6, per_person=3)
    lines = ledger(spec, 10)
    lines[4] = touch(lines[4])
    (difference,) = replay(spec, lines)
    assert (difference.mode, difference.stratum, difference.sequence) == ("live", "", 4)
    assert sentence in difference.what


def test_a_missing_line_is_named() -> None:
    spec = design()
    lines = ledger(spec, 6)
    (difference,) = replay(spec, lines[:3] + lines[4:])
    assert difference.sequence == 4
    assert "number 3 should stand here" in difference.what


def test_an_assignment_beyond_the_targets_is_named() -> None:
    lines = ledger(design(), 4)
    differences = replay(design(target=1), lines)
    assert [difference.sequence for difference in differences] == [2, 3]
    assert "reached its target" in differences[0].what


@given(designs())
def test_an_assignment_survives_being_written_down(spec: DesignSpec) -> None:
    given_now = assign(spec, Counts(), "person", 1, 0)
    again = Assignment.from_dict(json.loads(given_now.canonical()))
    assert again == given_now
    assert again.canonical() == given_now.canonical()


@given(
    st.builds(
        Counts,
        st.dictionaries(st.text(), st.integers(1)),
        st.dictionaries(st.text(), st.integers(1)),
        st.dictionaries(st.tuples(st.text(), st.integers(0, 50)), st.integers(1)),
        st.none() | st.dictionaries(st.text(), st.integers(1)),
    )
)
def test_counts_survive_being_written_down(counts: Counts) -> None:
    data: dict[str, Any] = json.loads(json.dumps(counts.to_dict()))
    assert Counts.from_dict(data) == counts


def test_counts_of_nothing_are_left_out() -> None:
    assert Counts({"a": 0}, {"b": 0}, {("b", 1): 0}).to_dict() == {"arms": {}, "articles": {}, "cells": []}
