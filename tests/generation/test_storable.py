"""Any text that a model writes can be stored, with as much of it as every database takes."""

from hypothesis import given
from hypothesis import strategies as st

from generation.storable import storable


def test_what_no_database_takes_is_shown_by_a_sign() -> None:
    assert storable("a\0b \ud83d c") == "a␀b \N{REPLACEMENT CHARACTER} c"


@given(st.text(st.characters(exclude_categories=[])))
def test_whatever_it_is_given_can_be_encoded_and_keeps_its_length(text: str) -> None:
    stored = storable(text)
    assert len(stored) == len(text)
    assert b"\0" not in stored.encode()
