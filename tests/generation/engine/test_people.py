"""Real people's names, and quotations that no source has, are pointed out with their words. All people are invented."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.engine.people import names, people_flags, quotations
from generation.engine.screening import INVENTED_QUOTE, REAL_NAME

PROMPT = 'Mayor Ellen Marsh closed the bridge. "We had no other choice in this," she said.'


def evidence(text: str, real: tuple[str, ...] = ()) -> dict[str, str]:
    return {flag.code: flag.evidence for flag in people_flags(text, prompt_text=PROMPT, real_texts=real)}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Critics blame Ellen Marsh for it.", "Ellen Marsh"),
        ("Critics blame Ellen\u00a0Marsh for it.", "Ellen Marsh"),
        ("It was Senator Rook who objected.", "Rook"),
        ("Critics blame Mayor Ellen Marsh for it.", "Ellen Marsh"),
        ("Dort sprach Bundeskanzlerin Adler lange.", "Adler"),
        ("Le Président Dubois a parlé.", "Dubois"),
    ],
)
def test_names_of_the_sources_and_names_with_titles_are_pointed_out(text: str, found: str) -> None:
    assert evidence(text)[REAL_NAME] == found


def test_a_name_of_the_real_article_is_pointed_out() -> None:
    text = "Then Tomás de la Vega resigned."
    assert REAL_NAME not in evidence(text)
    assert evidence(text, ("The clerk, Tomás de la Vega, stayed.",)) == {REAL_NAME: "Tomás de la Vega"}


@pytest.mark.parametrize(
    ("prompt", "text", "found"),
    [
        ("President Aldous Trent spoke.", "Trent said he would resign.", "Trent"),
        ("President Trent spoke.", "It was Trent’s last day.", "Trent"),
        ("The clerk, Tomás de la Vega, stayed.", "Vega resigned. Vega's party did not.", "Vega"),
        ("Ann Lee's bridge fell.", "Then Ann Lee resigned, and Lee left.", "Ann Lee"),
    ],
)
def test_a_surname_of_the_sources_is_pointed_out_alone(prompt: str, text: str, found: str) -> None:
    flags = people_flags(text, prompt_text=prompt)
    assert [(flag.code, flag.evidence) for flag in flags] == [(REAL_NAME, found)]


@pytest.mark.parametrize(
    "text",
    [
        "The Justice Department said no.",
        "General Motors and General Electric closed.",
        "The General Assembly met.",
        "On Martin Luther King Jr. Day it closed.",
        "They met at the King Building.",
        "The trent of the river is a trend.",
    ],
)
def test_institutions_that_begin_like_a_title_and_small_letters_are_no_names(text: str) -> None:
    source = "President Aldous Trent spoke of the Justice Department and General Motors."
    assert people_flags(text, prompt_text=source) == ()


@pytest.mark.parametrize(
    "text",
    [
        "“The bridge will fall within weeks,” an engineer warned.",
        '"The bridge will fall within weeks," an engineer warned.',
        "„Die Brücke wird bald einstürzen“, warnte eine Ingenieurin.",
        "« Le pont va tomber bientôt », a dit un ingénieur.",
        "「橋は数週間で落ちる」と技師は警告した。",
    ],
)
def test_a_quotation_that_no_source_has_is_pointed_out_in_any_marks(text: str) -> None:
    assert list(evidence(text)) == [INVENTED_QUOTE]


def test_a_quotation_of_the_prompt_and_words_in_quotes_are_not() -> None:
    assert evidence('"We had no other choice in this," she repeated. He called it a "mess".') == {}


def test_many_names_are_counted_not_listed() -> None:
    text = " ".join(f"Dr. {name}ton came." for name in ("Al", "Bel", "Col", "Dal", "El", "Fal", "Gal", "Hal"))
    assert evidence(text)[REAL_NAME].endswith("; and 2 more")


def test_names_come_once_in_order() -> None:
    assert names("Ann Lee met J. Q. Van Dorn. Then Ann Lee left, and The Hague slept.") == ["Ann Lee", "J. Q. Van Dorn"]


@settings(deadline=None)
@given(st.text(max_size=200))
def test_no_text_is_too_strange(text: str) -> None:
    assert all(isinstance(name, str) for name in names(text))
    assert all(said in text for said in quotations(text))
    people_flags(text, prompt_text=text, real_texts=[text])
