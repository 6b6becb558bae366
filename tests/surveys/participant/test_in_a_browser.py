"""The way through a study in a real browser: with and without JavaScript, on a narrow phone."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from surveys import lifecycle
from surveys.models import Answer, Participant, Study
from tests import factories
from tests.browser import sideways
from tests.surveys.participant.browsing import PHONE, agree, browsing, fill, go_on
from tests.surveys.participant.person import RATING, WHOLE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LONG_WORD = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen" * 2


def _walk(page: Page, study: Study) -> Iterator[str]:
    """From the entry link to the code, and on each page's way the pages of its errors; the name of each page."""
    page.goto(f"/s/{study.key}/?PROLIFIC_PID=5f3a&SESSION_ID=77cc")
    yield "consent"
    agree(page)
    while "debrief" not in page.url:
        name = page.url.rstrip("/").rpartition("/")[2]
        yield name
        if page.locator("fieldset").count():
            go_on(page)
            expect(page.locator(".error-summary")).to_be_focused()
            yield f"{name} with errors"
        fill(page)
        go_on(page)
        page.wait_for_url(re.compile(rf"^(?!.*/{name}/).*$"))
    yield "debrief"
    page.get_by_role("button", name="I have read this").click()
    yield "end"


@pytest.mark.parametrize("has_javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_the_whole_way_works_on_a_narrow_phone(
    chromium: Browser, live_server: LiveServer, study: Study, has_javascript: bool
) -> None:
    names = []
    with browsing(chromium, live_server, viewport=PHONE, java_script_enabled=has_javascript) as page:
        for name in _walk(page, study):
            names.append(name)
            assert sideways(page) == 0, name
        person = Participant.objects.get()
        expect(page.locator(".code")).to_have_text(person.completion_code)
    assert person.outcome == "completed"
    assert names[1:4] == ["before-1", "before-1 with errors", "reading-1"]
    assert Answer.objects.count() == 6 + 2 * 3 + 2 + 1


def test_a_text_with_endless_words_does_not_widen_the_page(chromium: Browser, live_server: LiveServer) -> None:
    wording = factories.definition()["wording"] | {
        "title": {"en": LONG_WORD},
        "consent": {"en": LONG_WORD},
        "reading_intro": {"en": LONG_WORD},
    }
    study = factories.ready_study(blocks=WHOLE, wording=wording)
    study.articles.update(headline=LONG_WORD, text=f"{LONG_WORD}\n\n{LONG_WORD}.")
    owner = study.memberships.get().researcher
    lifecycle.freeze(study, owner)
    lifecycle.launch(study, owner)
    with browsing(chromium, live_server, viewport=PHONE) as page:
        for name in _walk(page, study):
            assert sideways(page) == 0, name


def test_a_double_click_and_the_back_button_lose_and_double_nothing(
    chromium: Browser, live_server: LiveServer, study: Study
) -> None:
    with browsing(chromium, live_server) as page:
        page.goto(f"/s/{study.key}/")
        agree(page)
        fill(page)
        page.get_by_role("button", name="Continue").dblclick()
        page.wait_for_url("**/reading-1/")
        page.go_back()
        page.wait_for_url("**/reading-1/")
        page.reload()
        expect(page.locator("article.article")).to_be_visible()
    assert Answer.objects.count() == 6


def test_the_code_can_be_copied_by_one_button(chromium: Browser, live_server: LiveServer) -> None:
    study = factories.launched_study(blocks=[RATING])
    with browsing(chromium, live_server, permissions=["clipboard-read", "clipboard-write"]) as page:
        for _ in _walk(page, study):
            pass
        page.get_by_role("button", name="Copy the code").click()
        expect(page.get_by_role("status")).to_have_text("Copied")
        copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == Participant.objects.get().completion_code


def test_no_page_breaks_its_own_content_security_policy(
    chromium: Browser, live_server: LiveServer, study: Study, settings: Settings
) -> None:
    complaints: list[str] = []
    with browsing(chromium, live_server) as page:
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        for _ in _walk(page, study):
            pass
    # A page that asks again is a 422 on purpose, and Chromium says so.
    assert [text for text in complaints if "status of 422" not in text] == []
