"""PURE: how rows of results become tables with stable columns, and numbers become JSON."""

import math
from collections.abc import Sequence
from dataclasses import fields
from typing import Any, ClassVar, Protocol

import pandas as pd


class _Row(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Any]]


def to_frame(rows: Sequence[_Row], kind: type[_Row]) -> pd.DataFrame:
    """A frame of ``rows``, instances of the dataclass ``kind``: its fields are the columns, also without rows."""
    names = [field.name for field in fields(kind)]
    return pd.DataFrame([[getattr(row, name) for name in names] for row in rows], columns=names)


def to_records(rows: Sequence[_Row]) -> list[dict[str, Any]]:
    """The rows as dictionaries that JSON can hold: nan becomes None, tuples become lists."""
    return [{field.name: to_json(getattr(row, field.name)) for field in fields(row)} for row in rows]


def to_json(value: Any) -> Any:
    """The value in what JSON has: not-a-number is None, tuples are lists, dataclasses are objects."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (list, tuple)):
        return [to_json(part) for part in value]
    if isinstance(value, dict):
        return {str(key): to_json(part) for key, part in value.items()}
    if hasattr(value, "__dataclass_fields__"):
        return {field.name: to_json(getattr(value, field.name)) for field in fields(value)}
    return value
