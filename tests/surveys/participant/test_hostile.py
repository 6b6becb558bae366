"""What people and programs write into fields and addresses: it is kept or refused as text, and nothing is lost."""

import pytest
from django.conf import settings
from django.test import Client

from surveys import access_keys
from surveys.models import Answer, Draft, PanelIdentity, Participant, Study
from surveys.tokens import unseal
from tests import factories
from tests.surveys.participant.kinds import KINDS, blocks_of
from tests.surveys.participant.person import WHOLE, Person, fitting, leads_to

pytestmark = pytest.mark.django_db


def _answers(step: str) -> dict[str, str]:
    return dict(Answer.objects.filter(step=step).values_list("item", "value"))


HOSTILE = [
    "🦉 emoji 👩🏽‍🔬 مرحبا",
    "NUL \0 in \0 the middle",
    "'; DROP TABLE surveys_answer; --",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "{{ settings.SECRET_KEY }} {% debug %}",
    "\u202eright to left \u0000\u0008\u001b[31m",
    "=HYPERLINK(1)",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_is_written_into_a_text_field_is_kept_as_text(study: Study, text: str) -> None:
    person = Person(study).walk_to("before-1")
    page = person.post(data={"word": text, "words": text}).content.decode()
    assert "<script>alert" not in page
    assert settings.SECRET_KEY not in page
    assert leads_to(person.answer(word=text, words=text)) == "reading-1"
    stored = text.replace("\0", "")
    assert _answers("before-1")["word"] == stored
    assert _answers("before-1")["words"] == stored


@pytest.mark.parametrize("text", [*HOSTILE, "x" * 1_000_000])
def test_whatever_is_sent_in_any_other_field_is_asked_again_and_nothing_is_lost(study: Study, text: str) -> None:
    person = Person(study).walk_to("before-1")
    good = fitting(person.place)
    for field in ("one", "scale", "some", "age"):
        response = person.post(data=good | {field: text, "word": "still here"})
        assert response.status_code == 422
        assert b'value="still here"' in response.content
        assert b"<script>alert" not in response.content
    assert not Answer.objects.exists()
    assert leads_to(person.post(data=good)) == "reading-1"


def test_a_text_of_a_megabyte_is_asked_to_be_shortened_and_comes_back_whole(study: Study) -> None:
    person = Person(study).walk_to("before-1")
    text = "a word " * 150_000
    response = person.post(data=fitting(person.place) | {"words": text})
    assert response.status_code == 422
    assert b"at most 5000 characters" in response.content
    assert text.encode() in response.content
    assert person.slug == "before-1"


def test_fields_that_no_page_has_are_ignored(study: Study) -> None:
    person = Person(study).walk_to("before-1")
    person.answer(arm="real", outcome="completed", stage="end", completion_code="MINE", unknown="x")
    assert set(_answers("before-1")) == {"one", "scale", "some", "age", "word", "words"}
    assert person.slug == "reading-1"


def test_a_field_that_is_sent_several_times_is_asked_again(study: Study) -> None:
    person = Person(study).walk_to("before-1")
    assert person.post(data=fitting(person.place) | {"one": ["yes", "no"]}).status_code == 422


@pytest.mark.parametrize("kind", sorted({*KINDS, "highlight"} - {"short-text", "long-text", "rule"}))
def test_each_kind_of_question_asks_again_whatever_was_sent_and_then_takes_the_answer(kind: str) -> None:
    person = Person(factories.launched_study(blocks=blocks_of(kind)))
    person.walk_to("reading-1" if kind == "highlight" else "before-1")
    person.get()
    good = fitting(person.place)
    slug = person.slug
    for text in (*HOSTILE, "x" * 1_000_000):
        for field in good:
            for sent in (text, [text, text]):
                response = person.post(data=good | {field: sent})
                assert response.status_code == 422, (field, text[:30])
                assert b"<script>alert" not in response.content
                assert b"<img src=x" not in response.content
    assert not Answer.objects.filter(step=slug).exists()
    assert person.slug == slug
    assert leads_to(person.post(data=good)) != slug
    assert set(_answers(slug)) >= set(good)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_panels_id_is_one_person_whatever_it_is_made_of(study: Study, text: str) -> None:
    query = {"PROLIFIC_PID": text, "SESSION_ID": text, "STUDY_ID": text}
    for _ in range(2):
        client = Client()
        page = client.get(f"/s/{study.key}/", query, follow=True)
        assert page.status_code == 200
        assert b"<script>alert" not in page.content
        client.post(f"/s/{study.key}/consent/", {"answer": "agree"})
    assert Participant.objects.count() == 1
    assert unseal(bytes(PanelIdentity.objects.get().ciphertext or b"")) == text.replace("\0", "").strip()


@pytest.mark.parametrize("text", [*HOSTILE, "x" * 100_000])
def test_an_address_with_anything_in_it_lets_nobody_in_or_out(study: Study, text: str) -> None:
    person = Person(study).walk_to("before-1")
    for name in ("mode", "language", "step", "sequence", "answer", "key"):
        assert b"<script>alert" not in person.client.get(person.base, {name: text}, follow=True).content
        assert b"<script>alert" not in Client().get(person.base, {name: text}, follow=True).content
    assert (
        person.client.post(f"{person.base}draft/", {"one": "yes"}, QUERY_STRING="step=x&sequence=-1").status_code == 400
    )
    assert person.slug == "before-1"
    assert not Answer.objects.exists()


@pytest.mark.parametrize("text", [*HOSTILE, "x" * 100_000])
def test_a_language_or_a_consent_that_is_made_up_is_asked_again(text: str) -> None:
    person = Person(factories.launched_study(blocks=WHOLE))
    for sent in ({"language": text}, {"answer": text}, {"answer": [text, text]}):
        response = person.post("consent", sent)
        assert response.status_code == 200
        assert b"<script>alert" not in response.content
    assert person.row.consented_at is None
    assert leads_to(person.answer()) == "before-1"


@pytest.mark.parametrize("text", [*HOSTILE, "x" * 100_000])
def test_a_key_that_is_made_up_is_refused_and_repeated_as_text(study: Study, text: str) -> None:
    study.recruitment = {"panel": access_keys.PANEL}
    study.save()
    response = Client().post(f"/s/{study.key}/key/", {"key": text})
    assert response.status_code == 422
    assert b"<script>alert" not in response.content
    assert not Participant.objects.exists()


@pytest.mark.parametrize("text", HOSTILE)
def test_a_draft_keeps_whatever_is_typed_and_gives_it_back_as_text(study: Study, text: str) -> None:
    person = Person(study).walk_to("before-1")
    person.get()
    address = f"{person.base}draft/?step=before-1&sequence=1"
    assert person.client.post(address, {"word": text, "one": text, text[:50]: "x"}).status_code == 204
    assert Draft.objects.get().content["word"] == [text.replace("\0", "")]
    page = person.get()
    assert page.status_code == 200
    assert b"<script>alert" not in page.content
    assert leads_to(person.post(data=fitting(person.place) | {"word": text})) == "reading-1"
