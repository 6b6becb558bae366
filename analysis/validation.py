"""PURE: whether a frame keeps the contract of analysis/schema.py, and what is wrong with it, column and rows."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from pandas.api import types

from analysis.counted import counted
from analysis.schema_columns import Column, Table

# Squares of larger values overflow the sums that variances are made of.
LARGEST = 1e100
_NAMED = 5
# What an article has once, for everybody who reads it.
OF_ARTICLE = ("origin", "story", "model", "curation")


class FrameError(ValueError):
    """A frame that cannot be analysed. ``column`` and ``rows`` (index labels, all of them) say where."""

    def __init__(self, sentence: str, column: str = "", rows: Sequence[object] = ()) -> None:
        super().__init__(sentence)
        self.column = column
        self.rows = tuple(rows)


class CheckedRatings(pd.DataFrame):
    """Ratings that ``check_ratings`` gave back. What is cut out of them or made of them is a plain frame again.

    Who has them need not have them checked anew, which takes seconds of a million.
    """

    @property
    def _constructor(self) -> type[pd.DataFrame]:
        return pd.DataFrame


def check_ratings(
    frame: pd.DataFrame,
    *,
    outcome: str = "credibility",
    table: Table | None = None,
    articles_known: bool = True,
) -> pd.DataFrame:
    """The ratings with ``participant``, ``arm`` and ``article`` as text and ``outcome`` as floats, in a fixed order.

    Rows come back ordered by participant, article, arm and item, so that equal data give equal sums. A missing outcome
    stays, as nan. With ``table``, every column that the table describes is checked against its type, levels and
    bounds. ``articles_known=False`` is for data without an ``article`` column. Of ratings that were checked before, and
    had articles, only the outcome is looked at.

    Raises ``FrameError`` for an empty frame, a missing column, a key without a value, an outcome that is text or
    infinite, a participant who rated one article (and item, where there is such a column) twice, and an article of
    which rows say two origins, stories, models or curations. Rows are named by the frame's index.
    """
    keys = ("participant", "arm", "article") if articles_known else ("participant", "arm")
    for name in (*keys, outcome):
        if name not in frame.columns:
            raise FrameError(
                f"the column '{name}' is missing; there are {_listing(map(str, frame.columns))}", column=name
            )
    if isinstance(frame, CheckedRatings) and table is None:
        return _with_numbers(frame, outcome)
    if twice := sorted({str(name) for name in frame.columns[frame.columns.duplicated()]}):
        raise FrameError(f"these columns are there more than once: {_listing(twice)}", column=twice[0])
    if frame.empty:
        raise FrameError("there are no ratings: the table has no rows")
    checked = frame.copy()
    for name in keys:
        checked[name] = _key_text(frame[name])
    if table is not None:
        check_columns(frame, table)
    checked[outcome] = numbers(frame[outcome])
    if articles_known:
        _refuse_twice(checked, ("participant", "article", *(["item"] if "item" in checked.columns else [])))
        for name in OF_ARTICLE:
            refuse_two_of_an_article(checked, name)
    order = [name for name in ("participant", "article", "arm", "item") if name in checked.columns]
    ordered = checked.sort_values(order, kind="stable")
    return CheckedRatings(ordered) if articles_known else ordered


def some_checked(ratings: pd.DataFrame, kept: pd.DataFrame) -> pd.DataFrame:
    """``kept``, which are rows of the ``ratings``, in their order, and as checked as these are."""
    if not (isinstance(ratings, CheckedRatings) and ratings.index.is_unique and len(kept)):
        return kept
    return ratings if len(kept) == len(ratings) else CheckedRatings(ratings[ratings.index.isin(kept.index)])


def _with_numbers(checked: CheckedRatings, outcome: str) -> CheckedRatings:
    floats = numbers(checked[outcome])
    return checked if checked[outcome].dtype == np.float64 else CheckedRatings(checked.assign(**{outcome: floats}))


def check_columns(frame: pd.DataFrame, table: Table) -> None:
    """Raises ``FrameError`` for the first column of ``frame`` that breaks what ``table`` says of it.

    A column that the table does not describe breaks it too: nothing leaves undescribed.
    """
    for column in table.columns:
        if column.required and column.name not in frame.columns:
            raise FrameError(f"the column '{column.name}' is missing from {table.name}", column=column.name)
    for name in frame.columns:
        if name not in table.names:
            raise FrameError(
                f"the column '{name}' is not described in the table {table.name!r}: describe it in its schema",
                column=str(name),
            )
        check_column(frame[name], table.column(str(name)))


def check_unique(frame: pd.DataFrame, table: Table) -> None:
    """Raises ``FrameError`` where two rows have the same key of ``table``."""
    _refuse_twice(frame, table.key)


def numbers(series: pd.Series) -> pd.Series:
    """The series as floats, missing values as nan. Raises ``FrameError`` for text, times and infinite values."""
    name = str(series.name)
    if types.is_bool_dtype(series.dtype) or types.is_numeric_dtype(series.dtype):
        floats = pd.Series(series.to_numpy(dtype="float64", na_value=np.nan), index=series.index, name=series.name)
    else:
        given = series.dropna()
        wrong = given[[not isinstance(value, (int, float, np.integer, np.floating)) for value in given]]
        if len(wrong):
            raise _error(name, wrong, "must hold numbers, not")
        floats = pd.to_numeric(series, errors="raise").astype("float64")
    too_large = floats[floats.abs() > LARGEST]
    if len(too_large):
        raise _error(name, too_large, "must hold finite numbers that can be ratings, not")
    return floats


def check_column(series: pd.Series, column: Column) -> None:
    """Raises ``FrameError`` for values that are not of the column's type, levels or bounds, or missing and may not."""
    is_text = isinstance(series.dtype, pd.StringDtype)
    missing = series.isna() | ((series if is_text else series.astype("object")) == "")
    empty_is_a_level = any(level.code == "" for level in column.levels)
    if not column.nullable and not empty_is_a_level and missing.any():
        raise _error(column.name, series[missing], "must not be empty, as it is")
    given = series[~missing]
    if given.empty:
        return
    if column.type == "time":
        dtype = series.dtype
        if not isinstance(dtype, pd.DatetimeTZDtype):
            raise _error(column.name, given, "must hold times with a zone (UTC), not")
    elif column.type == "yes-no":
        wrong = given[~given.isin([True, False])]
        if len(wrong):
            raise _error(column.name, wrong, "must hold true or false, not")
    elif column.type in {"integer", "number"}:
        _check_numbers(numbers(given), column)
    else:
        wrong = given.iloc[:0] if is_text else given[[not isinstance(value, str) for value in given]]
        if len(wrong):
            raise _error(column.name, wrong, "must hold text, not")
        if column.levels:
            wrong = given[~given.isin([level.code for level in column.levels])]
            if len(wrong):
                codes = _listing(level.code or "(empty)" for level in column.levels)
                raise _error(column.name, wrong, f"must be one of {codes}, not")


def _check_numbers(given: pd.Series, column: Column) -> None:
    if column.type == "integer":
        broken = given[given != given.round()]
        if len(broken):
            raise _error(column.name, broken, "must hold whole numbers, not")
    low = -np.inf if column.minimum is None else column.minimum
    high = np.inf if column.maximum is None else column.maximum
    outside = given[(given < low) | (given > high)]
    if len(outside):
        bounds = f"lie from {low:g} to {high:g}"
        if column.maximum is None or column.minimum is None:
            bounds = f"be {low:g} or more" if column.maximum is None else f"be {high:g} or less"
        raise _error(column.name, outside, f"must {bounds}, unlike")


def _key_text(series: pd.Series) -> pd.Series:
    text = series.astype("str").where(series.notna(), "")
    stripped = text.str.strip()
    blank = text[stripped == ""]
    if len(blank):
        raise FrameError(
            f"the column '{series.name}' has no value in {rows_in_words(blank.index)}; every rating needs one",
            column=str(series.name),
            rows=tuple(blank.index),
        )
    padded = text[stripped != text]
    plain = set(text[stripped == text]) if len(padded) else set()
    if twice := next((value for value in padded if value.strip() in plain), ""):
        rows = padded.index[padded == twice]
        raise FrameError(
            f"the column '{series.name}' holds both {twice.strip()!r} and {twice!r}, which differ in blanks around "
            f"them alone ({rows_in_words(rows)}): write both in one way",
            column=str(series.name),
            rows=tuple(rows),
        )
    return text


def refuse_two_of_an_article(frame: pd.DataFrame, name: str) -> None:
    """Raises ``FrameError`` where the rows of one ``article`` have two values in the column ``name``, if there is one.

    Rows without a value say nothing.
    """
    if name not in frame.columns:
        return
    codes, values = pd.factorize(frame[name].where(frame[name].astype("str") != ""))
    articles, names = pd.factorize(frame["article"])
    known = np.flatnonzero(codes >= 0)
    first = np.full(len(names), -1)
    # The last assignment counts: that of the first row.
    first[articles[known[::-1]]] = codes[known[::-1]]
    others = known[codes[known] != first[articles[known]]]
    if not len(others):
        return
    article = articles[others[0]]
    rows = known[articles[known] == article]
    said = " and ".join(
        f"{_plain(values[code])!r} in {rows_in_words(frame.index[rows[codes[rows] == code]])}"
        for code in dict.fromkeys(codes[rows].tolist())
    )
    raise FrameError(
        f"the article {names[article]!r} has in the column '{name}' {said}: correct one, or, where they are different "
        "articles, give them different names",
        column=name,
        rows=tuple(frame.index[rows]),
    )


def _refuse_twice(frame: pd.DataFrame, key: Sequence[str]) -> None:
    twice = frame[frame.duplicated(list(key), keep=False)]
    if len(twice):
        first = twice.iloc[0]
        named = ", ".join(f"{name} {first[name]!r}" for name in key)
        pair = twice.groupby(list(key), dropna=False).ngroup()
        own, others = twice.index[pair == pair.iloc[0]], pair.nunique() - 1
        more = f", and {counted(others, 'other stands', 'others stand')} in several rows too" if others else ""
        raise FrameError(
            f"{' and '.join(key)} must be unique together: {named} stands in {rows_in_words(own)}{more}. Keep one row "
            "of each",
            column=key[-1],
            rows=tuple(twice.index),
        )


def _error(name: str, wrong: pd.Series, complaint: str) -> FrameError:
    examples = _listing(repr(value) for value in dict.fromkeys(map(_plain, wrong.head(_NAMED))))
    return FrameError(
        f"the column '{name}' {complaint} {examples} in {rows_in_words(wrong.index)}",
        column=name,
        rows=tuple(wrong.index),
    )


def _plain(value: object) -> object:
    return value.item() if isinstance(value, np.generic) else value


def rows_in_words(index: pd.Index) -> str:
    """'row 3', or 'rows 3, 5' with the first few of many."""
    labels = [str(label) for label in index[:_NAMED]]
    more = f" and {len(index) - _NAMED} more" if len(index) > _NAMED else ""
    return f"row{'s' if len(index) > 1 else ''} {', '.join(labels)}{more}"


def _listing(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"
