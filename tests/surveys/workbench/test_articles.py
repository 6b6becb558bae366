"""The pages of the articles: adding, editing into a new row, placing, taking down and putting back."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from surveys import lifecycle
from surveys.articles import revise_article
from surveys.models import Article, Role, Study
from tests.factories import StudyFactory, member

pytestmark = pytest.mark.django_db
NEW = {
    "story": "River path",
    "arm": "real",
    "headline": "Path is widened",
    "text": "The council voted.\r\n\r\nWork begins in spring.",
    "language": "en",
}


def _url(name: str, study: Study, *more: str) -> str:
    return reverse(f"workbench:{name}", args=[study.key, *more])


def _first(study: Study) -> Article:
    return study.articles.select_related("arm").order_by("pk")[0]


def test_an_article_is_added_with_its_arms_origin(owner: Client, study: Study) -> None:
    owner.post(_url("study-article-new", study), NEW)

    article = study.articles.get(headline="Path is widened")
    assert (article.origin, article.story.title) == ("real", "River path")
    assert article.text == "The council voted.\n\nWork begins in spring."


def test_a_hole_leads_to_a_form_with_its_story_and_arm(owner: Client, study: Study) -> None:
    page = owner.get(_url("study-article-new", study), {"story": "River & path", "arm": "synthetic"})

    assert page.context["form"]["story"].value() == "River & path"
    assert '<option value="synthetic" selected>' in page.content.decode()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("story", ""),
        ("story", "x" * 201),
        ("text", ""),
        ("text", " \r\n "),
        ("text", "x" * 100_001),
        ("text", "a\x00b"),
        ("headline", "x" * 301),
        ("arm", "no-such-arm"),
        ("origin", "elsewhere"),
        ("url", "not an address"),
        ("url", "javascript:alert(1)"),
        ("published_on", "yesterday"),
        ("language", ""),
    ],
)
def test_a_wrong_article_is_named_by_its_field_and_kept(owner: Client, study: Study, field: str, value: str) -> None:
    before = study.articles.count()

    response = owner.post(_url("study-article-new", study), {**NEW, "author": "typed with care", field: value})

    assert field in response.context["form"].errors
    assert "typed with care" in response.content.decode()
    assert study.articles.count() == before
    assert not study.stories.filter(title="River path").exists(), "no story stays behind"


def test_an_article_of_the_wrong_origin_for_its_arm_is_refused(owner: Client, study: Study) -> None:
    response = owner.post(_url("study-article-new", study), {**NEW, "origin": "synthetic"})

    assert "arm" in response.context["form"].errors


def test_an_article_without_arm_needs_its_origin(owner: Client, study: Study) -> None:
    response = owner.post(_url("study-article-new", study), {**NEW, "arm": ""})
    assert "origin" in response.context["form"].errors

    owner.post(_url("study-article-new", study), {**NEW, "arm": "", "origin": "synthetic"})
    assert study.articles.get(headline="Path is widened").arm is None


def test_an_edit_makes_a_new_row_and_keeps_the_old(owner: Client, study: Study) -> None:
    old = _first(study)

    response = owner.post(
        _url("study-article-edit", study, old.key),
        {**NEW, "story": old.story.title, "arm": "real", "text": "Other words."},
        follow=True,
    )

    old.refresh_from_db()
    assert old.replaced_by is not None
    assert (old.replaced_by.text, old.replaced_by.arm) == ("Other words.", study.arms.get(key="real"))
    assert "Invented text 1" in old.text
    assert _url("study-article", study, old.key) in response.content.decode()


def test_of_two_edits_at_once_the_second_is_told(owner: Client, study: Study) -> None:
    old = _first(study)
    address = _url("study-article-edit", study, old.key)
    owner.post(address, {**NEW, "text": "Hers."})

    response = owner.post(address, {**NEW, "text": "His."})

    assert "Somebody edited this article" in response.content.decode()
    assert response.context["form"]["text"].value() == "His."
    assert not study.articles.filter(text="His.").exists()


def test_an_article_is_placed_and_taken_out(owner: Client, study: Study) -> None:
    article = _first(study)

    owner.post(_url("study-article-place", study, article.key), {"arm": ""})
    assert _first(study).arm is None
    owner.post(_url("study-article-place", study, article.key), {"arm": "real"})
    assert _first(study).arm == study.arms.get(key="real")


def test_an_article_is_not_placed_among_the_other_origin(owner: Client, study: Study) -> None:
    article = _first(study)

    page = owner.post(_url("study-article-place", study, article.key), {"arm": "synthetic"}, follow=True)

    assert "Choose an arm that holds articles of this origin" in page.content.decode()
    assert _first(study).arm == study.arms.get(key="real")


def test_what_is_taken_down_can_be_put_back(owner: Client, study: Study) -> None:
    article = _first(study)

    page = owner.post(_url("study-article-take-down", study, article.key), follow=True).content.decode()
    assert "Put back" in page
    assert _first(study).taken_down_at is not None

    owner.post(_url("study-article-put-back", study, article.key))
    assert _first(study).taken_down_at is None


def test_what_is_not_true_can_be_written_in_a_draft(owner: Client, study: Study) -> None:
    article = _first(study)

    owner.post(_url("study-article-untrue", study, article.key), {"untrue": "No such vote took place."})

    assert _first(study).untrue == "No such vote took place."


def test_what_is_not_true_is_written_in_each_language_of_the_study_and_kept_by_an_edit(
    owner: Client, study: Study
) -> None:
    study.definition["languages"] = ["en", "de"]
    study.save()
    article = _first(study)
    page = owner.get(_url("study-article", study, article.key)).content.decode()
    assert "What is not true in it (Deutsch)" in page
    texts = {"untrue": "No such vote.", "untrue-de": "Keine solche Wahl."}
    owner.post(_url("study-article-untrue", study, article.key), texts)
    revised = revise_article(_first(study), by=study.created_by, source="Another")
    assert (revised.untrue, revised.untrue_in) == ("No such vote.", {"de": "Keine solche Wahl."})


def test_what_is_not_true_is_told_in_each_language_where_an_article_is_added_or_edited(
    owner: Client, study: Study
) -> None:
    study.definition["languages"] = ["en", "de"]
    study.save()
    told = {"untrue": "No such vote.", "untrue-de": "Keine solche Wahl."}
    owner.post(_url("study-article-new", study), NEW | told)
    article = study.articles.get(headline="Path is widened")
    assert (article.untrue, article.untrue_in) == ("No such vote.", {"de": "Keine solche Wahl."})
    # A language that the study has given up is not lost by an edit.
    Article.objects.filter(pk=article.pk).update(untrue_in=article.untrue_in | {"es": "Nada."})
    page = owner.get(_url("study-article-edit", study, article.key)).content.decode()
    assert "Keine solche Wahl." in page
    owner.post(_url("study-article-edit", study, article.key), NEW | told | {"untrue-de": "Gar keine Wahl."})
    revised = study.articles.get(headline="Path is widened", replaced_by=None)
    assert revised.untrue_in == {"de": "Gar keine Wahl.", "es": "Nada."}


def test_what_is_not_true_is_read_and_not_written_once_the_study_is_frozen(owner: Client, study: Study) -> None:
    study.articles.update(untrue="No such vote took place.")
    lifecycle.freeze(study, study.created_by)

    page = owner.get(_url("study-article", study, _first(study).key)).content.decode()

    assert "No such vote took place." in page
    assert _url("study-article-untrue", study, _first(study).key) not in page


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("study-article-edit", NEW),
        ("study-article-place", {"arm": ""}),
        ("study-article-take-down", {}),
        ("study-article-put-back", {}),
        ("study-article-untrue", {"untrue": "No such vote took place."}),
    ],
)
def test_a_frozen_study_refuses_every_change_and_says_why(
    owner: Client, study: Study, name: str, data: dict[str, Any]
) -> None:
    lifecycle.freeze(study, study.created_by)
    before = list(study.articles.order_by("pk").values())

    response = owner.post(_url(name, study, _first(study).key), data, follow=True)

    assert "This study is frozen" in response.content.decode()
    assert list(study.articles.order_by("pk").values()) == before


def test_an_article_of_another_study_is_not_found(owner: Client, study: Study) -> None:
    other = StudyFactory()
    client = Client()
    client.force_login(other.created_by)

    assert client.get(_url("study-article", other, _first(study).key)).status_code == 404


def test_an_observer_reads_an_article_and_gets_no_buttons(client: Client, study: Study) -> None:
    client.force_login(member(study, Role.OBSERVER))

    page = client.get(_url("study-article", study, _first(study).key)).content.decode()

    assert "Invented text 1" in page
    assert "Take down" not in page
    assert "Place it there" not in page


def test_an_empty_study_says_where_articles_come_from(client: Client) -> None:
    study = StudyFactory()
    client.force_login(study.created_by)

    assert "No article yet" in client.get(_url("study-articles", study)).content.decode()
