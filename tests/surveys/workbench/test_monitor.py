"""The monitor's page: numbers, a figure, and no outcome together with an arm."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from surveys.models import LedgerEntry, Mode, Participant, Study
from surveys.monitoring import Arrivals
from surveys.workbench.views.monitor import HEIGHT, WIDTH, bars
from tests.factories import launched_study

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="[^"]+"|"X-CSRFToken": "[^"]+"|nonce="[^"]+"')


@pytest.fixture
def live(client: Client, db: None) -> Study:
    study = launched_study()
    client.force_login(study.created_by)
    return study


def _people(study: Study, arms_and_outcomes: list[tuple[str, str]], mode: str = Mode.LIVE) -> None:
    assert study.current_version is not None
    for number, (arm, outcome) in enumerate(arms_and_outcomes):
        person = Participant.objects.create(
            study=study,
            version=study.current_version,
            mode=mode,
            token_hash=f"{mode}{number:050d}",
            stage="end" if outcome else "reading",
            outcome=outcome,
            arm=arm,
            arrived_at=NOON + timedelta(hours=number),
            consented_at=NOON,
            completed_at=NOON + timedelta(minutes=9) if outcome == "completed" else None,
        )
        LedgerEntry.objects.create(
            version=study.current_version,
            mode=mode,
            sequence=number,
            participant=person,
            unit_key="u",
            seed=1,
            counts_seen={},
            result={},
        )


def _page(client: Client, study: Study, **query: str) -> str:
    address = reverse("workbench:study-monitor", args=[study.key])
    return TOKEN.sub("", client.get(address, query).content.decode())


def test_before_anybody_arrives_the_page_says_so(client: Client, live: Study) -> None:
    assert "Nobody has arrived yet" in _page(client, live)


def test_the_numbers_and_the_figure_show(client: Client, live: Study) -> None:
    _people(live, [("real", "completed"), ("synthetic", "left"), ("real", "")])

    page = _page(client, live)

    assert page.count("<rect") == 3
    assert "Assigned, by arm" in page
    assert "9.0" in page


@pytest.mark.parametrize("outcomes", [("completed", "left"), ("completed", ""), ("screened-out", "withdrawn")])
def test_the_page_is_the_same_whichever_arm_an_outcome_is_in(
    client: Client, live: Study, outcomes: tuple[str, str]
) -> None:
    """Rule 8, byte for byte: swapping the arms under the outcomes leaves no trace."""
    one, other = outcomes
    _people(live, [("real", one), ("real", one), ("synthetic", other), ("synthetic", other)])
    before = _page(client, live)

    Participant.objects.filter(arm="real").update(arm="swap")
    Participant.objects.filter(arm="synthetic").update(arm="real")
    Participant.objects.filter(arm="swap").update(arm="synthetic")

    assert _page(client, live) == before


def test_modes_are_shown_apart(client: Client, live: Study) -> None:
    _people(live, [("real", "completed")])
    _people(live, [("real", "completed"), ("real", "completed")], mode=Mode.SIMULATED)

    assert '<span class="stat">1</span>' in _page(client, live)
    assert '<span class="stat">2</span>' in _page(client, live, mode="simulated")
    assert '<span class="stat">1</span>' in _page(client, live, mode="no such mode")


def test_htmx_gets_the_numbers_alone(client: Client, live: Study) -> None:
    _people(live, [("real", "completed")])

    address = reverse("workbench:study-monitor", args=[live.key])
    part = client.get(address, headers={"HX-Request": "true"}).content.decode()

    assert "<html" not in part
    assert '<span class="stat">1</span>' in part


def test_bars_stay_in_the_figure_and_the_fullest_is_as_high_as_it() -> None:
    made = bars(Arrivals(NOON, timedelta(hours=1), (2, 0, 4)))

    assert [bar.n for bar in made] == [2, 0, 4]
    assert [bar.height for bar in made] == [HEIGHT / 2, 0, HEIGHT]
    assert all(bar.x >= 0 and bar.x + bar.width <= WIDTH and bar.y + bar.height == HEIGHT for bar in made)
    assert made[2].at == NOON + timedelta(hours=2)


def test_a_day_of_hours_fills_the_figure_and_a_single_hour_does_not() -> None:
    day = bars(Arrivals(NOON, timedelta(hours=1), (1,) * 24))
    assert WIDTH - 10 < day[-1].x + day[-1].width <= WIDTH
    assert bars(Arrivals(NOON, timedelta(hours=1), (9,)))[0].width < WIDTH / 20
