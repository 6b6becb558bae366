"""How many statements a page costs the database: few, and the same however many people there are."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from surveys import amendments, lifecycle
from surveys.models import PanelSubmission, Participant, Study
from tests import factories
from tests.surveys.participant.person import RATINGS, WHOLE, Person, block, fitting, item, option

STATEMENTS = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")
# By kind of database: for every page, and for the one that randomises.
MOST = {"postgresql": (6, 6), "sqlite": (6, 11)}
# Kept with the consent: a panel's id of somebody, and of their submission.
IDS = {"postgresql": 0, "sqlite": 2}
PARTY = block("party", "before", item("party", "single", options=[option("left"), option("right")]))
BLOCKED = {"block_by": "party", "quotas": [{"stratum": "left", "most": 9}]}
# Balanced within an answer on the page that randomises, and on an earlier one.
LAST, EARLIER = [*WHOLE[:1], PARTY, *WHOLE[1:]], [PARTY, *WHOLE]


def _statements(act: Callable[[], Any]) -> list[str]:
    """What was asked of the database; beginnings and ends of transactions are no statements."""
    with CaptureQueriesContext(connection) as captured:
        act()
    return [query["sql"] for query in captured if query["sql"].lstrip(" \n(").startswith(STATEMENTS)]


def _crowd(study: Study, number: int) -> None:
    """People who were assigned and completed, as rows only: one is made, and the database copies it."""
    assert study.current_version is not None
    first = Participant.objects.create(
        study=study,
        version=study.current_version,
        mode="live",
        token_hash="crowd",
        stage="end",
        outcome="completed",
        arm="real",
        settled=True,
        consented_at="2026-01-01T00:00:00Z",
        completed_at="2026-01-01T00:10:00Z",
    )
    own = {
        "token_hash": "'crowd' || n",
        "export_id": "'crowd' || n",
        "arm": "CASE n % 2 WHEN 0 THEN 'real' ELSE 'synthetic' END",
    }
    columns = [str(field.column) for field in Participant._meta.concrete_fields if not field.primary_key]
    chosen = ", ".join(own.get(column, column) for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {number - 1}) "  # noqa: S608  # names of our models
            f"INSERT INTO surveys_participant ({', '.join(columns)}) "
            f"SELECT {chosen} FROM surveys_participant, numbers WHERE id = {first.pk}"
        )
    assert Participant.objects.filter(outcome="completed", token_hash__startswith="crowd").count() == number


def _submitted_page(person: Person) -> list[str]:
    def act() -> None:
        person.client.post(f"{person.base}reading-1/", RATINGS)
        person.client.get(f"{person.base}reading-2/")

    return _statements(act)


@pytest.fixture
def study(db: None) -> Study:
    """A study whose articles were all read before: a process asks for the text of each once."""
    study = factories.launched_study(blocks=WHOLE)
    for _ in range(2):
        Person(study).walk_to("after-1")
    return study


def test_a_submitted_page_with_the_page_that_follows_costs_six_statements(study: Study) -> None:
    person = Person(study).walk_to("reading-1")
    person.get()
    statements = _submitted_page(person)
    assert len(statements) <= 6, "\n".join(statements)


def test_every_page_of_the_way_with_the_page_that_follows_costs_few_statements(either_database: None) -> None:
    """On PostgreSQL six. SQLite knows no statement of several parts, and asking it sends nothing anywhere."""
    study = factories.launched_study(blocks=WHOLE)
    costs = _costs(study)
    assert {"consent", "before-1", "reading-2", "looking-back-1", "after-1", "debrief"} <= set(costs)
    assert _too_dear(costs, "before-1") == {}


@pytest.mark.parametrize(
    ("blocks", "target", "randomising"),
    [(LAST, None, "before-2"), (LAST, 9, "before-2"), (EARLIER, 9, "before-2"), (WHOLE[1:], None, "consent")],
    ids=["within an answer", "with targets", "within an earlier answer", "after the consent"],
)
def test_balancing_within_an_answer_up_to_a_target_costs_no_more(
    either_database: None, blocks: list[dict[str, Any]], target: int | None, randomising: str
) -> None:
    design = factories.definition()["design"] | (BLOCKED if PARTY in blocks else {})
    study = factories.ready_study(blocks=blocks, design=design)
    study.arms.update(target=target)
    lifecycle.freeze(study, study.created_by)
    lifecycle.launch(study, study.created_by)
    assert _too_dear(_costs(study), randomising) == {}


@pytest.mark.parametrize(
    ("blocks", "randomising"), [(WHOLE[1:], "consent"), (WHOLE, "before-1")], ids=["randomised at once", "later"]
)
def test_to_keep_the_ids_of_a_panel_costs_no_more(
    either_database: None, blocks: list[dict[str, Any]], randomising: str
) -> None:
    study = factories.ready_study(blocks=blocks)
    study.recruitment = {"panel": "prolific"}
    study.save()
    study.arms.update(target=9)
    lifecycle.freeze(study, study.created_by)
    lifecycle.launch(study, study.created_by)
    costs = _costs(study, "?PROLIFIC_PID={0}&SESSION_ID=s{0}")
    assert _too_dear(costs | {"consent": costs["consent"] - IDS[connection.vendor]}, randomising) == {}
    assert PanelSubmission.objects.exclude(identity__ciphertext=None).exclude(ciphertext=None).count() == 3


@pytest.mark.parametrize(
    ("blocks", "randomising"), [(WHOLE[1:], "consent"), (WHOLE, "before-1")], ids=["randomised at once", "later"]
)
@pytest.mark.parametrize("target", [None, 9], ids=["without targets", "with targets"])
def test_to_keep_earlier_participants_and_readers_out_costs_no_more(
    either_database: None, blocks: list[dict[str, Any]], randomising: str, target: int | None
) -> None:
    earlier, study = factories.launched_study(), factories.ready_study(blocks=blocks)
    lifecycle.copy_study(study, study.created_by, "A study with the same stories")
    study.recruitment = {"panel": "prolific", "keep_out": [earlier.key, study.key], "keep_out_readers": True}
    study.save()
    study.arms.update(target=target)
    lifecycle.freeze(study, study.created_by)
    lifecycle.launch(study, study.created_by)
    costs = _costs(study, "?PROLIFIC_PID={0}&SESSION_ID=s{0}")
    assert _too_dear(costs | {"consent": costs["consent"] - IDS[connection.vendor]}, randomising) == {}


@pytest.mark.parametrize(("blocks", "randomising"), [(LAST, "before-2"), (EARLIER, "before-2")], ids=["here", "before"])
def test_a_first_target_that_came_by_an_amendment_costs_no_more(
    either_database: None, blocks: list[dict[str, Any]], randomising: str
) -> None:
    study = factories.launched_study(blocks=blocks, design=factories.definition()["design"] | BLOCKED)
    amendments.change_target(study, "real", 9, "Enough by then.", by=study.created_by)
    assert _too_dear(_costs(study), randomising) == {}


def _costs(study: Study, entry: str = "") -> dict[str, int]:
    """How many statements each page of somebody's way costs with the page that follows, once two others went it."""
    for n in range(2):
        Person(study, entry=entry.format(n)).walk_to("end")
    person, costs = Person(study, entry=entry.format("anna")), dict[str, int]()
    while person.slug != "end":
        person.get()
        slug, values = person.slug, fitting(person.place)
        costs[slug] = len(_statements(partial(_sent, person, slug, values)))
    assert person.row.outcome == "completed"
    return costs


def _too_dear(costs: dict[str, int], randomising: str) -> dict[str, int]:
    most, most_there = MOST[connection.vendor]
    return {slug: n for slug, n in costs.items() if n > (most_there if slug == randomising else most)}


def _sent(person: Person, slug: str, values: dict[str, Any]) -> None:
    person.client.get(person.client.post(f"{person.base}{slug}/", values)["Location"])


def test_a_draft_costs_one_statement(study: Study) -> None:
    person = Person(study).walk_to("reading-1")
    draft = f"{person.base}draft/?step=reading-1&sequence="
    assert len(_statements(lambda: person.client.post(f"{draft}1", {"clear": "1"}))) == 1
    assert len(_statements(lambda: person.client.post(f"{draft}2", {"clear": "2"}))) == 1


def test_the_cost_of_a_page_is_the_same_with_10_people_as_with_100_000(study: Study) -> None:
    few, many = Person(study).walk_to("reading-1"), Person(study).walk_to("reading-1")
    for person in (few, many):
        person.get()
    _crowd(study, 10)
    with_few = _submitted_page(few)
    _crowd_more(study)
    assert len(_submitted_page(many)) == len(with_few)


def test_the_randomisation_costs_the_same_with_10_people_as_with_100_000(study: Study) -> None:
    few, many = Person(study).walk_to("before-1"), Person(study).walk_to("before-1")
    first = Person(study).walk_to("before-1")
    first.answer()
    _crowd(study, 10)
    with_few = _statements(lambda: few.answer())
    _crowd_more(study)
    with_many = _statements(lambda: many.answer())
    assert len(with_many) == len(with_few)


def test_looking_at_a_page_again_costs_one_statement(study: Study) -> None:
    person = Person(study).walk_to("reading-1")
    person.get()
    assert len(_statements(lambda: person.client.get(f"{person.base}reading-1/"))) == 1


def test_a_page_that_cannot_be_taken_costs_a_look_and_its_draft(study: Study) -> None:
    person = Person(study).walk_to("reading-1")
    person.get()
    assert len(_statements(lambda: person.client.post(f"{person.base}reading-1/", {"clear": "1"}))) == 2


def _crowd_more(study: Study) -> None:
    Participant.objects.filter(token_hash__startswith="crowd").delete()
    _crowd(study, 100_000)
