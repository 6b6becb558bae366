"""A device is known by what its browser says and its script measured, and the smaller of the two counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.definition import Definition
from surveys.devices import KINDS, Device, Devices, named, seen, shortfall
from surveys.frozen import canonical
from tests.factories import definition

# As these browsers name themselves, with invented version numbers.
AGENTS = {
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1": "phone",
    "Mozilla/5.0 (Linux; Android 15; K) Chrome/140.0.0.0 Mobile Safari/537.36": "phone",
    "Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0": "phone",
    "Mozilla/5.0 (iPad; CPU OS 12_5 like Mac OS X) Version/12.1 Mobile/15E148 Safari/604.1": "tablet",
    "Mozilla/5.0 (Linux; Android 15; K) Chrome/140.0.0.0 Safari/537.36": "tablet",
    "Mozilla/5.0 (Android 15; Tablet; rv:140.0) Gecko/140.0 Firefox/140.0": "tablet",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.0 Safari/605.1.15": "computer",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0.0.0 Safari/537.36": "computer",
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0": "computer",
    "": "computer",
}


@pytest.mark.parametrize(("agent", "kind"), AGENTS.items())
def test_browsers_are_known_by_what_they_call_themselves(agent: str, kind: str) -> None:
    assert named(agent) == kind


def test_a_browser_that_hides_its_name_says_in_another_header_that_it_is_on_a_phone() -> None:
    assert named("Mozilla/5.0", "?1") == "phone"
    assert named("Mozilla/5.0", "?0") == "computer"


def test_a_tablet_that_calls_itself_a_computer_is_found_by_its_script() -> None:
    mac = {"User-Agent": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Safari/605.1.15"}
    assert seen(mac, {"device": "tablet", "width": "1024"}) == Device("tablet", 1024)
    assert seen(mac, {"device": "computer", "width": "1024"}) == Device("computer", 1024)
    phone = {"User-Agent": "Mozilla/5.0 (Linux; Android 15; K) Mobile Safari/537.36"}
    assert seen(phone, {"device": "computer"}).kind == "phone"


@given(st.text(), st.text(), st.text())
def test_whatever_is_sent_as_a_measure_is_a_device(agent: str, device: str, width: str) -> None:
    found = seen({"User-Agent": agent}, {"device": device, "width": width})
    assert found.kind in KINDS
    assert found.width is None or found.width >= 0


@given(st.sampled_from(KINDS), st.integers(0, 4000), st.sampled_from(KINDS), st.none() | st.integers(0, 99_999))
def test_a_device_falls_short_by_its_kind_or_by_its_window_and_never_by_what_nobody_measured(
    least: str, needed: int, kind: str, width: int | None
) -> None:
    asked = Devices.model_validate({"least": least, "width": needed})
    found = shortfall(asked, Device(kind, width))  # type: ignore[arg-type]  # one of the kinds
    is_small = KINDS.index(kind) < KINDS.index(least)
    is_narrow = width is not None and width < needed
    assert (found is not None) == (is_small or is_narrow)
    assert found is None or found.is_of_the_kind == is_small
    assert found is None or asked.asks_something


def test_a_study_that_asks_for_no_device_is_written_and_hashed_as_before_there_was_the_question() -> None:
    plain = Definition.model_validate(definition())
    assert "devices" not in canonical(plain)
    asking = Definition.model_validate(definition(devices={"least": "computer"}))
    assert '"devices":{"least":"computer","width":0}' in canonical(asking)
    assert Definition.model_validate_json(canonical(asking)) == asking
