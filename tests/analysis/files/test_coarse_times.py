"""Without identifying columns nobody's row is found by when they came: times are to the day, durations stay."""

import csv
import io
from pathlib import Path

import pandas as pd

from analysis.files.coarse_times import NOTE, described_to_the_day, to_the_day
from tests.analysis.exported import TABLES, exported, ratings


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode(), newline="")))


def test_a_time_is_the_midnight_of_its_day_in_utc_and_everything_else_stays() -> None:
    given = ratings()
    found = to_the_day(given, TABLES["ratings"])
    assert found["submitted_at"].tolist()[2] == pd.Timestamp("2026-07-01T00:00:00Z")
    assert pd.isna(found["submitted_at"][1])
    assert found.drop(columns="submitted_at").equals(given.drop(columns="submitted_at"))
    assert given["submitted_at"][2] == pd.Timestamp("2026-07-01T08:01:00.5Z")


def test_the_columns_of_times_say_so_and_no_others() -> None:
    told = {column.name for column in described_to_the_day(TABLES["ratings"]).columns if NOTE in column.description}
    assert told == {"shown_at", "submitted_at"}


def test_no_file_of_a_plain_export_has_an_exact_time_of_anybody(tmp_path: Path) -> None:
    exported(tmp_path, formats=["json-lines", "qualtrics"])
    files = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for exact in (b"08:01:00", b"09:00:00", b"09:01:00", b"10:00:00", b"09:00:30"):
        assert exact not in files
    assert b"2026-01-01 00:00:00" in (tmp_path / "qualtrics" / "responses.csv").read_bytes()
    assert b",3600," in (tmp_path / "qualtrics" / "responses.csv").read_bytes()
    assert rows(tmp_path / "data" / "table-ratings_data.csv")[0]["seconds_on_page"] == "1.5"
    codebook = {row["column"]: row["description"] for row in rows(tmp_path / "codebook.csv")}
    assert codebook["arrived_at"].endswith(NOTE)
    assert "times to the day" in (tmp_path / "README.txt").read_text()


def test_an_export_that_names_people_has_their_exact_times(tmp_path: Path) -> None:
    exported(tmp_path, formats=["qualtrics"], identifying=True)
    assert rows(tmp_path / "data" / "table-ratings_data.csv")[2]["submitted_at"] == "2026-07-01T08:01:00.500Z"
    assert b"2026-01-01 09:00:00" in (tmp_path / "qualtrics" / "responses.csv").read_bytes()
    assert NOTE not in (tmp_path / "codebook.csv").read_text()
