"""Leases of rows: one worker's until it says nothing more; and the heartbeat that says something."""

import threading
import time
from datetime import timedelta

import pytest
from django.db import DatabaseError, InterfaceError, OperationalError
from django.db.models.functions import Now

from generation.downloads import LEASES
from generation.models import Download, LanguageModel
from studyweb import leases
from tests.factories import ResearcherFactory


@pytest.fixture
def row(db: None) -> Download:
    model = LanguageModel.objects.filter(source="hub").first()
    assert model is not None
    return Download.objects.create(language_model=model, requested_by=ResearcherFactory())


def test_a_row_is_taken_once_and_held_by_who_took_it(row: Download) -> None:
    rows = Download.objects.filter(pk=row.pk)
    assert [LEASES.take(rows, lease_owner=who) for who in ("one", "two")] == [1, 0]
    assert LEASES.held(rows, "one").exists()
    assert not LEASES.held(rows, "two").exists()
    assert not LEASES.claimable(rows).exists()


def test_a_lease_that_runs_out_is_anybodys_unless_it_is_renewed(row: Download) -> None:
    rows = Download.objects.filter(pk=row.pk)
    LEASES.take(rows, lease_owner="one")
    rows.update(lease_expires_at=Now() - timedelta(seconds=1))
    assert LEASES.claimable(rows).exists()
    LEASES.held(rows, "one").update(**LEASES.renewed())
    assert not LEASES.claimable(rows).exists()
    rows.update(lease_expires_at=Now() - timedelta(seconds=1))
    assert LEASES.take(rows, lease_owner="two") == 1
    assert not LEASES.held(rows, "one").exists()


def test_a_row_that_was_announced_is_announced_again_after_a_while(row: Download) -> None:
    rows = Download.objects.filter(pk=row.pk)
    assert LEASES.unheard(rows).exists()
    rows.update(announced_at=Now())
    assert not LEASES.unheard(rows).exists()
    rows.update(announced_at=Now() - LEASES.announced_again_after - timedelta(seconds=1))
    assert LEASES.unheard(rows).exists()
    rows.update(status=Download.Status.DONE)
    assert not LEASES.unheard(rows).exists()


def test_no_two_claims_of_a_process_share_a_name() -> None:
    assert leases.new_owner() != leases.new_owner()


def test_a_heart_beats_until_it_says_no_and_outlives_a_database_that_restarts(
    caplog: pytest.LogCaptureFixture,
) -> None:
    over, beats = threading.Event(), 0

    def beat() -> bool:
        nonlocal beats
        beats += 1
        if beats == 2:
            raise DatabaseError("an invented restart")
        if beats == 3:
            raise AttributeError("an invented fault in what a beat reports")
        if beats == 4:
            over.set()
        return beats < 4

    with leases.beating(beat, every=0.001, name="heartbeat of an invented job"):
        assert over.wait(10)
        time.sleep(0.02)
    assert beats == 4
    assert "heartbeat of an invented job did not reach the database" in caplog.text
    assert "heartbeat of an invented job met an error" in caplog.text


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_a_change_is_made_once_the_database_is_back(error: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "WAITS", (0.0, 0.0))
    tries = iter([error("an invented restart"), error("an invented restart"), None])

    def change() -> str:
        if (found := next(tries)) is not None:
            raise found
        return "made"

    assert leases.waiting_for_database(change, "An invented change") == "made"


def test_a_database_that_stays_away_and_an_error_of_another_kind_are_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "WAITS", (0.0, 0.0))
    for error, most in ((OperationalError("an invented power cut"), 3), (ValueError("an invented fault"), 1)):
        made = 0

        def change(error: Exception = error) -> None:
            nonlocal made
            made += 1
            raise error

        with pytest.raises(type(error), match="invented"):
            leases.waiting_for_database(change, "An invented change")
        assert made == most


def test_a_heart_stops_with_its_block() -> None:
    begun = threading.Event()

    def beat() -> bool:
        begun.set()
        return True

    with leases.beating(beat, every=0.001, name="heartbeat of an invented job"):
        assert begun.wait(10)
    assert "heartbeat of an invented job" not in {thread.name for thread in threading.enumerate()}
