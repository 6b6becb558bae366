"""PURE: tables as Excel workbooks, written row by row; a cell is never a formula."""

import re
from typing import Any

import pandas as pd
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ERROR_CODES

from analysis.files.delimited import iso
from analysis.files.table_file import Made, TableFile, python_values
from analysis.schema import Column

MOST_ROWS = 1_048_576
MOST_CHARACTERS = 32_767
# What XML cannot hold.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


class ExcelFile(TableFile):
    """A table as '.xlsx': sheets of at most 1,048,576 rows, each with its header, and a sheet with the codebook.

    Times are ISO 8601 text in UTC, since Excel knows no zones; yes-no is 1 and 0.
    """

    title, folder, suffix = "Excel", "excel", ".xlsx"

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._book = Workbook(write_only=True)
        self._sheets = 0
        self._on_sheet = MOST_ROWS
        self._rows = 0
        self._cut: dict[str, int] = {}
        self._replaced: dict[str, int] = {}

    def write(self, frame: pd.DataFrame) -> None:
        if not self._sheets:
            self._new_sheet()
        columns = [self._cells(frame[column.name], column) for column in self.table.columns]
        for row in zip(*columns, strict=True):
            if self._on_sheet >= MOST_ROWS:
                self._new_sheet()
            self._sheet.append(row)
            self._on_sheet += 1
        self._rows += len(frame)

    def abandon(self) -> None:
        self._book.close()

    def close(self) -> list[Made]:
        if not self._sheets:
            self._new_sheet()
        self._codebook()
        self._book.save(self.root / self.name())
        self._book.close()
        self.notes += [
            f"Excel: {n} texts of the column '{name}' in {self.table.name} are cut to {MOST_CHARACTERS} characters, "
            "which is all that a cell holds; they stand whole in the CSV file."
            for name, n in self._cut.items()
        ]
        self.notes += [
            f"Excel: {n} texts of the column '{name}' in {self.table.name} hold control characters, which a cell "
            "cannot; the character U+FFFD stands for each. They stand whole in the CSV file."
            for name, n in self._replaced.items()
        ]
        return [Made(self.name(), self._rows, self.table.names)]

    def _new_sheet(self) -> None:
        self._sheets += 1
        title = self.table.name if self._sheets == 1 else f"{self.table.name} {self._sheets}"
        self._sheet = self._book.create_sheet(title[:31])
        self._sheet.freeze_panes = "A2"
        self._sheet.append([self._text(name, "") for name in self.table.names])
        self._on_sheet = 1

    def _codebook(self) -> None:
        sheet = self._book.create_sheet("codebook")
        sheet.append(["column", "type", "unit", "description", "levels"])
        for column in self.table.columns:
            levels = "; ".join(f"{level.code or '(empty)'} = {level.meaning}" for level in column.levels)
            cells = (column.name, column.type, column.unit, column.description, levels)
            sheet.append([self._text(cell, "") for cell in cells])

    def _cells(self, series: pd.Series, column: Column) -> list[Any]:
        values = python_values(series)
        if column.type == "time":
            return [None if value is None else iso(value) for value in values]
        if column.type == "text":
            return [self._text(value, column.name) if value else None for value in values]
        if column.type == "number":
            return [None if value is None else float(value) for value in values]
        return [None if value is None else int(value) for value in values]

    def _text(self, value: str, name: str) -> Any:
        """The text, as a cell that says that it is text where Excel would take it for something else."""
        clean = _FORBIDDEN.sub("\ufffd", value)
        if clean != value:
            self._replaced[name] = self._replaced.get(name, 0) + 1
        if len(clean) > MOST_CHARACTERS:
            self._cut[name] = self._cut.get(name, 0) + 1
            clean = clean[:MOST_CHARACTERS]
        if not clean.startswith("=") and clean not in ERROR_CODES:
            return clean
        cell = WriteOnlyCell(self._sheet, value=clean)
        cell.data_type = "s"
        return cell
