"""A panel that gets smaller decides at once where those who remain agree, and else waits for somebody to adjudicate."""

import hashlib

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from generation import assignments, curation, editing, leaving, opinions
from generation.curation import CurationError
from generation.lineage import lineage_of
from generation.models import Assignment, Batch, Edit, Opinion
from surveys import audit
from surveys.models import Researcher, Role, Study
from surveys.team import change_role, remove_person
from tests.generation.factories import CONTINUATION, address, synthetic_arm, text_of, written
from tests.generation.test_assignments import panel

pytestmark = pytest.mark.django_db


@pytest.fixture
def batch() -> Batch:
    made = written([CONTINUATION] * 4)
    synthetic_arm(made.study)
    return made


def said(batch: Batch, person: Researcher, verdicts: str) -> None:
    """A letter a text: for it, against it, or nothing."""
    for index, verdict in enumerate(verdicts):
        if verdict != "-":
            word = {"a": "accept", "r": "reject"}[verdict]
            opinions.give(text_of(batch, index), by=person, verdict=word, reason="r" if word == "reject" else "")


def decisions(batch: Batch) -> list[str]:
    return list(batch.candidates.order_by("index").values_list("decision", flat=True))


def test_when_a_curator_leaves_the_study_those_who_remain_decide_and_the_log_says_why(batch: Batch) -> None:
    first, second, gone = panel(batch, people=3)
    said(batch, first, "aaa-")
    said(batch, second, "ara-")
    said(batch, gone, "--r-")
    assert decisions(batch) == ["pending"] * 4
    remove_person(batch.study.memberships.get(researcher=gone), by=batch.created_by)
    # All for it; they differ; who left had answered; two are awaited still.
    assert decisions(batch) == ["accepted", "pending", "pending", "pending"]
    review = text_of(batch).reviews.get()
    assert (review.by, review.rule) == (batch.created_by, "2 of 2 opinions for it, once nobody else was awaited")
    assert assignments.panel_of(text_of(batch, 1)).is_disputed
    subject = batch.study.audit.get(verb="panels settled").subject
    assert subject == "nobody else is awaited: 1 decided by those who remain, 1 differ"
    said_in_all = batch.study.audit.filter(verb="all opinions given").order_by("sequence")
    assert list(said_in_all.values_list("subject", flat=True)) == [
        "batch 1, candidate 2: 2 for it, 1 against it",
        "batch 1, candidate 0: 2 for it, 0 against it",
        "batch 1, candidate 1: 1 for it, 1 against it",
    ]
    assert audit.verify(batch.study) == []


def test_a_curator_who_may_only_analyse_now_is_waited_for_no_longer(batch: Batch) -> None:
    stays, goes = panel(batch)
    said(batch, stays, "r---")
    change_role(batch.study.memberships.get(researcher=goes), Role.ANALYST, by=batch.created_by)
    assert decisions(batch) == ["rejected", "pending", "pending", "pending"]
    assert text_of(batch).reviews.get().rule == "1 of 1 opinions against it, once nobody else was awaited"


@pytest.mark.parametrize("status", [Study.Status.DRAFT, Study.Status.FROZEN])
def test_who_comes_back_is_not_asked_again_about_what_the_others_have_read_meanwhile(
    batch: Batch, status: Study.Status
) -> None:
    first, second, back = panel(batch, people=3)
    said(batch, first, "aa--")
    said(batch, second, "r---")
    if status != Study.Status.DRAFT:
        version = batch.study.versions.create(number=1, document="{}", sha256="0" * 64, frozen_by=batch.created_by)
        Study.objects.filter(pk=batch.study_id).update(status=status, current_version=version)
    for role in (Role.ANALYST, Role.CURATOR):
        change_role(batch.study.memberships.get(researcher=back), role, by=batch.created_by)
    Study.objects.filter(pk=batch.study_id).update(status=Study.Status.DRAFT)
    assert assignments.panel_of(text_of(batch)).is_disputed
    assert assignments.panel_of(text_of(batch, 1)).missing == {second.pk}
    with pytest.raises(CurationError, match="your opinion stands"):
        opinions.withdraw(text_of(batch).opinions.get(by=second))
    with pytest.raises(CurationError, match="Others are asked"):
        opinions.give(text_of(batch), by=back, verdict="accept")
    assert batch.study.audit.get(verb="assignments released").subject == f"4 of {back}"


def test_another_role_that_curates_too_changes_nothing(batch: Batch) -> None:
    stays, other = panel(batch)
    said(batch, stays, "a---")
    change_role(batch.study.memberships.get(researcher=other), Role.OWNER, by=batch.created_by)
    assert decisions(batch) == ["pending"] * 4
    assert not batch.study.audit.filter(verb="panels settled").exists()


def test_who_is_asked_no_longer_is_waited_for_no_longer(batch: Batch) -> None:
    first, second = panel(batch)
    said(batch, first, "ar--")
    said(batch, second, "---a")
    assert leaving.release(batch.study, second, by=batch.created_by) == 3
    assert decisions(batch) == ["accepted", "rejected", "pending", "pending"]
    assert assignments.panel_of(text_of(batch, 2)).missing == {first.pk}


def test_a_text_that_can_be_no_article_stays_open_to_whoever_reads_it() -> None:
    batch = written(["<|im_end|>"])
    stays, goes = panel(batch)
    said(batch, stays, "a")
    assert leaving.release(batch.study, goes, by=batch.created_by) == 1
    assert decisions(batch) == ["pending"]
    panel_now = assignments.panel_of(text_of(batch))
    assert (panel_now.verdict, panel_now.missing) == ("accept", frozenset())


def test_what_was_opened_again_after_its_decision_is_not_decided_anew_when_somebody_leaves(batch: Batch) -> None:
    stays, goes = panel(batch)
    said(batch, stays, "a")
    said(batch, goes, "a")
    curation.reopen(text_of(batch), by=batch.created_by)
    assert decisions(batch)[0] == "pending"
    remove_person(batch.study.memberships.get(researcher=goes), by=batch.created_by)
    assert decisions(batch)[0] == "pending"
    assert not batch.study.audit.filter(verb="panels settled").exists()


def reworded() -> tuple[Batch, Researcher]:
    """A text that one had accepted when it was edited, in the absence of another who is asked too; with it who is back.

    It was empty, so that it could not be decided without them. Earlier versions asked anew who came back.
    """
    batch = written(["<|im_end|>", CONTINUATION])
    stays, back = panel(batch)
    said(batch, stays, "a")
    remove_person(batch.study.memberships.get(researcher=back), by=batch.created_by)
    editing.edit(text_of(batch), by=batch.created_by, text="Nobody came to the invented bridge.")
    batch.study.memberships.create(researcher=back, role=Role.CURATOR)
    asked = [Assignment(candidate=text, curator=back, by=batch.created_by) for text in batch.candidates.all()]
    Assignment.objects.bulk_create(asked)
    assert assignments.panel_of(text_of(batch)).missing == {back.pk}
    return batch, back


def test_an_opinion_about_a_text_that_was_edited_since_decides_nothing() -> None:
    batch, back = reworded()
    remove_person(batch.study.memberships.get(researcher=back), by=batch.created_by)
    assert decisions(batch) == ["pending", "pending"]
    settled = batch.study.audit.filter(verb="panels settled").latest("sequence")
    assert settled.subject.endswith("0 decided by those who remain, 1 differ")


def test_opinions_about_two_wordings_are_no_agreement() -> None:
    batch, back = reworded()
    assert opinions.give(text_of(batch), by=back, verdict="accept").is_disputed
    assert decisions(batch) == ["pending", "pending"]


def test_opinions_about_two_wordings_say_nothing_of_how_far_people_agree(client: Client) -> None:
    batch, back = reworded()
    said(batch, back, "ar")
    [stays] = assignments.panel_of(text_of(batch, 1)).missing
    said(batch, Researcher.objects.get(pk=stays), "-r")
    found = assignments.agreement_of(assignments.panels(batch.study).values())
    # One text with two opinions is left, and two alike tell no agreement beyond chance.
    assert (found.units, found.alpha) == (1, None)
    client.force_login(batch.created_by)
    page = client.get(address(batch.study, "curation")).content.decode()
    assert "1 on which they differ, 1 edited between two opinions" in page


def test_many_texts_are_decided_by_as_many_statements_as_few_and_each_as_if_alone() -> None:
    def asked(count: int) -> tuple[int, Batch]:
        made = written([CONTINUATION] * count)
        synthetic_arm(made.study)
        stays, goes = panel(made)
        text = text_of(made)
        edited = editing.standing_text(text).replace("nine", "ten")
        said(made, stays, "a" * (count - 1) + "r")
        Edit.objects.create(candidate=text, number=1, text=edited, by=stays, flags_before=[], flags=[])
        Opinion.objects.filter(candidate=text).update(text_sha256=hashlib.sha256(edited.encode()).hexdigest())
        with CaptureQueriesContext(connection) as queries:
            leaving.release(made.study, goes, by=made.created_by)
        assert decisions(made) == ["accepted"] * (count - 1) + ["rejected"]
        return len(queries), made

    few, _batch = asked(2)
    many, batch = asked(7)
    assert many == few
    article = text_of(batch).article
    assert article is not None
    assert article.text == editing.standing_text(text_of(batch))
    # What was read for all at once is what is read of one.
    assert article.lineage == lineage_of(text_of(batch))
    assert [review["rule"] for review in article.lineage["reviews"]] == [
        "1 of 1 opinions for it, once nobody else was awaited"
    ]
    assert [edit["number"] for edit in article.lineage["edits"]] == [1]
    assert text_of(batch).revision == 1
    assert audit.verify(batch.study) == []
