"""Excel files of an export held against its CSV files: rows counted on all sheets, the first and the last compared.

Sheets are walked as the bytes that lie in the file, row by row, so that a million rows take neither much memory nor
much time, and nothing of the code that wrote them is used.
"""

import csv
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TypeVar
from xml.etree import ElementTree

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_PIECE = 1 << 20
Row = TypeVar("Row")


def held_against_csv(export: Path) -> dict[str, int]:
    """{table: rows} of every Excel file in the zip of an export. Raises ``AssertionError`` naming what differs."""
    found = {}
    with zipfile.ZipFile(export) as files, tempfile.TemporaryDirectory() as folder:
        for name in sorted(name for name in files.namelist() if name.startswith("excel/")):
            table = Path(name).stem
            book = Path(files.extract(name, folder))
            with files.open(f"data/table-{table}_data.csv") as raw:
                wanted = csv.reader(line.decode() for line in raw)
                found[table] = _same(table, rows_of(book), wanted)
            book.unlink()
    return found


def rows_of(book: Path) -> Iterator[bytes]:
    """The rows of a workbook's table over all its sheets, as they lie there, the header once. Without its codebook."""
    with zipfile.ZipFile(book) as parts:
        titles = ElementTree.fromstring(parts.read("xl/workbook.xml")).iter(f"{_MAIN}sheet")  # noqa: S314 -- our file
        for number, title in enumerate([sheet.attrib["name"] for sheet in titles], start=1):
            if title == "codebook":
                continue
            with parts.open(f"xl/worksheets/sheet{number}.xml") as sheet:
                rows = _rows(sheet)
                header = next(rows)
                if number == 1:
                    yield header
                yield from rows


def cells(row: bytes) -> list[str]:
    """The cells of a row as texts."""
    return ["".join(cell.itertext()) for cell in ElementTree.fromstring(row)]  # noqa: S314 -- our file


def _rows(sheet: IO[bytes]) -> Iterator[bytes]:
    left = b""
    while piece := sheet.read(_PIECE):
        *whole, left = (left + piece).split(b"</row>")
        yield from (row[row.index(b"<row>") :] + b"</row>" for row in whole)


def _same(table: str, rows: Iterator[bytes], wanted: Iterator[list[str]]) -> int:
    """How many rows both have. Raises ``AssertionError`` for other columns or numbers, another first or last row."""
    header = cells(next(rows))
    assert header == next(wanted), f"{table}: other columns"
    in_excel, *ends = _ends(rows, b"<row></row>")
    n, *wanted_ends = _ends(wanted, [])
    assert in_excel == n, f"{table}: {in_excel} rows in Excel, {n} in CSV"
    for at, row, values in zip((1, n), ends, wanted_ends, strict=True):
        for name, cell, value in zip(header, cells(row), values, strict=bool(n)):
            assert _alike(cell, value), f"{table}, {name} in row {at}: {cell!r} in Excel, {value!r} in CSV"
    return n


def _ends(rows: Iterator[Row], none: Row) -> tuple[int, Row, Row]:
    """How many rows, the first and the last."""
    n, first, last = 0, none, none
    for n, last in enumerate(rows, start=1):
        if n == 1:
            first = last
    return n, first, last


def _alike(cell: str, value: str) -> bool:
    """Whether a cell holds a value of the CSV file, which may have an apostrophe before it or be written otherwise."""
    if cell == value or f"'{cell}" == value:
        return True
    try:
        return float(cell) == float(value)
    except ValueError:
        return False
