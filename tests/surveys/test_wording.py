"""A study is frozen only when its questions are written in each of its languages, every option of them."""

from typing import Any

import pytest

from surveys import lifecycle
from surveys.definition import read_definition
from surveys.lifecycle import LifecycleError
from surveys.wording import untranslated
from tests import factories

BOTH = {"en": "Words", "de": "Wörter"}


def study(**item: Any) -> dict[str, Any]:
    """A definition in English and German with one question, whose texts are in both unless told otherwise."""
    options = [{"code": code, "label": BOTH} for code in ("a", "b")]
    question = {"key": "asked", "kind": "single", "wording": BOTH, "options": options} | item
    block = {"key": "part", "when": "reading", "title": BOTH, "items": [question]}
    return factories.definition(languages=["en", "de"], blocks=[block])


def test_what_is_written_in_every_language_has_no_gaps() -> None:
    assert untranslated(read_definition(study())) == {}
    assert untranslated(read_definition(study(help={}))) == {}


@pytest.mark.parametrize(
    "item",
    [
        {"wording": {"en": "Words"}},
        {"help": {"en": "Words"}},
        {"options": [{"code": "a", "label": BOTH}, {"code": "b", "label": {"en": "Words"}}]},
    ],
)
def test_a_text_that_lacks_a_language_is_named_by_its_question(item: dict[str, Any]) -> None:
    assert untranslated(read_definition(study(**item))) == {"de": ["asked"]}


def test_a_block_is_named_for_its_own_title() -> None:
    definition = study()
    definition["blocks"][0]["title"] = {"de": "Wörter"}
    assert untranslated(read_definition(definition)) == {"en": ["part"]}


@pytest.mark.django_db
def test_a_study_with_an_instrument_that_is_not_published_in_its_language_is_not_frozen() -> None:
    wording = {name: {"de": "Wörter"} for name in ("title", "consent", "debrief")}
    draft = factories.ready_study(languages=["de"], wording=wording)
    with pytest.raises(
        LifecycleError, match=r"Every question is written in every language.*de: .*believable"
    ) as refused:
        lifecycle.freeze(draft, draft.created_by)
    assert "instrument" in str(refused.value)
