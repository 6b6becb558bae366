"""A study in Arabic in a real browser: everything that points in a direction points in the other one.

The interface has no words in Arabic, so that its own are English, and begin at the page's side all the same. That axe
finds nothing there, and nothing is scrolled sideways, tests/surveys/participant/test_every_page_in_a_browser.py holds.
"""

from itertools import pairwise

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.showing import showing
from tests.surveys.participant.spoken import everything
from tests.surveys.participant.states import states_of, way

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
# The texts that do not begin at the right side of their box, but for centred ones: a range knows where letters stand.
_TEXTS = "body :is(h1, h2, h3, p, legend, bdi, .progress-label)"
_ASTRAY = """(texts) => [...document.querySelectorAll(texts)].filter((box) => {
  const style = getComputedStyle(box);
  const isSeen = box.checkVisibility() && box.textContent.trim() && !box.matches(".visually-hidden");
  if (style.textAlign === "center" || !isSeen) return false;
  const words = document.createRange();
  words.selectNodeContents(box);
  const right = Math.max(...[...words.getClientRects()].map((line) => line.right));
  const inset = parseFloat(style.paddingRight) + parseFloat(style.borderRightWidth);
  return box.getBoundingClientRect().right - inset - right > 2;
}).map((box) => box.outerHTML.slice(0, 120))"""
_BORDERS = """(box) => {
  const style = getComputedStyle(box);
  return [style.borderLeftWidth, style.borderRightWidth].map(parseFloat);
}"""


def test_every_page_of_an_arabic_study_is_mirrored(chromium: Browser) -> None:
    states = {state.name: state for state in states_of(way(everything("ar")))}
    with showing(chromium) as (page, show):
        for state in states.values():
            show(state)
            expect(page.locator("html")).to_have_attribute("dir", "rtl")
            for width in (320, 1280):
                page.set_viewport_size({"width": width, "height": 800})
                assert page.evaluate(_ASTRAY, _TEXTS) == [], (state.name, width)
        show(states["before-1, with errors"])
        _questions(page)
        show(states["reading-1"])
        _article(page)
        show(states["debrief"])
        assert page.locator(".debrief-item blockquote").first.evaluate(_BORDERS) == [0, 3]


def _questions(page: Page) -> None:
    """On a wide page with errors: what stands beside something stands on its other side."""
    assert page.locator("progress").evaluate("(bar) => getComputedStyle(bar).direction") == "rtl"
    assert page.locator(".question.has-error").first.evaluate(_BORDERS) == [0, 4]
    assert page.locator(".grid-row.has-error").first.evaluate(_BORDERS) == [0, 4]
    choice = page.locator("label.choice", has=page.locator("input[name=one]")).first
    assert _from_the_right(choice.locator("input"), choice.locator("span"))
    _options_from_the_right(page)

    assert _from_the_right(*page.locator(".slider-ends").first.locator("> span").all())
    slider = page.get_by_role("slider")
    box = slider.bounding_box()
    assert box is not None
    slider.click(position={"x": box["width"] * 0.9, "y": box["height"] / 2})
    pressed = float(slider.input_value())
    assert 5 <= pressed <= 15
    slider.press("ArrowLeft")
    assert float(slider.input_value()) == pressed + 1

    ranked = page.locator(".rank-button").first
    assert _from_the_right(ranked.locator(".rank-badge"), ranked.locator(".rank-badge + span"))


def _options_from_the_right(page: Page) -> None:
    """Of a scale, and of a grid below the heads of its columns."""
    assert _from_the_right(*page.locator(".likert").first.locator("input").all())
    grid = page.locator(".likert-grid").first
    row = grid.locator(".grid-row").first
    # Without what takes an answer back, which stands below none of the heads.
    answers = row.locator("input[type=radio]:not([value=''])").all()
    assert _from_the_right(row.locator("legend"), *answers)
    for head, answer in zip(grid.locator(".grid-heads > span").all(), answers, strict=True):
        box = head.bounding_box()
        assert box is not None
        assert box["x"] <= _left(answer) <= box["x"] + box["width"]


def _article(page: Page) -> None:
    """An article whose sentences are marked, pressed where they stand."""
    assert page.locator(".article-headline").evaluate("(box) => getComputedStyle(box).direction") == "rtl"
    sentence = page.locator(".sentence").first
    assert _from_the_right(sentence.locator("input"), sentence.locator("span"))
    page.locator(".article-body .pressable").first.click()
    expect(sentence.locator("input")).to_be_checked()


def _from_the_right(*places: Locator) -> bool:
    """Whether each of these begins left of the one before it."""
    return all(one > other for one, other in pairwise(map(_left, places)))


def _left(place: Locator) -> float:
    box = place.bounding_box()
    assert box is not None
    return box["x"]
