"""A debriefing that is put together says of each person's articles what is true, and nothing of anybody else."""

import dataclasses
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import RequestFactory

from surveys import flow, lifecycle
from surveys.definition import Contact
from surveys.flow.place import frozen
from surveys.models import Outcome, Participant, Study
from surveys.participant import debriefing, pages, sheets
from surveys.participant.debriefing import Around
from surveys.participant.pages import Revealed, RevealedBeside
from surveys.readiness import compose
from tests import factories
from tests.surveys.participant.person import WHOLE, Person, leads_to, without_token

pytestmark = pytest.mark.django_db
ARTICLE = Revealed(
    headline="A headline",
    opening="How it begins.",
    language="en",
    is_machine_written=False,
    is_invented=False,
    is_opened_by_people=False,
    is_edited_by_people=False,
    rewritten_by_people="",
    model="",
    source="",
    author="",
    published_on=None,
    url="",
    untrue=(),
    untrue_language="en",
    beside=(),
)


@pytest.fixture
def around(study: Study) -> Around:
    assert study.current_version is not None
    return Around(
        study=frozen(study.current_version),
        study_key=study.key,
        language="en",
        interface="en",
        is_preview=False,
        to_acknowledge=True,
        ended="returned",
        kept_late=False,
        is_withdrawn=False,
        told="",
        withdraw_until=date(2026, 5, 4),
    )


def _page(around: Around, *articles: Revealed) -> str:
    return debriefing.page(RequestFactory().get("/"), around, list(articles)).content.decode()


def test_every_field_around_the_articles_changes_the_page(around: Around) -> None:
    definition = around.study.definition.model_copy(update={"contact": Contact(name="Another team")})
    others: dict[str, Any] = {
        "study": around.study.model_copy(update={"definition": definition}),
        "study_key": "another-key",
        "language": "de",
        "interface": "de",
        "is_preview": True,
        "to_acknowledge": False,
        "ended": "closed",
        "kept_late": True,
        "is_withdrawn": True,
        "told": "first-counts",
        "withdraw_until": date(2026, 5, 5),
    }
    assert {field.name for field in dataclasses.fields(Around)} == set(others)
    page = without_token(_page(around, ARTICLE))
    for name, value in others.items():
        assert without_token(_page(dataclasses.replace(around, **{name: value}), ARTICLE)) != page, name
        assert without_token(_page(around, ARTICLE)) == page, name


def test_every_field_of_an_article_changes_what_is_said_of_it(around: Around) -> None:
    others: dict[str, Any] = {
        "headline": "Another headline",
        "opening": "Another opening.",
        "language": "de",
        "is_machine_written": True,
        "is_invented": True,
        "source": "The Gazette",
        "author": "A. Writer",
        "published_on": date(2020, 2, 1),
        "url": "https://example.org/article",
        "untrue": ("The number.",),
        "beside": (RevealedBeside("source-label", "false", ("A label.",)),),
    }
    of_machines = {"model", "is_opened_by_people", "is_edited_by_people", "rewritten_by_people"}
    assert {field.name for field in dataclasses.fields(Revealed)} == {*others, *of_machines, "untrue_language"}
    page = without_token(_page(around, ARTICLE))
    for name, value in others.items():
        assert without_token(_page(around, dataclasses.replace(ARTICLE, **{name: value}))) != page, name
        assert without_token(_page(around, ARTICLE)) == page, name
    untrue = dataclasses.replace(ARTICLE, untrue=("La cifra.",), untrue_language="es")
    assert '<p dir="auto" lang="es">La cifra.</p>' in _page(around, untrue)
    machines = [dataclasses.replace(ARTICLE, is_machine_written=True, model=model) for model in ("model-1", "model-2")]
    assert ["model-1" in _page(around, machine) for machine in machines] == [True, False]


@pytest.mark.parametrize(
    ("opened", "edited", "rewritten", "said"),
    [
        (False, False, "", ["wrote this text.", "nothing in it has been checked"]),
        (
            True,
            False,
            "",
            ["this text, except for its beginning.", "People wrote the beginning", "may be untrue"],
        ),
        (False, True, "", ["wrote this text.", "People then edited the text.", "may be untrue"]),
        (True, True, "", ["except for its beginning.", "People wrote the beginning", "People then edited the text."]),
        (False, True, "mostly", ["People wrote most of this text.", "may be untrue"]),
        (True, True, "mostly", ["People wrote most of this text.", "People wrote the beginning", "may be untrue"]),
        (True, True, "wholly", ["People wrote this text.", "Nothing is left of what", "may be untrue"]),
    ],
)
def test_what_people_wrote_of_a_machines_text_is_said_of_just_that_text(
    around: Around, opened: bool, edited: bool, rewritten: str, said: list[str]
) -> None:
    words = {
        "wrote this text.", "nothing in it has been checked", "except for its beginning.",
        "People wrote the beginning", "People then edited the text.", "People wrote this text.",
        "People wrote most of this text.", "Nothing is left of what",
    }  # fmt: skip
    machine = dataclasses.replace(
        ARTICLE,
        is_machine_written=True,
        is_opened_by_people=opened,
        is_edited_by_people=edited,
        rewritten_by_people=rewritten,
    )
    page = _page(around, machine)
    assert [part for part in said if part not in page] == []
    assert [part for part in words if part in page and not any(part in each for each in said)] == []
    assert "People" not in _page(around, ARTICLE)


def test_articles_stand_in_the_order_in_which_they_were_read(around: Around) -> None:
    other = dataclasses.replace(ARTICLE, headline="The other one")
    for order in ([ARTICLE, other], [other, ARTICLE]):
        page = _page(around, *order)
        places = [page.index(f">{article.headline}</h3>") for article in order]
        assert places == sorted(places)
    assert "The other one" not in _page(around, ARTICLE)
    assert sheets._MARK not in _page(around, ARTICLE, other)


def test_what_researchers_wrote_is_text_and_no_markup(around: Around) -> None:
    hostile = "<script>alert(1)</script>"
    page = _page(
        around, dataclasses.replace(ARTICLE, headline=hostile, opening=hostile, untrue=(hostile,), source=hostile)
    )
    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;alert(1)") == 4


def test_two_people_with_other_articles_each_read_of_their_own(study: Study) -> None:
    people = [Person(study).walk_to("debrief") for _ in range(2)]
    arms = {person.row.arm for person in people}
    assert len(arms) == 2
    for person in people:
        page = person.get().content.decode()
        read = [trial.article.headline for trial in person.row.trials.select_related("article").order_by("position")]
        assert [page.count(f">{headline}</h3>") for headline in read] == [1] * len(read)
        assert page.count('class="debrief-item"') == len(read)


def test_what_is_not_true_is_told_in_the_participants_language_or_else_in_the_studys_first() -> None:
    study = factories.ready_study(languages=["en", "de", "es"], blocks=WHOLE)
    study.articles.filter(origin="synthetic").update(untrue="No bridge.", untrue_in={"de": "Keine Brücke."})
    composed = compose(study)
    key = study.articles.filter(origin="synthetic").values_list("key", flat=True)[0]
    told = {tag: pages._reveal(composed, key, "H", "T", (), tag) for tag in ("en", "de", "es")}
    assert {tag: (each.untrue, each.untrue_language) for tag, each in told.items()} == {
        "en": (("No bridge.",), "en"),
        "de": (("Keine Brücke.",), "de"),
        "es": (("No bridge.",), "en"),
    }


def test_an_invented_original_is_called_invented() -> None:
    study = factories.ready_study()
    study.arms.get(key="real").articles.update(is_invented=True)
    owner = study.memberships.get().researcher
    lifecycle.freeze(study, owner)
    lifecycle.launch(study, owner)
    people = [Person(study).walk_to("debrief") for _ in range(2)]
    page = next(person for person in people if person.row.arm == "real").get().content
    assert b"What it reports is invented." in page


def test_whose_way_ends_as_they_open_their_first_article_is_led_to_the_end_and_not_shown_it() -> None:
    person = Person(factories.launched_study(blocks=WHOLE)).walk_to("reading-1")
    has_ended: list[bool] = []

    def then_end(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith(("WITH", "BEGIN", "UPDATE", "SAVEPOINT")) and not has_ended:
            has_ended.append(True)
            assert flow.end_at_panel(Participant.objects.get(), Outcome.RETURNED)
        return execute(sql, *rest)

    with connection.execute_wrapper(then_end):
        assert leads_to(person.get()) == "end"
    assert person.row.exposed_at is None
