"""What people submit is read as what it is: an answer, or a problem that can be told."""

from decimal import Decimal
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.items import AGREED, PREFER_NOT_TO_SAY, Problem, Reading
from surveys.items.model import Item, Kind
from surveys.items.reading import both_readings
from tests.surveys.items.asked import item, options

ENDS = {"minimum": 0, "maximum": 100}
NONE_OF_THESE = item("multiple", options=[*options("a", "b"), dict(options("none")[0], exclusive=True, anchored=True)])


def slider(**fields: Any) -> Item:
    return item("slider", **(ENDS | fields))


@pytest.mark.parametrize(
    ("asked", "raw", "meaning"),
    [
        (item("single"), ["yes"], Reading("answered", "yes")),
        (item("single"), [], Problem("missing")),
        (item("single"), [""], Problem("missing")),
        (item("single", required=False), [], Reading("skipped")),
        (item("single"), ["Yes"], Problem("unknown-code")),
        (item("single"), ["yes", "no"], Problem("several")),
        (item("single"), [PREFER_NOT_TO_SAY], Problem("unknown-code")),
        (item("single", prefer_not_to_say=True), [PREFER_NOT_TO_SAY], Reading("prefer-not-to-say")),
        (item("single", prefer_not_to_say=True), [], Problem("missing")),
        (item("single", prefer_not_to_say=True), ["yes", PREFER_NOT_TO_SAY], Problem("exclusive")),
        (item("multiple"), ["yes", "no", "yes"], Reading("answered", "no yes")),
        (item("multiple"), ["yes", "never"], Problem("unknown-code")),
        (item("multiple", prefer_not_to_say=True), ["yes", PREFER_NOT_TO_SAY], Problem("exclusive")),
        (item("number"), [" 007 "], Reading("answered", "7")),
        (item("number"), ["-0"], Reading("answered", "0")),
        (item("number"), ["\u0664\u0662"], Reading("answered", "42")),
        (item("number"), ["12.0"], Reading("answered", "12")),
        (item("number"), ["1.5"], Problem("not-a-number")),
        (item("number", whole=False), ["1.50"], Reading("answered", "1.5")),
        (item("number", whole=False), ["1,5"], Reading("answered", "1.5")),
        (item("number", whole=False), ["\u22121.5"], Reading("answered", "-1.5")),
        (item("number", whole=False), [".5"], Reading("answered", "0.5")),
        (item("number", whole=False), ["-,75"], Reading("answered", "-0.75")),
        (item("number", whole=False), ["\u066b\u0665"], Reading("answered", "0.5")),
        (item("number", whole=False), [".500"], Reading("answered", "0.5")),
        (item("number", whole=False), ["."], Problem("not-a-number")),
        (item("number", whole=False), ["5."], Problem("not-a-number")),
        (item("number"), [".5"], Problem("not-a-number")),
        (item("number", whole=False), ["1,500"], Problem("thousands", "1,500")),
        (item("number", whole=False), ["2.500"], Problem("thousands", "2.500")),
        (item("number"), ["12.000"], Problem("thousands", "12.000")),
        (item("number"), ["\u0661\u066b\u0660\u0660\u0660"], Problem("thousands", "\u0661\u066b\u0660\u0660\u0660")),
        (item("number"), ["12.000", "12000"], Reading("answered", "12000")),
        (item("number"), ["12.0000", "12.000"], Reading("answered", "12")),
        (item("number", whole=False), ["-1,749", "-1749"], Reading("answered", "-1749")),
        (item("number", whole=False), ["-1,749", "-1.7490"], Reading("answered", "-1.749")),
        (item("number", maximum=100), ["12.000", "12000"], Problem("too-large", "100")),
        (item("number"), ["1.500", "1.5000"], Problem("not-a-number")),
        (item("number"), ["1.500", "1600"], Problem("several")),
        (item("number"), ["1500", "1.5"], Problem("several")),
        (item("number"), ["1.500", "1.500"], Problem("several")),
        (item("number"), ["1.500", "1500", "1.5000"], Problem("several")),
        (slider(step="0.25"), ["1.250", "1.2500"], Reading("answered", "1.25")),
        (item("number", whole=False), ["0.125"], Reading("answered", "0.125")),
        (item("number", whole=False), ["2.5000"], Reading("answered", "2.5")),
        (item("number"), ["1.000.000"], Problem("not-a-number")),
        (item("number"), ["1e9"], Problem("not-a-number")),
        (item("number"), ["9" * 21], Problem("not-a-number")),
        (item("number"), ["NaN"], Problem("not-a-number")),
        (item("number", minimum=18), ["17"], Problem("too-small", "18")),
        (item("number", minimum=18), ["18"], Reading("answered", "18")),
        (item("number", maximum=120), ["121"], Problem("too-large", "120")),
        (item("number", prefer_not_to_say=True), ["", PREFER_NOT_TO_SAY], Reading("prefer-not-to-say")),
        (item("number", prefer_not_to_say=True), ["5", PREFER_NOT_TO_SAY], Problem("exclusive")),
        (item("short-text"), ["  \t "], Problem("missing")),
        (item("short-text"), ["a" * 200], Reading("answered", "a" * 200)),
        (item("short-text"), ["a" * 201], Problem("too-long", "200")),
        (item("long-text", max_length=3), ["\U0001f600" * 3], Reading("answered", "\U0001f600" * 3)),
        (item("long-text"), ["one\r\ntwo\rthree"], Reading("answered", "one\ntwo\nthree")),
        (item("long-text"), ["a\0b\ud800c"], Reading("answered", "abc")),
        (item("long-text"), ["\0"], Problem("missing")),
        (item("long-text"), ["'; DROP TABLE <b>"], Reading("answered", "'; DROP TABLE <b>")),
        (item("long-text"), ["x" * 1_000_000], Problem("too-long", "5000")),
        (slider(), [], Problem("missing")),
        (slider(required=False), [""], Reading("skipped")),
        (slider(), ["50"], Reading("answered", "50")),
        (slider(), ["0"], Reading("answered", "0")),
        (slider(), ["101"], Problem("too-large", "100")),
        (slider(), ["50.5"], Problem("off-step", "1")),
        (slider(minimum="-1", maximum="1", step="0.25"), ["-0.75"], Reading("answered", "-0.75")),
        (slider(minimum="-1", maximum="1", step="0.25"), ["0.3"], Problem("off-step", "0.25")),
        (slider(), ["middle"], Problem("not-a-number")),
        (slider(prefer_not_to_say=True), ["", PREFER_NOT_TO_SAY], Reading("prefer-not-to-say")),
        (item("consent"), [], Problem("not-agreed")),
        (item("consent"), ["agreed"], Reading("answered", "agreed")),
        (item("consent"), ["on"], Problem("unknown-code")),
        (item("consent", required=False), [], Reading("skipped")),
        (item("ranking"), ["2.no", "1.yes", "3.maybe"], Reading("answered", "yes no maybe")),
        (item("ranking"), ["", "", ""], Problem("missing")),
        (item("ranking", required=False), ["", "", ""], Reading("skipped")),
        (item("ranking"), ["1.no", "", "2.yes"], Problem("rank-missing")),
        (item("ranking"), ["1.no", "1.yes", "2.maybe"], Problem("rank-twice")),
        (item("ranking"), ["1.no", "2.no", "3.maybe"], Problem("several")),
        (item("ranking"), ["1.no", "2.yes", "4.maybe"], Problem("unknown-code")),
        (item("ranking"), ["1.no", "2.yes", "3.never"], Problem("unknown-code")),
        (item("ranking"), ["0.no", "2.yes", "3.maybe"], Problem("unknown-code")),
        (item("ranking"), ["yes", "no", "maybe"], Problem("unknown-code")),
        (NONE_OF_THESE, ["a", "none"], Problem("exclusive-option")),
        (NONE_OF_THESE, ["none"], Reading("answered", "none")),
        (NONE_OF_THESE, ["b", "a"], Reading("answered", "a b")),
    ],
)
def test_what_was_submitted_is_read_as_what_it_is(asked: Item, raw: list[str], meaning: Reading | Problem) -> None:
    assert asked.read(raw) == meaning


@given(st.decimals(min_value=1, max_value=10**9, places=3), st.sampled_from(".,"), st.sampled_from(["", "-", "+"]))
def test_both_readings_of_an_unclear_number_are_clear_and_a_thousand_apart(
    number: Decimal, separator: str, sign: str
) -> None:
    text = f"{sign}{number:.3f}".replace(".", separator)
    asked = item("number", whole=False)
    assert asked.read([text]) == Problem("thousands", text)
    thousand, decimal = both_readings(text)
    read = [asked.read([text, chosen]) for chosen in (thousand, decimal)]
    values = [Decimal(each.value) for each in read if isinstance(each, Reading)]
    assert values == [values[1] * 1000, values[1]]
    assert read == [asked.read([thousand]), asked.read([decimal])]
    assert abs(values[1]) == number


def test_a_clear_number_has_no_two_readings() -> None:
    for text in ("1500", "0.125", "1.50", "words", ""):
        with pytest.raises(ValueError, match="one way"):
            both_readings(text)


ASKED = [
    item(kind, required=required, prefer_not_to_say=declining, **(ENDS if kind == "slider" else {}))
    for kind in get_args(Kind)
    for required in (True, False)
    for declining in ((False,) if kind == "consent" else (True, False))
]
HONEST = [
    *("yes", "no", "maybe", PREFER_NOT_TO_SAY, AGREED, "5", "-3.2"),
    *(f"{rank}.{code}" for rank in (1, 2, 3) for code in ("yes", "no", "maybe")),
]
ANYTHING = st.lists(st.text(st.characters()) | st.sampled_from(HONEST), max_size=4)


@given(st.sampled_from(ASKED), ANYTHING)
def test_anything_submitted_is_an_answer_or_a_problem_and_can_be_stored(asked: Item, raw: list[str]) -> None:
    meaning = asked.read(raw, sentences=7)
    if isinstance(meaning, Reading):
        assert (meaning.state == "answered") == bool(meaning.value)
        assert "\0" not in meaning.value.encode().decode()
        assert asked.required is False or meaning.state != "skipped"


@given(st.sampled_from(ASKED), ANYTHING)
def test_an_answer_read_again_is_the_same_answer(asked: Item, raw: list[str]) -> None:
    meaning = asked.read(raw, sentences=7)
    if isinstance(meaning, Reading) and meaning.state == "answered":
        assert asked.read(_as_submitted(asked, meaning.value), sentences=7) == meaning


@given(st.permutations(["yes", "no", "maybe"]), st.permutations([1, 2, 3]))
def test_a_ranking_is_read_by_its_ranks_however_its_options_stand(codes: list[str], ranks: list[int]) -> None:
    given_ranks = dict(zip(codes, ranks, strict=True))
    meaning = item("ranking").read([f"{rank}.{code}" for code, rank in given_ranks.items()])
    assert meaning == Reading("answered", " ".join(sorted(codes, key=lambda code: given_ranks[code])))


@pytest.mark.parametrize(
    ("raw", "meaning"),
    [
        (["3", "1", "3"], Reading("answered", "1 3")),
        ([], Reading("skipped")),
        (["0"], Problem("unknown-code")),
        (["8"], Problem("unknown-code")),
        (["1", "x"], Problem("unknown-code")),
        (["\u0663"], Problem("unknown-code")),
        (["9" * 5000], Problem("unknown-code")),
    ],
)
def test_marked_sentences_are_numbers_of_sentences_that_are_there(raw: list[str], meaning: Reading | Problem) -> None:
    assert item("highlight", required=False).read(raw, sentences=7) == meaning


def _as_submitted(asked: Item, value: str) -> list[str]:
    if asked.kind == "ranking":
        return [f"{rank}.{code}" for rank, code in enumerate(value.split(), start=1)]
    return value.split() if asked.kind in {"multiple", "highlight"} else [value]


@pytest.mark.parametrize("unseen", ["\u200b", "\u200d \n\u2060", "\ufeff\u00ad\u3164", "\u2800\u200e", "\U000e0041"])
@pytest.mark.parametrize("kind", ["short-text", "long-text"])
def test_a_text_of_which_nothing_can_be_seen_is_none_and_within_a_text_it_stays(kind: Kind, unseen: str) -> None:
    assert item(kind).read([unseen]) == Problem("missing")
    assert item(kind, required=False).read([unseen]) == Reading("skipped")
    # Families of emoji are joined by them, and Persian words parted.
    for seen in ("\U0001f468\u200d\U0001f469\u200d\U0001f467", "می\u200cخواهم"):
        assert item(kind).read([seen]) == Reading("answered", seen)
