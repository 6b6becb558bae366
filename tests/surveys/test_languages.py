"""What languages are called in themselves, and from which side they are written."""

import pytest

from surveys.languages import direction, interface_language, own_name, spoken


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        ("en", "English"),
        ("de", "Deutsch"),
        ("pt-BR", "Português (Brasil)"),
        ("ar", "العربية"),
        ("ca-valencia", "Català"),
        ("xx", "xx"),
        ("tlh", "tlh"),
    ],
)
def test_a_language_is_called_by_its_own_name(tag: str, name: str) -> None:
    assert own_name(tag) == name


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("ar", "rtl"),
        ("he", "rtl"),
        ("fa-IR", "rtl"),
        ("ur", "rtl"),
        ("en", "ltr"),
        ("zh-Hant-TW", "ltr"),
        ("xx", "ltr"),
    ],
)
def test_arabic_hebrew_persian_and_urdu_run_from_the_right(tag: str, expected: str) -> None:
    assert direction(tag) == expected


@pytest.mark.parametrize(
    ("tag", "interface", "state"),
    [
        ("en", "en", "original"),
        ("en-GB", "en", "original"),
        ("de", "de", "unreviewed"),
        ("de-AT", "de", "unreviewed"),
        ("pt-BR", "en", "not"),
        ("ar", "en", "not"),
    ],
)
def test_the_interface_speaks_a_study_s_language_or_english_and_says_how_well(
    tag: str, interface: str, state: str
) -> None:
    assert interface_language(tag) == interface
    assert spoken(tag) == state
