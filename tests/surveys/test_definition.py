"""Definitions: what is wrong is named by field."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.definition import DefinitionError, read_definition, read_json
from tests.factories import definition


def test_a_whole_definition_is_read() -> None:
    read = read_definition(definition())
    assert [block.key for block in read.at("reading")] == ["credibility"]
    assert read.text(read.wording.title, "en") == "How people read the news"


def test_a_plan_about_another_outcome_than_the_index_has_no_cut_unless_it_names_one() -> None:
    assert read_definition({}).plan.credible_cut == "6"
    assert read_definition({"plan": {"outcome": "trust"}}).plan.credible_cut == ""
    assert read_definition({"plan": {"outcome": "trust", "credible_cut": "5"}}).plan.credible_cut == "5"
    assert read_definition({"plan": {"credible_cut": ""}}).plan.credible_cut == ""


def test_a_language_without_wording_falls_back_to_the_first() -> None:
    read = read_definition(definition(languages=["en", "de"]))
    assert read.text(read.wording.title, "de") == "How people read the news"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"surprise": 1}, "surprise: Extra inputs"),
        ({"languages": []}, "languages"),
        ({"languages": ["en", "en_GB", "English"]}, "languages: no language tag (BCP 47)"),
        ({"blocks": [{"key": "a", "when": "before", "items": []}]}, "blocks[0].items"),
        ({"blocks": [{"key": "A!", "when": "before", "items": [1]}]}, "blocks[0].key"),
        ({"design": {"per_person": 0}}, "design.per_person"),
        ({"design": {"block_by": "nothing"}}, "block_by names 'nothing'"),
        ({"plan": {"alpha": "5"}}, "plan.alpha"),
        ({"blocks": definition()["blocks"] * 2}, "block keys are there more than once"),
        ({"withdrawal_days": -1}, "withdrawal_days"),
    ],
)
def test_what_is_wrong_is_named(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        read_definition(definition(**changes))
    assert any(says in problem for problem in refused.value.problems), refused.value.problems


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"items": ["believable", "telling"]}, "'credibility' cannot be scored: scoring.items names telling"),
        ({"offset": -3}, "scoring says the range is 1 to 10, but the items give 0 to 9"),
    ],
)
def test_a_scoring_that_does_not_fit_its_questions_is_refused(changes: dict[str, Any], says: str) -> None:
    data = definition()
    data["blocks"][1]["scoring"] |= changes
    with pytest.raises(DefinitionError) as refused:
        read_definition(data)
    assert says in str(refused.value)


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(DefinitionError) as refused:
        read_definition(definition(surprise=1, withdrawal_days=-1))
    assert len(refused.value.problems) == 2


def test_an_item_key_cannot_be_used_twice() -> None:
    blocks = definition()["blocks"]
    again = {**blocks[1], "key": "again"}
    with pytest.raises(DefinitionError, match="item keys are there more than once") as refused:
        read_definition(definition(blocks=[*blocks, again]))
    # A form tells it, too, where there is no file.
    assert "file" not in str(refused.value)
    with pytest.raises(DefinitionError, match="the file: "):
        read_definition([])


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"\xff", "not UTF-8"), (b'{"a":}', "Line 1, column 6"), (b"[" * 200_000, "nested too deeply")],
)
def test_a_file_that_is_no_json_is_refused_with_the_place(content: bytes, says: str) -> None:
    with pytest.raises(DefinitionError, match=says):
        read_json(content)


def test_a_byte_order_mark_does_no_harm() -> None:
    assert read_json(b"\xef\xbb\xbf{}") == {}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_no_data_makes_reading_crash(data: Any) -> None:
    problems: list[str] = []
    read = None
    try:
        read = read_definition(data)
    except DefinitionError as error:
        problems = error.problems
    assert (read is None) == bool(problems)


@pytest.mark.parametrize("kind", ["multiple", "ranking"])
def test_groups_by_a_question_with_several_answers_at_once_are_refused_at_freezing_and_stay_readable(kind: str) -> None:
    data = definition()
    options = [{"code": code, "label": {"en": code}} for code in ("left", "right")]
    item = {"key": "papers", "kind": kind, "wording": {"en": "Which papers?"}, "options": options}
    block = next(block for block in data["blocks"] if block["when"] == "before")
    block["items"].append(item)
    data["design"]["block_by"] = "papers"
    (problem,) = read_definition(data).problems_before_freezing()
    assert f"'papers', a question of kind '{kind}'" in problem
    assert "no quota holds: choose a question with one answer" in problem
