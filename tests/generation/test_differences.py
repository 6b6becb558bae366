"""What changed between two texts, word by word."""

import difflib
import random
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation import differences
from generation.differences import CHAIN, Kept, compare, place_before, place_behind
from tests.generation.openings import ANEW

texts = st.text(alphabet="ab .,\n’äß漢", max_size=60)


@given(texts, texts)
def test_both_texts_can_be_read_from_the_pieces(old: str, new: str) -> None:
    pieces = compare(old, new).pieces
    assert "".join(piece.text for piece in pieces if piece.kind != "inserted") == old
    assert "".join(piece.text for piece in pieces if piece.kind != "deleted") == new


@given(texts, texts)
def test_both_texts_can_be_read_from_what_is_shown_of_the_pieces(old: str, new: str) -> None:
    shown = compare(old, new).readable
    assert "".join(piece.text for piece in shown if piece.kind != "inserted") == old
    assert "".join(piece.text for piece in shown if piece.kind != "deleted") == new


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        (
            "He left. The 2021 city had two roads.",
            "He left. It was two roads.",
            "He left. [The 2021 city had|It was] two roads.",
        ),
        ("one two three", "one three", "one [two |]three"),
        ("one two three four", "one 2 3 four", "one [two three|2 3] four"),
        ("old end ", "new end ", "[old|new] end "),
    ],
)
def test_words_that_are_changed_one_after_the_other_are_shown_as_one_change(old: str, new: str, shown: str) -> None:
    said = ""
    for piece in compare(old, new).readable:
        said += {"same": piece.text, "deleted": f"[{piece.text}|]", "inserted": f"[|{piece.text}]"}[piece.kind]
    assert said.replace("|][|", "|") == shown


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


@given(texts, texts)
def test_a_place_in_the_old_text_has_one_in_the_new(old: str, new: str) -> None:
    changed = compare(old, new)
    places = [place_behind(changed, cut) for cut in range(len(old) + 1)]
    assert places == sorted(places)
    assert places[-1] <= len(new)
    assert [place_behind(compare(old, old), cut) for cut in range(len(old) + 1)] == list(range(len(old) + 1))


@pytest.mark.parametrize(
    ("new", "behind"),
    [
        ("The old bridge is shut. It is late.", "It is late."),
        ("The very old bridge is shut. It is late.", "It is late."),
        ("The bridge is closed. It is late.", "It is late."),
        ("The bridge is shut! It is late.", "It is late."),
        ("It is late.", "It is late."),
        ("The old bridge is shut. By now it is late.", "By now it is late."),
    ],
)
def test_what_stands_behind_a_beginning_is_found_however_that_was_changed(new: str, behind: str) -> None:
    beginning = "The old bridge is shut."
    assert new[place_behind(compare(f"{beginning} It is late.", new), len(beginning)) :].strip() == behind


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


def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many pairs of equal pieces the library is asked to look at, in each of its searches."""
    looked: list[int] = []
    search = difflib.SequenceMatcher.find_longest_match

    def counting(self: Any, alo: int = 0, ahi: int | None = None, blo: int = 0, bhi: int | None = None) -> Any:
        looked.append(sum(len(self.b2j.get(piece, ())) for piece in self.a[alo:ahi]))
        return search(self, alo, ahi, blo, bhi)

    monkeypatch.setattr(difflib.SequenceMatcher, "find_longest_match", counting)
    return looked


def marks(n: int, every: int) -> str:
    """Quotation marks alone, with a word of its own after each so many."""
    return "".join(f'"{"" if k % every else chr(97 + k % 26) * (1 + k // 26)}' for k in range(n))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (marks(1800, 7), marks(1800, 11)),
        ("a b " * 900, "b a a " * 600),
        ("\n".join("ab"[k % 7 == 0] for k in range(1900)), "\n".join("ab"[k % 5 == 0] for k in range(1900))),
        ("\n" * 50_000, "\n" * 50_000 + "x"),
        ("x" * 100_000, "y" * 100_000),
        ('"' * 100_000, "'" * 100_000),
    ],
    ids=["quotes", "two words", "short lines", "empty lines", "no spaces", "marks alone"],
)
def test_a_hostile_text_takes_no_more_steps_than_a_comparison_may(
    old: str, new: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = counted(monkeypatch)
    monkeypatch.setattr(differences, "MOST_STEPS", 2_000_000)
    pieces = compare(old, new).pieces
    assert sum(looked) <= 2_000_000
    assert "".join(piece.text for piece in pieces if piece.kind != "inserted") == old
    assert "".join(piece.text for piece in pieces if piece.kind != "deleted") == new


def test_texts_as_people_write_them_stay_far_from_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = counted(monkeypatch)
    old, new = invented(900, 1), invented(900, 2)
    assert {piece.kind for piece in compare(old, new).pieces} == {"same", "deleted", "inserted"}
    assert sum(looked) < differences.MOST_STEPS / 2


def test_of_a_part_of_a_text_whole_words_in_runs_of_four_are_kept_and_none_that_are_met_again_by_chance() -> None:
    opening, rest = "The council of the town closed its old bridge on Tuesday.", " Nobody came to the hearing that day."
    old, part = opening + rest, len(opening)
    assert compare(old, old).kept_of(0, part) == Kept(11, 11, 11)
    assert compare(old, old).kept_of(part, len(old)) == Kept(7, 7, 7)
    anew = compare(old, f"On Tuesday the town of Northgate lost its old bridge.{rest}")
    assert (anew.kept_of(0, part), anew.kept_of(part, len(old))) == (Kept(11, 0, 0), Kept(7, 7, 7))
    mended = compare(old, old.replace("old", "stone"))
    assert mended.kept_of(0, part) == Kept(11, 10, 7)
    # A short part stands as a whole or not at all.
    assert compare("One two three four.", "Only four.").kept_of(8, 19) == Kept(2, 0, 0)
    assert compare("One two three four.", "One two three four?").kept_of(8, 19) == Kept(2, 2, 2)
    assert compare("It did.", "It did.").kept_of(0, 7) == Kept(2, 2, 2)
    assert compare("", "It did.").kept_of(0, 0) == Kept(0, 0, 0)


@pytest.mark.parametrize(
    ("every", "change", "kept"),
    [
        (1, lambda word: f"{word},", 120),
        (3, lambda word: f"{word},", 120),
        (3, lambda word: f"{word} indeed", 120),
        (4, lambda _word: "indeed", 90),
        (3, lambda _word: "indeed", 80),
        # Single words are met again by chance.
        (2, lambda _word: "indeed", 0),
    ],
)
def test_what_stands_between_small_changes_all_over_a_text_is_kept(
    every: int, change: Callable[[str], str], kept: int
) -> None:
    given = [f"w{n}" for n in range(120)]
    new = [change(word) if n % every == every - 1 else word for n, word in enumerate(given)]
    old = " ".join(given)
    assert compare(old, " ".join(new)).kept_of(0, len(old)).kept == kept


def test_what_openings_that_were_written_anew_share_by_chance_makes_no_chain() -> None:
    for first, _anew in ANEW:
        for _first, anew in ANEW:
            assert compare(first, anew).kept_of(0, len(first)).kept < CHAIN
