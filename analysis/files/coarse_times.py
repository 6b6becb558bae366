"""PURE: times to the day, for exports that name nobody.

A panel's own log says to the second when each of its people came and went. Whoever holds it could find a person's row
by exact times, and so the panel's id that the export leaves out. How long a whole way took is in minutes. The seconds
on single pages stay as they were measured, for analyses need them; that they add up to nearly as much, the export says.
"""

from dataclasses import replace

import pandas as pd

from analysis.schema_columns import Table

NOTE = "To the day, as its midnight in UTC."


def to_the_day(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """The frame with every time of ``table`` at the beginning of its day in UTC."""
    names = [column.name for column in table.columns if column.type == "time" and column.name in frame.columns]
    return frame.assign(**{name: pd.to_datetime(frame[name], utc=True).dt.floor("D") for name in names})


def described_to_the_day(table: Table) -> Table:
    """The table whose times say that they are to the day."""
    return replace(
        table,
        columns=tuple(
            replace(column, description=f"{column.description} {NOTE}") if column.type == "time" else column
            for column in table.columns
        ),
    )
