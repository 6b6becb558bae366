"""Each kind of question in a real browser: answered by hand, by keyboard and without scripts."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from surveys.models import Answer
from tests import factories
from tests.browser import sideways
from tests.surveys.participant.browsing import agree
from tests.surveys.participant.kinds import KINDS, OPTIONAL, blocks_of
from tests.surveys.participant.person import RATING, block, item, option

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = {"width": 320, "height": 640}
DESKTOP = {"width": 1280, "height": 900}
SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])


@contextmanager
def _first_page(
    chromium: Browser, live_server: LiveServer, asked: str | Sequence[dict[str, Any]], *, scripts: bool = True
) -> Iterator[Page]:
    """Somebody on a phone who stands before the question of this kind, or before these questions."""
    blocks = blocks_of(asked) if isinstance(asked, str) else [block("first", "before", *asked), RATING]
    study = factories.launched_study(blocks=blocks)
    context = chromium.new_context(base_url=live_server.url, viewport=PHONE, java_script_enabled=scripts)  # type: ignore[arg-type]  # checked by it
    context.set_default_timeout(15_000)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(f"/s/{study.key}/")
    agree(page)
    try:
        yield page
    finally:
        context.close()
        assert faults == []


def _continue(page: Page) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name="Continue").click()


def _answers(page: Page) -> dict[str, str]:
    """What is recorded once the page has been taken, an answer or how it was not answered."""
    # A redirect keeps the place on the page to which the summary of errors had led.
    page.wait_for_url(re.compile("/reading-1/"))
    rows = Answer.objects.filter(step="before-1").values_list("item", "state", "value")
    return {item: value if state == "answered" else f"({state})" for item, state, value in rows}


def _pick(label: str) -> Callable[[Page, bool], None]:
    return lambda page, scripts: page.get_by_text(label, exact=True).first.click()


def _fill_grid(page: Page, scripts: bool) -> None:
    for row, label in (("News is fair.", "Agree"), ("News tells the whole story.", "Neither")):
        page.get_by_role("group", name=row).get_by_label(label, exact=True).check()
    page.get_by_role("group", name="News can be trusted.").get_by_label("Prefer not to say").check()


def _choose_several(page: Page, scripts: bool) -> None:
    page.get_by_label("Answer c").check()
    page.get_by_label("Answer a").check()


def _slide(page: Page, scripts: bool) -> None:
    if not scripts:
        page.get_by_label("The question warmth?").fill("51")
        return
    page.get_by_role("slider").focus()
    page.keyboard.press("ArrowRight")


def _rank(page: Page, scripts: bool) -> None:
    for place, label in enumerate(("Answer b", "Answer c", "Answer a"), start=1):
        if scripts:
            page.get_by_role("button", name=label).press("Enter")
        else:
            page.get_by_label(label).select_option(str(place))


def _follow_up(page: Page, scripts: bool) -> None:
    page.get_by_label("Answer yes").check()
    if not scripts:
        _continue(page)
    page.get_by_label("Which one?").fill("An invented paper")


Way = tuple[Callable[[Page, bool], None], dict[str, str]]
WAYS: dict[str, Way] = {
    "single": (_pick("Answer yes"), {"one": "yes"}),
    "likert": (_pick("Agree"), {"scale": "4"}),
    "grid": (_fill_grid, {"row-1": "4", "row-2": "3", "row-3": "(prefer-not-to-say)"}),
    "multiple": (_choose_several, {"some": "a c"}),
    "number": (lambda page, scripts: page.get_by_label("The question age?").fill("42"), {"age": "42"}),
    "slider": (_slide, {"warmth": "51"}),
    "short-text": (lambda page, scripts: page.get_by_label("The question word?").fill("  Word "), {"word": "Word"}),
    "long-text": (lambda page, scripts: page.get_by_label("The question words?").fill("A\nB"), {"words": "A\nB"}),
    "ranking": (_rank, {"places": "b c a"}),
    "consent": (lambda page, scripts: page.get_by_label("I have read this").check(), {"understood": "agreed"}),
    "instructed": (_pick("Answer no"), {"told": "no"}),
    "vignette": (_pick("Answer bridge"), {"recalled": "bridge"}),
    "rule": (_follow_up, {"paid": "yes", "which": "An invented paper"}),
}


def test_every_kind_has_its_journey() -> None:
    assert WAYS.keys() == KINDS.keys()


@SCRIPTS
@pytest.mark.parametrize("kind", WAYS)
def test_a_question_is_asked_again_until_it_is_answered_and_then_recorded(
    chromium: Browser, live_server: LiveServer, kind: str, scripts: bool
) -> None:
    answer, expected = WAYS[kind]
    with _first_page(chromium, live_server, kind, scripts=scripts) as page:
        assert page.locator("form.questions input:checked").count() == 0
        _continue(page)
        expect(page.locator(".error-summary")).to_be_focused()
        page.locator(".error-summary a").first.click()
        assert sideways(page) == 0
        answer(page, scripts)
        assert sideways(page) == 0
        _continue(page)
        assert _answers(page) == expected


@SCRIPTS
def test_sentences_are_marked_beside_the_article_that_holds_them(
    chromium: Browser, live_server: LiveServer, scripts: bool
) -> None:
    with _first_page(chromium, live_server, "highlight", scripts=scripts) as page:
        before = page.locator(".article").inner_text()
        if scripts:
            # In the article itself by a press, and in the list by keyboard.
            page.locator(".article-body").get_by_text("Its second paragraph.").click()
            page.get_by_label("Invented text").focus()
            page.keyboard.press("Space")
            expect(page.locator(".article-body .is-marked")).to_have_count(2)
            page.locator(".article-body").get_by_text("Invented text").click()
        else:
            page.get_by_label("Its second paragraph.").check()
        assert page.locator(".article").inner_text() == before
        assert sideways(page) == 0
        for key in ("believable", "accurate", "clear"):
            page.locator(f"input[name={key}]").first.check()
        _continue(page)
        page.wait_for_url("**/reading-2/")
    marked = Answer.objects.select_related("trial").get(item="doubt")
    assert marked.value == "2"
    assert marked.trial is not None
    assert marked.trial.article_sha256 == marked.trial.article.sha256


@SCRIPTS
def test_a_press_answers_the_question_that_was_pressed_where_the_keys_begin_alike(
    chromium: Browser, live_server: LiveServer, scripts: bool
) -> None:
    keys = ("how-much-do-you", "how-much-do-you-2", "how-much-do-you-back")
    asked = [item(key, "single", options=[option("yes"), option("no")], required=False) for key in keys]
    with _first_page(chromium, live_server, asked, scripts=scripts) as page:
        for key in keys[1:]:
            page.get_by_role("group", name=f"The question {key}?").get_by_text("Answer yes").click()
        _continue(page)
        assert _answers(page) == dict(zip(keys, ("(skipped)", "yes", "yes"), strict=True))


def test_a_slider_that_nobody_touched_is_no_answer_and_its_middle_is_one(
    chromium: Browser, live_server: LiveServer
) -> None:
    with _first_page(chromium, live_server, "slider") as page:
        slider = page.get_by_role("slider")
        expect(slider).to_have_attribute("aria-valuetext", "no answer yet")
        _continue(page)
        expect(page.locator(".field-error")).to_have_text("Please answer this question.")
        slider.click()
        expect(page.get_by_label("The question warmth?").last).to_have_value("50")
        expect(slider).not_to_have_attribute("aria-valuetext", "no answer yet")
        page.locator("input[name=warmth][type=text]").fill("")
        expect(slider).to_have_attribute("aria-valuetext", "no answer yet")
        slider.press("Space")
        _continue(page)
        assert _answers(page) == {"warmth": "50"}


def test_none_of_these_takes_the_others_away(chromium: Browser, live_server: LiveServer) -> None:
    with _first_page(chromium, live_server, "multiple") as page:
        page.get_by_label("Answer a").check()
        page.get_by_label("Answer none").check()
        expect(page.get_by_label("Answer a")).not_to_be_checked()
        page.get_by_label("Answer b").check()
        expect(page.get_by_label("Answer none")).not_to_be_checked()


def test_a_ranked_thing_can_be_taken_out_and_what_was_ranked_comes_back(
    chromium: Browser, live_server: LiveServer
) -> None:
    with _first_page(chromium, live_server, "ranking") as page:
        for label in ("Answer b", "Answer a"):
            page.get_by_role("button", name=label).click()
        page.get_by_role("button", name="Answer b").click()
        expect(page.locator("p[role=status]")).to_have_text("Answer b: taken out")
        expect(page.get_by_role("button", name="Answer a")).to_have_text("1Answer a")
        expect(page.get_by_role("button", name="Answer a")).to_have_attribute("aria-pressed", "true")
        page.get_by_role("button", name="Answer c").click()
        _continue(page)
        expect(page.locator(".field-error")).to_have_text("Please give each of these a place.")
        expect(page.get_by_role("button", name="Answer c")).to_have_text("2Answer c")
        page.get_by_role("button", name="Answer b").click()
        _continue(page)
        assert _answers(page) == {"places": "a c b"}


def test_a_question_that_was_brought_up_and_taken_away_again_is_not_shown(
    chromium: Browser, live_server: LiveServer
) -> None:
    with _first_page(chromium, live_server, "rule") as page:
        expect(page.get_by_label("Which one?")).to_be_hidden()
        page.get_by_label("Answer yes").check()
        page.get_by_label("Which one?").fill("Typed, and then not asked")
        page.get_by_label("Answer no").check()
        expect(page.get_by_label("Which one?")).to_be_hidden()
        _continue(page)
        assert _answers(page) == {"paid": "no", "which": "(not-shown)"}


@SCRIPTS
def test_an_answer_that_need_not_be_given_is_taken_back_by_press_and_by_keyboard_and_nothing_moves(
    chromium: Browser, live_server: LiveServer, scripts: bool
) -> None:
    with _first_page(chromium, live_server, OPTIONAL, scripts=scripts) as page:
        single, row = page.get_by_role("group", name="The question maybe?"), page.get_by_role("group", name="is short.")
        backs = page.get_by_label("No answer after all")
        # Nothing is to be taken back yet: it is there for nobody, whether they see, hear or use the keyboard.
        assert [back.is_visible() for back in backs.all()] == [False] * 3
        assert single.get_by_role("radio").count() == 3
        place = row.bounding_box()
        single.get_by_label("Answer yes").check()
        assert row.bounding_box() == place or scripts
        row.get_by_label("Neither").check()
        assert [back.is_visible() for back in backs.all()] == [True, True, False]
        assert sideways(page) == 0
        single.get_by_text("No answer after all").click()
        expect(single.get_by_label("Answer yes")).not_to_be_checked()
        if scripts:
            expect(page.get_by_label("The question because?")).to_be_hidden()
        row.get_by_label("Strongly agree").press("Space")
        page.keyboard.press("ArrowDown")
        expect(row.get_by_label("No answer after all")).to_be_focused()
        _continue(page)
        assert _answers(page) == {
            "maybe": "(skipped)",
            "maybe-1": "(skipped)",
            "maybe-2": "(skipped)",
            "because": "(not-shown)",
        }


def test_what_was_taken_back_is_kept_so_as_it_is_typed(chromium: Browser, live_server: LiveServer) -> None:
    with _first_page(chromium, live_server, OPTIONAL) as page:
        single = page.get_by_role("group", name="The question maybe?")
        for label in ("Answer no", "No answer after all"):
            with page.expect_response(lambda response: "/draft/" in response.url and response.status == 204):
                single.get_by_text(label).click()
        page.reload()
        assert page.locator("form.questions input:checked").count() == 0
        expect(page.get_by_label("No answer after all").first).to_be_hidden()


def test_numbers_of_any_script_bring_up_what_the_server_asks_for_and_a_complaint_stays_in_sight(
    chromium: Browser, live_server: LiveServer
) -> None:
    asked = [
        item("age", "number", minimum="-50", maximum="120", whole=False),
        item("grown", "short-text", show_if=[{"item": "age", "at_least": "18"}]),
        item("cold", "short-text", required=False, show_if=[{"item": "age", "at_most": "-0.5"}]),
    ]
    typed = {
        "grown": ["25", "٢٥", "２５", "۱۸", "𝟐𝟓", "٢٥٫٥", "18,0", "+18"],
        "cold": ["-5", "\N{MINUS SIGN}٥", "\N{MINUS SIGN}٠٫٥"],
        "": ["", "١٧", "１７", "0x19", "1e2", "18,000", "٢٥٫", "Infinity"],
    }
    with _first_page(chromium, live_server, asked) as page:
        field = page.get_by_label("The question age?")
        for brought_up, numbers in typed.items():
            for number in numbers:
                field.fill(number)
                shown = [key for key in ("grown", "cold") if page.get_by_label(f"The question {key}?").is_visible()]
                assert shown == [key for key in ("grown", "cold") if key == brought_up], number
        field.fill("٢٥")
        _continue(page)
        expect(page.locator(".error-summary")).to_be_focused()
        grown = page.get_by_label("The question grown?")
        expect(grown).to_be_visible()
        field.fill("7")
        expect(grown).to_be_visible()
        field.fill("２５")
        grown.fill("Yes")
        _continue(page)
        assert _answers(page) == {"age": "25", "grown": "Yes", "cold": "(not-shown)"}


def test_a_grid_is_a_table_where_there_is_room(chromium: Browser, live_server: LiveServer) -> None:
    with _first_page(chromium, live_server, "grid") as page:
        page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]  # a size
        _continue(page)
        expect(page.locator(".error-summary")).to_be_focused()
        boxes = [page.locator(f"input[name=row-{row}]").first.bounding_box() for row in (1, 2)]
        head = page.locator(".grid-heads > span").first.bounding_box()
        assert head is not None
        assert all(box is not None and head["x"] <= box["x"] <= head["x"] + head["width"] for box in boxes)
