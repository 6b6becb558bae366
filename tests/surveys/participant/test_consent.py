"""The consent on a device that is too small, which ends nothing; and without the id by which somebody came."""

import pytest

from surveys import recruitment
from surveys.models import Participant, Study
from tests import factories
from tests.surveys.participant.person import Person, leads_to, mark_on
from tests.surveys.test_devices import AGENTS

pytestmark = pytest.mark.django_db
PHONE, COMPUTER = next(iter(AGENTS)), "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
ENTRY = "?PROLIFIC_PID=5f3a&SESSION_ID=77cc"


def _study(**asked: object) -> Study:
    study = factories.launched_study(devices=asked)
    study.recruitment = {"panel": "prolific", "codes": {"completed": "DONE", "incompatible-device": "SMALL"}}
    study.save()
    return study


def _person(study: Study, agent: str) -> Person:
    return Person(study, entry=ENTRY, headers={"user-agent": agent})


def test_on_a_phone_a_study_for_computers_says_so_and_the_same_link_on_a_computer_begins_it() -> None:
    study = _study(least="computer")
    phone = _person(study, PHONE)
    page = phone.get().content.decode()
    assert "This study needs a computer" in page
    assert "I agree and take part" not in page
    phone.post(data={"answer": "agree"})
    assert phone.row.consented_at is None
    computer = _person(study, COMPUTER)
    computer.post(data={"answer": "agree"})
    assert computer.slug == "before-1"
    assert Participant.objects.count() == 1


def test_whoever_has_no_other_device_is_led_back_with_a_code_of_its_own_and_an_arrival_is_all_that_is_kept() -> None:
    person = _person(_study(least="tablet"), PHONE)
    person.post(data={"answer": "turn-back"})
    end = person.get("end").content.decode()
    assert "This study needs another device" in end
    assert "SMALL" in end
    assert "https://app.prolific.com/submissions/complete?cc=SMALL" in end
    assert "DONE" not in end
    row = person.row
    assert (row.outcome, row.consented_at, row.network_hash) == ("incompatible-device", None, "")
    assert row.panel_identity.ciphertext is None


def test_a_window_that_was_measured_too_narrow_is_told_by_how_much_and_a_wider_one_goes_on() -> None:
    person = _person(_study(width=900), COMPUTER)
    assert "I agree and take part" in person.get().content.decode()
    narrow = person.post(data={"answer": "agree", "device": "computer", "width": "640"})
    assert narrow.status_code == 422
    assert "It is 640 pixels wide, and the pages of this study need 900." in narrow.content.decode()
    person.post(data={"answer": "agree", "device": "computer", "width": "900"})
    assert person.slug == "before-1"


def test_without_a_script_a_width_keeps_nobody_out() -> None:
    person = _person(_study(width=900), COMPUTER)
    person.post(data={"answer": "agree", "device": "", "width": ""})
    assert person.slug == "before-1"


def test_declining_is_declining_on_a_small_device_too() -> None:
    person = _person(_study(least="computer"), PHONE)
    person.post(data={"answer": "decline"})
    assert person.row.outcome == "no-consent"


def test_a_study_for_any_device_measures_nothing_and_turns_nobody_back() -> None:
    person = _person(factories.launched_study(), PHONE)
    page = person.get().content.decode()
    assert "data-measured" not in page
    assert "device.js" not in page
    person.post(data={"answer": "turn-back"})
    assert (person.slug, person.row.outcome) == ("consent", "")


def test_who_is_asked_for_consent_again_is_the_panels_person_still() -> None:
    person = _person(_study(), COMPUTER)
    person.get()
    # From a page that was opened while the study still asked for a device.
    person.post(data={"answer": "turn-back"})
    person.post(data={"answer": "agree"})
    assert person.row.panel_identity.ciphertext


def test_the_form_for_codes_says_which_of_prolifics_paths_it_is() -> None:
    assert recruitment.PROLIFIC_PATHS["incompatible-device"] == "INCOMPATIBLE_DEVICE"


@pytest.mark.parametrize(
    ("panel", "entry", "way"),
    [
        ({"panel": "prolific"}, ENTRY, 'href="https://app.prolific.com/"'),
        ({"panel": "sona", "host": "lab.sona-systems.example"}, "?survey_code=1", "Open it from SONA, in this browser"),
        ({"panel": "plain"}, ENTRY, "Open the link by which you came first, in this browser"),
    ],
    ids=["prolific", "sona", "a panel that was taken out of the settings"],
)
def test_who_agrees_by_their_personal_link_alone_is_told_the_way_that_works_and_no_other(
    panel: dict[str, str], entry: str, way: str
) -> None:
    study = factories.launched_study()
    study.recruitment = panel
    study.save()
    person, elsewhere = Person(study, entry=entry), Person(study, enter=False)
    token = person.token
    for _ in range(2):
        elsewhere.client.get(f"/r/{token}/")
        sent = {"answer": "agree", "_person": mark_on(elsewhere.get("consent").content.decode())}
        refused = elsewhere.post("consent", sent)
        page = " ".join(refused.content.decode().split())
        assert refused.status_code == 403
        assert way in page
        assert "Your personal link does not do for this step" in page
        assert "Send again" not in page
    elsewhere.enter(entry)
    assert leads_to(elsewhere.post("consent", sent)) == "before-1"


@pytest.mark.parametrize(("panel", "offers"), [("prolific", False), ("sona", False), ("keys", False), ("plain", True)])
def test_leaving_offers_the_personal_link_at_the_consent_only_where_it_lets_people_agree(
    panel: str, offers: bool
) -> None:
    person = Person(factories.launched_study())
    person.study.recruitment = {"panel": panel}
    person.study.save()
    link = f"/r/{person.token}/"
    page = person.get("leave").content.decode()
    assert ((link in page), ("in the same way in which you came" in page)) == (offers, not offers)
    assert link in person.walk_to("before-1").get("leave").content.decode()
