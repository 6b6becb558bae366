"""Cleaning takes out what is not the article, records it, and neither crashes nor loses a finished sentence."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from generation.engine import clean, cleaning
from generation.engine.cleaning import BROKEN_CHARACTER, NEWSLETTER, PROMPT_ECHO, SPECIAL_TOKEN, UNFINISHED

PROMPT = "The council voted on Tuesday to close the old harbour bridge for two years."

_NASTY: list[tuple[str, str, set[str]]] = [
    ("", "", set()),
    ("   \n\n ", "", set()),
    ("<|endoftext|>", "", {SPECIAL_TOKEN}),
    ("He left.<|endoftext|>", "He left.", {SPECIAL_TOKEN}),
    ("<|im_start|>assistant\nHe left.<|im_end|>", "He left.", {SPECIAL_TOKEN}),
    ("<s>[INST] He left. [/INST]</s>", "He left.", {SPECIAL_TOKEN}),
    ("He left\ufffd. Then\x00 he came.", "He left. Then he came.", {BROKEN_CHARACTER}),
    (f"{PROMPT} He left.", "He left.", {PROMPT_ECHO}),
    (f"{PROMPT}\n\n{PROMPT} He left.", "He left.", {PROMPT_ECHO}),
    ("old harbour bridge for two years. He left.", "He left.", {PROMPT_ECHO}),
    ("two years. He left.", "two years. He left.", set()),
    ("He left.\n\nAdvertisement\n\nShe stayed.", "He left.\n\nShe stayed.", {NEWSLETTER}),
    (
        "He left.\nSign up for our newsletter and never miss a story.\nShe stayed.",
        "He left.\nShe stayed.",
        {NEWSLETTER},
    ),
    ("He left.\n[Read more: What the vote means]", "He left.", {NEWSLETTER}),
    ("Follow us on Twitter @news\nHe left.", "He left.", {NEWSLETTER}),
    ("Advertisement. It was over and he", "", {NEWSLETTER, UNFINISHED}),
    ("Readers subscribe to the paper. He left.", "Readers subscribe to the paper. He left.", set()),
    ("The advertisement was banned.", "The advertisement was banned.", set()),
    ("He left. Then the", "He left.", {UNFINISHED}),
    ("He left. “And then,” she sa", "He left.", {UNFINISHED}),
    ("He left.\n\nWhat will happen now?", "He left.\n\nWhat will happen now?", set()),
    ("He left.\n\nShe said, “Never again”", "He left.\n\nShe said, “Never again”", set()),
    ("He left.\n\n« Jamais ! »", "He left.\n\n« Jamais ! »", set()),
    ("彼は去った。そして", "彼は去った。", {UNFINISHED}),
    ("no sentence ends here", "no sentence ends here", set()),
    ("1 < 2 and <b>bold</b> stay.", "1 < 2 and <b>bold</b> stay.", set()),
]


@pytest.mark.parametrize(("raw", "text", "reasons"), _NASTY)
def test_a_nasty_text_is_cleaned_and_the_removals_are_named(raw: str, text: str, reasons: set[str]) -> None:
    cleaned = clean(raw, PROMPT)
    assert cleaned.text == text
    assert {removal.why for removal in cleaned.removed} == reasons


def test_what_was_taken_out_is_kept_word_for_word() -> None:
    cleaned = clean("He left.\nAdvertisement\nThen the", "")
    assert [(r.what, r.why) for r in cleaned.removed] == [("Advertisement", NEWSLETTER), ("Then the", UNFINISHED)]


_PIECES = st.sampled_from(
    [
        PROMPT,
        "He left.",
        "<|endoftext|>",
        "<|im_start|>",
        "Advertisement",
        "\n",
        "“Yes”",
        "?",
        "。",
        "Mr.",
        " ",
        "and",
        "\x00",
    ]
)
_TEXTS = st.one_of(st.text(max_size=200), st.lists(_PIECES, max_size=12).map(" ".join))


@settings(max_examples=150, deadline=None)
@given(_TEXTS, st.one_of(st.just(PROMPT), st.text(max_size=60)))
@example("<|im<|im_start|>_end|>", "")
def test_cleaning_only_removes_and_a_second_cleaning_removes_nothing(raw: str, prompt: str) -> None:
    cleaned = clean(raw, prompt)
    letters = iter(raw)
    assert all(letter in letters for letter in cleaned.text)
    assert clean(cleaned.text, prompt) == type(cleaned)(cleaned.text, ())


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.text("abcdefghij ", min_size=3, max_size=30).map(str.strip).filter(bool), max_size=5),
    st.sampled_from(["?", "!”", "?’", "”", ".»", "。", "؟", "…"]),
)
def test_a_final_line_that_ends_in_punctuation_or_a_quote_is_never_lost(lines: list[str], end: str) -> None:
    final = f"Was it zebra{end}"
    raw = "\n".join([*(f"{line}." for line in lines), final])
    assert clean(raw, "").text.endswith(final)


@given(st.lists(st.sampled_from("ab"), max_size=14), st.lists(st.sampled_from("ab"), max_size=14))
def test_the_overlap_is_the_longest_end_of_one_that_begins_the_other(given_words: list[str], said: list[str]) -> None:
    lengths = range(min(len(given_words), len(said)) + 1)
    longest = max(n for n in lengths if given_words[len(given_words) - n :] == said[:n])
    assert cleaning._overlap(given_words, said) == longest


class Counted(str):
    """A word that counts how often it is held against another."""

    __slots__ = ()
    compared = 0

    def __eq__(self, other: object) -> bool:
        Counted.compared += 1
        return str.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        Counted.compared += 1
        return str.__ne__(self, other)

    __hash__ = str.__hash__


def test_a_prompt_of_one_word_said_thousands_of_times_is_looked_through_once() -> None:
    given_words, said = [Counted("a")] * 2000, [*[Counted("a")] * 1500, Counted("b"), *[Counted("a")] * 400]
    Counted.compared = 0
    assert cleaning._overlap(given_words, said) == 1500
    assert Counted.compared < 4 * (len(given_words) + len(said))


_LONG = 100_000


@pytest.mark.parametrize(
    ("raw", "prompt", "text"),
    [
        ("a" * _LONG + " left. Then the", "", "a" * _LONG + " left."),
        ("He left." + "." * _LONG + "then", "", "He left." + "." * _LONG + "then"),
        ("He left. " + "“" * _LONG, "", "He left. " + "“" * _LONG),
        ('He left. "a"' * 8000 + " and", "", ('He left. "a"' * 8000).rsplit(' "', 1)[0]),
        ("a " * (_LONG // 2) + "left.", "a " * (_LONG // 2), "left."),
        ("He left." + "\n" * _LONG + "She stayed.", "", "He left." + "\n" * _LONG + "She stayed."),
        (f"{PROMPT} " * 900 + "He left.", PROMPT, "He left."),
    ],
    ids=["one word", "dots", "quotes", "quoted words", "one word again and again", "empty lines", "echoes"],
)
def test_a_hostile_text_of_the_longest_kind_is_cleaned_as_any(raw: str, prompt: str, text: str) -> None:
    # Where time grew with the square of the length, each of these took minutes to hours.
    assert clean(raw, prompt).text == text
