"""What every test has: plain static files, and an account to work with. tests/isolation.py comes before it."""

from pathlib import Path

import hypothesis
import pytest
from pytest_django import Settings

from surveys.models import Researcher
from tests import factories
from tests.browser import browser_type_launch_args as browser_type_launch_args
from tests.browser import chromium as chromium

# How long an example takes says how busy the machine is and nothing of the code: no test fails for it.
hypothesis.settings.register_profile(
    "studyweb", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow], print_blob=True
)
hypothesis.settings.load_profile("studyweb")


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
