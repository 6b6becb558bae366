"""Coming in: who is let in when, one person a panel id, and what is kept before and after consent."""

import pytest

from surveys import flow, lifecycle, tokens
from surveys.flow import Gate
from surveys.flow.enrol import pack, unpack
from surveys.models import Mode, PanelIdentity, PanelSubmission, Participant, Researcher, Study
from surveys.recruitment import Entrant
from tests import factories

pytestmark = pytest.mark.django_db
SOMEBODY = Entrant("prolific", "5f3a", "77cc")


def _arrive(study: Study, entrant: Entrant = SOMEBODY, mode: str = "live") -> flow.Arrival:
    arrival = flow.arrive(study, mode, entrant, "en")
    assert arrival is not None
    return arrival


def _place(arrival: flow.Arrival) -> flow.Place:
    place = flow.find(arrival.token)
    assert place is not None
    return place


def _owner(study: Study) -> Researcher:
    return study.created_by


def test_the_gate_is_open_to_live_people_only_while_the_study_is_live() -> None:
    study = factories.ready_study()
    assert flow.gate(study, "live") is Gate.NOT_OPEN
    lifecycle.freeze(study, _owner(study))
    assert flow.gate(study, "live") is Gate.NOT_OPEN
    lifecycle.launch(study, _owner(study))
    study.refresh_from_db()
    assert flow.gate(study, "live") is Gate.OPEN
    lifecycle.pause(study, _owner(study))
    assert flow.gate(study, "live") is Gate.PAUSED
    lifecycle.resume(study, _owner(study))
    assert flow.gate(study, "live") is Gate.OPEN
    lifecycle.close(study, _owner(study))
    assert flow.gate(study, "live") is Gate.CLOSED


@pytest.mark.parametrize("mode", ["preview", "simulated"])
def test_previews_and_simulations_may_come_once_something_is_frozen(mode: str) -> None:
    study = factories.ready_study()
    assert flow.gate(study, mode) is Gate.NOT_OPEN
    lifecycle.freeze(study, _owner(study))
    assert flow.gate(study, mode) is Gate.OPEN
    lifecycle.close(study, _owner(study))
    assert flow.gate(study, mode) is Gate.CLOSED


def test_a_pilot_waits_for_the_launch_as_everybody_does() -> None:
    study = factories.ready_study()
    lifecycle.freeze(study, _owner(study))
    assert flow.gate(study, "pilot") is Gate.NOT_OPEN


def test_before_consent_only_an_arrival_is_kept() -> None:
    _arrive(factories.launched_study())
    person = Participant.objects.get()
    assert (person.stage, person.outcome, person.mode) == ("consent", "", "live")
    assert person.consented_at is None
    assert person.arm == person.stratum == person.completion_code == ""
    identity = PanelIdentity.objects.get()
    assert identity.ciphertext is None
    assert "5f3a" not in identity.keyed_hash
    assert not PanelSubmission.objects.exists()


def test_from_consent_on_the_panels_ids_are_kept_encrypted() -> None:
    arrival = _arrive(factories.launched_study())
    assert flow.agree(_place(arrival), SOMEBODY) == _place(arrival).step.slug
    identity = PanelIdentity.objects.get()
    assert tokens.unseal(bytes(identity.ciphertext or b"")) == "5f3a"
    assert tokens.unseal(bytes(PanelSubmission.objects.get().ciphertext or b"")) == "77cc"
    assert b"5f3a" not in bytes(identity.ciphertext or b"")


def test_who_declines_leaves_the_arrival_and_nothing_more() -> None:
    arrival = _arrive(factories.launched_study())
    assert flow.decline(_place(arrival))
    person = Participant.objects.get()
    assert (person.outcome, person.stage) == ("no-consent", "end")
    assert person.ended_at is not None
    assert person.consented_at is None
    assert PanelIdentity.objects.get().ciphertext is None


def test_consent_is_given_or_refused_once() -> None:
    study = factories.launched_study()
    first, second = _arrive(study), _arrive(study, Entrant())
    stale, other = _place(first), _place(second)
    assert flow.agree(stale, SOMEBODY)
    assert not flow.agree(stale, SOMEBODY)
    assert not flow.decline(stale)
    assert flow.decline(other)
    assert not flow.agree(other, Entrant())


def test_a_panel_id_that_comes_back_is_the_same_person_with_the_same_token() -> None:
    study = factories.launched_study()
    first, second = _arrive(study), _arrive(study)
    assert first.participant == second.participant
    assert first.token == second.token
    assert Participant.objects.count() == 1


def test_each_mode_and_each_study_knows_its_own_people() -> None:
    study, other = factories.launched_study(), factories.launched_study()
    people = {
        _arrive(study).participant.pk,
        _arrive(study, mode=Mode.SIMULATED).participant.pk,
        _arrive(other).participant.pk,
    }
    assert len(people) == 3


def test_two_plain_visitors_are_two_people() -> None:
    study = factories.launched_study()
    one, two = _arrive(study, Entrant()), _arrive(study, Entrant())
    assert one.token != two.token
    assert not PanelIdentity.objects.exists()


def test_where_nobody_new_is_let_in_the_known_still_come_back() -> None:
    study = factories.launched_study()
    known = _arrive(study)
    assert flow.arrive(study, "live", Entrant("prolific", "new", ""), "en", opens=False) is None
    assert flow.arrive(study, "live", Entrant(), "en", opens=False) is None
    assert flow.arrive(study, "live", SOMEBODY, "en", opens=False) == known
    assert Participant.objects.count() == 1


def test_a_second_submission_of_one_person_is_noted_once() -> None:
    study = factories.launched_study()
    arrival = _arrive(study)
    flow.agree(_place(arrival), SOMEBODY)
    for _ in range(2):
        _arrive(study, Entrant("prolific", "5f3a", "another"))
    assert PanelSubmission.objects.count() == 2


def test_where_nothing_is_asked_before_the_articles_consent_leads_to_the_first() -> None:
    blocks = [block for block in factories.definition()["blocks"] if block["when"] == "reading"]
    arrival = _arrive(factories.launched_study(blocks=blocks))
    flow.agree(_place(arrival), SOMEBODY)
    assert _place(arrival).step.slug == "reading-1"
    assert _place(arrival).participant.arm in {"real", "synthetic"}


def test_a_language_that_the_study_does_not_have_falls_back_to_its_first() -> None:
    study = factories.launched_study()
    arrival = flow.arrive(study, "live", Entrant(), "fr")
    assert arrival is not None
    assert arrival.participant.language == "en"


def test_what_the_browser_carries_until_consent_cannot_be_read_or_changed() -> None:
    packed = pack(SOMEBODY)
    assert "5f3a" not in packed
    assert unpack(packed) == SOMEBODY
    assert unpack(packed[:-3] + "AAA") == unpack("") == unpack("\ud800") == Entrant()
