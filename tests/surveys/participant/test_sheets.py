"""A page that is rendered once reaches whom it was rendered for, and nobody's own things stay in it."""

import dataclasses
import re
from collections import Counter
from typing import Any

import pytest
from django.middleware import csrf
from django.middleware.csrf import CSRF_ALLOWED_CHARS, CSRF_TOKEN_LENGTH, get_token
from django.test import RequestFactory

from surveys.definition import Contact
from surveys.flow.place import frozen
from surveys.models import Study
from surveys.participant import sheets
from surveys.participant.pages import ShownArticle
from surveys.participant.sheets import Sheet
from tests.surveys.participant.person import RATINGS, Person, without_token

pytestmark = pytest.mark.django_db
ARTICLE = ShownArticle("A headline", ("The first paragraph.", "The second."), "en")


@pytest.fixture
def sheet(study: Study) -> Sheet:
    assert study.current_version is not None
    return Sheet(
        study=frozen(study.current_version),
        study_key=study.key,
        slug="reading-1",
        language="en",
        interface="en",
        is_preview=False,
        article=ARTICLE,
    )


def _page(sheet: Sheet, questions: str = "<p>Questions</p>", sequence: str = "0") -> str:
    request = RequestFactory().get("/")
    return sheets.filled(request, sheet, {"questions": questions, "draft_sequence": sequence}).content.decode()


def test_every_field_of_a_sheet_changes_the_page(sheet: Sheet) -> None:
    definition = sheet.study.definition.model_copy(update={"contact": Contact(name="Another team")})
    others: dict[str, Any] = {
        "study": sheet.study.model_copy(update={"definition": definition}),
        "study_key": "another-key",
        "slug": "reading-2",
        "language": "de",
        "is_preview": True,
        "article": dataclasses.replace(ARTICLE, headline="Another headline"),
        "beside": (("Words that stand beside it.",),),
    }
    # The interface has words in one language only, so that the page names another and is otherwise the same.
    assert {field.name for field in dataclasses.fields(Sheet)} == {*others, "interface"}
    page = without_token(_page(sheet))
    for name, value in others.items():
        assert without_token(_page(dataclasses.replace(sheet, **{name: value}))) != page, name
        assert without_token(_page(sheet)) == page, name


def test_gaps_are_filled_anew_each_time_and_leave_nothing_behind(sheet: Sheet) -> None:
    first, second = _page(sheet, "<p>Mine</p>", "123456"), _page(sheet)
    assert "<p>Mine</p>" in first
    assert 'data-sequence="123456"' in first
    assert "Mine" not in second
    assert "123456" not in second
    assert sheets._MARK not in first + second


def test_two_people_at_one_step_get_the_same_page_with_tokens_of_their_own(study: Study) -> None:
    people = [Person(study).walk_to("before-1") for _ in range(2)]
    pages = [person.get().content.decode() for person in people]
    tokens = [re.findall(r'name="csrfmiddlewaretoken"\s+value="([^"]+)"', page) for page in pages]
    assert [len(found) for found in tokens] == [1, 1]
    assert tokens[0] != tokens[1]
    assert without_token(pages[0]) == without_token(pages[1])


def test_what_one_person_typed_is_on_nobody_elses_page(study: Study) -> None:
    one, other = Person(study).walk_to("before-1"), Person(study).walk_to("before-1")
    one.client.post(f"{one.base}draft/?step=before-1&sequence=77", {"word": "a secret"})
    assert 'value="a secret"' in one.get().content.decode()
    assert 'data-sequence="77"' in one.get().content.decode()
    page = other.get().content.decode()
    assert "a secret" not in page
    assert 'data-sequence="0"' in page


def test_a_page_with_complaints_is_made_for_one_request_alone(study: Study) -> None:
    person = Person(study).walk_to("reading-1")
    person.get()
    response = person.post("reading-1", {"clear": "1"})
    assert response.status_code == 422
    assert b"Error:" in response.content
    assert b"Error:" not in person.get().content
    assert person.post("reading-1", RATINGS).status_code == 303


def test_a_forms_token_is_djangos_own_with_another_mask_each_time() -> None:
    request = RequestFactory().post("/")
    unmasked = csrf._unmask_cipher_token  # type: ignore[attr-defined]  # what Django checks a token with
    secret = unmasked(get_token(request))
    tokens = [sheets.token(request) for _ in range(2000)]
    assert {len(token) for token in tokens} == {CSRF_TOKEN_LENGTH}
    assert {unmasked(token) for token in tokens} == {secret}
    assert len(set(tokens)) == len(tokens)
    counts = Counter("".join(token[: len(secret)] for token in tokens))
    expected = len(tokens) * len(secret) / len(CSRF_ALLOWED_CHARS)
    assert set(counts) == set(CSRF_ALLOWED_CHARS)
    # Eight of 256 bytes would make eight letters a quarter likelier; chance alone moves a letter by some percent.
    assert all(abs(count / expected - 1) < 0.2 for count in counts.values())


def test_a_step_that_the_study_does_not_have_has_no_page(sheet: Sheet) -> None:
    with pytest.raises(LookupError, match="reading-99"):
        _page(dataclasses.replace(sheet, slug="reading-99"))
