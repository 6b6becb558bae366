"""The checks: what they flag, what they let pass, and that what cannot be known is never held against anybody."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.quality import CHECKS, Evidence, Finding, Reading, flags, judge, unknown


def found(check: str, **seen: object) -> Finding:
    evidence = Evidence("ab12", **seen)  # type: ignore[arg-type]  # named as the checks have them
    return next(finding for finding in judge(evidence) if finding.check == check)


def test_of_whom_nothing_is_known_no_check_fails() -> None:
    findings = judge(Evidence("ab12"))
    assert {finding.state for finding in findings} == {"unavailable"}
    assert flags(findings) == ""
    assert unknown(findings).split() == list(CHECKS)
    assert all(finding.evidence.endswith(".") for finding in findings)


@pytest.mark.parametrize(
    ("passed", "state", "said"),
    [((True, True), "pass", "2 of 2"), ((True, False), "fail", "1 of 2"), ((False,), "fail", "0 of 1")],
)
def test_attention_is_told_by_level(passed: tuple[bool, ...], state: str, said: str) -> None:
    finding = found("attention", attention=passed)
    assert (finding.state, said in finding.evidence) == (state, True)


@pytest.mark.parametrize(
    ("words", "seconds", "state"),
    [(600, 60, "pass"), (601, 60, "fail"), (300, 0, "fail"), (5, 0.6, "pass"), (0, 0, "unavailable")],
)
def test_speeding_is_more_than_six_hundred_words_a_minute(words: int, seconds: float, state: str) -> None:
    assert found("speeding", readings=(Reading(words, seconds),)).state == state


def test_speeding_names_how_many_articles_and_the_fastest() -> None:
    finding = found("speeding", readings=(Reading(400, 60), Reading(400, 20), Reading(400, 10)))
    assert finding.evidence.startswith("2 of 3 articles")
    assert "2400 words a minute" in finding.evidence


def test_speeding_says_which_clock_each_article_was_timed_by() -> None:
    timed = (Reading(400, 60, in_view=True), Reading(400, 20), Reading(400, 10), Reading(0, 10, in_view=True))
    finding = found("speeding", readings=timed)
    assert finding.evidence.endswith("Timed while the page was in view: 1; by the server, between pages: 2.")


@pytest.mark.parametrize(
    ("places", "items", "state"),
    [
        ((3, 3, 3, 3, 3, 3), 3, "fail"),
        ((3, 3, 3, 3, 3, 2), 3, "pass"),
        ((3, 3, 3, 3, 3), 3, "unavailable"),
        ((3, 3, 3, 3, 3, 3), 1, "unavailable"),
        ((), 0, "unavailable"),
    ],
)
def test_straight_lining_needs_enough_answers_on_several_scales(
    places: tuple[int, ...], items: int, state: str
) -> None:
    assert found("straight-lining", scale_places=places, scale_items=items).state == state


def test_the_evidence_of_straight_lining_does_not_tell_the_answer() -> None:
    assert "7" not in found("straight-lining", scale_places=(7,) * 6, scale_items=2).evidence


@pytest.mark.parametrize(
    ("check", "seen", "state"),
    [
        ("duplicate-panel-id", {"submissions": 0}, "unavailable"),
        ("duplicate-panel-id", {"submissions": 1}, "pass"),
        ("duplicate-panel-id", {"submissions": 2}, "fail"),
        ("other-panel-study", {"of_another_study": None}, "unavailable"),
        ("other-panel-study", {"of_another_study": 0}, "pass"),
        ("other-panel-study", {"of_another_study": 1}, "fail"),
        ("same-browser", {"same_browser": 0}, "pass"),
        ("same-browser", {"same_browser": 3}, "fail"),
        ("looked-it-up", {"looked_it_up": True}, "fail"),
        ("looked-it-up", {"looked_it_up": False}, "pass"),
        ("long-absence", {"longest_away_seconds": 300.0}, "pass"),
        ("long-absence", {"longest_away_seconds": 300.5}, "fail"),
        ("long-absence", {"longest_away_seconds": 0.0}, "pass"),
    ],
)
def test_each_check_draws_its_line(check: str, seen: dict[str, object], state: str) -> None:
    assert found(check, **seen).state == state


def test_before_the_unblinding_nothing_is_said_that_comes_from_ratings() -> None:
    everything = Evidence(
        "ab12",
        attention=(False,),
        readings=(Reading(1000, 1),),
        scale_places=(3,) * 9,
        scale_items=3,
        submissions=2,
        of_another_study=1,
        same_browser=1,
        looked_it_up=True,
        longest_away_seconds=1000,
    )
    assert flags(judge(everything)).split() == list(CHECKS)
    unmasked = "attention duplicate-panel-id other-panel-study same-browser long-absence"
    assert flags(judge(everything, masked=True)) == unmasked
    of_ratings = {finding.check for finding in judge(everything)} - {f.check for f in judge(everything, masked=True)}
    assert of_ratings == {"speeding", "straight-lining", "looked-it-up"}


@given(
    attention=st.lists(st.booleans()).map(tuple),
    readings=st.lists(st.builds(Reading, st.integers(0, 10**6), st.floats(0, 10**6))).map(tuple),
    places=st.lists(st.integers(1, 4)).map(tuple),
    submissions=st.none() | st.integers(0, 50),
    away=st.none() | st.floats(0, 10**6),
)
def test_every_check_says_one_of_three_things_and_what_it_saw(
    attention: tuple[bool, ...],
    readings: tuple[Reading, ...],
    places: tuple[int, ...],
    submissions: int | None,
    away: float | None,
) -> None:
    seen = Evidence(
        "ab12",
        attention=attention,
        readings=readings,
        scale_places=places,
        scale_items=min(len(places), 3),
        submissions=submissions,
        longest_away_seconds=away,
    )
    findings = judge(seen)
    assert [finding.check for finding in findings] == list(CHECKS)
    assert {finding.state for finding in findings} <= {"pass", "fail", "unavailable"}
    assert all(finding.evidence and "%(" not in finding.evidence for finding in findings)
    assert not set(flags(findings).split()) & set(unknown(findings).split())
