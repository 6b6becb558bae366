"""PURE: the schema's columns as the variables of SPSS and Stata: names, labels, codes and kinds of missing values."""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.schema_columns import Column, Table
from analysis.validation import numbers

# Why an item has no value, in the order in which the codes are given.
REASONS = ("skipped", "prefer-not-to-say", "not-shown", "not-reached")
_RESERVED = {
    "all",
    "and",
    "by",
    "eq",
    "ge",
    "gt",
    "le",
    "lt",
    "ne",
    "not",
    "or",
    "to",
    "with",
    "if",
    "in",
    "using",
    "_n",
}


@dataclass(frozen=True)
class Variable:
    """A column under a name that statistics programs take: ``name`` has letters, digits and underscores only."""

    name: str
    column: Column

    @property
    def label(self) -> str:
        """What it is, with the column's own name first where that had to be changed."""
        return (
            self.column.description
            if self.name == self.column.name
            else (f"{self.column.name}: {self.column.description}")
        )

    @property
    def is_coded(self) -> bool:
        """Whether the values are numbers that each stand for something."""
        return self.column.type in {"integer", "yes-no"} and (bool(self.column.levels) or self.column.type == "yes-no")

    @property
    def value_labels(self) -> dict[float, str]:
        """{number: what it stands for}."""
        if self.column.type == "yes-no":
            return {1.0: "yes", 0.0: "no"}
        if self.column.type != "integer":
            return {}
        return {float(level.code): level.meaning for level in self.column.levels}


def variables(table: Table, longest: int) -> list[Variable]:
    """The table's columns as variables whose names have at most ``longest`` characters, each once.

    >>> from analysis.schema_columns import Column, Table
    >>> names = ("seen-before", "seen_before", "2nd")
    >>> table = Table("t", "", "", (), tuple(Column(name, "text", "") for name in names))
    >>> [variable.name for variable in variables(table, 11)]
    ['seen_before', 'seen_befo_2', 'v_2nd']
    """
    taken: set[str] = set()
    found = []
    for column in table.columns:
        plain = re.sub(r"[^A-Za-z0-9_]", "_", column.name)
        if not plain[0].isalpha() or plain.lower() in _RESERVED:
            plain = f"v_{plain}"
        name, n = plain[:longest], 1
        # Neither program tells upper from lower case everywhere.
        while name.lower() in taken:
            n += 1
            name = f"{plain[: longest - len(str(n)) - 1]}_{n}"
        taken.add(name.lower())
        found.append(Variable(name, column))
    return found


def naive_times(series: pd.Series) -> pd.Series:
    """The times in UTC without saying so, as both programs hold them."""
    if series.isna().all():
        return pd.Series(pd.NaT, index=series.index, dtype="datetime64[ns]")
    naive: pd.Series = series.dt.tz_convert("UTC").dt.tz_localize(None).astype("datetime64[ns]")
    return naive


def floats(series: pd.Series) -> np.ndarray:
    """The numbers, or yes as 1 and no as 0, with nan for what is missing."""
    values = series
    if series.dtype == object:
        values = series.map({True: 1.0, False: 0.0}) if series.dropna().isin([True, False]).all() else series
    return numbers(values).to_numpy(dtype=float, copy=True)


def cut(series: pd.Series, most: int) -> tuple[pd.Series, np.ndarray, int]:
    """The texts in at most ``most`` bytes of UTF-8, missing ones empty; the places of those that had to be cut; the
    longest's bytes.

    Equal texts are one object: a table of codes and keys takes a pointer a cell.
    """
    codes, found = pd.factorize(series)
    whole = [str(text) for text in found]
    shorter = [_within(text, most) for text in whole]
    changed = np.array([one != other for one, other in zip(whole, shorter, strict=True)] + [False])
    # A missing text has the code -1: the last one, which is empty.
    texts = np.array([*shorter, ""], dtype=object)[codes]
    longest = max((len(text.encode()) for text in shorter), default=0)
    return pd.Series(texts, index=series.index, dtype=object), np.flatnonzero(changed[codes]), longest


def _within(text: str, most: int) -> str:
    """The text's beginning that takes at most so many bytes."""
    if 4 * len(text) <= most:
        return text
    return text.encode()[:most].decode(errors="ignore")
