"""What files are told of a study's machine texts: every text, decision, opinion, comparison and score, once."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from generation import comparing, curation, opinions, records, registry
from generation.assignments import assign
from generation.models import Batch, TextScore
from surveys import lifecycle
from surveys.models import Article, Story, StudyVersion
from tests.factories import ready_study
from tests.generation.factories import curator, text_of, written

pytestmark = pytest.mark.django_db


def worked_on(texts: int = 5) -> tuple[Batch, list[Any]]:
    """A batch of which one text was accepted, one rejected, one judged by a panel, and two were compared; with the
    owner and the two curators who did it."""
    study = ready_study()
    story = Story.objects.filter(study=study).earliest("pk")
    batch = written(
        [f"Invented text {number} of kind m.\n\nIts second paragraph." for number in range(texts)],
        study=study,
        story=story,
    )
    owner = study.created_by
    people = [curator(study), curator(study)]
    curation.accept(text_of(batch, 0), by=people[1], arm=study.arms.get(key="synthetic"))
    curation.reject(text_of(batch, 1), by=people[0], reason="dull", seconds=3.5)
    assign(study, [text_of(batch, 2)], by=owner, curators=people, each=2, seed=1)
    opinions.give(text_of(batch, 2), by=people[0], verdict="accept", seconds=2)
    comparing.compare_pair(
        study,
        batch.prompt,
        by=owner,
        left=text_of(batch, 4).code,
        right=text_of(batch, 3).code,
        winner=text_of(batch, 4).code,
        seconds=7,
    )
    return batch, [owner, *people]


def frozen(batch: Batch) -> StudyVersion:
    return lifecycle.freeze(batch.study, batch.study.created_by)


def test_every_text_is_told_whatever_became_of_it() -> None:
    batch, _ = worked_on()
    rows = records.of_version(frozen(batch))["candidates"]
    assert [(row["candidate"], row["decision"]) for row in rows] == [
        (0, "accepted"),
        (1, "rejected"),
        (2, "pending"),
        (3, "pending"),
        (4, "pending"),
    ]
    taken = Article.objects.get(candidate__isnull=False)
    assert [row["article"] for row in rows] == [taken.key, "", "", "", ""]
    assert {row["model"] for row in rows} == {batch.language_model.name}
    assert rows[0]["seed"] == str(text_of(batch, 0).seed)


def test_who_acted_has_a_number_by_who_came_first_and_a_name_beside_it() -> None:
    batch, (owner, first, second) = worked_on()
    told = records.of_version(frozen(batch))
    acted = [
        (row["curator"], row["curator_name"]) for name in ("decisions", "opinions", "comparisons") for row in told[name]
    ]
    assert acted == [
        ("curator-1", str(second)),
        ("curator-2", str(first)),
        ("curator-2", str(first)),
        ("curator-3", str(owner)),
    ]


def test_decisions_opinions_and_comparisons_say_what_was_chosen_and_how_long_it_took() -> None:
    batch, _ = worked_on()
    told = records.of_version(frozen(batch))
    refused = told["decisions"][1]
    assert (refused["candidate"], refused["before"], refused["after"]) == (1, "pending", "rejected")
    assert (refused["reason"], refused["seconds"], refused["in_bulk"]) == ("dull", 3.5, False)
    (opinion,) = told["opinions"]
    assert (opinion["candidate"], opinion["verdict"], opinion["seconds"]) == (2, "accept", 2)
    (pair,) = told["comparisons"]
    assert (pair["first_candidate"], pair["second_candidate"], pair["winner"]) == (3, 4, "second")
    assert (pair["first_left"], pair["taken_back"], pair["seconds"]) == (False, False, 7)


def test_scores_are_of_real_and_machine_texts_alike_with_the_classes_of_gltr() -> None:
    batch, _ = worked_on()
    study = batch.study
    model = registry.offered()[0]
    for article in Article.objects.filter(study=study):
        TextScore.objects.create(
            article=article,
            language_model=model,
            status=TextScore.Status.DONE,
            requested_by=study.created_by,
            model_sha256="a" * 64,
            ends=[1, 2, 3, 4, 5],
            ranks=[1, 7, 70, 5000],
            logprobs=[-0.5, -1.0, -2.5, -4.0],
            perplexity=7.389,
        )
    rows = records.of_version(frozen(batch))["scores"]
    assert {row["origin"] for row in rows} == {"real", "synthetic"}
    assert len(rows) == Article.objects.filter(study=study).count()
    (of_one,) = {tuple(row[f"rank_to_{most}"] for most in records.RANKS) for row in rows}
    assert of_one == (0.25, 0.5, 0.75, 0.75)
    assert {(row["tokens"], row["mean_logprob"]) for row in rows} == {(4, -2.0)}


def test_more_texts_ask_the_database_no_more_often() -> None:
    counts = []
    for texts in (5, 30):
        version = frozen(worked_on(texts)[0])
        with CaptureQueriesContext(
            connection,
        ) as asked:
            records.of_version(version)
        counts.append(len(asked))
    assert counts[0] == counts[1]
