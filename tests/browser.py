"""A real Chromium for tests, and what every page must pass in it: axe, and no sideways scroll.

The fixtures are known to every test (tests/conftest.py); who uses them marks its tests ``browser``.
"""

import os
import shutil
from collections.abc import Sequence
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page

# The first is the same browser without windows, menus and profiles: a page costs it a third of the processor's time.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Where axe is told to report violations alone it need not find a selector for each element that passes, and the page
# need not send them: most of its time otherwise.
_VIOLATIONS = """async (tags) => {
  const found = await axe.run({ runOnly: tags, resultTypes: ["violations"] });
  return found.violations.map((rule) => `${rule.id}: ${rule.help}: ${rule.nodes[0].html.slice(0, 200)}`);
}"""


def chromium_path() -> str:
    """Where Chromium is: ``CHROMIUM`` names it, or it is on the path. Fails the test if there is none."""
    given = os.environ.get("CHROMIUM", "")
    found = shutil.which(given) if given else next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        missing = f"CHROMIUM={given} is no program" if given else f"none of {', '.join(NAMES)} is on the path"
        pytest.fail(
            f"The browser tests need Chromium, and {missing}. Install it, for example with "
            "'sudo apt-get install chromium', or set CHROMIUM to the program's path."
        )
    return found


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """The machine's own Chromium, which asks nothing of the network."""
    return {"executable_path": chromium_path(), "args": ARGUMENTS}


@pytest.fixture(scope="session")
def chromium(browser: Browser) -> Browser:
    """The one browser of this process: a second Playwright beside it would find its event loop running."""
    return browser


def violations(page: Page, rules: Sequence[str] = RULES) -> list[str]:
    """What axe finds on the page: a line for each rule, with the first place that breaks it.

    ``rules`` are tags of rules, or names of single ones.
    """
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(AXE_SCRIPT)
    found: list[str] = page.evaluate(_VIOLATIONS, list(rules))
    return found


def sideways(page: Page) -> int:
    """By how many pixels the page is wider than its window; 0 where nothing has to be scrolled sideways."""
    width: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return width


def press(page: Page, key: str) -> None:
    """Press a single key once the page's deferred scripts listen: a key before them would go to nobody."""
    page.wait_for_load_state()
    page.keyboard.press(key)
