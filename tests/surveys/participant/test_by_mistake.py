"""Who pressed "I do not agree", or that they have no such device, by mistake: the way back, while people are let in."""

from typing import Any

import pytest

from surveys import flow, lifecycle, monitoring
from surveys.models import Participant, Study
from surveys.recruitment import Entrant
from tests import factories
from tests.surveys.participant.person import Person, leads_to
from tests.surveys.participant.states import expired

pytestmark = pytest.mark.django_db
ENTRY = "?PROLIFIC_PID=5f3a&SESSION_ID=77cc"
CODES = {"completed": "DONE", "no-consent": "NO", "incompatible-device": "SMALL"}
BUTTON = "I pressed that by mistake"
BACK = {"answer": "reconsider"}
PRESSES = {"decline": "no-consent", "turn-back": "incompatible-device"}


def _study(**recruitment: Any) -> Study:
    study = factories.launched_study(devices={"width": 900})
    study.recruitment = recruitment or {"panel": "prolific", "codes": CODES}
    study.save()
    return study


def _ended(study: Study, press: str = "decline", entry: str = ENTRY) -> Person:
    person = Person(study, entry=entry)
    person.post(data={"answer": press})
    return person


def _end(person: Person) -> str:
    return str(person.get("end").content.decode())


def _counts(study: Study) -> dict[str, int]:
    return {line.label: line.n for line in monitoring.progress(study, "live").outcomes if line.n}


@pytest.mark.parametrize("press", list(PRESSES))
def test_a_press_that_ended_the_way_is_taken_back_and_the_way_goes_on_to_the_code_of_a_completion(press: str) -> None:
    person = _ended(_study(), press)
    assert person.row.outcome == PRESSES[press]
    assert BUTTON in _end(person)
    assert leads_to(person.post("end", BACK)) == "consent"
    row = person.row
    assert (row.stage, row.outcome, row.ended_at, row.consented_at) == ("consent", "", None, None)
    assert "I agree and take part" in person.get().content.decode()
    person.walk_to("end")
    page = _end(person)
    assert person.row.outcome == "completed"
    assert "cc=DONE" in page
    assert BUTTON not in page
    # The panel's ids are kept as everybody's, and it is one person whom the counts and the ledger know.
    assert person.row.panel_identity.ciphertext
    assert person.row.panel_identity.submissions.count() == 1
    assert Participant.objects.count() == 1
    assert person.study.current_version is not None
    assert flow.ledger_differences(person.study.current_version) == (1, [])


def test_the_counts_are_those_of_what_was_said_last() -> None:
    study = _study()
    person = _ended(study)
    assert _counts(study) == {"Did not consent": 1}
    person.post("end", BACK)
    assert _counts(study) == {}
    assert monitoring.progress(study, "live").under_way == 1
    person.post(data={"answer": "decline"})
    assert _counts(study) == {"Did not consent": 1}
    person.post("end", BACK)
    person.post(data={"answer": "turn-back"})
    assert person.row.outcome == "incompatible-device"
    assert "cc=SMALL" in _end(person)


def test_who_may_have_told_the_panel_already_is_told_what_that_means_and_nobody_else() -> None:
    words = "your part counts as ended there"
    assert words in _end(_ended(_study()))
    assert words not in _end(_ended(_study(panel="plain"), entry=""))


def test_who_opens_the_study_at_the_panel_once_more_finds_the_button_there() -> None:
    study = _study()
    _ended(study)
    elsewhere = Person(study, entry="?PROLIFIC_PID=5f3a&SESSION_ID=88dd")
    assert elsewhere.slug == "end"
    assert BUTTON in _end(elsewhere)
    elsewhere.post("end", BACK)
    elsewhere.walk_to("before-1")
    assert elsewhere.row.panel_identity.submissions.count() == 1


def test_a_browser_that_lost_the_panels_id_is_told_to_bring_it_instead_of_a_button_that_leads_nowhere() -> None:
    person = _ended(_study())
    carried = person.client.cookies["entrant"]
    assert carried["max-age"] == ""
    del person.client.cookies["entrant"]
    page = _end(person)
    assert BUTTON not in page
    assert "in the same way in which you came" in page


def test_who_came_to_a_panels_study_without_an_id_is_not_told_to_bring_one() -> None:
    person = _ended(_study(panel="prolific", only_with_id=False), entry="")
    page = _end(person)
    assert BUTTON in page
    assert "in the same way in which you came" not in page
    assert leads_to(person.post("end", BACK)) == "consent"
    assert leads_to(person.post("consent", {"answer": "agree"})) == "before-1"


def test_an_id_that_a_plain_study_took_and_the_browser_lost_is_to_be_brought_there_too() -> None:
    person = _ended(_study(panel="plain"))
    del person.client.cookies["entrant"]
    assert BUTTON not in _end(person)
    # What a button would lead to.
    person.post("end", BACK)
    assert person.post("consent", {"answer": "agree"}).status_code == 403


@pytest.mark.parametrize("change", [lifecycle.pause, lifecycle.close])
def test_where_nobody_is_let_in_any_more_the_press_stands(change: Any) -> None:
    study = _study()
    person = _ended(study)
    change(study, study.created_by)
    assert BUTTON not in _end(person)
    assert leads_to(person.post("end", BACK)) == "end"
    assert person.row.outcome == "no-consent"


def test_twice_and_in_two_tabs_it_leads_to_where_the_person_is() -> None:
    person = _ended(_study())
    for _ in range(2):
        assert leads_to(person.post("end", BACK)) == "consent"
    person.walk_to("before-1")
    assert leads_to(person.post("end", BACK)) == "before-1"
    consented_at = person.row.consented_at
    assert consented_at is not None
    # The consent in a tab that was left open before the press does not agree by itself.
    other = _ended(_study())
    assert leads_to(other.post("consent", {"answer": "agree"})) == "end"
    assert other.row.consented_at is None


def test_a_form_whose_token_has_expired_leads_to_a_button_that_works() -> None:
    person = _ended(_study())
    assert leads_to(expired(person, BACK)) == "end"
    assert BUTTON in _end(person)


def test_nothing_else_that_ended_a_way_is_taken_back() -> None:
    study = _study(panel="plain")
    for press in ("leave", "withdraw"):
        person = Person(study).walk_to("before-1")
        person.post(press)
        assert BUTTON not in _end(person)
        outcome = person.row.outcome
        person.post("end", BACK)
        assert person.row.outcome == outcome
    done = Person(study).walk_to("end")
    done.post("end", BACK)
    assert done.row.outcome == "completed"


def test_who_took_part_elsewhere_meanwhile_is_kept_out_as_everybody_is() -> None:
    first = _study()
    other = factories.launched_study()
    other.recruitment = {"panel": "prolific"}
    other.save()
    first.recruitment |= {"keep_out": [other.key]}
    first.save()
    person = _ended(first)
    Person(other, entry=ENTRY).walk_to("before-1")
    person.post("end", BACK)
    assert leads_to(person.post(data={"answer": "agree"})) == "end"
    assert person.row.outcome == "took-part-before"
    assert BUTTON not in _end(person)


def test_a_preview_can_look_at_it_before_the_launch() -> None:
    study = factories.ready_study()
    lifecycle.freeze(study, study.created_by)
    arrival = flow.arrive(study, "preview", Entrant(), "en")
    assert arrival is not None
    place = flow.find(arrival.token)
    assert place is not None
    assert flow.decline(place)
    ended = flow.find(arrival.token)
    assert ended is not None
    assert flow.reconsider(ended)
    assert not flow.reconsider(ended)


def test_the_panel_is_not_told_by_itself_before_the_page_can_be_read() -> None:
    seconds = 'data-seconds="90"'
    assert seconds in _end(_ended(_study()))
    done = Person(_study(), entry=ENTRY).walk_to("end")
    assert 'data-seconds="15"' in _end(done)
