"""The workbench in a real browser: accessible, within a phone's width, and whole without JavaScript."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from surveys.drafting import definition_of
from surveys.models import Participant, Researcher, Study
from surveys.team import add_person
from surveys.workbench.forms.question_pages import NAMES
from tests.browser import sideways, violations
from tests.factories import PASSWORD, ResearcherFactory, StudyFactory, ready_study
from tests.surveys.workbench.peopled import STATUSES, full_draft, peopled_study

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WIDTHS = [(320, "light"), (1280, "dark")]
DRAFT_PAGES = [
    "",
    "texts/",
    "design/",
    "design/beside/",
    "design/check/",
    "questions/",
    "questions/+/new/",
    *(f"questions/+/new/{kind}/" for kind in NAMES),
    "questions/+/item/which/",
    "questions/+/item/row-1/",
    "questions/+/item/one/remove/",
    "questions/every-kind/page/",
    "questions/every-kind/scoring/",
    "questions/marks/scoring/",
    "questions/every-kind/preview/",
    "questions/marks/preview/",
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
LIVE_PAGES = [
    "",
    "texts/",
    "monitor/",
    "quality/",
    "amendments/",
    "recruitment/",
    "recruitment/statuses/",
    "recruitment/keys/",
    "recruitment/payments/",
    "preview/",
    "close/",
]


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


def _faults(page: Page, address: str, width: int, scheme: str, *, axe: bool = True) -> list[str]:
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    told: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            told.append(f"{address}: the console says {message.text}")

    page.on("console", hear)
    answer = page.goto(address)
    page.remove_listener("console", hear)
    faults = told
    faults += [] if answer is not None and answer.ok else [f"{address}: does not open"]
    if sideways(page) > 0:
        faults.append(f"{address}: wider than {width} px")
    if not axe:
        return faults
    return faults + [f"{address}: {each}" for each in violations(page)]


@pytest.mark.parametrize(("width", "scheme", "language"), [*((*each, "en") for each in WIDTHS), (320, "light", "de")])
def test_every_page_is_accessible_and_within_the_screen(
    context: BrowserContext, live_server: LiveServer, researcher: Researcher, width: int, scheme: str, language: str
) -> None:
    """Within the screen in German too, whose words are the longest."""
    context.add_cookies([{"name": settings.LANGUAGE_COOKIE_NAME, "value": language, "url": live_server.url}])
    draft, live = full_draft(researcher), peopled_study(researcher)
    add_person(draft, "colleague@example.org", "curator", by=researcher)
    addresses = ["/", "/studies/new/", "/account/password/"]
    addresses += [f"/studies/{draft.key}/{page}" for page in DRAFT_PAGES]
    addresses += [f"/studies/{live.key}/{page}" for page in LIVE_PAGES]
    page = context.new_page()

    axe = language == "en"
    assert [fault for each in addresses for fault in _faults(page, each, width, scheme, axe=axe)] == []


@pytest.mark.parametrize(("width", "scheme"), WIDTHS)
def test_the_pages_before_the_sign_in_and_the_empty_ones_are_too(
    browser: Browser, context: BrowserContext, live_server: LiveServer, researcher: Researcher, width: int, scheme: str
) -> None:
    study = StudyFactory(owner=researcher)
    inside = context.new_page()
    outside = browser.new_context(base_url=live_server.url)
    page = outside.new_page()
    faults = [fault for each in ("/sign-in/", "/sign-in/a-token/") for fault in _faults(page, each, width, scheme)]
    empty = ("", "questions/", "arms/", "articles/", "monitor/", "quality/", "amendments/", "design/check/", "freeze/")
    for each in (*empty, "recruitment/keys/", "recruitment/payments/"):
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
        # No text names its model: the checklist would find it.
        f"Invented story {n},Headline {n}{letter},Invented text {n}{letter}.,{arm.origin},{arm.key}"
        for n in (1, 2)
        for letter, arm in zip("abcd", study.arms.all(), strict=True)
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


def test_a_question_is_written_by_keyboard_alone(context: BrowserContext, researcher: Researcher) -> None:
    study = ready_study(owner=researcher)
    page = context.new_page()
    page.goto(f"/studies/{study.key}/questions/")
    _tab_to(page, page.get_by_role("link", name="New question"))
    page.keyboard.press("Enter")
    _tab_to(page, page.get_by_role("link", name="Single choice"))
    page.keyboard.press("Enter")
    _tab_to(page, page.get_by_label("Question", exact=True))
    page.keyboard.type("Where do you read the news?")
    for row, words in ((1, "On paper"), (2, "On a screen")):
        _tab_to(page, page.get_by_label(f"Words, row {row}"))
        page.keyboard.type(words)
    _tab_to(page, page.get_by_label("Key", exact=False).first)
    page.keyboard.type("where-read")
    _tab_to(page, page.get_by_role("button", name="Save the question"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("The question is added.")).to_be_visible()
    study.refresh_from_db()
    written = {item.key: item for block in definition_of(study).blocks for item in block.items}["where-read"]
    assert [option.label["en"] for option in written.options] == ["On paper", "On a screen"]


def test_a_panels_list_is_imported_by_keyboard_alone(
    context: BrowserContext, researcher: Researcher, tmp_path: Path
) -> None:
    study = peopled_study(researcher)
    file = tmp_path / "prolific.csv"
    file.write_text(STATUSES)
    page = context.new_page()
    page.goto(f"/studies/{study.key}/recruitment/statuses/")
    # What Enter opens here is the system's own window, which a browser without a screen does not always show.
    _tab_to(page, page.get_by_label("List of submissions"))
    page.get_by_label("List of submissions").set_input_files(file)
    _tab_to(page, page.get_by_role("button", name="See what it would do"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="1 place would be free again")).to_be_visible()
    _tab_to(page, page.get_by_role("button", name="Free the places"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 place is free again.")).to_be_visible()
    assert Participant.objects.filter(study=study, outcome="returned").count() == 1


def test_the_panels_settings_show_what_the_chosen_panel_knows_and_whatever_is_wrong(
    context: BrowserContext, researcher: Researcher
) -> None:
    page = context.new_page()
    page.goto(f"/studies/{StudyFactory(owner=researcher).key}/recruitment/")
    host, project, submission = (page.locator(f"[name={name}]") for name in ("host", "project", "submission"))
    for panel, seen in {
        "plain": (False, False, False),
        "sona": (True, False, True),
        "connect": (False, True, True),
        "prolific": (False, False, True),
    }.items():
        page.locator(f"[name=panel][value={panel}]").check()
        assert tuple(field.is_visible() for field in (host, project, submission)) == seen, panel
    page.locator("[name=panel][value=sona]").check()
    host.fill("https://not.a.host")
    page.locator("[name=panel][value=plain]").check()
    page.locator("main button[type=submit]").last.click()
    expect(page.locator("[name=panel][value=plain]")).to_be_checked()
    expect(host).to_be_visible()
    expect(project).to_be_hidden()


def _tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until this is focused, as somebody without a mouse does; fails where it cannot be reached."""
    for _ in range(150):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not lead to {wanted}")


def _sign_in_and_make_a_study(page: Page) -> None:
    page.goto("/studies/new/")
    page.get_by_label("E-mail address").fill("mira@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_label("Working name").fill("Made by keyboard")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Before freezing")).to_be_visible()
