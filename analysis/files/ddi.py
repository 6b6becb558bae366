"""PURE: the codebook as DDI-Codebook 2.5, the XML that data archives read."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence

from analysis.codebook import CodebookTable
from analysis.schema import SCHEMA_VERSION
from analysis.schema_columns import Column

NAMESPACE = "ddi:codebook:2_5"
_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")
_FORMATS = {"text": "character", "integer": "numeric", "number": "numeric", "yes-no": "numeric", "time": "character"}
_REPRESENTATIONS = {"integer": "numeric", "number": "numeric", "yes-no": "code", "time": "datetime"}


def codebook_ddi(tables: Sequence[CodebookTable], about: Mapping[str, str], rows: Mapping[str, int]) -> bytes:
    """One file description a table, and one variable a column that the file holds. ``rows`` counts by file. UTF-8."""
    ET.register_namespace("", NAMESPACE)
    book = ET.Element(_tag("codeBook"), {"version": "2.5"})
    citation = _child(_child(book, "stdyDscr"), "citation")
    title = _child(citation, "titlStmt")
    _child(title, "titl", about.get("title") or about.get("study") or "export")
    if about.get("study"):
        _child(title, "IDNo", about["study"], agency="studyweb")
    _child(_child(citation, "verStmt"), "version", f"{about.get('version', '')} (schema {SCHEMA_VERSION})".strip())
    for number, part in enumerate(tables, start=1):
        text = _child(_child(book, "fileDscr", ID=f"F{number}"), "fileTxt")
        _child(text, "fileName", part.file)
        _child(text, "fileCont", f"{part.table.title}: one row is {part.table.row}.")
        dimensions = _child(text, "dimensns")
        _child(dimensions, "caseQnty", str(rows.get(part.file, 0)))
        _child(dimensions, "varQnty", str(len(part.exported)))
        _child(text, "fileType", "text/csv", charset="UTF-8")
        _child(text, "format", "comma-delimited, one header row")
        _child(text, "dataMsng", "Missing values are empty cells, except where a category has an empty value.")
        _child(text, "software", "studyweb", version=f"export schema {SCHEMA_VERSION}")
    data = _child(book, "dataDscr")
    for number, part in enumerate(tables, start=1):
        exported = [column for column in part.table.columns if column.name in part.exported]
        for place, column in enumerate(exported, start=1):
            _variable(data, column, f"F{number}", f"F{number}V{place}")
    ET.indent(book)
    content: bytes = ET.tostring(book, encoding="utf-8", xml_declaration=True)
    return content + b"\n"


def _variable(data: ET.Element, column: Column, file: str, key: str) -> None:
    coded = bool(column.levels) or column.type == "yes-no"
    about = {"ID": key, "name": column.name, "files": file, "intrvl": "discrete" if coded else "contin"}
    about["representationType"] = "code" if coded else _REPRESENTATIONS.get(column.type, "text")
    if column.unit:
        about["measUnit"] = _FORBIDDEN.sub("", column.unit)
    variable = _child(data, "var", **about)
    _child(variable, "labl", column.description)
    if column.minimum is not None or column.maximum is not None:
        bounds = {"min": column.minimum, "max": column.maximum}
        limits = {name: f"{value:g}" for name, value in bounds.items() if value is not None}
        units = "INT" if column.type == "integer" else "REAL"
        _child(_child(variable, "valrng"), "range", UNITS=units, **limits)
    levels = [(level.code, level.meaning) for level in column.levels]
    for code, meaning in levels or ([("1", "yes"), ("0", "no")] if column.type == "yes-no" else []):
        category = _child(variable, "catgry", missing="Y" if code == "" else "N")
        _child(category, "catValu", code)
        _child(category, "labl", meaning)
    shape = {"formatname": "ISO 8601, UTC", "category": "time"} if column.type == "time" else {}
    _child(variable, "varFormat", type=_FORMATS[column.type], schema="ISO" if shape else "other", **shape)


def _child(parent: ET.Element, tag: str, text: str = "", **attributes: str) -> ET.Element:
    child = ET.SubElement(parent, _tag(tag), attributes)
    # What XML cannot hold stands nowhere in a codebook.
    child.text = _FORBIDDEN.sub("", text) or None
    return child


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"
