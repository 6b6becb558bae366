"""How browsers report on pages: the address over HTTP, and what a real browser measures."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

import pytest
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from surveys import paradata
from surveys.models import Answer, PageView, Study
from tests import factories
from tests.surveys.participant.person import WHOLE, Person
from tests.surveys.test_paradata import posted


@pytest.fixture
def person(db: None) -> Person:
    return Person(factories.launched_study()).walk_to("reading-1")


def _report(person: Person, data: dict[str, str] | None = None) -> int:
    return int(person.client.post(f"{person.base}paradata/", data if data is not None else posted()).status_code)


def test_a_report_is_kept_and_the_same_one_again_changes_nothing(person: Person) -> None:
    assert [_report(person), _report(person)] == [204, 204]
    assert PageView.objects.get().participant == person.row


def test_a_wrong_report_is_named_and_nothing_of_it_is_kept(person: Person) -> None:
    response = person.client.post(f"{person.base}paradata/", posted(visible_ms="-5"))
    assert response.status_code == 400
    assert response.content.decode().startswith("visible_ms: ")
    assert _report(person, {}) == 400
    assert _report(person, posted() | {"more": "x" * 9000}) == 413
    assert person.client.get(f"{person.base}paradata/").status_code == 405
    assert not PageView.objects.exists()


def test_a_stranger_is_told_nothing(person: Person) -> None:
    stranger = Person(person.study, enter=False)
    assert _report(stranger) == 204
    assert not PageView.objects.exists()


def test_another_site_cannot_report(db: None) -> None:
    person = Person(factories.launched_study(), enforce_csrf_checks=True)
    assert _report(person) in {303, 403}
    assert not PageView.objects.exists()


def test_a_report_too_many_says_so(person: Person) -> None:
    for _ in range(paradata.AT_ONCE):
        assert paradata._writing.acquire(blocking=False)
    try:
        assert _report(person) == 503
    finally:
        for _ in range(paradata.AT_ONCE):
            paradata._writing.release()
    assert _report(person) == 204


@contextmanager
def _page(chromium: Browser, live_server: LiveServer, study: Study, **options: object) -> Iterator[Page]:
    context = chromium.new_context(base_url=live_server.url, **options)  # type: ignore[arg-type]  # checked by it
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.goto(f"/s/{study.key}/")
    page.get_by_role("button", name="I agree").click()
    page.wait_for_url("**/before-1/")
    yield page
    context.close()


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline, "it did not happen within 10 seconds"
        time.sleep(0.05)


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_browser_measures_how_a_page_is_taken_and_sends_no_word_of_it(
    chromium: Browser, live_server: LiveServer
) -> None:
    study = factories.launched_study(blocks=WHOLE)
    sent: list[str] = []
    with _page(
        chromium, live_server, study, has_touch=True, viewport={"width": 320, "height": 640}, is_mobile=True
    ) as page:
        page.on("request", lambda asked: sent.append(asked.post_data or "") if "paradata" in asked.url else None)
        page.get_by_label("Answer yes").tap()
        words = page.locator("#q-words")
        words.fill("Secret words")
        words.select_text()
        page.keyboard.press("Control+c")
        page.locator("#q-word").focus()
        page.keyboard.press("Control+v")
        _until(lambda: page.locator("#q-word").input_value() == "Secret words")
        page.get_by_label("Answer low").tap()
        page.get_by_label("The question age?").fill("20")
        page.get_by_role("button", name="Continue").tap()
        page.wait_for_url("**/reading-1/")
        _until(lambda: PageView.objects.filter(step="before-1").exists())
    view = PageView.objects.get(step="before-1")
    assert (view.pastes, view.pasted_characters) == (1, len("Secret words"))
    assert view.device == "phone"
    assert (view.viewport_width, view.viewport_height) == (320, 640)
    assert set(view.input_methods.split()) == {"touch", "keyboard"}
    assert view.first_interaction_ms is not None
    assert view.submitted_ms is not None
    assert view.first_interaction_ms <= view.submitted_ms
    assert view.visible_ms > 0
    assert view.times_away == 0
    assert view.scroll_percent == 100
    assert sent
    assert not [batch for batch in sent if "Secret" in batch or "words" in batch]


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_going_away_and_coming_back_is_counted(chromium: Browser, live_server: LiveServer) -> None:
    study = factories.launched_study()
    with _page(chromium, live_server, study) as page:
        # A browser without a window never hides a page by itself.
        page.evaluate(
            """() => {
              let state = "visible";
              Object.defineProperty(document, "visibilityState", { get: () => state });
              window.turn = (to) => { state = to; document.dispatchEvent(new Event("visibilitychange")); };
            }"""
        )
        page.evaluate("turn('hidden')")
        _until(lambda: PageView.objects.filter(times_away=0).exists())
        page.wait_for_timeout(400)
        page.evaluate("turn('visible')")
        page.wait_for_timeout(100)
        page.evaluate("turn('hidden')")
        _until(lambda: PageView.objects.filter(times_away=1).exists())
    view = PageView.objects.get()
    assert view.sequence == 2, "a page that is hidden and then closed reports once"
    assert 350 <= view.away_ms == view.longest_away_ms < 10_000


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_page_that_stays_in_sight_reports_now_and_then(chromium: Browser, live_server: LiveServer) -> None:
    study = factories.launched_study()
    with _page(chromium, live_server, study) as page:
        page.clock.install()
        page.reload()
        for number, seconds in enumerate((31, 61), start=1):
            page.clock.fast_forward(1000 * seconds)
            _until(lambda: PageView.objects.filter(sequence=number, visible_ms__gte=30_000 * number).exists())  # noqa: B023  # it is asked at once
        page.clock.fast_forward(40_000)
        page.goto("about:blank")
        _until(lambda: PageView.objects.filter(sequence=3, visible_ms__gte=130_000).exists())


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_an_answer_is_taken_where_reports_are_dropped(
    chromium: Browser, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = factories.launched_study()
    monkeypatch.setattr(paradata, "_writing", BoundedSemaphore(1))
    paradata._writing.acquire()
    with _page(chromium, live_server, study) as page:
        page.get_by_label("Daily").check()
        page.get_by_role("button", name="Continue").click()
        page.wait_for_url("**/reading-1/")
    assert Answer.objects.count() == 1
    assert not PageView.objects.exists()
