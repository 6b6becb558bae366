"""Every page of the workshop, in every state, in a real browser: light and dark, narrow and wide."""

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from playwright.sync_api import Browser

from generation.models import Batch, Download
from tests.generation.states import of_batches, states_of
from tests.generation.states_of_curation import of_curation
from tests.generation.states_of_reports import of_reports
from tests.showing import faults, rendered

pytestmark = [pytest.mark.browser, pytest.mark.django_db]


def test_on_any_page_in_any_state_axe_finds_nothing_nothing_is_scrolled_sideways_and_one_button_leads_on(
    chromium: Browser, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    with rendered() as templates:
        states = [
            *states_of(of_batches(settings)),
            *states_of(of_curation()),
            *states_of(of_reports(monkeypatch, settings)),
        ]
    assert _templates() - templates == set(), "these have no state in tests/generation/states*.py"
    names = [state.name for state in states]
    assert [kind for kind in _kinds() if not any(name.startswith(kind) for name in names)] == []
    assert len(names) == len(set(names))
    assert faults(chromium, states) == {}


def _templates() -> set[str]:
    folder = Path(django_settings.BASE_DIR) / "generation/templates"
    return {str(path.relative_to(folder)) for path in folder.rglob("*.html")}


def _kinds() -> list[str]:
    """What some state must be called after: each status of a batch and of a download that is shown."""
    shown = set(Download.Status.values) - {Download.Status.DONE}
    return [f"batch, {status}" for status in Batch.Status.values] + [f"model, download {status}" for status in shown]
