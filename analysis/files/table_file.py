"""PURE: what every format is: a table that takes one chunk of rows after the other, and the files that it became."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd

from analysis.schema_columns import Table
from analysis.validation import rows_in_words


@dataclass(frozen=True)
class Made:
    """A file of the export: its path below the export's folder, and its rows, None for files that are no table.
    ``cautions`` say what of the table it does not hold."""

    path: str
    rows: int | None = None
    columns: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Shortened:
    """Texts of ``column`` that a format does not hold whole, in these ``rows`` of the table, the first of which is 1;
    ``limit`` says how much it holds."""

    title: str
    table: str
    column: str
    rows: tuple[int, ...]
    limit: str

    def __str__(self) -> str:
        texts = "1 text" if len(self.rows) == 1 else f"{len(self.rows)} texts"
        return (
            f"{self.title}: {texts} of '{self.column}' in {self.table} {'is' if len(self.rows) == 1 else 'are'} cut to "
            f"{self.limit}, in {rows_in_words(pd.Index(self.rows))}; whole in the CSV file."
        )

    def within(self, first: int, last: int) -> "Shortened":
        """Those in the rows from ``first`` to ``last``."""
        rows = tuple(row for row in self.rows if first <= row <= last)
        return Shortened(self.title, self.table, self.column, rows, self.limit)


class TableFile(ABC):
    """One table in one format. ``write`` takes chunks with the table's columns; ``close`` says which files there are.

    ``notes`` are sentences on what this format could not hold; read them after ``close``.
    """

    # How people call the format, its folder in the export, and the ending of its files.
    title: ClassVar[str]
    folder: ClassVar[str]
    suffix: ClassVar[str]
    # How much of a text it holds, where that has an end.
    limit: ClassVar[str] = ""

    def __init__(self, root: Path, table: Table) -> None:
        self.root = root
        self.table = table
        self.notes: list[str] = []
        # For each column the rows whose texts had to be cut.
        self._cut: dict[str, list[int]] = {}
        (root / self.folder).mkdir(parents=True, exist_ok=True)

    @abstractmethod
    def write(self, frame: pd.DataFrame) -> None:
        """Add the rows of ``frame``, which has exactly the table's columns."""

    @abstractmethod
    def close(self) -> list[Made]:
        """Finish the files."""

    @abstractmethod
    def abandon(self) -> None:
        """Let go of what is open; nothing is finished."""

    def shortened(self) -> list[Shortened]:
        """What had to be cut so far."""
        made = (self.title, self.table.name)
        return [Shortened(*made, column, tuple(rows), self.limit) for column, rows in self._cut.items()]

    def cautions(self, first: int, last: int) -> tuple[str, ...]:
        """What of the rows from ``first`` to ``last`` had to be cut, in words."""
        return tuple(str(part) for each in self.shortened() if (part := each.within(first, last)).rows)

    def count_cut(self, column: str, rows: Iterable[int]) -> None:
        """Note that texts of ``column`` were cut in these rows of the table."""
        self._cut.setdefault(column, []).extend(rows)

    def name(self, part: int = 0) -> str:
        """The file's path below the root; parts are counted from 1, 0 is a file that is whole."""
        return f"{self.folder}/{self.table.name}{f'-part{part}' if part else ''}{self.suffix}"


def python_values(series: pd.Series) -> list[Any]:
    """The values with None for what is missing."""
    return series.astype("object").where(series.notna(), None).tolist()
