"""Texts that say nearly the same are found whatever their order, and different ones are left alone."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from generation.engine import Duplicates

BRIDGE = (
    "Engineers who inspected the structure last spring found corrosion in eleven of its supports. Traffic will be "
    "sent over the northern crossing, which adds four kilometres to the journey into town. Shop owners fear for the "
    "season, and several have asked for compensation."
)
SCHOOL = (
    "The school board put off its vote on the new timetable after parents complained that the buses would arrive too "
    "early. A second meeting is planned for the first week of June, when the new superintendent takes office."
)


def test_a_text_with_a_few_words_changed_is_nearly_the_same() -> None:
    seen = Duplicates()
    assert seen.flag(3, BRIDGE) is None
    assert seen.flag(4, SCHOOL) is None
    flag = seen.flag(7, BRIDGE.replace("eleven", "twelve"))
    assert flag is not None
    assert flag.code == "near-duplicate"
    assert flag.evidence.startswith("text 3, ")


def test_a_text_is_not_held_against_itself_when_it_is_seen_twice() -> None:
    seen = Duplicates()
    seen.add(1, BRIDGE)
    assert seen.add(1, BRIDGE) is None


def test_texts_without_three_words_are_like_nothing() -> None:
    seen = Duplicates()
    assert [seen.add(key, text) for key, text in enumerate(["", "", "So.", "So.", "\0", "二"])] == [None] * 6


def test_the_most_alike_text_is_named() -> None:
    seen = Duplicates()
    seen.add(1, BRIDGE + " " + SCHOOL[:60])
    seen.add(2, BRIDGE)
    found = seen.add(3, BRIDGE)
    assert found is not None
    assert (found.key, found.share) == (2, 1.0)


@settings(deadline=None)
@given(st.lists(st.sampled_from("abcdefgh"), min_size=3, max_size=40))
def test_an_equal_text_is_always_found(said: list[str]) -> None:
    seen = Duplicates()
    text = " ".join(said)
    seen.add(0, text)
    found = seen.add(1, text.upper())
    assert found is not None
    assert found.share == 1.0
