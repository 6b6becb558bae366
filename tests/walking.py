"""Readers who walk the real pages of a study in this process, through the WSGI application."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections

from studyweb.demo.readers import Population
from studyweb.demo.walk import Reader, walk
from surveys import recruitment
from surveys.models import Article, Mode, Study


def readers_walk(
    study: Study, number: int, effects: Mapping[str, float], *, mode: Mode = Mode.SIMULATED, seed: int = 1
) -> list[str]:
    """Let so many simulated readers go from the entry link to the end; their completion codes."""
    texts = {
        (" ".join(article.headline.split()), " ".join(article.text.split())): (article.story.key, article.arm.key)
        for article in Article.objects.standing().filter(study=study).select_related("story", "arm")
        if article.arm is not None
    }
    population = Population(effects, seed)
    asked = "" if mode == Mode.LIVE else f"?mode={recruitment.signed_mode(study, mode)}"
    application = get_wsgi_application()
    codes = []
    with _connection_kept():
        for reader in range(number):
            transport = httpx.WSGITransport(app=application)
            with httpx.Client(transport=transport, base_url="http://localhost", follow_redirects=True) as client:
                codes.append(walk(client, f"/s/{study.key}/{asked}", Reader(reader, population, texts)))
    return codes


@contextmanager
def _connection_kept() -> Iterator[None]:
    """A request in this process must not close the connection on which the test's transaction is open."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in signals:
            signal.connect(close_old_connections)
