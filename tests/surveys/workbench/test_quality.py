"""The page on data quality: three values counted, flags with evidence, nothing of ratings before the unblinding."""

import pytest
from django.test import Client

from surveys import lifecycle
from surveys.models import Arm, Study
from surveys.paradata import record
from tests import factories
from tests.surveys.participant.person import Person
from tests.surveys.test_evidence import BLOCKS
from tests.surveys.test_paradata import report

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    return factories.launched_study(blocks=BLOCKS)


@pytest.fixture
def client(study: Study) -> Client:
    client = Client()
    client.force_login(study.memberships.get().researcher)
    return client


def _page(client: Client, study: Study, query: str = "") -> str:
    response = client.get(f"/studies/{study.key}/quality/{query}")
    assert response.status_code == 200
    return str(response.content.decode())


def _counts(page: str, check: str) -> list[str]:
    row = next(row for row in page.split("<tr>") if f"flagged:{check}<" in row)
    return [cell.partition(">")[2].split("<")[0] for cell in row.split('class="num"')[1:]] or [
        "masked" if "masked-value" in row else ""
    ]


def test_without_anybody_the_page_says_what_will_be_here(client: Client, study: Study) -> None:
    assert "Nobody to check yet" in _page(client, study)
    draft = factories.ready_study(owner=study.memberships.get().researcher)
    assert "Nobody to check yet" in _page(client, draft)


def test_counts_have_three_values_and_flags_their_evidence(client: Client, study: Study) -> None:
    away = Person(study).walk_to("reading-1")
    record(away.token, study.key, report(longest_away_ms=400_000))
    careful = Person(study).walk_to("before-1")
    careful.answer(told="b", **{"also-told": "a"})
    Person(study).walk_to("before-1")
    page = _page(client, study)
    assert _counts(page, "attention") == ["1", "1", "1"]
    assert _counts(page, "long-absence") == ["0", "1", "2"]
    # No rule of a plan can go by what the recruitment settings say.
    assert "Other study at the panel" in page
    assert "flagged:other-panel-study" not in page
    assert "The longest absence from a page took 400 seconds." in page
    assert away.row.export_id in page
    assert careful.row.export_id not in page


def test_before_the_unblinding_nothing_that_comes_from_ratings_and_no_arm_ever(client: Client, study: Study) -> None:
    Arm.objects.update(label="The telling label")
    person = Person(study).walk_to("before-1")
    for _ in range(4):
        person.answer(believable="4", accurate="4", clear="4", **{"looked-it-up": "yes"})
    page = _page(client, study)
    assert [_counts(page, check) for check in ("speeding", "straight-lining", "looked-it-up")] == [["masked"]] * 3
    assert "answers on scales" not in page
    assert "words a minute" not in page.partition("Who is flagged")[2]
    lifecycle.unblind(study, study.created_by, "The sample is complete.")
    shown = _page(client, study)
    assert _counts(shown, "straight-lining") == ["0", "1", "0"]
    assert "6 of 6 answers on scales are in one and the same place." in shown
    assert "Said that they looked an article up." in shown
    assert "The telling label" not in page + shown


def test_simulated_people_are_open_and_counted_apart(client: Client, study: Study) -> None:
    Person(study).walk_to("reading-1")
    assert "Nobody to check yet" in _page(client, study, "?mode=simulated")
    assert _counts(_page(client, study, "?mode=nonsense"), "attention") == ["0", "1", "0"]


def test_the_monitor_leads_to_it(client: Client, study: Study) -> None:
    Person(study)
    monitor = client.get(f"/studies/{study.key}/monitor/").content.decode()
    assert f'/studies/{study.key}/quality/?mode=live"' in monitor
