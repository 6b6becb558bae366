"""Importing articles on the page: all or none, with a report by row and column."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from surveys import lifecycle
from surveys.models import Study

pytestmark = pytest.mark.django_db
GOOD = "story,headline,text,arm\nPark,Park opens,It opened.,real\nQuay,Quay closes,It closed.,real\n"


def _send(client: Client, study: Study, content: bytes, name: str = "articles.csv") -> str:
    address = reverse("workbench:study-article-import", args=[study.key])
    response = client.post(address, {"file": SimpleUploadedFile(name, content)}, follow=True)
    assert response.status_code == 200
    return str(response.content.decode())


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("articles.csv", GOOD.encode()),
        ("articles.csv", ("\ufeff" + GOOD).encode()),
        ("articles.csv", GOOD.replace(",", ";").encode()),
        ("ARTICLES.CSV", GOOD.replace("\n", "\r\n").encode()),
        (
            "articles.json",
            json.dumps([{"story": s, "text": "It did.", "arm": "real"} for s in ("Park", "Quay")]).encode(),
        ),
    ],
)
def test_a_good_file_is_imported(owner: Client, study: Study, name: str, content: bytes) -> None:
    before = study.articles.count()

    assert "2 articles are imported" in _send(owner, study, content, name)

    assert study.articles.count() == before + 2


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("articles.csv", b"", "The file is empty"),
        ("articles.csv", b"   \n ", "The file is empty"),
        ("articles.csv", b"story,text\n", "no articles"),
        ("articles.csv", "story,text\nCafé,Ouvert.\n".encode("latin-1"), "not UTF-8"),
        ("articles.csv", "story,text\nA,B\n".encode("utf-16"), "not UTF-8"),
        ("articles.csv", b"headline,text\nA,B\n", "columns are missing: story"),
        ("articles.csv", b"story,text,colour\nA,B,red\n", "not known: colour"),
        ("articles.csv", b"story,text\nA\n", "as many cells"),
        ("articles.csv", b"story,text,arm\nA,B,nowhere\n", "no arm nowhere"),
        ("articles.csv", b'story,text\nA,"never closed\n', "cannot be read"),
        ("articles.csv", b'story,"text\nA,B\n', "cannot be read"),
        ("articles.json", b"{not json", "Line 1, column 2"),
        ("articles.json", b'{"story": "A"}', "must hold a list"),
        ("articles.json", b'[{"story": "A"}]', "columns are missing: text"),
        ("articles.json", b"[" * 100_000, "nested"),
        ("picture.csv", b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "not UTF-8"),
    ],
)
def test_a_bad_file_is_reported_and_nothing_imported(
    owner: Client, study: Study, name: str, content: bytes, told: str
) -> None:
    before = study.articles.count()

    page = _send(owner, study, content, name)

    assert told in page
    assert f"Nothing was imported from {name}" in page
    assert study.articles.count() == before


def test_each_wrong_row_is_named_and_the_good_ones_are_not_stored(owner: Client, study: Study) -> None:
    before = study.articles.count(), study.stories.count()
    content = GOOD + "Tram,,,real\nLock,,Text.,real\nFerry,,Text.,elsewhere\n"

    response = owner.post(
        reverse("workbench:study-article-import", args=[study.key]),
        {"file": SimpleUploadedFile("articles.csv", content.encode())},
    )

    assert [(problem.row, problem.field) for problem in response.context["problems"]] == [(4, "text"), (6, "arm")]
    assert response.content.count(b'class="error-summary"') == 1
    assert (study.articles.count(), study.stories.count()) == before


def test_a_row_that_is_there_twice_is_two_articles_of_one_story(owner: Client, study: Study) -> None:
    _send(owner, study, (GOOD + "Park,Park opens,It opened.,real\n").encode())

    assert study.stories.filter(title="Park").count() == 1
    assert study.articles.filter(story__title="Park").count() == 2


def test_a_file_of_five_megabytes_is_read(owner: Client, study: Study) -> None:
    rows = "".join(f"Story {n},,{'word ' * 10_000},real\n" for n in range(105))
    content = ("story,headline,text,arm\n" + rows).encode()
    assert len(content) > 5 * 1024 * 1024

    assert "105 articles are imported" in _send(owner, study, content)


def test_a_file_past_the_limit_is_refused_by_name(owner: Client, study: Study) -> None:
    assert "huge.csv is larger than 20 MB" in _send(owner, study, b"x" * (20 * 1024 * 1024 + 1), "huge.csv")


def test_no_file_at_all_is_told(owner: Client, study: Study) -> None:
    response = owner.post(reverse("workbench:study-article-import", args=[study.key]))

    assert "file" in response.context["form"].errors


def test_the_template_is_a_file_that_can_be_imported(owner: Client, study: Study) -> None:
    response = owner.get(reverse("workbench:study-article-template", args=[study.key]))

    assert response["Content-Disposition"] == 'attachment; filename="articles.csv"'
    assert "1 article is imported" in _send(owner, study, response.content)
    study.definition["languages"] = ["en", "de"]
    study.save()
    assert (
        "untrue,untrue[de]" in owner.get(reverse("workbench:study-article-template", args=[study.key])).content.decode()
    )


def test_a_frozen_study_takes_no_file(owner: Client, study: Study) -> None:
    lifecycle.freeze(study, study.created_by)
    before = study.articles.count()

    assert "This study is frozen" in _send(owner, study, GOOD.encode())

    assert study.articles.count() == before


def test_a_file_name_with_markup_is_shown_as_text(owner: Client, study: Study) -> None:
    assert "<img" not in _send(owner, study, b"", "<img src=x>.csv").split("<main")[1]
