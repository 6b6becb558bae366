"""Definition files and the shipped templates."""

import json

import pytest

from surveys import instruments, lifecycle, study_file
from surveys.definition import DefinitionError
from surveys.lifecycle import LifecycleError
from tests.factories import definition, ready_study

pytestmark = pytest.mark.django_db


def test_the_shipped_templates_are_whole() -> None:
    template = study_file.templates()["kreps-e3"]
    assert [arm.key for arm in template.arms] == ["original", "small", "medium", "large"]
    asked = [block.instrument for block in template.definition.blocks]
    assert asked == ["demographics", "attention-check", "kreps-credibility", "source-attribution"]
    assert all(block.items for block in template.definition.blocks)


def test_a_file_says_what_the_study_says() -> None:
    exported = study_file.read(study_file.export(ready_study()))
    assert [arm.key for arm in exported.arms] == ["real", "synthetic"]
    assert exported.definition.plan.reference == "real"


def test_a_definition_alone_is_a_file_too() -> None:
    assert study_file.read(json.dumps(definition()).encode()).arms == ()


def test_a_block_can_name_an_instrument_instead_of_listing_items() -> None:
    block = {"key": "credibility", "when": "reading", "instrument": "kreps-credibility"}
    read = study_file.read(json.dumps(definition(blocks=[block])).encode())
    assert [item.key for item in read.definition.blocks[0].items] == ["believable", "accurate", "clear"]
    assert read.definition.blocks[0].scoring == instruments.load("kreps-credibility").scoring


def test_a_scoring_of_its_own_goes_out_and_in_unchanged() -> None:
    study = ready_study()
    scoring = study.definition["blocks"][1]["scoring"] | {"credible_at": "7"}
    study.definition["blocks"][1]["scoring"] = scoring
    study.save()
    block = study_file.read(study_file.export(study)).definition.blocks[1]
    assert block.scoring is not None
    assert block.scoring.model_dump(mode="json") == scoring


def test_a_block_can_say_that_it_is_not_scored() -> None:
    block = definition()["blocks"][1] | {"scoring": None}
    assert study_file.read(json.dumps(definition(blocks=[block])).encode()).definition.blocks[0].scoring is None


def test_an_unknown_instrument_is_named_with_the_known_ones() -> None:
    block = {"key": "x", "when": "reading", "instrument": "unheard-of"}
    with pytest.raises(DefinitionError, match=r"no instrument 'unheard-of'.*kreps-credibility"):
        study_file.read(json.dumps(definition(blocks=[block])).encode())


@pytest.mark.parametrize("content", [b"[]", b"null", b"3", b'{"definition": 1}', b'{"blocks": 3}', b'{"blocks": [3]}'])
def test_files_of_another_shape_are_refused(content: bytes) -> None:
    with pytest.raises(DefinitionError):
        study_file.read(content)


def test_a_file_cannot_turn_an_arm_into_the_other_origin_under_its_articles() -> None:
    study = ready_study()
    content = study_file.export(study).replace(b'"origin": "real"', b'"origin": "synthetic"')
    with pytest.raises(LifecycleError, match="arm 'real': articles of the other origin"):
        lifecycle.import_definition(study, study.created_by, content)
    assert set(study.arms.values_list("key", "origin")) == {("real", "real"), ("synthetic", "synthetic")}
