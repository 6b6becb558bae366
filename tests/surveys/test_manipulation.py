"""What a manipulation shows at each level, and which ones are refused."""

from typing import Any

import pytest

from surveys.definition import DefinitionError, read_definition
from surveys.manipulation import Factor, beside
from tests import factories

LABEL: dict[str, Any] = {
    "key": "source-label",
    "levels": [{"key": level} for level in ("none", "correct", "missing", "false")],
    "texts": {"real": {"en": "By a person"}, "synthetic": {"en": "By a program"}, "missing": {"en": "Not told"}},
}
DISCLAIMER: dict[str, Any] = {
    "key": "disclaimer",
    "levels": [{"key": "none"}, {"key": "shown", "weight": 2}],
    "texts": {"shown": {"en": "May be untrue"}},
}


def _factors(*found: dict[str, Any]) -> tuple[Factor, ...]:
    return tuple(Factor.model_validate(each) for each in found)


@pytest.mark.parametrize(
    ("level", "origin", "words"),
    [
        ("correct", "real", "By a person"),
        ("correct", "synthetic", "By a program"),
        ("false", "real", "By a program"),
        ("false", "synthetic", "By a person"),
        ("missing", "real", "Not told"),
        ("missing", "synthetic", "Not told"),
    ],
)
def test_a_label_says_the_truth_or_lies_or_keeps_it_back(level: str, origin: str, words: str) -> None:
    (shown,) = beside(_factors(LABEL), f"source-label:{level}", origin)
    assert (shown.factor, shown.level, shown.text) == ("source-label", level, {"en": words})


@pytest.mark.parametrize("condition", ["", "disclaimer:none source-label:none"])
def test_at_none_and_without_a_condition_nothing_is_shown(condition: str) -> None:
    assert beside(_factors(DISCLAIMER, LABEL), condition, "real") == ()


def test_a_notice_and_a_label_stand_in_the_order_of_the_factors() -> None:
    shown = beside(_factors(LABEL, DISCLAIMER), "disclaimer:shown source-label:false", "real")
    assert [each.text["en"] for each in shown] == ["By a program", "May be untrue"]


def test_the_design_is_given_the_levels_with_their_weights() -> None:
    spec = _factors(DISCLAIMER)[0].spec()
    assert spec.levels == (("none", 1), ("shown", 2))
    assert not spec.within


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"levels": [{"key": "none"}, {"key": "hidden"}]}, "has no level 'hidden'; it has none, correct"),
        ({"levels": [{"key": "none"}, {"key": "none"}]}, "more than once"),
        ({"levels": [{"key": "none"}]}, "at least 2"),
        ({"levels": [{"key": "none"}, {"key": "false", "weight": 0}]}, "greater than or equal to 1"),
        ({"texts": {"real": {"en": "By a person"}, "missing": {"en": "Not told"}}}, "needs the text of 'synthetic'"),
        ({"texts": LABEL["texts"] | {"missing": {"en": "  "}}}, "needs the text of 'missing'"),
        ({"key": "font"}, "design.factors"),
    ],
)
def test_a_factor_that_cannot_be_shown_is_refused_with_where_and_why(change: dict[str, Any], says: str) -> None:
    design = factories.definition()["design"] | {"factors": [LABEL | change]}
    with pytest.raises(DefinitionError) as caught:
        read_definition(factories.definition(design=design))
    (problem, *_) = caught.value.problems
    assert problem.startswith("design.factors[0]")
    assert says in problem


def test_texts_that_no_level_shows_need_not_be_written() -> None:
    levels = [{"key": "none"}, {"key": "missing"}]
    factor = _factors(LABEL | {"levels": levels, "texts": {"missing": {"en": "Not told"}}})[0]
    assert factor.texts_needed == ("missing",)


@pytest.mark.parametrize(
    ("design", "says"),
    [
        ({"factors": [DISCLAIMER, DISCLAIMER]}, "more than once: disclaimer"),
        ({"quotas": [{"stratum": "daily", "most": 5}]}, "name one"),
        ({"block_by": "news-use", "quotas": [{"stratum": "weekly", "most": 5}]}, "'weekly'"),
        ({"block_by": "news-use", "quotas": [{"stratum": "daily", "most": 0}]}, "greater than or equal to 1"),
    ],
)
def test_factors_and_quotas_of_a_design_are_there_once_and_name_what_exists(design: dict[str, Any], says: str) -> None:
    base = factories.definition()["design"]
    with pytest.raises(DefinitionError, match=says):
        read_definition(factories.definition(design=base | design))


def test_the_strata_are_every_way_in_which_the_blocking_question_can_be_answered() -> None:
    design = factories.definition()["design"] | {"block_by": "news-use"}
    assert read_definition(factories.definition(design=design)).strata() == ("daily", "rarely", "prefer-not-to-say")
