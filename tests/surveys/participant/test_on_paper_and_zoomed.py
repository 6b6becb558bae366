"""Participants' pages at 200%, on paper, and without motion: all is there, and paper has nothing that is pressed."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from surveys.models import Study
from tests import factories
from tests.browser import sideways
from tests.surveys.participant.browsing import agree
from tests.surveys.participant.kinds import HIGHLIGHT, KINDS
from tests.surveys.participant.person import RATING, block

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
# The smallest that WCAG 2.2 lets a control be that is pressed, in pixels.
TARGET = 24
EVERY = [item for kind, items in KINDS.items() if kind != "rule" for item in items]


@contextmanager
def _page(chromium: Browser, live_server: LiveServer, **options: object) -> Iterator[Page]:
    context = chromium.new_context(base_url=live_server.url, **options)  # type: ignore[arg-type]  # checked by it
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()


def _pages(page: Page, study: Study) -> Iterator[str]:
    """The pages from the consent to the end, then leaving and withdrawing; the name of each."""
    page.goto(f"/s/{study.key}/")
    yield "consent"
    agree(page)
    while "debrief" not in page.url:
        name = page.url.rstrip("/").rpartition("/")[2]
        yield name
        if name == "reading-1":
            for other in ("leave", "withdraw"):
                page.goto(f"/s/{study.key}/{other}/")
                yield other
            page.goto(f"/s/{study.key}/{name}/")
            page.get_by_role("button", name="Continue").click()
            expect(page.locator(".error-summary")).to_be_focused()
            yield f"{name} with errors"
        for group in page.locator("fieldset.question").all():
            group.locator("label.choice").first.click()
        page.get_by_role("button", name="Continue").click()
        page.wait_for_url(re.compile(rf"^(?!.*/{name}/).*$"))
    yield "debrief"
    page.get_by_role("button", name="I have read this").click()
    yield "end"


def _with_letters_twice_as_large(page: Page, name: str) -> None:
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert sideways(page) == 0, name
    for control in page.locator("main .choice, main .button, main input:not([type=hidden]):not(.choice input)").all():
        box = control.bounding_box()
        if box is not None and control.is_visible():
            assert min(box["width"], box["height"]) >= TARGET, (name, control.inner_html())
            assert box["x"] >= 0, name
            assert box["x"] + box["width"] <= 640, name


def test_at_two_hundred_percent_nothing_is_scrolled_sideways_and_targets_stay_large(
    chromium: Browser, live_server: LiveServer
) -> None:
    """A window of 640 pixels whose letters are twice as large, as browsers that zoom text alone make it."""
    study = factories.launched_study()
    names = []
    with _page(chromium, live_server, viewport={"width": 640, "height": 800}) as page:
        for name in _pages(page, study):
            names.append(name)
            _with_letters_twice_as_large(page, name)
    assert names[-2:] == ["debrief", "end"]


def test_at_two_hundred_percent_every_kind_of_question_is_whole(chromium: Browser, live_server: LiveServer) -> None:
    study = factories.launched_study(blocks=[block("every", "reading", *EVERY, HIGHLIGHT), RATING])
    with _page(chromium, live_server, viewport={"width": 640, "height": 800}) as page:
        page.goto(f"/s/{study.key}/")
        page.get_by_role("button", name="I agree").click()
        page.wait_for_url("**/reading-1/")
        _with_letters_twice_as_large(page, "every kind")


def test_on_paper_stand_the_words_without_what_can_only_be_pressed(chromium: Browser, live_server: LiveServer) -> None:
    study = factories.launched_study()
    with _page(chromium, live_server, color_scheme="dark") as page:
        for name in _pages(page, study):
            page.emulate_media(media="print")
            words = page.locator("body").inner_text()
            assert "Invented Ethics Board" in words, name
            for button in page.locator("button, .leave-link, .skip-link, progress").all():
                expect(button, name).to_be_hidden()
            style = page.evaluate(
                "(({backgroundColor, color}) => [backgroundColor, color])(getComputedStyle(document.body))"
            )
            assert style == ["rgba(0, 0, 0, 0)", "rgb(29, 28, 26)"], "dark colours would be printed on white paper"
            if name == "consent":
                assert "You can leave at any time." in words
            if name == "debrief":
                assert (
                    words.count("A computer program wrote this text.") + words.count("A person wrote this text.") == 2
                )
            if name == "end":
                expect(page.locator(".code")).to_be_visible()
            page.emulate_media(media="screen")


def test_where_motion_is_not_wanted_nothing_moves(chromium: Browser, live_server: LiveServer) -> None:
    study = factories.launched_study()
    moving = """() => [...document.querySelectorAll('*')].filter(element => {
      const {transitionDuration, animationName, scrollBehavior} = getComputedStyle(element)
      return transitionDuration !== '0s' || animationName !== 'none' || scrollBehavior !== 'auto'
    }).map(element => element.outerHTML.slice(0, 80))"""
    found = {}
    with _page(chromium, live_server, reduced_motion="reduce") as page:
        for name in _pages(page, study):
            found[name] = page.evaluate(moving)
    assert {name: elements for name, elements in found.items() if elements} == {}
