"""Every scale that a study scores has a column of its own, and can be what the study is about."""

from typing import Any

import pytest

from analysis.frames import study_frames
from analysis.frames_people import with_covariates
from analysis.scale_scores import label, outcome_scale, scale_columns, scales
from analysis.schema import item_column
from analysis.study import plan_gates
from analysis.validation import check_columns
from surveys import instruments
from surveys.definition import Definition
from surveys.models import Mode, Study
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


def test_the_scale_of_an_outcome_is_that_of_its_answers_or_of_its_scoring() -> None:
    slider = item("warm", "slider", minimum="0", maximum="100")
    whole = _definition(RATING, TRUST, block("more", "reading", slider))
    assert outcome_scale(whole, "open") == outcome_scale(whole, "trust_score") == (1.0, 5.0)
    assert outcome_scale(whole, "warm") == (0.0, 100.0)
    assert outcome_scale(whole, "seconds_on_page") is None


def _library(key: str) -> dict[str, Any]:
    whole = instruments.load(key).model_dump(mode="json", include={"items", "scoring"})
    return {"key": key, "when": "reading", "instrument": key, **whole}


def _definition(*blocks: dict[str, Any]) -> Definition:
    return Definition.model_validate(definition(blocks=list(blocks)))


def test_a_scale_of_a_labs_own_and_one_of_the_library_are_columns_and_the_index_and_single_items_are_not() -> None:
    found = _definition(TRUST, _library("message-credibility"), _library("kreps-credibility"), _library("sharing"))
    assert [block.key for block in scales(found)] == ["trust", "message-credibility"]
    own, published = scale_columns(scales(found))
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


MEDIA_TRUST = TRUST | {"key": "media-trust", "when": "before"}
MOOD: dict[str, Any] = block("mood", "after", item("glad", "likert", options=FIVE)) | {
    "scoring": TRUST["scoring"] | {"items": ["glad"], "reversed": []}
}


def _walked(study: Study, **answers: str) -> Person:
    person = Person(study)
    while person.slug != "debrief":
        asked = {each.key for block_ in person.place.step.blocks for each in block_.items}
        person.answer(**{key: value for key, value in answers.items() if key in asked})
    return person


@pytest.mark.django_db
def test_a_scale_about_the_person_is_a_column_of_the_participants_and_empty_for_who_gave_it_no_answer() -> None:
    study = launched_study(blocks=[MEDIA_TRUST, RATING, MOOD])
    assert study.current_version is not None
    _walked(study, open="4", slanted="5", glad="3")
    _walked(study, open="1", slanted="1", glad="5").post("withdraw")
    Person(study)
    data = study_frames(study.current_version, Mode.LIVE, masked=False)
    check_columns(data.participants, data.tables["participants"])
    found = data.participants[["outcome", "media-trust_score", "mood_score"]].sort_values("outcome").fillna(-1)
    assert found.to_numpy().tolist() == [["", -1, -1], ["completed", 2.5, 3], ["withdrawn", -1, -1]]
    described = data.tables["participants"].column("mood_score")
    assert (described.minimum, described.maximum) == (1, 5)
    assert data.ratings is not None
    assert "mood_score" not in data.ratings.columns


@pytest.mark.django_db
def test_before_the_unblinding_only_scales_from_before_the_articles_have_their_columns() -> None:
    study = launched_study(blocks=[MEDIA_TRUST, RATING, MOOD])
    assert study.current_version is not None
    _walked(study)
    data = study_frames(study.current_version, Mode.LIVE, masked=True)
    scored = [name for name in data.participants.columns if name.endswith("_score")]
    assert scored == ["media-trust_score"]
    assert [name for name in data.tables["participants"].names if name.endswith("_score")] == scored


@pytest.mark.django_db
def test_a_scale_from_before_the_articles_can_be_a_covariate_and_one_from_after_them_cannot() -> None:
    plan = {"outcome": "seconds_on_page", "reference": "real", "covariates": ["media-trust_score"]}
    (gate,) = plan_gates(ready_study(blocks=[MEDIA_TRUST, RATING, MOOD], plan=plan))
    assert gate.passed, gate.detail
    (gate,) = plan_gates(ready_study(blocks=[RATING, MOOD], plan=plan | {"covariates": ["mood_score"]}))
    assert "mood_score" in gate.detail
    study = launched_study(blocks=[MEDIA_TRUST, RATING, MOOD], plan=plan)
    assert study.current_version is not None
    _walked(study, open="4", slanted="5")
    data = study_frames(study.current_version, Mode.LIVE, masked=False)
    assert data.ratings is not None
    names, frozen = ["media-trust_score"], study.current_version.frozen
    joined = with_covariates(data.ratings, data.participants, names, frozen)
    assert joined["media-trust_score"].tolist() == [2.5, 2.5]


@pytest.mark.django_db
def test_a_scale_can_be_what_the_study_is_about_and_one_that_is_not_asked_cannot() -> None:
    blocks = [TRUST, RATING]
    (gate,) = plan_gates(ready_study(blocks=blocks, plan={"outcome": "trust_score", "reference": "real"}))
    assert gate.passed, gate.detail
    (gate,) = plan_gates(ready_study(blocks=[RATING], plan={"outcome": "trust_score", "reference": "real"}))
    assert not gate.passed
    (gate,) = plan_gates(ready_study(blocks=blocks, plan={"outcome": "trust", "reference": "real"}))
    assert "trust_score" in gate.detail
