"""The pieces of an overlay are the text, each under the class of its tokens' ranks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.overlay import CLASSES, UNRANKED, Piece, found_ends, overlay, rank_class


@pytest.mark.parametrize(
    ("rank", "kind"),
    [(1, "10"), (10, "10"), (11, "100"), (100, "100"), (101, "1000"), (1000, "1000"), (1001, "rest"), (50_000, "rest")],
)
def test_a_rank_is_of_the_smallest_class_that_holds_it(rank: int, kind: str) -> None:
    assert rank_class(rank) == kind


def test_tokens_of_one_class_run_together_and_the_first_has_none() -> None:
    made = overlay("The old bridge fell", [3, 7, 14, 19], [2, 9, 400])
    assert made.pieces == (Piece("The", UNRANKED), Piece(" old bridge", "10"), Piece(" fell", "1000"))
    assert [(share.kind, share.tokens) for share in made.shares] == [("10", 2), ("100", 0), ("1000", 1), ("rest", 0)]
    assert made.shares[0].share == pytest.approx(2 / 3)


def test_what_lies_beyond_the_models_context_is_there_without_a_class() -> None:
    assert overlay("one two three", [0, 3], [5000]).pieces == (Piece("one", "rest"), Piece(" two three", UNRANKED))


def test_a_character_in_several_tokens_stands_once() -> None:
    made = overlay("a市b", [1, 2, 2, 2, 3], [1, 2000, 2000, 5])
    assert "".join(piece.text for piece in made.pieces) == "a市b"
    assert made.tokens == 4


def test_no_text_has_no_pieces_and_no_shares() -> None:
    made = overlay("", [0], [])
    assert (made.pieces, made.tokens, {share.share for share in made.shares}) == ((), 0, {0.0})


def test_ends_and_ranks_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(ValueError, match="2 ranks need 3 ends"):
        overlay("ab", [1, 2], [1, 1])


@given(
    text=st.text("ab 市\n", max_size=30),
    start=st.integers(0, 30),
    tokens=st.lists(st.tuples(st.integers(0, 30), st.sampled_from([1, 50, 500, 5000])), max_size=8),
)
def test_the_pieces_are_always_the_whole_text(text: str, start: int, tokens: list[tuple[int, int]]) -> None:
    ends = sorted(min(end, len(text)) for end in (start, *(end for end, _rank in tokens)))
    ranks = [rank for _end, rank in tokens]
    made = overlay(text, ends, ranks)
    assert "".join(piece.text for piece in made.pieces) == text
    assert sum(share.tokens for share in made.shares) == len(ranks)
    assert all(a.kind != b.kind for a, b in zip(made.pieces, made.pieces[1:], strict=False))
    assert {piece.kind for piece in made.pieces} <= {*CLASSES, UNRANKED}


def test_tokens_read_alone_are_found_in_the_text() -> None:
    assert found_ends(" The bridge, said", ["The", " bridge", ",", "said"]) == [4, 11, 12, 17]


def test_a_character_in_halves_ends_where_the_next_token_begins() -> None:
    assert found_ends("x市 y", ["x", "\N{REPLACEMENT CHARACTER}", "\N{REPLACEMENT CHARACTER}", " y"]) == [1, 1, 1, 4]


def test_tokens_behind_the_end_of_the_text_are_left_out() -> None:
    assert found_ends("It fell.", ["It", " fell", ".", "\n\nADVERTISEMENT"]) == [2, 7, 8]
