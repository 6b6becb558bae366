"""Notes on a text, and the mark 'to be looked at again'."""

import pytest
from django.test import Client

from generation import opinions
from generation.remarks import remark
from generation.rules import CurationError
from surveys.models import Researcher
from tests.generation.factories import address, curator, text_of, written
from tests.generation.test_assignments import panel

pytestmark = pytest.mark.django_db


def test_a_mark_is_put_on_and_taken_off_and_every_change_is_kept() -> None:
    batch = written()
    first, second = curator(batch.study), curator(batch.study)
    remark(text_of(batch), by=first, toggle=True)
    assert text_of(batch).is_marked
    remark(text_of(batch), by=second, toggle=True, text="solved")
    assert not text_of(batch).is_marked
    kept = text_of(batch).remarks.order_by("number").values_list("number", "by", "mark", "text")
    assert list(kept) == [(1, first.pk, "raised", ""), (2, second.pk, "lowered", "solved")]


def test_who_is_asked_about_a_text_marks_it_without_seeing_or_taking_off_another_s_mark(client: Client) -> None:
    batch = written()
    first, second = panel(batch)
    url, queue = address(batch.study, "mark", 1, 0), f"{address(batch.study, 'review')}?want=marked"

    def pressed(by: Researcher) -> bool:
        """Presses the key; whether the page shows the mark then, which the queue of the marked agrees with."""
        client.force_login(by)
        page = client.post(url, follow=True).content.decode()
        listed = client.get(queue, follow=True).redirect_chain != []
        assert listed == ('aria-pressed="true"' in page)
        return listed

    assert pressed(first)
    assert pressed(second)
    assert not pressed(second)
    assert text_of(batch).is_marked
    assert pressed(second)
    assert not pressed(first)
    assert text_of(batch).is_marked
    # Who is not asked sees it, and takes it off for all once that tells nobody what others make of the text.
    assert pressed(batch.created_by)
    assert "it stays until all have answered" in client.post(url).content.decode()
    client.force_login(second)
    assert 'aria-pressed="true"' in client.get(address(batch.study, "candidate", 1, 0)).content.decode()
    for person in (first, second):
        opinions.give(text_of(batch), by=person, verdict="accept" if person == first else "reject", reason="dull")
    assert not pressed(batch.created_by)
    assert not text_of(batch).is_marked
    assert pressed(second)


def test_an_empty_or_endless_note_is_refused() -> None:
    batch = written()
    for text in ("", " \0 ", "x" * 2001):
        with pytest.raises(CurationError):
            remark(text_of(batch), by=batch.created_by, text=text)


def test_marked_texts_are_a_queue_of_their_own_and_notes_stand_on_the_page(client: Client) -> None:
    batch = written()
    client.force_login(batch.created_by)
    client.post(address(batch.study, "mark", 1, 2))
    client.post(address(batch.study, "note", 1, 2), {"text": "ask Anna <b>"})
    response = client.get(f"{address(batch.study, 'review')}?want=marked", follow=True)
    page = response.content.decode()
    assert text_of(batch, 2).code in response.redirect_chain[-1][0]
    assert "ask Anna &lt;b&gt;" in page
    assert client.post(address(batch.study, "note", 1, 2), {"text": " "}).status_code == 400
