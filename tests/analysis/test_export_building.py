"""What an export's files tell: nothing given after the randomisation while masked, every factor afterwards.

A running study shows counts by arm, and its files name the arms of all articles. So no file may hold anything that
somebody gave after the randomisation: two looks would tell whose it is, and by the counts in which arm.
"""

import csv
import io
import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from surveys import lifecycle
from surveys.models import Answer, Mode, Study, Trial
from surveys.route import steps
from tests.analysis.test_exports import files_of, made
from tests.factories import definition, launched_study
from tests.surveys.participant.person import Person
from tests.surveys.test_manipulation import DISCLAIMER, LABEL

pytestmark = pytest.mark.django_db
FORMATS = ["json-lines", "qualtrics"]


def running() -> Study:
    """A live study with questions before, at and after the articles, and factors."""
    design = definition()["design"] | {"per_person": 4, "factors": [DISCLAIMER, LABEL | {"within": True}]}
    return launched_study(stories=4, design=design)


def rows_of(name: str, content: bytes) -> list[dict[str, Any]]:
    """The rows of a table in whichever of the formats, values as text."""
    text = content.decode()
    if name.endswith(".jsonl"):
        return [json.loads(line) for line in text.splitlines()]
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    return rows[2:] if name.startswith("qualtrics/") else rows


def tables_of(files: dict[str, bytes]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    for name, content in files.items():
        if name.startswith(("data/", "json-lines/", "qualtrics/")):
            yield name, rows_of(name, content)


def told(study: Study, files: dict[str, bytes]) -> set[str]:
    """Where the files say what somebody gave or was given after the randomisation."""
    assert study.current_version is not None
    later = [step for step in steps(study.current_version.frozen) if not step.slug.startswith("before-")]
    pages = {step.slug for step in later}
    items = {item.key for step in later for block in step.blocks for item in block.items}
    given = {"arm", "origin", "model", "article", "story", "condition", "disclaimer", "source_label", "credibility"}
    found = set()
    for name, rows in tables_of(files):
        if name.endswith(("table-lineage_data.csv", "lineage.jsonl", "table-flow_data.csv", "flow.jsonl")):
            continue
        for row in rows:
            if row.get("step") in pages:
                found.add(f"{name}: a row of {row['step']}")
            for column, value in row.items():
                key = column.split("_", 1)[1] if column[0].isdigit() else column
                if value not in (None, "") and (key in items | given or "timing" in key):
                    found.add(f"{name}: {column}")
    return found


def test_no_two_looks_at_a_running_study_match_what_somebody_gave_with_an_arm() -> None:
    study = running()
    looks = [files_of(made(study, Mode.LIVE, formats=FORMATS))]
    for to in ("end", "reading-3", "end"):
        Person(study).walk_to(to)
        looks.append(files_of(made(study, Mode.LIVE, formats=FORMATS)))
    assert Answer.objects.filter(trial__isnull=False).exists()
    assert set().union(*(told(study, files) for files in looks)) == set()
    for before, after in pairwise(looks):
        # What the two looks do tell: who came, and which arm has one more. Neither is an outcome.
        people = "data/table-participants_data.csv"
        came = len(rows_of(people, after[people])) - len(rows_of(people, before[people]))
        flow = "data/table-flow_data.csv"
        counted = [sum(int(row["people"]) for row in rows_of(flow, files[flow])) for files in (before, after)]
        assert (came, counted[1] - counted[0]) == (1, 1)


def test_counts_and_lineage_hold_no_answer() -> None:
    study = running()
    Person(study).walk_to("end")
    files = files_of(made(study, Mode.LIVE))
    flow, lineage = rows_of("", files["data/table-flow_data.csv"]), rows_of("", files["data/table-lineage_data.csv"])
    assert {*flow[0]} == {
        "mode",
        "arm",
        "outcome",
        *("people", "consented", "randomised", "exposed", "debriefed", "completed", "withdrawn"),
    }
    ids = {person.export_id for person in study.participants.all()}
    assert not any(key in str(row) for key in ids for row in [*flow, *lineage])


def test_identifying_columns_of_a_running_study_hold_nothing_from_after_the_randomisation() -> None:
    study = running()
    Person(study).walk_to("end")
    files = files_of(made(study, Mode.LIVE, identifying=True, formats=FORMATS))
    assert told(study, files) == set()


def test_after_the_unblinding_the_same_search_finds_answers_and_arms() -> None:
    study = running()
    Person(study).walk_to("end")
    lifecycle.unblind(study, study.created_by, "Done.")
    found = told(study, files_of(made(study, Mode.LIVE, formats=FORMATS)))
    for place in ("data/table-answers_data.csv: a row of reading-1", "json-lines/ratings.jsonl: arm"):
        assert place in found
    assert {"qualtrics/responses.csv: 1_believable", "qualtrics/responses.csv: 2_timing_Page Submit"} <= found


def test_long_wide_and_qualtrics_files_have_each_readings_factors() -> None:
    study = running()
    for _ in range(3):
        Person(study).walk_to("end")
    lifecycle.unblind(study, study.created_by, "Done.")
    tables = dict(tables_of(files_of(made(study, Mode.LIVE, formats=FORMATS))))
    wide = {row["participant"]: row for row in tables["data/table-ratings-wide_data.csv"]}
    responses = {row["ResponseId"].removeprefix("R_"): row for row in tables["qualtrics/responses.csv"]}
    assert len(tables["data/table-ratings_data.csv"]) == 12
    for row in (*tables["data/table-ratings_data.csv"], *tables["json-lines/ratings.jsonl"]):
        trial = Trial.objects.get(participant__export_id=row["participant"], article__key=row["article"])
        place = trial.position + 1
        assert trial.condition == f"disclaimer:{row['disclaimer']} source-label:{row['source_label']}"
        for name in ("arm", "origin", "article", "condition", "disclaimer", "source_label"):
            assert row[name] == wide[row["participant"]][f"{name}_p{place}"], name
            assert row[name] == responses[row["participant"]][f"{place}_{name}"], name
    people = {row["participant"]: row for row in tables["data/table-participants_data.csv"]}
    for person, response in responses.items():
        assert response["disclaimer"] == people[person]["disclaimer"] != ""
        assert response["source_label"] == people[person]["source_label"] == ""
