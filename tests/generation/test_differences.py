"""What changed between two texts, word by word."""

from hypothesis import given
from hypothesis import strategies as st

from generation.differences import compare

texts = st.text(alphabet="ab .,\n’äß漢", max_size=60)


@given(texts, texts)
def test_both_texts_can_be_read_from_the_pieces(old: str, new: str) -> None:
    pieces = compare(old, new).pieces
    assert "".join(piece.text for piece in pieces if piece.kind != "inserted") == old
    assert "".join(piece.text for piece in pieces if piece.kind != "deleted") == new


@given(texts)
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    found = compare(text, text)
    assert (found.deleted, found.inserted, found.share) == (0, 0, 0)


def test_whole_words_are_compared() -> None:
    pieces = compare("The detour is nine miles.", "The detour is ninety miles.").pieces
    assert [(piece.kind, piece.text) for piece in pieces] == [
        ("same", "The detour is "),
        ("deleted", "nine"),
        ("inserted", "ninety"),
        ("same", " miles."),
    ]


def test_the_share_counts_characters_against_the_old_text() -> None:
    found = compare("one two three", "one three")
    assert (found.deleted, found.inserted, found.old_length) == (4, 0, 13)
    assert found.share == 4 / 13


def test_a_text_written_from_nothing_is_wholly_new() -> None:
    assert compare("", "all of it").share == 1
