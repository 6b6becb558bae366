"""The review queue: reading, deciding, filters, and what the second of two curators is shown."""

from typing import Any

import pytest
from django.test import Client

from generation import curation, opinions
from generation.curation import standing_text
from generation.models import Batch
from generation.reviewing import to_decide
from surveys import lifecycle
from surveys.models import Article, Origin
from tests.factories import ArmFactory, ArticleFactory, ready_study
from tests.generation.factories import CONTINUATION, address, curator, queued, synthetic_arm, text_of, written
from tests.generation.test_assignments import panel

pytestmark = pytest.mark.django_db


@pytest.fixture
def batch(client: Client) -> Batch:
    """Three texts to review, and their study's owner signed in."""
    made = written(headline="The old bridge")
    client.force_login(made.created_by)
    return made


def acceptance(batch: Batch, **changes: Any) -> dict[str, Any]:
    return {"story": batch.prompt.story.key, "headline": "The old bridge", "arm": "", "revision": 0, **changes}


def test_the_queue_begins_with_the_first_pending_text(client: Client, batch: Batch) -> None:
    curation.reject(text_of(batch, 0), by=batch.created_by, reason="r")
    response = client.get(address(batch.study, "review"))
    assert response.headers["Location"] == address(batch.study, "candidate", 1, 1)


def test_a_text_is_set_as_readers_will_see_it(client: Client, batch: Batch) -> None:
    page = client.get(address(batch.study, "candidate", 1, 0)).content.decode()
    assert '<h2 class="article-headline">The old bridge</h2>' in page
    assert '<div class="article-body">' in page
    assert "which engineers had found unsafe in the spring. The decision came" in page


def test_accepting_makes_an_article_in_the_arm_and_goes_to_the_next_text(client: Client, batch: Batch) -> None:
    arm = synthetic_arm(batch.study, model_slot="built-in")
    assert (
        f'<option value="{arm.key}" selected>' in client.get(address(batch.study, "candidate", 1, 0)).content.decode()
    )
    response = client.post(address(batch.study, "accept", 1, 0), acceptance(batch, arm=arm.key, reason="good"))
    assert response.headers["Location"] == address(batch.study, "candidate", 1, 1)
    article = Article.objects.get()
    assert (article.arm, article.lineage["reviews"][0]["reason"]) == (arm, "good")


def test_undo_goes_back_step_by_step_through_what_stands(client: Client, batch: Batch) -> None:
    by, undo = batch.created_by, address(batch.study, "undo")
    for index in (0, 1, 2):
        curation.reject(text_of(batch, index), by=by, reason="r")
    curation.reopen(text_of(batch, 1), by=by)
    for index in (2, 0):
        assert client.post(undo).headers["Location"] == address(batch.study, "candidate", 1, index)
    assert set(batch.candidates.values_list("decision", flat=True)) == {"pending"}
    assert "nothing of yours to undo" in client.post(undo, follow=True).content.decode()


def test_a_decision_that_is_sent_twice_leads_on_both_times(client: Client, batch: Batch) -> None:
    for told in ("Rejected.", "You had decided that already."):
        url, typed = address(batch.study, "reject", 1, 0), {"reason": "dull", "revision": 0}
        response = client.post(url, typed, follow=True)
        assert response.redirect_chain[0][0] == address(batch.study, "candidate", 1, 1)
        assert told in response.content.decode()
        assert "in the meantime" not in response.content.decode()
    assert text_of(batch).reviews.count() == 1
    other = client.post(address(batch.study, "accept", 1, 0), acceptance(batch), follow=True)
    assert "in the meantime" in other.content.decode()


def test_rejecting_needs_a_reason(client: Client, batch: Batch) -> None:
    refused = client.post(address(batch.study, "reject", 1, 0), {"reason": " ", "revision": 0})
    assert refused.status_code == 400
    assert "Write why it is rejected" in refused.content.decode()
    client.post(address(batch.study, "reject", 1, 0), {"reason": "dull", "revision": 0})
    assert text_of(batch).reviews.get().reason == "dull"


def test_after_a_refusal_the_other_decision_on_the_page_that_came_back_is_taken(client: Client, batch: Batch) -> None:
    first, second = panel(batch)
    opinions.give(text_of(batch), by=first, verdict="accept")
    opinions.give(text_of(batch), by=second, verdict="reject", reason="It contradicts itself.")
    response = client.post(address(batch.study, "accept", 1, 0), acceptance(batch))
    assert response.status_code == 400
    assert response.context["accept_form"].fields["reason"].required
    sent = {"reason": "It does.", "revision": response.context["reject_form"]["revision"].value()}
    client.post(address(batch.study, "reject", 1, 0), sent)
    assert text_of(batch).decision == "rejected"


def test_those_who_differ_are_offered_no_decision_and_nothing_waits_for_them(client: Client, batch: Batch) -> None:
    first, second = panel(batch)
    for index in range(3):
        opinions.give(text_of(batch, index), by=first, verdict="accept")
        opinions.give(text_of(batch, index), by=second, verdict="reject", reason="It contradicts itself.")
    third = curator(batch.study)
    accept = address(batch.study, "accept", 1, 0)
    for person, left in ((first, 0), (second, 0), (third, 3), (batch.created_by, 3)):
        client.force_login(person)
        page = client.get(address(batch.study, "candidate", 1, 0)).content.decode()
        assert (accept in page) is (left > 0)
        assert ("You were one of those who differ" in page) is (left == 0)
        assert to_decide(batch.study, person) == left


def test_an_edit_is_shown_as_a_difference_against_the_raw_draft(client: Client, batch: Batch) -> None:
    form = client.get(address(batch.study, "edit", 1, 0)).content.decode()
    assert "four thousand cars" in form
    changed = standing_text(text_of(batch)).replace("nine", "ten")
    client.post(address(batch.study, "edit", 1, 0), {"text": changed, "revision": 0})
    page = client.get(address(batch.study, "candidate", 1, 0)).content.decode()
    assert "<del>nine</del><ins>ten</ins>" in page


def test_the_end_of_the_queue_says_so(client: Client, batch: Batch) -> None:
    for index in range(3):
        client.post(address(batch.study, "reject", 1, index), {"reason": "r", "revision": 0})
    assert "Nothing is left to decide" in client.get(address(batch.study, "review")).content.decode()


def test_where_other_texts_wait_than_the_filters_show_the_queue_leads_to_those(client: Client, batch: Batch) -> None:
    page = client.get(f"{address(batch.study, 'review')}?decision=accepted&flag=too-short").content.decode()
    assert "Review 3 pending texts" in page
    assert '<span class="soft">Accepted, Short</span>' in page
    panel(batch)
    assert "Nothing is left to decide" in client.get(f"{address(batch.study, 'review')}?want=mine").content.decode()


def test_after_the_last_text_the_queue_begins_again_with_what_was_skipped(client: Client, batch: Batch) -> None:
    response = client.post(address(batch.study, "reject", 1, 2), {"reason": "r", "revision": 0}, follow=True)
    assert response.redirect_chain[-1][0] == address(batch.study, "candidate", 1, 0)


def test_the_second_of_two_curators_is_told_and_stores_nothing(client: Client, batch: Batch) -> None:
    first = curator(batch.study)
    curation.accept(text_of(batch), by=first, arm=None)
    page = client.post(
        address(batch.study, "reject", 1, 0), {"reason": "r", "revision": 0}, follow=True
    ).content.decode()
    assert f"{first.email} was here in the meantime" in page
    assert text_of(batch).decision == "accepted"


def test_an_edit_that_came_too_late_keeps_what_was_typed(client: Client, batch: Batch) -> None:
    curation.edit(text_of(batch), by=curator(batch.study), text="Somebody else's wording.")
    response = client.post(address(batch.study, "edit", 1, 0), {"text": "My wording.", "revision": 0})
    assert "was here in the meantime" in response.content.decode()
    assert "My wording.</textarea>" in response.content.decode()
    assert text_of(batch).edits.count() == 1


def test_a_second_click_on_one_undo_takes_nothing_else_back(client: Client, batch: Batch) -> None:
    for text in batch.candidates.order_by("index")[:2]:
        curation.reject(text, by=batch.created_by, reason="dull")
    page = client.get(address(batch.study, "candidate", 1, 2)).content.decode()
    act = page.split('name="act" value="')[1].split('"')[0]
    for _ in range(2):
        client.post(address(batch.study, "undo"), {"act": act})
    assert list(batch.candidates.order_by("index").values_list("decision", flat=True)[:2]) == ["rejected", "pending"]


def test_undo_takes_back_ones_own_last_decision(client: Client, batch: Batch) -> None:
    curation.reject(text_of(batch, 2), by=curator(batch.study), reason="somebody else's")
    client.post(address(batch.study, "reject", 1, 0), {"reason": "r", "revision": 0})
    response = client.post(address(batch.study, "undo"))
    assert response.headers["Location"] == address(batch.study, "candidate", 1, 0)
    assert (text_of(batch).decision, text_of(batch, 2).decision) == ("pending", "rejected")
    assert "nothing of yours to undo" in client.post(address(batch.study, "undo"), follow=True).content.decode()


def test_a_decision_can_be_taken_back_later_and_the_log_keeps_all(client: Client, batch: Batch) -> None:
    client.post(address(batch.study, "accept", 1, 0), acceptance(batch))
    client.post(address(batch.study, "reopen", 1, 0))
    page = client.get(address(batch.study, "candidate", 1, 0)).content.decode()
    assert "Review log" in page
    assert text_of(batch).reviews.count() == 2


def test_a_decision_by_rule_is_shown_as_one(client: Client, batch: Batch) -> None:
    curation.reject(text_of(batch), by=batch.created_by, rule="more than two flags")
    assert "by rule: more than two flags" in client.get(address(batch.study, "candidate", 1, 0)).content.decode()


def test_what_cannot_become_an_article_stands_at_its_field(client: Client, batch: Batch) -> None:
    page = client.post(address(batch.study, "accept", 1, 0), acceptance(batch, headline="x" * 301))
    assert page.status_code == 400
    real = ArmFactory(study=batch.study, origin=Origin.REAL)
    page = client.post(address(batch.study, "accept", 1, 0), acceptance(batch, arm=real.key))
    assert "Select a valid choice" in page.content.decode()
    assert not Article.objects.exists()


def test_the_real_article_of_the_story_stands_beside(client: Client, batch: Batch) -> None:
    arm = ArmFactory(study=batch.study, origin=Origin.REAL)
    ArticleFactory(arm=arm, story=batch.prompt.story, headline="H", text="What really was reported.")
    page = client.get(address(batch.study, "candidate", 1, 0)).content.decode()
    assert "What really was reported." in page


def test_flags_and_what_was_taken_out_are_shown(client: Client) -> None:
    batch = written([" Short.\nAdvertisement\nIt ends"])
    client.force_login(batch.created_by)
    page = client.get(address(batch.study, "candidate", 1, 0)).content.decode()
    assert "Advertisement" in page
    assert "taken out in cleaning" in page


@pytest.mark.parametrize(
    ("query", "indices"),
    [
        ("", [1, 2]),
        ("decision=rejected", [0]),
        ("decision=", [0, 1, 2]),
        ("decision=accepted", []),
        ("flag=too-short", [2]),
        ("flag=none", [1]),
        ("model=built-in", [1, 2]),
        ("model=gpt2", []),
        ("batch=1", [1, 2]),
        ("batch=2", []),
        ("batch=x&decision=y", [1, 2]),
    ],
)
def test_filters_choose_what_is_reviewed(client: Client, query: str, indices: list[int]) -> None:
    batch = written([CONTINUATION, CONTINUATION, " Short."])
    curation.reject(text_of(batch, 0), by=batch.created_by, reason="r")
    client.force_login(batch.created_by)
    url = f"{address(batch.study, 'review')}?{query}"
    seen = []
    response = client.get(url)
    while response.status_code == 302:
        url = response.headers["Location"]
        seen.append(batch.candidates.get(code=url.split("?")[0].rstrip("/").rsplit("/", 1)[1]).index)
        page = client.get(url)
        following = page.context["next_url"]
        if not following:
            break
        response.headers["Location"] = following
    assert seen == indices


def test_html_in_a_text_is_shown_as_text(client: Client) -> None:
    batch = written([" <script>alert(1)</script> said the council, and the bridge was closed."])
    client.force_login(batch.created_by)
    page = client.get(address(batch.study, "candidate", 1, 0)).content.decode()
    assert "<script>alert(1)" not in page


def test_a_text_that_is_not_written_yet_has_no_page(client: Client) -> None:
    batch = queued()
    client.force_login(batch.created_by)
    assert client.get(address(batch.study, "candidate", 1, 0)).status_code == 404


def test_a_frozen_study_shows_its_texts_without_the_buttons(client: Client) -> None:
    study = ready_study()
    written(study=study)
    lifecycle.freeze(study, study.created_by)
    client.force_login(study.created_by)
    page = client.get(address(study, "candidate", 1, 0)).content.decode()
    assert "accept/" not in page
    story = study.stories.get(title="Invented story 1")
    for name, sent in (
        ("accept", {"story": story.key, "revision": 0}),
        ("reject", {"reason": "r", "revision": 0}),
        ("edit", {"text": "The invented bridge was closed.", "revision": 0}),
    ):
        response = client.post(address(study, name, 1, 0), sent, follow=True)
        assert "does not change any more" in response.content.decode(), name


def test_the_way_through_the_queue_takes_a_bounded_number_of_queries(
    client: Client, batch: Batch, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(36):
        client.get(address(batch.study, "candidate", 1, 0))


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("stop", "ended by the model"),
        ("length", "cut at the longest length"),
        ("stop string", "ended at a stop string"),
        ("sentence", "ended with a sentence"),
    ],
)
def test_the_page_says_how_a_text_ended(client: Client, batch: Batch, reason: str, said: str) -> None:
    batch.candidates.update(finish_reason=reason)
    assert said in client.get(address(batch.study, "candidate", 1, 0)).content.decode()
