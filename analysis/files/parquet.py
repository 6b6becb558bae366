"""PURE: tables as Parquet, with what the codebook says of each column in its metadata."""

import json
from dataclasses import asdict, replace
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.files.table_file import Made, TableFile, python_values
from analysis.schema import SCHEMA_VERSION
from analysis.schema_columns import Column, ColumnType

_TYPES: dict[ColumnType, pa.DataType] = {
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "yes-no": pa.bool_(),
    "time": pa.timestamp("us", tz="UTC"),
}
# Cells a row group: large enough to be read fast, small enough to be held in memory; wide tables have short groups.
_GROUP, _FEWEST_ROWS = 250_000, 1_000
# What a file says of each column of each group is held until its end, some hundred bytes each: after so many the
# table goes on in another file.
MOST_CHUNKS = 8_000


class ParquetFile(TableFile):
    """A table as Parquet; missing values are null. A very long or wide one becomes several files."""

    title, folder, suffix = "Parquet", "parquet", ".parquet"

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._schema = pa.schema(
            [pa.field(c.name, _TYPES[c.type], metadata=_described(c)) for c in self.table.columns],
            metadata={"title": self.table.title, "schema_version": str(SCHEMA_VERSION)},
        )
        self._waiting: list[pa.RecordBatch] = []
        self._made: list[Made] = []
        self._begin()

    def write(self, frame: pd.DataFrame) -> None:
        arrays = [_lean(_array(frame[column.name], column)) for column in self.table.columns]
        if self._groups * len(arrays) >= MOST_CHUNKS and len(frame):
            self._end()
            self._begin()
        self._waiting.append(pa.record_batch(arrays, names=self._schema.names))
        waiting = sum(map(len, self._waiting))
        if waiting >= _FEWEST_ROWS and waiting * len(arrays) >= _GROUP:
            self._flush()

    def abandon(self) -> None:
        self._file.close()

    def close(self) -> list[Made]:
        self._end()
        if len(self._made) > 1:
            self.notes.append(
                f"{self.title}: the table {self.table.name} is in {len(self._made)} files, to be read one after the "
                "other or as one data set."
            )
        return self._made

    def _begin(self) -> None:
        # Without the least and largest value of each column of each group, which would be most of what is held.
        self._file = pq.ParquetWriter(
            self.root / self._path(), self._schema, compression="zstd", write_statistics=False
        )
        self._rows = self._groups = 0

    def _end(self) -> None:
        self._flush()
        self._file.close()
        self._made.append(Made(self._path(), self._rows, self.table.names))

    def _path(self) -> str:
        """The path of the file that is being written. The first is whole until there is a second."""
        if len(self._made) == 1 and self._made[0].path == self.name():
            (self.root / self.name()).rename(self.root / self.name(1))
            self._made[0] = replace(self._made[0], path=self.name(1))
        return self.name(len(self._made) + 1 if self._made else 0)

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        columns = [
            pa.chunked_array([batch.column(n).cast(field.type) for batch in waiting], field.type).combine_chunks()
            for n, field in enumerate(self._schema)
        ]
        # The pieces are free before the writer takes as much again.
        del waiting
        table = pa.Table.from_arrays(columns, schema=self._schema)
        if len(table):
            self._file.write_table(table)
            self._rows += len(table)
            self._groups += 1
        del table, columns
        # What was a group is the system's again, and not kept for other tables, which have groups of their own.
        pa.default_memory_pool().release_unused()


def _array(series: pd.Series, column: Column) -> pa.Array:
    values = python_values(series)
    if column.type == "yes-no":
        values = [None if value is None else bool(value) for value in values]
    elif column.type == "integer":
        values = [None if value is None else int(value) for value in values]
    elif column.type == "number":
        values = [None if value is None else float(value) for value in values]
    return pa.array(values, type=_TYPES[column.type])


def _lean(array: pa.Array) -> pa.Array:
    """The values while they wait: a text that stands in many rows is held once."""
    return array.dictionary_encode() if pa.types.is_string(array.type) else array


def _described(column: Column) -> dict[str, str]:
    found = {"description": column.description, "unit": column.unit}
    if column.levels:
        found["levels"] = json.dumps([asdict(level) for level in column.levels], ensure_ascii=False)
    return {key: value for key, value in found.items() if value}
