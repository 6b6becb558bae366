"""Exclusions are named in words."""

from analysis.plan import Plan
from analysis.report import StudyInfo, build_report
from analysis.sections.exclusions import _levels
from tests.analysis.ratings import simulated


def test_one_check_is_one_and_two_are_checks() -> None:
    frame = simulated(people=30)
    frame["attention"] = frame["participant"].str[1:].astype(int) % 4
    said = [words for words, _ in _levels(frame)]
    assert said[1].startswith("of people who failed at most 1 check")
    assert "at most 1 checks" not in " ".join(said)
    assert "at most 2 checks" in said[2]


def test_who_failed_a_check_in_one_row_is_nobody_who_failed_none() -> None:
    frame = simulated(people=30)
    frame["attention"] = [1 if n % 3 == 0 and person < "p0010" else 0 for n, person in enumerate(frame["participant"])]
    (level,) = _levels(frame)
    words, keep = level
    assert words == "of people who failed no check"
    assert sorted(frame["participant"][keep].unique()) == [f"p{n:04}" for n in range(10, 30)]
    report = build_report(frame, None, Plan(reference="real"), StudyInfo("t"))
    (shown,) = (section for section in report.sections if section.name == "exclusions")
    assert shown.notes[0].startswith("The rows of 10 people differ in 'attention'")
    variants = [row for row in shown.results["variants"] if "no check" in row["variant"]]
    assert {row["n_people"] for row in variants} == {20}
