"""What every format holds is read back: labels, codes, missing values of every kind, Unicode, times, limits."""

import csv
import io
import json
import math
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import frictionless
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyreadstat
import pytest
from openpyxl import load_workbook
from openpyxl.utils.escape import unescape

from analysis.files import excel, parquet, statistics_programs
from analysis.files.ddi import NAMESPACE
from analysis.schema_columns import Column, Level, Table
from tests.analysis.exported import LONG, NASTY, REASONS, TABLES, UNICODE, exported, frames, ratings


def test_parquet_holds_types_nulls_times_and_labels(tmp_path: Path) -> None:
    exported(tmp_path, formats=["parquet"], identifying=True)
    table = pq.read_table(tmp_path / "parquet" / "ratings.parquet")
    assert table.column("believable").to_pylist() == [4, None, None, None, None, 2]
    assert table.column("believable_missing").to_pylist() == ["", *REASONS, ""]
    assert table.column("credible").to_pylist() == [True, None, False, None, None, False]
    assert table.column("credibility").to_pylist() == [9.0, None, 5.5, None, None, 10 / 3]
    assert table.column("model").to_pylist() == ratings()["model"].tolist()
    assert [at and at.isoformat() for at in table.column("submitted_at").to_pylist()][:3] == [
        "2026-01-01T10:00:00+00:00",
        None,
        "2026-07-01T08:01:00.500000+00:00",
    ]
    metadata = table.schema.field("believable").metadata
    assert metadata[b"description"] == b"How believable?"
    assert json.loads(metadata[b"levels"])[3] == {"code": "4", "meaning": "level 4 — Stufe 4"}
    texts = pq.read_table(tmp_path / "parquet" / "answers.parquet").column("text").to_pylist()
    assert texts[1] == f"{NASTY} {UNICODE}"
    assert texts[3] == LONG


def test_a_table_of_very_many_groups_of_columns_is_several_parquet_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = frames()
    parts = [{name: frame[frame["participant"] == one] for name, frame in everything.items()} for one in "abcde"]
    exported(tmp_path / "whole", formats=["parquet"], identifying=True)
    monkeypatch.setattr(parquet, "_GROUP", 1)
    monkeypatch.setattr(parquet, "_FEWEST_ROWS", 1)
    monkeypatch.setattr(parquet, "MOST_CHUNKS", 2 * len(TABLES["ratings"].columns))
    manifest = exported(tmp_path / "parts", *parts, formats=["parquet"], identifying=True)
    rows = {file.name: file.rows for file in manifest.files if file.name.startswith("parquet/ratings-part")}
    assert len(rows) > 1
    assert sum(number or 0 for number in rows.values()) == 6
    assert not (tmp_path / "parts" / "parquet" / "ratings.parquet").exists()
    read = pa.concat_tables([pq.read_table(tmp_path / "parts" / name) for name in rows])
    assert read.equals(pq.read_table(tmp_path / "whole" / "parquet" / "ratings.parquet"))
    assert any(f"the table ratings is in {len(rows)} files" in note for note in manifest.notes)


def test_json_lines_hold_the_same_values(tmp_path: Path) -> None:
    exported(tmp_path, formats=["json-lines"], identifying=True)
    rows = [json.loads(line) for line in (tmp_path / "json-lines" / "ratings.jsonl").read_text("utf-8").splitlines()]
    assert [row["believable"] for row in rows] == [4, None, None, None, None, 2]
    assert [row["credible"] for row in rows] == [True, None, False, None, None, False]
    assert (rows[2]["submitted_at"], rows[1]["submitted_at"]) == ("2026-07-01T08:01:00.500Z", None)
    assert rows[5]["model"] == NASTY
    lines = (tmp_path / "json-lines" / "answers.jsonl").read_text("utf-8").splitlines()
    texts = [json.loads(line)["text"] for line in lines]
    assert texts == frames()["answers"]["text"].tolist()


def test_spss_holds_labels_codes_and_why_a_value_is_missing(tmp_path: Path) -> None:
    manifest = exported(tmp_path, formats=["spss"], identifying=True)
    path = tmp_path / "spss" / "ratings.sav"
    frame, meta = pyreadstat.read_sav(str(path), user_missing=True)
    codes = dict(enumerate(["skipped", "prefer-not-to-say", "not-shown", "not-reached"]))
    said = [meta.variable_value_labels["believable"].get(value) for value in frame["believable"]]
    assert said == ["level 4 — Stufe 4", *codes.values(), "level 2 — Stufe 2"]
    plain, _ = pyreadstat.read_sav(str(path))
    assert plain["believable"].isna().tolist() == [False, True, True, True, True, False]
    assert meta.column_names_to_labels["believable"] == "How believable?"
    assert meta.column_names_to_labels["seen_before"] == "seen-before: Seen before?"
    assert frame["seen_before"].tolist() == ["yes", "", "no", "", "", "no"]
    assert meta.variable_value_labels["credible"] == {0.0: "no", 1.0: "yes"}
    assert frame["credibility"].tolist()[5] == 10 / 3
    assert frame["submitted_at"][2] == pd.Timestamp("2026-07-01T08:01:00.500")
    assert pd.isna(frame["submitted_at"][1])
    texts, _ = pyreadstat.read_sav(str(tmp_path / "spss" / "answers.sav"))
    assert texts["text"][1] == f"{NASTY} {UNICODE}"
    assert len(texts["text"][3].encode()) == 32_766
    assert any(note.startswith("SPSS: 1 text of 'text' in answers is cut to 32767 bytes") for note in manifest.notes)
    assert any("all that SPSS holds, where letters beyond a to z take two bytes" in note for note in manifest.notes)


def test_stata_holds_labels_codes_and_why_a_value_is_missing(tmp_path: Path) -> None:
    manifest = exported(tmp_path, formats=["stata"], identifying=True)
    path = tmp_path / "stata" / "ratings.dta"
    frame, meta = pyreadstat.read_dta(str(path), user_missing=True)
    assert frame["believable"].tolist() == [4, "a", "b", "c", "d", 2]
    labels: dict[Any, str] = dict(meta.variable_value_labels["believable"])
    assert [labels[code] for code in "abcd"] == list(REASONS)
    assert labels[4] == "level 4 — Stufe 4"
    plain, _ = pyreadstat.read_dta(str(path))
    assert plain["believable"].isna().tolist() == [False, True, True, True, True, False]
    assert plain["submitted_at"][2] == pd.Timestamp("2026-07-01T08:01:00.500")
    assert meta.column_names_to_labels["seen_before"] == "seen-before: Seen before?"
    assert plain["credible"].tolist()[0] == 1
    # Stata's own reader in pandas takes the same file.
    again = pd.read_stata(path, convert_categoricals=False)
    assert again["credibility"].tolist()[2] == 5.5
    texts, _ = pyreadstat.read_dta(str(tmp_path / "stata" / "answers.dta"))
    assert texts["text"][1] == f"{NASTY} {UNICODE}"
    # Longer than 2,045 bytes, which is where Stata's other kind of text begins.
    assert texts["text"][3] == pd.read_stata(tmp_path / "stata" / "answers.dta")["text"][3] == LONG
    assert not any("Stata" in note and "cut to" in note for note in manifest.notes)


def test_statistics_programs_get_long_tables_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics_programs, "PART", 60)
    manifest = exported(tmp_path, formats=["spss", "stata"])
    rows = {file.name: file.rows for file in manifest.files}
    assert (rows["spss/ratings-part1.sav"], rows["spss/ratings-part2.sav"]) == (4, 2)
    # As many cells are fewer rows of a wide table, and more of a narrow one.
    assert [rows[f"spss/ratings-wide-part{n}.sav"] for n in (1, 2, 3)] == [2, 2, 1]
    assert (rows["stata/answers.dta"], rows["stata/participants.dta"]) == (4, 6)
    parts = [pyreadstat.read_sav(str(tmp_path / "spss" / f"ratings-part{n}.sav"))[0] for n in (1, 2)]
    assert pd.concat(parts)["participant"].tolist() == ratings()["participant"].tolist()
    assert pd.concat(parts)["model"].tolist() == ratings()["model"].tolist()
    stata = [pyreadstat.read_dta(str(tmp_path / "stata" / f"ratings-part{n}.dta"))[0] for n in (1, 2)]
    assert pd.concat(stata)["model"].tolist() == ratings()["model"].tolist()


def test_a_program_beside_the_parts_joins_them_with_texts_of_one_width(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statistics_programs, "PART", 60)
    manifest = exported(tmp_path, formats=["spss", "stata"])
    syntax = (tmp_path / "spss" / "ratings.sps").read_text("utf-8")
    width = max(len(model.encode()) for model in ratings()["model"])
    assert syntax.count(f"ALTER TYPE model (A{width}).") == 2
    assert "ADD FILES FILE=* /FILE=part2." in syntax
    do_file = (tmp_path / "stata" / "ratings.do").read_text("utf-8").splitlines()
    assert do_file[1:] == ['use "ratings-part1.dta", clear', 'append using "ratings-part2.dta"', 'save "ratings.dta"']
    assert {"spss/ratings.sps", "stata/ratings.do"} <= {file.name for file in manifest.files}
    assert not (tmp_path / "spss" / "answers.sps").exists()
    assert any("the table ratings is in 2 files" in note for note in manifest.notes)


def test_a_hundred_parts_are_joined_by_as_many_files_as_spss_takes_at_once(tmp_path: Path) -> None:
    file = statistics_programs.SpssFile(tmp_path, TABLES["ratings"])
    syntax = file.joining([f"ratings-part{n}.sav" for n in range(1, 101)])
    joined = [line.count("/FILE=") for line in syntax.splitlines() if line.startswith("ADD FILES")]
    assert joined == [49, 49, 1]
    assert " /FILE=part100." in syntax


def test_excel_holds_values_never_formulas_and_cuts_what_no_cell_holds(tmp_path: Path) -> None:
    broken = frames()
    broken["answers"].loc[0, "value"] = "bell\x07"
    manifest = exported(tmp_path, broken, formats=["excel"], identifying=True)
    book = load_workbook(tmp_path / "excel" / "ratings.xlsx")
    sheet = book["ratings"]
    names = [cell.value for cell in sheet[1]]
    column: dict[str, list[Any]] = {
        str(name): [sheet.cell(row, n + 1).value for row in range(2, 8)] for n, name in enumerate(names)
    }
    assert column["believable"] == [4, None, None, None, None, 2]
    assert column["credible"] == [1, None, 0, None, None, 0]
    assert column["submitted_at"][:3] == ["2026-01-01T10:00:00.000Z", None, "2026-07-01T08:01:00.500Z"]
    formula = sheet.cell(7, names.index("model") + 1)
    assert (formula.value, formula.data_type) == (NASTY, "s")
    assert book["codebook"]["A2"].value == "participant"
    texts = load_workbook(tmp_path / "excel" / "answers.xlsx")["answers"]
    where = [cell.value for cell in texts[1]].index("text") + 1
    assert texts.cell(3, where).value == f"{NASTY} {UNICODE}"
    assert len(texts.cell(5, where).value) == 32_767
    assert any(
        "Excel: 1 text of 'text' in answers is cut to 32767 characters, all that a cell holds, in row 4" in note
        for note in manifest.notes
    )
    assert any("control characters" in note for note in manifest.notes)


def test_a_table_longer_than_a_sheet_goes_on_on_the_next_under_its_own_header(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(excel, "MOST_ROWS", 3)
    exported(tmp_path, formats=["excel"])
    book = load_workbook(tmp_path / "excel" / "ratings.xlsx")
    assert book.sheetnames == ["ratings", "ratings 2", "ratings 3", "codebook"]
    sheets = [[[cell.value for cell in row] for row in book[name]] for name in book.sheetnames[:3]]
    assert [len(rows) for rows in sheets] == [3, 3, 3]
    assert len({tuple(rows[0]) for rows in sheets}) == 1
    where = sheets[0][0].index("participant")
    assert [row[where] for rows in sheets for row in rows[1:]] == ratings()["participant"].tolist()


@pytest.mark.parametrize(("rows", "on_sheets"), [(3, [3]), (4, [3, 1]), (6, [3, 3]), (7, [3, 3, 1])])
def test_a_sheet_is_full_with_its_header_and_the_next_begins_with_the_row_that_did_not_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int, on_sheets: list[int]
) -> None:
    assert excel.MOST_ROWS == 1_048_576
    monkeypatch.setattr(excel, "MOST_ROWS", 4)
    monkeypatch.setattr(excel, "AT_ONCE", 2)
    file = excel.ExcelFile(tmp_path, Table("t", "T", "a number", (), (Column("n", "integer", "A number."),)))
    for part in (range(rows)[:5], range(rows)[5:]):
        file.write(pd.DataFrame({"n": list(part)}, dtype="Int64"))
    (made,) = file.close()
    book = load_workbook(tmp_path / "excel" / "t.xlsx")
    columns = [[cell.value for cell in book[name]["A"]] for name in book.sheetnames if name != "codebook"]
    assert [len(column) - 1 for column in columns] == on_sheets
    assert [value for column in columns for value in column[1:]] == list(range(rows))
    assert ({column[0] for column in columns}, made.rows) == ({"n"}, rows)


def test_excel_holds_any_text_that_xml_has_signs_for(tmp_path: Path) -> None:
    texts = ["<a> & b", "]]>", " two  blanks ", "line\r\nend", "tab\t", "#N/A", "12", "😀"]
    table = Table("t", "T", "a text", (), (Column("text", "text", "A text."),))
    file = excel.ExcelFile(tmp_path, table)
    file.write(pd.DataFrame({"text": texts}))
    file.close()
    (read,) = load_workbook(tmp_path / "excel" / "t.xlsx")["t"].iter_cols(min_row=2, values_only=True)
    assert list(read) == texts


def test_excel_cells_are_as_long_as_excel_counts_and_hold_escapes_and_no_infinity(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(excel, "MOST_BYTES", 1)  # so that the second piece has a sheet of its own
    columns = (Column("text", "text", "Invented."), Column("size", "number", "Invented."))
    file = excel.ExcelFile(tmp_path, Table("t", "T", "a text", (), columns))
    file.write(pd.DataFrame({"text": ["\U0001f600" * 20_000, "_x0041_"], "size": [math.inf, 1.5]}))
    file.write(pd.DataFrame({"text": ["more"], "size": [2.0]}))
    file.close()
    book = load_workbook(tmp_path / "excel" / "t.xlsx")
    assert book["t"]["A2"].value == "\U0001f600" * (32_767 // 2)
    assert [cell.value for cell in book["t"]["B"][1:]] == [None, 1.5]
    assert (unescape(book["t"]["A3"].value), book["t 2"]["A2"].value) == ("_x0041_", "more")
    assert "1 text of 'text' in t is cut to 32767 characters" in " ".join(file.notes)


def test_qualtrics_style_has_three_header_rows_and_its_names(tmp_path: Path) -> None:
    exported(tmp_path, formats=["qualtrics"], identifying=True)
    content = (tmp_path / "qualtrics" / "responses.csv").read_bytes().decode()
    names, texts, keys, *rows = list(csv.reader(io.StringIO(content, newline="")))
    assert names[:3] == ["StartDate", "EndDate", "Status"]
    assert {"Duration (in seconds)", "UserLanguage", "age", "age_DO", "2_believable", "1_timing_Page Submit"} <= {
        *names
    }
    assert "IPAddress" not in names
    assert texts[names.index("age")] == "How old are you?"
    assert [json.loads(key)["ImportId"] for key in keys][names.index("reasons")] == "after-1/reasons"
    assert len(rows) == 5
    first, second = dict(zip(names, rows[0], strict=True)), dict(zip(names, rows[1], strict=True))
    assert (first["age"], first["age_DO"], first["Finished"]) == ("25-34", "25-34|35-44", "1")
    assert (second["age"], second["age_DO"], second["2_arm"]) == ("one,two", "two|one", "")
    assert (first["StartDate"], first["Duration (in seconds)"]) == ("2026-01-01 09:00:00", "3600")
    assert (first["1_article"], first["1_timing_Page Submit"]) == ("x", "1.500")
    assert first["reasons"].startswith("'=HYPERLINK")


def test_frictionless_accepts_the_data_package_and_refuses_it_when_a_value_is_changed(tmp_path: Path) -> None:
    exported(tmp_path, identifying=True)
    package = tmp_path / "datapackage.json"
    report = frictionless.validate(str(package))
    assert report.valid, report.flatten(["type", "note"])
    assert {task.name for task in report.tasks} == {"ratings", "ratings-wide", "answers", "participants"}
    data = tmp_path / "data" / "table-ratings_data.csv"
    data.write_bytes(data.read_bytes().replace(b",real,real,", b",real,fake,", 1))
    assert not frictionless.validate(str(package)).valid


def test_the_folder_is_a_psych_ds_dataset(tmp_path: Path) -> None:
    manifest = exported(tmp_path)
    head = json.loads((tmp_path / "dataset_description.json").read_bytes())
    assert (head["@type"], head["@context"], head["name"]) == ("Dataset", "https://schema.org/", "A <study>")
    described = {variable["name"] for variable in head["variableMeasured"]}
    data = [file for file in manifest.files if file.name.startswith("data/")]
    assert data
    assert {column for file in data for column in file.columns} == described
    for file in data:
        stem = file.name.removeprefix("data/").removesuffix(".csv")
        pairs, ending = stem.rsplit("_", 1)
        assert ending == "data"
        assert all(len(pair.split("-", 1)) == 2 for pair in pairs.split("_"))


def test_the_ddi_codebook_names_every_variable_of_every_file_with_its_categories(tmp_path: Path) -> None:
    manifest = exported(tmp_path)
    root = ET.parse(tmp_path / "codebook-ddi.xml").getroot()  # noqa: S314
    space = {"d": NAMESPACE}
    names = [name.text for name in root.findall(".//d:fileName", space)]
    data = [file for file in manifest.files if file.name.startswith("data/")]
    assert names == [file.name for file in data]
    assert [q.text for q in root.findall(".//d:caseQnty", space)] == [str(file.rows) for file in data]
    variables = root.findall(".//d:var", space)
    assert [v.get("name") for v in variables] == [column for file in data for column in file.columns]
    believable = next(v for v in variables if v.get("name") == "believable")
    assert [c.text for c in believable.findall("d:catgry/d:catValu", space)] == ["1", "2", "3", "4"]
    assert believable.findtext("d:labl", namespaces=space) == "How believable?"


@pytest.mark.parametrize("cells", [500_000, 1], ids=["one file", "a row a file"])
def test_texts_that_are_cut_are_named_by_row_in_the_files_the_notes_the_codebook_and_a_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cells: int
) -> None:
    monkeypatch.setattr(statistics_programs, "PART", cells)
    manifest = exported(tmp_path, formats=["spss", "excel"], identifying=True)
    spss = "SPSS: 1 text of 'text' in answers is cut to 32767 bytes"
    excels = "Excel: 1 text of 'text' in answers is cut to 32767 characters"
    for said in (spss, excels):
        assert [note for note in manifest.notes if note.startswith(said) and "in row 4; whole in the CSV" in note]
    lost = {file.name: file.cautions for file in manifest.files if file.cautions}
    assert {*lost} == {"excel/answers.xlsx", f"spss/answers{'' if cells > 1 else '-part4'}.sav"}
    assert all("in row 4" in cautions[0] for cautions in lost.values())
    (column,) = [
        row
        for row in csv.DictReader(io.StringIO((tmp_path / "codebook.csv").read_text("utf-8")))
        if "answers" in row["table"] and row["column"] == "text"
    ]
    assert spss in column["description"]
    assert excels in column["description"]
    rows = list(csv.reader(io.StringIO((tmp_path / "cut-texts.csv").read_text("utf-8"))))
    assert rows == [
        ["format", "table", "column", "row"],
        ["SPSS", "answers", "text", "4"],
        ["Excel", "answers", "text", "4"],
    ]
    assert "cut-texts.csv" in (tmp_path / "README.txt").read_text("utf-8")


def test_labels_that_are_too_long_end_with_a_whole_word_and_say_that_they_go_on(tmp_path: Path) -> None:
    long = "Насколько этому можно верить, если вспомнить всё, что было сказано в этой статье раньше? " * 3
    item = Column("believable", "integer", long, levels=(Level("1", long),))
    table = Table("t", "T", "a rating", (), (item,))
    frame = pd.DataFrame({"believable": [1]})
    read: dict[str, Any] = {}
    for kind, reader in (
        (statistics_programs.SpssFile, pyreadstat.read_sav),
        (statistics_programs.StataFile, pyreadstat.read_dta),
    ):
        file = kind(tmp_path, table)
        file.write(frame)
        file.close()
        _, read[kind.title] = reader(str(tmp_path / file.name()))
    for title, most in (("SPSS", 256), ("Stata", 80)):
        label = read[title].column_names_to_labels["believable"]
        assert len(label.encode()) <= most
        assert label.endswith("…")
        assert f"{label[:-1]}" in long
        assert long[len(label) - 1] in " ,.?"
    value = read["SPSS"].variable_value_labels["believable"][1.0]
    assert len(value.encode()) <= 120
    assert read["SPSS"].original_variable_types["believable"] == "F8.0"
    assert read["Stata"].variable_value_labels["believable"][1] == long.strip()


def test_where_nothing_is_cut_nothing_is_said_of_it(tmp_path: Path) -> None:
    manifest = exported(tmp_path, formats=["stata"], identifying=True)
    assert not any(file.cautions for file in manifest.files)
    assert not (tmp_path / "cut-texts.csv").exists()
