"""Decisions on texts: what each stores, and that of two curators at once only one decides."""

import threading
from collections import Counter

import pytest
from django.db import connection

from generation import curation
from generation.curation import CurationError, DecidedMeanwhile, standing_text
from generation.lineage import opened_text
from generation.models import Candidate, Review
from surveys import audit, lifecycle
from surveys.articles import ArticleError, DraftOnly
from surveys.models import Article, Curation, Origin, article_digest
from surveys.sentences import paragraphs
from tests.factories import ArmFactory, StudyFactory, ready_study
from tests.generation.factories import CONTINUATION, OPENING, curator, queued, synthetic_arm, text_of, written

pytestmark = pytest.mark.django_db


def test_an_accepted_text_is_an_article_with_its_whole_lineage() -> None:
    batch = written(seed=3, headline="A bridge is closed")
    text, arm = text_of(batch, 1), synthetic_arm(batch.study)
    by = curator(batch.study)
    curation.edit(text, by=by, text=standing_text(text).replace("nine", "ten"))
    article = curation.accept(text, by=by, arm=arm, reason="reads well")
    assert (article.arm, article.origin, article.curation) == (arm, Origin.SYNTHETIC, Curation.CURATED)
    assert article.headline == "A bridge is closed"
    assert article.text.startswith(OPENING)
    assert "ten miles" in article.text
    assert article.sha256 == article_digest(article.headline, article.text)
    lineage = article.lineage
    assert lineage["model"]["identity"]["repository"] == "invented/model"
    assert lineage["engine"]["device"] == "cpu"
    assert lineage["prompt"]["text"] == OPENING
    assert lineage["sampling"]["max_tokens"] == 4
    assert lineage["batch"]["seed"] == "3"
    assert lineage["candidate"]["seed"] == str(text.seed)
    assert lineage["raw"]["text"] == CONTINUATION
    assert len(lineage["raw"]["sha256"]) == 64
    assert [edit["text"] for edit in lineage["edits"]] == [article.text]
    assert [(log["old"], log["new"], log["reason"]) for log in lineage["reviews"]] == [
        ("pending", "accepted", "reads well")
    ]
    text.refresh_from_db()
    assert (text.decision, text.article, text.raw_text) == ("accepted", article, CONTINUATION)
    assert audit.verify(batch.study) == []


def test_a_text_that_was_changed_while_accepting_is_stored_as_an_edit() -> None:
    text = text_of(written())
    article = curation.accept(text, by=curator(text.batch.study), arm=None, text="Another wording altogether.")
    assert article.text == "Another wording altogether."
    assert text.edits.get().text == article.text


@pytest.mark.parametrize("raw", [CONTINUATION, CONTINUATION.replace("\n\n", "\n \n")])
def test_an_unchanged_text_makes_no_edit(raw: str) -> None:
    text = text_of(written([raw]))
    article = curation.accept(text, by=curator(text.batch.study), arm=None, text=standing_text(text) + "\r\n")
    assert not text.edits.exists()
    assert len(paragraphs(article.text)) == 2


def test_edits_are_kept_whole_beside_the_draft() -> None:
    text = text_of(written())
    by = curator(text.batch.study)
    first = curation.edit(text, by=by, text="First wording.")
    second = curation.edit(text, by=by, text="Second wording.")
    text.refresh_from_db()
    assert (first.number, second.number) == (1, 2)
    assert standing_text(text) == "Second wording."
    assert text.raw_text == CONTINUATION
    assert opened_text(text).startswith(OPENING)


@pytest.mark.parametrize("wording", ["", " \n ", "x" * 100_001])
def test_an_edit_leaves_a_text_that_can_be_shown(wording: str) -> None:
    text = text_of(written())
    with pytest.raises(CurationError) as refused:
        curation.edit(text, by=curator(text.batch.study), text=wording)
    assert "text" in refused.value.problems
    assert Candidate.objects.get(pk=text.pk).revision == 0


def test_an_edit_that_changes_nothing_is_said_so() -> None:
    text = text_of(written())
    with pytest.raises(CurationError, match="Nothing was changed"):
        curation.edit(text, by=curator(text.batch.study), text=standing_text(text))


def test_a_rejection_needs_a_reason_or_a_rule() -> None:
    batch = written()
    by = curator(batch.study)
    with pytest.raises(CurationError, match="Write why"):
        curation.reject(text_of(batch), by=by, reason="  ")
    curation.reject(text_of(batch), by=by, reason="too short")
    review = curation.reject(text_of(batch, 1), by=by, rule="more than two flags")
    assert (review.rule, review.reason) == ("more than two flags", "")


def test_a_reopened_text_takes_its_article_down_and_a_new_acceptance_replaces_it() -> None:
    batch = written()
    text, by, arm = text_of(batch), curator(batch.study), synthetic_arm(batch.study)
    first = curation.accept(text, by=by, arm=arm)
    curation.reopen(text, by=by, reason="pressed the wrong key")
    first.refresh_from_db()
    assert first.taken_down_at is not None
    assert not Article.objects.standing().exists()
    text = text_of(batch)
    second = curation.accept(text, by=by, arm=arm, text="A better wording.")
    first.refresh_from_db()
    assert first.replaced_by == second
    assert list(Article.objects.standing()) == [second]
    assert [(log.old, log.new) for log in text.reviews.order_by("number")] == [
        ("pending", "accepted"),
        ("accepted", "pending"),
        ("pending", "accepted"),
    ]
    assert len(second.lineage["reviews"]) == 3


def test_a_rejected_text_can_be_reopened() -> None:
    text = text_of(written())
    by = curator(text.batch.study)
    curation.reject(text, by=by, reason="r")
    curation.reopen(text, by=by)
    assert text.decision == "pending"


def test_the_second_of_two_curators_is_told_who_was_first() -> None:
    batch = written()
    first, second = curator(batch.study), curator(batch.study)
    mine, theirs = text_of(batch), text_of(batch)
    curation.reject(mine, by=first, reason="r")
    with pytest.raises(DecidedMeanwhile, match=first.email):
        curation.accept(theirs, by=second, arm=None)
    assert not Article.objects.exists()
    assert Review.objects.count() == 1


def test_an_edit_by_somebody_else_stops_an_acceptance_of_the_older_text() -> None:
    batch = written()
    first, second = curator(batch.study), curator(batch.study)
    read_before = text_of(batch)
    curation.edit(text_of(batch), by=first, text="Changed meanwhile.")
    with pytest.raises(DecidedMeanwhile, match=first.email):
        curation.accept(read_before, by=second, arm=None)


@pytest.mark.django_db(transaction=True)
def test_of_curators_who_decide_at_the_same_moment_exactly_one_does() -> None:
    batch = written()
    people = [curator(batch.study) for _ in range(4)]
    texts = [text_of(batch) for _ in people]
    barrier, ends = threading.Barrier(len(people)), Counter[str]()

    def decide(number: int) -> None:
        try:
            barrier.wait()
            if number % 2:
                curation.accept(texts[number], by=people[number], arm=None)
            else:
                curation.reject(texts[number], by=people[number], reason="r")
            ends["decided"] += 1
        except DecidedMeanwhile:
            ends["told"] += 1
        finally:
            connection.close()

    threads = [threading.Thread(target=decide, args=[number]) for number in range(len(people))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ends == {"decided": 1, "told": 3}
    text = text_of(batch)
    assert text.reviews.count() == 1
    assert Article.objects.count() == (text.decision == "accepted")
    assert audit.verify(batch.study) == []


def test_a_waiting_text_cannot_be_decided() -> None:
    with pytest.raises(DecidedMeanwhile):
        curation.reject(text_of(queued()), by=StudyFactory().created_by, reason="r")


def test_a_real_arm_takes_no_written_text_and_nothing_is_stored() -> None:
    batch = written()
    with pytest.raises(ArticleError):
        curation.accept(text_of(batch), by=curator(batch.study), arm=ArmFactory(study=batch.study, origin=Origin.REAL))
    assert text_of(batch).decision == "pending"
    assert not Review.objects.exists()


def test_an_empty_text_cannot_be_accepted() -> None:
    batch = written(["<|im_end|>"], kind="instruction", text="Write about the bridge.")
    with pytest.raises(ArticleError, match="no text"):
        curation.accept(text_of(batch), by=curator(batch.study), arm=None)


def test_a_frozen_study_takes_no_decision_that_would_change_it() -> None:
    study = ready_study()
    batch = written(study=study)
    by = curator(study)
    accepted = text_of(batch)
    curation.accept(accepted, by=by, arm=None)
    curation.reject(text_of(batch, 2), by=by, reason="r")
    lifecycle.freeze(study, study.created_by)
    with pytest.raises(DraftOnly):
        curation.accept(text_of(batch, 1), by=by, arm=None)
    with pytest.raises(DraftOnly):
        curation.reject(text_of(batch, 1), by=by, reason="r")
    with pytest.raises(DraftOnly):
        curation.edit(text_of(batch, 1), by=by, text="The invented bridge was closed.")
    for index in (0, 2):
        with pytest.raises(DraftOnly):
            curation.reopen(text_of(batch, index), by=by)
    assert [text_of(batch, index).decision for index in range(3)] == ["accepted", "pending", "rejected"]
