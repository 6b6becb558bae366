"""PURE: an export as a folder: tables in the formats asked for, codebook, descriptors, manifest.

Chunks of people come in, in the order of their ids, and every file grows by them: memory does not grow with the study.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pandas as pd

from analysis.codebook import CodebookTable, codebook_csv, codebook_html
from analysis.files.coarse_times import described_to_the_day, to_the_day
from analysis.files.ddi import codebook_ddi
from analysis.files.delimited import CsvFile, csv_rows
from analysis.files.descriptors import data_package, dataset_description
from analysis.files.manifest import CUT_TEXTS, MANIFEST, VERSION, ExportedFile, Manifest, read_me
from analysis.files.qualtrics import QualtricsFile, Question
from analysis.files.small_cells import SmallCells
from analysis.files.table_file import Made, Shortened, TableFile
from analysis.schema_columns import Table
from analysis.validation import FrameError, check_columns, check_unique
from analysis.wide import wide_ratings

QUALTRICS = "qualtrics"
# Each format's file, beside CSV, which is always there: the data package and the Psych-DS folder are made of it.
_BY_NAME = {
    "parquet": "parquet.ParquetFile",
    "spss": "statistics_programs.SpssFile",
    "stata": "statistics_programs.StataFile",
    "excel": "excel.ExcelFile",
    "json-lines": "delimited.JsonLinesFile",
}
FORMATS = (*_BY_NAME, QUALTRICS)
WIDE = "wide"


def _kind(name: str) -> type[TableFile]:
    """The format's file. Its libraries are loaded where it is asked for: together they are as large as the tables."""
    module, kind = _BY_NAME[name].split(".")
    found: type[TableFile] = getattr(import_module(f"analysis.files.{module}"), kind)
    return found


class Package:
    """An export that is being written into ``folder``.

    ``tables`` describes each frame by its name; the columns that a file has are those of the first chunk. ``places`` is
    how many articles a person reads, ``version`` the frozen version's document. Without ``identifying`` the identifying
    columns are left out and times are to the day, and the codebook says so. Equal chunks and ``about`` give equal
    bytes, apart from the files of SPSS and Stata, which hold the time at which they were made.
    """

    def __init__(
        self,
        folder: Path,
        tables: Mapping[str, Table],
        about: Mapping[str, str],
        *,
        formats: Sequence[str] = (),
        identifying: bool = False,
        places: int = 1,
        questions: Sequence[Question] = (),
        version: str = "",
    ) -> None:
        if unknown := [name for name in formats if name not in FORMATS]:
            raise ValueError(f"there is no format {', '.join(unknown)}; there are {', '.join(FORMATS)}")
        self.folder, self.about, self.identifying, self.places = folder, dict(about), identifying, places
        told = tables if identifying else {name: described_to_the_day(table) for name, table in tables.items()}
        self._tables, self._formats = dict(told), tuple(formats)
        self._described: dict[str, Table] = {}
        self._open: dict[str, list[TableFile]] = {}
        self._last = ""
        self._cells = SmallCells()
        self._version = version
        folder.mkdir(parents=True, exist_ok=True)
        self._qualtrics = None
        if QUALTRICS in formats:
            self._qualtrics = QualtricsFile(folder, questions, places=places, identifying=identifying)

    def add(self, frames: Mapping[str, pd.DataFrame]) -> None:
        """Add the frames of some people, whose ids come after those added before.

        Raises ``FrameError`` for a frame that breaks its table, and for people out of order.
        """
        try:
            self._add(frames)
        except BaseException:
            self.abandon()
            raise

    def abandon(self) -> None:
        """Let go of every file, finished or not; nothing can be added any more."""
        for files in self._open.values():
            for file in files:
                file.abandon()
        if self._qualtrics:
            self._qualtrics.abandon()

    def _add(self, frames: Mapping[str, pd.DataFrame]) -> None:
        self._in_order(frames)
        for name, exact in frames.items():
            frame = exact if self.identifying else to_the_day(exact, self._tables[name])
            check_columns(frame, self._tables[name])
            check_unique(frame, self._tables[name])
            self._write(name, frame, self._tables[name])
            if name == "ratings" and "position" in frame.columns:
                wide, described = wide_ratings(frame, self._tables[name], self.places)
                self._write(WIDE, wide, replace(described, name="ratings-wide"))
        if "answers" in frames and "participants" in frames:
            self._cells.add(frames["answers"], frames["participants"])
            # With the exact times, of which it takes the duration.
            if self._qualtrics:
                self._qualtrics.write(frames["answers"], frames["participants"], frames.get("ratings"))

    def close(self) -> Manifest:
        """Finish every file, describe them, and return what there is."""
        made: list[Made] = []
        notes: list[str] = []
        for files in self._open.values():
            for file in files:
                made += file.close()
                notes += file.notes
        if self._qualtrics:
            made += self._qualtrics.close()
        written = [self._digested(file) for file in made]
        shortened = [each for files in self._open.values() for file in files for each in file.shortened()]
        codebook = [
            CodebookTable(csv.name(), _with_cautions(self._described[name], shortened), frozenset(csv.table.names))
            for name, (csv, *_) in self._open.items()
        ]
        written += self._describe(codebook, {file.name: file for file in written}, shortened)
        manifest = Manifest(self.about, self.identifying, tuple(written), tuple(notes), tuple(self._cells.warnings()))
        (self.folder / MANIFEST).write_bytes(manifest.to_json())
        return manifest

    def _in_order(self, frames: Mapping[str, pd.DataFrame]) -> None:
        people = [frame["participant"] for frame in frames.values() if "participant" in frame.columns and len(frame)]
        if not people:
            return
        first, last = min(map(min, people)), max(map(max, people))
        if first <= self._last:
            raise FrameError(f"people must be exported in order: {first!r} comes after {self._last!r}", "participant")
        self._last = last

    def _write(self, name: str, frame: pd.DataFrame, table: Table) -> None:
        if name not in self._open:
            present = [column for column in table.columns if column.name in frame.columns]
            self._described[name] = replace(table, columns=tuple(present))
            chosen = tuple(column for column in present if self.identifying or not column.identifying)
            kinds: list[type[TableFile]] = [CsvFile, *(_kind(kind) for kind in self._formats if kind in _BY_NAME)]
            self._open[name] = [kind(self.folder, replace(table, columns=chosen)) for kind in kinds]
        names = list(self._open[name][0].table.names)
        if missing := [column for column in names if column not in frame.columns]:
            raise FrameError(f"the column '{missing[0]}' of {table.name} is missing from a later part", missing[0])
        for file in self._open[name]:
            file.write(frame[names])

    def _describe(
        self, codebook: Sequence[CodebookTable], files: Mapping[str, ExportedFile], shortened: Sequence[Shortened]
    ) -> list[ExportedFile]:
        title = self.about.get("title") or self.about.get("study") or "export"
        rows = {name: file.rows or 0 for name, file in files.items()}
        sizes = {name: {"size": file.size, "sha256": file.sha256} for name, file in files.items()}
        contents = {
            "codebook.csv": codebook_csv(codebook),
            "codebook.html": codebook_html(codebook, title),
            "codebook-ddi.xml": codebook_ddi(codebook, self.about, rows),
            "datapackage.json": data_package(codebook, self.about, sizes),
            "dataset_description.json": dataset_description(codebook, self.about),
            "README.txt": read_me(title, self._formats, self.identifying, cut=bool(shortened)),
        }
        if shortened:
            contents[CUT_TEXTS] = _cut_texts(shortened)
        if self._version:
            contents[VERSION] = self._version.encode()
        for name, content in contents.items():
            (self.folder / name).write_bytes(content)
        return [self._digested(Made(name)) for name in contents]

    def _digested(self, made: Made) -> ExportedFile:
        with (self.folder / made.path).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        size = (self.folder / made.path).stat().st_size
        return ExportedFile(made.path, made.rows, made.columns, size, digest, made.cautions)


def _with_cautions(table: Table, shortened: Sequence[Shortened]) -> Table:
    """The table with what was cut in each column's description."""
    said = {
        column.name: [str(one) for one in shortened if (one.table, one.column) == (table.name, column.name)]
        for column in table.columns
    }
    return replace(
        table,
        columns=tuple(
            replace(column, description=" ".join([column.description, *said[column.name]])) for column in table.columns
        ),
    )


def _cut_texts(shortened: Sequence[Shortened]) -> bytes:
    """One row a text that a format does not hold whole. UTF-8."""
    rows = [(one.title, one.table, one.column, str(row)) for one in shortened for row in one.rows]
    return csv_rows([("format", "table", "column", "row"), *rows])
