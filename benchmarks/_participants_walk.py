"""One reader's way through the pages of any side, by plain form posts: what was sent, and how long each page took."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import httpx

ARTICLES = 5
# The consent and the articles. Each is one submit: a POST and the page that it redirects to.
SUBMITS = 1 + ARTICLES
RATINGS = ("believable", "accurate", "clear", "share")
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')


class Given(NamedTuple):
    """What a reader answers about one article; the comment names reader and article, so that no two are alike."""

    comment: str
    believable: str
    accurate: str
    clear: str
    share: str


class WalkError(Exception):
    """A page that is not the one that comes next; the message names it."""


@dataclass
class Walk:
    """A reader who has not begun. ``label`` is theirs alone; ``consent`` is what a side's consent form wants."""

    client: httpx.Client
    entry: str
    label: str
    consent: Mapping[str, str] = field(default_factory=dict)
    given: list[Given] = field(default_factory=list)
    page: httpx.Response | None = None

    def enter(self) -> None:
        """Open the entry link, as far as the consent page."""
        self.page = _answered(self.client.get(self.entry))

    def submit_all(self) -> list[float]:
        """Consent, rate every article and arrive behind the last: seconds for each submit. Raises ``WalkError``."""
        seconds = [self.submit(self.consent)]
        for position in range(ARTICLES):
            shown = self._shown()
            missing = [name for name in Given._fields if f'name="{name}"' not in shown.text]
            if missing:
                raise WalkError(f"{self.label}: {shown.url} does not ask for {', '.join(missing)}")
            given = answers(self.label, position)
            seconds.append(self.submit(given._asdict()))
            self.given.append(given)
        if 'name="comment"' in self._shown().text:
            raise WalkError(f"{self.label}: {self._shown().url} asks once more after {ARTICLES} articles")
        return seconds

    def submit(self, data: Mapping[str, str]) -> float:
        """Send the form of the page that is open, and open the page that follows. Seconds for both together."""
        shown = self._shown()
        token = _TOKEN.search(shown.text)
        fields = dict(data) | ({"csrfmiddlewaretoken": token[1]} if token else {})
        origin = f"{shown.url.scheme}://{shown.url.netloc.decode()}"
        began = time.perf_counter()
        after = self.client.post(shown.url, data=fields, headers={"Origin": origin})
        seconds = time.perf_counter() - began
        if not after.history:
            raise WalkError(f"{self.label}: {shown.url} answered {after.status_code} and did not redirect")
        self.page = _answered(after)
        return seconds

    def _shown(self) -> httpx.Response:
        if self.page is None:
            raise WalkError(f"{self.label} has not entered")
        return self.page


def answers(label: str, position: int) -> Given:
    """What the reader of this label answers about their article at this position."""
    codes = [str(1 + (sum(label.encode()) + position + number) % 4) for number in range(len(RATINGS))]
    return Given(f"{label}, article {position + 1}", *codes)


def browser() -> httpx.Client:
    """A client that keeps cookies and its connection, and follows redirects, as a browser does."""
    return httpx.Client(follow_redirects=True, timeout=60)


def _answered(page: httpx.Response) -> httpx.Response:
    if page.status_code != httpx.codes.OK:
        raise WalkError(f"{page.url} answered {page.status_code}:\n{page.text[:500]}")
    return page
