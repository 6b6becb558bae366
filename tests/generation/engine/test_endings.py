"""A draft ends at a stop string or with its sentence, as soon as that is sure and not before its least length."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.engine import Sampling
from generation.engine.endings import Endings


def ended(pieces: Sequence[str], sampling: Sampling) -> tuple[str, str] | None:
    """Return reason and text of a draft that grows by these pieces, a token each; None where it goes on."""
    endings = Endings(sampling, lambda ids: "".join(pieces[i] for i in ids))
    for length in range(1, len(pieces) + 1):
        if ending := endings.of(list(range(length))):
            return ending.reason, "".join(pieces[:length])[: -ending.beyond or None]
    return None


@pytest.mark.parametrize(
    ("pieces", "stop", "text"),
    [
        (["A bridge", " END", " more"], ("END",), "A bridge "),
        (["A br", "idge E", "N", "D. More"], ("END",), "A bridge E"[:-1]),
        (["one ###", " two"], ("###", "one"), ""),
        (["市長は", "。終", "わり"], ("終わり",), "市長は。"),
        (["E", "N", "D"], ("END",), ""),
    ],
)
def test_a_stop_string_ends_a_draft_wherever_the_tokens_break(
    pieces: list[str], stop: tuple[str, ...], text: str
) -> None:
    assert ended(pieces, Sampling(stop=stop)) == ("stop string", text)


@given(st.text("ab", min_size=1, max_size=30), st.text("ab", min_size=1, max_size=4), st.data())
def test_every_text_is_cut_before_the_first_stop_string(text: str, stop: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(1, len(text)))) | {len(text)})
    pieces = [text[start:end] for start, end in zip([0, *cuts], cuts, strict=False)]
    expected = ("stop string", text[: text.index(stop)]) if stop in text else None
    assert ended(pieces, Sampling(stop=(stop,))) == expected


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (["It", " closed", ".", " The", " end"], "It closed."),
        (["Mr", ".", " Hale", " left", ".", "\n\n", "He"], "Mr. Hale left."),
        (["In", " the", " U", ".", "S", ".", " it", " rained", ".", " So"], "In the U.S. it rained."),
        (["It", " cost", " 3", ".", "5", " million", "!", "”", " And"], "It cost 3.5 million!”"),
        (["橋は", "閉じた", "。", "市"], "橋は閉じた。"),
        (["¿Por", " qué", "?»", " Dijo"], "¿Por qué?»"),
        (["هل", " انتهى", "؟", " نعم"], "هل انتهى؟"),
    ],
)
def test_a_draft_ends_with_its_sentence_once_that_is_sure(pieces: list[str], text: str) -> None:
    assert ended(pieces, Sampling(sentence_from=1)) == ("sentence", text)


def test_a_sentence_that_ended_before_the_asked_length_ends_nothing() -> None:
    pieces = ["One", ".", " Two", " more", " words", " follow", ".", " End"]
    assert ended(pieces, Sampling(sentence_from=4)) == ("sentence", "One. Two more words follow.")
    assert ended(pieces, Sampling(sentence_from=4, min_tokens=8)) == ("sentence", "One. Two more words follow.")
    assert ended(pieces[:7], Sampling(sentence_from=4)) is None
    assert ended(pieces, Sampling(stop=("One",), min_tokens=5)) is None
    assert ended([*pieces, " One"], Sampling(stop=("One",), min_tokens=5)) == ("stop string", "".join(pieces) + " ")


def test_without_stop_strings_and_sentences_nothing_is_looked_at() -> None:
    assert not Endings(Sampling(), lambda ids: "")
    assert Endings(Sampling(sentence_from=3), lambda ids: "")
