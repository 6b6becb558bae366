"""The tally that the allocation goes on from: always what people and trials add up to, whoever comes or goes."""

import json
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from random import Random
from threading import Event
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction

from surveys import flow, lifecycle
from surveys.flow import tally
from surveys.models import AllocationCounter, LedgerEntry, Outcome, Participant, Study, Trial
from tests import factories
from tests.surveys.design.designs import DISCLAIMER, LABEL, design
from tests.surveys.participant.person import Person

PAST = "2020-01-01T00:00:00Z"
THREE = factories.definition()["design"] | {"per_person": 3}


@pytest.fixture(params=["sqlite_file", pytest.param("postgres_database", marks=pytest.mark.postgres)])
def study(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Study:
    """A live study in which people are settled two at a time, so that few make for many moments."""
    request.getfixturevalue(request.param)
    monkeypatch.setattr(tally, "AT_LEAST", 2)
    return factories.launched_study(stories=4, design=THREE)


def _counted() -> dict[str, Any]:
    """Who occupies a place, counted from the people and their trials alone."""
    people = Participant.objects.occupying()
    trials = list(Trial.objects.filter(participant__in=people).values_list("article__key", "position"))
    articles = Counter(key for key, _ in trials)
    return {
        "arms": dict(Counter(people.values_list("arm", flat=True))),
        "articles": dict(articles),
        "cells": sorted([key, at, n] for (key, at), n in Counter(trials).items()),
    }


def test_every_assignment_sees_who_is_there_after_arrivals_departures_returns_releases_and_withdrawals(
    study: Study,
) -> None:
    chance, inside, done = Random(3), list[Person](), list[Person]()
    for happening in ["arrive"] * 3 + ["arrive", "happen"] * 24:
        if happening == "arrive":
            before = _counted()
            inside.append(Person(study).walk_to("reading-1"))
            assert LedgerEntry.objects.latest("sequence").counts_seen == before
            continue
        person = chance.choice(inside)
        what = chance.choice(
            ["lapse", "lapse", "go on", "go on", "complete", "complete", "leave", "withdraw", "release"]
        )
        if what == "lapse":
            Participant.objects.filter(pk=person.row.pk).update(lease_expires_at=PAST)
        elif what == "go on" and person.slug != "reading-3":
            person.answer()
        else:
            inside.remove(person)
            if what in {"complete", "go on"}:
                done.append(person.walk_to("debrief"))
            elif what == "leave":
                flow.leave(person.place)
            elif what == "withdraw":
                flow.withdraw((done or [person])[-1].place)
            else:
                flow.end_at_panel(person.row, Outcome.RETURNED)
    assert study.current_version is not None
    assert flow.ledger_differences(study.current_version) == (27, [])
    kept = tally.Tally.read(AllocationCounter.objects.get().tally)
    settled = Participant.objects.filter(settled=True)
    assert kept.people.total() == settled.filter(completed_at__isnull=False).count() > 2
    assert settled.filter(completed_at=None).exists()


def test_who_was_settled_as_gone_is_counted_again_when_they_go_on_and_when_they_complete(study: Study) -> None:
    completes, goes_on, *_ = (Person(study).walk_to(f"reading-{n}") for n in (3, 2, 3, 2))
    Participant.objects.update(lease_expires_at=PAST)
    Person(study).walk_to("reading-1")
    assert Participant.objects.filter(settled=True).count() == 4
    completes.answer()
    goes_on.answer()
    assert (completes.row.outcome, goes_on.slug) == ("completed", "reading-3")
    assert Participant.objects.filter(settled=True).count() == 2
    before = _counted()
    Person(study).walk_to("reading-1")
    assert LedgerEntry.objects.latest("sequence").counts_seen == before
    assert sum(before["arms"].values()) == 3


@pytest.mark.postgres
@pytest.mark.usefixtures("postgres_database")
def test_nobody_is_waited_for_and_whose_row_is_held_is_settled_the_next_time() -> None:
    study = factories.launched_study(stories=4)
    held, other = (Person(study).walk_to("end").row.pk for _ in range(2))
    is_held, is_settled = Event(), Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                Participant.objects.select_for_update().get(pk=held)
                is_held.set()
                is_settled.wait(timeout=60)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        holding = pool.submit(hold)
        assert is_held.wait(timeout=60)
        try:
            _settle()
            assert list(Participant.objects.filter(settled=True).values_list("pk", flat=True)) == [other]
        finally:
            is_settled.set()
        holding.result(timeout=60)
    _settle()
    assert Participant.objects.filter(settled=True).count() == 2
    assert tally.is_whole(AllocationCounter.objects.get())


@pytest.mark.django_db
def test_targets_over_all_strata_count_the_settled_of_every_stratum(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tally, "AT_LEAST", 1)
    study = factories.ready_study(design=factories.definition()["design"] | {"block_by": "news-use"})
    study.arms.update(target=3)
    lifecycle.freeze(study, study.created_by)
    lifecycle.launch(study, study.created_by)
    for n in range(6):
        Person(study).walk_to("before-1").answer(**{"news-use": ["daily", "rarely"][n % 2]})
        Participant.objects.filter(outcome="").update(outcome="completed", completed_at=PAST)
    assert Participant.objects.filter(settled=True).count() == 4
    assert Person(study).walk_to("end").row.outcome == "quota-full"


def test_a_tally_is_stored_and_counted_with_the_conditions_of_each_reading() -> None:
    spec = design(per_person=2, factors=(DISCLAIMER, replace(LABEL, within=True)))
    kept = tally.Tally(
        Counter({("arm-0", "disclaimer:shown"): 2, ("arm-0", "disclaimer:none"): 1}),
        Counter({("a0-s0-v0", 0, "disclaimer:shown source-label:none"): 2, ("a0-s0-v0", 0, "source-label:none"): 1}),
    )
    again = tally.Tally.read(json.loads(json.dumps(kept.to_dict())))
    assert again == kept
    counts = again.counts(spec, None)
    assert (counts.arms, counts.articles, counts.cells) == ({"arm-0": 3}, {"a0-s0-v0": 3}, {("a0-s0-v0", 0): 3})
    assert counts.people == {("arm-0", "disclaimer:shown"): 2, ("arm-0", "disclaimer:none"): 1}
    assert counts.readings == {("a0-s0-v0", 0, "source-label:none"): 3}


@pytest.mark.django_db
def test_a_tally_that_was_damaged_is_told_and_made_again(capsys: pytest.CaptureFixture[str]) -> None:
    study = factories.launched_study()
    for _ in range(3):
        Person(study).walk_to("end")
    _settle()
    AllocationCounter.objects.update(tally={})
    with pytest.raises(CommandError, match="differs in 1 places"):
        call_command("replay_allocation", study.key)
    assert "the tally is not what its people's trials add up to: run this command with --recount" in (
        capsys.readouterr().out
    )
    call_command("replay_allocation", study.key, recount=True)
    said = capsys.readouterr().out
    assert "1 tallies made again" in said
    assert "3 assignments, identical" in said
    assert tally.Tally.read(AllocationCounter.objects.get().tally).people.total() == 3


def _settle() -> None:
    with transaction.atomic():
        tally.settle(AllocationCounter.objects.select_for_update().get())


@pytest.mark.postgres
@pytest.mark.usefixtures("postgres_database")
def test_where_many_came_and_were_assigned_nothing_no_assignment_reads_all_readings() -> None:
    study = factories.launched_study()
    here, done = Person(study), Person(study).walk_to("end")
    Participant.objects.filter(pk=done.row.pk).update(settled=True)
    _copied(here.row, 5_000)
    _copied(done.row, 5_000)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE surveys_participant, surveys_trial")
        statement = tally._SEEN._written(connections[DEFAULT_DB_ALIAS])[0].sql
        places = iter(range(1, 1000))
        numbered = re.sub("%s", lambda _: f"${next(places)}", statement).replace("%%", "%")
        cursor.execute(f"EXPLAIN (GENERIC_PLAN) {numbered}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "participant_unsettled" in plan
    assert "Seq Scan on surveys_trial" not in plan


def _copied(person: Participant, times: int) -> None:
    """So many more people as far as this one, with the same readings; as rows only."""
    own = {"token_hash": "n || 'of' || p.id", "export_id": "n || 'of' || p.id"}
    people, trials = (
        [str(field.column) for field in model._meta.concrete_fields if not field.primary_key]
        for model in (Participant, Trial)
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH made AS (INSERT INTO surveys_participant ({', '.join(people)}) "  # noqa: S608  # names of our models
            f"SELECT {', '.join(own.get(name, f'p.{name}') for name in people)} "
            "FROM surveys_participant p, generate_series(1, %s) n WHERE p.id = %s RETURNING id) "
            f"INSERT INTO surveys_trial ({', '.join(trials)}) "
            f"SELECT {', '.join('made.id' if name == 'participant_id' else f't.{name}' for name in trials)} "
            "FROM made, surveys_trial t WHERE t.participant_id = %s",
            [times, person.pk, person.pk],
        )
