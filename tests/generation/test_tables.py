"""A prompt with slots makes a batch a row, all of them or none, and a preview shows what the model would be given."""

from typing import Any

import pytest

from generation.batches import RequestError
from generation.engine import Sampling
from generation.lineage import lineage_of
from generation.models import Batch, Candidate, Prompt
from generation.prefill import prefilled
from generation.tables import previews, request_rows
from surveys.models import Study
from tests.factories import StoryFactory, StudyFactory
from tests.generation.factories import built_in

pytestmark = pytest.mark.django_db

TEMPLATE = "The {group} of the invented town of {city} met on Tuesday, and"
TABLE = "group,city\nfarmers,Northgate\nnurses,Rookby"


def ask(study: Study, **changes: Any) -> list[Batch]:
    built_in()
    asked: dict[str, Any] = {
        "by": study.created_by,
        "table": TABLE,
        "story": StoryFactory(study=study),
        "text": TEMPLATE,
        "headline": "{group} meet",
        "language_model": "built-in",
        "sampling": Sampling(max_tokens=4),
        "size": 2,
        **changes,
    }
    return request_rows(study, **asked)


def test_each_row_is_a_batch_with_its_own_prompt_and_the_same_seeds() -> None:
    farmers, nurses = ask(StudyFactory())
    assert farmers.prompt.text == "The farmers of the invented town of Northgate met on Tuesday, and"
    assert (nurses.prompt.headline, nurses.prompt.slots) == ("nurses meet", {"group": "nurses", "city": "Rookby"})
    assert {batch.prompt.template for batch in (farmers, nurses)} == {TEMPLATE}
    assert [*farmers.candidates.order_by("index").values_list("seed", flat=True)] == [
        *nurses.candidates.order_by("index").values_list("seed", flat=True)
    ]


def test_a_new_storys_name_is_filled_too() -> None:
    made = ask(StudyFactory(), story="Meeting of {group}")
    assert [batch.prompt.story.title for batch in made] == ["Meeting of farmers", "Meeting of nurses"]


def test_lineage_tells_slots_template_and_how_much_of_an_article_was_given() -> None:
    batch = ask(StudyFactory(), text="{group} met.\n\nIt rained in {city}. Then")[0]
    prompt = lineage_of(Candidate.objects.get(batch=batch, index=0))["prompt"]
    assert prompt["slots"] == {"group": "farmers", "city": "Northgate"}
    assert (prompt["sentences"], prompt["paragraphs"]) == (3, 2)


def test_one_bad_row_is_named_and_nothing_is_asked_for() -> None:
    study = StudyFactory()
    long = "word " * 900
    with pytest.raises(RequestError) as caught:
        ask(study, table=f"group,city\nfarmers,Northgate\n{long},Rookby", sampling=Sampling(max_tokens=8000))
    assert caught.value.problems["text"].startswith("Row 2 of the table: ")
    assert not Batch.objects.exists()
    assert not Prompt.objects.exists()


@pytest.mark.parametrize(
    ("table", "problem"),
    [("group\nfarmers", "no column for {city}"), ("group,city", "no row"), ("group,city,x\na,b,c", "takes {x}")],
)
def test_a_table_that_does_not_fit_is_said_at_its_field(table: str, problem: str) -> None:
    with pytest.raises(RequestError) as caught:
        ask(StudyFactory(), table=table)
    assert problem in caught.value.problems["table"]


def test_a_preview_shows_the_text_behind_the_template_with_its_length() -> None:
    built_in()
    shown, rows = previews(
        language_model="built-in", kind="instruction", text="Write about {group}.", table="group\nfarmers\nnurses"
    )
    assert rows == 2
    assert "user\nWrite about nurses." in shown[1].given
    assert shown[1].tokens is not None
    assert shown[1].tokens > 6


def test_a_preview_of_a_prompt_that_cannot_be_used_says_why() -> None:
    built_in()
    shown, _rows = previews(language_model="built-in", kind="fields", text="date: today")
    assert "no headline" in shown[0].problem
    assert shown[0].tokens is None


@pytest.mark.parametrize("slotted", ["text", "headline", "story"])
def test_a_slot_that_no_table_fills_is_said_before_a_model_reads_braces(slotted: str) -> None:
    plain = {"story": "A meeting", "text": "The farmers met and", "headline": "A meeting"}
    with pytest.raises(RequestError, match=r"Nothing fills the slot \{town\}") as refused:
        ask(StudyFactory(), table=" ", **plain | {slotted: f"{plain[slotted]} in {{town}}"})
    assert [*refused.value.problems] == ["table"]
    assert not Batch.objects.exists()


def test_a_batch_like_a_rows_begins_with_the_template_and_its_row() -> None:
    farmers, _nurses = ask(StudyFactory(), story="Meeting of {group}", text="They met in {city}, and")
    begun = prefilled(farmers.study, {"batch": "1"})
    # A column that no slot of the text takes was used elsewhere, and is filled already.
    assert (begun["text"], begun["table"], begun["headline"]) == (
        "They met in {city}, and",
        "city\nNorthgate",
        "farmers meet",
    )
