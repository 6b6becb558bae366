"""Each ending has its own page, its own code and its own way back; and after an article the debriefing comes first."""

from collections.abc import Callable

import pytest
from django.db.models import F

from surveys import flow, lifecycle
from surveys.flow.endings import FINISHING
from surveys.models import Answer, Outcome, Participant, Study
from surveys.readiness import readiness
from surveys.recruitment import ENDINGS, ENDINGS_WITHOUT_PANEL
from tests import factories
from tests.surveys.participant.person import AFTER, RATING, RATINGS, Person, block, fitting, item, leads_to, option

pytestmark = pytest.mark.django_db
CODES = {ending.value: f"CODE{number}" for number, ending in enumerate(ENDINGS)}
RETURNS = {ending.value: f"https://lab.example.org/{ending.value}" for ending in ENDINGS_WITHOUT_PANEL}
CHECK = [option("often"), option("never")]
CHECKS = block(
    "about-you",
    "before",
    item("fits", "single", options=[option("yes"), option("no")], screen_out=["no"]),
    item("check-one", "single", options=CHECK, instructed="often", required=False),
)
RATING_WITH_A_CHECK = RATING | {
    "items": [*RATING["items"], item("check-two", "single", options=CHECK, instructed="never")]
}
PASSING = {"fits": "yes", "check-one": "often", "check-two": "never"}


def study_with_codes(**changes: object) -> Study:
    study = factories.launched_study(blocks=[CHECKS, RATING_WITH_A_CHECK], **changes)  # type: ignore[arg-type]  # parts of a definition
    study.recruitment = {"panel": "prolific", "codes": CODES}
    study.save()
    return study


def _person(study: Study, to: str = "") -> Person:
    is_by_panel = study.recruitment["panel"] == "prolific"
    # What a plain link says besides leads nowhere.
    elsewhere = (
        "?next=https://elsewhere.example/&return=https://elsewhere.example/&completed=https://elsewhere.example/"
    )
    person = Person(study, entry="?PROLIFIC_PID=5f3a&SESSION_ID=77cc" if is_by_panel else elsewhere)
    while to and person.slug != to:
        person.answer(**_of(person, PASSING))
    return person


def _of(person: Person, answers: dict[str, str]) -> dict[str, str]:
    asked = {each.key for block_ in person.place.step.blocks for each in block_.items}
    return {key: value for key, value in answers.items() if key in asked}


def _page(person: Person) -> str:
    content: str = person.get("end").content.decode()
    return content


def _completed(study: Study) -> Person:
    person = _person(study, "debrief")
    person.answer()
    return person


def _declined(study: Study) -> Person:
    person = _person(study)
    person.post(data={"answer": "decline"})
    return person


def _screened_out(study: Study) -> Person:
    person = _person(study, "before-1")
    person.answer(**PASSING | {"fits": "no"})
    return person


def _left(study: Study) -> Person:
    person = _person(study, "before-1")
    person.post("leave")
    return person


def _withdrawn(study: Study) -> Person:
    person = _person(study, "before-1")
    person.post("withdraw")
    return person


def _closed(study: Study) -> Person:
    person = _person(study, "before-1")
    lifecycle.close(study, study.created_by)
    person.get()
    return person


def _at_panel(outcome: str) -> Callable[[Study], Person]:
    def ended(study: Study) -> Person:
        person = _person(study, "before-1")
        assert flow.end_at_panel(person.row, outcome)
        return person

    return ended


WAYS: dict[str, tuple[Callable[[Study], Person], str]] = {
    "completed": (_completed, "You have finished"),
    "no-consent": (_declined, "You do not take part"),
    "screened-out": (_screened_out, "This study does not fit"),
    "left": (_left, "You have left the study"),
    "withdrawn": (_withdrawn, "Your answers are withdrawn"),
    "closed": (_closed, "The study has closed"),
    "returned": (_at_panel("returned"), "You have given this study back"),
    "timed-out": (_at_panel("timed-out"), "The time is over"),
}


TOLD = {ending: WAYS[ending][1] for ending in ("closed", "returned", "timed-out")} | {
    "failed-checks": "Your part ends here"
}


@pytest.mark.parametrize("outcome", list(WAYS))
def test_each_ending_has_its_own_page_code_and_way_back(outcome: str) -> None:
    end, says = WAYS[outcome]
    person = end(study_with_codes())
    page = _page(person)
    assert person.row.outcome == outcome
    assert says in page
    assert f"https://app.prolific.com/submissions/complete?cc={CODES[outcome]}" in page
    assert [code for code in CODES.values() if f">{code}<" in page] == [CODES[outcome]]


@pytest.mark.parametrize("outcome", [outcome for outcome in WAYS if outcome in ENDINGS_WITHOUT_PANEL])
def test_without_a_panel_each_ending_leads_to_an_address_of_the_studys_own_and_nowhere_else(outcome: str) -> None:
    study = study_with_codes()
    study.recruitment = {"panel": "plain", "returns": RETURNS}
    study.save()
    page = _page(WAYS[outcome][0](study))
    assert f'href="{RETURNS[outcome]}"' in page
    assert [address for address in RETURNS.values() if address in page] == [RETURNS[outcome]]
    assert "participant/return.js" in page
    assert "elsewhere.example" not in page


def test_a_shared_computer_stays_on_the_page_that_clears_it() -> None:
    study = study_with_codes()
    study.recruitment = {"panel": "plain", "returns": RETURNS, "shared_computer": True}
    study.save()
    page = _page(_declined(study))
    assert f'href="{RETURNS["no-consent"]}"' in page
    assert "participant/return.js" not in page


@pytest.mark.parametrize("outcome", ["left", "withdrawn", "closed", "returned", "timed-out", "failed-checks"])
def test_after_an_article_every_ending_leads_to_the_debriefing_first(outcome: str) -> None:
    study = study_with_codes(failed_checks=1)
    person = _person(study, "reading-1")
    person.get()
    if outcome == "closed":
        lifecycle.close(study, study.created_by)
        Study.objects.update(closed_at=F("closed_at") - FINISHING)
    elif outcome == "failed-checks":
        person.answer(**_of(person, PASSING | {"check-two": "often"}))
    elif outcome in {"returned", "timed-out"}:
        flow.end_at_panel(person.row, outcome)
    else:
        person.post({"left": "leave", "withdrawn": "withdraw"}[outcome])
    assert leads_to(person.get("reading-1")) == "debrief"
    assert leads_to(person.get("end")) == "debrief"
    debriefing = person.get().content.decode()
    assert "The articles that you saw" in debriefing
    # Who is led here in the midst of their way, and did not ask for it, is told why.
    assert (TOLD.get(outcome, "no such words") in debriefing) == (outcome in TOLD)
    assert leads_to(person.post()) == "end"
    assert TOLD.get(outcome, "no such words") not in person.get("debrief").content.decode()
    assert person.row.outcome == outcome
    assert CODES[outcome] in _page(person)


def test_checks_end_nobody_where_the_study_does_not_say_so() -> None:
    person = _person(study_with_codes(), "before-1")
    person.answer(**PASSING | {"check-one": "never"})
    while person.slug.startswith("reading"):
        person.answer(**_of(person, PASSING | {"check-two": "often"}))
    assert person.slug == "debrief"
    assert person.row.outcome == "completed"


def test_the_stated_number_of_failed_checks_ends_a_way_and_keeps_the_answers() -> None:
    person = _person(study_with_codes(failed_checks=2), "before-1")
    person.answer(**PASSING | {"check-one": "never"})
    assert person.slug == "reading-1"
    person.answer(**_of(person, PASSING | {"check-two": "often"}))
    assert (person.slug, person.row.outcome) == ("debrief", "failed-checks")
    assert person.row.completion_code == ""
    assert Answer.objects.filter(item="check-two", value="often").count() == 1
    assert "Your part ends here" in _page(_acknowledged(person))


def test_a_check_on_the_last_page_counts_before_the_completion() -> None:
    person = _person(study_with_codes(failed_checks=1), "reading-2")
    person.answer(**_of(person, PASSING | {"check-two": "often"}))
    assert person.row.outcome == "failed-checks"
    assert person.row.completed_at is None


def test_a_check_that_was_not_answered_is_not_failed() -> None:
    person = _person(study_with_codes(failed_checks=1), "before-1")
    person.answer(**PASSING | {"check-one": ""})
    assert person.slug == "reading-1"


def test_who_failed_the_checks_holds_no_place() -> None:
    person = _person(study_with_codes(failed_checks=1), "reading-1")
    assert Participant.objects.occupying().count() == 1
    person.answer(**_of(person, PASSING | {"check-two": "often"}))
    assert Participant.objects.occupying().count() == 0


def test_a_return_at_the_panel_ends_a_way_once_and_never_a_completed_one() -> None:
    study = study_with_codes()
    person = _person(study, "reading-1")
    assert flow.end_at_panel(person.row, Outcome.RETURNED)
    assert not flow.end_at_panel(person.row, Outcome.TIMED_OUT)
    assert person.row.outcome == "returned"
    assert Answer.objects.filter(participant=person.row).exists()
    done = _completed(study_with_codes())
    assert not flow.end_at_panel(done.row, Outcome.RETURNED)
    assert done.row.outcome == "completed"


def test_a_new_arrival_at_a_closed_study_is_led_back_to_the_panel() -> None:
    study = study_with_codes()
    lifecycle.close(study, study.created_by)
    response = Person(study, enter=False).enter("?PROLIFIC_PID=5f3a&SESSION_ID=77cc")
    page = response.content.decode()
    assert "This study has closed" in page
    assert f"cc={CODES['closed']}" in page
    assert f'id="code">{CODES["closed"]}</code>' in page
    stranger = Person(study, enter=False).enter().content.decode()
    assert "Back to where" not in stranger
    assert CODES["closed"] not in stranger


def test_a_panel_without_a_link_for_a_closed_study_gets_its_code_all_the_same() -> None:
    study = study_with_codes()
    study.recruitment = {"panel": "connect", "codes": {"closed": "SHUT"}}
    study.save()
    lifecycle.close(study, study.created_by)
    page = Person(study, enter=False).enter("?participantId=one&assignmentId=two").content.decode()
    assert 'id="code">SHUT</code>' in page
    assert "Give it where you are asked for a code." in page
    assert "Back to where" not in page


def test_who_has_nothing_more_to_do_is_told_so_and_whoever_has_is_not() -> None:
    told = b"You can close this page now."
    prolific = study_with_codes().recruitment
    shared = {"panel": "plain", "shared_computer": True}
    for outcome, (end, _) in WAYS.items():
        for recruited, is_told in ((prolific, False), ({"panel": "plain"}, outcome != "completed"), (shared, False)):
            study = study_with_codes()
            study.recruitment = recruited
            study.save()
            assert (told in end(study).get("end").content) is is_told, (outcome, recruited)


def _acknowledged(person: Person) -> Person:
    person.post()
    return person


@pytest.mark.parametrize(("most", "asked_enough", "gentle"), [(1, True, False), (3, True, True), (4, False, True)])
def test_the_checklist_holds_the_rule_against_the_checks_that_are_asked(
    most: int, asked_enough: bool, gentle: bool
) -> None:
    study = factories.ready_study(blocks=[CHECKS, RATING_WITH_A_CHECK], failed_checks=most)
    gates = {gate.label: gate for gate in readiness(study)}
    enough, slip = (
        gates["There are as many attention checks as the rule about them needs"],
        gates["Nobody is ended by a single slip"],
    )
    assert (enough.passed, enough.blocks) == (asked_enough, True)
    assert (slip.passed, slip.blocks) == (gentle, False)


def test_who_was_assigned_by_an_answer_reads_that_the_record_of_the_assignment_keeps_it() -> None:
    plain = Person(factories.launched_study()).walk_to("end")
    assert b"One thing stays" not in plain.get("withdraw").content
    party = block("party", "before", item("party", "single", options=[option("left"), option("right")]))
    design = factories.definition()["design"] | {"block_by": "party"}
    person = Person(factories.launched_study(blocks=[party, RATING], design=design))
    while person.slug != "end":
        person.answer(party="left")
    assert b"One thing stays" in person.get("withdraw").content
    person.post("withdraw")
    assert b"One thing stays" in person.get("withdraw").content


def test_a_page_that_was_open_when_the_study_closed_is_recorded_and_the_last_one_completes() -> None:
    study = study_with_codes()
    entries = {"?PROLIFIC_PID=one": "reading-1", "?PROLIFIC_PID=two": "reading-2"}
    inside, last = (Person(study, entry=entry).walk_to(slug) for entry, slug in entries.items())
    for person in (inside, last):
        person.get()
    lifecycle.close(study, study.created_by)
    assert flow.save_draft(*inside.mine, "reading-1", 1, {"check-two": ["never"]})
    assert inside.post("reading-1").status_code == 422
    for person in (inside, last):
        person.post(data=fitting(person.place))
        assert leads_to(person.get("reading-1")) == "debrief"
    assert [person.row.outcome for person in (inside, last)] == ["closed", "completed"]
    assert {"reading-1"} == set(inside.row.answers.values_list("step", flat=True)) - {"before-1"}
    last.post("debrief")
    assert CODES["completed"] in _page(last)


def test_a_page_that_is_sent_long_after_the_study_closed_ends_the_way() -> None:
    study = study_with_codes()
    person = _person(study, "reading-1")
    person.get()
    lifecycle.close(study, study.created_by)
    Study.objects.update(closed_at=F("closed_at") - FINISHING)
    assert not flow.save_draft(*person.mine, "reading-1", 1, {"check-two": ["never"]})
    assert leads_to(person.post("reading-1", fitting(person.place))) == "debrief"
    assert person.row.outcome == "closed"
    assert not person.row.answers.filter(step="reading-1").exists()


def test_who_looks_again_at_a_page_that_they_began_before_the_closing_can_finish_it() -> None:
    study = study_with_codes()
    person = _person(study, "reading-2")
    person.get()
    assert flow.save_draft(*person.mine, "reading-2", 1, {"check-two": ["never"]})
    lifecycle.close(study, study.created_by)
    for ask in (person.client.head, person.client.get):
        assert ask(f"{person.base}reading-2/").status_code == 200
    person.post(data=fitting(person.place))
    assert person.row.outcome == "completed"


@pytest.mark.parametrize("slug", ["reading-2", "after-1"])
def test_who_looks_again_at_the_last_page_that_was_before_them_at_the_closing_can_finish_it(slug: str) -> None:
    study = factories.launched_study(blocks=[RATING, AFTER] if slug == "after-1" else [RATING])
    reader, other = (Person(study).walk_to(slug) for _ in range(2))
    reader.get()
    other.get()
    lifecycle.close(study, study.created_by)
    # Nothing was typed yet, and the phone has put the page away meanwhile: it is asked for anew.
    assert reader.get(slug).status_code == 200
    # So it is where the browser's button leads to the page before, or that is sent twice.
    for response in (reader.get("reading-1"), reader.post("reading-1", RATINGS)):
        assert leads_to(response) == slug
    reader.post(slug, fitting(reader.place))
    assert reader.row.outcome == "completed"
    Study.objects.update(closed_at=F("closed_at") - FINISHING)
    assert leads_to(other.get(slug)) == "debrief"
    assert other.row.outcome == "closed"


@pytest.mark.parametrize("slug", ["before-1", "reading-1", "reading-2", "after-1"])
def test_a_page_that_was_before_nobody_at_the_closing_is_not_begun(slug: str) -> None:
    study = factories.launched_study(blocks=[CHECKS, RATING, AFTER])
    comes_to = {"before-1": "before-1", "reading-1": "reading-1", "reading-2": "reading-1", "after-1": "reading-2"}
    person = Person(study).walk_to(comes_to[slug])
    if slug in {"reading-2", "after-1"}:
        person.get()
    lifecycle.close(study, study.created_by)
    if person.slug != slug:
        person.post(data=fitting(person.place))
        assert person.slug == slug
    assert leads_to(person.get(slug)) == ("end" if slug in {"before-1", "reading-1"} else "debrief")
    assert person.row.outcome == "closed"


def test_nobody_is_randomised_in_a_study_that_has_closed() -> None:
    study = study_with_codes()
    person = _person(study, "before-1")
    person.get()
    lifecycle.close(study, study.created_by)
    person.post(data=fitting(person.place))
    person.get("reading-1")
    assert (person.row.arm, person.row.randomised_at, person.row.outcome) == ("", None, "closed")
    assert person.row.answers.filter(step="before-1").exists()
