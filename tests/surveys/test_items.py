"""Questions are refused while they cannot be asked, and what people submit is read as what it is."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from surveys.items import PREFER_NOT_TO_SAY, Item, Kind, Problem, Reading, is_language_tag


def options(*codes: str, values: bool = True) -> list[dict[str, Any]]:
    return [
        {"code": code, "label": {"en": code}, "value": number if values else None} for number, code in enumerate(codes)
    ]


def item(kind: Kind, **fields: Any) -> Item:
    if kind in {"single", "likert", "multiple"}:
        fields.setdefault("options", options("no", "maybe", "yes"))
    return Item.model_validate({"key": "asked", "kind": kind, "wording": {"en": "What?"}, **fields})


# What a question may be


@pytest.mark.parametrize(
    ("kind", "fields", "sentence"),
    [
        ("single", {"key": "Asked"}, "key"),
        ("single", {"key": "1st"}, "key"),
        ("single", {"wording": {}}, "wording"),
        ("single", {"wording": {"en": "  "}}, "the wording is empty in en"),
        ("single", {"wording": {"english": "What?"}}, "is not a language tag"),
        ("single", {"wording": {"en": "What\0?"}}, "NUL"),
        ("single", {"options": options("yes")}, "needs at least 2 options"),
        ("multiple", {"options": []}, "needs at least 1 option"),
        ("single", {"options": options("yes", "yes")}, "more than once: yes"),
        ("single", {"options": options("yes", "No")}, "code"),
        ("single", {"options": options("yes", PREFER_NOT_TO_SAY)}, "is reserved"),
        ("single", {"options": [{"code": "a", "label": {"en": ""}}, *options("b")]}, "the label is empty"),
        ("likert", {"options": options("no", "yes", values=False)}, "every option needs a value"),
        ("likert", {"options": [*options("no", "maybe"), *options("yes")]}, "must rise, or fall"),
        ("number", {"options": options("no", "yes")}, "has no options"),
        ("single", {"minimum": 1}, "belong to items of kind 'number'"),
        ("number", {"minimum": 5, "maximum": 4}, "minimum 5 is above maximum 4"),
        ("number", {"minimum": "1e999999"}, "minimum"),
        ("number", {"minimum": "NaN"}, "minimum"),
        ("number", {"max_length": 5}, "max_length belongs"),
        ("single", {"instructed": "never"}, "instructed names 'never'"),
        ("multiple", {"instructed": "yes"}, "instructed belongs"),
        ("single", {"screen_out": ["never"]}, "screen_out names 'never'"),
        ("single", {"screen_out": [PREFER_NOT_TO_SAY]}, "screen_out names"),
        ("single", {"unheard_of": 1}, "unheard_of"),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused(kind: Kind, fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        item(kind, **fields)


def test_declining_can_screen_out_where_it_is_offered() -> None:
    assert item("single", prefer_not_to_say=True, screen_out=[PREFER_NOT_TO_SAY]).screen_out == (PREFER_NOT_TO_SAY,)


def test_likert_values_may_fall() -> None:
    assert item("likert", options=options("no", "yes")[::-1]).codes == ("yes", "no")


def test_a_question_survives_being_written_down_and_bounds_have_one_spelling() -> None:
    one = item("number", minimum="18.0", maximum=120)
    assert one.model_dump(mode="json")["minimum"] == "18"
    assert one.model_dump_json() == item("number", minimum=18, maximum="1.2E+2").model_dump_json()
    assert Item.model_validate(one.model_dump(mode="json")) == one


@pytest.mark.parametrize("tag", ["en", "de", "pt-BR", "zh-Hant-TW", "es-419", "ca-valencia", "gsw"])
def test_language_tags(tag: str) -> None:
    assert is_language_tag(tag)


@pytest.mark.parametrize("tag", ["", "EN", "en_US", "en-us", "english", "en-", "x"])
def test_what_is_no_language_tag(tag: str) -> None:
    assert not is_language_tag(tag)


# What a submitted value means


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
        (item("number", whole=False), ["1,500"], Problem("not-a-number")),
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
    ],
)
def test_what_was_submitted_is_read_as_what_it_is(asked: Item, raw: list[str], meaning: Reading | Problem) -> None:
    assert asked.read(raw) == meaning


ASKED = [
    item(kind, required=required, prefer_not_to_say=declining)
    for kind in ("single", "likert", "number", "short-text", "long-text", "multiple")
    for required in (True, False)
    for declining in (True, False)
]
ANYTHING = st.lists(
    st.text(st.characters()) | st.sampled_from(["yes", "no", "maybe", PREFER_NOT_TO_SAY, "5", "-3.2"]), max_size=4
)


@given(st.sampled_from(ASKED), ANYTHING)
def test_anything_submitted_is_an_answer_or_a_problem_and_can_be_stored(asked: Item, raw: list[str]) -> None:
    meaning = asked.read(raw)
    if isinstance(meaning, Reading):
        assert (meaning.state == "answered") == bool(meaning.value)
        assert "\0" not in meaning.value.encode().decode()
        assert asked.required is False or meaning.state != "skipped"


@given(st.sampled_from(ASKED), ANYTHING)
def test_an_answer_read_again_is_the_same_answer(asked: Item, raw: list[str]) -> None:
    meaning = asked.read(raw)
    if isinstance(meaning, Reading) and meaning.state == "answered":
        values = meaning.value.split() if asked.kind == "multiple" else [meaning.value]
        assert asked.read(values) == meaning
