"""One reader's way through the pages of any side, by plain form posts: what was sent, and how long each page took.

A reader with scripts sends besides what draft.js and paradata.js of studyweb's pages send.
"""

import html
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import httpx

ARTICLES = 5
# The consent and the articles. Each is one submit: a POST and the page that it redirects to.
SUBMITS = 1 + ARTICLES
RATINGS = ("believable", "accurate", "clear", "share")
# What a form carries that nobody types: its token and, with studyweb, whose page it is.
_CARRIED = re.compile(r'name="(csrfmiddlewaretoken|_person)" value="([\w-]+)"')


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
        return [self.submit(self.consent), *self.rate_all()]

    def rate_all(self) -> list[float]:
        """The same for somebody who has consented already."""
        seconds = list[float]()
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
        fields = dict(data) | _carried(shown)
        began = time.perf_counter()
        after = self.client.post(shown.url, data=fields, headers=_origin(shown))
        seconds = time.perf_counter() - began
        if not after.history:
            raise WalkError(f"{self.label}: {shown.url} answered {after.status_code} and did not redirect")
        self.page = _answered(after)
        return seconds

    def _shown(self) -> httpx.Response:
        if self.page is None:
            raise WalkError(f"{self.label} has not entered")
        return self.page


@dataclass
class ScriptedWalk(Walk):
    """A reader whose browser runs the scripts, and who takes a moment over every question.

    After each answer all that is chosen and typed so far is saved as a draft, and when a page goes away a report says
    how it was taken. The seconds of a submit are those of the submit alone.
    """

    reports: int = 0
    dropped: int = 0

    def submit(self, data: Mapping[str, str]) -> float:
        """Save drafts while the page is open, send its form, and report on it. Raises ``WalkError``."""
        shown, given = self._shown(), dict[str, str]()
        if address := _attribute(shown, "draft"):
            for name, value in data.items():
                given[name] = value
                self._save(f"{address}&sequence={time.time_ns() // 1_000_000}", given)
        seconds = super().submit(data)
        if address := _attribute(shown, "paradata"):
            self._report(address, shown)
        return seconds

    def _save(self, address: str, given: Mapping[str, str]) -> None:
        fields = _carried(self._shown()) | {"comment": ""} | dict(given)
        answer = self.client.post(self._shown().url.join(address), data=fields, headers=_origin(self._shown()))
        if answer.status_code != httpx.codes.NO_CONTENT:
            raise WalkError(f"{self.label}: the draft of {self._shown().url} answered {answer.status_code}")

    def _report(self, address: str, page: httpx.Response) -> None:
        told = _carried(page) | {"step": _attribute(page, "step")}
        told |= {"view": secrets.token_hex(8), "device": "phone", "input_methods": "touch keyboard"}
        counts = {"sequence": 1, "first_interaction_ms": 900, "submitted_ms": 41_000, "visible_ms": 41_200}
        counts |= {"times_away": 0, "away_ms": 0, "longest_away_ms": 0, "scroll_percent": 100}
        counts |= {"viewport_width": 390, "viewport_height": 844, "pastes": 0, "pasted_characters": 0}
        data = told | {name: str(count) for name, count in counts.items()}
        answer = self.client.post(page.url.join(address), data=data, headers=_origin(page))
        if answer.status_code not in {httpx.codes.NO_CONTENT, httpx.codes.SERVICE_UNAVAILABLE}:
            raise WalkError(f"{self.label}: the report on {page.url} answered {answer.status_code}")
        self.reports += 1
        # The server drops reports where too many come at once, and the browser does not send them again.
        self.dropped += answer.status_code == httpx.codes.SERVICE_UNAVAILABLE


def _attribute(page: httpx.Response, name: str) -> str:
    """What the page's form says to its scripts by this data attribute; '' if it says nothing."""
    found = re.search(f'data-{name}="([^"]*)"', page.text)
    return html.unescape(found[1]) if found else ""


def _carried(page: httpx.Response) -> dict[str, str]:
    """The hidden fields of the page's form, by name."""
    return dict(_CARRIED.findall(page.text))


def _origin(page: httpx.Response) -> dict[str, str]:
    return {"Origin": f"{page.url.scheme}://{page.url.netloc.decode()}"}


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
