"""Curation in a real browser: two curators at once, pairs by keyboard only, unsaved work that comes back, a tree."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from generation.assignments import assign, panel_of
from generation.models import Comparison, Continuation, Scratch
from generation.rules import set_rules
from surveys.models import Article, Researcher
from tests.browser import press, sideways, violations
from tests.factories import StudyFactory
from tests.generation.factories import CONTINUATION, address, built_in, curator, synthetic_arm, text_of, written

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Desk = Callable[[Researcher], Any]


@pytest.fixture
def desk(chromium: Browser, live_server: LiveServer) -> Desk:
    """Opens a browser of its own for a researcher who is signed in."""

    @contextmanager
    def opened(who: Researcher) -> Iterator[Page]:
        client = Client()
        client.force_login(who)
        context = chromium.new_context()
        cookie = client.cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
        yield context.new_page()
        context.close()

    return opened


def test_of_two_curators_at_one_text_the_second_is_told_and_loses_nothing(desk: Desk, live_server: LiveServer) -> None:
    batch = written(headline="The old bridge")
    synthetic_arm(batch.study, model_slot="built-in")
    first, second = curator(batch.study), curator(batch.study)
    with desk(first) as one, desk(second) as two:
        one.goto(f"{live_server.url}{address(batch.study, 'candidate', 1, 0)}")
        two.goto(f"{live_server.url}{address(batch.study, 'edit', 1, 0)}")
        press(two, "Control+End")
        two.keyboard.type(" My own ending.")
        press(one, "a")
        expect(one.locator(".messages")).to_contain_text("Accepted as the article")
        press(two, "Control+Enter")
        expect(two.locator(".error-summary")).to_contain_text(f"{first.email} was here in the meantime")
        expect(two.locator("textarea[name=text]")).to_have_value(ends_with("My own ending."))
    assert Article.objects.get().text.endswith("nine miles long.")
    assert not text_of(batch).edits.exists()


def test_two_curators_give_their_opinions_blind_and_an_owner_adjudicates(desk: Desk, live_server: LiveServer) -> None:
    batch = written([CONTINUATION] * 2, headline="The old bridge")
    study = batch.study
    arm = synthetic_arm(study, model_slot="built-in")
    people = [curator(study), curator(study)]
    set_rules(study, by=batch.created_by, is_blind=True, most_edited=None)
    assign(study, list(batch.candidates.all()), by=batch.created_by, curators=people, each=2, seed=1)
    queue = f"{live_server.url}{address(study, 'review')}"
    with desk(people[0]) as one, desk(people[1]) as two:
        for page in (one, two):
            page.goto(queue)
            expect(page.get_by_role("heading", name="Your opinion")).to_be_visible()
            expect(page.locator("body")).not_to_contain_text(batch.language_model.name)
        title = one.get_by_role("heading", level=1).inner_text()
        assert two.get_by_role("heading", level=1).inner_text() == title
        press(one, "a")
        expect(one.locator(".messages")).to_contain_text("Others are still asked")
        press(two, "r")
        two.keyboard.type("It contradicts itself.")
        press(two, "Enter")
        expect(two.locator(".messages")).to_contain_text("Opinions differ")
        press(one, "a")
        expect(one.get_by_role("heading", name="Nothing is left to decide")).to_be_visible()
        press(two, "a")
        expect(two.locator(".messages")).to_contain_text("All agree: it is decided")
    accepted = batch.candidates.get(decision="accepted")
    assert accepted.article is not None
    assert accepted.article.arm == arm
    disputed = batch.candidates.get(decision="pending")
    assert panel_of(disputed).is_disputed
    with desk(batch.created_by) as owner:
        owner.goto(f"{live_server.url}{address(study, 'curation')}")
        expect(owner.locator("dd", has_text="over 2 texts")).to_be_visible()
        owner.get_by_role("link", name="Adjudicate 1 text").click()
        expect(owner.get_by_text("It contradicts itself.")).to_be_visible()
        press(owner, "r")
        owner.keyboard.type("It does: paragraph two.")
        press(owner, "Enter")
        expect(owner.locator(".messages")).to_contain_text("Rejected.")


def test_pairs_are_compared_by_keyboard_only_and_the_best_is_taken(desk: Desk, live_server: LiveServer) -> None:
    batch = written(headline="The old bridge")
    with desk(batch.created_by) as page:
        page.goto(f"{live_server.url}{address(batch.study, 'pair', batch.prompt.number)}")
        counted = page.locator(".page-head .soft")
        for done, key in enumerate(("1", "ArrowRight", "u", "0")):
            expect(counted).to_contain_text(f"You compared {(0, 1, 2, 1)[done]} of 3 pairs")
            press(page, key)
        expect(counted).to_contain_text("You compared 2 of 3 pairs")
        press(page, "2")
        expect(page.get_by_role("heading", level=1)).to_contain_text("Ranking")
        expect(page.get_by_role("row")).to_have_count(1 + 3)
        page.get_by_role("button", name="Accept them").click()
        expect(page.locator(".messages")).to_contain_text("1 text is accepted.")
    standing = Comparison.objects.filter(taken_back_at=None)
    assert standing.count() == 3
    assert standing.filter(winner=None).count() == 1
    assert all(comparison.seconds is not None for comparison in standing)
    assert Article.objects.count() == 1


def test_a_table_is_looked_at_row_by_row_before_its_batches_are_asked_for(desk: Desk, live_server: LiveServer) -> None:
    study = StudyFactory()
    built_in()
    with desk(study.created_by) as page:
        page.goto(f"{live_server.url}{address(study, 'batch-new')}")
        page.get_by_label("Name of the new story").fill("{topic}")
        page.get_by_label("Prompt", exact=True).fill("The {group} of the invented town of Northgate spoke of {topic}.")
        page.get_by_role("button", name="Show what the model is given").click()
        expect(page.locator(".error-summary")).to_contain_text("Nothing fills the slot {group}")
        page.get_by_label("Table for the slots").fill("group\ttopic\nfarmers\trust\nnurses\t<b>rust</b>")
        page.get_by_role("button", name="Show what the model is given").click()
        expect(page.get_by_text("The nurses of the invented town of Northgate spoke of <b>rust</b>.")).to_be_visible()
        for width in (1280, 320):
            page.set_viewport_size({"width": width, "height": 800})
            assert (width, violations(page), sideways(page)) == (width, [], 0)
        page.get_by_role("button", name="Ask for the texts").first.click()
        expect(page.locator(".messages")).to_contain_text("2 batches were asked for")
    assert [batch.prompt.slots["group"] for batch in study.batches.order_by("number")] == ["farmers", "nurses"]


def test_what_is_typed_is_kept_without_saving_and_comes_back(desk: Desk, live_server: LiveServer) -> None:
    batch = written()
    url = f"{live_server.url}{address(batch.study, 'edit', 1, 0)}"
    with desk(batch.created_by) as page:
        page.goto(url)
        press(page, "Control+End")
        page.keyboard.type(" Typed and not saved.")
        expect(page.locator("[data-keeping]")).to_have_text("Kept.")
        # The tab is closed, or the machine goes down.
    assert not text_of(batch).edits.exists()
    with desk(batch.created_by) as page:
        page.goto(url)
        expect(page.locator("textarea[name=text]")).to_have_value(ends_with("Typed and not saved."))
        expect(page.get_by_text("This is what you typed and did not save")).to_be_visible()
        press(page, "Control+Enter")
        expect(page.locator(".diff ins", has_text="Typed").first).to_be_visible()
    assert text_of(batch).edits.get().text.endswith("Typed and not saved.")
    assert not Scratch.objects.exists()


def test_without_a_connection_it_says_so_and_tries_again(desk: Desk, live_server: LiveServer) -> None:
    batch = written()
    with desk(batch.created_by) as page:
        page.goto(f"{live_server.url}{address(batch.study, 'candidate', 1, 0)}")

        def refuse(route: Route) -> None:
            route.abort()

        page.route("**/keep/", refuse)
        press(page, "m")
        page.keyboard.type("a note")
        expect(page.locator("[data-keeping]")).to_contain_text("Not kept yet")
        page.unroute("**/keep/", refuse)
        expect(page.locator("[data-keeping]")).to_have_text("Kept.", timeout=15_000)
    assert Scratch.objects.get().note == "a note"


def test_flagged_texts_are_rejected_and_taken_back_with_one_stroke_each(desk: Desk, live_server: LiveServer) -> None:
    batch = written([CONTINUATION, " Short.", " Short too."])
    with desk(batch.created_by) as page:
        page.goto(f"{live_server.url}{address(batch.study, 'review')}")
        page.get_by_text("Filter and sort").click()
        page.get_by_role("button", name="Reject all 2 flagged texts in this queue").click()
        expect(page.locator(".messages")).to_contain_text("2 flagged texts are rejected.")
        assert batch.candidates.filter(decision="rejected").count() == 2
        press(page, "u")
        expect(page.locator(".messages")).to_contain_text("Open again")
    assert batch.candidates.filter(decision="rejected").count() == 0


def test_a_text_is_cut_and_continued_by_keyboard_only(desk: Desk, live_server: LiveServer) -> None:
    batch = written()
    with desk(batch.created_by) as page:
        page.goto(f"{live_server.url}{address(batch.study, 'candidate', 1, 0)}")
        press(page, "c")
        expect(page.get_by_role("heading", level=1)).to_contain_text("Continue: Text 0")
        expect(page.get_by_role("radio").first).to_be_focused()
        press(page, "Space")
        press(page, "Control+Enter")
        expect(page.get_by_role("heading", level=1)).to_contain_text("Batch 2")
        made = Continuation.objects.get()
        assert made.parent == text_of(batch)


def ends_with(words: str) -> re.Pattern[str]:
    return re.compile(re.escape(words) + "$")
