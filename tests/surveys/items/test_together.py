"""Rules look back only, and what needs an article is asked beside one."""

from typing import Any

import pytest

from surveys.items.model import Item
from surveys.items.reading import RESERVED
from surveys.items.together import problems_before_freezing, problems_together
from tests.surveys.items.asked import item, options

STAGES = ("before", "reading", "looking-back", "after")


def asked(key: str, *looks_at: str, **fields: Any) -> Item:
    return item("single", key=key, show_if=[{"item": other, "any_of": ["yes"]} for other in looks_at], **fields)


def problems(**stages: list[Item]) -> list[str]:
    return list(problems_together({stage: stages.get(stage.replace("-", "_"), []) for stage in STAGES}))


def test_rules_may_look_at_the_same_page_at_earlier_pages_and_at_the_same_article() -> None:
    assert (
        problems(
            before=[asked("a"), asked("b", "a")],
            reading=[asked("c", "a", "b"), asked("d", "c")],
            looking_back=[asked("e", "a", "d")],
            after=[asked("f", "b"), asked("g", "f")],
        )
        == []
    )


def test_a_rule_cannot_look_ahead_at_itself_or_in_a_circle() -> None:
    (ahead,) = problems(before=[asked("a", "b"), asked("b")])
    assert "item 'a' is shown by the answer to 'b', which is not asked before it" in ahead
    (itself,) = problems(before=[asked("a", "a")])
    assert "item 'a' is shown by the answer to 'a', which is not asked before it" in itself
    assert len(problems(before=[asked("a", "b"), asked("b", "a")])) == 1
    (later,) = problems(before=[asked("a", "z")], after=[asked("z")])
    assert "'z', which is not asked before it" in later


def test_a_rule_cannot_look_at_what_is_not_there_or_is_asked_many_times() -> None:
    assert problems(before=[asked("a", "gone")]) == [
        "item 'a' is shown by the answer to 'gone', which is no item of this study"
    ]
    (many,) = problems(reading=[asked("c")], after=[asked("f", "c")])
    assert "asked about each article, so that no single answer is meant" in many


def test_a_rule_names_codes_that_are_there() -> None:
    wrong = item("single", key="b", show_if=[{"item": "a", "none_of": ["perhaps"]}])
    (problem,) = problems(before=[asked("a"), wrong])
    assert "item 'b' is shown by the answer to 'a', which has no answer 'perhaps'" in problem


def test_what_needs_an_article_is_asked_beside_one() -> None:
    marking, about = item("highlight", key="h"), asked("s", correct_by_story={"bridge": ["yes"]})
    assert problems(reading=[marking, about]) == []
    assert [problem.split(":")[0] for problem in problems(after=[marking, about])] == [
        "item 'h' marks sentences of an article",
        "item 's' has correct answers by story",
    ]


@pytest.mark.parametrize("word", sorted(RESERVED - {"prefer-not-to-say"}))
def test_how_a_question_was_met_is_the_code_of_no_option(word: str) -> None:
    confusing = item("multiple", key="a", options=options("yes", word))
    assert list(problems_before_freezing({"before": [item("multiple"), confusing]})) == [
        f"item 'a' has the option code {word!r}, a word for how a question was met: choose another"
    ]


def test_sentences_are_marked_for_one_question_a_page() -> None:
    one, other = item("highlight", key="doubt"), item("highlight", key="belief")
    assert list(problems_before_freezing({"reading": [one], "looking-back": [other]})) == []
    (problem,) = problems_before_freezing({"reading": [one, item("single"), other]})
    assert "item 'belief' marks sentences of the article on the page on which 'doubt' does: ask one of them" in problem
