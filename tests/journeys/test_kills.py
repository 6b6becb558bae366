"""Processes are killed in the middle of real work, on the real installation: nothing is lost, nothing is doubled."""

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db.models.functions import Now

from analysis.models import Report
from generation.models import Batch, Candidate
from generation.registry import BUILTIN_KEY
from surveys.models import Researcher, Study
from tests import factories
from tests.generation.factories import OPENING
from tests.journeys.records import inconsistencies, nothing_lost_or_doubled
from tests.journeys.visitors import Desk, Participant
from tests.stack import Stack, wait_for
from tests.surveys.participant.person import AFTER, EVERY_KIND, LOOKING_BACK

pytestmark = [pytest.mark.stack, pytest.mark.model, pytest.mark.usefixtures("records")]

AT_ONCE = 8
# A worker writes 64 texts at once: the last ones wait until the first are finished.
MANY = {"size": 68, "max_tokens": 16, "min_tokens": 16}


# Nobody is screened out: everybody shall go the whole way.
BEFORE = EVERY_KIND | {"items": [item for item in EVERY_KIND["items"] if "screen_out" not in item]}
CREDIBILITY = factories.definition()["blocks"][-1]

Panel = Callable[[Study, int], list[Participant]]


@pytest.fixture(scope="module")
def desk(stack: Stack) -> Iterator[Desk]:
    desk = Desk(stack.url, stack.sign_in_link)
    yield desk
    desk.client.close()


@pytest.fixture
def panel(stack: Stack) -> Iterator[Panel]:
    """Sends so many people to a study."""
    sent: list[Participant] = []

    def send(study: Study, number: int) -> list[Participant]:
        sent.extend([Participant(stack.url, study.key, n) for n in range(number)])
        return sent

    yield send
    for person in sent:
        person.close()


@pytest.fixture
def owner(records: None) -> Researcher:
    return Researcher.objects.get(email="researcher@localhost")


@pytest.fixture
def draft(owner: Researcher) -> Study:
    return factories.StudyFactory(owner=owner)


@pytest.fixture
def study(owner: Researcher) -> Study:
    """A live study that asks a question of every kind: two articles for each, looked back at."""
    return factories.launched_study(owner=owner, blocks=[BEFORE, CREDIBILITY, LOOKING_BACK, AFTER])


def test_a_killed_generation_worker_loses_nothing_finished_and_the_next_one_writes_the_rest(
    stack: Stack, desk: Desk, draft: Study
) -> None:
    batch = asked_for(desk, draft, **MANY)
    waited(stack, lambda: len(finished(batch)) > 0)
    killed = stack.kill("generation")
    before = finished(batch)
    assert 0 < len(before) < batch.size
    stack.wait_for_restart("generation", killed)
    # Nothing helps: the lease of the dead one runs out, a sweep finds it.
    waited(stack, lambda: is_done(batch))
    assert finished(batch).items() >= before.items()
    written_once(batch, runs=2)


def test_a_killed_web_process_loses_no_acknowledged_answer_and_people_go_on(
    stack: Stack, panel: Panel, study: Study
) -> None:
    people = panel(study, 32)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        walks = [pool.submit(person.walk) for person in people]
        for through in (1, 10, 20):
            waited(stack, partial(so_many_are_done, walks, through))
            killed = stack.kill("web")
            assert inconsistencies(study) == []
            stack.wait_for_restart("web", killed)
        for walk in walks:
            walk.result()
    assert sum(person.interruptions for person in people) > 0
    nothing_lost_or_doubled(study, people)


def test_a_killed_broker_loses_neither_batches_nor_reports(
    stack: Stack, desk: Desk, panel: Panel, draft: Study, study: Study
) -> None:
    people = [person.walk() for person in panel(study, 4)]
    first = asked_for(desk, draft, **MANY)
    waiting = asked_for(desk, draft, size=2, max_tokens=8)
    waited(stack, lambda: len(finished(first)) > 0)
    with nobody_restarts(stack):
        stack.kill("broker")
        # Asked for while there is no broker at all.
        report = report_asked_for(desk, study, clicks=2)
        unheard = asked_for(desk, draft, size=2, max_tokens=8)
    waited(stack, lambda: all(is_done(batch) for batch in (first, waiting, unheard)))
    for batch in (first, waiting, unheard):
        written_once(batch, runs=1)
    waited(stack, lambda: reported(report))
    assert Report.objects.filter(study=study).count() == 1
    nothing_lost_or_doubled(study, people)


def test_with_broker_and_workers_down_people_walk_from_the_entry_link_to_the_code(
    stack: Stack, panel: Panel, study: Study
) -> None:
    people = panel(study, AT_ONCE)
    with nobody_restarts(stack):
        for name in ("broker", "fast", "generation"):
            stack.kill(name)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(Participant.walk, people))
        assert stack.running() == {"web"}
    assert {person.interruptions for person in people} == {0}
    nothing_lost_or_doubled(study, people)
    waited(stack, lambda: stack.pings("fast") and stack.pings("generation"))


def test_a_report_whose_worker_is_killed_is_made_by_the_next_one(
    stack: Stack, desk: Desk, panel: Panel, study: Study
) -> None:
    panel(study, 1)[0].walk()
    report = report_asked_for(desk, study)
    waited(stack, lambda: Report.objects.get(pk=report.pk).status == Report.Status.RUNNING)
    killed = stack.kill("fast")
    assert Report.objects.get(pk=report.pk).status == Report.Status.RUNNING
    # The lease would run out by itself in two minutes; the test does not wait for that.
    Report.objects.filter(pk=report.pk).update(lease_expires_at=Now() - timedelta(seconds=1))
    stack.wait_for_restart("fast", killed)
    waited(stack, lambda: reported(report))
    assert Report.objects.get(pk=report.pk).attempts == 2
    assert Report.objects.filter(study=study).count() == 1


def test_after_a_machine_went_down_with_web_broker_workers_and_database_the_next_start_goes_on_with_everything(
    stack: Stack, desk: Desk, panel: Panel, draft: Study, study: Study
) -> None:
    people = panel(study, 8)
    for person in people[:4]:
        person.walk(until="reading-2")
    for person in people[4:6]:
        person.walk()
    batch = asked_for(desk, draft, **MANY)
    waited(stack, lambda: len(finished(batch)) > 0)

    stack.power_cut()
    assert stack.left_over() == []
    before = finished(batch)
    assert 0 < len(before) < batch.size
    assert inconsistencies(study) == []

    stack.start()
    for person in people:
        person.moved_to(stack.url)
        person.walk()
    nothing_lost_or_doubled(study, people)
    waited(stack, lambda: is_done(batch))
    assert finished(batch).items() >= before.items()
    written_once(batch, runs=2)
    # Whoever was signed in still is: the secrets were kept.
    assert str(draft.name) in desk.client.get(f"{stack.url}/").text


def so_many_are_done(walks: Sequence[Future[Any]], number: int) -> bool:
    return sum(walk.done() for walk in walks) >= number


def asked_for(desk: Desk, study: Study, **values: Any) -> Batch:
    """A batch, asked for on the page."""
    story = f"Invented story {Batch.objects.count()}"
    page = f"/studies/{study.key}/generation/batches/new/"
    answer = desk.submit(page, new_story=story, text=OPENING, language_model=BUILTIN_KEY, seed=4, **values)
    number = int(urlsplit(str(answer.url)).path.rstrip("/").rpartition("/")[2])
    return Batch.objects.get(study=study, number=number)


def report_asked_for(desk: Desk, study: Study, *, clicks: int = 1) -> Report:
    """The report, asked for on the page, with a double click where ``clicks`` is 2."""
    desk.submit(f"/studies/{study.key}/analysis/", action="/reports/", clicks=clicks)
    return Report.objects.filter(study=study).latest("requested_at")


def reported(report: Report) -> bool:
    row = Report.objects.get(pk=report.pk)
    assert row.status != Report.Status.FAILED, row.error
    return row.status == Report.Status.DONE


def is_done(batch: Batch) -> bool:
    row = Batch.objects.get(pk=batch.pk)
    assert row.status != Batch.Status.FAILED, row.error
    return row.status == Batch.Status.DONE


def finished(batch: Batch) -> dict[int, dict[str, Any]]:
    """All that is stored of each candidate that was finished, by index."""
    rows = Candidate.objects.filter(batch=batch, state=Candidate.State.DRAFTED).order_by("index")
    return {row["index"]: dict(row) for row in rows.values()}


def written_once(batch: Batch, *, runs: int) -> None:
    """Every candidate was written, by one run each, and counted once."""
    rows = finished(batch)
    assert sorted(rows) == list(range(batch.size))
    assert {row["attempts"] for row in Batch.objects.filter(pk=batch.pk).values()} == {0}
    assert Batch.objects.get(pk=batch.pk).tokens_done == sum(row["tokens"] for row in rows.values())
    assert batch.runs.count() == runs
    assert {row["run_id"] for row in rows.values()} == set(batch.runs.values_list("pk", flat=True))


def waited(stack: Stack, happened: Callable[[], bool]) -> None:
    wait_for(happened, within=150, what=stack.log)


@contextmanager
def nobody_restarts(stack: Stack) -> Iterator[None]:
    """The supervisor sleeps meanwhile: what dies stays dead until it wakes up."""
    os.kill(stack.supervisor.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(stack.supervisor.pid, signal.SIGCONT)
