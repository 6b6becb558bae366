"""The whole way by the keyboard alone, through a question of every kind: no mouse, no tap, nothing set by a script."""

import re
from itertools import chain

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from surveys.models import Answer, Participant
from tests import factories
from tests.surveys.participant.kinds import FOLLOW_UP, HIGHLIGHT, KINDS
from tests.surveys.participant.person import RATING, block, item, option

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
# More stops than any page has.
STOPS = 120
PHONE = {"width": 320, "height": 640}


def test_a_question_of_every_kind_is_answered_and_the_whole_way_gone_by_the_keyboard_alone(
    chromium: Browser, live_server: LiveServer
) -> None:
    first = block("every-kind", "before", *chain(*KINDS.values()))
    study = factories.launched_study(blocks=[first, block("marks", "reading", HIGHLIGHT), RATING])
    context = chromium.new_context(base_url=live_server.url, viewport=PHONE)  # type: ignore[arg-type]  # a size
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.goto(f"/s/{study.key}/")
    _press(page, "I agree")

    page.wait_for_url("**/before-1/")
    _press(page, "Continue")
    # What is missing is told, and each line of it leads to its question.
    expect(page.locator(".error-summary")).to_be_focused()
    # Until all is there the browser goes back to the place that a link led to.
    page.wait_for_load_state()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("input[name=one]").first).to_be_focused()
    _answer_every_kind(page)
    _press(page, "Continue")

    for number in (1, 2):
        # A redirect keeps the place on the page to which the summary of errors had led.
        page.wait_for_url(re.compile(f"/reading-{number}/"))
        _tab_to(page, page.get_by_label("Its second paragraph."))
        page.keyboard.press("Space")
        expect(page.locator(".article-body .is-marked")).to_have_count(1)
        for name in ("believable", "accurate", "clear"):
            _choose(page, name, "3")
        _press(page, "Continue")
    page.wait_for_url(re.compile("/debrief/"))
    _press(page, "I have read this")
    expect(page.locator(".code")).to_be_visible()
    context.close()

    assert Participant.objects.get().outcome == "completed"
    given = Answer.objects.filter(step="before-1").values_list("item", "state", "value")
    assert {item: value if state == "answered" else f"({state})" for item, state, value in given} == {
        "one": "no",
        "scale": "4",
        "row-1": "4",
        "row-2": "3",
        "row-3": "(prefer-not-to-say)",
        "some": "a b",
        "age": "42",
        "warmth": "52",
        "word": "Word",
        "words": "One line\nand another",
        "places": "b c a",
        "understood": "agreed",
        "told": "no",
        "recalled": "bridge",
        "paid": "yes",
        FOLLOW_UP["key"]: "An invented paper",
    }
    assert set(Answer.objects.filter(item="doubt").values_list("value", flat=True)) == {"2"}


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_enter_in_a_field_sends_nothing_and_the_button_is_pressed_by_either_key(
    chromium: Browser, live_server: LiveServer, key: str, scripts: bool
) -> None:
    asked = [
        item("age", "number", required=False, wording={"en": "Age?"}),
        item("word", "short-text", required=False, wording={"en": "Word?"}),
        item("one", "single", required=False, options=[option("yes"), option("no")]),
    ]
    study = factories.launched_study(blocks=[block("first", "before", *asked), RATING])
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=scripts)
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.goto(f"/s/{study.key}/")
    page.get_by_role("button", name="I agree").click()
    page.wait_for_url("**/before-1/")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.is_navigation_request() else None)
    for field, typed in (("Age?", "33"), ("Word?", "Plain")):
        page.get_by_label(field).fill(typed)
        page.keyboard.press("Enter")
    page.locator("input[name=one][value=no]").check()
    if scripts:
        # Browsers send a form by Enter on a choice past a button that does nothing.
        page.keyboard.press("Enter")
        page.locator("input[name=one][value=no]").check()
    # What Enter had sent would have gone before this.
    assert sent == []
    page.get_by_role("button", name="Continue").press(key)
    page.wait_for_url(re.compile("/reading-1/"))
    context.close()
    assert dict(Answer.objects.filter(step="before-1").values_list("item", "value")) == {
        "age": "33",
        "word": "Plain",
        "one": "no",
    }


def _answer_every_kind(page: Page) -> None:
    """In the order in which the Tab key comes to them; what has been passed is gone back to with Shift."""
    _choose(page, "one", "no", already_there=True)
    _choose(page, "scale", "4")
    for name, code in (("row-1", "4"), ("row-2", "3"), ("row-3", "prefer-not-to-say")):
        _choose(page, name, code)
    some = {code: page.locator(f"input[name=some][value='{code}']") for code in ("a", "b", "none")}
    # The exclusive answer stands last, and takes the others away; another one takes it away.
    _tick(page, some["none"])
    for code in ("a", "b"):
        _tick(page, some[code])
    expect(some["none"]).not_to_be_checked()
    _type(page, "age", "42")
    _tab_to(page, page.get_by_role("slider"))
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    _type(page, "word", "Word")
    _type(page, "words", "One line\nand another")
    for label in ("Answer b", "Answer c", "Answer a"):
        _tab_to(page, page.get_by_role("button", name=label))
        page.keyboard.press("Enter")
    _tick(page, page.get_by_label("I have read this and understood it."))
    _choose(page, "told", "no")
    _choose(page, "recalled", "bridge")
    _choose(page, "paid", "yes")
    _type(page, FOLLOW_UP["key"], "An invented paper")


def _choose(page: Page, name: str, code: str, *, already_there: bool = False) -> None:
    """One of some radio buttons: the Tab key comes to the group, the arrows go through it."""
    if not already_there:
        _tab_to(page, page.locator(f"input[type=radio][name='{name}']"))
    page.keyboard.press("Space")
    wanted = page.locator(f"input[type=radio][name='{name}'][value='{code}']")
    for _ in range(12):
        if wanted.is_checked():
            return
        page.keyboard.press("ArrowDown")
    raise AssertionError(f"the arrows never come to {code} of {name}")


def _tick(page: Page, box: Locator) -> None:
    _tab_to(page, box)
    page.keyboard.press("Space")
    expect(box).to_be_checked()


def _type(page: Page, name: str, words: str) -> None:
    _tab_to(page, page.locator(f"[name='{name}']:not([type=radio])"))
    page.keyboard.type(words)


def _press(page: Page, button: str) -> None:
    _tab_to(page, page.get_by_role("button", name=button))
    page.keyboard.press("Enter")


def _tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until one of these has the focus: on to the page's end, and else back from there with Shift."""
    for key in ("Tab", "Shift+Tab"):
        for _ in range(STOPS):
            if wanted.evaluate_all("found => found.includes(document.activeElement)"):
                return
            page.keyboard.press(key)
    raise AssertionError(f"the Tab key never comes to {wanted}")
