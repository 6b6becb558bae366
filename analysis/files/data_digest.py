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
import pyarrow as pa
import pyarrow.compute as pc

# Rows whose cells are put together at a time.
AT_ONCE = 50_000
# So many different cells are few; and the largest number that rows are sorted by.
FEW, LARGEST = 5_000, 2**62
# No text that people give ends a line in the middle.
_END = "\0"
# Years of four digits.
_FIRST, _LAST = np.datetime64("1000-01-01"), np.datetime64("9999-12-31")
_END_AND_NOTHING_BETWEEN = pa.scalar("\n", pa.large_string()), pa.scalar("", pa.large_string())
# The different cells of a column, and which of them stands in each row.
Cells = tuple[np.ndarray, np.ndarray]


def data_digest(ratings: pd.DataFrame | None, participants: pd.DataFrame | None) -> str:
    """SHA-256, in hexadecimal, of the tables' values, whatever the order of their rows and columns."""
    digest = hashlib.sha256()
    for name, frame in (("ratings", ratings), ("participants", participants)):
        if frame is None:
            continue
        columns = sorted(map(str, frame.columns))
        # The empty line after the names stands for the end of the last row: so reports have counted ever since.
        digest.update(f"{name}\n{','.join(columns)}\n\n".encode())
        for lines in _lines(frame[columns]):
            digest.update(lines)
    return digest.hexdigest()


def order_of_rows(frame: pd.DataFrame) -> np.ndarray:
    """The places of the rows in the order of their text, whatever the order of rows and columns."""
    return _sorted(_cells(frame[sorted(map(str, frame.columns))]), len(frame))


def _cells(frame: pd.DataFrame) -> list[Cells]:
    # A comma after each cell but the last: then no cell is the beginning of another one of its column, and lines have
    # the order of their cells.
    ends = [*([","] * len(frame.columns)), ""][1:]
    return _together(_written(frame[name], end) for name, end in zip(frame.columns, ends, strict=True))


def _lines(frame: pd.DataFrame) -> Iterator[memoryview]:
    """The rows as lines of CSV in UTF-8 in the order of their text, some thousand at a time."""
    cells = _cells(frame)
    order = _sorted(cells, len(frame))
    columns = [(pa.array(texts, pa.large_string()), codes) for texts, codes in cells]
    for first in range(0, len(frame), AT_ONCE):
        rows = order[first : first + AT_ONCE]
        parts = [texts.take(pa.array(codes[rows])) for texts, codes in columns]
        yield _in_one(pc.binary_join_element_wise(*parts, *_END_AND_NOTHING_BETWEEN))


def _in_one(texts: pa.LargeStringArray) -> memoryview:
    """All texts one behind the other, as Arrow keeps them."""
    _, places, content = texts.buffers()
    first, last = np.frombuffer(places, dtype=np.int64)[[texts.offset, texts.offset + len(texts)]]
    return memoryview(content)[first:last]


def _together(cells: Iterable[Cells]) -> list[Cells]:
    """The columns with neighbours that have few different cells made one: it is rows times columns that take time."""
    found: list[Cells] = []
    for texts, codes in cells:
        if found and len(found[-1][0]) * len(texts) <= FEW:
            before, places = found.pop()
            both = np.array([f"{one}{other}" for one in before for other in texts], dtype=object)
            found.append((both, places * len(texts) + codes))
        else:
            found.append((texts, codes))
    return found


def _sorted(cells: list[Cells], rows: int) -> np.ndarray:
    """The rows in the order of their texts; columns count until no two rows are alike."""
    key, size = np.zeros(rows, dtype=np.int64), 1
    for texts, codes in cells:
        if size * len(texts) > LARGEST or len(texts) > FEW:
            key = np.unique(key, return_inverse=True)[1]
            size = int(key.max(initial=-1)) + 1
            if size == rows:
                break
        key = key * len(texts) + np.unique(texts, return_inverse=True)[1][codes]
        size *= len(texts)
    return np.argsort(key, kind="stable")


def _written(series: pd.Series, end: str) -> Cells:
    """The different cells of a column as CSV has them, each with its ``end``, and which of them stands in each row."""
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
        texts = ["" if value != value else repr(value) for value in bits.view(np.float64).tolist()]
    elif isinstance(series.dtype, pd.DatetimeTZDtype) and (series.dtype.unit, str(series.dtype.tz)) == ("us", "UTC"):
        codes, found = pd.factorize(series)
        texts = _moments(np.asarray(found.tz_convert(None)))  # type: ignore[attr-defined]  # an index of times
    else:
        codes, found = pd.factorize(series)
        texts = _csv(found.tolist()) if series.dtype == "str" else _by_pandas(pd.Series(found))
    # A missing value has the code -1: the last cell, which is empty.
    different = np.array([f"{text}{end}" for text in (*texts, "")], dtype=object)
    return different, codes % len(different)


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


def _moments(moments: np.ndarray) -> list[str]:
    """Times in UTC as cells, as pandas writes them, which takes ten times as long: with the digits that some needs."""
    if not len(moments) or moments.min() < _FIRST or moments.max() > _LAST:
        return _by_pandas(pd.Series(moments).dt.tz_localize("UTC"))
    parts = moments.view(np.int64)
    unit = "s" if not (parts % 1_000_000).any() else "ms" if not (parts % 1_000).any() else "us"
    written = np.datetime_as_string(moments, unit=unit)  # type: ignore[call-overload]  # an array of times
    # A blank instead of the T.
    written.view("U1").reshape(len(written), -1)[:, 10] = " "
    return [f"{text}+00:00" for text in written.tolist()]


def _by_pandas(values: pd.Series) -> list[str]:
    """Numbers and times as cells; the digits of a time are those that some value of the column needs."""
    cells = pd.DataFrame({"value": values, "end": ""})
    # In one piece, since pandas chooses the digits of times for each.
    written = cells.to_csv(index=False, header=False, lineterminator=_END, chunksize=len(cells) + 1)
    return [line.removesuffix(",") for line in written.split(_END)[:-1]]
