"""Every column is described once, and a study's items find their place among them."""

import pytest

from analysis.schema import ANSWERS, PARTICIPANTS, RATINGS, TABLES, item_column
from analysis.schema_columns import Level, Table
from analysis.schema_quality import PARADATA, QUALITY


@pytest.mark.parametrize("table", [*TABLES.values(), PARADATA, QUALITY], ids=lambda table: table.name)
def test_a_tables_columns_are_unique_described_and_hold_its_key(table: Table) -> None:
    names = table.names
    assert len(set(names)) == len(names)
    assert set(table.key) <= set(names)
    assert all(column.description.endswith(".") for column in table.columns)


def test_what_can_say_who_somebody_is_is_marked() -> None:
    marked = {(table.name, column.name) for table in TABLES.values() for column in table.columns if column.identifying}
    assert marked == {("answers", "text"), ("participants", "panel_id"), ("participants", "panel_study")}


def test_items_stand_before_the_index_with_the_bounds_of_their_levels() -> None:
    levels = tuple(Level(str(n), f"level {n}") for n in range(1, 5))
    table = RATINGS.with_items([item_column("believable", "How believable?", levels=levels)])
    assert table.names.index("believable") == table.names.index("credibility") - 1
    assert (table.column("believable").minimum, table.column("believable").maximum) == (1, 4)


def test_an_item_called_like_a_column_gets_a_name_of_its_own() -> None:
    assert item_column("credible", "Is it credible?").name == "item_credible"
    assert item_column("seen-before", "Have you seen it?").name == "seen-before"


def test_an_item_cannot_stand_twice() -> None:
    item = item_column("believable", "How believable?")
    with pytest.raises(ValueError, match="believable"):
        RATINGS.with_items([item, item])


def test_a_column_that_there_is_not_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="colour"):
        PARTICIPANTS.column("colour")
    assert ANSWERS.column("state").levels
