"""What tests of the workbench share: a study's owner, signed in, and a real browser."""

import os
import shutil
from typing import Any

import pytest
from django.test import Client

from surveys.models import Role, Study
from tests.factories import ready_study


@pytest.fixture
def study(db: None) -> Study:
    """A draft that passes every gate."""
    return ready_study()


@pytest.fixture
def owner(client: Client, study: Study) -> Client:
    """A browser in which the owner of ``study`` is signed in."""
    client.force_login(study.memberships.get(role=Role.OWNER).researcher)
    return client


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """The machine's own Chromium, which asks nothing of the network."""
    found = next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
    )
    quiet = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
    return {"executable_path": found, "args": [*quiet, "--disable-sync", "--no-first-run"]}


@pytest.fixture(scope="session", autouse=True)
def _orm_beside_playwright() -> None:
    """Playwright's blocking calls run inside an event loop of its own, in which Django would refuse the ORM."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
