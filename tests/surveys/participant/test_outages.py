"""A web process that dies between the commit and the answer, and a database that goes away: nothing lost or doubled."""

import re
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from studyweb.demo.pages import read_page
from surveys.models import Answer, LedgerEntry, Participant, Study
from tests import factories
from tests.databases import as_default
from tests.journeys import visitors
from tests.journeys.records import nothing_lost_or_doubled
from tests.postgres import settings_of, stopped_at_once, wheel_server
from tests.stack import wait_for
from tests.surveys.participant.held import HOLD
from tests.surveys.participant.person import AFTER, RATING, RATINGS
from tests.surveys.participant.server import WebServer

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
AT_ONCE = 4


@pytest.fixture(params=["sqlite_file", pytest.param("postgres_database", marks=pytest.mark.postgres)])
def study(request: pytest.FixtureRequest) -> Study:
    request.getfixturevalue(request.param)
    return factories.launched_study(blocks=[RATING])


@pytest.fixture
def server(study: Study) -> Iterator[WebServer]:
    with _served() as running:
        yield running


@contextmanager
def _served(**options: Any) -> Iterator[WebServer]:
    with tempfile.TemporaryDirectory(prefix="studyweb-web-") as folder:
        running = WebServer(Path(folder), **options)
        try:
            yield running
        finally:
            running.close()


@pytest.fixture
def postgres(django_db_blocker: DjangoDbBlocker) -> Iterator[Any]:
    """A server of the test's own, which others do not miss while it is stopped."""
    with wheel_server() as running, as_default(settings_of(running), django_db_blocker):
        yield running


def test_a_process_killed_between_commit_and_answer_has_recorded_once_what_is_then_sent_again(
    server: WebServer, study: Study
) -> None:
    with httpx.Client(base_url=server.url, timeout=60, follow_redirects=True) as client:
        page = _first_article(client, study)
        typed = RATINGS | {"csrfmiddlewaretoken": _token(page)}
        with ThreadPoolExecutor(1) as pool:
            held = pool.submit(client.post, page.url, data=typed, headers={HOLD: "1"})
            wait_for(lambda: _answers() == RATINGS, within=30, what=server.log)
            assert not held.done()
            server.kill()
            with pytest.raises(httpx.TransportError):
                held.result(timeout=30)
        assert _answers() == RATINGS
        server.start()
        again = client.post(page.url, data=typed)
        assert again.url.path.endswith("/reading-2/"), again.text[:500]
        assert client.get(f"/s/{study.key}/").url.path.endswith("/reading-2/")
        assert _answers() == RATINGS
        onward = client.post(again.url, data=typed | {"csrfmiddlewaretoken": _token(again)})
        assert onward.url.path.endswith("/debrief/")
    assert Participant.objects.get().outcome == "completed"
    assert Answer.objects.count() == 2 * len(RATINGS)
    assert LedgerEntry.objects.count() == 1


@pytest.mark.postgres
def test_a_database_that_is_restarted_under_load_loses_and_doubles_nothing_and_nobody_sees_an_error(
    postgres: Any,
) -> None:
    """Each of a few goes from the entry to the code again and again, as somebody new, while the database is stopped."""
    study = factories.launched_study(blocks=[RATING, AFTER])
    people: list[visitors.Participant] = []
    numbers, enough = count(1), threading.Event()

    def come_one_after_the_other(url: str) -> None:
        while not enough.is_set():
            person = visitors.Participant(url, study.key, next(numbers))
            people.append(person)
            person.walk()
            person.close()

    def completed() -> int:
        return sum(bool(person.code) for person in people)

    def wait_for_more(log: Callable[[], str]) -> None:
        wanted = completed() + AT_ONCE
        wait_for(lambda: completed() >= wanted, within=120, what=log)

    with _served() as web, ThreadPoolExecutor(AT_ONCE) as pool:
        walks = [pool.submit(come_one_after_the_other, web.url) for _ in range(AT_ONCE)]
        try:
            for _ in range(2):
                wait_for_more(web.log)
                with stopped_at_once(postgres):
                    time.sleep(1)
                    standing = completed()
                    time.sleep(1)
                    assert completed() == standing
            wait_for_more(web.log)
        finally:
            enough.set()
        for walk in walks:
            walk.result(timeout=120)
    connection.close()
    assert {person.interruptions for person in people} == {0}
    nothing_lost_or_doubled(study, people)


@pytest.mark.postgres
def test_a_database_that_stays_away_is_told_in_a_friendly_way_and_the_page_holds_what_is_then_sent_again(
    postgres: Any,
) -> None:
    study = factories.launched_study(blocks=[RATING, AFTER])
    words = 'An hour\'s work, "quoted" <b>and</b> 🦉'
    with _served(patience=1) as web, httpx.Client(base_url=web.url, timeout=60, follow_redirects=True) as client:
        page = _first_article(client, study)
        for _ in range(2):
            page = client.post(page.url, data=RATINGS | {"csrfmiddlewaretoken": _token(page)})
        assert page.url.path.endswith("/after-1/")
        connection.close()
        with stopped_at_once(postgres):
            away = client.post(page.url, data={"comment": words, "csrfmiddlewaretoken": _token(page)})
            assert away.status_code == httpx.codes.SERVICE_UNAVAILABLE
            assert "Nothing is lost: what you entered is kept on this page." in " ".join(away.text.split())
            still = client.get(page.url)
            assert still.status_code == httpx.codes.SERVICE_UNAVAILABLE
        form = next(form for form in read_page(away.text).forms if form.method == "post")
        kept = {name: field.given for name, field in form.fields.items()}
        assert kept["comment"] == [words]
        onward = client.post(away.url, data=kept)
        assert onward.url.path.endswith("/debrief/"), (onward.url, onward.text[:500])
    assert Answer.objects.get(item="comment").value == words
    assert Answer.objects.count() == 2 * len(RATINGS) + 1


def _first_article(client: httpx.Client, study: Study) -> httpx.Response:
    page = client.get(f"/s/{study.key}/")
    page = client.post(page.url, data={"answer": "agree", "csrfmiddlewaretoken": _token(page)})
    assert page.url.path.endswith("/reading-1/"), page.text[:500]
    return page


def _token(page: httpx.Response) -> str:
    found = TOKEN.search(page.text)
    assert found is not None, page.text[:500]
    return found[1]


def _answers() -> dict[str, str]:
    return dict(Answer.objects.filter(step="reading-1").values_list("item", "value"))
