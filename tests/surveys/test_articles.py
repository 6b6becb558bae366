"""Articles: stored once and never changed."""

import hashlib
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from generation.parity.measures import Shown, measured
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
from surveys.sentences import paragraphs, sentences
from tests.factories import ArmFactory, ArticleFactory, StoryFactory, StudyFactory, ready_study

pytestmark = pytest.mark.django_db


def test_a_text_is_stored_in_nfc_without_nul_and_with_plain_line_ends() -> None:
    assert normal_text(" cafe\u0301\r\nx\ry\0 ") == "café\nx\ny"


@pytest.mark.parametrize("blanks", ["", " ", "\u00a0", "\t ", "\u200b", "\ufeff\u3000", " \r\n\u00a0"])
def test_whatever_blanks_part_the_paragraphs_of_a_text_readers_and_the_parity_report_count_them_alike(
    blanks: str,
) -> None:
    arm = ArmFactory(origin=Origin.REAL)
    text = f"The first.\n{blanks}\nThe second,\n of two lines.\r\n{blanks}\r\nThe third."
    article = add_article(
        arm.study,
        by=arm.study.created_by,
        story=StoryFactory(study=arm.study),
        arm=arm,
        origin=Origin.REAL,
        headline="",
        text=text,
    )
    article.refresh_from_db()
    shown = paragraphs(article.text)
    assert shown == ("The first.", "The second,\n of two lines.", "The third.")
    assert len(sentences(article.text)) == measured(Shown("a", "real", "real", "", article.text))["paragraphs"] == 3
    assert normal_text(article.text) == article.text


def test_a_text_that_was_stored_with_blanks_between_its_paragraphs_keeps_hash_and_sentences() -> None:
    older = "The first.\n \nThe second."
    assert article_digest("H", older) == hashlib.sha256(f"H\n\n{older}".encode()).hexdigest()
    assert sentences(older) == (("The first.", "The second."),)
    # As it is shown, so it is measured: the report tells of it beside texts of several paragraphs.
    assert len(paragraphs(older)) == measured(Shown("a", "real", "real", "", older))["paragraphs"] == 1


def test_a_text_of_before_whose_blanks_alone_would_go_is_not_taken_for_edited() -> None:
    old = ArticleFactory(lineage={"schema": "invented"})
    Article.objects.filter(pk=old.pk).update(text="The first.\n \nThe second.")
    new = revise_article(old, by=old.created_by, headline="Another")
    assert (new.headline, new.text) == ("Another", "The first.\n\nThe second.")


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
