"""The payment list, for owners alone: taking it is logged, and neither flags nor a withdrawal cost anybody a line."""

import csv
import io

import pytest
from django.test import Client
from django.urls import reverse

from surveys import audit, panel_status, payments
from surveys.models import Mode, Role, Study
from surveys.panel_status import Row
from surveys.recruitment import signed_mode
from tests import factories
from tests.surveys.participant.person import Person

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    study = factories.launched_study()
    codes = {"completed": "DONE", "left": "LEFT"}
    study.recruitment = {"panel": "prolific", "codes": codes, "bonus": "0.50", "only_with_id": False}
    study.save()
    return study


def _person(study: Study, name: str, to: str, mode: str = "") -> Person:
    return Person(study, entry=f"?PROLIFIC_PID={name}&SESSION_ID=of-{name}{mode}").walk_to(to)


def test_each_person_of_a_panel_stands_with_ending_status_code_and_bonus(study: Study) -> None:
    _person(study, "gone", "before-1").post("leave")
    _person(study, "inside", "before-1")
    _person(study, "done", "end")
    _person(study, "arrived", "consent")
    Person(study).walk_to("end")
    panel_status.apply(study, [Row(2, "done", "of-done", "APPROVED")], by=study.created_by)
    listed = payments.payments(study, Mode.LIVE)
    assert [(p.panel_id, p.submission, p.outcome, p.panel_status, p.code, p.bonus) for p in listed] == [
        ("done", "of-done", "completed", "APPROVED", "DONE", "0.50"),
        ("gone", "of-gone", "left", "", "LEFT", ""),
        ("inside", "of-inside", "under-way", "", "", ""),
    ]


def test_who_withdrew_after_completing_is_paid_all_the_same(study: Study) -> None:
    _person(study, "done", "end").post("withdraw")
    (payment,) = payments.payments(study, Mode.LIVE)
    assert (payment.outcome, payment.code, payment.bonus) == ("completed", "DONE", "0.50")


def test_flags_stand_beside_the_code_and_take_nothing_away(study: Study) -> None:
    _person(study, "done", "end").enter("?PROLIFIC_PID=done&SESSION_ID=second")
    (payment,) = payments.payments(study, Mode.LIVE)
    assert payment.flags == "duplicate-panel-id"
    assert payment.code == "DONE"


def test_the_pilot_has_a_list_of_its_own(study: Study) -> None:
    _person(study, "trial", "end", f"&mode={signed_mode(study, Mode.PILOT)}")
    assert payments.payments(study, Mode.LIVE) == []
    assert [payment.panel_id for payment in payments.payments(study, Mode.PILOT)] == ["trial"]


def test_an_id_that_cannot_be_read_any_more_is_marked(study: Study, settings: object) -> None:
    _person(study, "done", "end")
    settings.IDENTITY_KEY = "another key that is long enough"  # type: ignore[attr-defined]  # any name
    assert [payment.panel_id for payment in payments.payments(study, Mode.LIVE)] == ["?"]


def test_the_file_is_logged_and_runs_nothing_in_a_spreadsheet(study: Study, client: Client) -> None:
    _person(study, "%3DHYPERLINK(1)", "end")
    _person(study, "b%3B %3D1%2B1", "before-1")
    client.force_login(study.created_by)
    page = client.get(reverse("workbench:study-payments", args=[study.key]))
    assert "=HYPERLINK(1)" in page.content.decode()
    file = client.post(reverse("workbench:study-payments-file", args=[study.key]), {"mode": "live"})
    rows = csv.DictReader(io.StringIO(file.content.decode("utf-8-sig")))
    assert [row["panel_id"] for row in rows] == ["'=HYPERLINK(1)", "b; '=1+1"]
    assert file["Cache-Control"] == "no-store"
    entry = study.audit.order_by("-sequence")[0]
    assert (entry.verb, entry.subject) == ("payment list exported", "2 people, live")
    assert entry.content_sha256
    assert audit.verify(study) == []


@pytest.mark.parametrize("role", [Role.CURATOR, Role.ANALYST, Role.OBSERVER])
def test_nobody_but_an_owner_sees_or_takes_it(study: Study, client: Client, role: str) -> None:
    client.force_login(factories.member(study, role))
    assert client.get(reverse("workbench:study-payments", args=[study.key])).status_code == 403
    assert client.post(reverse("workbench:study-payments-file", args=[study.key])).status_code == 403
