"""The pages of results and data files in a real browser, in every state: accessible, and within a phone's width."""

from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, BrowserContext, expect
from pytest_django.live_server_helper import LiveServer

from analysis import exports, jobs, power_plans, reports
from analysis.models import Export, PowerPlan, Report
from surveys import lifecycle
from surveys.models import Mode, Participant, Study
from tests.browser import sideways, violations
from tests.factories import launched_study
from tests.walking import readers_walk

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WIDTHS = [(320, "light"), (1280, "dark")]
EFFECTS = {"real": 0.0, "synthetic": -1.0}
Look = Callable[[str, str], None]


@pytest.fixture
def study(transactional_db: None) -> Study:
    study = launched_study()
    readers_walk(study, 8, EFFECTS)
    readers_walk(study, 4, EFFECTS, mode=Mode.LIVE)
    return study


@pytest.fixture
def context(browser: Browser, live_server: LiveServer, study: Study) -> Iterator[BrowserContext]:
    """A browser in which the study's owner is signed in."""
    client = Client()
    client.force_login(study.created_by)
    context = browser.new_context(base_url=live_server.url)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
    yield context
    context.close()


@pytest.fixture
def look(context: BrowserContext, study: Study) -> Look:
    """Opens a page of the study and holds it against the rules; the text is what shows its state."""

    def looks(name: str, text: str) -> None:
        for width, scheme in WIDTHS:
            page = context.new_page()
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # light or dark
            path, _, query = name.partition("?")
            page.goto(reverse(f"analysis:{path}", kwargs={"study_key": study.key}) + (f"?{query}" if query else ""))
            expect(page.get_by_text(text).first).to_be_visible()
            assert violations(page) == [], (name, text, width)
            assert sideways(page) == 0, (name, text, width)
            page.close()

    return looks


def asked_for(study: Study, mode: str, **options: object) -> Export:
    return exports.request_export(study, by=study.created_by, mode=mode, **options)  # type: ignore[arg-type]


def test_data_files_in_every_state(study: Study, look: Look) -> None:
    look("exports", "No files yet")
    asked_for(study, Mode.LIVE)
    look("exports", "Waiting for a worker to write the files")
    running = jobs.claim(Export, asked_for(study, Mode.SIMULATED, formats=["excel", "stata"]).pk)
    assert running is not None
    jobs.step(running, "500 of 1,200 people")
    look("exports", "500 of 1,200 people")
    exports.cancel(running, by=study.created_by)
    look("exports", "Cancelled.")
    failing = jobs.claim(Export, asked_for(study, Mode.SIMULATED, formats=["spss"]).pk)
    assert failing is not None
    jobs.fail(failing, "The export could not be made: an invented fault.")
    look("exports", "an invented fault")
    for each in (Mode.LIVE, Mode.SIMULATED):
        exports.make(asked_for(study, each).pk)
    exports.make(asked_for(study, Mode.SIMULATED, identifying=True, formats=["json-lines", "qualtrics"]).pk)
    look("exports", "CSV, JSON lines, Qualtrics")
    Participant.objects.filter(mode=Mode.SIMULATED, pk__in=study.participants.values("pk")[:1]).update(
        withdrawn_at=Now()
    )
    look("exports", "The files are gone")


def test_results_in_every_state(study: Study, look: Look) -> None:
    look("results", "No report yet")
    waiting = reports.request_report(study, by=study.created_by, mode=Mode.SIMULATED)
    look("results?mode=simulated", "Waiting for a worker to make the report")
    running = jobs.claim(Report, waiting.pk)
    assert running is not None
    jobs.step(running, "comparing the arms")
    look("results?mode=simulated", "comparing the arms")
    jobs.fail(running, "The report could not be made: an invented fault.")
    look("results?mode=simulated", "an invented fault")
    reports.make(reports.request_report(study, by=study.created_by, mode=Mode.SIMULATED).pk)
    look("results?mode=simulated", "Make a new report")
    reports.make(reports.request_report(study, by=study.created_by, mode=Mode.LIVE).pk)
    look("results", "Masked until the unblinding")
    reports.cancel(reports.request_report(study, by=study.created_by, mode=Mode.LIVE), by=study.created_by)
    lifecycle.unblind(study, study.created_by, "The sample is complete.")
    look("results", "This report was made before the unblinding")
    Participant.objects.filter(mode=Mode.SIMULATED, pk__in=study.participants.values("pk")[:1]).update(
        withdrawn_at=Now()
    )
    look("results?mode=simulated", "Superseded")


def test_power_in_every_state_and_from_the_keyboard(study: Study, look: Look, context: BrowserContext) -> None:
    look("power", "No answer yet")
    page = context.new_page()
    page.goto(reverse("analysis:power", kwargs={"study_key": study.key}))
    page.get_by_label("Difference to be found").fill("0.5")
    page.get_by_label("as named here").check()
    for label, value in (("SD between people", "1"), ("SD between articles", "0.3"), ("People, all together", "51")):
        page.get_by_label(label).fill(value)
    page.get_by_label("SD of a single rating beside these").fill("1.2")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_role("alert")).to_contain_text("even numbers")
    assert violations(page) == []
    page.get_by_label("People, all together").fill("60, 100, 400")
    # Enough for the columns of simulated studies, of which 200 a size would be made up.
    page.get_by_label("Studies to simulate where people or articles are few").fill("4")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Waiting for a worker to compute the power")).to_be_visible()
    plan = PowerPlan.objects.get()
    running = jobs.claim(PowerPlan, plan.pk)
    assert running is not None
    jobs.step(running, "12 of 40 studies")
    expect(page.get_by_text("12 of 40 studies")).to_be_visible()
    look("power", "12 of 40 studies")
    PowerPlan.objects.update(status=PowerPlan.Status.WAITING)
    power_plans.make(plan.pk)
    # The page that was open loads itself again.
    expect(page.get_by_role("img", name="Power over the number of people")).to_be_visible()
    look("power", "Power for a difference of 0.5")
    page.close()
