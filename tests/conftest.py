"""What every test has: plain static files, an account to work with, other databases where it asks for one.

tests/isolation.py comes before it.
"""

from collections import Counter
from importlib import import_module
from pathlib import Path

import hypothesis
import pytest
from django.apps import apps
from django.db.models.signals import post_migrate
from pytest_django import Settings

from surveys.models import Researcher
from tests import factories
from tests.browser import browser_type_launch_args as browser_type_launch_args
from tests.browser import chromium as chromium
from tests.databases import either_database as either_database
from tests.databases import migrated_file as migrated_file
from tests.databases import sqlite_file as sqlite_file
from tests.postgres import migrated_postgres as migrated_postgres
from tests.postgres import postgres_database as postgres_database
from tests.postgres import postgres_rows as postgres_rows
from tests.postgres import postgres_server as postgres_server

# How long an example takes says how busy the machine is and nothing of the code: no test fails for it.
hypothesis.settings.register_profile(
    "studyweb", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow], print_blob=True
)
hypothesis.settings.load_profile("studyweb")
# How many tests without a mark take as long as one with it, more or less: what starts a browser, a model or R.
SLOW = {"stack": 400, "browser": 60, "model": 40, "r": 20, "postgres": 5}


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Longest files first: of two processes none is left alone at the end with a file that takes minutes."""
    took: Counter[Path] = Counter()
    for item in items:
        took[item.path] += 1 + max((SLOW.get(mark.name, 0) for mark in item.iter_markers()), default=0)
    items.sort(key=lambda item: -took[item.path])


@pytest.fixture(autouse=True)
def _plain_static_files(settings: Settings, tmp_path: Path) -> None:
    """The manifest of hashed names exists only after collectstatic; tests of pages do not need it."""
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    # WhiteNoise warns of a folder that is not there, and a warning is an error here.
    settings.STATIC_ROOT = tmp_path


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Settings) -> None:
    """Hashing a password is slow on purpose."""
    settings.PASSWORD_HASHERS = ["tests.passwords.QuickArgon2"]


@pytest.fixture
def researcher(db: None) -> Researcher:
    return factories.ResearcherFactory()


@pytest.fixture(scope="session", autouse=True)
def _rows_of_the_migrations() -> None:
    """A test with real transactions empties all tables behind it; the rows of the migrations come back at once."""

    def made_again(**_kwargs: object) -> None:
        import_module("generation.migrations.0002_builtin_model").add_builtin(apps, None)
        import_module("generation.migrations.0005_staged_release").add_family(apps, None)

    post_migrate.connect(made_again, sender=apps.get_app_config("generation"), weak=False)
