"""Rejecting all flagged texts with one stroke, and taking it back with one."""

import hashlib
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from generation import bulk, curation
from generation.assignments import assign
from generation.curation import CurationError
from generation.models import Batch, BulkRejection
from surveys import audit
from tests.generation.factories import CONTINUATION, address, text_of, written

pytestmark = pytest.mark.django_db

TEXTS = [CONTINUATION, " Short.", " Short too.", CONTINUATION]


def rejected(batch: Batch) -> list[int]:
    return list(batch.candidates.filter(decision="rejected").order_by("index").values_list("index", flat=True))


def stroke(batch: Batch) -> BulkRejection:
    texts = bulk.rejectable(batch.study, batch.candidates.all()).values_list("code", "revision")
    shown = bulk.announced(texts).fingerprint
    return bulk.reject_flagged(batch.study, batch.candidates.all(), by=batch.created_by, shown=shown)


def test_one_stroke_rejects_what_is_flagged_by_a_rule_that_names_the_flags() -> None:
    batch = written(TEXTS)
    stroke(batch)
    assert rejected(batch) == [1, 2]
    assert text_of(batch, 1).reviews.get().rule == "bulk rejection 1 of 2 flagged texts (too-short)"
    assert audit.verify(batch.study) == []


def test_one_stroke_takes_it_back_but_for_what_somebody_touched_since() -> None:
    batch = written(TEXTS)
    done = stroke(batch)
    curation.reopen(text_of(batch, 1), by=batch.created_by)
    curation.reject(text_of(batch, 1), by=batch.created_by, reason="by hand now")
    assert bulk.take_back(done, by=batch.created_by) == 1
    assert rejected(batch) == [1]
    assert text_of(batch, 2).reviews.count() == 2


def test_many_texts_take_as_many_statements_as_few_and_each_stands_in_the_log() -> None:
    counts = set()
    for n in (2, 7):
        batch = written([" Short."] * n)
        curation.edit(text_of(batch, 1), by=batch.created_by, text="Short, and edited.")
        with CaptureQueriesContext(connection) as to_reject:
            done = stroke(batch)
        with CaptureQueriesContext(connection) as to_take_back:
            assert bulk.take_back(done, by=batch.created_by) == n
        counts.add((len(to_reject), len(to_take_back)))
        rejections = batch.study.audit.filter(verb="candidate rejected").order_by("sequence")
        subjects = [f"batch 1, candidate {index} by rule" for index in range(n)]
        assert list(rejections.values_list("subject", flat=True)) == subjects
        assert rejections[1].content_sha256 == hashlib.sha256(b"Short, and edited.").hexdigest()
        assert audit.verify(batch.study) == []
        assert set(batch.candidates.values_list("decision", "revision")) == {("pending", 2), ("pending", 3)}
    assert len(counts) == 1


def test_a_page_of_the_review_asks_as_much_of_many_texts_as_of_few(client: Client) -> None:
    counts = set()
    for n in (2, 9):
        batch = written([" Short."] * n)
        client.force_login(batch.created_by)
        url = address(batch.study, "candidate", 1, 0)
        client.get(url)
        with CaptureQueriesContext(connection) as asked:
            page = client.get(url).content.decode()
        assert f"Reject all {n} flagged texts" in page
        counts.add(len(asked))
    assert len(counts) == 1


def test_texts_that_curators_are_asked_about_are_left_to_them() -> None:
    batch = written(TEXTS)
    assign(batch.study, [text_of(batch, 1)], by=batch.created_by, curators=[batch.created_by], each=1, seed=1)
    stroke(batch)
    assert rejected(batch) == [2]


def test_where_nothing_is_flagged_nothing_is_done() -> None:
    batch = written([CONTINUATION])
    with pytest.raises(CurationError, match=r"other texts now \(0\)"):
        stroke(batch)
    assert not BulkRejection.objects.exists()


def test_the_page_announces_the_number_and_undo_takes_all_back(client: Client) -> None:
    batch = written(TEXTS)
    client.force_login(batch.created_by)
    page = client.get(address(batch.study, "candidate", 1, 0)).content.decode()
    assert "Reject all 2 flagged texts in this queue" in page
    url = address(batch.study, "reject-flagged")
    for shown in ("", "x", "0" * 64):
        assert "Nothing was done" in client.post(url, {"shown": shown}, follow=True).content.decode()
    assert rejected(batch) == []
    assert "Undo takes all of them back" in client.post(url, announced(client, batch), follow=True).content.decode()
    assert rejected(batch) == [1, 2]
    client.post(address(batch.study, "undo"))
    assert rejected(batch) == []


def test_what_came_into_the_queue_in_the_place_of_another_text_is_not_rejected_unseen(client: Client) -> None:
    batch = written(TEXTS)
    client.force_login(batch.created_by)
    seen = announced(client, batch)
    curation.reject(text_of(batch, 1), by=batch.created_by, reason="dull")
    new = written([" Short as well."], study=batch.study)
    url = address(batch.study, "reject-flagged")
    assert "Nothing was done" in client.post(url, seen, follow=True).content.decode()
    assert (rejected(batch), rejected(new)) == ([1], [])
    client.post(url, announced(client, batch))
    assert (rejected(batch), rejected(new)) == ([1, 2], [0])


def test_a_text_that_was_edited_since_the_page_was_shown_is_not_rejected_unseen(client: Client) -> None:
    batch = written(TEXTS)
    client.force_login(batch.created_by)
    seen = announced(client, batch)
    curation.edit(text_of(batch, 1), by=batch.created_by, text="Short, and another text by now.")
    url = address(batch.study, "reject-flagged")
    assert "Nothing was done" in client.post(url, seen, follow=True).content.decode()
    assert rejected(batch) == []


def announced(client: Client, batch: Batch, filters: str = "") -> dict[str, str]:
    """What the form on a page of the queue sends."""
    page = client.get(f"{address(batch.study, 'candidate', 1, 0)}{filters}").content.decode()
    [form] = re.findall(r"reject-flagged/.*?</form>", page, re.DOTALL)
    return dict(re.findall(r'name="(shown)" value="(\w+)"', form))


def test_the_stroke_keeps_to_the_filters(client: Client) -> None:
    batch = written(TEXTS)
    other = written(TEXTS, study=batch.study)
    client.force_login(batch.created_by)
    seen = announced(client, batch, "?batch=2")
    client.post(f"{address(batch.study, 'reject-flagged')}?batch=2", seen)
    assert (rejected(batch), rejected(other)) == ([], [1, 2])
