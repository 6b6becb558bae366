"""PURE: tables as Excel workbooks (ECMA-376), written row by row into the file itself; a cell is never a formula."""

import math
import re
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import IO, Any
from xml.sax.saxutils import escape, quoteattr

import pandas as pd

from analysis.cells import cells
from analysis.files.table_file import Made, TableFile, python_values
from analysis.schema_columns import Column

MOST_ROWS = 1_048_576
# As Excel counts them: in units of UTF-16, of which an emoji takes two.
MOST_CHARACTERS = 32_767
# Readers of zips differ in what they make of a part beyond 2 GiB; a sheet ends well before.
MOST_BYTES = 1_500_000_000
# Rows that are packed at a time: each piece on its own would take longer than what is in it.
AT_ONCE = 1_000
# What XML cannot hold.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
# Excel reads '_x0041_' as 'A'.
_ESCAPE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
_EMPTY = "<c/>"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
# The first row stays in view.
_SHEET = (
    f'{_XML}<worksheet {_MAIN}><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" '
    'activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetData>'
)


class ExcelFile(TableFile):
    """A table as '.xlsx': sheets of at most 1,048,576 rows, each with its header, and a sheet with the codebook.

    Times are ISO 8601 text in UTC, since Excel knows no zones; yes-no is 1 and 0. Rows go into the file as they come:
    neither memory nor a second file grows with the table.
    """

    title, folder, suffix = "Excel", "excel", ".xlsx"
    limit = f"{MOST_CHARACTERS} characters, all that a cell holds"

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._book = zipfile.ZipFile(self.root / self.name(), "w", zipfile.ZIP_DEFLATED)
        self._sheet: IO[bytes] | None = None
        self._titles: list[str] = []
        self._on_sheet = MOST_ROWS
        self._bytes = 0
        self._rows = 0
        self._replaced: Counter[str] = Counter()

    def write(self, frame: pd.DataFrame) -> None:
        columns = [self._cells(frame[column.name], column) for column in self.table.columns]
        rows = ["".join(row) for row in zip(*columns, strict=True)]
        while rows or self._sheet is None:
            if self._sheet is None or self._on_sheet >= MOST_ROWS or self._bytes >= MOST_BYTES:
                self._new_sheet(self.table.name, self.table.names)
            fitting = MOST_ROWS - self._on_sheet
            self._append(rows[:fitting])
            rows = rows[fitting:]
        self._rows += len(frame)

    def abandon(self) -> None:
        # Nothing of it is wanted any more, whatever keeps it from being finished.
        with suppress(OSError):
            if self._sheet:
                self._sheet.close()
        with suppress(OSError):
            self._book.close()

    def close(self) -> list[Made]:
        if self._sheet is None:
            self._new_sheet(self.table.name, self.table.names)
        self._new_sheet("codebook", ("column", "type", "unit", "description", "levels"))
        self._append("".join(map(_text, row)) for row in _codebook(self.table.columns))
        self._end_sheet()
        for name, content in _about(self._titles).items():
            self._book.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
        self._book.close()
        self.notes += map(str, self.shortened())
        self.notes += [
            f"Excel: {n} texts of the column '{name}' in {self.table.name} hold control characters, which a cell "
            "cannot; the character U+FFFD stands for each. They stand whole in the CSV file."
            for name, n in self._replaced.items()
        ]
        return [Made(self.name(), self._rows, self.table.names, self.cautions(1, self._rows))]

    def _new_sheet(self, title: str, names: Sequence[str]) -> None:
        self._end_sheet()
        again = sum(known.split(" ")[0] == title for known in self._titles)
        self._titles.append(f"{title} {again + 1}"[:31] if again else title[:31])
        # Without the moment at which it is written, so that equal tables are equal files.
        entry = zipfile.ZipInfo(f"xl/worksheets/sheet{len(self._titles)}.xml")
        entry.compress_type = zipfile.ZIP_DEFLATED
        self._sheet = self._book.open(entry, "w")
        self._sheet.write(_SHEET.encode())
        self._on_sheet = self._bytes = 0
        self._append(["".join(map(_text, names))])

    def _append(self, rows: Iterable[str]) -> None:
        assert self._sheet is not None  # noqa: S101 -- a sheet is begun before its rows
        left = iter(rows)
        while some := list(islice(left, AT_ONCE)):
            self._bytes += self._sheet.write(f"<row>{'</row><row>'.join(some)}</row>".encode())
            self._on_sheet += len(some)

    def _end_sheet(self) -> None:
        if self._sheet:
            self._sheet.write(b"</sheetData></worksheet>")
            self._sheet.close()

    def _cells(self, series: pd.Series, column: Column) -> list[str]:
        if column.type == "time":
            return self._texts(cells(series, column), column.name)
        values = python_values(series)
        if column.type == "text":
            return self._texts(values, column.name)
        if column.type == "number":
            # A cell holds no infinity.
            return [
                _EMPTY if value is None or not math.isfinite(value) else f"<c><v>{float(value)!r}</v></c>"
                for value in values
            ]
        return [_EMPTY if value is None else f"<c><v>{int(value)}</v></c>" for value in values]

    def _texts(self, values: list[Any], name: str) -> list[str]:
        """The texts as cells; what had to be cut or replaced is counted. Few of them differ in most columns."""
        known: dict[Any, str] = {None: _EMPTY, "": _EMPTY}
        too_long = set()
        for value, n in Counter(values).items():
            if value in known:
                continue
            clean = _FORBIDDEN.sub("\ufffd", value)
            if clean != value:
                self._replaced[name] += n
            whole = _fitting(clean)
            if whole != clean:
                too_long.add(value)
            known[value] = _text(whole)
        if too_long:
            self.count_cut(name, (self._rows + n for n, value in enumerate(values, start=1) if value in too_long))
        return [known[value] for value in values]


def _fitting(value: str) -> str:
    """As much of a text as a cell holds; no character is cut in two."""
    if len(value) <= MOST_CHARACTERS // 2:
        return value
    return value.encode("utf-16-le")[: 2 * MOST_CHARACTERS].decode("utf-16-le", "ignore")


def _text(value: str) -> str:
    """A cell that says that it is text, whatever Excel would take it for."""
    # A reader of XML would take a carriage return for the end of a line.
    written = escape(_ESCAPE.sub("_x005F_", value), {chr(13): "&#13;"})
    return f'<c t="inlineStr"><is><t xml:space="preserve">{written}</t></is></c>'


def _codebook(columns: Sequence[Column]) -> Iterator[tuple[str, ...]]:
    for column in columns:
        levels = "; ".join(f"{level.code or '(empty)'} = {level.meaning}" for level in column.levels)
        cells = (column.name, column.type, column.unit, column.description, levels)
        yield tuple(_fitting(_FORBIDDEN.sub("\ufffd", cell)) for cell in cells)


def _about(titles: Sequence[str]) -> dict[str, str]:
    """The parts that say which sheets there are and how they hang together."""
    numbered = list(enumerate(titles, start=1))
    sheets = "".join(f'<sheet name={quoteattr(title)} sheetId="{n}" r:id="rId{n}"/>' for n, title in numbered)
    links = "".join(
        f'<Relationship Id="rId{n}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n, _ in numbered
    )
    kinds = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_KIND}.worksheet+xml"/>' for n, _ in numbered
    )
    return {
        "[Content_Types].xml": f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_KIND}.sheet.main+xml"/>{kinds}</Types>',
        "_rels/.rels": f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'{_XML}<workbook {_MAIN} xmlns:r="{_OFFICE}">'
        f"<bookViews><workbookView/></bookViews><sheets>{sheets}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">{links}</Relationships>',
    }
