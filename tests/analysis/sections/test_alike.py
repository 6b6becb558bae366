"""How alike the arms' people are is told of all who were randomised, and of the analysed where they are others."""

import pandas as pd
import pytest

from analysis.plan import Plan
from analysis.report import Report, StudyInfo, build_report
from analysis.report_data import table_rows
from analysis.report_html import to_html
from analysis.report_json import to_dict
from analysis.sections.section import Section
from tests.analysis.ratings import simulated

PLAN = Plan(reference="real", covariates=("party",))


def rated() -> pd.DataFrame:
    frame = simulated(people=30)
    return frame.assign(party=[["left", "right", "other"][int(name[1:]) % 7 % 3] for name in frame["participant"]])


def everybody(frame: pd.DataFrame, *left: tuple[str, str]) -> pd.DataFrame:
    """The table of participants: who rated, and people of (arm, party) who left after they had been assigned."""
    stayed = frame.drop_duplicates("participant")[["participant", "arm", "party"]].assign(outcome="completed")
    gone = [(f"q{n}", arm, party, "left") for n, (arm, party) in enumerate(left)]
    return pd.concat([stayed, pd.DataFrame(gone, columns=["participant", "arm", "party", "outcome"])])


def section(report: Report) -> Section:
    (found,) = (one for one in report.sections if one.name == "balance")
    return found


def test_who_left_after_the_assignment_counts_among_the_randomised_in_report_json_and_csv() -> None:
    frame = rated()
    people = everybody(frame, *[("small", "left")] * 12, ("", "left"))
    report = build_report(frame, people, PLAN, StudyInfo("t"))
    shown = section(report)
    assert "among all who were randomised and gave the answer is" in shown.sentences[0]
    assert shown.sentences[1].startswith("The largest standardised difference among those who are analysed is")
    small = people[people["arm"] == "small"]
    results = to_dict(report)["results"]
    (row,) = (one for one in results["balance"] if (one["arm"], one["level"]) == ("small", "left"))
    assert row["n_randomised"] == row["n"] + 12 == len(small)
    assert row["value_randomised"] == pytest.approx((small["party"] == "left").mean())
    assert row["value"] < row["value_randomised"]
    (table,) = shown.tables
    # Nobody left the other arms, so that one line says both.
    assert [line[2] for line in table.rows if line[1].startswith("small")] == ["randomised", "analysed"] * 3
    assert {line[2] for line in table.rows if not line[1].startswith("small")} == {"randomised"}
    assert "party: left, analysed" in shown.figures[0].alt
    assert row in table_rows("balance", results)
    assert "among all who were randomised" in to_html(report)


def test_where_everybody_is_analysed_each_number_is_said_once() -> None:
    frame = rated()
    shown = section(build_report(frame, everybody(frame), PLAN, StudyInfo("t")))
    assert shown.sentences[1:] == ("Everybody whose answers are known is analysed.",)
    assert {line[2] for line in shown.tables[0].rows} == {"randomised"}
    assert not shown.notes


def test_without_the_participants_or_their_answers_the_analysed_stand_alone_and_it_is_said() -> None:
    frame = rated()
    bare = section(build_report(frame, None, PLAN, StudyInfo("t")))
    assert "among those who are analysed is" in bare.sentences[0]
    assert "no table of participants says who was assigned" in bare.notes[0]
    unasked = section(build_report(frame, everybody(frame).drop(columns="party"), PLAN, StudyInfo("t")))
    assert unasked.notes == ("Those who are analysed only for party: the table of participants has no such column.",)
    assert {line[2] for line in unasked.tables[0].rows} == {"analysed"}


def test_who_withdrew_is_told_in_words_and_json() -> None:
    frame = rated()
    people = everybody(frame)
    gone = pd.DataFrame({"participant": ["w1", "w2"], "arm": "small", "party": None, "outcome": "withdrawn"})
    report = build_report(frame, pd.concat([people, gone]), PLAN, StudyInfo("t"))
    assert section(report).sentences[-1].startswith("2 of those who were randomised withdrew (small 2): what they")
    rows = to_dict(report)["results"]["balance"]
    assert {(row["arm"], row["n_withdrawn"], row["n_missing_randomised"]) for row in rows} == {
        ("small", 2, 2),
        ("large", 0, 2),
    }
    assert not any(
        "withdrew" in sentence for sentence in section(build_report(frame, people, PLAN, StudyInfo("t"))).sentences
    )


def test_a_covariate_with_an_odd_word_is_left_out_alone_and_said() -> None:
    frame = rated().assign(age=lambda each: each["participant"].str[1:].astype(float))
    people = everybody(frame).merge(frame.drop_duplicates("participant")[["participant", "age"]])
    people["age"] = people["age"].astype("str")
    people.loc[people.index[3], "age"] = "old"
    plan = Plan(reference="real", covariates=("party", "age"))
    shown = section(build_report(frame, people, plan, StudyInfo("t")))
    assert not shown.left_out
    (warning,) = shown.warnings
    assert warning.startswith("Not by age: ")
    assert "'old' in row 3" in warning
    assert {line[0].split(":")[0] for line in shown.tables[0].rows} == {"party"}
    alone = section(build_report(frame, people, Plan(reference="real", covariates=("age",)), StudyInfo("t")))
    assert "'old' in row 3" in alone.left_out


def test_what_only_one_arm_has_is_said_to_differ_without_bound() -> None:
    frame = rated()
    frame["tongue"] = frame["arm"].map({"real": "en", "small": "de", "large": "en"})
    shown = section(build_report(frame, None, Plan(reference="real", covariates=("tongue",)), StudyInfo("t")))
    assert shown.sentences[0] == (
        "The largest standardised difference among those who are analysed is infinite: tongue (de) in small (100.0%) "
        "against real (0.0%). Within neither arm people differ in it, so that what it does and what the arm does "
        "cannot be told apart."
    )
    assert "∞" in {cell for line in shown.tables[0].rows for cell in line}
    assert "are not drawn" in shown.figures[0].caption
    only = section(
        build_report(
            frame[frame["arm"] != "large"], None, Plan(reference="real", covariates=("tongue",)), StudyInfo("t")
        )
    )
    assert "is infinite" in only.sentences[0]
