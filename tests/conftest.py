"""What every test has: throw-away folders for data, plain static files, and no way to reach a real model hub."""

import os
import tempfile
from pathlib import Path

# Before Django reads its settings: tests must not see, or touch, the data of an installation on this machine.
os.environ["STUDYWEB_DATA_DIR"] = tempfile.mkdtemp(prefix="studyweb-tests-")
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["DJANGO_SETTINGS_MODULE"] = "studyweb.settings"
os.environ.pop("PUBLIC_URL", None)

import pytest
from pytest_django import Settings

from surveys.models import Researcher
from tests import factories


@pytest.fixture(autouse=True)
def _plain_static_files(settings: Settings, tmp_path: Path) -> None:
    """The manifest of hashed names exists only after collectstatic; tests of pages do not need it."""
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    # WhiteNoise warns of a folder that is not there, and a warning is an error here.
    settings.STATIC_ROOT = tmp_path


@pytest.fixture
def researcher(db: None) -> Researcher:
    return factories.ResearcherFactory()
