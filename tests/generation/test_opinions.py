"""Opinions of several curators: independent, decided where all agree, adjudicated where they differ."""

import re
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from generation import curation, opinions
from generation.assignments import agreement_of, assign, awaited, panel_of, panels
from generation.curation import CurationError, DecidedMeanwhile
from generation.models import Opinion
from generation.undoing import last_act
from surveys import audit
from surveys.models import Article
from tests.generation.factories import CONTINUATION, address, curator, synthetic_arm, text_of, written
from tests.generation.test_assignments import panel

pytestmark = pytest.mark.django_db


def test_where_all_agree_the_last_opinion_decides_by_rule() -> None:
    batch = written(headline="The old bridge")
    arm = synthetic_arm(batch.study, model_slot="built-in")
    first, second = panel(batch)
    opinions.give(text_of(batch), by=first, verdict="accept")
    assert text_of(batch).decision == "pending"
    opinions.give(text_of(batch), by=second, verdict="accept", seconds=12.5)
    article = Article.objects.get()
    assert article.arm == arm
    assert article.lineage["reviews"][0]["rule"] == "2 of 2 opinions for it"
    assert [o["by"] for o in article.lineage["opinions"]] == [str(first), str(second)]
    assert Opinion.objects.get(by=second).seconds == 12.5
    assert audit.verify(batch.study) == []


def test_two_against_it_reject() -> None:
    batch = written()
    for person in panel(batch):
        opinions.give(text_of(batch), by=person, verdict="reject", reason="dull")
    assert text_of(batch).reviews.get().rule == "2 of 2 opinions against it"


def disputed() -> Any:
    """A text on which its two readers differ; with it the two."""
    batch = written()
    first, second = panel(batch)
    opinions.give(text_of(batch), by=first, verdict="accept")
    opinions.give(text_of(batch), by=second, verdict="reject", reason="contradicts itself")
    return batch, first, second


def test_where_they_differ_somebody_else_adjudicates_with_a_reason() -> None:
    batch, first, second = disputed()
    assert panel_of(text_of(batch)).is_disputed
    third = curator(batch.study)
    with pytest.raises(CurationError, match="Opinions differ"):
        curation.accept(text_of(batch), by=third, arm=None)
    for person in (first, second):
        with pytest.raises(CurationError, match="somebody else, or an owner"):
            curation.reject(text_of(batch), by=person, reason="mine counts")
    curation.accept(text_of(batch), by=third, arm=None, reason="the contradiction was edited out")
    assert text_of(batch).decision == "accepted"


def test_an_owner_adjudicates_also_where_they_were_asked() -> None:
    batch = written()
    other = curator(batch.study)
    people = [batch.created_by, other]
    assign(batch.study, [text_of(batch)], by=batch.created_by, curators=people, each=2, seed=1)
    opinions.give(text_of(batch), by=batch.created_by, verdict="accept")
    opinions.give(text_of(batch), by=other, verdict="reject", reason="r")
    curation.reject(text_of(batch), by=batch.created_by, reason="on second thoughts")
    assert text_of(batch).decision == "rejected"


def test_nobody_decides_or_edits_while_opinions_are_awaited() -> None:
    batch = written()
    first, _second = panel(batch)
    for act in (
        partial(curation.accept, arm=None),
        partial(curation.reject, reason="r"),
        partial(curation.edit, text="Another text."),
    ):
        with pytest.raises(CurationError, match="still awaited"):
            act(text_of(batch), by=first)
    assert text_of(batch).revision == 0


def test_only_those_asked_give_an_opinion_and_against_it_needs_a_reason() -> None:
    batch = written()
    first, _second = panel(batch)
    with pytest.raises(CurationError, match="Others are asked"):
        opinions.give(text_of(batch), by=curator(batch.study), verdict="accept")
    with pytest.raises(CurationError, match="Write why"):
        opinions.give(text_of(batch), by=first, verdict="reject", reason=" ")


def test_an_opinion_can_be_taken_back_until_the_text_is_decided() -> None:
    batch = written()
    first, second = panel(batch)
    opinions.give(text_of(batch), by=first, verdict="accept")
    opinions.withdraw(text_of(batch).opinions.get())
    assert panel_of(text_of(batch)).missing == {first.pk, second.pk}
    opinions.give(text_of(batch), by=first, verdict="accept")
    opinions.give(text_of(batch), by=second, verdict="accept")
    with pytest.raises(DecidedMeanwhile):
        opinions.withdraw(Opinion.objects.filter(by=first).latest("number"))


def test_once_everybody_has_answered_nobody_takes_an_opinion_back_to_agree_with_what_they_have_read() -> None:
    batch = written([CONTINUATION] * 2)
    first, second = panel(batch)
    for person, verdicts in ((first, ("accept", "accept")), (second, ("accept", "reject"))):
        for index, verdict in enumerate(verdicts):
            opinions.give(text_of(batch, index), by=person, verdict=verdict, reason="dull")
    assert agreement_of(panels(batch.study).values()).alpha == 0
    assert last_act(batch.study, first) is None
    assert last_act(batch.study, second) is None
    for mine in text_of(batch, 1).opinions.all():
        with pytest.raises(CurationError, match="your opinion stands"):
            opinions.withdraw(mine)
    with pytest.raises(CurationError, match="You have answered"):
        opinions.give(text_of(batch, 1), by=second, verdict="accept")
    assert panel_of(text_of(batch, 1)).is_disputed
    assert agreement_of(panels(batch.study).values()).alpha == 0


def test_who_is_told_of_an_undo_too_late_reads_that_everybody_has_answered(client: Client) -> None:
    batch = written()
    first, second = panel(batch)
    opinions.give(text_of(batch), by=first, verdict="accept")
    client.force_login(first)
    page = client.get(address(batch.study, "candidate", 1, 1)).content.decode()
    [act] = re.findall(r'name="act" value="([^"]+)"', page)
    opinions.give(text_of(batch), by=second, verdict="reject", reason="dull")
    said = client.post(address(batch.study, "undo"), {"act": act}, follow=True).content.decode()
    assert "Everybody who is asked has answered: your opinion stands." in said
    assert panel_of(text_of(batch)).is_disputed


def test_an_opinion_on_a_wording_that_is_gone_is_not_taken() -> None:
    batch = written()
    read = text_of(batch)
    curation.edit(text_of(batch), by=batch.created_by, text="Changed before anybody was asked.")
    first, _second = panel(batch)
    with pytest.raises(DecidedMeanwhile):
        opinions.give(read, by=first, verdict="accept", revision=0)


@pytest.mark.django_db(transaction=True)
def test_two_who_answer_at_the_same_moment_are_both_counted_and_decide_once() -> None:
    batch = written()
    people = panel(batch, 4)
    texts = [text_of(batch) for _ in people]
    barrier = threading.Barrier(len(people))
    problems: list[Exception] = []

    def answer(give: Callable[[], object]) -> None:
        try:
            barrier.wait()
            give()
        except Exception as error:
            problems.append(error)
        finally:
            connection.close()

    calls = [partial(opinions.give, text, by=who, verdict="accept") for text, who in zip(texts, people, strict=True)]
    threads = [threading.Thread(target=answer, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    text = text_of(batch)
    assert (text.decision, text.opinions.count(), text.reviews.count()) == ("accepted", 4, 1)
    assert [opinion.number for opinion in text.opinions.order_by("number")] == [1, 2, 3, 4]
    assert audit.verify(batch.study) == []


def test_the_pages_hide_others_opinions_until_ones_own_is_given(client: Client) -> None:
    batch = written([CONTINUATION] * 2)
    first, second = panel(batch)
    opinions.give(text_of(batch), by=first, verdict="reject", reason="reads like an advertisement")
    client.force_login(second)
    start = client.get(address(batch.study, "review"))
    assert "want=mine" in start.headers["Location"]
    url = address(batch.study, "candidate", 1, 0)
    page = client.get(url).content.decode()
    assert "Your opinion" in page
    assert "Until the last of them answers you can take your opinion back" in page
    assert "advertisement" not in page
    response = client.post(address(batch.study, "accept", 1, 0), {"revision": 0, "seconds": "8.5"}, follow=True)
    assert "Opinions differ: somebody adjudicates." in response.content.decode()
    page = client.get(url).content.decode()
    assert "reads like an advertisement" in page
    assert Opinion.objects.get(by=second).seconds == 8.5


def test_who_has_answered_reads_what_others_say_once_all_have(client: Client) -> None:
    batch = written()
    first, second, third = panel(batch, 3)
    opinions.give(text_of(batch), by=first, verdict="reject", reason="reads like an advertisement")
    opinions.give(text_of(batch), by=second, verdict="reject", reason="too short by half")
    url = address(batch.study, "candidate", 1, 0)
    client.force_login(second)
    page = client.get(url).content.decode()
    assert "too short by half" in page
    assert "advertisement" not in page
    client.force_login(batch.created_by)
    assert "advertisement" in client.get(url).content.decode()
    opinions.give(text_of(batch), by=third, verdict="accept")
    client.force_login(second)
    assert "advertisement" in client.get(url).content.decode()


def test_undo_takes_ones_opinion_back(client: Client) -> None:
    batch = written()
    first, _second = panel(batch)
    client.force_login(first)
    client.post(address(batch.study, "accept", 1, 1), {"revision": 0})
    client.post(address(batch.study, "undo"))
    assert first.pk in panel_of(text_of(batch, 1)).missing


def test_the_disputed_texts_are_a_queue_of_their_own(client: Client) -> None:
    batch, _first, _second = disputed()
    client.force_login(batch.created_by)
    assert "Adjudicate 1 text" in client.get(address(batch.study, "curation")).content.decode()
    response = client.get(f"{address(batch.study, 'review')}?want=disputed")
    assert text_of(batch).code in response.headers["Location"]
    page = client.get(response.headers["Location"]).content.decode()
    assert "Say what decides between them" in page
    # Who adjudicates has to say why, whichever way.
    assert "Note for the log</label>" in page


def test_after_an_opinion_that_decided_its_text_what_can_be_undone_is_what_came_before(client: Client) -> None:
    batch = written()
    first, second = panel(batch)
    opinions.give(text_of(batch, 0), by=first, verdict="reject", reason="dull")
    for person in (second, first):
        opinions.give(text_of(batch, 1), by=person, verdict="reject", reason="dull")
    assert (text_of(batch, 0).decision, text_of(batch, 1).decision) == ("pending", "rejected")
    assert last_act(batch.study, first) == text_of(batch, 0).opinions.get()
    client.force_login(first)
    page = client.get(address(batch.study, "candidate", 1, 1)).content.decode()
    assert "Undo my last decision (Text 0 of batch 1)" in page
    client.post(address(batch.study, "undo"))
    assert first.pk in panel_of(text_of(batch, 0)).missing
    assert last_act(batch.study, first) is None


def test_what_was_done_last_is_looked_up_in_a_query_for_each_kind_and_only_of_ones_own_texts(
    django_assert_num_queries: Callable[..., Any],
) -> None:
    batch = written([CONTINUATION] * 2)
    first, second = panel(batch)
    opinions.give(text_of(batch), by=first, verdict="accept")
    opinions.give(text_of(batch, 1), by=second, verdict="accept")
    mine = text_of(batch).opinions.get()
    with django_assert_num_queries(4):
        assert last_act(batch.study, first) == mine


def test_an_opinion_can_be_taken_back_just_as_long_as_the_panel_is_not_complete() -> None:
    batch = written()
    first, second, third = panel(batch, people=3)

    def is_open() -> bool:
        found = last_act(batch.study, first) is not None
        assert found is not panels(batch.study)[text_of(batch).pk].is_complete
        assert set(awaited(batch.study).filter(candidate=text_of(batch)).values_list("curator", flat=True)) == set(
            panel_of(text_of(batch)).missing
        )
        return found

    opinions.give(text_of(batch), by=first, verdict="accept")
    opinions.give(text_of(batch), by=second, verdict="reject", reason="dull")
    assert is_open(), "the third is awaited"
    opinions.withdraw(text_of(batch).opinions.get(by=second))
    batch.study.memberships.get(researcher=third).delete()
    assert is_open(), "the second took it back, and nobody waits for who has left"
    opinions.give(text_of(batch), by=second, verdict="reject", reason="dull after all")
    assert not is_open()
    batch.study.memberships.get(researcher=second).delete()
    assert not is_open(), "who left had answered"


def test_an_opinion_is_taken_back_on_the_page_of_its_text_whatever_was_answered_since(client: Client) -> None:
    batch = written()
    first, second = panel(batch)
    for index in (0, 1):
        opinions.give(text_of(batch, index), by=first, verdict="accept")
    client.force_login(first)
    url = address(batch.study, "candidate", 1, 0)
    before, button = text_of(batch, 0).opinions.get(), "Take my opinion back"
    assert button in client.get(url).content.decode()
    client.post(address(batch.study, "undo"), {"act": f"opinion-{before.pk}"})
    assert first.pk in panel_of(text_of(batch, 0)).missing
    assert first.pk not in panel_of(text_of(batch, 1)).missing
    assert button not in client.get(url).content.decode()
    # Nobody's but one's own, and none twice.
    opinions.give(text_of(batch, 0), by=second, verdict="accept")
    theirs = text_of(batch, 0).opinions.get(by=second)
    for act in (f"opinion-{before.pk}", f"opinion-{theirs.pk}"):
        said = client.post(address(batch.study, "undo"), {"act": act}, follow=True).content.decode()
        assert "There is nothing of yours to undo." in said
    assert panel_of(text_of(batch, 0)).missing == {first.pk}
