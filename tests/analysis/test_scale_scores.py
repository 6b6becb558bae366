"""Every scale that a study scores has a column of its own, and can be what the study is about."""

from typing import Any

import pytest

from analysis.frames import study_frames
from analysis.scale_scores import label, scale_columns, scales
from analysis.schema import item_column
from analysis.study import plan_gates
from analysis.validation import check_columns
from surveys import instruments
from surveys.definition import Definition
from surveys.models import Mode
from tests.factories import definition, launched_study, ready_study
from tests.surveys.participant.person import RATING, Person, block, item, option

FIVE = [option(str(n), n) for n in range(1, 6)]
TRUST: dict[str, Any] = block(
    "trust", "reading", item("open", "likert", options=FIVE), item("slanted", "likert", options=FIVE)
) | {
    "scoring": {
        "rule": "mean",
        "items": ["open", "slanted"],
        "reversed": ["slanted"],
        "minimum": "1",
        "maximum": "5",
        "direction": "Higher is more trust.",
    }
}


def _library(key: str) -> dict[str, Any]:
    whole = instruments.load(key).model_dump(mode="json", include={"items", "scoring"})
    return {"key": key, "when": "reading", "instrument": key, **whole}


def _definition(*blocks: dict[str, Any]) -> Definition:
    return Definition.model_validate(definition(blocks=list(blocks)))


def test_a_scale_of_a_labs_own_and_one_of_the_library_are_columns_and_the_index_and_single_items_are_not() -> None:
    found = _definition(TRUST, _library("message-credibility"), _library("kreps-credibility"), _library("sharing"))
    assert [block.key for block in scales(found)] == ["trust", "message-credibility"]
    own, published = scale_columns(found)
    assert (own.name, own.type, own.minimum, own.maximum) == ("trust_score", "number", 1, 5)
    assert own.description.startswith("Mean of open, slanted (slanted reversed). Higher is more trust. Empty if")
    assert label(own) == "Mean of open, slanted (slanted reversed)"
    assert published.name == "message-credibility_score"
    assert label(published).endswith("message-believable, as in message-credibility")


def test_a_column_that_is_no_scale_is_called_as_it_is_described() -> None:
    assert label(item_column("clear", "How clear? Be strict. Please.")) == "How clear? Be strict. Please."


@pytest.mark.django_db
def test_each_rating_has_its_score_and_none_where_an_answer_is_missing() -> None:
    optional = {**TRUST, "items": [TRUST["items"][0], {**TRUST["items"][1], "required": False}]}
    study = launched_study(blocks=[optional, RATING])
    for open_, slanted in (("5", "1"), ("2", "5"), ("4", "")):
        person = Person(study)
        while person.slug != "debrief":
            changes = {"open": open_, "slanted": slanted} if person.slug.startswith("reading") else {}
            person.answer(**changes)
        person.answer()
    assert study.current_version is not None
    data = study_frames(study.current_version, Mode.LIVE, masked=False)
    assert data.ratings is not None
    check_columns(data.ratings, data.tables["ratings"])
    scored = data.ratings[["open", "trust_score"]].drop_duplicates().sort_values("open")
    assert scored["open"].tolist() == [2, 4, 5]
    assert scored["trust_score"].fillna(-1).tolist() == [1.5, -1, 5.0]


@pytest.mark.django_db
def test_a_scale_can_be_what_the_study_is_about_and_one_that_is_not_asked_cannot() -> None:
    blocks = [TRUST, RATING]
    (gate,) = plan_gates(ready_study(blocks=blocks, plan={"outcome": "trust_score", "reference": "real"}))
    assert gate.passed, gate.detail
    (gate,) = plan_gates(ready_study(blocks=[RATING], plan={"outcome": "trust_score", "reference": "real"}))
    assert not gate.passed
    (gate,) = plan_gates(ready_study(blocks=blocks, plan={"outcome": "trust", "reference": "real"}))
    assert "trust_score" in gate.detail
