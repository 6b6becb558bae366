"""Every page that a participant can see, in every state, in a real browser: light and dark, narrow and wide."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import get_args

import pytest
from django.conf import settings
from playwright.sync_api import Browser

from surveys.flow import Gate
from surveys.models import Outcome
from surveys.participant import debriefing, questions, sheets
from surveys.participant.replies import Told
from tests.browser import sideways
from tests.showing import WIDTHS, faults, rendered, showing
from tests.surveys.participant.spoken import everything
from tests.surveys.participant.states import every_state, states_of, way

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_on_any_page_in_any_state_axe_finds_nothing_nothing_is_scrolled_sideways_and_one_button_leads_on(
    chromium: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _rendered() as templates:
        states = list(every_state(monkeypatch))
    assert _templates() - templates == set(), "these have no state in tests/surveys/participant/states.py"
    names = [state.name for state in states]
    assert [kind for kind in _kinds() if not any(kind in name for name in names)] == []
    assert len(names) == len(set(names))

    assert faults(chromium, states) == {}


def test_no_language_of_the_interface_has_a_word_that_is_wider_than_a_phone(chromium: Browser) -> None:
    with showing(chromium) as (page, show):
        page.set_viewport_size({"width": WIDTHS[0], "height": 800})
        for language, _ in settings.LANGUAGES:
            for state in states_of(way(everything(language))):
                show(state)
                assert sideways(page) == 0, (language, state.name)
                assert page.locator("html").get_attribute("lang") == language


@contextmanager
def _rendered() -> Iterator[set[str]]:
    """The names of the templates that are rendered meanwhile; none comes ready from before."""
    for kept in (sheets._rendered, questions._blank, debriefing._rendered, debriefing._article):
        kept.cache_clear()
    with rendered() as names:
        yield names


def _templates() -> set[str]:
    """All templates of participants' pages, and the pages of errors, which anybody can see."""
    base = Path(settings.BASE_DIR)
    own = {f"participant/{path.name}" for path in (base / "surveys/templates/participant").glob("*.html")}
    return own | {path.name for path in (base / "studyweb/templates").glob("[45]*.html")} | {"participant/base.html"}


def _kinds() -> Iterable[str]:
    """What some state must be called after: each ending, each gate, and all that is told of a page before."""
    yield from (f"end, {outcome}" for outcome in Outcome if outcome)
    yield from (f"gate {gate.value}" for gate in Gate if gate is not Gate.OPEN)
    yield from (f"told {told}" for told in get_args(Told) if told)
