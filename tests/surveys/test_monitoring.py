"""How a study goes, counted; and never an outcome together with an arm."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from surveys.models import LedgerEntry, Mode, Participant, Study
from surveys.monitoring import modes_present, progress
from tests.factories import launched_study

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def study() -> Study:
    return launched_study()


def _person(study: Study, **fields: Any) -> Participant:
    number = Participant.objects.count()
    assert study.current_version is not None
    person = Participant.objects.create(
        **{
            "study": study,
            "version": study.current_version,
            "mode": Mode.LIVE,
            "token_hash": f"{number:064d}",
            "stage": "reading",
            "consented_at": NOON,
            "arrived_at": NOON,
        }
        | fields
    )
    if person.arm:
        LedgerEntry.objects.create(
            version=study.current_version,
            mode=person.mode,
            sequence=number,
            participant=person,
            unit_key="u",
            seed=1,
            counts_seen={},
            result={},
        )
    return person


def test_before_anybody_arrives_everything_is_nought(study: Study) -> None:
    found = progress(study, Mode.LIVE)

    assert (found.arrived, found.under_way, found.completed, found.silent) == (0, 0, 0, 0)
    assert (found.arrivals, found.minutes) == (None, None)
    assert {line.label: line.n for line in found.assigned} == {"Real": 0, "Machine": 0}


def test_people_are_counted_by_how_it_ended_and_by_stage(study: Study) -> None:
    for outcome in ("completed", "completed", "left", "screened-out"):
        _person(study, outcome=outcome, stage="end")
    _person(study, stage="reading")
    _person(study, stage="after")

    found = progress(study, Mode.LIVE)

    assert (found.arrived, found.under_way, found.completed) == (6, 2, 2)
    assert {line.label: line.n for line in found.outcomes if line.n} == {"Completed": 2, "Left": 1, "Screened out": 1}
    assert {line.label: line.n for line in found.stages if line.n} == {"Articles": 1, "Questions after": 1}


def test_modes_are_counted_apart(study: Study) -> None:
    _person(study)
    for _ in range(2):
        _person(study, mode=Mode.PREVIEW)

    assert progress(study, Mode.LIVE).arrived == 1
    assert modes_present(study) == ["preview", "live"]


def test_who_is_silent_past_the_lease_is_named_so(study: Study) -> None:
    now = timezone.now()
    _person(study, lease_expires_at=now - timedelta(minutes=1))
    _person(study, lease_expires_at=now + timedelta(minutes=1))
    _person(study, outcome="completed", stage="end", lease_expires_at=now - timedelta(hours=1))

    assert progress(study, Mode.LIVE).silent == 1


def test_the_assignments_count_whatever_became_of_the_people(study: Study) -> None:
    _person(study, arm="real", outcome="completed", stage="end")
    _person(study, arm="real", outcome="left", stage="end")
    _person(study, arm="synthetic")

    assert {line.label: line.n for line in progress(study, Mode.LIVE).assigned} == {"Real": 2, "Machine": 1}


def test_how_it_ended_can_change_its_arm_without_a_trace(study: Study) -> None:
    """Rule 8: the numbers are the same whichever arm the completions are in."""
    for arm, outcome in (("real", "completed"), ("real", "completed"), ("synthetic", "left"), ("synthetic", "left")):
        _person(study, arm=arm, outcome=outcome, stage="end")
    before = progress(study, Mode.LIVE)
    Participant.objects.filter(arm="real").update(arm="swap")
    Participant.objects.filter(arm="synthetic").update(arm="real")
    Participant.objects.filter(arm="swap").update(arm="synthetic")

    assert progress(study, Mode.LIVE) == before


def test_arrivals_go_by_the_hour_and_name_the_empty_ones(study: Study) -> None:
    for minutes in (0, 30, 150):
        _person(study, arrived_at=NOON + timedelta(minutes=minutes))

    arrivals = progress(study, Mode.LIVE).arrivals

    assert arrivals is not None
    assert (arrivals.start, arrivals.unit, arrivals.counts) == (NOON, timedelta(hours=1), (2, 0, 1))
    assert (arrivals.most, arrivals.end) == (2, NOON + timedelta(hours=3))


def test_over_more_than_three_days_arrivals_go_by_the_day(study: Study) -> None:
    for days in (0, 0, 4):
        _person(study, arrived_at=NOON + timedelta(days=days))

    arrivals = progress(study, Mode.LIVE).arrivals

    assert arrivals is not None
    assert arrivals.counts == (2, 0, 0, 0, 1)
    assert arrivals.start == NOON.replace(hour=0)


def test_the_time_to_completion_is_a_median_in_minutes(study: Study) -> None:
    for minutes in (4, 10, 90):
        _person(study, outcome="completed", stage="end", completed_at=NOON + timedelta(minutes=minutes))

    assert progress(study, Mode.LIVE).minutes == 10.0


def test_the_number_of_queries_does_not_grow_with_the_people(study: Study, django_assert_max_num_queries: Any) -> None:
    for number in range(30):
        _person(study, arm="real" if number % 2 else "synthetic")

    with django_assert_max_num_queries(12):
        progress(study, Mode.LIVE)
