"""Exclusions are named in words."""

from analysis.sections.exclusions import _levels
from tests.analysis.ratings import simulated


def test_one_check_is_one_and_two_are_checks() -> None:
    frame = simulated(people=30)
    frame["attention"] = frame["participant"].str[1:].astype(int) % 4
    said = [words for words, _ in _levels(frame)]
    assert said[1].startswith("of people who failed at most 1 check")
    assert "at most 1 checks" not in " ".join(said)
    assert "at most 2 checks" in said[2]
