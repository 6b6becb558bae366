"""A question is shown by earlier answers; what was not asked, or not shown, meets nothing."""

from typing import Any

import pytest
from pydantic import ValidationError

from surveys.items import Condition, Reading, is_shown
from surveys.items.rules import codes_of, condition_problems, looks_at
from tests.surveys.items.asked import item


def when(**fields: Any) -> Condition:
    return Condition.model_validate({"item": "earlier", **fields})


@pytest.mark.parametrize(
    ("condition", "reading", "is_met"),
    [
        (when(any_of=["yes"]), Reading("answered", "yes"), True),
        (when(any_of=["yes", "maybe"]), Reading("answered", "maybe"), True),
        (when(any_of=["yes"]), Reading("answered", "no"), False),
        (when(any_of=["yes"]), Reading("answered", "no yes"), True),
        (when(any_of=["yes"]), Reading("skipped"), False),
        (when(any_of=["skipped"]), Reading("skipped"), True),
        (when(any_of=["prefer-not-to-say"]), Reading("prefer-not-to-say"), True),
        (when(any_of=["yes"]), Reading("not-shown"), False),
        (when(any_of=["yes"]), None, False),
        (when(none_of=["yes"]), Reading("answered", "no"), True),
        (when(none_of=["yes"]), Reading("answered", "no yes"), False),
        (when(none_of=["yes"]), Reading("skipped"), True),
        (when(none_of=["skipped"]), Reading("answered", "Some words."), True),
        (when(none_of=["skipped"]), Reading("answered", "I skipped the end"), True),
        (when(any_of=["skipped"]), Reading("answered", "I skipped the end"), False),
        (when(any_of=["prefer-not-to-say"]), Reading("answered", "they prefer-not-to-say"), False),
        # As the browser has it, which knows the field's value alone.
        (when(none_of=["skipped"]), Reading("answered", "skipped"), False),
        (when(none_of=["yes"]), Reading("not-shown"), False),
        (when(none_of=["yes"]), None, False),
        (when(at_least=18), Reading("answered", "18"), True),
        (when(at_least=18), Reading("answered", "17.9"), False),
        (when(at_least=18, at_most=30), Reading("answered", "30"), True),
        (when(at_most=30), Reading("answered", "31"), False),
        (when(at_most=30), Reading("prefer-not-to-say"), False),
    ],
)
def test_a_condition_is_met_by_what_was_answered(condition: Condition, reading: Reading | None, is_met: bool) -> None:
    assert condition.met_by(reading) is is_met


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "needs either any_of, or none_of"),
        ({"any_of": ["a"], "none_of": ["b"]}, "needs either any_of, or none_of"),
        ({"any_of": ["a"], "at_least": 1}, "needs either any_of, or none_of"),
        ({"at_least": 3, "at_most": 2}, "is never met: 3 is above 2"),
    ],
)
def test_a_condition_that_says_nothing_or_too_much_is_refused(fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        when(**fields)


def test_every_condition_of_an_item_must_be_met() -> None:
    both = item("single", show_if=[{"item": "a", "any_of": ["yes"]}, {"item": "b", "at_least": 2}])
    assert is_shown(both, {"a": Reading("answered", "yes"), "b": Reading("answered", "2")})
    assert not is_shown(both, {"a": Reading("answered", "yes"), "b": Reading("answered", "1")})
    assert not is_shown(both, {"b": Reading("answered", "2")})
    assert is_shown(item("single"), {})


def test_only_what_stands_on_other_pages_has_to_be_looked_up() -> None:
    here = item("single", key="here")
    page = [here, item("single", show_if=[{"item": "here", "any_of": ["yes"]}, {"item": "there", "any_of": ["no"]}])]
    assert looks_at(page) == {"there"}


def test_a_condition_names_codes_that_can_be_answered() -> None:
    asking = item("single", show_if=[{"item": "earlier", "any_of": ["perhaps"]}])
    (condition,) = asking.show_if
    (problem,) = condition_problems(asking, condition, item("single", key="earlier"))
    assert problem == (
        "item 'asked' is shown by the answer to 'earlier', which has no answer 'perhaps'. There are: no, maybe, yes"
    )
    (problem,) = condition_problems(asking, condition, item("ranking", key="earlier"))
    assert "There are: none to choose from" in problem
    (problem,) = condition_problems(asking, when(at_least=1), item("single", key="earlier"))
    assert "is no number" in problem
    assert list(condition_problems(asking, when(at_least=1), item("number", key="earlier"))) == []


def test_declining_and_skipping_can_be_named_where_they_are_possible() -> None:
    assert codes_of(item("long-text", required=False)) == ("skipped",)
    assert codes_of(item("consent")) == ("agreed",)
    assert codes_of(item("single", prefer_not_to_say=True)) == ("no", "maybe", "yes", "prefer-not-to-say")
