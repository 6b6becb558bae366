"""PURE: the codebook of an export, made from the very columns that the files have."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from analysis.formulas import neutralised
from analysis.schema import SCHEMA_VERSION
from analysis.schema_columns import Column, Table

CONVENTIONS = (
    "Files are UTF-8, comma separated, with one header row; lines end with CR LF (RFC 4180).",
    "An empty cell is a missing value, except where the levels list an empty code.",
    "Times are ISO 8601 in UTC, with milliseconds and 'Z'.",
    "Yes-no columns hold 1 for yes and 0 for no.",
    "Text that a spreadsheet would run as a formula, because it begins with =, +, -, @, a tab or a line end, has an "
    "apostrophe before it, and so has a sign =, +, - or @ within a text behind a semicolon or a tab, where some "
    "spreadsheets begin a cell (';-)' stays); take those apostrophes off to have the text as it was given. Numbers "
    "are left as numbers.",
    "Columns marked 'left out' are identifying: they are part of the table and not of this export. An export without "
    "them has its times to the day, as the columns say, and durations as they were measured.",
)
FIELDS = (
    "table",
    "column",
    "type",
    "unit",
    "description",
    "levels",
    "minimum",
    "maximum",
    "identifying",
    "in_export",
)


@dataclass(frozen=True)
class CodebookTable:
    """A table as it is exported: ``file`` holds the columns named in ``exported``."""

    file: str
    table: Table
    exported: frozenset[str]


def codebook_csv(tables: Sequence[CodebookTable]) -> bytes:
    """One row a column of every table, and first one row a convention. UTF-8."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(FIELDS)
    for sentence in CONVENTIONS:
        writer.writerow(["(all files)", "", "", "", sentence, "", "", "", "", ""])
    for part in tables:
        for column in part.table.columns:
            writer.writerow([neutralised(cell) for cell in _cells(part, column)])
    return out.getvalue().encode()


def codebook_html(tables: Sequence[CodebookTable], title: str) -> bytes:
    """The codebook as one HTML file that needs nothing else. UTF-8."""
    return "\n".join(_html(tables, title)).encode()


def _cells(part: CodebookTable, column: Column) -> list[str]:
    return [
        part.file,
        column.name,
        column.type,
        column.unit,
        column.description,
        "; ".join(f"{level.code or '(empty)'} = {level.meaning}" for level in column.levels),
        "" if column.minimum is None else f"{column.minimum:g}",
        "" if column.maximum is None else f"{column.maximum:g}",
        "yes" if column.identifying else "no",
        "yes" if column.name in part.exported else "left out",
    ]


_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { border-bottom: 1px solid #8888; padding: .35rem .6rem; text-align: left; vertical-align: top; }
td:first-child { font-family: ui-monospace, monospace; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
""".strip()


def _html(tables: Sequence[CodebookTable], title: str) -> Iterator[str]:
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>Codebook: {escape(title)}</title>\n<style>\n{_STYLE}\n</style>\n</head>\n<body>"
    yield f"<h1>Codebook: {escape(title)}</h1>\n<p>Schema version {SCHEMA_VERSION}.</p>\n<ul>"
    yield from (f"<li>{escape(sentence)}</li>" for sentence in CONVENTIONS)
    yield "</ul>"
    for part in tables:
        key = ", ".join(part.table.key)
        yield f"<h2>{escape(part.table.title)} ({escape(part.file)})</h2>"
        yield f"<p>One row is {escape(part.table.row)}; unique by {escape(key)}.</p>"
        yield '<div class="scroll"><table>\n<thead><tr><th scope="col">Column</th><th scope="col">Type</th>'
        yield '<th scope="col">Description</th><th scope="col">Values</th></tr></thead>\n<tbody>'
        yield from (_html_row(part, column) for column in part.table.columns)
        yield "</tbody>\n</table></div>"
    yield "</body>\n</html>\n"


def _html_row(part: CodebookTable, column: Column) -> str:
    _, name, kind, unit, description, levels, low, high, identifying, exported = map(escape, _cells(part, column))
    bounds = f"{low or '…'} to {high or '…'}" if low or high else ""
    values = "; ".join(value for value in (levels.replace("; ", "<br>"), "" if levels else bounds, unit) if value)
    notes = "".join(
        (" <strong>Identifying.</strong>" if identifying == "yes" else "", " Left out." if exported != "yes" else "")
    )
    return f"<tr><td>{name}</td><td>{kind}</td><td>{description}{notes}</td><td>{values}</td></tr>"
