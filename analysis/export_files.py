"""PURE: a study's tables as files: CSV, wide CSV, codebook, and a manifest with row counts and digests."""

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import pandas as pd

from analysis.cells import cells
from analysis.codebook import CodebookTable, codebook_csv, codebook_html
from analysis.schema import SCHEMA_VERSION, Table
from analysis.validation import check_columns, check_unique
from analysis.wide import wide_ratings

MANIFEST = "manifest.json"
_ROWS_AT_ONCE = 10_000


@dataclass(frozen=True)
class ExportedFile:
    """One file: ``rows`` without the header, None for files that are no table; ``size`` in bytes."""

    name: str
    rows: int | None
    columns: tuple[str, ...]
    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What an export holds. ``about`` is the caller's: study, version, mode, when and by whom."""

    about: Mapping[str, str]
    identifying: bool
    files: tuple[ExportedFile, ...]

    def to_json(self) -> bytes:
        """The manifest as it lies beside the files: UTF-8 JSON with sorted keys."""
        content = {
            "format": "studyweb-export/1",
            "schema_version": SCHEMA_VERSION,
            "about": dict(self.about),
            "identifying_columns": self.identifying,
            "files": [asdict(file) for file in self.files],
        }
        return (json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def write_export(
    folder: Path,
    frames: Mapping[str, pd.DataFrame],
    tables: Mapping[str, Table],
    about: Mapping[str, str],
    *,
    identifying: bool = False,
) -> Manifest:
    """Writes every frame as '<name>.csv', 'ratings-wide.csv' beside 'ratings.csv', the codebook, and the manifest.

    ``tables`` describes each frame by the same name. Equal frames and ``about`` give equal bytes. Without
    ``identifying`` the identifying columns are left out and the codebook says so. ``folder`` is made if needed; files
    of the same names are replaced. Raises ``FrameError`` for a frame that breaks its table, before anything is
    written, and KeyError for a frame without a table.
    """
    written = _checked(frames, tables)
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    codebook = []
    for file, (frame, table) in written.items():
        columns = tuple(
            column
            for column in table.columns
            if column.name in frame.columns and (identifying or not column.identifying)
        )
        chosen = replace(table, columns=columns)
        size, digest = _write(folder / file, csv_chunks(frame, chosen))
        files.append(ExportedFile(file, len(frame), chosen.names, size, digest))
        described = replace(table, columns=tuple(c for c in table.columns if c.name in frame.columns))
        codebook.append(CodebookTable(file, described, frozenset(chosen.names)))
    title = about.get("study", "") or "export"
    for file, content in (
        ("codebook.csv", codebook_csv(codebook)),
        ("codebook.html", codebook_html(codebook, title)),
    ):
        size, digest = _write(folder / file, [content])
        files.append(ExportedFile(file, None, (), size, digest))
    manifest = Manifest(dict(about), identifying, tuple(files))
    _write(folder / MANIFEST, [manifest.to_json()])
    return manifest


def _checked(frames: Mapping[str, pd.DataFrame], tables: Mapping[str, Table]) -> dict[str, tuple[pd.DataFrame, Table]]:
    """{file: (frame, table)} of all tables, the wide ratings among them. Raises ``FrameError``."""
    written: dict[str, tuple[pd.DataFrame, Table]] = {}
    for name, frame in frames.items():
        check_columns(frame, tables[name])
        check_unique(frame, tables[name])
        written[f"{name}.csv"] = (frame, tables[name])
        if name == "ratings":
            written["ratings-wide.csv"] = wide_ratings(frame, tables[name])
    return written


def csv_chunks(frame: pd.DataFrame, table: Table) -> Iterator[bytes]:
    """The frame's columns of ``table`` as CSV in UTF-8, some thousand rows at a time, header first.

    Raises ``FrameError`` for a value that is not of its column's type, and KeyError for a column that is not there.
    """
    yield _csv_rows([table.names])
    for start in range(0, len(frame), _ROWS_AT_ONCE):
        part = frame.iloc[start : start + _ROWS_AT_ONCE]
        yield _csv_rows(zip(*(cells(part[column.name], column) for column in table.columns), strict=True))


def _csv_rows(rows: Iterable[Iterable[str]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


def _write(path: Path, chunks: Iterable[bytes]) -> tuple[int, str]:
    """The size and SHA-256 of what was written. The file appears under its name only when it is whole."""
    size, digest = 0, hashlib.sha256()
    unfinished = path.with_name(f"{path.name}.part")
    with unfinished.open("wb") as file:
        for chunk in chunks:
            file.write(chunk)
            digest.update(chunk)
            size += len(chunk)
    unfinished.replace(path)
    return size, digest.hexdigest()
