"""A text is held against all that its study holds: its story's texts, what is accepted elsewhere, all real articles."""

from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from generation import bulk, curation, drafting, editing
from generation.editing import standing_text
from generation.engine import NOTES
from generation.flagging import Beside
from generation.lineage import lineage_of
from generation.models import Batch, Candidate, Edit
from generation.parity.report import report_of
from generation.reviewing import Filters, flag_codes
from generation.undoing import last_act
from surveys.models import Origin, Study
from tests.factories import ArmFactory, ArticleFactory, StoryFactory, StudyFactory
from tests.generation.factories import (
    CONTINUATION,
    OPENING,
    address,
    claimed,
    curator,
    draft,
    queued,
    synthetic_arm,
    text_of,
    written,
)
from tests.generation.test_bulk import stroke

pytestmark = pytest.mark.django_db

FOREIGN = (
    "Engineers of an invented office had warned of rust in eleven supports since the spring, and the office had "
    "written to the council three times before anybody there answered in writing at last."
)
# Shares nothing with the others, and quotes nobody.
PLAIN = (
    "Ferries will carry whoever walks, and buses go the long way by the mill; shops near the square fear an empty "
    "summer, and asked for a tax holiday until October at the least."
)


def codes(text: Candidate) -> list[str]:
    """Of its flags; that a text quotes somebody is a note for the debriefing and none."""
    return [flag["code"] for flag in text.flags if flag["code"] not in NOTES]


def drafted(raw: str, study: Study | None = None, **changes: Any) -> Candidate:
    """A text that a worker wrote and held against all that its study holds."""
    batch = queued(study, size=1, **changes)
    assert drafting.save(claimed(batch), draft(0, raw), Beside.study(batch.prompt))
    Batch.objects.filter(pk=batch.pk).update(status="done", lease_owner="", lease_expires_at=None)
    return text_of(batch)


def real(study: Study, **changes: Any) -> None:
    ArticleFactory(arm=ArmFactory(study=study, origin=Origin.REAL), **changes)


def test_a_text_like_one_of_another_batch_of_its_story_is_flagged_with_that_text() -> None:
    first = drafted(CONTINUATION)
    study, story = first.batch.study, first.batch.prompt.story
    again = drafted(CONTINUATION.replace("nine", "ten"), study, story=story)
    [flag] = [flag for flag in again.flags if flag["code"] == "near-duplicate"]
    assert flag["about"] == first.code
    assert codes(first) == []


def test_of_another_story_only_what_is_accepted_counts() -> None:
    first = drafted(CONTINUATION)
    study = first.batch.study
    assert "near-duplicate" not in codes(drafted(CONTINUATION, study, story=StoryFactory(study=study)))
    curation.accept(first, by=study.created_by, arm=None)
    assert "near-duplicate" in codes(drafted(CONTINUATION, study, story=StoryFactory(study=study)))
    assert "near-duplicate" not in codes(drafted(CONTINUATION)), "another study's texts are its own"


def test_a_passage_of_any_real_article_of_the_study_is_memorised_and_the_storys_own_alone_sets_the_length() -> None:
    study = StudyFactory()
    story = StoryFactory(study=study)
    real(study, text=f"{FOREIGN} {'A long article of another story. ' * 200}")
    text = drafted(f"{CONTINUATION} {FOREIGN}", study, story=story)
    assert codes(text) == ["copied-real"]
    real(study, story=story, text=f"{FOREIGN} {'A long article. ' * 200}")
    assert codes(drafted(CONTINUATION, study, story=story))[0] == "too-short"


def test_texts_of_one_batch_are_held_against_each_other_as_they_come() -> None:
    batch = queued(size=2)
    run, beside = claimed(batch), Beside.study(batch.prompt)
    for index in (0, 1):
        assert drafting.save(run, draft(index), beside)
    assert codes(text_of(batch, 0)) == []
    assert codes(text_of(batch, 1)) == ["near-duplicate"]


def test_texts_that_two_workers_write_at_once_for_one_story_are_held_against_each_other() -> None:
    study = StudyFactory()
    story = StoryFactory(study=study)
    batches = [queued(study, story=story, size=2) for _ in range(2)]
    # Both begin before either has written.
    rounds = [(claimed(batch), Beside.study(batch.prompt)) for batch in batches]
    for number, (index, text) in enumerate([(0, CONTINUATION), (0, CONTINUATION), (1, PLAIN), (1, PLAIN)]):
        run, beside = rounds[number % 2]
        assert drafting.save(run, draft(index, text), beside)
    for index in (0, 1):
        first, second = (text_of(batch, index) for batch in batches)
        assert ("near-duplicate" in codes(first), "near-duplicate" in codes(second)) == (False, True)
        assert next(flag["about"] for flag in second.flags if flag["code"] == "near-duplicate") == first.code


def test_a_worker_alone_reads_what_it_stored_itself_and_not_all_the_others_again_for_each_text() -> None:
    first = drafted(CONTINUATION)
    study, story = first.batch.study, first.batch.prompt.story
    batch = queued(study, size=4, story=story)
    run, beside = claimed(batch), Beside.study(batch.prompt)

    def reads_all(index: int, text: str) -> bool:
        with CaptureQueriesContext(connection) as asked:
            assert drafting.save(run, draft(index, text), beside)
        return any('"code", "generation_candidate"."revision"' in query["sql"] for query in asked)

    assert not reads_all(0, f" {FOREIGN}")
    assert not reads_all(1, f" {PLAIN}")
    curation.reject(first, by=study.created_by, reason="dull")
    assert reads_all(2, f" {FOREIGN}"), "somebody decided meanwhile"
    assert not reads_all(3, f" {PLAIN}")
    found = [next((flag.get("about") for flag in text_of(batch, index).flags if flag["code"] == "near-duplicate"), "")
             for index in range(4)]  # fmt: skip
    assert found == ["", "", text_of(batch, 0).code, text_of(batch, 1).code]


def test_what_was_rolled_back_is_read_once_it_is_stored() -> None:
    batch = queued(size=3)
    run, beside = claimed(batch), Beside.study(batch.prompt)
    assert drafting.save(run, draft(0, f" {FOREIGN}"), beside)
    with transaction.atomic():
        drafting.save(run, draft(1, f" {PLAIN}"), beside)
        transaction.set_rollback(True)
    assert text_of(batch, 1).state == Candidate.State.WAITING
    assert drafting.save(run, draft(2, f" {PLAIN}"), beside)
    assert drafting.save(run, draft(1, f" {PLAIN}"), beside)
    assert ["near-duplicate" in codes(text_of(batch, index)) for index in range(3)] == [False, True, False]


def test_a_text_is_held_against_what_curators_made_of_the_others_while_it_was_written() -> None:
    first = drafted(CONTINUATION)
    study, story = first.batch.study, first.batch.prompt.story
    batch = queued(study, size=2, story=story)
    run, beside = claimed(batch), Beside.study(batch.prompt)
    editing.edit(first, by=study.created_by, text=f"{OPENING} {FOREIGN}")
    for index, text in enumerate([FOREIGN, CONTINUATION]):
        assert drafting.save(run, draft(index, f" {text}"), beside)
    assert "near-duplicate" in codes(text_of(batch, 0))
    assert "near-duplicate" not in codes(text_of(batch, 1)), "nobody has these words any more"


def test_an_edit_is_held_against_what_was_written_while_it_was_screened() -> None:
    first = drafted(CONTINUATION)
    study, story = first.batch.study, first.batch.prompt.story
    changed = editing.changed_to(first, f"{OPENING} {FOREIGN}")
    drafted(f" {FOREIGN}", study, story=story)
    with transaction.atomic():
        editing.hold(first, None, expected={Candidate.Decision.PENDING})
        editing.add_edit(first, study.created_by, changed)
    assert "near-duplicate" in codes(text_of(first.batch))


def test_a_draft_that_runs_into_its_opening_is_flagged_and_an_edit_mends_or_makes_that() -> None:
    glued, apart = text_of(batch := written([f"{FOREIGN}", f" {PLAIN}"])), text_of(batch, 1)
    assert (codes(glued), codes(apart)) == (["run-together"], [])
    assert glued.flags[0]["evidence"] == "spring.Engineers"
    editing.edit(glued, by=batch.created_by, text=f"{OPENING} {FOREIGN}")
    editing.edit(apart, by=batch.created_by, text=f"{OPENING}{PLAIN}")
    assert (codes(text_of(batch, 0)), codes(text_of(batch, 1))) == ([], ["run-together"])


def test_where_readers_get_no_opening_nothing_runs_into_it() -> None:
    assert codes(text_of(written([FOREIGN], opening_shown=False))) == []


def test_texts_of_older_releases_get_their_signature_when_it_is_first_needed() -> None:
    old, edited = text_of(batch := written([CONTINUATION, CONTINUATION])), text_of(batch, 1)
    editing.edit(edited, by=batch.created_by, text=f"{OPENING} {FOREIGN}")
    Candidate.objects.update(signature=None)
    new = drafted(f" {FOREIGN}", batch.study, story=batch.prompt.story)
    assert [flag["about"] for flag in new.flags if flag["code"] == "near-duplicate"] == [edited.code]
    for text in (old, edited):
        text.refresh_from_db()
        assert len(bytes(text.signature or b"")) == 512


def test_an_edited_text_carries_the_flags_of_its_wording_and_the_draft_keeps_its_own() -> None:
    batch = written([" Short.", CONTINUATION])
    by = batch.created_by
    assert codes(text_of(batch)) == ["too-short"]
    editing.edit(text_of(batch), by=by, text=f"{OPENING} {FOREIGN} As an AI language model I have no opinion on it.")
    text = text_of(batch)
    assert (codes(text), text.flag_count) == (["self-reference"], 1)
    article = curation.accept(text, by=by, arm=synthetic_arm(batch.study))
    assert [flag["code"] for flag in article.lineage["flags"]] == ["self-reference"]
    assert [flag["code"] for flag in article.lineage["cleaned"]["flags"]] == ["too-short"]
    [edit] = article.lineage["edits"]
    assert [flag["code"] for flag in edit["flags"]] == ["self-reference"]


def test_filters_counts_and_the_bulk_rejection_go_by_the_flags_of_the_edited_text() -> None:
    batch = written([" Short.", " Short too.", CONTINUATION])
    study, by = batch.study, batch.created_by
    editing.edit(text_of(batch), by=by, text=f"{OPENING} {FOREIGN} It was a long evening, and many were angry.")
    assert flag_codes(study) == ["too-short"]
    for wanted, found in (("too-short", [1]), ("none", [0, 2])):
        assert [text.index for text in Filters(flag=wanted).texts(study, by)] == found
    assert [text.index for text in bulk.rejectable(study, Filters().texts(study, by))] == [1]
    editing.edit(text_of(batch, 2), by=by, text=f"{OPENING} Here is an article. {PLAIN}")
    assert flag_codes(study) == ["self-reference", "too-short"]
    assert stroke(batch).rule.endswith("(self-reference, too-short)")


def test_the_leak_scan_and_the_parity_report_read_the_edited_text() -> None:
    batch = written([f"{CONTINUATION} As an AI language model I have no opinion."])
    study, by = batch.study, batch.created_by
    real(study, text=f"{FOREIGN} It was a long evening.")
    cleared = standing_text(text_of(batch)).replace("As an AI language model I have no opinion.", "Nobody was angry.")
    curation.accept(text_of(batch), by=by, arm=synthetic_arm(study))
    assert "self-naming" in {leak.kind for leak in report_of(study).leaks}
    curation.reopen(text_of(batch), by=by)
    curation.accept(text_of(batch), by=by, arm=study.arms.get(origin=Origin.SYNTHETIC), text=cleared)
    assert "self-naming" not in {leak.kind for leak in report_of(study).leaks}
    assert codes(text_of(batch)) == []


def test_an_edit_is_held_against_the_other_texts_but_not_against_itself() -> None:
    batch = written([CONTINUATION, f" {FOREIGN} It was a long evening, and many were angry."])
    editing.edit(text_of(batch), by=batch.created_by, text=standing_text(text_of(batch)).replace("nine", "ten"))
    assert codes(text_of(batch)) == []
    editing.edit(text_of(batch), by=batch.created_by, text=standing_text(text_of(batch, 1)))
    assert codes(text_of(batch)) == ["near-duplicate"]
    assert text_of(batch, 1).code in {flag.get("about") for flag in text_of(batch).flags}


@pytest.mark.parametrize("opening", [OPENING, OPENING.replace("old", "very old"), ""])
def test_the_opening_is_not_held_against_what_follows_even_where_it_was_edited(opening: str) -> None:
    batch = written([CONTINUATION, CONTINUATION])
    editing.edit(text_of(batch), by=batch.created_by, text=f"{opening} {FOREIGN}".strip())
    editing.edit(text_of(batch, 1), by=batch.created_by, text=f"{opening} Nobody was asked. {FOREIGN}".strip())
    # Beside the opening the prompt would be said again, and in the other text all is the same but four words.
    assert codes(text_of(batch)) == []
    assert codes(text_of(batch, 1)) == ["near-duplicate"]


def test_a_text_that_was_written_anew_is_looked_through_though_nothing_tells_where_its_opening_ends() -> None:
    batch = written([CONTINUATION])
    anew = " ".join(f"word{number}" for number in range(3_000))
    editing.edit(text_of(batch), by=batch.created_by, text=f"{anew} As an AI language model, I cannot say more.")
    assert "self-reference" in codes(text_of(batch))
    assert text_of(batch).signature


def test_the_drafts_flags_are_found_behind_edits_that_kept_none() -> None:
    batch = written([" Short."])
    drafted = text_of(batch).flags
    older = editing.edit(text_of(batch), by=batch.created_by, text=standing_text(text_of(batch)) + " More.")
    Edit.objects.filter(pk=older.pk).update(flags_before=None, flags=None)
    Candidate.objects.update(flags=drafted)
    editing.edit(text_of(batch), by=batch.created_by, text=standing_text(text_of(batch)) + f" {FOREIGN} {PLAIN}" * 3)
    assert text_of(batch).flags != drafted
    assert lineage_of(text_of(batch))["cleaned"]["flags"] == drafted


def test_what_a_page_shows_of_an_edited_texts_flags_leads_to_the_text_that_is_alike(client: Client) -> None:
    batch = written([" Short.", CONTINUATION])
    by = batch.created_by
    editing.edit(text_of(batch), by=by, text=standing_text(text_of(batch, 1)))
    client.force_login(by)
    page = client.get(address(batch.study, "candidate", 1, 0)).content.decode()
    assert f'href="{address(batch.study, "candidate", 1, 1)}"' in page
    assert "flags gone: too-short; new flags: invented-quote, near-duplicate" in page
    listed = client.get(address(batch.study, "batch", 1)).content.decode()
    assert f"{address(batch.study, 'candidate', 1, 0)}?decision=&amp;batch=1#flags" in listed


def test_undo_takes_edits_back_one_by_one_and_gives_their_flags_back(client: Client) -> None:
    batch = written([" Short."])
    by, study = batch.created_by, batch.study
    draft_text = standing_text(text_of(batch))
    editing.edit(text_of(batch), by=by, text=f"{OPENING} {FOREIGN} As an AI language model I have no opinion.")
    editing.edit(text_of(batch), by=by, text=f"{OPENING} {FOREIGN} It was a long evening, and many were angry.")
    curation.reject(text_of(batch), by=by, reason="r")
    client.force_login(by)
    for label, flags in (("decision", []), ("edit", ["self-reference"]), ("edit", ["too-short"])):
        page = client.get(address(study, "candidate", 1, 0)).content.decode()
        assert f"Undo my {'last ' if label == 'decision' else ''}{label} (Text 0 of batch 1)" in page
        client.post(address(study, "undo"))
        assert codes(text_of(batch)) == flags
    assert standing_text(text_of(batch)) == draft_text
    assert last_act(study, by) is None
    taken_back = text_of(batch).edits.order_by("number").values_list("takes_back__number", flat=True)
    assert list(taken_back) == [None, None, 2, 1]
    editing.edit(text_of(batch), by=by, text=f"{OPENING} {FOREIGN}")
    assert last_act(study, by) == text_of(batch).edits.get(number=5)


def test_an_edit_under_somebody_elses_is_not_taken_back_nor_one_of_a_decided_text() -> None:
    batch = written()
    mine, other = batch.created_by, curator(batch.study)
    edit = editing.edit(text_of(batch), by=mine, text="My wording, which is invented.")
    second = editing.edit(text_of(batch), by=other, text="Their wording, which is invented too.")
    assert last_act(batch.study, mine) is None
    with pytest.raises(editing.DecidedMeanwhile):
        editing.take_back_edit(edit, by=mine)
    editing.take_back_edit(second, by=other)
    assert last_act(batch.study, mine) == edit
    curation.accept(text_of(batch), by=other, arm=None)
    assert last_act(batch.study, mine) is None


def test_the_edit_of_a_draft_of_nothing_cannot_be_taken_back_to_nothing(client: Client) -> None:
    batch = written(["<|im_end|>"])
    editing.edit(text_of(batch), by=batch.created_by, text="A text by hand, which is invented.")
    client.force_login(batch.created_by)
    said = client.post(address(batch.study, "undo"), follow=True).content.decode()
    assert "No text stood there before this edit" in said
    assert standing_text(text_of(batch)) == "A text by hand, which is invented."
