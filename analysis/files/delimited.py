"""PURE: tables as CSV, by RFC 4180, and as JSON lines."""

import csv
import io
import json
from collections.abc import Iterable
from typing import Any

import pandas as pd

from analysis.cells import cells
from analysis.files.table_file import Made, TableFile, python_values
from analysis.schema_columns import Column


def csv_rows(rows: Iterable[Iterable[str]]) -> bytes:
    """Rows of cells as CSV in UTF-8."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


class CsvFile(TableFile):
    """A table as CSV with one header row. The file's name is as Psych-DS wants it."""

    title, folder, suffix = "CSV", "data", ".csv"

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._rows = 0
        self._file = (self.root / self.name()).open("wb")
        self._file.write(csv_rows([self.table.names]))

    def write(self, frame: pd.DataFrame) -> None:
        columns = [cells(frame[column.name], column) for column in self.table.columns]
        self._file.write(csv_rows(zip(*columns, strict=True)))
        self._rows += len(frame)

    def abandon(self) -> None:
        self._file.close()

    def close(self) -> list[Made]:
        self._file.close()
        return [Made(self.name(), self._rows, self.table.names)]

    def name(self, part: int = 0) -> str:
        """The file's path: keyword and value, then 'data' (Psych-DS)."""
        return f"{self.folder}/table-{self.table.name}_data{self.suffix}"


class JsonLinesFile(TableFile):
    """A table as one JSON object a line: missing is null, yes-no is true or false, times are ISO 8601 in UTC."""

    title, folder, suffix = "JSON lines", "json-lines", ".jsonl"

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._rows = 0
        self._file = (self.root / self.name()).open("w", encoding="utf-8", newline="\n")

    def write(self, frame: pd.DataFrame) -> None:
        columns = [json_values(frame[column.name], column) for column in self.table.columns]
        encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
        names = self.table.names
        self._file.writelines(f"{encode(dict(zip(names, row, strict=True)))}\n" for row in zip(*columns, strict=True))
        self._rows += len(frame)

    def abandon(self) -> None:
        self._file.close()

    def close(self) -> list[Made]:
        self._file.close()
        return [Made(self.name(), self._rows, self.table.names)]


def json_values(series: pd.Series, column: Column) -> list[Any]:
    """A column's values as JSON can hold them."""
    if column.type == "time":
        return [text or None for text in cells(series, column)]
    values = python_values(series)
    if column.type == "yes-no":
        return [None if value is None else bool(value) for value in values]
    if column.type == "integer":
        return [None if value is None else int(value) for value in values]
    if column.type == "number":
        return [None if value is None else float(value) for value in values]
    return values
