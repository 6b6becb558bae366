"""No page tells somebody who is asked about a text what others say of it, until all who are asked have answered.

The proof is a swap, as for blindness: another curator accepts, or rejects, marks and comments, and every address below
the study answers those who are asked with the same bytes.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import transaction
from django.test import Client

from generation import opinions, remarks
from generation.models import Batch
from surveys.models import Researcher
from tests.factories import ready_study
from tests.generation.factories import CONTINUATION, address, text_of, written
from tests.generation.test_assignments import panel
from tests.generation.test_blindness import PAGES, seen

pytestmark = pytest.mark.django_db


@pytest.fixture
def batch() -> Batch:
    return written([CONTINUATION] * 2, ready_study())


def for_it(batch: Batch, by: Researcher) -> None:
    opinions.give(text_of(batch), by=by, verdict="accept", seconds=3)


def against_it(batch: Batch, by: Researcher) -> None:
    opinions.give(text_of(batch), by=by, verdict="reject", reason="It contradicts itself.", seconds=90)
    remarks.remark(text_of(batch), by=by, toggle=True, text="The second paragraph is wrong.")


def answers(client: Client, batch: Batch, act: Callable[[Batch, Researcher], None], by: Researcher) -> dict[str, str]:
    """What each address answers once ``act`` is done, which is undone behind it. But for the log's digests."""
    with undone():
        act(batch, by)
        found = {name: seen(client, batch.study, name) for name in PAGES}
        marked = client.get(f"{address(batch.study, 'review')}?want=marked", follow=True)
        found["those that somebody marked"] = str(marked.redirect_chain)
    return {name: re.sub(r'title="\w{64}">\w{12}', "", page) for name, page in found.items()}


@contextmanager
def undone() -> Iterator[None]:
    before = transaction.savepoint()
    yield
    transaction.savepoint_rollback(before)


@pytest.mark.parametrize("answered", [False, True])
def test_what_another_says_changes_no_page_of_who_is_asked_while_somebody_is_awaited(
    client: Client, batch: Batch, answered: bool
) -> None:
    other, asked, _awaited = panel(batch, 3)
    if answered:
        for_it(batch, asked)
    client.force_login(asked)
    one, two = (answers(client, batch, act, other) for act in (for_it, against_it))
    assert [name for name in one if one[name] != two[name]] == []


def test_the_same_is_seen_by_an_owner_who_is_not_asked_and_by_all_who_are_once_all_have_answered(
    client: Client, batch: Batch
) -> None:
    """Else the swap would prove nothing."""
    other, asked = panel(batch)
    told = {"generation:candidate", "generation:curation", "those that somebody marked"}
    client.force_login(batch.created_by)
    one, two = (answers(client, batch, act, other) for act in (for_it, against_it))
    assert {name for name in one if one[name] != two[name]} >= told
    opinions.give(text_of(batch), by=asked, verdict="accept")
    client.force_login(asked)
    one, two = (answers(client, batch, act, other) for act in (for_it, against_it))
    assert {name for name in one if one[name] != two[name]} >= {*told, "workbench:study-log"}
