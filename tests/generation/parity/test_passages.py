"""Where sentences end: abbreviations, initials, quotes, paragraphs, scripts without blanks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.parity.passages import sentence_ends, sentences
from tests.taken import Taken


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mr. Smith met J. R. Jones on Jan. 5. He left.", ["Mr. Smith met J. R. Jones on Jan. 5.", "He left."]),
        ('"We did," he said. Then: "They left." The end', ['"We did," he said.', 'Then: "They left."', "The end"]),
        ("A headline\n\nA text. More.", ["A headline", "A text.", "More."]),
        ("It cost $3.5 million! Why?", ["It cost $3.5 million!", "Why?"]),
        ("橋は閉鎖された。川が増水した。", ["橋は閉鎖された。", "川が増水した。"]),
        ("Wait... what? Yes.", ["Wait... what?", "Yes."]),
        ("Go! Up! Now.", ["Go!", "Up!", "Now."]),
        ("Smith Jr.      Then he left", ["Smith Jr.      Then he left"]),
        ("Πού πήγε; Έφυγε.", ["Πού πήγε;", "Έφυγε."]),
        ("Il a dit : « Jamais. » Puis il partit.", ["Il a dit : « Jamais. »", "Puis il partit."]),
        ("« Oui ! », dit-elle. « Non. »\n\nElle partit.", ["« Oui ! », dit-elle.", "« Non. »", "Elle partit."]),
        ("Er ging. »Ja.« Sie blieb.", ["Er ging.", "»Ja.«", "Sie blieb."]),
        ("", []),
        (" \n ", []),
    ],
)
def test_sentences_end_where_a_reader_would_end_them(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@given(st.text(st.sampled_from("aB .!?\n\"'”。"), max_size=60))
def test_the_ends_cut_a_text_into_pieces_that_lose_nothing(text: str) -> None:
    ends = sentence_ends(text)
    assert ends == sorted(set(ends))
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())


@pytest.mark.parametrize("unit", ["U.S. ", "a.", "J. ", "and. then ", '"a. b" ', "... ", "«x. y", "! » "])
def test_a_long_text_in_which_no_sentence_ends_is_looked_through_once(unit: str) -> None:
    text = Taken(unit * 400)
    sentence_ends(text)
    assert text.taken < 20 * len(text)
