"""Shows a browser pages that were answered already, and looks at each: no server, no walk, our files as they are."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from django.contrib.staticfiles import finders
from django.test.signals import template_rendered
from playwright.sync_api import Browser, Page, Route

from tests.browser import RULES, sideways, violations

# In the dark nothing is other than in the light but colours (tests/studyweb/test_look.py).
RULES_IN: dict[Literal["light", "dark"], list[str]] = {"light": RULES, "dark": ["color-contrast"]}
WIDTHS = (320, 1280)
_SITE = "http://study.example/"


@dataclass(frozen=True)
class State:
    """A page as it was answered; ``then`` is run in the browser before it is looked at, ``scripted`` whether ours are.

    ``headers`` are those that a browser obeys.
    """

    name: str
    html: bytes
    headers: dict[str, str]
    then: str = ""
    scripted: bool = True


@contextmanager
def showing(chromium: Browser) -> Iterator[tuple[Page, Callable[[State], None]]]:
    """A page in a browser of its own, which moves nothing by itself; and what opens a state in it."""
    context = chromium.new_context(reduced_motion="reduce")
    context.set_default_timeout(15_000)
    page, opened = context.new_page(), list[State]()

    def answer(route: Route) -> None:
        state, path = opened[-1], route.request.url.removeprefix(_SITE)
        if route.request.is_navigation_request():
            route.fulfill(body=state.html, content_type="text/html", headers=state.headers)
        elif (file := finders.find(path.removeprefix("static/"))) and (state.scripted or not path.endswith(".js")):
            route.fulfill(path=str(file))
        else:
            # What scripts send: drafts and reports.
            route.fulfill(status=204)

    def show(state: State) -> None:
        opened.append(state)
        page.goto(_SITE)
        if state.then:
            page.evaluate(state.then)

    page.route("**/*", answer)
    yield page, show
    context.close()


def faults(chromium: Browser, states: Iterable[State]) -> dict[str, list[str]]:
    """What is wrong where: what axe finds, what is too wide, and pages on which several buttons lead on."""
    found: dict[str, list[str]] = {}
    with showing(chromium) as (page, show):
        for state in states:
            show(state)
            leading = page.locator("main :is(.button-primary, .button-danger):visible").all_inner_texts()
            if len(leading) > 1:
                found[state.name] = [f"which of them leads on? {', '.join(leading)}"]
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 800})
                # What sticks to an edge of the window lies over what is scrolled by, and at the end over nothing.
                page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
                for scheme, rules in RULES_IN.items():
                    page.emulate_media(color_scheme=scheme)
                    problems = violations(page, rules)
                    problems += [f"{wide} px too wide" for wide in [sideways(page)] if wide]
                    if problems:
                        found[f"{state.name}, {scheme}, {width} px"] = problems
    return found


@contextmanager
def rendered() -> Iterator[set[str]]:
    """The names of the templates that are rendered meanwhile."""
    names: set[str] = set()

    def note(template: object, **_kwargs: object) -> None:
        names.add(str(getattr(template, "name", "")))

    template_rendered.connect(note)
    yield names
    template_rendered.disconnect(note)
