"""What is sent to a step once more: the same is the same however it is written, and only other answers differ."""

from typing import Any

import pytest

from surveys import flow
from surveys.models import Study
from tests import factories
from tests.surveys.participant.person import RATING, WHOLE, Person, block, fitting, item, option

pytestmark = pytest.mark.django_db
FIRST = {"one": ["yes"], "scale": ["low"], "some": ["a", "c"], "age": ["20"], "word": ["Mine"], "words": ["One\ntwo"]}


@pytest.fixture
def person() -> Person:
    person = Person(factories.launched_study(blocks=WHOLE)).walk_to("before-1")
    person.post(data=FIRST)
    assert person.slug == "reading-1"
    return person


def test_the_same_answers_are_the_same_in_another_order_and_writing(person: Person) -> None:
    again = FIRST | {"some": ["c", "a"], "age": [" 20 "], "words": ["One\r\ntwo "], "csrfmiddlewaretoken": ["x"]}
    assert not flow.differs(person.place, "before-1", again)


@pytest.mark.parametrize(
    "change",
    [{"one": ["no"]}, {"some": ["a"]}, {"age": ["21"]}, {"age": ["none"]}, {"word": []}, {"words": ["One"]}],
    ids=str,
)
def test_whatever_is_changed_taken_out_or_wrong_differs(person: Person, change: dict[str, list[str]]) -> None:
    assert flow.differs(person.place, "before-1", FIRST | change)


def test_a_step_that_was_not_answered_or_is_none_differs_from_nothing(person: Person) -> None:
    for slug in ("reading-1", "after-1", "reading-99", "nothing", "consent", "debrief"):
        assert not flow.differs(person.place, slug, FIRST)


def test_questions_that_were_not_shown_and_sentences_that_were_marked_are_compared_as_they_were_recorded() -> None:
    asked = block(
        "doubts",
        "reading",
        item("sure", "single", options=[option("yes"), option("no")]),
        item("why", "short-text", show_if=[{"item": "sure", "any_of": ["no"]}]),
        item("marked", "highlight", required=False),
    )
    study: Study = factories.launched_study(blocks=[RATING, asked])
    person = Person(study).walk_to("reading-1")
    person.get()
    first: dict[str, Any] = fitting(person.place) | {"sure": "yes", "why": "", "marked": ["1"]}
    person.post(data=first)
    assert person.slug == "reading-2"
    sent = {name: value if isinstance(value, list) else [value] for name, value in first.items()}
    assert not flow.differs(person.place, "reading-1", sent | {"why": ["Whatever stands in a hidden field"]})
    assert flow.differs(person.place, "reading-1", sent | {"marked": []})
