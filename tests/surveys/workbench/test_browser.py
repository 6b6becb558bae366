"""The workbench in a real browser: accessible, within a phone's width, and whole without JavaScript."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from surveys.models import Researcher, Study
from surveys.team import add_person
from tests.factories import PASSWORD, ResearcherFactory, StudyFactory, launched_study, ready_study

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WIDTHS = [(320, "light"), (1280, "dark")]
DRAFT_PAGES = [
    "",
    "texts/",
    "design/",
    "questions/",
    "arms/",
    "arms/synthetic/",
    "arms/synthetic/delete/",
    "articles/",
    "articles/invented-story-1-r/",
    "articles/+/new/",
    "articles/+/import/",
    "recruitment/",
    "preview/",
    "people/",
    "log/",
    "freeze/",
]
LIVE_PAGES = ["", "texts/", "monitor/", "preview/", "close/"]


@pytest.fixture
def researcher(transactional_db: None) -> Researcher:
    return ResearcherFactory(email="mira@example.org", password=PASSWORD)


@pytest.fixture
def context(browser: Browser, live_server: LiveServer, researcher: Researcher) -> Iterator[BrowserContext]:
    """A browser in which the researcher is signed in."""
    client = Client()
    client.force_login(researcher)
    context = browser.new_context(base_url=live_server.url)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
    yield context
    context.close()


def _faults(page: Page, address: str, width: int, scheme: str) -> list[str]:
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    answer = page.goto(address)
    faults = [] if answer is not None and answer.ok else [f"{address}: does not open"]
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        faults.append(f"{address}: wider than {width} px")
    found = Axe().run(page)
    return faults + [
        f"{address}: {each['id']} {each['nodes'][0]['html'][:120]}" for each in found.response["violations"]
    ]


@pytest.mark.parametrize(("width", "scheme"), WIDTHS)
def test_every_page_is_accessible_and_within_the_screen(
    context: BrowserContext, researcher: Researcher, width: int, scheme: str
) -> None:
    draft, live = ready_study(owner=researcher), launched_study(owner=researcher)
    add_person(draft, "colleague@example.org", "curator", by=researcher)
    addresses = ["/", "/studies/new/", "/account/password/"]
    addresses += [f"/studies/{draft.key}/{page}" for page in DRAFT_PAGES]
    addresses += [f"/studies/{live.key}/{page}" for page in LIVE_PAGES]
    page = context.new_page()

    assert [fault for address in addresses for fault in _faults(page, address, width, scheme)] == []


@pytest.mark.parametrize(("width", "scheme"), WIDTHS)
def test_the_pages_before_the_sign_in_and_the_empty_ones_are_too(
    browser: Browser, context: BrowserContext, live_server: LiveServer, researcher: Researcher, width: int, scheme: str
) -> None:
    study = StudyFactory(owner=researcher)
    inside = context.new_page()
    outside = browser.new_context(base_url=live_server.url)
    page = outside.new_page()
    faults = [fault for each in ("/sign-in/", "/sign-in/a-token/") for fault in _faults(page, each, width, scheme)]
    for each in ("", "questions/", "arms/", "articles/", "monitor/", "freeze/"):
        faults += _faults(inside, f"/studies/{study.key}/{each}", width, scheme)
    outside.close()

    assert faults == []


def test_a_study_is_made_filled_and_launched_without_javascript(
    browser: Browser, live_server: LiveServer, researcher: Researcher, tmp_path: Path
) -> None:
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    _sign_in_and_make_a_study(page)
    study = Study.objects.get()
    base = f"/studies/{study.key}/"

    page.goto(f"{base}texts/")
    page.get_by_label("Contact person").fill("The invented team")
    page.get_by_label("Contact e-mail").fill("team@example.org")
    page.get_by_label("Ethics board", exact=False).first.fill("Invented Ethics Board")
    page.get_by_role("button", name="Save the texts").click()
    expect(page.get_by_text("The texts are saved.")).to_be_visible()

    rows = [
        f"Invented story {n},Headline {n} {arm.key},Invented text {n} {arm.key}.,{arm.origin},{arm.key}"
        for n in (1, 2)
        for arm in study.arms.all()
    ]
    file = tmp_path / "articles.csv"
    file.write_text("\n".join(["story,headline,text,origin,arm", *rows]))
    page.goto(f"{base}articles/+/import/")
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_role("button", name="Check and import").click()
    expect(page.get_by_text("8 articles are imported.")).to_be_visible()

    page.goto(base)
    for step, button in (("Freeze the study", "Freeze it"), ("Launch the study", "Launch it")):
        page.get_by_role("link", name=step).click()
        page.get_by_role("button", name=button).click()
    expect(page.locator("#entry-link")).to_have_text(f"{live_server.url}/s/{study.key}/")
    context.close()


def _sign_in_and_make_a_study(page: Page) -> None:
    page.goto("/studies/new/")
    page.get_by_label("E-mail address").fill("mira@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_label("Working name").fill("Made by keyboard")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Before freezing")).to_be_visible()
