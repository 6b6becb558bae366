"""Where the sentences of an article end; their numbers are stored, so that they can never be counted otherwise."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.sentences import _split, count, sentences
from tests.taken import Taken


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", (("One.", "Two!", "Three?"),)),
        ("One.\n\nTwo. Three.", (("One.",), ("Two.", "Three."))),
        ("It cost 3.5 million. Mr. Invented paid.", (("It cost 3.5 million.", "Mr. Invented paid."),)),
        ("J. R. Invented of the U.S. Senate spoke.", (("J. R. Invented of the U.S. Senate spoke.",),)),
        ('"We do," she said. "Do you?" He did.', (('"We do," she said.', '"Do you?"', "He did."),)),
        ('"Really?" she asked.', (('"Really?" she asked.',),)),
        ("(It rained.) Then it stopped.", (("(It rained.)", "Then it stopped."),)),
        ("Wait... What?!", (("Wait...", "What?!"),)),
        ("A line\nthat goes on. Another", (("A line that goes on.", "Another"),)),
        ("第一句。第二句！「第三句。」第四", (("第一句。", "第二句！", "「第三句。」", "第四"),)),
        ("ما هذا؟ لا شيء.", (("ما هذا؟", "لا شيء."),)),
        ("", ()),
        (" \n\n \n\n", ()),
        ("No stop at all", (("No stop at all",),)),
    ],
)
def test_sentences_end_where_readers_end_them(text: str, expected: tuple[tuple[str, ...], ...]) -> None:
    assert sentences(text) == expected
    assert count(text) == sum(len(paragraph) for paragraph in expected)


@given(st.text(st.sampled_from("Aa1 .!?…。\n\"')(。é")))
def test_no_character_of_a_text_is_lost_or_doubled(text: str) -> None:
    joined = "".join("".join(paragraph) for paragraph in sentences(text))
    assert joined.replace(" ", "") == "".join(text.split())


@pytest.mark.parametrize("unit", ["U.S. ", "J. ", "and. then ", "3. of "])
def test_a_long_paragraph_in_which_no_sentence_ends_is_looked_through_once(unit: str) -> None:
    paragraph = Taken((unit * 400).strip())
    _split(paragraph)
    assert paragraph.taken < 20 * len(paragraph)
