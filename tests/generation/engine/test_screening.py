"""Screening raises each doubt with its evidence, and raises none about a sound text."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.engine import screen
from generation.engine.screening import (
    COPIED_PROMPT,
    COPIED_REAL,
    CUT_ENDING,
    INSTRUCTION_LEAK,
    LANGUAGE,
    REPETITION,
    RUN_TOGETHER,
    SELF_REFERENCE,
    TOO_LONG,
    TOO_SHORT,
    _longest_common_run,
)

PROMPT = "The council voted on Tuesday to close the old harbour bridge for two years, pending repairs."
SOUND = (
    "Engineers who inspected the structure last spring found corrosion in eleven of its supports. Traffic will be "
    "sent over the northern crossing, which adds four kilometres to the journey into town. Shop owners fear for the "
    "season, and several have asked for compensation. The first closures are planned for March."
)


def codes(text: str, real: tuple[str, ...] = ()) -> set[str]:
    return {flag.code for flag in screen(text, prompt_text=PROMPT, real_texts=real)}


def test_a_sound_text_raises_no_flag() -> None:
    assert codes(SOUND) == set()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Too short.", TOO_SHORT),
        ("", TOO_SHORT),
        (f"{SOUND} And then the", CUT_ENDING),
        (f"{SOUND} As an AI language model, I have no opinion.", SELF_REFERENCE),
        (f"Sure! Here is a news article about it. {SOUND}", SELF_REFERENCE),
        (f"{SOUND} I'm sorry, but I cannot assist with that.", SELF_REFERENCE),
        (f"{SOUND} I was trained by Hugging Face.", SELF_REFERENCE),
        (f"Sure, here is the rewritten story. {SOUND}", SELF_REFERENCE),
        (f"{SOUND} “It is old,” she said. I cannot provide more.", SELF_REFERENCE),
        (f"{SOUND} „Alt“, sagte sie. I cannot provide more.", SELF_REFERENCE),
        (f'{SOUND} "It is old," she said. I cannot provide more.', SELF_REFERENCE),
        (f"{SOUND} It was very, very, " + "very, " * 12 + "late.", REPETITION),
        (f"{SOUND} " + "The mayor said he would not go. " * 3, REPETITION),
        (f"{SOUND} The mayor left town. A. The mayor left town. B. The mayor left town.", REPETITION),
        ("市長は言った。" * 12, REPETITION),
        (f"{SOUND} The council voted on Tuesday to close the old harbour bridge for good.", COPIED_PROMPT),
    ],
)
def test_a_doubtful_text_is_flagged(text: str, code: str) -> None:
    assert code in codes(text)


@pytest.mark.parametrize(
    "text",
    [
        f"{SOUND} She said the AI in the lab was a good one.",
        f"{SOUND} “I can't say,” he added.",
        f"{SOUND} He said no, no, no.",
        f"{SOUND} “It is old. I can't provide any details,” he said.",
        f'{SOUND} "I cannot comply," he said.',
        f"{SOUND} „Alt“, sagte er. „I cannot assist“, rief sie.",
        f"{SOUND} Here's the full story.",
        f"{SOUND} The council voted on Tuesday.",
    ],
)
def test_an_ordinary_phrase_is_not_mistaken_for_a_fault(text: str) -> None:
    assert codes(text) == set()


def test_length_is_judged_against_the_real_articles() -> None:
    assert codes(SOUND, (SOUND.replace("Engineers", "Surveyors") * 3,)) >= {TOO_SHORT}
    assert TOO_LONG in codes(SOUND, ("A real article of nine words stands right here.",))


def test_the_opening_that_readers_get_counts_beside_real_articles_which_have_theirs() -> None:
    real = SOUND.replace("Engineers", "Surveyors") * 3
    flags = {flag.code for flag in screen(SOUND, prompt_text=PROMPT, real_texts=(real,), opening=SOUND)}
    assert TOO_SHORT not in flags
    assert {flag.code for flag in screen("It did.", prompt_text=PROMPT, opening=f"{SOUND} ")} == {TOO_SHORT}


@pytest.mark.parametrize(
    ("opening", "text", "joined"),
    [
        ("It was unsafe in the spring.", "The town agreed.", "spring.The"),
        ("It was unsafe in the spring,", "said the mayor.", "spring,said"),
        ('"It is old," she said. "We must act."', "The town agreed.", 'act."The'),
        ("Repairs (in spring)", "will begin.", "spring)will"),
        ("It closed in 1931.", "The town agreed.", "1931.The"),
        ("هل غادر؟", "نعم غادر.", "غادر؟نعم"),
    ],
)
def test_a_text_that_begins_without_a_blank_where_readers_expect_one_is_flagged(
    opening: str, text: str, joined: str
) -> None:
    flags = {flag.code: flag.evidence for flag in screen(text, prompt_text=opening, opening=opening)}
    assert flags[RUN_TOGETHER] == joined
    for blank in (" ", "\n\n"):
        apart = {flag.code for flag in screen(text, prompt_text=opening, opening=f"{opening}{blank}")}
        assert RUN_TOGETHER not in apart


@pytest.mark.parametrize(
    ("opening", "text"),
    [
        ("", "The town agreed."),
        ("Repairs of the build", "ings began."),
        ("It rose by 3.", "5 percent."),
        ("It closed at 10:", "30 in the morning."),
        ('The mayor said, "', "We must act."),
        ("The mayor said “", "We must act.”"),
        ("Repairs (", "in spring) will begin."),
        ("It is old.", "” said the mayor."),
        ("It is old.", ""),
        ("橋は閉鎖された。", "川が増水した。"),
        ("「橋は閉鎖された」", "と市長は言った。"),
        ("It was well-", "known."),
    ],
)
def test_where_no_blank_is_wanted_none_is_missed(opening: str, text: str) -> None:
    assert RUN_TOGETHER not in {flag.code for flag in screen(text, prompt_text=opening, opening=opening)}


def test_a_passage_shared_with_a_real_article_is_shown_whole() -> None:
    real = f"Nobody knew. {SOUND.split('. ', maxsplit=1)[0]}, officials said."
    flags = {flag.code: flag.evidence for flag in screen(SOUND, prompt_text=PROMPT, real_texts=(real,))}
    assert flags[COPIED_REAL].startswith("engineers who inspected the structure")
    assert flags[COPIED_REAL].endswith("eleven of its supports")


def test_the_evidence_of_a_cut_ending_is_the_ending() -> None:
    (flag,) = screen(f"{SOUND} And then the", prompt_text=PROMPT)
    assert flag.evidence.endswith("And then the")


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=300), st.text(max_size=100), st.lists(st.text(max_size=200), max_size=3))
def test_any_text_can_be_screened(text: str, prompt: str, real: list[str]) -> None:
    flags = screen(text, prompt_text=prompt, real_texts=real)
    assert len({flag.code for flag in flags}) == len(flags)


@pytest.mark.parametrize(
    "text",
    [
        f"{SOUND}\n\n### Response: The bridge is closed.",
        f"{SOUND}\nAssistant: The bridge is closed.",
        f"Headline: Bridge to close\n\n{SOUND}",
        f"{SOUND} The mayor, [insert name], declined to comment.",
        f"{SOUND} The mayor, [name], declined to comment in [City, State].",
        f"{SOUND} The mayor, [name of the mayor], declined to comment.",
        f"{SOUND} It was said by [Your Name].",
        f"{SOUND} By [Reporter’s name], on [date].",
        f"{SOUND} Write a short news article about the bridge.",
        f"{SOUND} The {{outlet}} could not reach her.",
    ],
)
def test_pieces_of_an_instruction_are_flagged(text: str) -> None:
    assert INSTRUCTION_LEAK in codes(text)


@pytest.mark.parametrize(
    "text",
    [
        f"{SOUND} He said he would write a book about the harbour.",
        f"{SOUND} The system failed; the response: silence.",
        f'{SOUND} "The users [of the bridge] will suffer," she said.',
        f'{SOUND} "They [city officials] knew of it," she said.',
        f'{SOUND} "The [company that built it] knew of it," she said.',
    ],
)
def test_ordinary_sentences_are_no_instruction(text: str) -> None:
    assert INSTRUCTION_LEAK not in codes(text)


_GERMAN = (
    "Der Stadtrat beschloss am Dienstag, die alte Hafenbrücke für zwei Jahre zu sperren. Anwohner und Händler am Ufer "
    "sind geteilter Meinung, denn der Umweg ist lang, und niemand weiß, wer die Kosten tragen wird."
)


@pytest.mark.parametrize(
    ("text", "language", "flagged"),
    [
        (SOUND, "en", False),
        (SOUND, "en-GB", False),
        (SOUND, "de", True),
        (_GERMAN, "de", False),
        (_GERMAN, "en", True),
        (_GERMAN, "", False),
        (_GERMAN, "x-invented", False),
        ("Der Stadtrat.", "en", False),
        ("市長は火曜日、古い港の橋を二年間閉鎖すると発表した。住民は長い回り道を心配している。" * 3, "en", True),
        ("1234 " * 100, "en", False),
    ],
)
def test_a_text_in_another_language_is_flagged(text: str, language: str, flagged: bool) -> None:
    found = {flag.code for flag in screen(text, prompt_text=PROMPT, language=language)}
    assert (LANGUAGE in found) == flagged


def by_definition(said: list[str], source: list[str], shortest: int) -> list[str]:
    best: list[str] = []
    for start in range(len(said)):
        for end in range(start + max(shortest, len(best) + 1), len(said) + 1):
            run = said[start:end]
            if any(source[place : place + len(run)] == run for place in range(len(source))):
                best = run
    return best


few_words = st.lists(st.sampled_from("abc"), max_size=24)


@given(few_words, few_words, st.integers(1, 5))
def test_the_longest_run_of_words_in_both_is_found(said: list[str], source: list[str], shortest: int) -> None:
    assert _longest_common_run(said, source, shortest) == by_definition(said, source, shortest)


def test_a_text_that_says_one_word_over_and_over_is_screened_at_once() -> None:
    loop = "ha " * 4000
    started = time.process_time()
    flags = screen(f"{loop}!", prompt_text=f"{loop}and then he said:", real_texts=[loop])
    # Some 0.1 seconds; where each pair of places is compared, hours.
    assert time.process_time() - started < 10
    assert {COPIED_PROMPT, COPIED_REAL} <= {flag.code for flag in flags}
