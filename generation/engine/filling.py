"""Slots in a prompt, such as {group} or {outlet}, and the table that fills them: one prompt a row."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MOST_ROWS = 100
MOST_SLOTS = 20
LONGEST_CELL = 5000

_SLOT = re.compile(r"\{([A-Za-z][\w\-]{0,39})\}")


class TableError(ValueError):
    """A table cannot fill the slots; the message says in which row or column, and what to do."""


@dataclass(frozen=True, slots=True)
class Table:
    """Columns by name, and rows of as many cells."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def records(self) -> list[dict[str, str]]:
        """Return each row as {column: cell}."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


def slots(*texts: str) -> list[str]:
    """Return the names of the slots in these texts, once each, in the order of their first coming."""
    return list(dict.fromkeys(match.group(1) for text in texts for match in _SLOT.finditer(text)))


def filled(text: str, cells: Mapping[str, str]) -> str:
    """Return a text with each slot that `cells` names replaced; what a cell holds is not looked at again."""
    return _SLOT.sub(lambda match: cells.get(match.group(1), match.group()), text)


def read_table(text: str) -> Table:
    """Return a table pasted as CSV, or out of a spreadsheet: the first line names the columns. Raises TableError."""
    if "\x00" in text:
        raise TableError("The table holds a NUL byte. Paste it as plain text.")
    lines = text.strip("\ufeff\r\n").splitlines(keepends=True)
    if not lines:
        raise TableError("The table is empty. Its first line names the columns, and each further line is a prompt.")
    try:
        read = [row for row in csv.reader(io.StringIO("".join(lines)), delimiter=_delimiter(lines[0])) if any(row)]
    except csv.Error as error:
        raise TableError(f"The table cannot be read as CSV: {error}.") from error
    columns = tuple(name.strip() for name in read[0])
    rows = [tuple(" ".join(cell.split()) for cell in row) for row in read[1:]]
    _check_columns(columns)
    _check_rows(columns, rows)
    return Table(columns, tuple(rows))


def check_slots(table: Table, *texts: str) -> None:
    """Raise TableError where a slot of the texts has no column, or a column has no slot."""
    wanted = slots(*texts)
    if missing := [name for name in wanted if name not in table.columns]:
        raise TableError(f"The table has no column for {_listed(missing)}. Add it, or take the slot out of the prompt.")
    if unused := [name for name in table.columns if name not in wanted]:
        raise TableError(f"No slot in the prompt takes {_listed(unused)}. Write the slot, or take the column out.")


def _delimiter(header: str) -> str:
    return next((mark for mark in ("\t", ";") if mark in header), ",")


def _check_columns(columns: Sequence[str]) -> None:
    if len(columns) > MOST_SLOTS:
        raise TableError(f"The table has {len(columns)} columns; at most {MOST_SLOTS} are taken.")
    for number, name in enumerate(columns, start=1):
        if not _SLOT.fullmatch(f"{{{name}}}"):
            rule = "A name begins with a letter, and holds letters, digits, - and _."
            raise TableError(f"Column {number} is named {name[:40]!r}. {rule}")
        if name in columns[: number - 1]:
            raise TableError(f"Two columns are named {name!r}. Rename one of them.")


def _check_rows(columns: Sequence[str], rows: Sequence[tuple[str, ...]]) -> None:
    if not rows:
        raise TableError("The table has a line of names and no row below it. Add one row for each prompt.")
    if len(rows) > MOST_ROWS:
        raise TableError(f"The table has {len(rows)} rows; at most {MOST_ROWS} are taken at once.")
    for number, row in enumerate(rows, start=1):
        if len(row) != len(columns):
            raise TableError(f"Row {number} has {len(row)} cells; the first line names {len(columns)} columns.")
        for name, cell in zip(columns, row, strict=True):
            if not cell:
                raise TableError(f"Row {number} has nothing in the column {name!r}. Fill it in.")
            if len(cell) > LONGEST_CELL:
                raise TableError(f"Row {number} has more than {LONGEST_CELL} characters in the column {name!r}.")
        if row in rows[: number - 1]:
            raise TableError(f"Row {number} is row {rows.index(row) + 1} again. Take one of them out.")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in names)
