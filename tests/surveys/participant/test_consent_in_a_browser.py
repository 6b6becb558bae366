"""A consent that asks for a window's width, in a real browser that is made wider."""

import pytest
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from tests import factories

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_narrow_window_is_explained_and_a_wider_one_goes_on_from_there(
    chromium: Browser, live_server: LiveServer
) -> None:
    study = factories.launched_study(devices={"width": 700})
    context = chromium.new_context(base_url=live_server.url, viewport={"width": 320, "height": 640})
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.goto(f"/s/{study.key}/")
    page.get_by_role("button", name="I agree").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("This window is too narrow")
    expect(page.get_by_text("It is 320 pixels wide, and the pages of this study need 700.")).to_be_visible()
    page.set_viewport_size({"width": 720, "height": 640})
    page.get_by_role("link", name="Try again").click()
    page.get_by_role("button", name="I agree").click()
    page.wait_for_url("**/before-1/")
    context.close()
