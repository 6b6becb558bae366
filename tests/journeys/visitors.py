"""People at the real pages over HTTP: participants who know what was acknowledged to them, a researcher at a desk."""

import random
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urljoin, urlsplit

import httpx

from studyweb.demo.pages import Field, Form, Page, read_page

MOST_PAGES = 200
PATIENCE = 60.0

Sent = dict[str, list[str]]


@dataclass
class Participant:
    """Somebody sent by a panel, who goes from the entry link to the completion code and reloads what does not load.

    ``acknowledged`` holds, by step, what was sent and answered with a redirect. ``in_doubt`` holds what was sent last
    without an answer to it: the next page tells whether it arrived. Each time a page is filled in, it is with other
    answers, so that one sending cannot pass for another.
    """

    url: str
    study_key: str
    number: int
    acknowledged: dict[str, Sent] = field(default_factory=dict)
    in_doubt: dict[str, Sent] = field(default_factory=dict)
    interruptions: int = 0
    code: str = ""

    def __post_init__(self) -> None:
        self.panel_id = f"person-{self.number}"
        self._choices = random.Random(self.number)
        self._client = httpx.Client(base_url=self.url, timeout=PATIENCE)
        self._page: tuple[str, Page] | None = None

    def walk(self, until: str = "") -> Self:
        """Go on until the completion code, or until the step with this slug is shown."""
        for _ in range(MOST_PAGES):
            slug, page = self._shown()
            if page.code:
                self.code = page.code
            if page.code or slug == until:
                return self
            self._fill_in(slug, page)
        raise AssertionError(f"participant {self.number} is not through after {MOST_PAGES} pages")

    @property
    def answers(self) -> dict[str, dict[str, str]]:
        """What was acknowledged on the pages with questions, each of which takes one value: step -> item -> value."""
        no_answers = {"csrfmiddlewaretoken", "_person", "_sequence", "answer"}
        forms = {
            step: {name: values[0] for name, values in sent.items() if name not in no_answers}
            for step, sent in self.acknowledged.items()
            if step != "consent"
        }
        return {step: items for step, items in forms.items() if items}

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def moved_to(self, url: str) -> None:
        """The installation has another address now."""
        self._client.base_url = httpx.URL(url)
        self._page = None

    def _shown(self) -> tuple[str, Page]:
        """The page that this person is at: the one that the last answer led to, or, after a failure, by the link."""
        address = "" if self._page is None else self._page[0]
        while True:
            try:
                answer = self._client.get(address or self._entry, follow_redirects=True)
            except httpx.TransportError:
                self.interruptions += 1
                address = ""
                continue
            assert answer.status_code == httpx.codes.OK, (str(answer.url), answer.status_code, answer.text[:500])
            self._page = (str(answer.url), read_page(answer.text))
            slug = _slug(str(answer.url))
            self._settle(slug)
            return slug, self._page[1]

    def _fill_in(self, slug: str, page: Page) -> None:
        form = next(form for form in page.forms if form.method == "post")
        sent = self._filled(form)
        assert self._page is not None
        address = urljoin(self._page[0], form.action)
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(address))
        try:
            answer = self._client.post(address, data=sent, headers={"Origin": origin})
        except httpx.TransportError:
            self.interruptions += 1
            self.in_doubt = {slug: sent}
            self._page = None
            return
        assert answer.status_code == httpx.codes.SEE_OTHER, (address, answer.status_code, answer.text[:500])
        onward = urljoin(address, answer.headers["Location"])
        self.acknowledged[slug] = sent
        self._page = (onward, Page())

    def _settle(self, slug: str) -> None:
        """Who is shown the same page again knows that the answer was lost; who is led on, that it arrived."""
        for doubted, sent in self.in_doubt.items():
            if doubted != slug:
                self.acknowledged[doubted] = sent
        self.in_doubt = {}

    def _filled(self, form: Form) -> Sent:
        sent = {name: list(control.given) for name, control in form.fields.items() if control.given}
        for name, control in form.fields.items():
            if control.kind != "hidden" and (given := self._answer(control)):
                sent[name] = given
        # The first button is the way on; 'I do not agree' stands after 'I agree'.
        sent.update({name: [value] for name, value in form.buttons[:1] if name})
        return sent

    def _answer(self, control: Field) -> list[str]:
        if control.kind == "radio":
            return [self._choices.choice(control.values)]
        if control.kind == "checkbox":
            return [value for value in control.values if value != "prefer-not-to-say" and self._choices.random() < 0.5]
        # A number that fits every question for a number, and a text like any other.
        return [str(self._choices.randrange(18, 100))]

    @property
    def _entry(self) -> str:
        return f"/s/{self.study_key}/?PROLIFIC_PID={self.panel_id}&SESSION_ID=visit-{self.number}"


class Desk:
    """A researcher's browser, signed in by the printed link."""

    def __init__(self, url: str, link: str) -> None:
        self.client = httpx.Client(base_url=url, follow_redirects=True, timeout=PATIENCE)
        self.submit(link)

    def submit(self, address: str, *, action: str = "", clicks: int = 1, **values: str | int) -> httpx.Response:
        """Open a page and send its form, the one whose address ends in ``action``, so many times; where that leads."""
        page = self.client.get(address)
        assert page.status_code == httpx.codes.OK, (address, page.status_code)
        posting = [form for form in read_page(page.text).forms if form.method == "post"]
        form = next(form for form in posting if form.action.endswith(action) and not form.action.endswith("/sign-out/"))
        given = {name: control.given[0] for name, control in form.fields.items() if control.given}
        data = given | {name: str(value) for name, value in values.items()}
        for _ in range(clicks):
            answer = self.client.post(urljoin(str(page.url), form.action), data=data)
        assert answer.status_code == httpx.codes.OK, (address, answer.status_code, answer.text[:2000])
        return answer


def _slug(address: str) -> str:
    return urlsplit(address).path.rstrip("/").rpartition("/")[2]
