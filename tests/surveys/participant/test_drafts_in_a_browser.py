"""What is typed and not sent yet, in a real browser: drafts, lost networks, late scripts, second tabs."""

import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect
from pytest_django.live_server_helper import LiveServer

from surveys import flow
from surveys.flow.endings import ending
from surveys.models import Answer, Draft, Participant, Study
from tests import factories
from tests.browser import sideways
from tests.surveys.participant.browsing import PHONE, agree, browsing, fill, go_on
from tests.surveys.participant.person import WHOLE

MINUTES = 3
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_what_is_typed_is_back_after_the_tab_was_closed(chromium: Browser, live_server: LiveServer) -> None:
    study = factories.launched_study(blocks=WHOLE)
    with browsing(chromium, live_server) as page:
        page.goto(f"/s/{study.key}/")
        agree(page)
        page.get_by_label("The question words?").fill("An hour's work")
        # The draft that holds both, whether one or two are sent.
        with page.expect_response(lambda answer: "one=yes" in (answer.request.post_data or "")) as saving:
            page.get_by_label("Answer yes").check()
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
    with browsing(chromium, live_server) as page:
        late: list[Route] = []
        script = re.compile(r"/draft\.[^/]*js$")
        page.route(script, lambda route: late.append(route))
        page.goto(f"/s/{study.key}/")
        with page.expect_request(script):
            page.get_by_role("button", name="I agree").click(no_wait_after=True)
        page.get_by_label("The question words?").fill("Typed at once")
        page.get_by_label("Answer yes").check()
        with page.expect_response(re.compile("/draft/")) as saving:
            late[0].continue_()
        assert saving.value.status == 204
    kept = Draft.objects.get().content
    assert (kept["words"], kept["one"]) == (["Typed at once"], ["yes"])


def test_a_draft_is_saved_when_the_page_is_hidden_before_the_delay_is_over(
    chromium: Browser, live_server: LiveServer
) -> None:
    study = factories.launched_study(blocks=WHOLE)
    with browsing(chromium, live_server) as page:
        page.goto(f"/s/{study.key}/")
        agree(page)
        page.get_by_label("The question words?").fill("Typed and gone")
        page.goto("about:blank")
        _until(Draft.objects.exists)
        page.goto(f"/s/{study.key}/")
        expect(page.get_by_label("The question words?")).to_have_value("Typed and gone")


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline, "it did not happen within 10 seconds"
        time.sleep(0.05)


def test_a_network_that_is_lost_for_a_while_loses_nothing_and_the_page_goes_on_by_itself(
    chromium: Browser, live_server: LiveServer, study: Study
) -> None:
    with browsing(chromium, live_server, viewport=PHONE) as page:
        _begun(page, study)
        notice = page.get_by_text("There is no connection just now")
        expect(notice).to_be_hidden()
        page.context.set_offline(True)
        fill(page)
        expect(notice).to_be_visible()
        assert sideways(page) == 0
        here = page.url
        go_on(page)
        # Somebody in a hurry presses once more: the page still waits with all that was typed.
        go_on(page)
        expect(notice).to_be_visible()
        assert page.url == here
        assert len(page.context.pages) == 1
        assert not Answer.objects.exists()
        page.context.set_offline(False)
        page.wait_for_url("**/reading-1/")
    assert dict(Answer.objects.values_list("item", "value"))["word"] == "Some words"
    assert Answer.objects.count() == 6


def test_a_server_that_is_away_for_minutes_is_tried_again_and_again_until_the_page_goes_on(
    chromium: Browser, live_server: LiveServer, study: Study
) -> None:
    with browsing(chromium, live_server) as page:
        page.clock.install()
        _begun(page, study)
        # The browser itself believes to be online all the while, so that nothing but the page's own tries ends it.
        page.route("**/s/**", lambda route: route.abort("connectionrefused"))
        fill(page)
        page.clock.fast_forward(1_000)
        notice = page.get_by_text("There is no connection just now")
        expect(notice).to_be_visible()
        go_on(page)
        # A try is over once it was looked whether anybody is there at all.
        tries: list[Request] = []
        page.on("requestfailed", lambda request: tries.append(request) if request.method == "HEAD" else None)
        deadline = time.monotonic() + 30
        while len(tries) < MINUTES * 60 // 6:
            # The page sets its clock for the next try a moment after the last: a leap can come before that.
            assert time.monotonic() < deadline, f"only {len(tries)} tries within 30 seconds"
            page.clock.fast_forward(6_000)
        expect(notice).to_be_visible()
        assert len(page.context.pages) == 1
        assert not Answer.objects.exists()
        page.unroute_all(behavior="ignoreErrors")
        page.clock.fast_forward(6_000)
        page.wait_for_url("**/reading-1/")
    assert Answer.objects.count() == 6


def test_a_draft_that_is_refused_is_told_until_it_is_kept(chromium: Browser, live_server: LiveServer) -> None:
    study = factories.launched_study(blocks=WHOLE)
    with browsing(chromium, live_server, viewport=PHONE) as page:
        page.clock.install()
        page.goto(f"/s/{study.key}/")
        agree(page)
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
    agree(page)
    page.wait_for_url("**/before-1/")


def test_a_browser_that_believes_to_be_offline_goes_on_once_a_draft_is_kept(
    chromium: Browser, live_server: LiveServer, study: Study
) -> None:
    drafts: list[str] = []
    with browsing(chromium, live_server) as page:
        page.add_init_script("Object.defineProperty(Navigator.prototype, 'onLine', { get: () => false })")
        page.on("request", lambda asked: drafts.append(asked.url) if "/draft/" in asked.url else None)
        _begun(page, study)
        fill(page)
        go_on(page)
        page.wait_for_url("**/reading-1/")
    assert Answer.objects.count() == 6
    # One after typing, and one for the press.
    assert len(drafts) <= 3


def test_drafts_that_a_filter_keeps_back_keep_nobody_back(
    chromium: Browser, live_server: LiveServer, study: Study
) -> None:
    with browsing(chromium, live_server) as page:
        page.route("**/draft/**", lambda route: route.abort())
        _begun(page, study)
        fill(page)
        expect(page.get_by_text("is not saved yet")).to_be_visible()
        expect(page.get_by_text("There is no connection just now")).to_be_hidden()
        go_on(page)
        page.wait_for_url("**/reading-1/")
    assert Answer.objects.count() == 6


def test_a_page_whose_way_has_ended_says_so_while_one_writes_and_leads_to_how(
    chromium: Browser, live_server: LiveServer, study: Study
) -> None:
    with browsing(chromium, live_server, viewport=PHONE) as page:
        _begun(page, study)
        Participant.objects.update(**ending("left"))
        page.get_by_label("The question words?").fill("Too late")
        ended = page.get_by_text("ended meanwhile, so that nothing")
        expect(ended).to_be_visible()
        expect(page.get_by_text("This page has been answered already")).to_be_hidden()
        assert sideways(page) == 0
        page.get_by_role("link", name="See how it ended").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("You have left the study")
    assert not Draft.objects.exists()


def test_a_page_that_can_be_sent_after_the_panels_list_ended_the_way_says_so_and_is_kept(
    chromium: Browser, live_server: LiveServer, study: Study
) -> None:
    with browsing(chromium, live_server, viewport=PHONE) as page:
        _begun(page, study)
        assert flow.end_at_panel(Participant.objects.get(), "timed-out")
        fill(page)
        expect(page.get_by_text("is kept if you send it now")).to_be_visible()
        expect(page.get_by_text("ended meanwhile, so that nothing")).to_be_hidden()
        assert sideways(page) == 0
        # Without a network it waits as any other page does, and is sent once there is one again.
        page.context.set_offline(True)
        go_on(page)
        expect(page.get_by_text("There is no connection just now")).to_be_visible()
        page.context.set_offline(False)
        expect(page.get_by_role("heading", level=1)).to_have_text("The time is over")
    assert Answer.objects.count() == 6


def test_an_older_browser_gives_up_a_draft_that_nobody_answers_and_goes_on_once_one_is_kept(
    chromium: Browser, live_server: LiveServer, study: Study
) -> None:
    with browsing(chromium, live_server) as page:
        page.add_init_script("delete AbortSignal.timeout; delete HTMLFormElement.prototype.requestSubmit")
        page.clock.install()
        _begun(page, study)
        # A network that takes everything and answers nothing: the draft, and the look whether anybody is there.
        page.route(re.compile("/(draft|before-1)/"), lambda _: None)
        fill(page)
        notice = page.get_by_text("There is no connection just now")
        for asked, waited in (("POST", 1_000), ("HEAD", 21_000)):
            expect(notice).to_be_hidden()
            with page.expect_request(lambda request, method=asked: request.method == method):  # type: ignore[misc]
                page.clock.fast_forward(waited)
        page.clock.fast_forward(21_000)
        expect(notice).to_be_visible()
        page.unroute_all(behavior="ignoreErrors")
        go_on(page)
        page.wait_for_url("**/reading-1/")
    assert Answer.objects.count() == 6


def test_a_second_tab_and_somebody_else_in_the_browser_are_told_while_one_writes(
    chromium: Browser, live_server: LiveServer, study: Study
) -> None:
    with browsing(chromium, live_server, viewport=PHONE) as page:
        page.goto(f"/s/{study.key}/?PROLIFIC_PID=one")
        agree(page)
        page.wait_for_url("**/before-1/")
        other_tab = page.context.new_page()
        other_tab.goto(f"/s/{study.key}/?PROLIFIC_PID=two")
        page.get_by_label("The question words?").fill("Mine alone")
        notice = page.get_by_text("Somebody else has begun in this browser, so nothing")
        expect(notice).to_be_visible()
        assert sideways(page) == 0
        fill(page)
        go_on(page)
        expect(page.get_by_role("heading", level=1)).to_have_text("Somebody else has begun in this browser")
        assert sideways(page) == 0
        other_tab.goto(f"/s/{study.key}/?PROLIFIC_PID=one")
        page.get_by_role("button", name="Send again").click()
        page.wait_for_url("**/reading-1/")
        assert not Draft.objects.exists()
        assert (
            Answer.objects.filter(participant=Participant.objects.earliest("pk")).count() == Answer.objects.count() == 6
        )

        other_tab.goto(f"/s/{study.key}/")
        fill(other_tab)
        go_on(other_tab)
        other_tab.wait_for_url("**/reading-2/")
        page.get_by_label("Answer 2").first.check()
        expect(page.get_by_text("This page has been answered already")).to_be_visible()
        assert sideways(page) == 0
        go_on(page)
        expect(page.get_by_text("Your first answers count, and what you sent now")).to_be_visible()
