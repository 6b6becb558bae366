"""What reporting standards ask is answered by what a study's records hold, and else left to its authors."""

import pandas as pd

from analysis.plan import Plan, parse_plan
from analysis.report import StudyInfo, build_report
from analysis.report_json import to_dict
from tests.analysis.ratings import simulated


def test_reporting_standards_are_answered_by_the_records_and_else_left_to_the_authors() -> None:
    info = StudyInfo("T", facts=(("Allocation", "a draw for each person"),))
    plan = parse_plan({"question": "Is it believed?", "reference": "real", "exclusions": ["faster-than:5"]})
    report = build_report(simulated(people=30).assign(seconds_on_page=9.0), None, plan, info)
    asked = {(row["standard"], row["item"]): row for row in to_dict(report)["results"]["disclosure"]}
    assert len([1 for standard, _ in asked if standard == "AAPOR"]) == 11
    assert asked["AAPOR", "Weights"]["answer"].startswith("None")
    assert asked["AAPOR", "Population under study"]["open"]
    sizes = asked["AAPOR", "Sample sizes and precision"]["answer"]
    assert f"{report.comparison.n_people} people and {report.comparison.n_ratings} ratings count" in sizes
    assert asked["JARS-Quant", "Hypotheses and aims"]["answer"] == "Is it believed?"
    assert asked["JARS-Quant", "Assignment"] == {
        "standard": "JARS-Quant",
        "item": "Assignment",
        "answer": "By chance: a draw for each person.",
        "open": False,
    }
    assert "5 seconds" in asked["JARS-Quant", "Inclusion and exclusion"]["answer"]
    assert all(row["open"] == ("To be written by the authors" in row["answer"]) for row in asked.values())


def test_a_files_report_claims_nothing_of_how_its_data_came_about() -> None:
    frame = simulated(people=30).assign(submitted_at=pd.Timestamp("2026-03-04T10:00Z"))
    frame.loc[0, "submitted_at"] = pd.Timestamp("2026-03-09T10:00Z")
    plain = build_report(frame, None, Plan(reference="real"), StudyInfo("T"))
    (table,) = (table for table in plain.tables if table.name == "disclosure")
    answers = {(row[0], row[1]): row[2] for row in table.rows}
    assert answers["AAPOR", "Dates of data collection"] == "2026-03-04 to 2026-03-09."
    for item in ("Data collection strategy", "Mode of data collection", "How the sample was found and recruited"):
        assert answers["AAPOR", item] == "To be written by the authors."
    assert answers["JARS-Quant", "Flow of participants"] == "To be written by the authors."
    known = build_report(
        frame,
        None,
        Plan(reference="real"),
        StudyInfo("T", study="s", version="f" * 64, facts=(("Conducted by", "A. Person"), ("Languages", "de, en"))),
    )
    (table,) = (table for table in known.tables if table.name == "disclosure")
    answers = {(row[0], row[1]): row[2] for row in table.rows}
    assert answers["AAPOR", "Mode of data collection"].endswith("in de, en.")
    assert answers["AAPOR", "Who sponsored and who conducted it"].startswith("Conducted by A. Person. To be written")
    assert "ffffffffffff" in answers["AAPOR", "Measurement tools"]


def test_what_counts_where_people_tell_true_from_false_are_their_answers_and_the_articles_behind_them() -> None:
    frame = simulated(people=30, per_person=4)
    frame["yes"] = (frame["credibility"] > 6).astype(float)
    frame["true"] = frame["article"].str[-1].astype(int) % 2
    frame.loc[0, "yes"] = None
    report = build_report(frame, None, Plan(outcome="yes", reference="real"), StudyInfo("T", truth="true"))
    results = to_dict(report)["results"]
    (sizes,) = (row["answer"] for row in results["disclosure"] if row["item"] == "Sample sizes and precision")
    assert "30 people and 119 answers count" in sizes
    assert (results["n_people"], results["n_ratings"], results["n_missing"]) == (30, 119, 1)
    (real,) = (row for row in results["arms"] if row["arm"] == "real")
    assert (real["n_ratings"], real["n_articles"]) == (39, 6)
    assert (real["ratings_a_person_min"], real["ratings_a_person_max"]) == (3, 4)
    (table,) = (table for table in report.tables if table.name == "design")
    assert [row[5:] for row in table.rows if row[0].startswith("real")] == [("6", "10", "3 to 4")]
