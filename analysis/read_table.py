"""PURE: ratings from anybody's CSV or Parquet file, made into the table that the comparison takes."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.files.data_digest import order_of_rows
from analysis.schema import PARTICIPANTS, RATINGS
from analysis.typed import MISSING, typed
from analysis.validation import FrameError, numbers, rows_in_words

YES = frozenset({"yes", "true", "1", "1.0", "y", "t"})
NO = frozenset({"no", "false", "0", "0.0", "n", "f"})


@dataclass(frozen=True)
class Ratings:
    """Ratings under the contract's names, and whether the file says who gave them and what they are about."""

    frame: pd.DataFrame
    persons_known: bool
    articles_known: bool


def read_ratings(
    path: Path,
    *,
    outcome: str,
    arm: str = "arm",
    participant: str | None = None,
    article: str | None = None,
    yes_no: Sequence[str] = (),
) -> Ratings:
    """The ratings in a CSV file, or in a Parquet file if its name ends in '.parquet'.

    The frame has ``participant``, ``arm``, ``article`` where there is one, ``outcome`` under its own name, and the
    file's other columns; its index is the row in the file, the header being row 1. ``participant`` and ``article`` name
    columns; None takes the columns of those names where the file has them. Without participants every row is a person
    of its own. Empty cells and NA are missing outcomes; a rating without a participant or an article, where there are
    such columns, is an error. NA may be the name of an arm. The columns of ``yes_no``, the outcome or others, hold yes
    and no in one of the usual spellings and become 1 and 0. Columns that the schema of the ratings knows are held to
    it. Raises ``FrameError`` saying what is wrong and where.
    """
    frame = _read(path)
    chosen = {"arm": arm, outcome: outcome}
    for role, name in (("participant", participant), ("article", article)):
        if name is not None or role in frame.columns:
            chosen[role] = name or role
    for name in (*chosen.values(), *yes_no):
        if name not in frame.columns:
            columns = ", ".join(map(str, frame.columns))
            raise FrameError(f"{path.name} has no column '{name}'; it has {columns}", column=name)
    if len(set(chosen.values())) < len(chosen):
        raise FrameError(f"one column cannot be two things: {', '.join(chosen.values())}")
    others = [name for name in frame.columns if name not in {*chosen, *chosen.values()}]
    ratings = pd.DataFrame({role: frame[name] for role, name in chosen.items()})
    for role in {"participant", "article"} & {*chosen}:
        _refuse_missing_ids(ratings[role], chosen[role], path.name)
    for role in {"participant", "arm", "article"} & {*chosen}:
        ratings[role] = _stripped(ratings[role])
    ratings[others] = frame[others]
    for name in ({*yes_no} - {outcome}) | ({outcome} if outcome in yes_no else set()):
        ratings[name] = _yes_no(frame[name], path.name)
    if outcome not in yes_no:
        ratings[outcome] = as_numbers(frame[outcome], path.name)
    made = {*chosen, *yes_no} if outcome in yes_no else {*chosen, *yes_no} - {outcome}
    ratings = typed(ratings, RATINGS, leave=made, file=path.name)
    persons_known = "participant" in chosen
    if not persons_known:
        # Named by what the row holds and not by where it stands, so that the same data stay the same.
        places = np.empty(len(ratings), dtype=np.intp)
        places[order_of_rows(ratings)] = np.arange(1, len(ratings) + 1)
        ratings["participant"] = [f"rating {place:0{len(str(len(ratings)))}}" for place in places]
    return Ratings(ratings, persons_known, "article" in chosen)


def read_people(path: Path) -> pd.DataFrame:
    """The table of participants in a CSV or Parquet file: ``participant``, ``outcome``, ``arm``, and what rules need.

    Raises ``FrameError`` for a missing column and for values that the schema of the participants does not have.
    """
    frame = _read(path)
    for name in ("participant", "outcome", "arm"):
        if name not in frame.columns:
            raise FrameError(
                f"{path.name} has no column '{name}'; it has {', '.join(map(str, frame.columns))}", column=name
            )
    _refuse_missing_ids(frame["participant"], "participant", path.name)
    frame = frame.assign(**{name: _stripped(frame[name]) for name in ("participant", "arm")})
    return typed(frame, PARTICIPANTS, file=path.name)


def as_covariate(series: pd.Series) -> pd.Series:
    """A column as numbers where all its values are, else as text, missing where a cell is empty or NA.

    Other words for a missing value are so among numbers only: in text, "None" is what a study called a level.
    """
    if not isinstance(series.dtype, (pd.StringDtype, np.dtypes.ObjectDType)):
        return series
    text = series.astype("object").where(series.notna(), "").astype("str").str.strip()
    known = text.where(~text.isin(["", "NA"]))
    floats = pd.to_numeric(known, errors="coerce")
    words = floats.isna() & ~text.str.lower().isin(MISSING - {"none"})
    return known if words.any() or (floats.isna() & known.notna()).all() else floats.astype("float64")


def header_of(path: Path) -> list[str]:
    """The names of a CSV file's columns as they are written; pandas renames one that stands there twice.

    Raises what pandas does for a file that is no table, and ``FrameError`` for columns parted by another mark.
    """
    header = pd.read_csv(path, dtype="str", keep_default_na=False, encoding="utf-8-sig", header=None, nrows=1)
    names = [*map(str, header.iloc[0])]
    _refuse_other_separator(names, path.name)
    return names


def refuse_twice(names: Iterable[str], file: str) -> None:
    """Raises ``FrameError`` where two of a file's columns have one name: one would be taken in silence."""
    named = [name for name in names if name]
    if twice := sorted({name for name in named if named.count(name) > 1}):
        raise FrameError(
            f"{file} has these columns more than once: {', '.join(twice)}. Keep one of each, or rename the others",
            column=twice[0],
        )


def _refuse_other_separator(names: Sequence[str], file: str) -> None:
    """Raises ``FrameError`` for a header that is one name with semicolons or tabs in it: another program's CSV."""
    for mark, word in ((";", "semicolons"), ("\t", "tabs")):
        if len(names) == 1 and mark in names[0]:
            raise FrameError(
                f"{file} has {word} between its columns: save it with commas, and with a point in decimals"
            )


def _read(path: Path) -> pd.DataFrame:
    frame = _read_parquet(path) if path.suffix.lower() == ".parquet" else _read_csv(path)
    frame.index = pd.RangeIndex(2, len(frame) + 2)
    refuse_twice(map(str, frame.columns), path.name)
    return frame


def _read_parquet(path: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(path).reset_index(drop=True)
    except FileNotFoundError as error:
        raise FrameError(f"there is no file {path}") from error
    except (ValueError, OSError) as error:
        raise FrameError(f"{path.name} is no Parquet file that can be read: {error}") from error


def _read_csv(path: Path) -> pd.DataFrame:
    try:
        refuse_twice(header_of(path), path.name)
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
    return frame


def _stripped(series: pd.Series) -> pd.Series:
    """Keys without the blanks around them, which nobody sees and which would make two of one."""
    if not isinstance(series.dtype, (pd.StringDtype, np.dtypes.ObjectDType)):
        return series
    return series.map(lambda value: value.strip() if isinstance(value, str) else value)


def _refuse_missing_ids(series: pd.Series, name: str, file: str) -> None:
    """Raises ``FrameError`` where an id is empty or NA: people or articles without one would become a single one."""
    text = series.astype("object").where(series.notna(), "").astype("str").str.strip()
    missing = series.index[text.str.lower().isin(MISSING)]
    if len(missing):
        raise FrameError(
            f"the column '{name}' of {file} has no value (empty or NA) in {rows_in_words(missing)}; every row needs "
            "one. Give each its own id, or leave these rows out",
            column=name,
            rows=tuple(missing),
        )


def as_numbers(series: pd.Series, file: str) -> pd.Series:
    """A column as floats; text that is a number counts as one. Raises ``FrameError`` naming a row that is not."""
    if not isinstance(series.dtype, (pd.StringDtype, np.dtypes.ObjectDType)):
        return numbers(series)
    text = series.astype("object").where(series.notna(), "").astype("str").str.strip()
    missing = text.str.lower().isin(MISSING)
    floats = pd.to_numeric(text.where(~missing, "nan"), errors="coerce").astype("float64")
    wrong = ~missing & ~np.isfinite(floats)
    if wrong.any():
        row = series.index[wrong][0]
        raise FrameError(
            f"the column '{series.name}' of {file} holds {series[row]!r} in row {row}, which is no number; decimals "
            "take a point, missing values are empty or NA",
            column=str(series.name),
            rows=tuple(series.index[wrong]),
        )
    return floats


def _yes_no(series: pd.Series, file: str) -> pd.Series:
    """1.0 for yes, 0.0 for no, nan for missing."""
    text = series.astype("object").where(series.notna(), "").astype("str").str.strip().str.lower()
    values = pd.Series(math.nan, index=series.index, name=series.name, dtype="float64")
    values[text.isin(YES)] = 1.0
    values[text.isin(NO)] = 0.0
    wrong = values.isna() & ~text.isin(MISSING)
    if wrong.any():
        row = series.index[wrong][0]
        raise FrameError(
            f"the column '{series.name}' of {file} holds {series[row]!r} in row {row}; it must say yes or no, "
            "true or false, or 1 or 0",
            column=str(series.name),
            rows=tuple(series.index[wrong]),
        )
    return values
