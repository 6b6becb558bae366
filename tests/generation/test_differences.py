"""What changed between two texts, word by word."""

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation import differences
from generation.differences import compare, place_before

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


@given(texts, texts)
def test_a_place_in_the_new_text_has_one_in_the_old_and_what_stands_behind_it_stays_there(old: str, new: str) -> None:
    changed = compare(old, new)
    places = [place_before(changed, cut) for cut in range(len(new) + 1)]
    assert places == sorted(places)
    assert places[0] == 0
    assert places[-1] <= len(old)
    assert [place_before(compare(old, old), cut) for cut in range(len(old) + 1)] == list(range(len(old) + 1))


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


@given(texts, texts)
def test_long_texts_lose_nothing_either(old: str, new: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(differences, "MOST_PAIRS", 4)
        pieces = compare(old, new).pieces
    assert "".join(piece.text for piece in pieces if piece.kind != "inserted") == old
    assert "".join(piece.text for piece in pieces if piece.kind != "deleted") == new


def invented(words: int, seed: int) -> str:
    """Paragraphs of sixty invented words each."""
    chance = random.Random(seed)
    drawn = chance.choices([f"w{n}" for n in range(400)], k=words)
    return "\n".join(" ".join(drawn[n : n + 60]) for n in range(0, words, 60))


def test_small_changes_at_both_ends_of_a_long_text_are_small() -> None:
    old = invented(6000, 1)
    found = compare(old, f"Today {old} tomorrow")
    assert (found.deleted, found.inserted) == (0, len("Today  tomorrow"))


def test_two_long_texts_that_share_nothing_are_compared_in_seconds() -> None:
    began = time.process_time()
    found = compare(invented(18_000, 1), invented(18_000, 2))
    assert found.share == 1
    assert time.process_time() - began < 10
