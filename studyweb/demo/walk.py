"""A simulated reader's walk through the real pages, over HTTP: reads each page, fills in its form, goes on."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import httpx

from studyweb.demo.pages import Field, Form, Page, read_page
from studyweb.demo.readers import ITEMS, Population

MOST_PAGES = 60
PASSES_ATTENTION = 0.92


class WalkError(Exception):
    """A walk that did not reach its completion code; the message names the page and what was there."""


@dataclass(frozen=True)
class Reader:
    """One simulated reader. ``texts`` says which story and arm a headline and opening belong to: {(headline, opening)}.

    A reader rates the text that the page shows, so that the planted effect is in the data only if the pages were right.
    """

    number: int
    population: Population
    texts: Mapping[tuple[str, str], tuple[str, str]]

    def fills(self, page: Page, form: Form) -> dict[str, str]:
        """What this reader puts into a form, every field of it."""
        given = {name: control.given[0] for name, control in form.fields.items() if control.given}
        story, arm = self.texts.get((page.headline, page.article), ("", ""))
        for name, control in form.fields.items():
            if control.kind == "radio":
                given[name] = self._choice(name, control, story, arm)
        # The first button is the way on; 'I do not agree' stands after 'I agree'.
        given.update([button for button in form.buttons[:1] if button[0]])
        return given

    def _choice(self, name: str, control: Field, story: str, arm: str) -> str:
        chance = self.population.chance("choice", self.number, name, story)
        if name in ITEMS:
            if not arm:
                raise WalkError("a page asks for a rating of an article that this study does not have")
            return control.values[self.population.rating(self.number, story, arm, name) - 1]
        if name == "attention":
            return "rarely" if chance < PASSES_ATTENTION else "often"
        return control.values[int(chance * len(control.values))]


def walk(client: httpx.Client, entry: str, reader: Reader) -> str:
    """The completion code that the reader got. Raises ``WalkError``."""
    response = client.get(entry)
    for _ in range(MOST_PAGES):
        if response.status_code != httpx.codes.OK:
            raise WalkError(f"{response.url} answered {response.status_code}")
        page = read_page(response.text)
        if page.code:
            return page.code
        form = next((form for form in page.forms if form.method == "post"), None)
        if form is None:
            raise WalkError(f"{response.url} has no form to go on with and no completion code")
        here = str(response.url)
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(here))
        response = client.post(urljoin(here, form.action), data=reader.fills(page, form), headers={"Origin": origin})
    raise WalkError(f"no completion code after {MOST_PAGES} pages")
