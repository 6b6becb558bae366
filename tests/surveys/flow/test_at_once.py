"""Many people at the same moment, on SQLite and on PostgreSQL: nobody lost, nobody doubled, arms within one."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count
from threading import Barrier
from typing import TypeVar

import pytest
from django.db import connection

from surveys import flow, lifecycle
from surveys.models import AllocationCounter, Answer, LedgerEntry, Mode, PanelIdentity, Participant, Study, Trial
from surveys.recruitment import Entrant
from tests import factories
from tests.surveys.participant.person import RATINGS, Person

T = TypeVar("T")
PEOPLE = 200
SQLITE_THREADS = 16


@pytest.fixture(params=["sqlite_file", pytest.param("postgres_database", marks=pytest.mark.postgres)])
def study(request: pytest.FixtureRequest) -> Study:
    """A live study on a database that threads share."""
    request.getfixturevalue(request.param)
    return factories.launched_study()


def at_once(jobs: list[Callable[[], T]]) -> list[T]:
    """The jobs' results, all asked for at the same moment. Raises what the first of them raised.

    On PostgreSQL each has a thread of its own. On SQLite they queue for as many threads as a web server has: two
    hundred that spin on one file's lock would starve each other, and no server lets them.
    """
    threads = min(len(jobs), len(jobs) if connection.vendor == "postgresql" else SQLITE_THREADS)
    barrier = Barrier(threads)
    begun = count()

    def begin(job: Callable[[], T]) -> T:
        if next(begun) < threads:
            barrier.wait(timeout=60)
        try:
            return job()
        finally:
            connection.close()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(begin, jobs))


def test_two_hundred_people_arrive_and_answer_at_the_same_moment(study: Study) -> None:
    tokens = at_once([partial(_walk, study, number) for number in range(PEOPLE)])

    assert len(set(tokens)) == PEOPLE
    assert Participant.objects.count() == PanelIdentity.objects.count() == PEOPLE
    arms = Counter(Participant.objects.values_list("arm", flat=True))
    assert set(arms) == {"real", "synthetic"}
    assert max(arms.values()) - min(arms.values()) <= 1
    assert Trial.objects.count() == 2 * PEOPLE
    assert Answer.objects.count() == (1 + len(RATINGS)) * PEOPLE
    sequences = sorted(LedgerEntry.objects.values_list("sequence", flat=True))
    assert sequences == list(range(PEOPLE))
    assert AllocationCounter.objects.get().allocated == PEOPLE
    assert study.current_version is not None
    assert flow.ledger_differences(study.current_version) == (PEOPLE, [])


def test_one_panel_id_in_twenty_requests_at_once_is_one_person(study: Study) -> None:
    people = at_once([lambda: Person(study, entry="?PROLIFIC_PID=the-same") for _ in range(20)])

    assert Participant.objects.count() == PanelIdentity.objects.count() == 1
    assert {person.row.pk for person in people} == {Participant.objects.get().pk}


def test_one_page_sent_by_twenty_requests_at_once_is_recorded_once(study: Study) -> None:
    person = Person(study).walk_to("reading-1")
    place = _after_looking(person)
    given = [RATINGS | {"clear": str(1 + number % 4)} for number in range(20)]

    def send(values: dict[str, str]) -> bool:
        result = flow.submit(place, "reading-1", {key: [value] for key, value in values.items()})
        assert isinstance(result, flow.Submitted)
        return result.recorded

    recorded = at_once([partial(send, values) for values in given])

    assert recorded.count(True) == 1
    winner = given[recorded.index(True)]
    answers = Answer.objects.filter(step="reading-1").values_list("item", "value")
    assert dict(answers) == winner
    assert answers.count() == len(RATINGS)


def test_a_refusal_taken_back_by_twenty_requests_at_once_is_so_once_and_refused_meanwhile_it_is_one_of_the_two(
    study: Study,
) -> None:
    person = Person(study)
    asked = person.place
    assert flow.decline(asked)
    refused = person.place
    assert at_once([partial(flow.reconsider, refused) for _ in range(20)]).count(True) == 1
    jobs: list[Callable[[], bool]] = [partial(flow.reconsider, refused), partial(flow.decline, asked)] * 10
    at_once(jobs)
    row = person.row
    assert (row.stage, row.outcome, row.ended_at is None) in {("consent", "", True), ("end", "no-consent", False)}
    assert Participant.objects.count() == 1


def test_leaving_and_answering_at_the_same_moment_end_in_one_of_the_two_ways(study: Study) -> None:
    people = [Person(study).walk_to("reading-1") for _ in range(10)]
    places = [_after_looking(person) for person in people]
    raw = {key: [value] for key, value in RATINGS.items()}
    jobs: list[Callable[[], object]] = [partial(flow.submit, place, "reading-1", raw) for place in places]
    jobs += [partial(flow.leave, place) for place in places]
    at_once(jobs)

    assert {person.row.outcome for person in people} == {"left"}
    assert {person.slug for person in people} == {"debrief"}
    counts = Counter(Answer.objects.filter(step="reading-1").values_list("participant", flat=True))
    assert set(counts.values()) <= {len(RATINGS)}


def test_withdrawing_and_answering_at_the_same_moment_leaves_no_answer(study: Study) -> None:
    people = [Person(study).walk_to("reading-1") for _ in range(10)]
    places = [_after_looking(person) for person in people]
    raw = {key: [value] for key, value in RATINGS.items()}
    jobs: list[Callable[[], object]] = [partial(flow.submit, place, "reading-1", raw) for place in places]
    jobs += [partial(flow.withdraw, place) for place in places]
    at_once(jobs)

    assert {person.row.outcome for person in people} == {"withdrawn"}
    assert not Answer.objects.exists()


def test_of_twenty_who_answer_alike_at_once_a_quota_of_seven_takes_seven(study: Study) -> None:
    design = factories.definition()["design"] | {
        "block_by": "news-use",
        "quotas": [{"stratum": "daily", "most": 7}],
    }
    study = factories.launched_study(design=design)
    people = [Person(study).walk_to("before-1") for _ in range(20)]
    places = [_after_looking(person) for person in people]
    at_once([partial(flow.submit, place, "before-1", {"news-use": ["daily"]}) for place in places])

    assert Counter(person.slug for person in people) == {"reading-1": 7, "end": 13}
    assert Counter(Participant.objects.values_list("outcome", flat=True)) == {"": 7, "quota-full": 13}
    assert LedgerEntry.objects.count() == 7
    other = Person(study).walk_to("before-1")
    other.answer(**{"news-use": "rarely"})
    assert other.slug == "reading-1"


def test_of_twenty_of_two_kinds_at_once_targets_over_both_take_as_many_as_they_say(study: Study) -> None:
    design = factories.definition()["design"] | {"block_by": "news-use"}
    study = factories.ready_study(design=design)
    study.arms.update(target=4)
    lifecycle.freeze(study, study.created_by)
    lifecycle.launch(study, study.created_by)
    places = [_after_looking(Person(study).walk_to("before-1")) for _ in range(20)]
    answers = ({"news-use": [["daily", "rarely"][n % 2]]} for n in range(20))
    at_once([partial(flow.submit, place, "before-1", raw) for place, raw in zip(places, answers, strict=True)])

    assert Counter(Participant.objects.values_list("arm", flat=True)) == {"real": 4, "synthetic": 4, "": 12}
    assert Counter(Participant.objects.values_list("outcome", flat=True)) == {"": 8, "quota-full": 12}
    assert study.current_version is not None
    assert flow.ledger_differences(study.current_version) == (8, [])


def _walk(study: Study, number: int) -> str:
    """Arrive, consent, answer the question before, look at the first article and rate it; the token."""
    entrant = Entrant("prolific", f"person-{number}", f"submission-{number}")
    arrival = flow.arrive(study, Mode.LIVE, entrant, "en")
    assert arrival is not None
    assert flow.agree(_place(arrival.token), entrant)
    assert flow.submit(_place(arrival.token), "before-1", {"news-use": ["daily"]}) == flow.Submitted(True, "reading-1")
    flow.mark_shown(_place(arrival.token))
    raw = {key: [value] for key, value in RATINGS.items()}
    assert flow.submit(_place(arrival.token), "reading-1", raw) == flow.Submitted(True, "reading-2")
    return arrival.token


def _place(token: str) -> flow.Place:
    place = flow.find(token)
    assert place is not None
    return place


def _after_looking(person: Person) -> flow.Place:
    person.get()
    return person.place
