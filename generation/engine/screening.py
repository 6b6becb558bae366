"""Screening a text before a person reads it: flags with their evidence; nothing is deleted or decided."""

from __future__ import annotations

import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from generation.engine.languages import guessed, is_known, primary
from generation.engine.runs import Sources
from generation.engine.sentences import ends_sentence, is_unspaced, wants_blank, words

TOO_SHORT = "too-short"
TOO_LONG = "too-long"
REPETITION = "repetition"
CUT_ENDING = "cut-ending"
RUN_TOGETHER = "run-together"
SELF_REFERENCE = "self-reference"
COPIED_PROMPT = "copied-prompt"
COPIED_REAL = "copied-real"
LANGUAGE = "language"
INSTRUCTION_LEAK = "instruction-leak"
# Raised by `duplicates` and `people`, which look at more than one text, or need a person's judgement always.
NEAR_DUPLICATE = "near-duplicate"
REAL_NAME = "real-name"
INVENTED_QUOTE = "invented-quote"
NOTES = frozenset({REAL_NAME, INVENTED_QUOTE})
"""Flags that speak not against a text, but say what its debriefing has to set right."""

SHORT_WORDS = 30  # where no real article says what is usual
SHORTER_THAN_REAL = 0.5
LONGER_THAN_REAL = 2.0
COPIED_PROMPT_WORDS = 10
COPIED_REAL_WORDS = 13  # shorter runs are set phrases; 13 is the overlap that Brown et al. (2020) called contamination
COPIED_FROM = 8  # of the articles that share such a run, those that share most of them are looked through
LOOP_WORDS = 12
LOOP_PERIOD = 40
SENTENCE_REPEATS = 3
SENTENCE_WORDS = 4
LANGUAGE_LETTERS = 60  # of a shorter text no language can be told safely
LANGUAGE_CERTAINTY = 0.95

_SELF = re.compile(
    r"\bas an? (?:ai|artificial intelligence|(?:large )?language model)\b"
    r"|\bi(?:['’]m| am) (?:just |only )?an? "
    r"(?:ai|artificial intelligence|(?:large )?language model|chatbot|virtual assistant)\b"
    r"|\bmy (?:training data|knowledge cut-?off|programming)\b"
    r"|\b(?:here is|here['’]s|sure[,!]? here) (?:is |are )?"
    r"(?:(?:a|an|the|your) (?:\w+ ){0,4}(?:article|continuation|rewrite)\b|(?:a|an|your) (?:\w+ ){0,4}story\b)"
    # 'Here's the full story' is what newspapers say; this is not.
    r"|\bsure[,!]? here(?:['’]s| is)? the (?:\w+ ){0,4}story\b"
    r"|\b(?:chatgpt|smollm\d*|gpt-[2-5]\w*)\b"
    r"|\b(?:trained|developed|created) by (?:openai|hugging ?face|anthropic|meta ai|google deepmind)\b"
    r"|\bals (?:ki|sprachmodell)\b"
    r"|\ben tant qu(?:e|['’]) ?(?:ia|modèle de langage)\b|\bcomo modelo de lenguaje\b",
    re.IGNORECASE,
)

# What a model says that refuses, and many a spokesman does, too: in quotation marks it is the spokesman's.
_REFUSAL = re.compile(
    r"\bi (?:cannot|can['’]t|am unable to|am not able to) "
    r"(?:assist|fulfil|fulfill|help with|comply|browse|provide)\b",
    re.IGNORECASE,
)

_LEAK = re.compile(
    # With a bound, since at each line of a text of marks alone all that follows would be tried.
    r"^(?:[^\w\n]|_){0,40}(?:instructions?|prompt|system|user|human|assistant|response|input|output|headline|title"
    r"|word count)[*_ ]*:"
    # A form's field, not what an editor puts into a quotation: '[city officials]'.
    r"|\[(?:(?:your|insert) [^\]\n]{1,40}|(?:names?|date|headline|title) of [^\]\n]{1,40}"
    r"|(?:insert|names?|city|date|source|outlet|company|headline|location|reporter|placeholder)(?:['’]s)?"
    r"(?:[ ,/]+(?:names?|here|city|state|country|date|time|title|number|text)){0,3})\]"
    r"|\{[a-z_]{2,30}\}"
    r"|(?:^|[.!?:]\s+)(?:please )?(?:write|continue|rewrite|complete|draft) (?:a|an|the|this|your) (?:[\w-]+ ){0,4}"
    r"(?:article|story|paragraphs?|text|report)\b"
    r"|\bthe (?:above|given|provided|following) (?:prompt|instruction|opening|text)\b",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Flag:
    """A doubt about a text: what kind, what it means to a curator, and the place or number that raised it."""

    code: str
    message: str
    evidence: str
    # The other text that it is about, by that text's key; '' for most flags.
    about: str = ""


def real_sources(texts: Sequence[str]) -> Sources:
    """Return real articles made ready for `screen`: made once, thousands of them are looked through at once."""
    return Sources(texts, COPIED_REAL_WORDS)


def screen(
    text: str,
    *,
    prompt_text: str,
    real_texts: Sequence[str] = (),
    language: str = "",
    opening: str = "",
    copied_from: Sources | None = None,
) -> tuple[Flag, ...]:
    """Return every flag of a cleaned text, in the order a curator would look: form first, then content.

    `real_texts` are the real articles that it is to stand beside: they set the usual length. A long run of words shared
    with one of them, or with one in `copied_from` where that is given, is a sign of memorisation. `opening` is what
    readers get in front of the text, with the blanks between both: beside real articles, which have theirs, it counts
    towards the length. `language` is the tag of the language that it should be in; empty asks for none.
    """
    said = words(text)
    memorised = real_texts if copied_from is None else copied_from.sharing(said, COPIED_FROM)
    found = (
        _length(len(said), len(words(opening)), [len(words(real)) for real in real_texts]),
        _repetition(text, said),
        _cut_ending(text),
        _run_together(opening, text),
        _language(text, language),
        _self_reference(text),
        _instruction_leak(text),
        _copied(said, [prompt_text], COPIED_PROMPT_WORDS, COPIED_PROMPT, "Repeats a passage of the prompt."),
        _copied(
            said,
            memorised,
            COPIED_REAL_WORDS,
            COPIED_REAL,
            "Shares a long passage with a real article: memorised?",
        ),
    )
    return tuple(flag for flag in found if flag is not None)


def _length(written: int, opening: int, real_lengths: Sequence[int]) -> Flag | None:
    usual = statistics.median(real_lengths) if real_lengths else 0.0
    # A real article has its opening too, where readers see it.
    count = written + opening if usual else written
    beside = f"{count} words; the real articles have {usual:.0f} in the median" if usual else f"{count} words"
    if count < (usual * SHORTER_THAN_REAL if usual else SHORT_WORDS):
        return Flag(TOO_SHORT, "Short beside what a reader expects of an article.", beside)
    if usual and count > usual * LONGER_THAN_REAL:
        return Flag(TOO_LONG, "Much longer than the real articles.", beside)
    return None


def _repetition(text: str, said: Sequence[str]) -> Flag | None:
    evidence = _loop(said) or _repeated_sentence(text)
    return Flag(REPETITION, "Says the same thing again and again.", evidence) if evidence else None


def _loop(said: Sequence[str]) -> str:
    """Return the words of a passage said at least three times in a row (12 words or more in all), or ''."""
    for period in range(1, min(LOOP_PERIOD, len(said) // 3) + 1):
        run = 0
        for position in range(period, len(said)):
            run = run + 1 if said[position] == said[position - period] else 0
            if run >= 2 * period and run + period >= LOOP_WORDS:
                return " ".join(said[position - period + 1 : position + 1])
    return ""


def _repeated_sentence(text: str) -> str:
    counts: dict[tuple[str, ...], int] = {}
    for sentence in re.split(r"(?<=[.!?…。！？।؟])\s*|\n+", text):
        key = tuple(words(sentence))
        if len(key) >= SENTENCE_WORDS:
            counts[key] = counts.get(key, 0) + 1
            if counts[key] >= SENTENCE_REPEATS:
                return sentence.strip()
    return ""


def _cut_ending(text: str) -> Flag | None:
    if ends_sentence(text):
        return None
    return Flag(CUT_ENDING, "Ends in the middle of a sentence.", text.rstrip()[-60:])


def _run_together(opening: str, text: str) -> Flag | None:
    """Flag 'spring.The': behind a full stop and its kin, or what closes, the next word wants a blank.

    Behind a letter none is wanted where a word goes on ('build', 'ings'), nor in '3.5', nor where no blanks are set.
    """
    if not wants_blank(opening) or not text[:1].isalnum() or is_unspaced(text[0]):
        return None
    if text[0].isdigit() and opening[-2:-1].isdigit():
        return None
    evidence = f"{opening.split()[-1]}{text.split(maxsplit=1)[0]}"
    return Flag(RUN_TOGETHER, "Begins without a blank behind the opening.", evidence)


def _self_reference(text: str) -> Flag | None:
    refusals = (found for found in _REFUSAL.finditer(text) if not _is_quoted(text, found.start()))
    match = _SELF.search(text) or next(refusals, None)
    return Flag(SELF_REFERENCE, "The model speaks of itself or to its user.", match.group()) if match else None


def _is_quoted(text: str, place: int) -> bool:
    """Return whether a place stands between quotation marks that its paragraph opened."""
    before = text[text.rfind("\n", 0, place) + 1 : place]
    # The mark that closes in German opens in English.
    opening, closing = ("„", "“”") if "„" in before else ("“", "”")
    opened = before.count(opening) > sum(before.count(mark) for mark in closing)
    return opened or before.count('"') % 2 == 1 or before.count("«") != before.count("»")


def _instruction_leak(text: str) -> Flag | None:
    match = _LEAK.search(text)
    return (
        Flag(INSTRUCTION_LEAK, "Holds a piece of an instruction or a form.", match.group().strip()) if match else None
    )


def _language(text: str, wanted: str) -> Flag | None:
    found = other_language(text, wanted)
    return Flag(LANGUAGE, "Seems to be in another language.", f"{found}, not {primary(wanted)}") if found else None


def other_language(text: str, wanted: str) -> str:
    """Return the language (ISO 639-1) that a text is in, where it is surely another than the tag `wanted`; else ''."""
    if not wanted or sum(character.isalpha() for character in text) < LANGUAGE_LETTERS or not is_known(wanted):
        return ""
    guess = guessed(text)
    is_sure = guess.language != primary(wanted) and guess.certainty >= LANGUAGE_CERTAINTY
    return guess.language if is_sure else ""


def _copied(said: Sequence[str], sources: Sequence[str], shortest: int, code: str, message: str) -> Flag | None:
    """Flag the longest run of words that the text shares with one of the sources, where it is long enough."""
    longest: list[str] = []
    for source in sources:
        run = _longest_common_run(said, words(source), shortest)
        longest = max(longest, run, key=len)
    return Flag(code, message, " ".join(longest)) if longest else None


def _longest_common_run(said: Sequence[str], source: Sequence[str], shortest: int) -> list[str]:
    """Return the longest run of at least `shortest` words found in both, the first of several; [] where there is none.

    Time grows with the lengths' sum: texts that say one word hundreds of times share as many runs.
    """
    runs = {tuple(source[start : start + shortest]) for start in range(len(source) - shortest + 1)}
    if not any(tuple(said[start : start + shortest]) in runs for start in range(len(said) - shortest + 1)):
        return []
    following, shorter, lengths = _suffixes(source)
    best_end, best_length, state, length = 0, 0, 0, 0
    for end, word in enumerate(said, start=1):
        while state and word not in following[state]:
            state = shorter[state]
            length = lengths[state]
        if word in following[state]:
            state, length = following[state][word], length + 1
        if length > best_length:
            best_end, best_length = end, length
    return list(said[best_end - best_length : best_end])


def _suffixes(source: Sequence[str]) -> tuple[list[dict[str, int]], list[int], list[int]]:
    """Return the suffix automaton of some words (Blumer et al. 1985), which knows each run of them; state 0 is empty.

    A state has the states that follow by word, the state of the longest suffix that occurs elsewhere too, and the
    length of its longest run.
    """
    following: list[dict[str, int]] = [{}]
    shorter, lengths, last = [-1], [0], 0
    for word in source:
        new, state = len(following), last
        following.append({})
        lengths.append(lengths[last] + 1)
        shorter.append(0)
        while state >= 0 and word not in following[state]:
            following[state][word] = new
            state = shorter[state]
        if state >= 0:
            shorter[new] = found = following[state][word]
            if lengths[found] != lengths[state] + 1:
                shorter[new] = copy = len(following)
                following.append(dict(following[found]))
                lengths.append(lengths[state] + 1)
                shorter.append(shorter[found])
                shorter[found] = copy
                while state >= 0 and following[state].get(word) == found:
                    following[state][word] = copy
                    state = shorter[state]
        last = new
    return following, shorter, lengths
