"""Somebody who takes part in a real browser, and remembers what they read and answered."""

import hashlib
import random
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

from playwright.sync_api import Locator, Page, expect

from tests.journeys.camera import Camera

MOST_PAGES = 30


@dataclass
class Reader:
    """One person at one page. ``read`` holds the SHA-256 of each article shown, ``chosen`` the answers, by step."""

    page: Page
    camera: Camera
    name: str
    read: dict[str, str] = field(default_factory=dict)
    chosen: dict[str, dict[str, str]] = field(default_factory=dict)
    code: str = ""

    def __post_init__(self) -> None:
        self._choices = random.Random(self.name)
        self.camera.watch(self.page)

    def enter(self, link: str) -> Self:
        """Come in by the entry link, and agree."""
        self.page.goto(link)
        self._shot()
        self.page.get_by_role("button", name="I agree and take part").click()
        return self

    def walk(self, until: str = "") -> Self:
        """Answer page after page: to the completion code, or to the step with this slug."""
        for _ in range(MOST_PAGES):
            slug = self.slug
            self._shot()
            if slug == until:
                return self
            if slug == "end":
                self.code = self.page.locator("#code").inner_text()
                return self
            if slug == "debrief":
                self.page.get_by_role("button", name="I have read this").click()
            else:
                self._answer(slug)
            expect(self.page).not_to_have_url(f"**/{slug}/")
        raise AssertionError(f"{self.name} is not through after {MOST_PAGES} pages")

    def leave_and_withdraw(self) -> Self:
        """Leave for good from where one is, read the debriefing, and have all answers deleted."""
        self.page.get_by_role("link", name="Leave or go on later").click()
        self._shot()
        self.page.get_by_role("button", name="Leave for good").click()
        self.walk(until="debrief")
        self.page.get_by_role("link", name="Withdraw my answers").click()
        self._shot()
        self.page.get_by_role("button", name="Delete all my answers").click()
        expect(self.page.get_by_text("Your answers are withdrawn: they were deleted")).to_be_visible()
        self._shot()
        return self

    @property
    def slug(self) -> str:
        """The step that is shown."""
        return urlsplit(self.page.url).path.rstrip("/").rpartition("/")[2]

    def _answer(self, slug: str) -> None:
        if slug.startswith("reading"):
            self.read[slug] = self._article_sha256()
        answers = {}
        for question in self.page.locator("fieldset.question").all():
            radios = question.locator("input[type=radio]")
            radio = radios.nth(self._choices.randrange(radios.count()))
            radio.check()
            answers[_attribute(radio, "name")] = _attribute(radio, "value")
        self.chosen[slug] = answers
        self.page.get_by_role("button", name="Continue").click()

    def _article_sha256(self) -> str:
        """Of exactly what stands on the page: headline, blank line, paragraphs with a blank line between."""
        headline = self.page.locator(".article-headline").text_content() or ""
        paragraphs = self.page.locator(".article-body p").all_text_contents()
        return hashlib.sha256("\n\n".join([headline, *paragraphs]).encode()).hexdigest()

    def _shot(self) -> None:
        self.camera.take(self.page, f"{self.name}-{self.slug}")


def _attribute(control: Locator, name: str) -> str:
    value = control.get_attribute(name)
    assert value is not None
    return value
