"""The page of the panel's settings, and the links to try a study out."""

from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from surveys import lifecycle, recruitment
from surveys.models import Mode, Role, Study
from surveys.readiness import compose
from tests.factories import member

pytestmark = pytest.mark.django_db
PROLIFIC = {"panel": "prolific", "code-completed": "C0DE1", "code-screened-out": "0UT"}


def _send(client: Client, study: Study, data: dict[str, str]) -> Any:
    return client.post(reverse("workbench:study-recruitment", args=[study.key]), data, follow=True)


def _stored(study: Study) -> recruitment.Recruitment:
    study.refresh_from_db()
    return recruitment.read(study)


def test_settings_are_saved_and_the_links_shown(owner: Client, study: Study) -> None:
    page = unescape(_send(owner, study, PROLIFIC).content.decode())

    assert _stored(study).codes == {"completed": "C0DE1", "screened-out": "0UT"}
    assert f"http://testserver/s/{study.key}/?PROLIFIC_PID={{{{%PROLIFIC_PID%}}}}" in page
    assert "https://app.prolific.com/submissions/complete?cc=C0DE1" in page


def test_settings_change_while_a_study_runs_and_its_hash_stays(owner: Client, study: Study) -> None:
    version = lifecycle.freeze(study, study.created_by)
    lifecycle.launch(study, study.created_by)

    _send(owner, study, PROLIFIC)

    assert _stored(study).panel == "prolific"
    assert compose(study).sha256 == version.sha256


def test_renamed_parameters_are_in_the_entry_link(owner: Client, study: Study) -> None:
    page = unescape(_send(owner, study, {**PROLIFIC, "participant": "pid"}).content.decode())

    assert "?pid={{%PROLIFIC_PID%}}" in page


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("panel", ""),
        ("panel", "mturk"),
        ("participant", "a b"),
        ("participant", "x" * 61),
        ("host", "https://example.sona-systems.com"),
        ("code-completed", "x" * 41),
        ("project", "a\x00b"),
        ("return-completed", "http://lab.example.org/"),
        ("return-other", "https://lab.example.org@elsewhere.example/"),
        ("resume_hours", "0"),
        ("resume_hours", "-1"),
        ("resume_hours", "two days"),
        ("resume_hours", "99999999999999999999"),
    ],
)
def test_a_wrong_setting_is_named_and_kept(owner: Client, study: Study, field: str, value: str) -> None:
    response = _send(owner, study, {**PROLIFIC, "experiment_id": "typed with care", field: value})

    assert list(response.context["form"].errors) == [field]
    assert "typed with care" in response.content.decode()
    assert _stored(study) == recruitment.Recruitment()


def test_the_limit_for_coming_back_is_saved_shown_again_and_taken_away(owner: Client, study: Study) -> None:
    assert 'value="72"' in _send(owner, study, {**PROLIFIC, "resume_hours": "72"}).content.decode()
    assert _stored(study).resume_hours == 72

    _send(owner, study, {**PROLIFIC, "resume_hours": ""})

    assert _stored(study).resume_hours is None


def test_addresses_at_the_end_of_a_study_without_a_panel_are_saved_shown_and_taken_away(
    owner: Client, study: Study
) -> None:
    address = "https://lab.example.org/thanks"
    page = _send(owner, study, {"panel": "plain", "return-completed": address}).content.decode()
    assert _stored(study).returns == {"completed": address}
    assert f"<dt>Completed</dt><dd><code>{address}</code></dd>" in page
    assert f'value="{address}"' in page
    _send(owner, study, {"panel": "plain", "return-completed": ""})
    assert _stored(study).returns == {}


@pytest.mark.parametrize(("panel", "is_told"), [("plain", True), ("keys", True), ("prolific", False)])
def test_who_would_keep_people_out_without_a_panel_is_told_that_it_cannot_be_known(
    owner: Client, study: Study, panel: str, is_told: bool
) -> None:
    page = _send(owner, study, {"panel": panel, "keep_out": study.key}).content.decode()
    assert _stored(study).keep_out == (study.key,)
    assert ("nobody is kept out" in page) is is_told


def test_the_log_has_the_change_without_the_codes(owner: Client, study: Study) -> None:
    _send(owner, study, PROLIFIC)

    entry = study.audit.order_by("-sequence")[0]
    assert (entry.verb, entry.subject) == ("recruitment changed", "")


def _links(client: Client, study: Study) -> dict[str, str]:
    links: dict[str, str] = client.get(reverse("workbench:study-preview", args=[study.key])).context["links"]
    return links


def test_a_draft_cannot_be_previewed_and_the_page_says_why(owner: Client, study: Study) -> None:
    page = owner.get(reverse("workbench:study-preview", args=[study.key]))

    assert page.context["links"] == {}
    assert "Freeze the study first" in page.content.decode()


def test_the_preview_link_leads_in_as_a_preview(owner: Client, study: Study) -> None:
    lifecycle.freeze(study, study.created_by)

    link = urlsplit(_links(owner, study)["preview"])
    response = Client().get(f"{link.path}?{link.query}")

    assert response.status_code == 303
    assert [person.mode for person in study.participants.all()] == [Mode.PREVIEW]


def test_only_who_runs_a_study_gets_the_pilot_link(client: Client, owner: Client, study: Study) -> None:
    lifecycle.freeze(study, study.created_by)
    pilot = urlsplit(_links(owner, study)["pilot"])
    assert recruitment.read_signed_mode(study, parse_qs(pilot.query)["mode"][0]) == Mode.PILOT

    client.force_login(member(study, Role.CURATOR))
    assert set(_links(client, study)) == {"preview"}
