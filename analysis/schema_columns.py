"""PURE: what is said of a column and of a table: type, unit, bounds, values, which columns make a row unique."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

# Where a study's own items stand in a table that has it.
ITEMS_STAND_BEFORE = "credibility"

ColumnType = Literal["text", "integer", "number", "yes-no", "time"]


@dataclass(frozen=True)
class Level:
    """One value that a column can hold, and what it stands for."""

    code: str
    meaning: str


@dataclass(frozen=True)
class Column:
    """One column. ``unit`` is '' where there is none; ``levels`` is empty where any value of the type may stand.

    ``minimum`` and ``maximum`` are inclusive. ``identifying`` columns leave the house only when asked for by somebody
    who may. ``required`` columns stand in every frame of the table; all other columns may be missing from it.
    ``reasons_in`` names the column that says why a value is missing, '' where there is none.
    """

    name: str
    type: ColumnType
    description: str
    unit: str = ""
    identifying: bool = False
    levels: tuple[Level, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    required: bool = False
    nullable: bool = True
    reasons_in: str = ""


@dataclass(frozen=True)
class Table:
    """One exported table: what a row is, which columns together make it unique, and its columns in their order."""

    name: str
    title: str
    row: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    def column(self, name: str) -> Column:
        """The column of this name. Raises KeyError if the table has none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names, in order."""
        return tuple(column.name for column in self.columns)

    def with_items(self, items: Iterable[Column]) -> "Table":
        """This table with a study's item columns (``item_column``) put before the index.

        Raises ValueError if a column of that name is already there.
        """
        items = tuple(items)
        names = [*self.names, *(item.name for item in items)]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"the table {self.name!r} would have these columns twice: {', '.join(twice)}")
        before = self.names.index(ITEMS_STAND_BEFORE) if ITEMS_STAND_BEFORE in self.names else len(self.columns)
        return replace(self, columns=(*self.columns[:before], *items, *self.columns[before:]))
