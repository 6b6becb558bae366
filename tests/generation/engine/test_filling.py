"""A table fills a prompt's slots, a prompt a row, or says in which row or column it does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.engine.filling import MOST_ROWS, MOST_SLOTS, Table, TableError, check_slots, filled, read_table, slots


@pytest.mark.parametrize(
    "text",
    [
        "group,city\nfarmers,Northgate\nnurses,Rookby",
        "group;city\r\nfarmers;Northgate\r\nnurses;Rookby\r\n",
        "\ufeffgroup\tcity\nfarmers\tNorthgate\n\nnurses\tRookby\n",
        'group , city\n"farmers","Northgate"\n nurses ,Rookby',
    ],
)
def test_a_table_is_read_however_it_was_copied(text: str) -> None:
    assert read_table(text) == Table(("group", "city"), (("farmers", "Northgate"), ("nurses", "Rookby")))


def test_a_slot_is_filled_once_and_other_braces_stay() -> None:
    cells = {"group": "{city}", "city": "Rookby"}
    assert filled("{group} of {city} {town} {} {1}", cells) == "{city} of Rookby {town} {} {1}"
    assert slots("The {group} of {city}.", "{city}, {outlet-2}") == ["group", "city", "outlet-2"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "empty"),
        ("\n\n", "empty"),
        ("group", "no row below"),
        ("group,group\na,b", "Two columns"),
        ("group,2nd\na,b", "Column 2"),
        ("group,\na,b", "Column 2"),
        ("group,city\na", "Row 1 has 1 cells"),
        ("group,city\na,b\nc,", "Row 2 has nothing in the column 'city'"),
        ("group\na\nb\na", "Row 3 is row 1 again"),
        ("group\n" + "\n".join(map(str, range(MOST_ROWS + 1))), "at most"),
        (",".join(f"c{n}" for n in range(MOST_SLOTS + 1)) + "\nx", "columns"),
        ("group\n" + "x" * 5001, "5000 characters"),
        ("group\na\0b", "NUL"),
    ],
)
def test_a_table_that_cannot_be_used_says_where(text: str, problem: str) -> None:
    with pytest.raises(TableError, match=problem):
        read_table(text)


def test_slots_and_columns_must_meet() -> None:
    table = read_table("group,city\na,b")
    check_slots(table, "The {group}", "of {city}")
    with pytest.raises(TableError, match=r"no column for \{outlet\}"):
        check_slots(table, "{group} {city} {outlet}")
    with pytest.raises(TableError, match=r"No slot in the prompt takes \{city\}"):
        check_slots(table, "{group}")


@given(st.lists(st.lists(st.text("abc é", min_size=1, max_size=5), min_size=2, max_size=2), min_size=1, max_size=5))
def test_every_row_of_a_table_comes_back_or_is_refused_for_what_it_lacks(rows: list[list[str]]) -> None:
    expected = [tuple(" ".join(cell.split()) for cell in row) for row in rows]
    text = "\n".join(["group\tcity", *("\t".join(row) for row in rows)])
    if all(all(row) for row in expected) and len(set(expected)) == len(expected):
        assert read_table(text).rows == tuple(expected)
    else:
        with pytest.raises(TableError, match=r"Row|no row"):
            read_table(text)
