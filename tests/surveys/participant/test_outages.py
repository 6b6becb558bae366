"""A web process that dies between the commit and the answer: nothing is lost and nothing is doubled."""

import re
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from surveys.models import Answer, LedgerEntry, Participant, Study
from tests import factories
from tests.stack import wait_for
from tests.surveys.participant.held import HOLD
from tests.surveys.participant.person import RATING, RATINGS
from tests.surveys.participant.server import WebServer

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@pytest.fixture
def study(sqlite_file: None) -> Study:
    return factories.launched_study(blocks=[RATING])


@pytest.fixture
def server(study: Study) -> Iterator[WebServer]:
    with tempfile.TemporaryDirectory(prefix="studyweb-web-") as folder:
        running = WebServer(Path(folder))
        yield running
        running.close()


def test_a_process_killed_between_commit_and_answer_has_recorded_once_what_is_then_sent_again(
    server: WebServer, study: Study
) -> None:
    with httpx.Client(base_url=server.url, timeout=60, follow_redirects=True) as client:
        page = client.get(f"/s/{study.key}/")
        page = client.post(page.url, data={"answer": "agree", "csrfmiddlewaretoken": _token(page)})
        assert page.url.path.endswith("/reading-1/"), server.log()
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


def _token(page: httpx.Response) -> str:
    found = TOKEN.search(page.text)
    assert found is not None, page.text[:500]
    return found[1]


def _answers() -> dict[str, str]:
    return dict(Answer.objects.filter(step="reading-1").values_list("item", "value"))
