"""What a database that holds columns to their lengths, and lets two write at once, makes of texts and their log."""

import threading

import pytest
from django.db import connection, transaction

from generation import drafting, drawing
from generation.assignments import assign
from generation.flagging import Beside
from generation.leaving import release
from surveys import audit
from surveys.models import Researcher
from tests.factories import StoryFactory, StudyFactory
from tests.generation.factories import claimed, curator, draft, queued, synthetic_arm, text_of, written
from tests.postgres import until_somebody_waits

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("postgres_database")]


def test_the_log_has_room_for_a_large_pick_the_highest_seed_and_the_longest_address() -> None:
    batch = written([f" The bridge number {n} was closed." for n in range(60)])
    study, by = batch.study, batch.created_by
    reader = curator(study)
    Researcher.objects.filter(pk=reader.pk).update(email=f"{'x' * 242}@example.org")
    reader.refresh_from_db()
    assign(study, [text_of(batch)], by=by, curators=[reader], each=1, seed=2**63 - 1)
    release(study, reader, by=by)
    articles = drawing.random_pick(batch, by=by, k=55, seed=2**63 - 1, arm=synthetic_arm(study))
    assert len(articles) == 55
    assert audit.verify(study) == []


def test_of_two_equal_texts_that_two_workers_store_at_the_same_moment_the_second_is_flagged() -> None:
    study = StudyFactory()
    story = StoryFactory(study=study)
    batches = [queued(study, story=story, size=1) for _ in range(2)]
    (run, beside), (other, its_own) = ((claimed(batch), Beside.study(batch.prompt)) for batch in batches)

    def save() -> None:
        drafting.save(other, draft(0), its_own)
        connection.close()

    second = threading.Thread(target=save)
    with transaction.atomic():
        drafting.save(run, draft(0), beside)
        second.start()
        until_somebody_waits()
    second.join()
    first, second_text = map(text_of, batches)
    assert [flag["about"] for flag in second_text.flags if flag["code"] == "near-duplicate"] == [first.code]
