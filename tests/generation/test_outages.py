"""A database that is stopped at once under a real worker: nothing is lost, nothing is done twice."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from generation.engine import Sampling
from tests.databases import as_default
from tests.generation.factories import queued
from tests.generation.working import Workers, all_once, drafted, is_done
from tests.postgres import settings_of, stopped_at_once, wheel_server

pytestmark = [pytest.mark.stack, pytest.mark.model]

# More short texts than a worker writes at once, so that some wait while the first are finished.
MANY: dict[str, Any] = {"size": 70, "sampling": Sampling(temperature=1.3, max_tokens=24, min_tokens=24)}


@pytest.fixture
def postgres(django_db_blocker: DjangoDbBlocker) -> Iterator[Any]:
    """A server of the test's own, which others do not miss while it is stopped."""
    with wheel_server() as running, as_default(settings_of(running), django_db_blocker):
        yield running


@pytest.mark.postgres
def test_a_database_that_is_restarted_under_a_worker_loses_and_doubles_no_text(
    postgres: Any, request: pytest.FixtureRequest
) -> None:
    workers: Workers = request.getfixturevalue("workers")
    batch = queued(seed=4, **MANY)
    workers.start()
    workers.wait_for(lambda: len(drafted(batch)) > 0)
    before = drafted(batch)
    with stopped_at_once(postgres):
        connection.close()
    # The worker's go ended with its connection; its lease runs out, and the sweep has somebody go on.
    workers.wait_for(lambda: is_done(batch), within=240)
    all_once(batch, before)
