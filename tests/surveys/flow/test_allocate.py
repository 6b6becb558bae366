"""The randomisation: balanced, counted by leases, and replayable from the ledger."""

from collections import Counter

import pytest
from django.core.management import CommandError, call_command

from surveys import amendments, flow, lifecycle
from surveys.models import AllocationCounter, LedgerEntry, Participant, Study, Trial
from tests import factories
from tests.surveys.participant.person import RATING, Person, block, item, option

pytestmark = pytest.mark.django_db
PARTY = block("party", "before", item("party", "single", options=[option("left"), option("right")], required=False))
MORE_BEFORE = [
    block(key, "before", item(key, "single", options=[option("yes"), option("no")])) for key in ("second", "third")
]
PAST = "2020-01-01T00:00:00Z"


def _arms(people: list[Person]) -> Counter[str]:
    return Counter(person.row.arm for person in people)


def _assigned(study: Study, number: int, **answers: str) -> list[Person]:
    people = [Person(study).walk_to("before-1") for _ in range(number)]
    for person in people:
        person.answer(**answers)
    return people


def test_nobody_has_an_arm_before_the_last_question_before_the_articles_is_answered() -> None:
    person = Person(factories.launched_study()).walk_to("before-1")
    assert person.row.arm == ""
    assert not AllocationCounter.objects.exists()
    person.answer()
    assert person.row.arm in {"real", "synthetic"}
    assert person.row.randomised_at is not None
    assert person.row.lease_expires_at is not None


def test_arms_stay_within_one_of_each_other_at_every_moment() -> None:
    study, people = factories.launched_study(), []
    for _ in range(9):
        people += _assigned(study, 1)
        counts = [_arms(people)[arm] for arm in ("real", "synthetic")]
        assert abs(counts[0] - counts[1]) <= 1


def test_the_plan_is_stored_as_trials_with_the_hash_of_each_text() -> None:
    person = _assigned(factories.launched_study(stories=4), 1)[0]
    trials = list(Trial.objects.order_by("position").select_related("article__story", "article__arm"))
    assert [trial.position for trial in trials] == [0, 1]
    for trial in trials:
        assert trial.article_sha256 == trial.article.sha256
        assert trial.story == trial.article.story.key
        assert trial.arm == trial.article.arm.key == person.row.arm  # type: ignore[union-attr]  # it stands in one


def test_every_assignment_is_written_down_and_replays_identically() -> None:
    study = factories.launched_study(stories=3)
    _assigned(study, 7)
    assert sorted(LedgerEntry.objects.values_list("sequence", flat=True)) == list(range(7))
    assert study.current_version is not None
    assert flow.ledger_differences(study.current_version) == (7, [])


def test_a_vanished_persons_place_is_given_again_when_the_lease_has_expired() -> None:
    study = factories.launched_study()
    people = _assigned(study, 4)
    gone = [person for person in people if person.row.arm == "real"]
    Participant.objects.filter(arm="real").update(lease_expires_at=PAST)
    assert _arms(_assigned(study, 2)) == {"real": 2}
    assert study.current_version is not None
    assert flow.ledger_differences(study.current_version) == (6, [])
    plan = list(gone[0].row.trials.order_by("position").values_list("article", flat=True))
    gone[0].answer()
    assert gone[0].row.arm == "real"
    assert list(gone[0].row.trials.order_by("position").values_list("article", flat=True)) == plan
    occupying = Counter(Participant.objects.occupying().values_list("arm", flat=True))
    assert occupying == {"real": 3, "synthetic": 2}


def test_who_has_left_or_been_screened_out_takes_no_place_and_who_withdrew_after_completing_does() -> None:
    study = factories.launched_study()
    first, second = _assigned(study, 2)
    flow.leave(first.place)
    second.walk_to("debrief")
    flow.withdraw(second.place)
    assert list(Participant.objects.occupying()) == [second.row]


def test_modes_are_counted_apart() -> None:
    study = factories.launched_study()
    _assigned(study, 1)
    Participant.objects.update(mode="pilot")
    _assigned(study, 2)
    live = Counter(Participant.objects.filter(mode="live").values_list("arm", flat=True))
    assert live == {"real": 1, "synthetic": 1}
    assert AllocationCounter.objects.get(mode="live").allocated == 3


def test_each_answer_to_the_blocking_question_is_balanced_for_itself() -> None:
    design = factories.definition()["design"] | {"block_by": "party"}
    study = factories.launched_study(blocks=[PARTY, RATING], design=design)
    for party in ("left", "left", "right", "left", "right", ""):
        _assigned(study, 1, party=party)
    strata = Counter(Participant.objects.values_list("stratum", flat=True))
    assert strata == {"left": 3, "right": 2, "skipped": 1}
    assert _by_arm(stratum="right") == {"real": 1, "synthetic": 1}
    assert set(_by_arm(stratum="left").values()) == {1, 2}
    assert study.current_version is not None
    assert flow.ledger_differences(study.current_version) == (6, [])


def test_a_written_answer_that_people_are_blocked_by_is_not_kept_in_the_ledger() -> None:
    asked = block("town", "before", item("town", "short-text"))
    design = factories.definition()["design"] | {"block_by": "town"}
    study = factories.launched_study(blocks=[asked, RATING], design=design)
    _assigned(study, 2, town="Invented Harbour")
    strata = set(LedgerEntry.objects.values_list("stratum", flat=True))
    assert len(strata) == 1
    assert "Invented Harbour" not in strata
    assert _by_arm() == {"real": 1, "synthetic": 1}


def test_when_every_target_is_reached_the_next_person_is_told_so() -> None:
    study = factories.ready_study()
    study.arms.update(target=1)
    owner = study.memberships.get().researcher
    lifecycle.freeze(study, owner)
    lifecycle.launch(study, owner)
    *_, last = _assigned(study, 3)
    assert last.row.outcome == "quota-full"
    assert last.slug == "end"
    assert last.row.arm == ""
    assert LedgerEntry.objects.count() == 2
    assert b"All places are taken" in last.get().content


def test_targets_hold_over_all_strata() -> None:
    study = factories.ready_study(
        blocks=[PARTY, RATING], design=factories.definition()["design"] | {"block_by": "party"}
    )
    study.arms.update(target=2)
    owner = study.memberships.get().researcher
    lifecycle.freeze(study, owner)
    lifecycle.launch(study, owner)
    for party in ("left", "right", "left", "right"):
        _assigned(study, 1, party=party)
    for _ in range(2):
        Person(study).walk_to("end")
    assert Counter(Participant.objects.exclude(arm="").values_list("arm", flat=True)) == {"real": 2, "synthetic": 2}
    assert Participant.objects.filter(outcome="quota-full").count() == 2
    assert study.current_version is not None
    assert flow.ledger_differences(study.current_version) == (4, [])


def test_a_stratum_whose_quota_is_full_takes_nobody_more_and_the_others_go_on() -> None:
    quotas = [{"stratum": "left", "most": 2}]
    design = factories.definition()["design"] | {"block_by": "party", "quotas": quotas}
    study = factories.launched_study(blocks=[PARTY, RATING], design=design)
    study.recruitment = {"panel": "prolific", "codes": {"completed": "CDONE", "quota-full": "CFULL"}}
    study.save()
    entry = "?PROLIFIC_PID={}&SESSION_ID=of-{}"
    people = [Person(study, entry=entry.format(n, n)).walk_to("before-1") for n in range(5)]
    for person, party in zip(people, ("left", "left", "left", "right", "left"), strict=True):
        person.answer(party=party)

    assert [person.slug for person in people] == ["reading-1", "reading-1", "end", "reading-1", "end"]
    assert Counter(people[n].row.arm for n in (0, 1)) == {"real": 1, "synthetic": 1}
    for turned_away in (people[2], people[4]):
        assert (turned_away.row.outcome, turned_away.row.arm) == ("quota-full", "")
        assert not turned_away.row.trials.exists()
        page = turned_away.get().content.decode()
        assert "All places are taken" in page
        assert "CFULL" in page
        assert "https://app.prolific.com/submissions/complete?cc=CFULL" in page
        assert "CDONE" not in page
    assert people[3].walk_to("end").row.outcome == "completed"
    assert study.current_version is not None
    assert flow.ledger_differences(study.current_version) == (3, [])


def test_a_place_of_a_stratum_that_somebody_gave_up_is_given_again() -> None:
    design = factories.definition()["design"] | {"block_by": "party", "quotas": [{"stratum": "left", "most": 1}]}
    study = factories.launched_study(blocks=[PARTY, RATING], design=design)
    (first,) = _assigned(study, 1, party="left")
    flow.leave(first.place)
    (second,) = _assigned(study, 1, party="left")
    (third,) = _assigned(study, 1, party="left")
    assert second.slug == "reading-1"
    assert third.row.outcome == "quota-full"


def test_a_full_quota_is_told_at_once_when_the_answer_that_decides_it_is_given() -> None:
    quotas = [{"stratum": "left", "most": 1}]
    design = factories.definition()["design"] | {"block_by": "party", "quotas": quotas}
    study = factories.launched_study(blocks=[PARTY, *MORE_BEFORE, RATING], design=design)
    study.recruitment = {"panel": "prolific", "codes": {"quota-full": "CFULL"}}
    study.save()
    waiting, first, second, other = (
        Person(study, entry=f"?PROLIFIC_PID={n}&SESSION_ID=of-{n}").walk_to("before-1") for n in range(4)
    )
    # While the place is free, whoever answers so goes on: it is taken at the articles.
    waiting.answer(party="left")
    first.answer(party="left")
    assert (waiting.slug, first.slug, waiting.row.stratum) == ("before-2", "before-2", "left")
    first.walk_to("reading-1")
    second.answer(party="left")
    assert (second.slug, second.row.outcome, second.row.stratum) == ("end", "quota-full", "left")
    assert list(second.row.answers.values_list("step", "value")) == [("before-1", "left")]
    page = second.get().content.decode()
    assert "All places are taken" in page
    assert "https://app.prolific.com/submissions/complete?cc=CFULL" in page
    # Who was told nothing yet is told where it is decided, and other answers have their places.
    waiting.walk_to("end")
    other.answer(party="right")
    other.walk_to("reading-1")
    assert (waiting.row.outcome, waiting.row.answers.count()) == ("quota-full", 3)
    assert study.current_version is not None
    assert flow.ledger_differences(study.current_version) == (2, [])


def test_a_quota_that_a_question_passed_over_decides_is_told_too() -> None:
    asked = block("first", "before", item("first", "single", options=[option("yes"), option("no")]))
    party = item(
        "party", "single", options=PARTY["items"][0]["options"], show_if=[{"item": "first", "any_of": ["yes"]}]
    )
    quotas = [{"stratum": "not-shown", "most": 1}]
    design = factories.definition()["design"] | {"block_by": "party", "quotas": quotas}
    blocks = [asked, block("party", "before", party), *MORE_BEFORE, RATING]
    study = factories.launched_study(blocks=blocks, design=design)
    Person(study).walk_to("before-1").answer(first="no")
    first = Person(study).walk_to("before-1")
    first.answer(first="no")
    assert first.slug == "before-3"
    first.walk_to("reading-1")
    second = Person(study).walk_to("before-1")
    second.answer(first="no")
    assert (second.slug, second.row.outcome, second.row.stratum) == ("end", "quota-full", "not-shown")


def test_when_every_target_is_reached_people_are_told_with_the_consent_also_where_an_amendment_set_them() -> None:
    study = factories.launched_study(blocks=[PARTY, *MORE_BEFORE, RATING])
    Person(study).walk_to("reading-1")
    for arm in ("real", "synthetic"):
        amendments.change_target(study, arm, 1, "Fewer will do.", by=study.created_by)
    inside, late = (Person(study).walk_to("before-3") for _ in range(2))
    inside.answer()
    assert inside.slug == "reading-1"
    told = Person(study)
    told.answer()
    assert (told.slug, told.row.outcome, told.row.answers.count()) == ("end", "quota-full", 0)
    assert told.row.consented_at is not None
    late.answer()
    assert (late.slug, late.row.outcome) == ("end", "quota-full")


def test_of_who_withdraws_before_the_articles_no_answer_is_kept_as_their_stratum_either() -> None:
    design = factories.definition()["design"] | {"block_by": "party"}
    study = factories.launched_study(blocks=[PARTY, *MORE_BEFORE, RATING], design=design)
    person, assigned = (Person(study).walk_to("before-2") for _ in range(2))
    assigned.walk_to("reading-1")
    for each in (person, assigned):
        assert each.row.stratum == "left"
        flow.withdraw(each.place)
    assert (person.row.stratum, assigned.row.stratum) == ("", "left")
    assert study.current_version is not None
    assert flow.ledger_differences(study.current_version) == (1, [])


def test_who_was_past_the_blocking_question_when_the_server_was_renewed_is_balanced_by_it() -> None:
    design = factories.definition()["design"] | {"block_by": "party"}
    study = factories.launched_study(blocks=[PARTY, *MORE_BEFORE, RATING], design=design)
    person = Person(study).walk_to("before-2")
    Participant.objects.update(stratum="")
    assert person.walk_to("reading-1").row.stratum == "left"
    assert LedgerEntry.objects.get().stratum == "left"


def test_the_command_says_identical(capsys: pytest.CaptureFixture[str]) -> None:
    study = factories.launched_study()
    _assigned(study, 3)
    call_command("replay_allocation", study.key)
    assert "3 assignments, identical" in capsys.readouterr().out


def test_the_command_says_where_the_ledger_or_what_was_done_is_not_what_it_should_be(
    capsys: pytest.CaptureFixture[str],
) -> None:
    study = factories.launched_study()
    _assigned(study, 3)
    changed = LedgerEntry.objects.get(sequence=1)
    other = "real" if changed.result["arm"] == "synthetic" else "synthetic"
    Participant.objects.filter(pk=changed.participant_id).update(arm=other)
    LedgerEntry.objects.filter(sequence=2).update(counts_seen={"arms": {"real": 9}, "articles": {}, "cells": []})
    with pytest.raises(CommandError, match="differs"):
        call_command("replay_allocation", study.key)
    said = capsys.readouterr().out
    assert "number 1: the participant's arm or articles are not those that were assigned" in said


def test_the_command_names_a_study_that_is_not_there() -> None:
    with pytest.raises(CommandError, match="no study with the key 'nothing'"):
        call_command("replay_allocation", "nothing")
    with pytest.raises(CommandError, match="never frozen"):
        call_command("replay_allocation", factories.ready_study().key)


def _by_arm(**where: str) -> Counter[str]:
    return Counter(Participant.objects.filter(**where).values_list("arm", flat=True))
