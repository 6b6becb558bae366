"""PURE: what lies beside the tables so that programs find them: a Frictionless data package and a Psych-DS head."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from analysis.codebook import CodebookTable
from analysis.schema import SCHEMA_VERSION
from analysis.schema_columns import Column, ColumnType

_FIELD_TYPES: dict[ColumnType, str] = {
    "text": "string",
    "integer": "integer",
    "number": "number",
    "yes-no": "boolean",
    "time": "datetime",
}
# The columns by which one table's rows belong to those of another.
_REFERENCES = (("participant", "participants"), ("article", "lineage"))


def data_package(
    tables: Sequence[CodebookTable], about: Mapping[str, str], files: Mapping[str, Mapping[str, Any]]
) -> bytes:
    """'datapackage.json' (Frictionless, version 1). ``files`` has bytes and sha256 of every CSV file by its path."""
    names = {part.table.name for part in tables}
    content = {
        "profile": "tabular-data-package",
        "name": f"studyweb-{about.get('study') or 'export'}".lower(),
        "title": about.get("title") or about.get("study") or "export",
        "description": f"Exported by studyweb, schema version {SCHEMA_VERSION}.",
        "version": str(SCHEMA_VERSION),
        "resources": [_resource(part, names, files[part.file]) for part in tables],
    }
    return _json(content)


def dataset_description(tables: Sequence[CodebookTable], about: Mapping[str, str]) -> bytes:
    """'dataset_description.json' of a Psych-DS folder: a schema.org Dataset with every variable that is measured."""
    columns: dict[str, Column] = {}
    for part in tables:
        for column in part.table.columns:
            if column.name in part.exported:
                columns.setdefault(column.name, column)
    content = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "name": about.get("title") or about.get("study") or "export",
        "description": "Ratings of articles by participants of a credibility study, exported by studyweb.",
        "version": str(SCHEMA_VERSION),
        "variableMeasured": [_property(column) for column in columns.values()],
    }
    return _json(content)


def _resource(part: CodebookTable, names: set[str], file: Mapping[str, Any]) -> dict[str, Any]:
    exported = [column for column in part.table.columns if column.name in part.exported]
    have = {column.name for column in exported}
    schema: dict[str, Any] = {"fields": [_field(column) for column in exported], "missingValues": [""]}
    if set(part.table.key) <= have:
        schema["primaryKey"] = list(part.table.key)
    references = [
        {"fields": [column], "reference": {"resource": table, "fields": [column]}}
        for column, table in _REFERENCES
        if column in have and table in names and part.table.name != table and part.table.name in {"ratings", "answers"}
    ]
    if references:
        schema["foreignKeys"] = references
    return {
        "profile": "tabular-data-resource",
        "name": part.table.name,
        "title": part.table.title,
        "description": f"One row is {part.table.row}.",
        "path": part.file,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": file["size"],
        "hash": f"sha256:{file['sha256']}",
        "schema": schema,
    }


def _field(column: Column) -> dict[str, Any]:
    field: dict[str, Any] = {
        "name": column.name,
        "type": _FIELD_TYPES[column.type],
        "title": column.name,
        "description": column.description,
    }
    if column.type == "yes-no":
        field |= {"trueValues": ["1"], "falseValues": ["0"]}
    constraints: dict[str, Any] = {}
    if column.minimum is not None:
        constraints["minimum"] = column.minimum
    if column.maximum is not None:
        constraints["maximum"] = column.maximum
    codes = [level.code for level in column.levels if level.code]
    if codes and column.type == "text":
        constraints["enum"] = codes
    if column.required and not column.nullable:
        constraints["required"] = True
    return field | ({"constraints": constraints} if constraints else {})


def _property(column: Column) -> dict[str, Any]:
    found: dict[str, Any] = {"@type": "PropertyValue", "name": column.name, "description": column.description}
    if column.unit:
        found["unitText"] = column.unit
    if column.minimum is not None:
        found["minValue"] = column.minimum
    if column.maximum is not None:
        found["maxValue"] = column.maximum
    if column.levels:
        found["value"] = "; ".join(f"{level.code or '(empty)'} = {level.meaning}" for level in column.levels)
    return found


def _json(content: dict[str, Any]) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()
