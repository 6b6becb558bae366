"""What the database itself refuses, whatever the code does."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from generation.models import Batch, Candidate, Edit, LanguageModel, Prompt, Review
from tests.generation.factories import queued, text_of, written

pytestmark = pytest.mark.django_db


def refused(change: Any) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        change()


def test_a_candidate_is_there_once_a_batch_and_index() -> None:
    batch = queued(size=1)
    refused(lambda: Candidate.objects.create(batch=batch, index=0, seed=1))


def test_only_a_running_batch_is_leased() -> None:
    rows = Batch.objects.filter(pk=queued().pk)
    refused(lambda: rows.update(status="running"))
    refused(lambda: rows.update(lease_owner="somebody"))
    refused(lambda: rows.update(status="running", lease_owner="", lease_expires_at=Now()))
    assert rows.update(status="running", lease_owner="somebody", lease_expires_at=Now()) == 1


def test_a_failed_batch_says_why() -> None:
    refused(lambda: Batch.objects.filter(pk=queued().pk).update(status="failed"))


def test_a_batch_has_at_least_one_candidate() -> None:
    refused(lambda: Batch.objects.filter(pk=queued().pk).update(size=0))


def test_numbers_are_given_once_a_study() -> None:
    first = queued()
    second = queued(first.study)
    refused(lambda: Batch.objects.filter(pk=second.pk).update(number=first.number))
    refused(lambda: Prompt.objects.filter(pk=second.prompt_id).update(number=first.prompt.number))


def test_a_waiting_candidate_has_no_text_and_no_decision() -> None:
    rows = Candidate.objects.filter(batch=queued(size=1))
    refused(lambda: rows.update(decision="rejected"))
    refused(lambda: rows.update(raw_text="from nowhere"))
    refused(lambda: rows.update(state="drafted"))


def test_an_accepted_text_is_an_article() -> None:
    refused(lambda: Candidate.objects.filter(pk=text_of(written()).pk).update(decision="accepted"))


def test_a_rejection_has_a_reason_or_a_rule() -> None:
    text = text_of(written())
    log = {"candidate": text, "number": 1, "old": "pending", "new": "rejected", "by": text.batch.created_by}
    refused(lambda: Review.objects.create(**log))
    assert Review.objects.create(**log, rule="invented rule").pk


def test_the_log_holds_changes_only_and_each_number_once() -> None:
    text = text_of(written())
    log = {"candidate": text, "number": 1, "old": "pending", "by": text.batch.created_by, "reason": "r"}
    refused(lambda: Review.objects.create(**log, new="pending"))
    Review.objects.create(**log, new="rejected")
    refused(lambda: Review.objects.create(**log, new="accepted"))


def test_an_edit_leaves_a_text() -> None:
    text = text_of(written())
    refused(lambda: Edit.objects.create(candidate=text, number=1, text="", by=text.batch.created_by))


def test_a_model_of_the_hub_is_pinned_to_a_revision() -> None:
    model = {"name": "Invented", "source": "hub", "location": "invented/model", "context_length": 1024}
    refused(lambda: LanguageModel.objects.create(key="one", **model))
    refused(lambda: LanguageModel.objects.create(key="two", **{**model, "location": "", "revision": "abc"}))
    assert LanguageModel.objects.create(key="three", **model, revision="abc").pk


def test_only_an_opening_is_shown_to_readers() -> None:
    refused(lambda: Prompt.objects.filter(pk=queued().prompt_id).update(kind="instruction", opening_shown=True))
