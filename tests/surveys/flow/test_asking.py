"""Rules of display and option orders on the way: decided by what was recorded, written down with the answers."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from surveys.flow.asking import asked_of, earlier_answers
from surveys.items.order import shown_codes
from surveys.models import Answer, Study
from tests import factories
from tests.surveys.participant.kinds import HIGHLIGHT
from tests.surveys.participant.person import RATING, Person, block, item, leads_to, option

pytestmark = pytest.mark.django_db
YES_NO = [option("yes"), option("no")]


def _shown_if(other: str, *codes: str) -> dict[str, Any]:
    return {"show_if": [{"item": other, "any_of": list(codes)}]}


READER = block("reader", "before", item("reads", "single", options=YES_NO))
WHICH = block(
    "which",
    "before",
    item("paper", "short-text", **_shown_if("reads", "yes")),
    item("always", "single", options=YES_NO),
)
ONLY_READERS = block("only", "before", item("since", "number", **_shown_if("reads", "yes")))
DOUBT = block("doubt", "looking-back", item("why", "short-text", **_shown_if("believable", "1")))
LATER = block("later", "after", item("pays", "single", options=YES_NO, **_shown_if("reads", "yes")))


def _states(person: Person, step: str) -> dict[str, str]:
    return dict(Answer.objects.filter(participant=person.row, step=step).values_list("item", "state"))


def test_an_item_is_left_out_by_an_answer_on_an_earlier_page_and_recorded_as_not_shown() -> None:
    person = Person(factories.launched_study(blocks=[READER, WHICH, RATING])).walk_to("before-1")
    person.answer(reads="no")
    assert "The question paper?" not in person.get().content.decode()
    assert leads_to(person.answer(paper="Sent all the same")) == "reading-1"
    assert _states(person, "before-2") == {"paper": "not-shown", "always": "answered"}
    assert not Answer.objects.filter(value__contains="Sent").exists()


def test_the_same_item_is_asked_of_somebody_else() -> None:
    person = Person(factories.launched_study(blocks=[READER, WHICH, RATING])).walk_to("before-1")
    person.answer(reads="yes")
    assert "The question paper?" in person.get().content.decode()
    assert person.post(data={"always": "yes"}).status_code == 422
    person.answer(paper="The Invented Post")
    assert _states(person, "before-2") == {"paper": "answered", "always": "answered"}


def test_a_page_on_which_nothing_is_asked_is_passed_over_and_its_items_are_not_shown() -> None:
    person = Person(factories.launched_study(blocks=[READER, ONLY_READERS, RATING, LATER])).walk_to("before-1")
    assert leads_to(person.answer(reads="no")) == "reading-1"
    assert _states(person, "before-2") == {"since": "not-shown"}
    assert person.row.arm
    person.walk_to("reading-2")
    assert leads_to(person.answer()) == "debrief"
    assert _states(person, "after-1") == {"pays": "not-shown"}
    assert person.row.outcome == "completed"


def test_a_page_is_shown_to_those_whom_it_is_about() -> None:
    person = Person(factories.launched_study(blocks=[READER, ONLY_READERS, RATING, LATER])).walk_to("before-1")
    assert leads_to(person.answer(reads="yes")) == "before-2"
    person.walk_to("after-1").answer()
    assert _states(person, "after-1") == {"pays": "answered"}


def test_looking_back_rests_on_the_answers_about_the_same_article() -> None:
    person = Person(factories.launched_study(blocks=[RATING, DOUBT])).walk_to("reading-1")
    person.answer(believable="4")
    assert leads_to(person.answer(believable="1")) == "looking-back-2"
    assert "The question why?" in person.get().content.decode()
    person.answer()
    first, second = Answer.objects.filter(item="why").select_related("trial").order_by("step")
    assert (first.state, second.state) == ("not-shown", "answered")
    assert first.trial is not None
    assert (first.trial.position, first.step) == (0, "looking-back-1")


def test_an_answer_cannot_be_changed_by_going_back() -> None:
    person = Person(factories.launched_study(blocks=[READER, WHICH, RATING])).walk_to("before-1")
    person.answer(reads="no")
    assert leads_to(person.post("before-1", {"reads": "yes"})) == "before-2"
    assert "The question paper?" not in person.get().content.decode()


def test_only_steps_with_rules_about_other_pages_ask_the_database() -> None:
    person = Person(factories.launched_study(blocks=[READER, WHICH, RATING])).walk_to("before-1")
    place = person.place
    with CaptureQueriesContext(connection) as captured:
        assert earlier_answers(place) == {}
        asked_of(place, {})
    assert len(captured) == 0
    person.answer(reads="yes")
    place = person.place
    with CaptureQueriesContext(connection) as captured:
        assert earlier_answers(place)["reads"].value == "yes"
    assert len(captured) == 1


@pytest.fixture
def shuffled() -> Study:
    options = [option(code) for code in "abcdef"] + [option("none") | {"anchored": True}]
    asked = item("which", "single", options=options, order="shuffled")
    return factories.launched_study(
        blocks=[block("orders", "before", asked, item("reads", "single", options=YES_NO)), RATING]
    )


def test_the_order_that_was_shown_is_recorded_with_the_answer(shuffled: Study) -> None:
    person = Person(shuffled).walk_to("before-1")
    page = person.get().content.decode()
    shown = sorted("abcdef", key=lambda code: page.index(f'value="{code}"'))
    person.answer()
    orders = dict(Answer.objects.filter(step="before-1").values_list("item", "option_order"))
    assert orders == {"which": " ".join([*shown, "none"]), "reads": ""}
    asked = shuffled.current_version
    assert asked is not None
    (which, _) = asked.frozen.definition.blocks[0].items
    assert shown_codes(which, shuffled.allocation_seed, person.row.export_id) == (*shown, "none")


def test_people_see_different_orders_and_each_the_same_again(shuffled: Study) -> None:
    people = [Person(shuffled).walk_to("before-1") for _ in range(6)]
    orders = [[person.get().content.decode().find(f'value="{code}"') for code in "abcdef"] for person in people]
    assert orders == [[person.get().content.decode().find(f'value="{code}"') for code in "abcdef"] for person in people]
    assert len({tuple(sorted(range(6), key=order.__getitem__)) for order in orders}) > 1


def test_marked_sentences_stand_beside_the_hash_of_the_text_that_holds_them() -> None:
    marks = block("marks", "reading", HIGHLIGHT)
    person = Person(factories.launched_study(blocks=[marks, RATING])).walk_to("reading-1")
    person.answer(doubt=["2"])
    answer = Answer.objects.select_related("trial__article").get(item="doubt")
    assert answer.value == "2"
    assert answer.trial is not None
    assert answer.trial.article_sha256 == answer.trial.article.sha256
    person.get()
    assert person.post(data={"doubt": ["99"], "believable": "1", "accurate": "1", "clear": "1"}).status_code == 422
