"""The last page in a real browser: it leads back by itself, unless somebody stops it, and never twice."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

import pytest
from django.test import RequestFactory
from playwright.sync_api import Browser, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from surveys import access_keys, lifecycle
from surveys.models import Study
from surveys.participant import patience
from surveys.participant.patience import patient
from tests import factories
from tests.browser import sideways, violations
from tests.surveys.participant.person import RATING, Person
from tests.surveys.participant.test_endings import WAYS, study_with_codes
from tests.surveys.participant.test_languages import spoken
from tests.surveys.participant.test_patience import Away

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


@contextmanager
def _narrow(chromium: Browser, live_server: LiveServer, scheme: Literal["light", "dark"]) -> Iterator[Page]:
    """A page of a small phone, which leads nowhere by itself."""
    context = chromium.new_context(
        base_url=live_server.url,
        viewport={"width": 320, "height": 640},
        color_scheme=scheme,
        reduced_motion="reduce",
    )
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()


def _problems(page: Page) -> list[str]:
    return [*violations(page), *([f"{sideways(page)} px too wide"] if sideways(page) else [])]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_where_people_are_turned_away_choose_a_language_or_read_no_headline(
    chromium: Browser, live_server: LiveServer, scheme: Literal["light", "dark"]
) -> None:
    ready, paused, several = factories.ready_study(), factories.launched_study(), spoken("en", "de", "ar")
    plain = factories.launched_study(blocks=[RATING], headlines=False)
    lifecycle.pause(paused, paused.created_by)
    found: dict[str, list[str]] = {}
    addresses = {
        "not open": f"/s/{ready.key}/",
        "paused": f"/s/{paused.key}/",
        "no page": "/nothing/here/",
        "no study": "/s/nothing/",
        "no person": "/r/nobody/",
        "consent in several languages": f"/s/{several.key}/",
    }
    with _narrow(chromium, live_server, scheme) as page:
        for name, address in addresses.items():
            page.goto(address)
            found[name] = _problems(page)
        with page.expect_navigation():
            page.get_by_role("button", name="العربية").click()
        for name in ("consent from the right", "questions from the right", "errors from the right"):
            expect(page.locator("html")).to_have_attribute("dir", "rtl")
            found[name] = _problems(page)
            with page.expect_navigation():
                page.locator("form button.button-primary").click()
        page.goto(f"/s/{plain.key}/")
        page.get_by_role("button", name="I agree and take part").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Article")
        found["an article without a headline"] = _problems(page)
    assert {name: problems for name, problems in found.items() if problems} == {}


def test_axe_finds_nothing_at_keys_shared_computers_outages_and_the_rarer_endings(
    chromium: Browser, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: dict[str, list[str]] = {}
    with _narrow(chromium, live_server, "light") as page:

        def look(heading: str) -> None:
            expect(page.get_by_role("heading", level=1)).to_have_text(heading)
            found[heading] = [*found.get(heading, []), *_problems(page)]

        for heading, person in _ended().items():
            page.goto(f"/r/{person.token}/")
            look(heading)
        _at_a_shared_computer(page, look)
        monkeypatch.setattr(patience, "SECONDS", -1)
        page.route("**/next/", _without_a_database)
        page.get_by_role("button", name="Next person").click()
        expect(page.get_by_role("button", name="Send again")).to_be_visible()
        look("One moment, please")
        page.goto(page.url)
        expect(page.get_by_role("link", name="Try again")).to_be_visible()
        look("One moment, please")
    assert {heading: problems for heading, problems in found.items() if problems} == {}


def _at_a_shared_computer(page: Page, look: Callable[[str], None]) -> None:
    """Type a wrong key, a used one and a new one, come back in the middle, and clear the computer."""
    study = factories.launched_study()
    study.recruitment = {"panel": "keys", "shared_computer": True}
    study.save()
    used, new = access_keys.make(study, 2, by=study.created_by)
    before = Person(study, enter=False)
    before.client.post(f"{before.base}key/", {"key": used})
    before.walk_to("end")
    page.goto(before.base)
    look("Type your key")

    def send(key: str) -> None:
        page.get_by_label("Key", exact=True).fill(key)
        page.get_by_role("button", name="Go on").click()

    send("wrong")
    expect(page.get_by_role("alert")).to_be_visible()
    look("Type your key")
    send(used)
    look("This key has been used")
    page.get_by_role("link", name="Type another key").click()
    send(new)
    page.wait_for_url("**/consent/")
    page.goto(before.base)
    look("Is it still you?")
    page.goto(f"{before.base}next/")
    look("Clear this computer for the next person")


def _ended() -> dict[str, Person]:
    """Somebody at each of the endings to which few people come, by the heading of its page."""
    found = {}
    for outcome in ("returned", "timed-out", "withdrawn"):
        end, heading = WAYS[outcome]
        found[heading] = end(study_with_codes())
    failed = Person(study_with_codes(failed_checks=1), entry="?PROLIFIC_PID=checks").walk_to("before-1")
    failed.answer(**{"check-one": "never"})
    full = factories.ready_study()
    full.arms.update(target=1)
    lifecycle.freeze(full, full.created_by)
    lifecycle.launch(full, full.created_by)
    entry = "?PROLIFIC_PID=one&SESSION_ID=two"
    for number, _ in enumerate(full.arms.all()):
        Person(full, entry=entry if number == 0 else "").walk_to("reading-1")
    late = Person(full).walk_to("end")
    settings = {"panel": "prolific", "codes": {"took-part-before": "BEFORE"}, "keep_out": [full.key]}
    again = factories.launched_study()
    again.recruitment = settings
    again.save()
    return found | {
        "Your part ends here": failed,
        "All places are taken": late,
        "You have taken part before": Person(again, entry=entry),
    }


def _without_a_database(route: Route) -> None:
    """The page that is there when the database is not."""
    sent = route.request.post_data or ""
    asked = RequestFactory().generic(route.request.method, "/", sent, "application/x-www-form-urlencoded")
    response = patient(Away(1))(asked)
    route.fulfill(status=response.status_code, content_type="text/html", body=response.content)
