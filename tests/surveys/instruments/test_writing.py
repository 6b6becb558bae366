"""Whatever an instrument holds, its file is read as the same instrument."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys import instruments
from surveys.instruments import library, read
from surveys.instruments.writing import written
from tests.surveys.instruments.test_library import WHOLE

WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1).filter(str.strip)


@pytest.mark.parametrize("key", sorted(library()))
def test_every_instrument_of_the_library_survives_its_file(key: str) -> None:
    whole = instruments.load(key)
    assert read(written(whole).encode(), f"{key}.toml") == whole


@given(WORDS, WORDS, WORDS)
def test_any_words_survive(title: str, wording: str, label: str) -> None:
    mine = read(WHOLE.encode(), "mine.toml")
    item = mine.items[0]
    options = (item.options[0].model_copy(update={"label": {"en": label, "pt-BR": label}}), *item.options[1:])
    other = item.model_copy(update={"wording": {"en": wording}, "options": options, "order": "shuffled"})
    changed = mine.model_copy(update={"title": title, "items": (other, *mine.items[1:])})
    assert read(written(changed).encode(), "mine.toml") == changed


def test_what_is_ordinary_is_left_out() -> None:
    text = written(read(WHOLE.encode(), "mine.toml"))
    assert 'key = "first"' in text
    assert "required" not in text
    assert "doi" not in text
