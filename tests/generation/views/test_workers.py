"""The page of workers: what they are at, who waits, and what of other people's studies is not told."""

from typing import Any

import pytest
import redis
from django.test import Client
from django.urls import reverse

from generation import batches, workers
from surveys.models import Role
from tests.factories import ResearcherFactory, member
from tests.generation.factories import claimed, queued

pytestmark = pytest.mark.django_db


def html(client: Client) -> str:
    return client.get(reverse("models:workers")).content.decode()


def test_without_worker_and_broker_the_page_says_what_to_do(client: Client) -> None:
    client.force_login(ResearcherFactory())
    page = html(client)
    assert "No generation worker is at work" in page
    assert "The broker does not answer" in page
    assert "None waits." in page


def test_a_disk_that_is_nearly_full_is_said_there_and_on_the_page_of_what_waits(client: Client, settings: Any) -> None:
    batch = queued()
    settings.DISK_RESERVE_MB = 10**9
    client.force_login(batch.created_by)
    assert "The disk is nearly full" in html(client)
    page = client.get(reverse("generation:batch", args=[batch.study.key, batch.number])).content.decode()
    assert "it goes on once there is room" in page


def test_a_worker_and_the_queue_are_shown_to_who_is_in_the_study(client: Client, broker: redis.Redis) -> None:
    batch = queued()
    claimed(batch)
    workers.holds("An invented model", "cpu Invented")
    try:
        workers.report(batch=batch.pk)
    finally:
        workers.holds("", "")
    queued(batch.study)
    client.force_login(member(batch.study, Role.OBSERVER))
    page = html(client)
    assert "An invented model" in page
    assert f"Batch 1 of {batch.study.name}" in page
    assert f"Batch 2 of {batch.study.name}" in page
    assert "Messages in the broker" in page


def test_of_another_study_only_that_something_waits_is_told(client: Client, broker: redis.Redis) -> None:
    batch = queued()
    claimed(batch)
    workers.report(batch=batch.pk)
    queued(batch.study)
    client.force_login(ResearcherFactory())
    page = html(client)
    assert batch.study.name not in page
    assert str(batch.created_by) not in page
    assert "A batch of another study" in page
    assert "a batch of another study" in page


def test_a_batch_that_waits_for_its_budget_says_so(client: Client, broker: redis.Redis) -> None:
    batch = queued()
    batches.set_budget(batch.study, by=batch.created_by, tokens_a_day=1)
    run = claimed(batch)
    from generation import drafting, queue
    from tests.generation.factories import draft

    drafting.save(run, draft(0))
    queue.release(batch.pk, run.owner)
    client.force_login(batch.created_by)
    assert "waits for tomorrow" in html(client)
    shown = client.get(reverse("generation:batch", args=[batch.study.key, 1])).content.decode()
    assert "budget for today is spent" in shown


def test_what_changes_comes_alone_when_htmx_asks(client: Client) -> None:
    client.force_login(ResearcherFactory())
    part = client.get(reverse("models:workers"), headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith('<div id="workers"')


def test_the_budget_is_set_by_the_owner_and_refused_below_one(client: Client) -> None:
    batch = queued()
    address = reverse("generation:budget", args=[batch.study.key])
    client.force_login(member(batch.study, Role.CURATOR))
    assert client.get(address).status_code == 403
    client.force_login(batch.created_by)
    assert "tokens from 1" in client.post(address, {"tokens_a_day": "0"}).content.decode()
    assert client.post(address, {"tokens_a_day": "5000"}).status_code == 302
    assert 'value="5000"' in client.get(address).content.decode()


def test_a_batch_is_paused_and_goes_on_and_changes_its_turn_from_its_page(client: Client) -> None:
    batch = queued()
    client.force_login(batch.created_by)

    def post(name: str, **data: str) -> str:
        url = reverse(f"generation:{name}", args=[batch.study.key, 1])
        return client.post(url, data, follow=True).content.decode()

    assert "Paused" in post("batch-pause")
    assert "had ended already" in post("batch-pause")
    post("batch-resume")
    post("batch-priority", priority="1")
    batch.refresh_from_db()
    assert (batch.status, batch.priority) == ("queued", 1)
    assert "Choose one of the list" in post("batch-priority", priority="soon")
