"""The pages that ask for texts and show how far a batch is."""

import re
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from generation import drafting, workers
from generation.models import Batch, Candidate
from surveys import lifecycle
from surveys.models import Article, Origin, Study
from tests.factories import ArmFactory, ArticleFactory, StoryFactory, StudyFactory, ready_study
from tests.generation.factories import OPENING, built_in, claimed, draft, queued, synthetic_arm, written

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(client: Client) -> Study:
    """A draft whose owner is signed in."""
    study: Study = StudyFactory()
    built_in()
    client.force_login(study.created_by)
    return study


SLOTS = ",".join(f"s{n}" for n in range(100))
MANY_SLOTS = " ".join(f"{{{name}}}" for name in SLOTS.split(","))


def address(study: Study, name: str, *rest: int) -> str:
    return reverse(f"generation:{name}", args=[study.key, *rest])


def asked(study: Study, **changes: Any) -> dict[str, Any]:
    return {
        "new_story": "A bridge is closed",
        "kind": "continuation",
        "text": OPENING,
        "opening_shown": "on",
        "headline": "The old bridge",
        "language_model": "built-in",
        "size": "3",
        "temperature": "0.9",
        "top_p": "0.95",
        "top_k": "0",
        "min_p": "0",
        "repetition_penalty": "1",
        "max_tokens": "4",
        "min_tokens": "0",
        "language": "en",
        "seed": "",
        **changes,
    }


def test_a_batch_is_asked_for_on_a_page(client: Client, study: Study) -> None:
    response = client.post(address(study, "batch-new"), asked(study))
    assert response.headers["Location"] == address(study, "batch", 1)
    batch = Batch.objects.get()
    assert (batch.size, batch.sampling["temperature"], batch.prompt.headline) == (3, 0.9, "The old bridge")
    assert batch.prompt.story.title == "A bridge is closed"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"text": "  "}, "The prompt is empty"),
        ({"text": "word " * 9000}, "the model can hold"),
        ({"size": "0"}, "Ask for 1 to 500"),
        ({"size": "many"}, "whole number"),
        ({"temperature": "-1"}, "Must be 0 (greedy) or lie between 0.01 and 10"),
        ({"temperature": "1e-50"}, "Must be 0 (greedy) or lie between 0.01 and 10"),
        ({"temperature": "hot"}, "Enter a number"),
        ({"temperature": "nan"}, "Enter a number"),
        ({"language_model": "gpt-17"}, "no such model"),
        ({"new_story": ""}, "Choose a story"),
        ({"kind": "poem"}, "Select a valid choice"),
        ({"seed": "-4"}, "whole number from 0"),
        ({"top_p": "0"}, "must be above 0".capitalize()),
        ({"text": "A NUL \0 inside"}, "Null characters are not allowed"),
        ({"size": "9" * 400}, "Ask for 1 to 500"),
        ({"seed": "9" * 400}, "whole number from 0"),
        ({"max_tokens": "9" * 400}, "the model can hold"),
        ({"text": "The {group} met"}, "Nothing fills the slot {group}"),
        ({"text": MANY_SLOTS, "table": f"{SLOTS}\n{SLOTS}"}, "100 columns; at most 20 are taken"),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_what_was_typed_stays(
    client: Client, study: Study, changes: dict[str, str], message: str
) -> None:
    response = client.post(address(study, "batch-new"), asked(study, headline="Kept as typed", **changes))
    page = response.content.decode()
    assert response.status_code == 200
    assert message in page
    assert 'value="Kept as typed"' in page
    assert 'aria-invalid="true"' in page
    assert not Batch.objects.exists()


THREE = "It rained. It stopped. Then it rained again.\n\nSecond paragraph.\n\nThird paragraph."


@pytest.mark.parametrize(
    ("text", "opening", "given"),
    [
        (THREE, "sentences=1", "It rained."),
        (THREE, "sentences=2", "It rained. It stopped."),
        (THREE, "paragraphs=1", "It rained. It stopped. Then it rained again."),
        (THREE, "paragraphs=2", "It rained. It stopped. Then it rained again.\n\nSecond paragraph."),
        ("It rained on Mr. Smith. It stopped.", "sentences=1", "It rained on Mr. Smith."),
        ("It rained.\n\nIt stopped. Later it snowed.", "paragraphs=1", "It rained."),
        ("It rained.\n\nIt stopped. Later it snowed.", "sentences=2", "It rained.\n\nIt stopped."),
    ],
)
def test_the_form_begins_with_an_opening_of_a_real_article(
    client: Client, study: Study, text: str, opening: str, given: str
) -> None:
    real = _real(study, text)
    [link] = re.findall(
        rf"\?article={real.key}&amp;{opening}", client.get(address(study, "batch-new")).content.decode()
    )
    page = client.get(address(study, "batch-new") + unescape(link)).content.decode()
    assert f">\n{given}</textarea>" in page
    assert 'value="The real headline"' in page


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        (THREE, ["sentences=1", "sentences=2", "paragraphs=1", "paragraphs=2"]),
        ("It rained. It stopped.", ["sentences=1"]),
        ("It rained.\n\nIt stopped.", ["paragraphs=1"]),
        ("It rained.", []),
    ],
)
def test_each_opening_is_offered_once_and_never_the_whole_article(
    client: Client, study: Study, text: str, offered: list[str]
) -> None:
    real = _real(study, text)
    page = client.get(address(study, "batch-new")).content.decode()
    assert re.findall(r"\?article=\S+?&amp;(\w+=\d)", page) == offered
    asked_for = {"article": real.key, "paragraphs": "2"}
    page = client.get(address(study, "batch-new"), asked_for).content.decode()
    assert f">\n{text}</textarea>" not in page


def _real(study: Study, text: str) -> Article:
    return ArticleFactory(
        arm=ArmFactory(study=study, origin=Origin.REAL),
        story=StoryFactory(study=study),
        headline="The real headline",
        text=text,
    )


def test_the_form_begins_like_another_batch(client: Client, study: Study) -> None:
    written(study=study, headline="As before")
    page = client.get(address(study, "batch-new"), {"batch": "1"}).content.decode()
    assert OPENING in page
    assert 'value="As before"' in page


@pytest.mark.parametrize("query", [{"batch": "99"}, {"batch": "x"}, {"article": "none"}, {"batch": "9" * 30}])
def test_a_link_that_names_nothing_gives_the_plain_form(client: Client, study: Study, query: dict[str, str]) -> None:
    assert client.get(address(study, "batch-new"), query).status_code == 200


def test_a_frozen_study_says_that_it_takes_no_batch(client: Client) -> None:
    built_in()
    study = ready_study()
    lifecycle.freeze(study, study.created_by)
    client.force_login(study.created_by)
    assert "does not change any more" in client.post(address(study, "batch-new"), asked(study)).content.decode()
    assert address(study, "batch-new") not in client.get(address(study, "index")).content.decode()


def test_the_list_counts_what_was_written_and_decided(client: Client, study: Study) -> None:
    assert "No texts were asked for yet" in client.get(address(study, "index")).content.decode()
    written(study=study)
    page = client.get(address(study, "index")).content.decode()
    assert "3 of 3" in page
    assert "Review 3 pending texts" in page


def test_while_a_batch_is_open_the_page_asks_for_its_progress(client: Client, study: Study) -> None:
    batch = queued(study)
    assert "No generation worker is at work" in client.get(address(study, "batch", 1)).content.decode()
    workers.report()
    page = client.get(address(study, "batch", 1)).content.decode()
    assert "A generation worker takes it" in page
    assert 'hx-trigger="every 1s"' in page
    assert "<noscript>" in page
    run = claimed(batch)
    assert "The worker loads the model" in client.get(address(study, "batch-progress", 1)).content.decode()
    assert drafting.save(run, draft(1))
    answer = client.get(address(study, "batch-progress", 1), {"seen": "0"})
    assert answer.status_code == 200
    assert "1 of 3 texts written" in answer.content.decode()
    assert 'hx-swap-oob="beforeend"' in answer.content.decode()
    assert "Text 1" in answer.content.decode()


def test_a_batch_that_waits_says_how_many_come_before_it(client: Client, study: Study) -> None:
    for _ in range(3):
        queued(study)
    workers.report()
    pages = [client.get(address(study, "batch", number)).content.decode() for number in (1, 2, 3)]
    said = [re.findall(r"\d+ other batch\w* comes? first", page) for page in pages]
    assert said == [[], ["1 other batch comes first"], ["2 other batches come first"]]


def test_only_texts_not_seen_yet_are_sent(client: Client, study: Study) -> None:
    batch = queued(study)
    run = claimed(batch)
    for index in (2, 0):
        assert drafting.save(run, draft(index))
    page = client.get(address(study, "batch-progress", 1), {"seen": "1"}).content.decode()
    assert re.findall(r"Text (\d)", page) == ["0"]
    assert client.get(address(study, "batch-progress", 1), {"seen": "²"}).status_code == 200


def test_a_text_that_is_written_while_the_page_is_made_is_listed_once(client: Client, study: Study) -> None:
    run = claimed(queued(study))
    assert drafting.save(run, draft(0))
    late = iter([draft(1)])

    def meanwhile(execute: Any, sql: str, *rest: Any) -> Any:
        answer = execute(sql, *rest)
        if 'AS "done"' in sql:
            for text in late:
                assert drafting.save(run, text)
        return answer

    with connection.execute_wrapper(meanwhile):
        page = client.get(address(study, "batch", 1)).content.decode()
    assert next(late, None) is None, "nothing was written meanwhile"
    asked = re.search(r"progress/\?seen=(\d+)", page)
    assert asked is not None
    more = client.get(address(study, "batch-progress", 1), {"seen": asked[1]}).content.decode()
    assert re.findall(r">Text (\d)", page) + re.findall(r">Text (\d)", more) == ["0", "1"]


def test_htmx_is_told_to_stop_asking_when_the_batch_has_ended(client: Client, study: Study) -> None:
    written(study=study)
    answer = client.get(address(study, "batch-progress", 1), {"seen": "0"})
    assert answer.status_code == 286
    assert "hx-trigger" not in answer.content.decode()
    assert "More texts of this batch" in answer.content.decode()


def test_a_batch_is_stopped_and_goes_on(client: Client, study: Study) -> None:
    queued(study)
    page = client.post(address(study, "batch-cancel", 1), follow=True).content.decode()
    assert "What was finished is kept" in page
    assert "Go on" in page
    client.post(address(study, "batch-resume", 1))
    assert Batch.objects.get().status == Batch.Status.QUEUED


def test_a_failed_batch_says_why_and_can_be_tried_again(client: Client, study: Study) -> None:
    Batch.objects.filter(pk=queued(study).pk).update(status="failed", error="The invented disk is full.")
    Candidate.objects.update(state="failed")
    page = client.get(address(study, "batch", 1)).content.decode()
    assert "The invented disk is full." in page
    assert "Try again" in page
    client.post(address(study, "batch-resume", 1))
    assert set(Candidate.objects.values_list("state", flat=True)) == {"waiting"}


def test_more_texts_are_asked_for_and_too_few_refused(client: Client, study: Study) -> None:
    written(study=study)
    assert "more than the 3" in client.post(address(study, "batch-extend", 1), {"size": "2"}).content.decode()
    done = client.post(address(study, "batch-extend", 1), {"size": "4"}, follow=True).content.decode()
    assert Batch.objects.get().size == 4
    assert "once you let the batch go on" not in done
    client.post(address(study, "batch-pause", 1))
    paused = client.post(address(study, "batch-extend", 1), {"size": "5"}, follow=True).content.decode()
    assert "They are written once you let the batch go on." in paused
    assert Batch.objects.get().status == Batch.Status.PAUSED


def test_a_random_pick_goes_into_its_arm_and_is_refused_after_a_decision(client: Client, study: Study) -> None:
    written(study=study)
    arm = synthetic_arm(study, curation="uncurated")
    page = client.post(address(study, "batch-pick", 1), {"k": "2", "seed": "", "arm": arm.key}, follow=True)
    assert "2 texts were picked at random" in page.content.decode()
    assert arm.articles.count() == 2
    again = client.post(address(study, "batch-pick", 1), {"k": "1", "arm": arm.key})
    assert "not random" in again.content.decode()


def test_the_page_of_a_batch_says_how_many_failed_before_a_draw_leaves_them_out(client: Client, study: Study) -> None:
    batch = written(study=study)
    assert "without_failed" not in client.get(address(study, "batch", 1)).content.decode()
    batch.candidates.filter(index=0).update(state="failed", raw_text="", text="", run=None)
    assert "1 text of this batch failed" in client.get(address(study, "batch", 1)).content.decode()
    client.post(address(study, "batch-pick", 1), {"k": "2", "without_failed": "on"})
    assert batch.candidates.filter(decision="accepted").count() == 2


def test_pages_show_no_database_key(client: Client, study: Study) -> None:
    for _ in range(3):
        written()
    batch = written(study=study)
    assert batch.number == 1 != batch.pk
    text_url = reverse("generation:candidate", args=[study.key, batch.candidates.get(index=0).code])
    for url in (address(study, "index"), address(study, "batch", 1), text_url):
        page = client.get(url).content.decode()
        assert "/batches/1/" in page
        assert f"/batches/{batch.pk}/" not in page
        assert f'value="{batch.prompt.story_id}"' not in page


def test_every_way_of_ending_and_drawing_can_be_asked_for(client: Client, study: Study) -> None:
    client.post(
        address(study, "batch-new"),
        asked(study, stop="###\n\nThe End\n", no_repeat_ngram="3", sentence_from="2", exact="on"),
    )
    sampling = Batch.objects.get().sampling
    assert sampling["stop"] == ["###", "The End"]
    assert (sampling["no_repeat_ngram"], sampling["sentence_from"], sampling["exact"]) == (3, 2, True)
    page = client.get(f"{address(study, 'batch-new')}?batch=1").content.decode()
    assert "###\nThe End</textarea>" in page
    told = client.get(address(study, "batch", 1)).content.decode()
    assert "Stop strings: “###”, “The End”" in told
    assert "Min-p" not in told  # what is off goes without saying


def test_a_preview_asks_for_nothing_and_keeps_what_was_typed(client: Client, study: Study) -> None:
    typed = asked(study, text="The {group} met and", table="group\nfarmers\n<nurses>", preview="1")
    page = client.post(address(study, "batch-new"), typed).content.decode()
    assert "The &lt;nurses&gt; met and" in page
    assert "2 batches, one for each row of the table." in page
    assert not Batch.objects.exists()


def test_a_table_makes_a_batch_a_row(client: Client, study: Study) -> None:
    typed = asked(study, text="The {group} met and", table="group\nfarmers\nnurses")
    response = client.post(address(study, "batch-new"), typed)
    assert response.headers["Location"] == address(study, "index")
    assert Batch.objects.count() == 2


def test_a_table_without_its_slot_is_said_at_the_field(client: Client, study: Study) -> None:
    page = client.post(address(study, "batch-new"), asked(study, table="group\nfarmers")).content.decode()
    assert "No slot in the prompt takes {group}" in page
    assert not Batch.objects.exists()
