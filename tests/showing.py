"""Shows a browser pages that were answered already: no server, no walk, and our own files as they stand."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.contrib.staticfiles import finders
from playwright.sync_api import Browser, Page, Route

from tests.surveys.participant.states import State

_SITE = "http://study.example/"


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
