"""PURE: ratings with one row a person, and the description of the columns that this makes."""

from dataclasses import replace

import pandas as pd

from analysis.schema_columns import Table
from analysis.validation import FrameError

# What cannot differ between one person's ratings.
OF_THE_PERSON = ("participant", "study", "version", "mode", "stratum")
PLACE = "position"


def wide_table(ratings: Table, positions: int) -> Table:
    """The table of ``wide_ratings``: columns of the person, then every other column once a position, as 'name_p1'."""
    person = tuple(column for column in ratings.columns if column.name in OF_THE_PERSON)
    others = [column for column in ratings.columns if column.name not in OF_THE_PERSON and column.name != PLACE]
    columns = [
        replace(
            column,
            name=f"{column.name}_p{place}",
            description=f"{column.description} For the article in place {place} of the person's order.",
            required=False,
            nullable=True,
            reasons_in=f"{column.reasons_in}_p{place}" if column.reasons_in else "",
        )
        for place in range(1, positions + 1)
        for column in others
    ]
    return Table("wide", "Ratings, wide", "one person", ("participant",), (*person, *columns))


def wide_ratings(ratings: pd.DataFrame, table: Table, positions: int = 0) -> tuple[pd.DataFrame, Table]:
    """The ratings with one row a person, ordered by ``participant``, and their table.

    There are columns for at least ``positions`` articles. ``ratings`` has the columns of ``table``, of which it needs
    ``participant`` and ``position``. Articles that a person did not rate leave empty cells. Raises ``FrameError`` where
    a person has two ratings in one place, a rating has no place, or what belongs to the person differs between their
    ratings.
    """
    for name in ("participant", PLACE):
        if name not in ratings.columns:
            raise FrameError(f"the column '{name}' is missing: the wide table cannot be made", column=name)
    if ratings[PLACE].isna().any():
        wrong = ratings.index[ratings[PLACE].isna()]
        raise FrameError(f"the column '{PLACE}' is empty", column=PLACE, rows=tuple(wrong))
    places = ratings[PLACE].astype("int64")
    twice = ratings[ratings.assign(place=places).duplicated(["participant", "place"], keep=False)]
    if len(twice):
        raise FrameError(
            f"the participant {twice['participant'].iloc[0]!r} has two ratings in one place",
            column=PLACE,
            rows=tuple(twice.index),
        )
    person = [name for name in OF_THE_PERSON if name in ratings.columns]
    people = ratings[person].drop_duplicates().set_index("participant").sort_index()
    if people.index.has_duplicates:
        name = str(people.index[people.index.duplicated()][0])
        raise FrameError(f"the participant {name!r} has ratings that differ in {', '.join(person[1:])}")
    positions = max(positions, int(places.max()) if len(places) else 0)
    present = tuple(column for column in table.columns if column.name in ratings.columns)
    described = wide_table(replace(table, columns=present), positions)
    parts = [people]
    for place in range(1, positions + 1):
        here = ratings[places == place].set_index("participant").drop(columns=[*person[1:], PLACE])
        parts.append(here.rename(columns={str(name): f"{name}_p{place}" for name in here.columns}))
    # As one block: what follows would otherwise look into each of some hundred columns apart.
    frame = pd.concat(parts, axis=1).copy().reset_index()
    return frame[list(described.names)], described
