"""Articles: stored once and never changed."""

import hashlib
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from surveys import articles, lifecycle
from surveys.articles import (
    ArticleError,
    DraftOnly,
    add_article,
    describe_untrue,
    place,
    put_back,
    revise_article,
    story_named,
    take_down,
)
from surveys.models import Article, Origin, article_digest, normal_text
from tests.factories import ArmFactory, ArticleFactory, StoryFactory, StudyFactory, ready_study

pytestmark = pytest.mark.django_db


def test_a_text_is_stored_in_nfc_without_nul_and_with_plain_line_ends() -> None:
    assert normal_text(" cafe\u0301\r\nx\ry\0 ") == "café\nx\ny"


def test_the_hash_covers_headline_and_text_as_shown() -> None:
    assert article_digest("H", "T\r\n") == hashlib.sha256(b"H\n\nT").hexdigest()
    article = ArticleFactory()
    assert article.sha256 == article_digest(article.headline, article.text)


def test_an_edit_makes_a_new_row_and_keeps_the_old_one() -> None:
    old = ArticleFactory(text="Before.")
    new = revise_article(old, by=old.created_by, text="After.")
    old.refresh_from_db()
    assert (old.text, old.replaced_by, old.arm) == ("Before.", new, None)
    assert (new.text, new.headline, new.arm is not None) == ("After.", old.headline, True)
    assert list(Article.objects.standing()) == [new]


def test_of_two_edits_at_once_the_second_is_told() -> None:
    old = ArticleFactory()
    revise_article(old, by=old.created_by, text="First.")
    with pytest.raises(ArticleError, match="in the meantime"):
        revise_article(old, by=old.created_by, text="Second.")


def test_keys_are_given_and_stay_unique() -> None:
    story = StoryFactory()
    arm = ArmFactory(study=story.study)
    keys = {ArticleFactory(story=story, arm=arm).key for _ in range(3)}
    assert len(keys) == 3


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"text": " \n\0 "}, "text"),
        ({"text": "x" * (articles.LONGEST_TEXT + 1)}, "text"),
        ({"headline": "x" * 301}, "headline"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"source": "x" * 201}, "source"),
        ({"origin": "elsewhere"}, "origin"),
        ({"curation": "perhaps"}, "curation"),
        ({"language": ""}, "language"),
        ({"language": "en_US"}, "language"),
        ({"language": 'en" onload="x'}, "language"),
    ],
)
def test_what_cannot_be_stored_is_named_by_field(changes: dict[str, str], field: str) -> None:
    story = StoryFactory()
    given: dict[str, Any] = {"origin": Origin.REAL, "headline": "H", "text": "T", **changes}
    with pytest.raises(ArticleError) as refused:
        add_article(story.study, by=story.study.created_by, story=story, arm=None, **given)
    assert field in refused.value.problems
    assert not Article.objects.exists()


def test_a_real_article_does_not_fit_a_machine_arm() -> None:
    article = ArticleFactory(arm=ArmFactory(origin=Origin.REAL))
    with pytest.raises(ArticleError, match="holds machine-written articles"):
        place(article, ArmFactory(study=article.study), by=article.created_by)


def test_an_arm_of_another_study_is_refused() -> None:
    article = ArticleFactory()
    with pytest.raises(ArticleError, match="another study"):
        place(article, ArmFactory(), by=article.created_by)


def test_what_was_taken_down_can_be_put_back() -> None:
    article = ArticleFactory()
    take_down(article, by=article.created_by)
    assert not Article.objects.standing().exists()
    put_back(article, by=article.created_by)
    assert Article.objects.standing().get() == article


def test_a_frozen_study_takes_no_article_any_more() -> None:
    study = ready_study()
    lifecycle.freeze(study, study.created_by)
    article = study.articles.first()
    assert article is not None
    for attempt in (
        lambda: revise_article(article, by=study.created_by, text="Other."),
        lambda: take_down(article, by=study.created_by),
        lambda: place(article, None, by=study.created_by),
        lambda: describe_untrue(article, "Nothing.", {}, by=study.created_by),
        lambda: story_named(study, "Another story"),
    ):
        with pytest.raises(DraftOnly):
            attempt()


def test_a_story_is_found_again_by_its_title() -> None:
    study = StudyFactory()
    assert story_named(study, " A flood ") == story_named(study, "A flood")
    with pytest.raises(ArticleError):
        story_named(study, " ")


def test_titles_without_latin_letters_get_a_key_too() -> None:
    study = StudyFactory()
    assert len({story_named(study, "洪水").key, story_named(study, "سيل").key}) == 2


def test_the_database_refuses_an_article_without_hash() -> None:
    article = ArticleFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        Article.objects.filter(pk=article.pk).update(sha256="")
