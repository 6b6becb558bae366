"""PURE: times to the day, for exports that name nobody.

A panel's own log says to the second when each of its people came and went. Whoever holds it could find a person's row
by exact times, and so the panel's id that the export leaves out. How long something took stays as it was measured.
"""

from dataclasses import replace

import pandas as pd

from analysis.schema import Table

NOTE = "To the day, as its midnight in UTC."


def to_the_day(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """The frame with every time of ``table`` at the beginning of its day in UTC."""
    names = [column.name for column in table.columns if column.type == "time" and column.name in frame.columns]
    times = {name: frame[name] for name in names if isinstance(frame[name].dtype, pd.DatetimeTZDtype)}
    return frame.assign(**{name: series.dt.tz_convert("UTC").dt.floor("D") for name, series in times.items()})


def described_to_the_day(table: Table) -> Table:
    """The table whose times say that they are to the day."""
    return replace(
        table,
        columns=tuple(
            replace(column, description=f"{column.description} {NOTE}") if column.type == "time" else column
            for column in table.columns
        ),
    )
