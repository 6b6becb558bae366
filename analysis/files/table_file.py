"""PURE: what every format is: a table that takes one chunk of rows after the other, and the files that it became."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd

from analysis.schema_columns import Table


@dataclass(frozen=True)
class Made:
    """A file of the export: its path below the export's folder, and its rows, None for files that are no table."""

    path: str
    rows: int | None = None
    columns: tuple[str, ...] = ()


class TableFile(ABC):
    """One table in one format. ``write`` takes chunks with the table's columns; ``close`` says which files there are.

    ``notes`` are sentences on what this format could not hold; read them after ``close``.
    """

    # How people call the format, its folder in the export, and the ending of its files.
    title: ClassVar[str]
    folder: ClassVar[str]
    suffix: ClassVar[str]

    def __init__(self, root: Path, table: Table) -> None:
        self.root = root
        self.table = table
        self.notes: list[str] = []
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

    def name(self, part: int = 0) -> str:
        """The file's path below the root; parts are counted from 1, 0 is a file that is whole."""
        return f"{self.folder}/{self.table.name}{f'-part{part}' if part else ''}{self.suffix}"


def python_values(series: pd.Series) -> list[Any]:
    """The values with None for what is missing."""
    return series.astype("object").where(series.notna(), None).tolist()
