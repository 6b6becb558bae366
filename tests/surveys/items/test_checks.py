"""Checks are passed, failed, or none at all."""

import pytest

from surveys.items.checks import passes
from surveys.items.model import Item
from tests.surveys.items.asked import item

BY_STORY = item("single", correct_by_story={"bridge": ["yes"], "harbour": ["no", "maybe"]})


@pytest.mark.parametrize(
    ("asked", "value", "story", "passed"),
    [
        (item("single"), "yes", "", None),
        (item("single", instructed="yes"), "yes", "", True),
        (item("single", instructed="yes"), "no", "", False),
        (item("single", correct=["yes", "maybe"]), "maybe", "", True),
        (item("single", correct=["yes", "maybe"]), "no", "", False),
        (item("multiple", correct=["no", "yes"]), "no yes", "", True),
        (item("multiple", correct=["no", "yes"]), "yes", "", False),
        (BY_STORY, "yes", "bridge", True),
        (BY_STORY, "yes", "harbour", False),
        (BY_STORY, "yes", "unheard-of", None),
    ],
)
def test_an_answer_passes_or_fails_its_check(asked: Item, value: str, story: str, passed: bool | None) -> None:
    assert passes(asked, value, story) is passed
