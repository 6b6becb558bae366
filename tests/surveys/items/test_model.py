"""Questions are refused while they cannot be asked."""

from typing import Any

import pytest
from pydantic import ValidationError

from surveys.items import PREFER_NOT_TO_SAY, is_language_tag
from surveys.items.model import Item, Kind
from tests.surveys.items.asked import item, options

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
        ("number", {"options": options("no", "yes")}, "options belongs to items of kind"),
        ("single", {"minimum": 1}, "minimum belongs to items of kind 'number' or 'slider'"),
        ("number", {"minimum": 5, "maximum": 4}, "minimum 5 is above maximum 4"),
        ("number", {"minimum": "1e999999"}, "minimum"),
        ("number", {"minimum": "NaN"}, "minimum"),
        ("number", {"max_length": 5}, "max_length belongs"),
        ("single", {"instructed": "never"}, "instructed names 'never'"),
        ("multiple", {"instructed": "yes"}, "instructed belongs"),
        ("single", {"screen_out": ["never"]}, "screen_out names 'never'"),
        ("single", {"screen_out": [PREFER_NOT_TO_SAY]}, "screen_out names"),
        ("single", {"unheard_of": 1}, "unheard_of"),
        ("single", {"whole": False}, "whole belongs to items of kind 'number'"),
        ("single", {"stem": {"en": "About it:"}}, "stem belongs to items of kind 'likert'"),
        ("number", {"step": 1}, "step belongs to items of kind 'slider'"),
        ("number", {"order": "shuffled"}, "has no options whose order could change"),
        ("likert", {"order": "shuffled"}, "are not shuffled"),
        ("single", {"options": [dict(options("a")[0], anchored=True), *options("b")]}, "put them behind all others"),
        ("single", {"options": [dict(options("a")[0], exclusive=True), *options("b")]}, "exclusive options belong"),
        ("single", {"instructed": "yes", "correct": ["no"]}, "one of instructed, correct"),
        ("single", {"correct": ["never"]}, "the correct answer names 'never'"),
        ("single", {"correct_by_story": {"bridge": ["never"]}}, "the correct answer names 'never'"),
        ("single", {"vignette": {"en": " "}}, "the vignette is empty in en"),
        ("ranking", {"options": options("yes")}, "needs at least 2 options"),
        ("ranking", {"screen_out": ["yes"]}, "would end the study for everybody"),
        ("slider", {}, "needs minimum and maximum"),
        ("slider", {"minimum": 0, "maximum": 0}, "exactly to its maximum"),
        ("slider", {"minimum": 0, "maximum": 10, "step": 3}, "exactly to its maximum"),
        ("slider", {"minimum": 0, "maximum": 10, "step": 0}, "step"),
        ("slider", {"minimum": 0, "maximum": 10, "step": "0.0001"}, "at most 10000 stops"),
        ("consent", {"prefer_not_to_say": True}, "a consent is given or not"),
        ("consent", {"options": options("yes", "no")}, "options belongs to"),
        ("highlight", {"max_length": 4}, "max_length belongs to"),
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
