"""Photographs of every page that a journey comes to, and what each must pass when it is taken."""

import re
from pathlib import Path

from playwright.sync_api import ConsoleMessage, Page

from tests.browser import sideways
from tests.stack import PROJECT

FOLDER = PROJECT / "test-output" / "screenshots"
# What a page answers that says what is wrong with a form, and a sign-in link that was used: failures to the console.
EXPECTED = re.compile(r"status of 422|/sign-in/\S+ .* status of 403")


class Camera:
    """Takes pictures, numbered in their order. ``problems`` collects what the browsers complained of."""

    def __init__(self, folder: Path = FOLDER) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("*.png"):
            old.unlink()
        self._folder = folder
        self._taken = 0
        self.problems: list[str] = []

    def watch(self, page: Page) -> Page:
        """Note every error of the page's scripts and console from now on; the same page."""
        page.on("console", lambda message: self._note(page, message))
        page.on("pageerror", lambda error: self.problems.append(f"{page.url}: {error}"))
        return page

    def take(self, page: Page, name: str) -> None:
        """The whole page as a picture; a page that must be scrolled sideways is a problem."""
        self._taken += 1
        page.screenshot(path=self._folder / f"{self._taken:02}-{name}.png", full_page=True)
        if wider := sideways(page):
            self.problems.append(f"{page.url}: {wider} px too wide")

    def _note(self, page: Page, message: ConsoleMessage) -> None:
        said = f"{page.url}: {message.text}"
        if message.type == "error" and not EXPECTED.search(said):
            self.problems.append(said)
