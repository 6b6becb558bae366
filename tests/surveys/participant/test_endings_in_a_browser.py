"""The last page in a real browser: it leads back by itself, unless somebody stops it, and never twice."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from surveys.models import Study
from tests import factories
from tests.browser import violations
from tests.surveys.participant.person import RATING

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PANEL = "https://app.prolific.com/submissions/complete?cc=DONE42"


@pytest.fixture
def study() -> Study:
    study = factories.launched_study(blocks=[RATING], design={"kind": "between", "per_person": 1})
    Study.objects.update(recruitment={"panel": "prolific", "codes": {"completed": "DONE42"}})
    return study


@contextmanager
def _at_the_end(
    chromium: Browser, live_server: LiveServer, study: Study, **options: object
) -> Iterator[tuple[Page, list[str]]]:
    """A page at the end of the study, with a clock that tests turn, and what the browser asked of the panel."""
    context = chromium.new_context(base_url=live_server.url, **options)  # type: ignore[arg-type]  # checked by it
    context.set_default_timeout(15_000)
    asked: list[str] = []

    def panel(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(body="Thank you.")

    context.route("https://app.prolific.com/**", panel)
    page = context.new_page()
    page.goto(f"/s/{study.key}/?PROLIFIC_PID=one&SESSION_ID=two")
    page.get_by_role("button", name="I agree").click()
    page.wait_for_url("**/reading-1/")
    for group in page.locator("fieldset.question").all():
        group.locator("label.choice").first.click()
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/debrief/")
    if options.get("java_script_enabled", True):
        page.clock.install()
    page.get_by_role("button", name="I have read this").click()
    page.wait_for_url("**/end/")
    yield page, asked
    context.close()


def test_after_a_while_the_page_leads_back_and_does_not_do_so_again(
    chromium: Browser, live_server: LiveServer, study: Study
) -> None:
    with _at_the_end(chromium, live_server, study) as (page, asked):
        expect(page.locator(".code")).to_have_text("DONE42")
        expect(page.locator(".return-notice")).to_contain_text("In 15 seconds this happens by itself.")
        page.clock.fast_forward(14_000)
        assert asked == []
        page.clock.fast_forward(2_000)
        page.wait_for_url(PANEL)
        page.goto(f"{live_server.url}/s/{study.key}/end/")
        expect(page.locator(".code")).to_be_visible()
        expect(page.locator(".return-notice")).to_be_hidden()
        page.clock.fast_forward(60_000)
    assert asked == [PANEL]


def test_whoever_wants_to_stay_stays(chromium: Browser, live_server: LiveServer, study: Study) -> None:
    with _at_the_end(chromium, live_server, study) as (page, asked):
        page.get_by_role("button", name="Stay on this page").click()
        expect(page.locator(".return-notice [role=status]")).to_have_text("You stay on this page.")
        page.clock.fast_forward(60_000)
        expect(page.get_by_role("link", name="Back to where you came from")).to_have_attribute("href", PANEL)
        assert violations(page) == []
    assert asked == []


@pytest.mark.parametrize("options", [{"reduced_motion": "reduce"}, {"java_script_enabled": False}])
def test_without_motion_or_without_scripts_there_is_the_link_alone(
    chromium: Browser, live_server: LiveServer, study: Study, options: dict[str, object]
) -> None:
    with _at_the_end(chromium, live_server, study, **options) as (page, asked):
        expect(page.locator(".return-notice")).to_be_hidden()
        assert asked == []
        page.get_by_role("link", name="Back to where you came from").click()
        page.wait_for_url(PANEL)
    assert asked == [PANEL]
