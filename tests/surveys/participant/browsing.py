"""A participant's pages in a real browser: what tests of them do on every page."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

PHONE = {"width": 320, "height": 640}


@contextmanager
def browsing(chromium: Browser, live_server: LiveServer, **options: object) -> Iterator[Page]:
    """A page in a browser of its own, which knows nobody yet."""
    context = chromium.new_context(base_url=live_server.url, **options)  # type: ignore[arg-type]  # checked by it
    context.set_default_timeout(15_000)
    page = context.new_page()
    yield page
    context.close()


def agree(page: Page) -> None:
    """Consent, and wait until all of the first page is there, its scripts too."""
    page.get_by_role("button", name="I agree").click()
    page.wait_for_url(re.compile("^(?!.*/consent/)"))


def fill(page: Page) -> None:
    """Give each question of the page its first answer, as a person does: by clicking labels and typing."""
    for group in page.locator("fieldset.question").all():
        group.locator("label.choice").first.click()
    for box in page.locator(".question > input[type=text]").all():
        box.fill("20" if box.get_attribute("inputmode") else "Some words")


def go_on(page: Page) -> None:
    """Press the button that sends the page."""
    page.get_by_role("button", name="Continue").click()
