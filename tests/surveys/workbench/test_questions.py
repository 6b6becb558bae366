"""The page of the questions: shown, exported, imported, added from the library, removed."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from surveys import lifecycle
from surveys.drafting import definition_of
from surveys.models import Study

pytestmark = pytest.mark.django_db


def _url(name: str, study: Study, *more: str) -> str:
    return reverse(f"workbench:{name}", args=[study.key, *more])


def _send(client: Client, study: Study, content: bytes, name: str = "study.json") -> str:
    address = _url("study-definition-import", study)
    return str(client.post(address, {"file": SimpleUploadedFile(name, content)}, follow=True).content.decode())


def _blocks(study: Study) -> list[str]:
    study.refresh_from_db()
    return [block.key for block in definition_of(study).blocks]


def test_questions_are_shown_with_their_options_and_no_control(owner: Client, study: Study) -> None:
    page = owner.get(_url("study-questions", study)).content.decode()

    assert "How believable is this article?" in page
    assert "Somewhat" in page
    assert 'type="radio"' not in page


def test_an_export_can_be_imported_again_without_a_change(owner: Client, study: Study) -> None:
    exported = owner.get(_url("study-definition", study))
    before = definition_of(study)

    assert "The definition is imported" in _send(owner, study, exported.content)

    study.refresh_from_db()
    assert definition_of(study) == before
    assert exported["Content-Disposition"].startswith("attachment")


def test_an_edited_file_changes_the_questions(owner: Client, study: Study) -> None:
    data = json.loads(owner.get(_url("study-definition", study)).content)
    data["definition"]["blocks"][0]["items"][0]["wording"]["en"] = "Do you read the news?"

    _send(owner, study, json.dumps(data).encode())

    assert "Do you read the news?" in owner.get(_url("study-questions", study)).content.decode()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "Line 1"),
        (b"\x89PNG\r\n\x1a\n", "UTF-8"),
        (b"{", "Line 1"),
        (b"[]", "study.json"),
        (b'{"schema": "other/1"}', "schema"),
        (b'{"definition": {"blocks": [{"key": "a", "when": "never", "items": []}]}}', "blocks[0].when"),
        (b'{"definition": {"colour": 1}}', "colour"),
        (b'{"definition": {"blocks": [{"key": "a", "when": "after", "instrument": "no-such"}]}}', "no-such"),
        (b"[" * 100_000, "study.json"),
    ],
)
def test_a_bad_file_names_the_field_and_changes_nothing(owner: Client, study: Study, content: bytes, told: str) -> None:
    before = definition_of(study)

    page = _send(owner, study, content)

    assert told in page.split("error-summary")[1]
    study.refresh_from_db()
    assert definition_of(study) == before


def test_a_file_past_the_limit_is_refused_by_name(owner: Client, study: Study) -> None:
    assert "big.json is larger than 5 MB" in _send(owner, study, b" " * (5 * 1024 * 1024 + 1), "big.json")


def test_an_instrument_of_the_library_is_added(owner: Client, study: Study) -> None:
    owner.post(_url("study-question-add", study), {"instrument": "attention-check", "when": "before"})

    assert _blocks(study) == ["about-you", "credibility", "attention-check"]


@pytest.mark.parametrize("data", [{}, {"instrument": "no-such", "when": "before"}, {"instrument": "attention-check"}])
def test_a_choice_that_is_not_offered_adds_nothing(owner: Client, study: Study, data: dict[str, str]) -> None:
    response = owner.post(_url("study-question-add", study), data)

    assert response.context["library"].errors
    assert _blocks(study) == ["about-you", "credibility"]


def test_items_that_are_there_already_are_named(owner: Client, study: Study) -> None:
    page = owner.post(_url("study-question-add", study), {"instrument": "kreps-credibility", "when": "after"})

    assert "believable" in page.content.decode().split("error-summary")[1]


def test_removing_asks_first(owner: Client, study: Study) -> None:
    address = _url("study-question-remove", study, "about-you")
    assert "1 question is removed" in owner.get(address).content.decode()
    assert _blocks(study) == ["about-you", "credibility"]

    owner.post(address)
    assert _blocks(study) == ["credibility"]


def test_blocks_of_a_stage_change_places(owner: Client, study: Study) -> None:
    owner.post(_url("study-question-add", study), {"instrument": "attention-check", "when": "before"})

    owner.post(_url("study-question-move", study, "attention-check"), {"direction": "up"})

    assert [block.key for block in definition_of(Study.objects.get(pk=study.pk)).at("before")] == [
        "attention-check",
        "about-you",
    ]


def test_a_block_that_is_not_there_is_not_found(owner: Client, study: Study) -> None:
    assert owner.get(_url("study-question-remove", study, "no-such-block")).status_code == 404


def test_a_frozen_study_takes_no_questions(owner: Client, study: Study) -> None:
    exported = owner.get(_url("study-definition", study)).content
    lifecycle.freeze(study, study.created_by)
    before = _blocks(study)

    assert "The study is frozen now" in _send(owner, study, exported)
    owner.post(_url("study-question-add", study), {"instrument": "attention-check", "when": "before"})
    owner.post(_url("study-question-remove", study, "about-you"))

    assert _blocks(study) == before
