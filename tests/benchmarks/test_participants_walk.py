"""The benchmark's reader, on studyweb's real pages with the benchmark's own study."""

from collections import Counter

import httpx
import pytest
from django.core.wsgi import get_wsgi_application

from benchmarks._participants_study import live_study
from benchmarks._participants_walk import ARTICLES, RATINGS, SUBMITS, ScriptedWalk, Walk, WalkError, answers
from surveys.models import Answer, Draft, PageView, Participant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def walk() -> Walk:
    """A reader who has opened the entry link of the benchmark's study."""
    transport = httpx.WSGITransport(app=get_wsgi_application())
    client = httpx.Client(transport=transport, base_url="http://localhost", follow_redirects=True)
    reader = Walk(client, f"/s/{live_study()}/", "reader 1", {"answer": "agree"})
    reader.enter()
    return reader


def test_every_page_is_submitted_once_and_what_is_counted_as_given_is_what_is_recorded(walk: Walk) -> None:
    seconds = walk.submit_all()
    assert len(seconds) == SUBMITS
    assert walk.given == [answers("reader 1", position) for position in range(ARTICLES)]
    recorded = Answer.objects.order_by("step").values_list("step", "item", "value")
    sent = [
        (f"reading-{n + 1}", key, value) for n, page in enumerate(walk.given) for key, value in page._asdict().items()
    ]
    assert sorted(recorded) == sorted(sent)
    assert Participant.objects.get().stage == "debrief"


def test_a_reader_with_scripts_saves_drafts_and_reports_on_each_page_besides(walk: Walk) -> None:
    scripted = ScriptedWalk(walk.client, walk.entry, "reader 2", walk.consent)
    scripted.enter()
    seen: list[str] = []
    walk.client.event_hooks["response"] = [lambda response: seen.append(f"{response.url.path} {response.status_code}")]
    assert len(scripted.submit_all()) == SUBMITS
    kinds = Counter(line.rpartition("/")[0].rpartition("/")[2] + line.rpartition("/")[2] for line in seen)
    assert kinds["draft 204"] == ARTICLES * len((*RATINGS, "comment"))
    assert kinds["paradata 204"] == scripted.reports == ARTICLES
    assert scripted.dropped == 0
    assert Answer.objects.count() == ARTICLES * len((*RATINGS, "comment"))
    assert PageView.objects.count() == ARTICLES
    assert not Draft.objects.exists()


def test_a_refused_form_ends_the_run(walk: Walk) -> None:
    walk.submit({"answer": "agree"})
    with pytest.raises(WalkError, match="answered 422 and did not redirect"):
        walk.submit(answers("reader 1", 0)._replace(clear="no such code")._asdict())
    assert not Answer.objects.exists()


def test_a_way_that_is_elsewhere_than_at_an_article_ends_the_run(walk: Walk) -> None:
    walk.submit({"answer": "agree"})
    for position in range(ARTICLES):
        walk.submit(answers("reader 1", position)._asdict())
    with pytest.raises(WalkError, match="does not ask for"):
        walk.submit_all()


def test_a_page_that_is_not_there_ends_the_run(walk: Walk) -> None:
    walk.entry = "/s/no-such-study/"
    with pytest.raises(WalkError, match="answered 404"):
        walk.enter()
