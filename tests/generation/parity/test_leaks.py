"""The leak scan: marks of a machine, and marks that one side alone has."""

import time

import pytest

from generation.parity.leaks import scan
from generation.parity.measures import Shown
from tests.generation.parity.texts import REAL, WRITTEN, pair, shown

PROMPT = "The council of the invented town of Northgate voted on Tuesday to close its old bridge at once."


def kinds(texts: list[Shown]) -> list[str]:
    return [leak.kind for leak in scan(texts)]


def test_two_texts_of_one_form_leak_nothing() -> None:
    assert scan(pair()) == []


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        (WRITTEN + " As an AI language model, I cannot verify this.", "self-naming"),
        (WRITTEN + " <|im_end|> Done.", "special-tokens"),
        (WRITTEN + " The mayor of the", "cut-ending"),
        (WRITTEN + "\n\n**Note**: more later.", "markup"),
        ("By Anna Berg\n\n" + WRITTEN, "byline"),
        ("By Anna Berg and Tom Hill\n\n" + WRITTEN, "byline"),
        ("NORTHGATE, Oct. 3 — " + WRITTEN, "dateline"),
        ("NORTHGATE (Reuters) - " + WRITTEN, "dateline"),
        (WRITTEN + "\n\nReporting by Anna Berg.", "credit"),
        (WRITTEN + "\n\nWrite to anna.berg@news.example.org.", "credit"),
        (WRITTEN.replace('"', "”"), "quote-marks"),
    ],
)
def test_a_mark_of_the_machine_or_of_one_side_is_found(written: str, kind: str) -> None:
    assert kind in kinds(pair(written=written))


def test_bylines_and_datelines_on_both_sides_tell_nothing() -> None:
    top = "By Anna Berg\n\nNORTHGATE, Oct. 3 — "
    assert scan(pair(top + REAL, top + WRITTEN)) == []


def test_a_mark_of_the_real_side_is_counted_on_both() -> None:
    texts = [shown("By Anna Berg\n\n" + REAL, "real", key="a"), shown(REAL, "real", key="b"), shown(WRITTEN)]
    leak = scan(texts)[0]
    assert (leak.kind, leak.keys, leak.real, leak.synthetic) == ("byline", ("a",), "1/2", "0/1")
    assert leak.evidence == "By Anna Berg"


def test_headlines_on_one_side_only_are_found() -> None:
    assert kinds(pair(headline="")) == ["headline"]


def test_the_prompt_said_again_is_found_and_the_opening_itself_is_not() -> None:
    assert kinds(pair(written=f"{PROMPT} {WRITTEN}", prompt=PROMPT)) == []
    assert "prompt-echo" in kinds(pair(written=f"{PROMPT} {WRITTEN} {PROMPT}", prompt=PROMPT))


def test_words_that_merely_begin_like_a_byline_are_none() -> None:
    assert scan(pair(written="By Tuesday evening the bridge was closed.\n\n" + WRITTEN)) == []


def test_one_side_alone_has_nothing_to_be_told_from() -> None:
    assert scan([shown("By Anna Berg\n\n" + WRITTEN)]) == []
    assert scan([]) == []


@pytest.mark.parametrize("run", ["a.", "A", "a@a.", "Aa "])
def test_a_long_run_without_a_space_or_a_sentence_is_looked_through_at_once(run: str) -> None:
    started = time.process_time()
    scan(pair(written=run * 20_000))
    # Under a second; where each place is tried to the end of the run, half a minute.
    assert time.process_time() - started < 10
