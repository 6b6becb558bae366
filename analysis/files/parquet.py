"""PURE: tables as Parquet, with what the codebook says of each column in its metadata."""

import json
from dataclasses import asdict
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.files.table_file import Made, TableFile, python_values
from analysis.schema import SCHEMA_VERSION, Column, ColumnType

_TYPES: dict[ColumnType, pa.DataType] = {
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "yes-no": pa.bool_(),
    "time": pa.timestamp("us", tz="UTC"),
}
# Cells a row group: large enough to be read fast, small enough to be held in memory; wide tables have short groups.
_GROUP = 250_000


class ParquetFile(TableFile):
    """A table as Parquet; missing values are null."""

    title, folder, suffix = "Parquet", "parquet", ".parquet"

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._schema = pa.schema(
            [pa.field(c.name, _TYPES[c.type], metadata=_described(c)) for c in self.table.columns],
            metadata={"title": self.table.title, "schema_version": str(SCHEMA_VERSION)},
        )
        self._file = pq.ParquetWriter(self.root / self.name(), self._schema, compression="zstd")
        self._waiting: list[pa.RecordBatch] = []
        self._rows = 0

    def write(self, frame: pd.DataFrame) -> None:
        arrays = [_array(frame[column.name], column) for column in self.table.columns]
        self._waiting.append(pa.record_batch(arrays, schema=self._schema))
        self._rows += len(frame)
        if sum(map(len, self._waiting)) * len(arrays) >= _GROUP:
            self._flush()

    def abandon(self) -> None:
        self._file.close()

    def close(self) -> list[Made]:
        self._flush()
        self._file.close()
        return [Made(self.name(), self._rows, self.table.names)]

    def _flush(self) -> None:
        table = pa.Table.from_batches(self._waiting, schema=self._schema)
        if len(table):
            self._file.write_table(table.combine_chunks())
        self._waiting = []


def _array(series: pd.Series, column: Column) -> pa.Array:
    values = python_values(series)
    if column.type == "yes-no":
        values = [None if value is None else bool(value) for value in values]
    elif column.type == "integer":
        values = [None if value is None else int(value) for value in values]
    elif column.type == "number":
        values = [None if value is None else float(value) for value in values]
    return pa.array(values, type=_TYPES[column.type])


def _described(column: Column) -> dict[str, str]:
    found = {"description": column.description, "unit": column.unit}
    if column.levels:
        found["levels"] = json.dumps([asdict(level) for level in column.levels], ensure_ascii=False)
    return {key: value for key, value in found.items() if value}
