"""PURE: one number for the values of a report's tables, whatever the order of their rows and columns.

It is the SHA-256 of the tables' rows as lines of CSV, in the order of their text. A report on a million ratings would
spend most of its time on writing them: each different value of a column is written once here.
"""

import csv
import hashlib
import io
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd

# Rows whose cells are put together at a time.
AT_ONCE = 50_000
# No text that people give ends a line in the middle.
_END = "\0"


def data_digest(ratings: pd.DataFrame | None, participants: pd.DataFrame | None) -> str:
    """SHA-256, in hexadecimal, of the tables' values, whatever the order of their rows and columns."""
    digest = hashlib.sha256()
    for name, frame in (("ratings", ratings), ("participants", participants)):
        if frame is None:
            continue
        columns = sorted(map(str, frame.columns))
        # The empty line after the names stands for the end of the last row: so reports have counted ever since.
        digest.update(f"{name}\n{','.join(columns)}\n\n".encode())
        lines = sorted(_lines(frame[columns]))
        for first in range(0, len(lines), AT_ONCE):
            digest.update("".join(f"{line}\n" for line in lines[first : first + AT_ONCE]).encode())
    return digest.hexdigest()


def _lines(frame: pd.DataFrame) -> Iterator[str]:
    """The rows as lines of CSV."""
    columns = [_written(frame[name]) for name in frame.columns]
    for first in range(0, len(frame), AT_ONCE):
        rows = slice(first, first + AT_ONCE)
        yield from map(",".join, zip(*(texts[codes[rows]].tolist() for texts, codes in columns), strict=True))


def _written(series: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """The different cells of a column as CSV has them, and which of them stands in each row."""
    if isinstance(series.dtype, pd.CategoricalDtype):
        series = series.astype(series.cat.categories.dtype)
    if series.dtype == object:
        # True and 1 are equal, and are written as two.
        known: dict[tuple[type, Any], int] = {}
        codes = np.array([known.setdefault((type(value), value), len(known)) for value in series], dtype=np.int64)
        texts = _csv("" if pd.isna(value) else value for _, value in known)
    elif series.dtype == np.float64:
        # By their bits, since -0.0 and 0.0 are equal, and are written as two.
        bits, codes = np.unique(series.to_numpy().view(np.int64), return_inverse=True)
        texts = _by_pandas(pd.Series(bits.view(np.float64)))
    else:
        codes, found = pd.factorize(series)
        texts = _csv(found) if series.dtype == "str" else _by_pandas(pd.Series(found))
    # A missing value has the code -1: the last cell, which is empty.
    return np.array([*texts, ""], dtype=object), codes


def _csv(values: Iterable[Any]) -> list[str]:
    """Each value as a cell, in quotes where it needs them."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator=_END)
    texts = []
    for value in values:
        # Beside another cell: a line of a single empty one would be in quotes.
        writer.writerow([value, ""])
        texts.append(out.getvalue().removesuffix(f",{_END}"))
        out.seek(0)
        out.truncate()
    return texts


def _by_pandas(values: pd.Series) -> list[str]:
    """Numbers and times as cells; the digits of a time are those that some value of the column needs."""
    cells = pd.DataFrame({"value": values, "end": ""})
    # In one piece, since pandas chooses the digits of times for each.
    written = cells.to_csv(index=False, header=False, lineterminator=_END, chunksize=len(cells) + 1)
    return [line.removesuffix(",") for line in written.split(_END)[:-1]]
