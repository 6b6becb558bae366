"""Frozen studies: the same study always has the same bytes and hash, and a changed one is found out."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.definition import DefinitionError, read_definition
from surveys.frozen import FrozenArm, FrozenStudy, canonical, digest, parse_version
from tests.factories import definition


def frozen(**changes: Any) -> FrozenStudy:
    return FrozenStudy(definition=read_definition(definition(**changes)), arms=(), articles=())


def test_the_scoring_is_in_the_hash() -> None:
    data = definition()
    data["blocks"][1]["scoring"] |= {"credible_at": "7"}
    assert frozen().sha256 != frozen(blocks=data["blocks"]).sha256


def test_the_hash_is_that_of_the_canonical_bytes() -> None:
    study = frozen()
    assert study.sha256 == digest(canonical(study))
    assert parse_version(study.sha256, canonical(study)) == study


def test_a_changed_document_is_found_out() -> None:
    document = canonical(frozen())
    with pytest.raises(DefinitionError, match="it was changed"):
        parse_version(digest(document), document + " ")


def test_the_order_of_keys_in_a_file_does_not_matter() -> None:
    data = definition()
    backwards = dict(reversed(list(data.items())))
    assert digest(canonical(read_definition(data))) == digest(canonical(read_definition(backwards)))


def test_any_word_changes_the_hash() -> None:
    other = {**definition()["wording"], "consent": {"en": "Other words."}}
    assert frozen().sha256 != frozen(wording=other).sha256


def test_what_names_no_rule_of_allocation_was_frozen_under_the_first() -> None:
    written = json.loads(canonical(frozen()))
    del written["allocation_rule"]
    old = json.dumps(written)
    assert parse_version(digest(old), old).design_spec().rule == 1


def test_a_frozen_study_holds_no_number_with_a_fraction() -> None:
    def floats(value: Any) -> list[float]:
        if isinstance(value, dict):
            return [found for inner in value.values() for found in floats(inner)]
        if isinstance(value, list):
            return [found for inner in value for found in floats(inner)]
        return [value] if isinstance(value, float) else []

    arm = FrozenArm(key="a", label="A", origin="real", level="124.5")
    study = FrozenStudy(definition=read_definition(definition()), arms=(arm,), articles=())
    assert floats(json.loads(canonical(study))) == []


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=200))
def test_any_wording_survives_the_canonical_form(words: str) -> None:
    study = frozen(wording={"title": {"en": words}})
    again = FrozenStudy.model_validate(json.loads(canonical(study)))
    assert again.definition.wording.title == {"en": words}


def test_a_plan_without_the_fields_that_came_later_is_hashed_as_before_them() -> None:
    first = {"outcome", "reference", "alpha", "credible_cut", "equivalence_bound", "exclusions", "notes"}
    plain = read_definition({"plan": {"reference": "real"}})
    assert set(json.loads(canonical(plain))["plan"]) == first
    asked = read_definition({"plan": {"reference": "real", "trend_scores": {"small": "355"}, "covariates": ["party"]}})
    assert set(json.loads(canonical(asked))["plan"]) == first | {"trend_scores", "covariates"}
    assert read_definition(json.loads(canonical(asked))) == asked
