"""What generation adds to a study: its tab, an article's origin, and a guard over texts that were curated."""

from html import unescape

import pytest
from django.test import Client, RequestFactory
from django.urls import reverse

from generation import curation
from generation.rules import set_rules
from generation.study import debriefing_notes, tab
from surveys.articles import ArticleError, place, put_back, revise_article
from surveys.models import Article
from tests.factories import ArmFactory, ArticleFactory, StudyFactory
from tests.generation.factories import (
    CONTINUATION,
    curator,
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


NAMED = (
    " The decision was praised by Mayor Ida Invented at the town hall.\n\n"
    '"We had no other choice in this matter," said Ida Invented, and left the room.'
)


@pytest.mark.parametrize("page", ["workbench:study-article", "workbench:study-article-edit"])
def test_whoever_writes_what_is_untrue_is_shown_beside_it_whom_the_text_names_and_quotes(
    client: Client, page: str
) -> None:
    batch = written([NAMED, CONTINUATION.replace('"', "")])
    client.force_login(batch.created_by)

    def shown(index: int) -> str:
        found = curation.accept(text_of(batch, index), by=batch.created_by, arm=None)
        return client.get(reverse(page, args=[batch.study.key, found.key])).content.decode()

    named = unescape(shown(0))
    before, field = named.index("Look at these"), named.index('name="untrue"')
    assert (
        before
        < named.index("Ida Invented</span>")
        < named.index("We had no other choice in this matter</span>")
        < field
    )
    assert "Look at these" not in shown(1)


def test_all_are_shown_of_the_text_as_it_stands_also_of_one_from_elsewhere_and_none_of_a_real_one() -> None:
    """Screening's flags name the first six, and no flags were made of texts from elsewhere."""
    people = ["Ada", "Bea", "Cia", "Dee", "Eva", "Fia", "Gia", "Hea"]
    left = " ".join(f"Judge {each} Quill left." for each in people)
    said = f'Nobody knew. "We had no other choice in this," they said. {left}'
    pasted = ArticleFactory(arm=synthetic_arm(StudyFactory()), text=said)
    named, quoted = debriefing_notes(pasted)
    assert named.evidence == "; ".join(f"{each} Quill" for each in people)
    assert quoted.evidence == "We had no other choice in this"
    real = ArticleFactory(arm=ArmFactory(study=pasted.study, origin="real"), story=pasted.story, text=said)
    assert debriefing_notes(real) == []
    # What the real article of the same story says is no invention.
    assert [note.what for note in debriefing_notes(pasted)] == [named.what]


def test_blind_curators_are_shown_whom_a_text_names_too(client: Client) -> None:
    batch = written([NAMED])
    set_rules(batch.study, by=batch.created_by, is_blind=True, most_edited=None)
    found = curation.accept(text_of(batch), by=batch.created_by, arm=None)
    client.force_login(curator(batch.study))
    page = client.get(reverse("workbench:study-article", args=[batch.study.key, found.key])).content.decode()
    assert "Ida Invented</span>" in page


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
