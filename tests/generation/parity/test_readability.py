"""Readability: the formulas on sentences counted by hand, and for which languages they speak."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.parity.readability import lix, reading_ease, syllables


@pytest.mark.parametrize(
    ("text", "value"),
    [
        # 6 words, 6 syllables, 1 sentence; 13 words, 24 syllables: the values that are commonly printed beside Flesch.
        ("The cat sat on the mat.", 116.145),
        ("The Australian platypus is seemingly a hybrid of a mammal and reptilian creature.", 37.455),
    ],
)
def test_fleschs_formula_gives_the_printed_values(text: str, value: float) -> None:
    assert reading_ease(text, "en-GB") == pytest.approx(value, abs=0.001)


def test_amstads_formula_is_used_for_german() -> None:
    # Der Rat hat die alte Brücke geschlossen: 7 words, 1+1+1+1+2+2+3 = 11 syllables.
    assert reading_ease("Der Rat hat die alte Brücke geschlossen.", "de") == pytest.approx(180 - 7 - 58.5 * 11 / 7)


@pytest.mark.parametrize("language", ["fr", "ja", "x-unknown", ""])
def test_a_language_without_a_formula_has_no_reading_ease(language: str) -> None:
    assert reading_ease("Le chat dort.", language) is None


@pytest.mark.parametrize(
    ("word", "count"),
    [("the", 1), ("made", 1), ("moved", 1), ("wanted", 2), ("table", 2), ("bridges", 2), ("radio", 3), ("nation", 2),
     ("being", 2), ("quiet", 2), ("area", 3), ("council", 2), ("situation", 4), ("hm", 1)],
)  # fmt: skip
def test_syllables_are_counted_as_one_hears_them(word: str, count: int) -> None:
    assert syllables(word, "en") == count


def test_the_lix_counts_long_words() -> None:
    # 10 words, 2 sentences, 3 words of more than six letters: 5 + 30.
    assert lix("The council closed the dangerous bridge. Nobody was hurt today, engineers.") == pytest.approx(
        11 / 2 + 100 * 3 / 11
    )
    assert lix("橋は閉鎖された。") is None
    assert lix("") is None


@given(st.text(max_size=200))
def test_any_text_is_measured_or_said_to_be_unmeasurable(text: str) -> None:
    assert reading_ease(text, "en") is None or isinstance(reading_ease(text, "en"), float)
    assert lix(text) is None or isinstance(lix(text), float)
