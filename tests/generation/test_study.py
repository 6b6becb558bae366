"""What generation adds to a study: its tab, an article's origin, and a guard over texts that were curated."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client, RequestFactory
from django.urls import reverse

from generation import continuing, curation, drafting
from generation.study import part_of_people, tab
from surveys import lifecycle
from surveys.articles import ArticleError, place, put_back, revise_article
from surveys.frozen import canonical
from surveys.models import Article
from surveys.other_apps import PartOfPeople
from surveys.study_file import frozen_article
from tests.factories import ArticleFactory, StudyFactory
from tests.generation.factories import (
    CONTINUATION,
    OPENING,
    claimed,
    curator,
    draft,
    synthetic_arm,
    text_of,
    written,
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("name", "current"), [("generation:review", True), ("workbench:study", False)])
def test_the_tab_leads_to_the_batches_and_is_current_on_all_pages_below(name: str, current: bool) -> None:
    study = StudyFactory()
    found = tab(RequestFactory().get(reverse(name, args=[study.key])), study)
    assert found is not None
    assert (found.url, found.current) == (reverse("generation:index", args=[study.key]), current)


@pytest.fixture
def accepted() -> Article:
    """A curated text that became an article."""
    batch = written(headline="The old bridge")
    arm = synthetic_arm(batch.study)
    return curation.accept(text_of(batch), by=batch.created_by, arm=arm)


def test_a_curated_text_is_changed_in_its_review_alone_where_edits_are_counted(accepted: Article) -> None:
    by = accepted.created_by
    with pytest.raises(ArticleError, match="edited in its review"):
        revise_article(accepted, by=by, text="Another text altogether.")
    renamed = revise_article(accepted, by=by, headline="The old bridge is closed")
    assert (renamed.text, renamed.headline) == (accepted.text, "The old bridge is closed")
    # What replaced it is kept as well, and the review's own edit goes on from there.
    with pytest.raises(ArticleError, match="edited in its review"):
        revise_article(renamed, by=by, text="Another text altogether.")
    text = text_of(accepted.candidate.batch)
    curation.reopen(text, by=by)
    edited = curation.accept(text_of(text.batch), by=by, arm=None, text=f"{accepted.text} It reopens in May.")
    assert [edit["inserted"] for edit in edited.lineage["edits"]] == [len(" It reopens in May.")]


@pytest.mark.parametrize(
    ("asked", "raw", "edit", "opened", "edited"),
    [
        ({}, CONTINUATION, lambda text: text, True, False),
        ({}, CONTINUATION, lambda text: text.replace("nine", "ten"), True, True),
        ({}, CONTINUATION, lambda text: text.replace("old bridge", "new bridge", 1), True, True),
        ({}, CONTINUATION, lambda text: text.removeprefix(OPENING), False, True),
        ({"opening_shown": False}, CONTINUATION, lambda text: text, False, False),
        ({"kind": "instruction", "text": "Write about a bridge."}, CONTINUATION, lambda text: text, False, False),
    ],
)
def test_the_frozen_article_says_whether_people_wrote_its_beginning_and_whether_they_edited_it(
    asked: dict[str, Any], raw: str, edit: Callable[[str], str], opened: bool, edited: bool
) -> None:
    batch = written([raw], **asked)
    arm, text = synthetic_arm(batch.study), text_of(batch)
    article = curation.accept(text, by=batch.created_by, arm=arm, text=edit(curation.standing_text(text)))
    hashed = json.loads(canonical(frozen_article(article, arm)))
    assert (hashed.get("opened_by_people", False), hashed.get("edited_by_people", False)) == (opened, edited)
    # A lineage of an older release says less, and the same.
    for name in ("opening", "text_sha256", "edited"):
        del article.lineage[name]
    assert part_of_people(article) == PartOfPeople(opened, edited)


def test_a_text_that_goes_on_from_another_still_begins_with_what_people_wrote() -> None:
    batch = written([CONTINUATION])
    text, by, arm = text_of(batch), batch.created_by, synthetic_arm(batch.study)
    whole = curation.standing_text(text)
    cut, _words = continuing.places_to_cut(whole)[-1]
    further = continuing.continue_from(text, by=by, cut=cut, size=1, max_tokens=None)
    run = claimed(further)
    drafting.save(run, draft(0, " Then it rained for a week."))
    article = curation.accept(text_of(further), by=by, arm=arm)
    assert part_of_people(article) == PartOfPeople(opened=True, edited=False)


def test_a_curated_text_that_is_changed_in_a_copy_of_its_study_counts_as_edited(accepted: Article) -> None:
    copy = lifecycle.copy_study(accepted.study, accepted.created_by, "A copy")
    copied = copy.articles.get(arm__isnull=False)
    assert part_of_people(copied) == PartOfPeople(opened=True, edited=False)
    changed = revise_article(copied, by=accepted.created_by, text=f"{copied.text} It reopens in May.")
    assert part_of_people(changed) == PartOfPeople(opened=True, edited=True)


def test_an_article_of_which_people_wrote_nothing_or_all_is_hashed_as_before(accepted: Article) -> None:
    real, pasted = ArticleFactory(), ArticleFactory(arm=synthetic_arm(accepted.study))
    for article in (real, pasted):
        assert article.arm is not None
        hashed = json.loads(canonical(frozen_article(article, article.arm)))
        assert not {"opened_by_people", "edited_by_people"} & set(hashed)


def test_articles_that_nobody_curated_are_edited_as_before() -> None:
    real = ArticleFactory()
    assert revise_article(real, by=real.created_by, text="Another wording.").text == "Another wording."


def test_a_text_that_is_no_longer_accepted_does_not_come_back_by_another_way(accepted: Article) -> None:
    by = accepted.created_by
    text = text_of(accepted.candidate.batch)
    curation.reopen(text, by=by)
    accepted.refresh_from_db()
    with pytest.raises(ArticleError, match="not accepted any more"):
        put_back(accepted, by=by)
    place(accepted, None, by=by)
    curation.reject(text_of(text.batch), by=by, reason="It contradicts itself.")
    with pytest.raises(ArticleError, match="not accepted any more"):
        put_back(accepted, by=by)


def test_the_form_says_why_the_text_stays_and_takes_the_rest(client: Client, accepted: Article) -> None:
    client.force_login(curator(accepted.study))
    url = reverse("workbench:study-article-edit", args=[accepted.study.key, accepted.key])
    form = client.get(url).content.decode()
    assert "A model wrote this text: it is edited in its review" in form
    assert " readonly" in form
    assert accepted.arm is not None
    typed = {"story": accepted.story.title, "arm": accepted.arm.key, "language": "en", "text": accepted.text}
    refused = client.post(url, typed | {"text": "Typed all the same."}).content.decode()
    assert "Typed all the same." in refused
    assert refused.count("it is edited in its review") == 3  # the field's help and error, and the summary
    assert client.post(url, typed | {"headline": "Another headline"}).status_code == 302
    assert Article.objects.get(headline="Another headline").text == accepted.text


def test_an_articles_page_tells_how_it_was_made_and_leads_to_its_review(client: Client, accepted: Article) -> None:
    study, text = accepted.study, text_of(accepted.candidate.batch)
    client.force_login(study.created_by)
    page = client.get(reverse("workbench:study-article", args=[study.key, accepted.key])).content.decode()
    assert reverse("generation:candidate", args=[study.key, text.code]) in page
    assert str(text.seed) in page
    assert text.raw_sha256[:12] in page
    assert "invented/model" in page
    assert "Goes on from" not in page
    real = ArticleFactory(story=accepted.story)
    other = client.get(reverse("workbench:study-article", args=[study.key, real.key])).content.decode()
    assert "How it was made" not in other
