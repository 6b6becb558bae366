"""PURE: ratings from anybody's CSV file, made into the table that the comparison takes."""

import math
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.validation import FrameError

MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "."})


def read_ratings(
    path: Path, *, outcome: str, arm: str = "arm", participant: str | None = None, article: str | None = None
) -> tuple[pd.DataFrame, bool, bool]:
    """The ratings in a CSV file, whether its persons are known, and whether its articles are.

    The frame has ``participant``, ``arm``, ``article`` where there is one, ``outcome`` under its own name, and the
    file's other columns; its index is the row in the file, the header being row 1. ``participant`` and ``article``
    name columns; None takes the columns of those names where the file has them. Without participants every row is a
    person of its own. Empty cells and NA are missing outcomes. Raises ``FrameError`` saying what is wrong and where.
    """
    frame = _read(path)
    chosen = {"arm": arm, outcome: outcome}
    for role, name in (("participant", participant), ("article", article)):
        if name is not None or role in frame.columns:
            chosen[role] = name or role
    for name in chosen.values():
        if name not in frame.columns:
            columns = ", ".join(map(str, frame.columns))
            raise FrameError(f"{path.name} has no column '{name}'; it has {columns}", column=name)
    if len(set(chosen.values())) < len(chosen):
        raise FrameError(f"one column cannot be two things: {', '.join(chosen.values())}")
    others = [name for name in frame.columns if name not in {*chosen, *chosen.values()}]
    ratings = pd.DataFrame({role: frame[name] for role, name in chosen.items()})
    ratings[others] = frame[others]
    ratings[outcome] = _outcome(frame[outcome], path.name)
    persons_known = "participant" in chosen
    if not persons_known:
        ratings["participant"] = [f"row {row}" for row in frame.index]
    return ratings, persons_known, "article" in chosen


def _read(path: Path) -> pd.DataFrame:
    try:
        frame = pd.read_csv(path, dtype="str", keep_default_na=False, encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise FrameError(f"there is no file {path}") from error
    except UnicodeDecodeError as error:
        raise FrameError(f"{path.name} is not UTF-8 (byte {error.start}): save it as UTF-8") from error
    except pd.errors.EmptyDataError as error:
        raise FrameError(f"{path.name} is empty") from error
    except pd.errors.ParserError as error:
        raise FrameError(f"{path.name} is no CSV file with equally long rows: {error}") from error
    # pandas takes surplus leading cells for an index, which would move every value by a column.
    if not isinstance(frame.index, pd.RangeIndex):
        raise FrameError(f"{path.name} has rows with more cells than the header has names")
    frame.index = pd.RangeIndex(2, len(frame) + 2)
    return frame


def _outcome(series: pd.Series, file: str) -> pd.Series:
    values = []
    for row, cell in zip(series.index, series, strict=True):
        text = cell.strip()
        if text.lower() in MISSING:
            values.append(np.nan)
            continue
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise FrameError(
                f"the column '{series.name}' of {file} holds {cell!r} in row {row}, which is no number; decimals take "
                "a point, missing values are empty or NA",
                column=str(series.name),
                rows=(row,),
            )
        values.append(value)
    return pd.Series(values, index=series.index, dtype="float64")
