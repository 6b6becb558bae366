"""The digest of a report's data is that of its rows as sorted lines of CSV, made without writing each cell anew."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Literal, get_args

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.files import data_digest as module
from analysis.files.data_digest import data_digest


def by_definition(frame: pd.DataFrame) -> str:
    columns = sorted(map(str, frame.columns))
    lines = sorted(frame[columns].to_csv(index=False, header=False, lineterminator="\0").split("\0"))
    return hashlib.sha256("\n".join(["ratings", ",".join(columns), *lines, ""]).encode()).hexdigest()


def awkward() -> pd.DataFrame:
    moment = datetime(2026, 1, 1, 12, 30, tzinfo=UTC)
    return pd.DataFrame(
        {
            "text": ["plain", 'with "quotes"', "a, b", "two\nlines", "", None, "=1+1"],
            "number": [1.0, -0.0, 0.0, np.nan, 0.1 + 0.2, 1e300, np.inf],
            "whole": range(7),
            "nullable": pd.array([1, None, 3, None, 5, 6, 7], dtype="Int64"),
            "small": np.array([0.1, 0.2, 0.3, 0.1, 0.2, 0.3, np.nan], dtype=np.float32),
            "yes": [True, False, None, True, True, False, None],
            "mixed": pd.Series([True, 1, 1.0, "1", None, np.nan, -0.0], dtype=object),
            "at": [moment + timedelta(microseconds=37 * n) for n in range(7)],
            "never": pd.Series([None] * 7, dtype=object),
            "group": pd.Categorical(["a,b", "c", None, "c", "a,b", "c", "c"]),
        }
    )


def test_every_kind_of_cell_counts_as_csv_writes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = awkward()
    assert data_digest(frame, None) == by_definition(frame)
    assert data_digest(frame.iloc[:0], None) == by_definition(frame.iloc[:0])
    monkeypatch.setattr(module, "AT_ONCE", 2)
    assert data_digest(frame, None) == by_definition(frame)


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"))


@given(st.lists(st.tuples(TEXT, st.floats(), st.booleans()), min_size=1))
def test_any_texts_and_numbers_count_as_csv_writes_them(rows: list[tuple[str, float, bool]]) -> None:
    frame = pd.DataFrame(rows, columns=["a", "b", "c"])
    assert data_digest(frame, None) == by_definition(frame)


def test_neither_the_order_of_rows_nor_that_of_columns_counts_and_every_value_does() -> None:
    frame = awkward()
    digest = data_digest(frame, frame)
    turned = frame.iloc[::-1][[*frame.columns[::-1]]]
    assert data_digest(turned, turned) == digest
    assert data_digest(frame, None) != digest
    changed = frame.assign(whole=[0, 1, 2, 3, 4, 5, 7])
    assert data_digest(changed, frame) != digest


def test_a_time_on_the_second_is_the_same_wherever_its_row_stands() -> None:
    # Written in parts, a part whose times are all on the second would have them in fewer digits.
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    times = [moment + timedelta(seconds=n) for n in range(60_000)] + [moment + timedelta(microseconds=1)]
    frame = pd.DataFrame({"participant": np.arange(len(times)), "at": times})
    assert data_digest(frame, None) == data_digest(frame.iloc[::-1], None)


@given(
    st.lists(st.tuples(st.text('a,"+\t', max_size=2), st.sampled_from(["", None, "a"]), st.text("a+\t", max_size=2))),
    st.integers(1, 9),
)
def test_lines_stand_in_the_order_of_their_text_however_columns_are_put_together(
    rows: list[tuple[str, str | None, str]], few: int
) -> None:
    frame = pd.DataFrame(rows, columns=["a", "b", "c"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "FEW", few)
        patch.setattr(module, "LARGEST", 3 * few)
        assert data_digest(frame, None) == by_definition(frame)


@given(
    st.lists(st.datetimes(timezones=st.just(UTC)) | st.none(), min_size=1),
    st.sampled_from([1, 1_000, 1_000_000]),
    st.sampled_from(get_args(Literal["us", "ms"])),
)
def test_times_count_as_csv_writes_them(moments: list[datetime | None], least: int, unit: Literal["us", "ms"]) -> None:
    whole = [None if at is None else at.replace(microsecond=at.microsecond // least * least) for at in moments]
    times = pd.Series(whole, dtype="datetime64[us, UTC]").dt.as_unit(unit)
    frame = pd.DataFrame({"at": times, "n": 1})
    assert data_digest(frame, None) == by_definition(frame)
