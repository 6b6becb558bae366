"""An export is described, counted, the same for the same data, and names nobody unless asked."""

import csv
import hashlib
import io
import json
import re
import tracemalloc
from pathlib import Path

import pandas as pd
import pytest

from analysis.files import FORMATS, Package
from analysis.formulas import restored
from analysis.validation import FrameError
from tests.analysis.exported import NASTY, TABLES, exported, frames

RATINGS, WIDE = "data/table-ratings_data.csv", "data/table-ratings-wide_data.csv"
ANSWERS, PARTICIPANTS = "data/table-answers_data.csv", "data/table-participants_data.csv"


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode(), newline="")))


def test_the_manifest_counts_and_digests_every_file(tmp_path: Path) -> None:
    manifest = exported(tmp_path, formats=list(FORMATS))
    written = json.loads((tmp_path / "manifest.json").read_bytes())
    assert written["about"] == {"study": "abc", "title": "A <study>", "mode": "live"}
    there = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert {file["name"] for file in written["files"]} | {"manifest.json"} == there
    for file in manifest.files:
        content = (tmp_path / file.name).read_bytes()
        assert (hashlib.sha256(content).hexdigest(), len(content)) == (file.sha256, file.size)
    counted = {file.name: file.rows for file in manifest.files if file.name.startswith("data/")}
    assert counted == {RATINGS: 6, WIDE: 5, ANSWERS: 4, PARTICIPANTS: 6}
    for name, rows in counted.items():
        assert len(rows_of(tmp_path / name)) == rows


def test_equal_tables_give_equal_bytes_and_so_do_other_parts_of_them(tmp_path: Path) -> None:
    formats = [name for name in FORMATS if name not in {"spss", "stata"}]
    exported(tmp_path / "one", formats=formats)
    exported(tmp_path / "two", formats=formats)
    everything = frames()
    first = {name: frame[frame["participant"] <= "b"] for name, frame in everything.items()}
    second = {name: frame[frame["participant"] > "b"] for name, frame in everything.items()}
    exported(tmp_path / "parts", first, second, formats=formats)
    for path in (tmp_path / "one").rglob("*"):
        if path.is_file():
            name = path.relative_to(tmp_path / "one")
            assert path.read_bytes() == (tmp_path / "two" / name).read_bytes(), name
            assert path.read_bytes() == (tmp_path / "parts" / name).read_bytes(), name


def test_equal_tables_give_equal_files_of_statistics_programs_but_for_the_time_in_their_heads(tmp_path: Path) -> None:
    for name in ("one", "two"):
        exported(tmp_path / name, formats=["spss", "stata"])
    # In SPSS the day and the second stand behind the first 92 bytes, in Stata the minute in a mark of its own.
    times = {
        ".sav": rb"(?<=\A.{92})\d\d \w{3} \d\d\d\d:\d\d:\d\d",
        ".dta": rb"\d\d \w{3} \d{4} \d\d:\d\d(?=</timestamp>)",
    }
    compared = 0
    for path in (tmp_path / "one").rglob("*.*"):
        if when := times.get(path.suffix):
            one, two = path.read_bytes(), (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes()
            first, found = re.subn(when, b"", one, flags=re.DOTALL)
            assert (first, found) == (re.sub(when, b"", two, flags=re.DOTALL), 1), path.name
            compared += 1
    assert compared == 8


def test_csv_values_are_read_back_as_they_were(tmp_path: Path) -> None:
    exported(tmp_path, identifying=True)
    reasons = rows_of(tmp_path / ANSWERS)[1]["text"]
    assert reasons.startswith("'=")
    assert restored(reasons) == frames()["answers"]["text"][1]
    whole, skipped, third, *_, last = rows_of(tmp_path / RATINGS)
    assert (whole["believable"], whole["credibility"], whole["credible"]) == ("4", "9", "1")
    assert (skipped["believable"], skipped["believable_missing"], skipped["credible"]) == ("", "skipped", "")
    assert (third["credibility"], third["credible"], third["model"]) == ("5.5", "0", "'-small")
    assert (third["submitted_at"], restored(last["model"])) == ("2026-07-01T08:01:00.500Z", NASTY)
    assert float(last["credibility"]) == 10 / 3


def test_identifying_columns_are_left_out_unless_asked_for_and_the_codebook_says_so(tmp_path: Path) -> None:
    exported(tmp_path / "plain", formats=["json-lines", "qualtrics"])
    everything = b"".join(path.read_bytes() for path in (tmp_path / "plain").rglob("*") if path.is_file())
    for secret in (b"P1", b"second line"):
        assert secret not in everything
    codebook = {(row["table"], row["column"]): row for row in rows_of(tmp_path / "plain" / "codebook.csv")}
    assert codebook[PARTICIPANTS, "panel_id"]["in_export"] == "left out"
    assert codebook[PARTICIPANTS, "arm"]["in_export"] == "yes"
    manifest = exported(tmp_path / "named", identifying=True)
    assert manifest.identifying
    assert b"P1" in (tmp_path / "named" / PARTICIPANTS).read_bytes()
    assert "WITH identifying columns" in (tmp_path / "named" / "README.txt").read_text()


def test_the_codebook_describes_every_column_of_every_csv_file_and_the_conventions(tmp_path: Path) -> None:
    manifest = exported(tmp_path, identifying=True)
    rows = rows_of(tmp_path / "codebook.csv")
    described = {(row["table"], row["column"]) for row in rows if row["in_export"] == "yes"}
    assert described == {(file.name, column) for file in manifest.files for column in file.columns}
    assert any("apostrophe" in row["description"] for row in rows)
    believable = next(row for row in rows if row["column"] == "believable")
    assert (believable["minimum"], believable["maximum"]) == ("1", "4")
    assert "4 = level 4" in believable["levels"]
    page = (tmp_path / "codebook.html").read_text(encoding="utf-8")
    assert "A &lt;study&gt;" in page
    assert "<script" not in page
    assert all(f"<td>{column}</td>" in page for _, column in described)


def test_the_wide_table_has_one_row_a_person_and_a_place_for_every_article(tmp_path: Path) -> None:
    exported(tmp_path)
    a, *_, e = rows_of(tmp_path / WIDE)
    assert (a["participant"], a["article_p1"], a["article_p2"]) == ("a", "x", "")
    assert (e["article_p1"], e["article_p2"], e["believable_missing_p1"]) == (
        "x",
        "y",
        "not-reached",
    )


def test_small_groups_are_warned_about_and_stay(tmp_path: Path) -> None:
    manifest = exported(tmp_path)
    assert "age = 25-34 (1)" in manifest.warnings[0]
    assert any("Strata with fewer than 5 people: left, right" in warning for warning in manifest.warnings)
    assert any(warning.startswith("2 people are alone with") for warning in manifest.warnings)
    many = frames()["answers"].iloc[[0] * 5].assign(participant=list("abcde"))
    people = frames()["participants"].assign(stratum="")
    assert exported(tmp_path / "many", {"answers": many, "participants": people}).warnings == ()


def test_a_frame_that_breaks_its_table_is_refused(tmp_path: Path) -> None:
    broken = frames()
    broken["participants"]["shoe_size"] = 43
    with pytest.raises(FrameError, match="'shoe_size' is not described in the table 'participants'"):
        exported(tmp_path, broken)
    twice = frames()
    twice["ratings"]["position"] = 1
    with pytest.raises(FrameError, match="two ratings in one place"):
        exported(tmp_path, twice)


def test_people_out_of_order_and_parts_without_a_column_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FrameError, match="people must be exported in order: 'a' comes after 'f'"):
        exported(tmp_path / "order", frames(), frames())
    later = {
        name: frame.assign(participant="z").iloc[:1].drop(columns="arm")
        for name, frame in frames().items()
        if name == "participants"
    }
    with pytest.raises(FrameError, match="'arm' is missing"):
        exported(tmp_path / "column", frames(), later)
    with pytest.raises(ValueError, match="there is no format docx"):
        exported(tmp_path / "format", formats=["docx"])


def test_empty_tables_have_their_header_in_every_format(tmp_path: Path) -> None:
    empty = {name: frame.iloc[:0] for name, frame in frames().items()}
    manifest = exported(tmp_path, empty, formats=list(FORMATS))
    assert all(not file.rows for file in manifest.files)
    assert (tmp_path / RATINGS).read_text().startswith("participant,mode,arm")


def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    def part(n: int) -> dict[str, pd.DataFrame]:
        people = [f"{n:04}-{k:04}" for k in range(300)]
        values = {"mode": "live", "arm": "real", "article": "x", "position": 1, "credibility": 5.0}
        return {"ratings": pd.DataFrame({"participant": people, **values})}

    def most(parts: int) -> int:
        tracemalloc.start()
        package = Package(tmp_path / str(parts), TABLES, {}, formats=["json-lines", "parquet"])
        for n in range(parts):
            package.add(part(n))
        package.close()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    most(2)
    assert most(40) < 1.5 * most(10)
