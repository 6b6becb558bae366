"""The downloaded report in a phone's width: the estimates are in sight, and what goes on sideways says so."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from analysis.plan import Plan
from analysis.report import StudyInfo, build_report
from analysis.report_html import to_html
from tests.analysis.ratings import simulated
from tests.browser import sideways, violations

pytestmark = pytest.mark.browser
# Where the column of that name ends, in every table that has one, beside the width of the window.
ENDS = """() => [...document.querySelectorAll("table")].flatMap((table) => {
  const cells = [...table.querySelectorAll("thead th")];
  const found = cells.find((cell) => /^(Difference|Estimate|Mean)/.test(cell.textContent));
  return found ? [[table.caption.textContent, Math.round(found.getBoundingClientRect().right), innerWidth]] : [];
})"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    frame = simulated(people=60).replace({"arm": {"real": "original", "small": "gpt2 small"}})
    path.write_text(to_html(build_report(frame, None, Plan(reference="original"), StudyInfo("A study"))))
    return path


@pytest.fixture(params=["light", "dark"])
def phone(browser: Browser, file: Path, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 320, "height": 640}, color_scheme=request.param)
    page = context.new_page()
    page.goto(f"file://{file}")
    yield page
    context.close()


def test_estimates_are_in_sight_without_moving_a_table(phone: Page) -> None:
    assert sideways(phone) == 0
    ends = phone.evaluate(ENDS)
    assert len(ends) > 4
    assert [(title, right) for title, right, width in ends if right > width] == []
    assert "\n".join(violations(phone)) == ""


def test_a_tables_first_column_and_title_stay_while_it_is_moved(phone: Page) -> None:
    table = phone.get_by_role("table", name="Main test: the crossed mixed model")
    table.locator("..").evaluate("(box) => box.scrollTo(10_000, 0)")
    for part in (table.locator("tbody th").first, table.locator("caption span")):
        box = part.bounding_box()
        assert box is not None
        assert 0 <= box["x"] < 40


def test_a_figure_that_goes_on_sideways_says_so_and_on_a_desk_it_does_not(phone: Page) -> None:
    said = "() => getComputedStyle(document.querySelector('figcaption'), '::after').content"
    assert "Move the figure sideways" in phone.evaluate(said)
    phone.set_viewport_size({"width": 1280, "height": 800})
    assert phone.evaluate(said) == "none"
