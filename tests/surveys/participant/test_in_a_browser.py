"""The way through a study in a real browser: with and without JavaScript, on a narrow phone, under axe."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from surveys import flow, lifecycle
from surveys.models import Answer, Draft, Participant, Study
from tests import factories
from tests.browser import sideways, violations
from tests.surveys.participant.person import EVERY_KIND, RATING, WHOLE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = {"width": 320, "height": 640}
LONG_WORD = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen" * 2


@contextmanager
def _page(chromium: Browser, live_server: LiveServer, **options: object) -> Iterator[Page]:
    context = chromium.new_context(base_url=live_server.url, **options)  # type: ignore[arg-type]  # checked by it
    context.set_default_timeout(15_000)
    page = context.new_page()
    yield page
    context.close()


def _fill(page: Page) -> None:
    """Give each question of the page its first answer, as a person does: by clicking labels and typing."""
    for group in page.locator("fieldset.question").all():
        group.locator("label.choice").first.click()
    for box in page.locator(".question > input[type=text]").all():
        box.fill("20" if box.get_attribute("inputmode") else "Some words")


def _continue(page: Page) -> None:
    page.get_by_role("button", name="Continue").click()


def _walk(page: Page, study: Study) -> Iterator[str]:
    """From the entry link to the code, and on each page's way the pages of its errors; the name of each page."""
    page.goto(f"/s/{study.key}/?PROLIFIC_PID=5f3a&SESSION_ID=77cc")
    yield "consent"
    page.get_by_role("button", name="I agree").click()
    while "debrief" not in page.url:
        name = page.url.rstrip("/").rpartition("/")[2]
        yield name
        if page.locator("fieldset").count():
            _continue(page)
            expect(page.locator(".error-summary")).to_be_focused()
            yield f"{name} with errors"
        _fill(page)
        _continue(page)
        page.wait_for_url(re.compile(rf"^(?!.*/{name}/).*$"))
    yield "debrief"
    page.get_by_role("button", name="I have read this").click()
    yield "end"


@pytest.mark.parametrize("has_javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_the_whole_way_works_on_a_narrow_phone(
    chromium: Browser, live_server: LiveServer, study: Study, has_javascript: bool
) -> None:
    names = []
    with _page(chromium, live_server, viewport=PHONE, java_script_enabled=has_javascript) as page:
        for name in _walk(page, study):
            names.append(name)
            assert sideways(page) == 0, name
        person = Participant.objects.get()
        expect(page.locator(".code")).to_have_text(person.completion_code)
    assert person.outcome == "completed"
    assert names[1:4] == ["before-1", "before-1 with errors", "reading-1"]
    assert Answer.objects.count() == 6 + 2 * 3 + 2 + 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_page_or_in_any_error_state(
    chromium: Browser, live_server: LiveServer, study: Study, scheme: str
) -> None:
    found: dict[str, list[str]] = {}
    with _page(chromium, live_server, color_scheme=scheme) as page:
        for name in _walk(page, study):
            found[name] = violations(page)
            if name in {"reading-1", "end"}:
                here = page.url
                for other in ("leave", "withdraw"):
                    page.goto(f"/s/{study.key}/{other}/")
                    found[f"{other} from {name}"] = violations(page)
                page.goto(here)
    assert len(found) >= 15
    assert {name: problems for name, problems in found.items() if problems} == {}


def test_axe_finds_nothing_on_the_pages_of_other_endings(chromium: Browser, live_server: LiveServer) -> None:
    study = factories.launched_study(blocks=[EVERY_KIND, RATING])
    found = {}
    with _page(chromium, live_server, viewport=PHONE) as page:
        page.goto(f"/s/{study.key}/reading-1/")
        found["unknown"] = violations(page)
        page.goto(f"/s/{study.key}/?mode=preview")
        found["refused"] = violations(page)
        page.goto(f"/s/{study.key}/?PROLIFIC_PID=one")
        page.get_by_role("button", name="I do not agree").click()
        found["no consent"] = violations(page)
        page.goto(f"/s/{study.key}/?PROLIFIC_PID=two")
        page.get_by_role("button", name="I agree").click()
        _fill(page)
        page.context.clear_cookies(name="csrftoken")
        _continue(page)
        expect(page.get_by_role("alert")).to_contain_text("Nothing is lost")
        found["expired"] = violations(page)
        page.get_by_label("Answer no").check()
        _continue(page)
        expect(page.get_by_role("heading", level=1)).to_have_text("This study does not fit")
        found["screened out"] = violations(page)
        lifecycle.close(study, study.memberships.get().researcher)
        page.goto(f"/s/{study.key}/?PROLIFIC_PID=three")
        found["closed"] = violations(page)
        assert sideways(page) == 0
    assert {name: problems for name, problems in found.items() if problems} == {}


def test_a_text_with_endless_words_does_not_widen_the_page(chromium: Browser, live_server: LiveServer) -> None:
    wording = factories.definition()["wording"] | {
        "title": {"en": LONG_WORD},
        "consent": {"en": LONG_WORD},
        "reading_intro": {"en": LONG_WORD},
    }
    study = factories.ready_study(blocks=WHOLE, wording=wording)
    study.articles.update(headline=LONG_WORD, text=f"{LONG_WORD}\n\n{LONG_WORD}.")
    owner = study.memberships.get().researcher
    lifecycle.freeze(study, owner)
    lifecycle.launch(study, owner)
    with _page(chromium, live_server, viewport=PHONE) as page:
        for name in _walk(page, study):
            assert sideways(page) == 0, name


def test_what_is_typed_is_back_after_the_tab_was_closed(chromium: Browser, live_server: LiveServer) -> None:
    study = factories.launched_study(blocks=WHOLE)
    with _page(chromium, live_server) as page:
        page.goto(f"/s/{study.key}/")
        page.get_by_role("button", name="I agree").click()
        page.get_by_label("The question words?").fill("An hour's work")
        page.get_by_label("Answer yes").check()
        with page.expect_response(re.compile("/draft/")) as saving:
            pass
        assert saving.value.status == 204
        other_tab = page.context.new_page()
        page.close()
        other_tab.goto(f"/s/{study.key}/")
        expect(other_tab.get_by_label("The question words?")).to_have_value("An hour's work")
        expect(other_tab.get_by_label("Answer yes")).to_be_checked()
    assert Draft.objects.count() == 1
    assert not Answer.objects.exists()


def test_what_is_typed_before_the_scripts_are_there_is_kept_as_well(chromium: Browser, live_server: LiveServer) -> None:
    study = factories.launched_study(blocks=WHOLE)
    with _page(chromium, live_server) as page:
        late: list[Route] = []
        page.route(re.compile(r"/draft\.[^/]*js$"), lambda route: late.append(route))
        page.goto(f"/s/{study.key}/")
        page.get_by_role("button", name="I agree").click(no_wait_after=True)
        page.get_by_label("The question words?").fill("Typed at once")
        page.get_by_label("Answer yes").check()
        _until(lambda: bool(late))
        with page.expect_response(re.compile("/draft/")) as saving:
            late[0].continue_()
        assert saving.value.status == 204
    kept = Draft.objects.get().content
    assert (kept["words"], kept["one"]) == (["Typed at once"], ["yes"])


def test_a_draft_is_saved_when_the_page_is_hidden_before_the_delay_is_over(
    chromium: Browser, live_server: LiveServer
) -> None:
    study = factories.launched_study(blocks=WHOLE)
    with _page(chromium, live_server) as page:
        page.goto(f"/s/{study.key}/")
        page.get_by_role("button", name="I agree").click()
        page.wait_for_load_state()
        page.get_by_label("The question words?").fill("Typed and gone")
        page.goto("about:blank")
        _until(Draft.objects.exists)
        page.goto(f"/s/{study.key}/")
        expect(page.get_by_label("The question words?")).to_have_value("Typed and gone")


def test_a_double_click_and_the_back_button_lose_and_double_nothing(
    chromium: Browser, live_server: LiveServer, study: Study
) -> None:
    with _page(chromium, live_server) as page:
        page.goto(f"/s/{study.key}/")
        page.get_by_role("button", name="I agree").click()
        _fill(page)
        page.get_by_role("button", name="Continue").dblclick()
        page.wait_for_url("**/reading-1/")
        page.go_back()
        page.wait_for_url("**/reading-1/")
        page.reload()
        expect(page.locator("article.article")).to_be_visible()
    assert Answer.objects.count() == 6


def test_the_code_can_be_copied_by_one_button(chromium: Browser, live_server: LiveServer) -> None:
    study = factories.launched_study(blocks=[RATING])
    with _page(chromium, live_server, permissions=["clipboard-read", "clipboard-write"]) as page:
        for _ in _walk(page, study):
            pass
        page.get_by_role("button", name="Copy the code").click()
        expect(page.get_by_role("status")).to_have_text("Copied")
        copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == Participant.objects.get().completion_code


def test_no_page_breaks_its_own_content_security_policy(
    chromium: Browser, live_server: LiveServer, study: Study, settings: Settings
) -> None:
    complaints: list[str] = []
    with _page(chromium, live_server) as page:
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        for _ in _walk(page, study):
            pass
    # A page that asks again is a 422 on purpose, and Chromium says so.
    assert [text for text in complaints if "status of 422" not in text] == []


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline, "it did not happen within 10 seconds"
        time.sleep(0.05)


def test_a_network_that_is_lost_for_a_while_loses_nothing_and_the_page_goes_on_by_itself(
    chromium: Browser, live_server: LiveServer, study: Study
) -> None:
    with _page(chromium, live_server, viewport=PHONE) as page:
        _begun(page, study)
        notice = page.get_by_text("There is no connection just now")
        expect(notice).to_be_hidden()
        page.context.set_offline(True)
        _fill(page)
        expect(notice).to_be_visible()
        assert sideways(page) == 0
        here = page.url
        _continue(page)
        # Somebody in a hurry presses once more: the page still waits with all that was typed.
        _continue(page)
        expect(notice).to_be_visible()
        assert page.url == here
        assert len(page.context.pages) == 1
        assert not Answer.objects.exists()
        page.context.set_offline(False)
        page.wait_for_url("**/reading-1/")
    assert dict(Answer.objects.values_list("item", "value"))["word"] == "Some words"
    assert Answer.objects.count() == 6


def test_a_draft_that_is_refused_is_told_until_it_is_kept(chromium: Browser, live_server: LiveServer) -> None:
    study = factories.launched_study(blocks=WHOLE)
    with _page(chromium, live_server, viewport=PHONE) as page:
        page.clock.install()
        page.goto(f"/s/{study.key}/")
        page.get_by_role("button", name="I agree").click()
        page.wait_for_load_state()
        words, notice = page.get_by_label("The question words?"), page.get_by_text("is not saved yet")
        expect(notice).to_be_hidden()
        # The form's token and its cookie do not belong together any more.
        page.context.clear_cookies(name="csrftoken")
        assert _tried(page, lambda: words.fill("An hour's work")) == 303
        expect(notice).to_be_visible()
        assert sideways(page) == 0
        assert not Draft.objects.exists()
        # The next attempt is made by itself, with the token that the page has now.
        assert _tried(page) == 204
        expect(notice).to_be_hidden()
        assert Draft.objects.get().content["words"] == ["An hour's work"]

        (known,) = [cookie for cookie in page.context.cookies() if cookie["name"] == "participant"]
        page.context.clear_cookies(name="participant")
        assert _tried(page, lambda: words.fill("Two hours' work")) == 403
        expect(notice).to_be_visible()
        assert _tried(page) == 403
        expect(notice).to_be_visible()
        page.context.add_cookies([known])  # type: ignore[list-item]  # as it was read
        assert _tried(page) == 204
        expect(notice).to_be_hidden()
        assert Draft.objects.get().content["words"] == ["Two hours' work"]


def _tried(page: Page, act: Callable[[], object] = lambda: None) -> int:
    """With what the page's next attempt to save is answered, once somebody has done this and some seconds are over."""
    with page.expect_response(re.compile("/draft/")) as saving:
        act()
        page.clock.fast_forward(6_000)
    return saving.value.status


def _begun(page: Page, study: Study) -> None:
    page.goto(f"/s/{study.key}/")
    page.get_by_role("button", name="I agree").click()
    page.wait_for_url("**/before-1/")


def test_a_browser_that_believes_to_be_offline_goes_on_once_a_draft_is_kept(
    chromium: Browser, live_server: LiveServer, study: Study
) -> None:
    drafts: list[str] = []
    with _page(chromium, live_server) as page:
        page.add_init_script("Object.defineProperty(Navigator.prototype, 'onLine', { get: () => false })")
        page.on("request", lambda asked: drafts.append(asked.url) if "/draft/" in asked.url else None)
        _begun(page, study)
        _fill(page)
        _continue(page)
        page.wait_for_url("**/reading-1/")
    assert Answer.objects.count() == 6
    # One after typing, and one for the press.
    assert len(drafts) <= 3


def test_drafts_that_a_filter_keeps_back_keep_nobody_back(
    chromium: Browser, live_server: LiveServer, study: Study
) -> None:
    with _page(chromium, live_server) as page:
        page.route("**/draft/**", lambda route: route.abort())
        _begun(page, study)
        _fill(page)
        expect(page.get_by_text("is not saved yet")).to_be_visible()
        expect(page.get_by_text("There is no connection just now")).to_be_hidden()
        _continue(page)
        page.wait_for_url("**/reading-1/")
    assert Answer.objects.count() == 6


def test_a_page_whose_way_has_ended_says_so_while_one_writes_and_leads_to_how(
    chromium: Browser, live_server: LiveServer, study: Study
) -> None:
    with _page(chromium, live_server, viewport=PHONE) as page:
        _begun(page, study)
        assert flow.end_at_panel(Participant.objects.get(), "timed-out")
        page.get_by_label("The question words?").fill("Too late")
        ended = page.get_by_text("Your part in this study has ended meanwhile")
        expect(ended).to_be_visible()
        expect(page.get_by_text("This page has been answered already")).to_be_hidden()
        assert sideways(page) == 0
        assert violations(page) == []
        page.get_by_role("link", name="See how it ended").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("The time is over")
    assert not Draft.objects.exists()


def test_an_older_browser_gives_up_a_draft_that_nobody_answers_and_goes_on_once_one_is_kept(
    chromium: Browser, live_server: LiveServer, study: Study
) -> None:
    with _page(chromium, live_server) as page:
        page.add_init_script("delete AbortSignal.timeout; delete HTMLFormElement.prototype.requestSubmit")
        page.clock.install()
        _begun(page, study)
        # A network that takes everything and answers nothing: the draft, and the look whether anybody is there.
        page.route(re.compile("/(draft|before-1)/"), lambda _: None)
        _fill(page)
        notice = page.get_by_text("There is no connection just now")
        for asked, waited in (("POST", 1_000), ("HEAD", 21_000)):
            expect(notice).to_be_hidden()
            with page.expect_request(lambda request, method=asked: request.method == method):  # type: ignore[misc]
                page.clock.fast_forward(waited)
        page.clock.fast_forward(21_000)
        expect(notice).to_be_visible()
        page.unroute_all(behavior="ignoreErrors")
        _continue(page)
        page.wait_for_url("**/reading-1/")
    assert Answer.objects.count() == 6


def test_a_second_tab_and_somebody_else_in_the_browser_are_told_while_one_writes(
    chromium: Browser, live_server: LiveServer, study: Study
) -> None:
    with _page(chromium, live_server, viewport=PHONE) as page:
        page.goto(f"/s/{study.key}/?PROLIFIC_PID=one")
        page.get_by_role("button", name="I agree").click()
        page.wait_for_url("**/before-1/")
        other_tab = page.context.new_page()
        other_tab.goto(f"/s/{study.key}/?PROLIFIC_PID=two")
        page.get_by_label("The question words?").fill("Mine alone")
        notice = page.get_by_text("Somebody else has begun in this browser, so nothing")
        expect(notice).to_be_visible()
        assert sideways(page) == 0
        _fill(page)
        _continue(page)
        expect(page.get_by_role("heading", level=1)).to_have_text("Somebody else has begun in this browser")
        assert sideways(page) == 0
        assert violations(page) == []
        other_tab.goto(f"/s/{study.key}/?PROLIFIC_PID=one")
        page.get_by_role("button", name="Send again").click()
        page.wait_for_url("**/reading-1/")
        assert not Draft.objects.exists()
        assert (
            Answer.objects.filter(participant=Participant.objects.earliest("pk")).count() == Answer.objects.count() == 6
        )

        other_tab.goto(f"/s/{study.key}/")
        _fill(other_tab)
        _continue(other_tab)
        other_tab.wait_for_url("**/reading-2/")
        page.get_by_label("Answer 2").first.check()
        expect(page.get_by_text("This page has been answered already")).to_be_visible()
        assert sideways(page) == 0
        _continue(page)
        expect(page.get_by_text("Your first answers count, and what you sent now")).to_be_visible()
        assert violations(page) == []
