"""Excel files are read back without the code that wrote them, and one that lacks a row or a value is found out."""

import zipfile
from pathlib import Path

import pytest

from analysis.files import excel
from benchmarks._excel_read_back import held_against_csv
from tests.analysis.exported import exported


def zipped(folder: Path) -> Path:
    path = folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w") as archive:
        for file in folder.rglob("*.*"):
            archive.write(file, file.relative_to(folder))
    return path


@pytest.mark.parametrize("most", [1_048_576, 3], ids=["one sheet", "two rows a sheet"])
def test_rows_are_counted_over_all_sheets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(excel, "MOST_ROWS", most)
    exported(tmp_path / "files", formats=["excel"])
    rows = held_against_csv(zipped(tmp_path / "files"))
    assert (rows["ratings"], rows["answers"], rows["participants"]) == (6, 4, 6)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [("small", "smell", "arm in row 6"), ("f,live,,no-consent", "f,live,,no-consend", "outcome in row 6")],
    ids=["another value", "another word"],
)
def test_another_value_at_the_end_is_found(tmp_path: Path, old: str, new: str, said: str) -> None:
    exported(tmp_path / "files", formats=["excel"])
    for table in ("ratings", "participants"):
        file = tmp_path / "files" / "data" / f"table-{table}_data.csv"
        file.write_text(file.read_text("utf-8").replace(old, new), "utf-8", newline="")
    with pytest.raises(AssertionError, match=said):
        held_against_csv(zipped(tmp_path / "files"))


def test_a_row_too_few_is_found(tmp_path: Path) -> None:
    exported(tmp_path / "files", formats=["excel"])
    file = tmp_path / "files" / "data" / "table-ratings_data.csv"
    file.write_bytes(file.read_bytes() + file.read_bytes().splitlines(keepends=True)[-1])
    with pytest.raises(AssertionError, match="ratings: 6 rows in Excel, 7 in CSV"):
        held_against_csv(zipped(tmp_path / "files"))
