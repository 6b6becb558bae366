"""What is measured of a text, and for which languages a measure is not available."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.parity.measures import NAMES, measured
from tests.generation.parity.texts import REAL, shown


def test_a_text_is_measured_in_every_way_that_fits_its_language() -> None:
    found = measured(shown(REAL))
    assert tuple(found) == NAMES
    assert (found["words"], found["sentences"], found["paragraphs"]) == (34, 3, 2)
    assert found["reading_minutes"] == pytest.approx(34 / 238)
    # Tuesday and 2018; Northgate and Maria Holm; one quotation; 2018 and 9.
    assert found["dates"] == pytest.approx(2 / 0.34)
    assert found["names"] == pytest.approx(2 / 0.34)
    assert found["quotes"] == pytest.approx(1 / 0.34)
    assert found["numbers"] == pytest.approx(2 / 0.34)
    assert (found["headline_words"], found["curly_quotes"], found["markup"]) == (5, 0, 0)


@pytest.mark.parametrize(
    ("language", "missing"),
    [("de", {"names"}), ("ja", {"dates", "reading_ease"}), ("fr", {"reading_ease"})],
)
def test_what_does_not_fit_a_language_is_not_available(language: str, missing: set[str]) -> None:
    found = measured(shown("Der Rat sagte am Montag: „Die Brücke ist zu.“", language=language))
    assert {name for name, value in found.items() if value is None} == missing


def test_a_text_in_another_language_than_its_own_is_a_flag() -> None:
    text = "Der Rat der erfundenen Stadt hat am Dienstag beschlossen, die alte Brücke für immer zu schließen."
    of_its_own, of_another = (measured(shown(text, language=tag))["flags"] for tag in ("de", "en"))
    assert of_its_own is not None
    assert of_another == of_its_own + 1


def test_a_script_without_capitals_has_no_names() -> None:
    found = measured(shown("橋は閉鎖された。川が増水した。", language="ja"))
    assert found["names"] is None
    assert found["lix"] is None
    assert found["words"] == 13


def test_typographic_and_typed_quotes_are_told_apart() -> None:
    assert measured(shown("“Yes,” he said. It’s true."))["curly_quotes"] == 1
    assert measured(shown("No quotes at all."))["curly_quotes"] is None


@given(st.text(max_size=300), st.sampled_from(["en", "de", "ja", "ar", ""]))
def test_any_text_can_be_measured(text: str, language: str) -> None:
    found = measured(shown(text, language=language))
    assert all(value is None or value >= 0 for name, value in found.items() if name != "reading_ease")
