"""What is exported can be read back, is described, is counted, and names nobody unless asked."""

import csv
import hashlib
import io
import json
from pathlib import Path

import pandas as pd
import pytest

from analysis.cells import restored
from analysis.export_files import csv_chunks, write_export
from analysis.schema import ANSWERS, PARTICIPANTS, RATINGS, Level, Table, item_column
from analysis.validation import FrameError

SCALE = tuple(Level(str(n), f"level {n}") for n in range(1, 5))
TABLES = {
    "ratings": RATINGS.with_items([item_column("believable", "How believable?", levels=SCALE)]),
    "answers": ANSWERS,
    "participants": PARTICIPANTS,
}
NASTY = '=HYPERLINK("http://example.org";"x")'


def frames() -> dict[str, pd.DataFrame]:
    times = pd.to_datetime(["2026-01-01T10:00:00Z", "2026-01-01T10:01:00.5Z", "2026-01-01T10:02:00Z"], format="ISO8601")
    ratings = pd.DataFrame(
        {
            "participant": ["b", "a", "b"],
            "mode": "live",
            "arm": ["real", "small", "small"],
            "origin": ["real", "synthetic", "synthetic"],
            "model": ["", "gpt2, 355M", "-small"],
            "article": ["x", "y", "z"],
            "position": [1, 1, 2],
            "believable": [4, None, 2],
            "credibility": [9.0, None, 5.5],
            "credible": pd.Series([True, None, False], dtype="object"),
            "submitted_at": times,
        }
    )
    answers = pd.DataFrame(
        {
            "participant": ["a", "a"],
            "step": ["after-1", "after-1"],
            "item": ["age", "reasons"],
            "kind": ["single", "long-text"],
            "state": ["answered", "answered"],
            "value": ["25-34", ""],
            "text": ["", f'{NASTY}, "quoted"\nsecond line Ж 漢字 🙂'],
        }
    )
    participants = pd.DataFrame(
        {
            "participant": ["a", "b", "c"],
            "mode": "live",
            "outcome": ["completed", "completed", "no-consent"],
            "arm": ["small", "real", ""],
            "panel_id": ["P1", "P2", "P3"],
        }
    )
    return {"ratings": ratings, "answers": answers, "participants": participants}


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def test_the_manifest_counts_and_digests_every_file(tmp_path: Path) -> None:
    manifest = write_export(tmp_path, frames(), TABLES, {"study": "abc", "mode": "live"})
    written = json.loads((tmp_path / "manifest.json").read_bytes())
    assert written["about"] == {"study": "abc", "mode": "live"}
    assert {file["name"] for file in written["files"]} | {"manifest.json"} == {p.name for p in tmp_path.iterdir()}
    for file in manifest.files:
        content = (tmp_path / file.name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == file.sha256
        assert len(content) == file.size
        if file.rows is not None:
            assert len(rows_of(content)) == file.rows
            assert tuple(rows_of(content)[0]) == file.columns
    assert {file.name: file.rows for file in manifest.files} == {
        "ratings.csv": 3,
        "ratings-wide.csv": 2,
        "answers.csv": 2,
        "participants.csv": 3,
        "codebook.csv": None,
        "codebook.html": None,
    }


def test_equal_tables_give_equal_bytes(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        write_export(tmp_path / folder, frames(), TABLES, {"study": "abc"})
    for file in (tmp_path / "one").iterdir():
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes()


def test_values_are_read_back_as_they_were(tmp_path: Path) -> None:
    write_export(tmp_path, frames(), TABLES, {}, identifying=True)
    (_, reasons) = rows_of((tmp_path / "answers.csv").read_bytes())
    assert reasons["text"].startswith("'=")
    assert restored(reasons["text"]) == frames()["answers"]["text"][1]
    first, second, third = rows_of((tmp_path / "ratings.csv").read_bytes())
    assert (first["believable"], first["credibility"], first["credible"]) == ("4", "9", "1")
    assert (second["believable"], second["credibility"], second["credible"]) == ("", "", "")
    assert (third["credibility"], third["credible"], third["model"]) == ("5.5", "0", "'-small")
    assert second["submitted_at"] == "2026-01-01T10:01:00.500Z"


def test_identifying_columns_are_left_out_unless_asked_for_and_the_codebook_says_so(tmp_path: Path) -> None:
    write_export(tmp_path, frames(), TABLES, {})
    everything = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for secret in (b"P1", b"HYPERLINK"):
        assert secret not in everything
    codebook = {(row["table"], row["column"]): row for row in rows_of((tmp_path / "codebook.csv").read_bytes())}
    assert codebook["participants.csv", "panel_id"]["in_export"] == "left out"
    assert codebook["participants.csv", "arm"]["in_export"] == "yes"
    manifest = write_export(tmp_path, frames(), TABLES, {}, identifying=True)
    assert manifest.identifying
    assert b"P1" in (tmp_path / "participants.csv").read_bytes()


def test_the_codebook_describes_every_column_of_every_file_and_the_conventions(tmp_path: Path) -> None:
    manifest = write_export(tmp_path, frames(), TABLES, {"study": "a <study>"}, identifying=True)
    rows = rows_of((tmp_path / "codebook.csv").read_bytes())
    described = {(row["table"], row["column"]) for row in rows if row["in_export"] == "yes"}
    assert described == {(file.name, column) for file in manifest.files for column in file.columns}
    assert any("apostrophe" in row["description"] for row in rows)
    believable = next(row for row in rows if row["column"] == "believable")
    assert (believable["minimum"], believable["maximum"]) == ("1", "4")
    assert "4 = level 4" in believable["levels"]
    page = (tmp_path / "codebook.html").read_text(encoding="utf-8")
    assert "a &lt;study&gt;" in page
    assert "<script" not in page
    assert all(f"<td>{column}</td>" in page for _, column in described)


def test_the_wide_table_has_one_row_a_person_and_empty_cells_where_nothing_was_rated(tmp_path: Path) -> None:
    write_export(tmp_path, frames(), TABLES, {})
    a, b = rows_of((tmp_path / "ratings-wide.csv").read_bytes())
    assert (a["participant"], a["article_p1"], a["article_p2"]) == ("a", "y", "")
    assert (b["credibility_p1"], b["credibility_p2"], b["arm_p2"]) == ("9", "5.5", "small")


def test_a_frame_that_breaks_its_table_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    broken = frames()
    broken["participants"]["shoe_size"] = 43
    with pytest.raises(FrameError, match="'shoe_size' is not described in the table 'participants'"):
        write_export(tmp_path / "out", broken, TABLES, {})
    assert not (tmp_path / "out").exists()


def test_two_ratings_in_one_place_are_refused(tmp_path: Path) -> None:
    broken = frames()
    broken["ratings"]["position"] = 1
    with pytest.raises(FrameError, match="two ratings in one place"):
        write_export(tmp_path, broken, TABLES, {})


def test_empty_tables_have_their_header(tmp_path: Path) -> None:
    empty = {name: frame.iloc[:0] for name, frame in frames().items()}
    manifest = write_export(tmp_path, empty, TABLES, {})
    assert all(not file.rows for file in manifest.files)
    assert (tmp_path / "ratings.csv").read_text().startswith("participant,mode,arm")


def test_files_are_written_in_parts_that_join_without_a_seam() -> None:
    frame = pd.DataFrame({"participant": [f"p{n:05}" for n in range(25_000)]})
    table = Table("people", "People", "a person", ("participant",), (PARTICIPANTS.column("participant"),))
    chunks = list(csv_chunks(frame, table))
    assert len(chunks) == 4
    assert [row["participant"] for row in rows_of(b"".join(chunks))] == list(frame["participant"])
