"""Panels: who comes in by which parameters, and which link leads back."""

import pytest
import time_machine
from django.core import signing
from django.http import QueryDict

from surveys import recruitment
from surveys.models import Mode, Study
from surveys.recruitment import Entrant, Recruitment


def _entrant(query: str, **settings: object) -> Entrant:
    return recruitment.entrant(Recruitment.model_validate(settings), QueryDict(query).dict())


def test_prolific_sends_the_person_the_submission_and_the_study() -> None:
    query = "PROLIFIC_PID=5f3a&STUDY_ID=64b1&SESSION_ID=77cc"
    assert _entrant(query, panel="prolific") == Entrant("prolific", "5f3a", "77cc", "64b1")
    renamed = _entrant("PROLIFIC_PID=5f3a&what=64b1&STUDY_ID=no", panel="prolific", parameters={"study": "what"})
    assert renamed == Entrant("prolific", "5f3a", "", "64b1")
    assert recruitment.entry_parameters(Recruitment(panel="prolific"))["STUDY_ID"] == "{{%STUDY_ID%}}"


def test_connect_sends_the_person_the_assignment_and_the_project() -> None:
    query = "participantId=AB12&assignmentId=as1&projectId=pr1"
    assert _entrant(query, panel="connect") == Entrant("connect", "AB12", "as1", "pr1")


def test_sona_sends_one_code() -> None:
    assert _entrant("survey_code=4711", panel="sona") == Entrant("sona", "4711", "")


def test_a_plain_link_sends_nobody() -> None:
    assert _entrant("") == Entrant("plain", "", "")


def test_a_project_that_renamed_its_parameters_is_understood() -> None:
    renamed = {"participant": "pid", "submission": "sid"}
    assert _entrant("pid=5f3a&sid=77cc", panel="prolific", parameters=renamed) == Entrant("prolific", "5f3a", "77cc")
    assert _entrant("PROLIFIC_PID=5f3a", panel="prolific", parameters=renamed) == Entrant()


def test_who_comes_from_a_panel_that_nobody_configured_is_known_all_the_same() -> None:
    assert _entrant("PROLIFIC_PID=5f3a&SESSION_ID=77cc") == Entrant("prolific", "5f3a", "77cc")


@pytest.mark.parametrize("query", ["PROLIFIC_PID=1", "participantId=1", "survey_code=1", "pid=1"])
def test_where_keys_are_typed_no_id_in_a_live_link_counts_and_the_teams_own_links_do(query: str) -> None:
    settings = Recruitment.model_validate({"panel": "keys", "parameters": {"participant": "pid"}})
    assert recruitment.entrant(settings, QueryDict(query).dict()) == Entrant()
    assert recruitment.entrant(settings, QueryDict(query).dict(), Mode.PILOT).panel_id == "1"


@pytest.mark.parametrize(
    "query",
    ["PROLIFIC_PID=", "PROLIFIC_PID=%20", "PROLIFIC_PID={{%25PROLIFIC_PID%25}}", "survey_code=%25SURVEY_CODE%25"],
)
def test_an_empty_or_unfilled_parameter_names_nobody(query: str) -> None:
    assert _entrant(query) == Entrant()


def test_an_id_longer_than_any_panel_has_names_nobody() -> None:
    assert _entrant("PROLIFIC_PID=" + "x" * 201) == Entrant()
    assert _entrant("PROLIFIC_PID=" + "x" * 200).panel_id == "x" * 200


def test_prolific_is_told_each_outcome_by_its_own_code() -> None:
    settings = Recruitment(panel="prolific", codes={"completed": "C1&", "no-consent": "N1", "other": "O1"})
    address = "https://app.prolific.com/submissions/complete?cc="
    assert recruitment.return_link(settings, "completed", "prolific", "") == address + "C1%26"
    assert recruitment.return_link(settings, "no-consent", "prolific", "") == address + "N1"
    assert recruitment.return_link(settings, "screened-out", "prolific", "") == address + "O1"


def test_no_other_code_ever_stands_for_completion() -> None:
    settings = Recruitment(panel="prolific", codes={"other": "O1"})
    assert recruitment.code(settings, "completed") == ""
    assert recruitment.return_link(settings, "completed", "prolific", "") == ""


def test_connect_has_one_address_for_those_who_completed() -> None:
    settings = Recruitment(panel="connect", project="AB/12")
    expected = "https://connect.cloudresearch.com/participant/project/AB%2F12/complete"
    assert recruitment.return_link(settings, "completed", "connect", "") == expected
    assert recruitment.return_link(settings, "left", "connect", "") == ""


def test_sona_grants_the_credit_to_the_code_that_it_sent() -> None:
    settings = Recruitment(panel="sona", host="uni.sona-systems.com", experiment_id="12", credit_token="ab34")
    expected = "https://uni.sona-systems.com/webstudy_credit.aspx?experiment_id=12&credit_token=ab34&survey_code=4711"
    assert recruitment.return_link(settings, "completed", "sona", "4711") == expected
    assert recruitment.return_link(settings, "completed", "sona", "") == ""


def test_a_plain_visitor_has_nowhere_to_go_back_to() -> None:
    assert recruitment.return_link(Recruitment(), "completed", "plain", "") == ""


RETURNS = {"completed": "https://lab.example.org/thanks?wave=2", "other": "https://lab.example.org/sorry#why"}


@pytest.mark.parametrize("panel", ["plain", "keys"])
def test_without_a_panel_each_ending_leads_to_an_address_of_the_studys_own(panel: str) -> None:
    settings = Recruitment.model_validate({"panel": panel, "returns": RETURNS})
    assert recruitment.return_link(settings, "completed", panel, "a key") == RETURNS["completed"]
    assert recruitment.return_link(settings, "screened-out", panel, "") == RETURNS["other"]
    only_other = Recruitment.model_validate({"panel": panel, "returns": {"other": RETURNS["other"]}})
    assert recruitment.return_link(only_other, "completed", panel, "") == ""


def test_a_panels_link_is_never_an_address_of_the_studys_own() -> None:
    settings = Recruitment.model_validate({"panel": "prolific", "codes": {"completed": "C1"}, "returns": RETURNS})
    assert recruitment.return_link(settings, "completed", "prolific", "").startswith("https://app.prolific.com/")
    assert recruitment.return_link(settings, "left", "prolific", "") == ""


@pytest.mark.parametrize(
    "address",
    [
        "http://lab.example.org/",
        "//lab.example.org/",
        "lab.example.org",
        "javascript:alert(1)",
        "https://",
        "https://localhost/",
        "https://lab.example.org@elsewhere.example/",
        "https://user:secret@lab.example.org/",
        "https://lab.example.org:99999/",
        "https:\\\\lab.example.org",
        "https://lab.example.org/ two words",
        "https://lab.example.org/\n",
        'https://lab.example.org/"onclick="x',
        "https://lab.example.org/?pid={{%PROLIFIC_PID%}}",
        "https://läb.example.org/",
        "https://-lab.example.org/",
        f"https://lab.example.org/{'x' * 500}",
    ],
)
def test_nothing_but_a_whole_https_address_is_taken_to_lead_people_to(address: str) -> None:
    with pytest.raises(ValueError, match="Write a whole address that begins with https://"):
        recruitment.return_address(address)
    with pytest.raises(recruitment.RecruitmentError, match=r"returns\.completed"):
        recruitment.read(Study(recruitment={"returns": {"completed": address}}))


@pytest.mark.parametrize("address", ["https://lab.example.org", "https://lab.example.org:8443/a/b?c=%20&d=e#f"])
def test_a_whole_https_address_is_taken_as_it_is(address: str) -> None:
    assert recruitment.return_address(address) == address


@pytest.mark.parametrize("ending", ["returned", "took-part-before", "nonsense", ""])
def test_an_ending_that_cannot_come_about_without_a_panel_has_no_address(ending: str) -> None:
    with pytest.raises(recruitment.RecruitmentError, match="is no ending of a study without a panel"):
        recruitment.read(Study(recruitment={"returns": {ending: "https://lab.example.org/"}}))


@pytest.mark.parametrize(
    ("used", "site"),
    [
        (Recruitment(panel="prolific"), "https://app.prolific.com/"),
        (Recruitment(panel="connect"), "https://connect.cloudresearch.com/"),
        (Recruitment(panel="sona", host="lab.sona-systems.example"), "https://lab.sona-systems.example/"),
        (Recruitment(panel="sona"), ""),
        (Recruitment(panel="keys"), ""),
    ],
)
def test_people_are_sent_to_their_panels_own_site_where_it_is_known(used: Recruitment, site: str) -> None:
    assert recruitment.panel_site(used) == site


def test_the_entry_link_that_is_handed_to_a_panel_carries_its_placeholders() -> None:
    assert recruitment.entry_parameters(Recruitment(panel="prolific")) == {
        "PROLIFIC_PID": "{{%PROLIFIC_PID%}}",
        "STUDY_ID": "{{%STUDY_ID%}}",
        "SESSION_ID": "{{%SESSION_ID%}}",
    }
    assert recruitment.entry_parameters(Recruitment(panel="sona")) == {"survey_code": "%SURVEY_CODE%"}
    assert recruitment.entry_parameters(Recruitment()) == {}


def test_settings_that_cannot_be_used_are_named_field_by_field() -> None:
    study = Study(recruitment={"panel": "mturk", "host": "a b"})
    with pytest.raises(recruitment.RecruitmentError) as caught:
        recruitment.read(study)
    assert [problem.partition(":")[0] for problem in caught.value.problems] == ["panel", "host"]


def test_a_signed_mode_holds_for_its_study_until_it_is_too_old() -> None:
    study, other = Study(key="aaaa000000"), Study(key="bbbb000000")
    with time_machine.travel("2026-03-01", tick=False):
        signed = recruitment.signed_mode(study, Mode.SIMULATED)
        assert recruitment.read_signed_mode(study, signed) is Mode.SIMULATED
        assert recruitment.read_signed_mode(other, signed) is None
        assert recruitment.read_signed_mode(study, signed[:-1] + ("A" if signed[-1] != "A" else "B")) is None
    with time_machine.travel("2026-04-15", tick=False):
        assert recruitment.read_signed_mode(study, signed) is None


@pytest.mark.parametrize("value", ["", "preview", "simulated", "live", "a:b:c", "🦉"])
def test_an_unsigned_mode_is_none(value: str) -> None:
    assert recruitment.read_signed_mode(Study(key="aaaa000000"), value) is None


def test_something_else_that_was_signed_is_no_mode() -> None:
    foreign = signing.dumps(["aaaa000000", "live"], salt="another purpose")
    assert recruitment.read_signed_mode(Study(key="aaaa000000"), foreign) is None
