"""What the journeys share: one installation for the tests of a module, its own database behind Django, a browser."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.conf import settings
from pytest_django import DjangoDbBlocker

from tests.databases import DEFAULT, as_default
from tests.stack import Stack


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """An installation without the demonstration study; its test may kill what it likes."""
    stack = Stack("--no-demonstration")
    stack.start()
    yield stack
    stack.remove()


@pytest.fixture
def records(stack: Stack, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The installation's database behind Django's models, to look into and to lay studies into."""
    with _database_of(stack, django_db_blocker):
        yield


@contextmanager
def _database_of(stack: Stack, blocker: DjangoDbBlocker) -> Iterator[None]:
    options = dict(settings.DATABASES[DEFAULT]["OPTIONS"])
    name = str(stack.folder / "studyweb.sqlite3")
    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": name, "OPTIONS": options}
    with as_default(database, blocker):
        yield
