"""The steps of a study's life on their pages, and the log."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from surveys import audit, lifecycle
from surveys.models import AuditEntry, Researcher, Study
from surveys.workbench.views.lifecycle import MOVES
from tests.factories import StudyFactory
from tests.surveys.participant.person import Person

pytestmark = pytest.mark.django_db


def _url(name: str, study: Study) -> str:
    return reverse(f"workbench:study-{name}", args=[study.key])


def _status(study: Study) -> str:
    study.refresh_from_db()
    return study.status


def test_a_study_is_led_through_its_life_by_its_pages(owner: Client, study: Study) -> None:
    for step, status in [
        ("freeze", "frozen"),
        ("revise", "draft"),
        ("freeze", "frozen"),
        ("launch", "live"),
        ("pause", "paused"),
        ("resume", "live"),
        ("close", "closed"),
    ]:
        asked = owner.get(_url(step, study))
        assert str(MOVES[step].button) in asked.content.decode()

        done = owner.post(_url(step, study), follow=True)

        assert _status(study) == status
        assert str(MOVES[step].done) in done.content.decode()
    assert study.versions.count() == 2


def test_closing_says_how_many_are_inside_and_that_a_pause_lets_them_finish(owner: Client, study: Study) -> None:
    lifecycle.freeze(study, study.created_by)
    lifecycle.launch(study, study.created_by)
    page = owner.get(_url("close", study)).content.decode()
    assert "inside now" not in page
    Person(study).walk_to("reading-1")
    Person(study).walk_to("before-1" if study.definition["blocks"][0]["when"] == "before" else "reading-1")
    Person(study)
    page = owner.get(_url("close", study)).content.decode()
    assert "2 people are inside now" in page
    assert f'href="{_url("pause", study)}"' in page


@pytest.mark.parametrize("step", sorted(MOVES))
def test_looking_at_a_step_does_nothing(owner: Client, study: Study, step: str) -> None:
    owner.get(_url(step, study))

    assert _status(study) == "draft"


@pytest.mark.parametrize("step", ["launch", "pause", "resume", "close", "revise"])
def test_a_step_that_is_not_open_says_so_and_does_nothing(owner: Client, study: Study, step: str) -> None:
    asked = owner.get(_url(step, study))
    assert not asked.context["possible"]
    assert '<button class="button button-primary"' not in asked.content.decode()

    page = owner.post(_url(step, study)).content.decode()

    assert "The study is draft now" in page
    assert _status(study) == "draft"


def test_each_page_offers_its_step_exactly_where_the_lifecycle_allows_it(owner: Client, study: Study) -> None:
    """The pages' own list of statuses and the lifecycle's cannot drift apart."""
    reach: dict[str, list[Callable[[Study, Researcher], object]]] = {
        "draft": [],
        "frozen": [lifecycle.freeze],
        "live": [lifecycle.freeze, lifecycle.launch],
        "paused": [lifecycle.freeze, lifecycle.launch, lifecycle.pause],
        "closed": [lifecycle.freeze, lifecycle.launch, lifecycle.close],
    }
    for status, way in reach.items():
        for move in MOVES.values():
            copy = lifecycle.copy_study(study, study.created_by, "Copy")
            for step in way:
                step(copy, study.created_by)
            if status in move.allowed:
                move.act(copy, study.created_by)
            else:
                with pytest.raises(lifecycle.LifecycleError):
                    move.act(copy, study.created_by)


def test_freezing_too_early_lists_what_is_missing(client: Client) -> None:
    study = StudyFactory(template="kreps-e3")
    client.force_login(study.created_by)

    for page in (client.get(_url("freeze", study)), client.post(_url("freeze", study))):
        assert "The ethics board is named" in page.content.decode()
    assert _status(study) == "draft"


def test_the_log_shows_who_did_what_and_that_the_chain_is_whole(owner: Client, study: Study) -> None:
    lifecycle.freeze(study, study.created_by)

    page = owner.get(_url("log", study)).content.decode()

    assert "The chain is whole" in page
    assert "frozen" in page
    assert str(study.created_by) in page


def test_a_changed_row_shows(owner: Client, study: Study) -> None:
    AuditEntry.objects.filter(study=study, sequence=2).update(verb="nothing happened")

    page = owner.get(_url("log", study)).content.decode()

    assert "The chain is broken" in page
    assert "Row 2 was changed" in page


def test_a_long_log_comes_in_pages(owner: Client, study: Study) -> None:
    for number in range(120):
        audit.record(study, f"verb-{number}")

    first = owner.get(_url("log", study)).content.decode()
    assert "verb-119" in first
    assert "verb-0<" not in first
    assert "verb-0<" in owner.get(_url("log", study), {"page": 2}).content.decode()
    assert owner.get(_url("log", study), {"page": "x" * 1000}).status_code == 200
