"""A text that was flagged as nearly the same as another one loses the flag with the likeness, and gets it back."""

from collections.abc import Iterable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from generation import editing
from generation.editing import standing_text
from generation.models import Candidate
from tests.generation.factories import CONTINUATION, OPENING
from tests.generation.test_flagging import FOREIGN, PLAIN, codes, drafted

pytestmark = pytest.mark.django_db


def alike(count: int) -> list[Candidate]:
    """Texts of one story, each with another number in it, of which all but the first are flagged."""
    first = drafted(CONTINUATION)
    study, story = first.batch.study, first.batch.prompt.story
    others = [drafted(CONTINUATION.replace("nine", f"{n}0"), study, story=story) for n in range(1, count)]
    return [first, *others]


def now(texts: Iterable[Candidate]) -> list[list[str]]:
    """Of each text, which others its flags name."""
    texts = list(texts)
    for text in texts:
        text.refresh_from_db()
    return [[flag["about"] for flag in text.flags if flag["code"] == "near-duplicate"] for text in texts]


def test_a_text_that_is_like_the_edited_one_no_longer_is_flagged_no_longer_until_the_edit_is_taken_back() -> None:
    first, second = alike(2)
    flags = second.flags
    assert now([first, second]) == [[], [first.code]]
    edit = editing.edit(first, by=first.batch.created_by, text=f"{OPENING} {FOREIGN}")
    assert now([first, second]) == [[], []]
    assert second.flag_count == len(codes(second)) == 0
    editing.take_back_edit(edit, by=first.batch.created_by)
    assert now([first, second]) == [[], [first.code]]
    assert (second.flags, second.flag_count) == (flags, 1)


def test_of_texts_that_are_still_alike_the_first_is_not_flagged() -> None:
    texts = first, second, third = alike(3)
    assert now(list(texts)) == [[], [first.code], [third.flags[-1]["about"]]]
    edit = editing.edit(first, by=first.batch.created_by, text=f"{OPENING} {FOREIGN}")
    assert now(list(texts)) == [[], [], [second.code]]
    editing.take_back_edit(edit, by=first.batch.created_by)
    assert now(list(texts))[1] == [first.code]


def test_a_text_that_was_edited_towards_a_later_one_gets_its_flag_back_too() -> None:
    first = drafted(CONTINUATION)
    by, study, story = first.batch.created_by, first.batch.study, first.batch.prompt.story
    later = drafted(f" {FOREIGN}", study, story=story)
    editing.edit(first, by=by, text=standing_text(later))
    assert now([first]) == [[later.code]]
    edit = editing.edit(later, by=by, text=f"{OPENING} {PLAIN}")
    assert now([first]) == [[]]
    editing.take_back_edit(edit, by=by)
    assert now([first]) == [[later.code]]


def test_an_edit_that_is_taken_back_brings_no_flag_back_that_names_a_text_which_says_something_else_by_now() -> None:
    texts = first, second = alike(2)
    by = first.batch.created_by
    edit = editing.edit(second, by=by, text=f"{OPENING} {PLAIN}")
    editing.edit(first, by=by, text=f"{OPENING} {FOREIGN}")
    row = editing.take_back_edit(edit, by=by)
    assert now(texts) == [[], []]
    assert second.flag_count == len(codes(second)) == 0
    assert row.flags == second.flags


def test_an_edit_that_is_taken_back_names_the_text_that_is_alike_now() -> None:
    texts = first, second, third = alike(3)
    by = first.batch.created_by
    named = next(text for text in (first, second) if text.code == now(texts)[2][0])
    other = second if named is first else first
    edit = editing.edit(third, by=by, text=f"{OPENING} {PLAIN}")
    editing.edit(named, by=by, text=f"{OPENING} {FOREIGN}")
    editing.take_back_edit(edit, by=by)
    assert now([third]) == [[other.code]]


def test_renewing_asks_the_database_as_often_for_many_texts_as_for_one() -> None:
    def asked(texts: list[Candidate]) -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            editing.edit(texts[0], by=texts[0].batch.created_by, text=f"{OPENING} {FOREIGN}")
        return len(queries)

    assert asked(alike(2)) == asked(alike(5))
