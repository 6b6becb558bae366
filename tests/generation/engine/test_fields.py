"""An article's fields are read line by line, and stand as a model was trained to read them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.engine import FIELDS, Prompt, PromptError, PromptTokens, Sampling
from generation.engine.fields import NAMES, as_head, as_native, read, written
from tests.generation.engine.conftest import write_tokenizer

TEXT = "outlet: The Northgate Gazette\ndate: 3 June 2019\nauthors: Ann Lee\nheadline: Bridge to close"


def test_other_models_get_the_fields_as_the_head_of_an_article() -> None:
    assert as_head(read(TEXT)) == "Bridge to close\nBy Ann Lee\nThe Northgate Gazette, 3 June 2019\n\n"
    assert as_head(read("headline: Bridge: to close?")) == "Bridge: to close?\n\n"


def test_a_model_trained_on_fields_gets_them_between_its_own_tokens() -> None:
    assert as_native(read("headline: Bridge to close\ndate: 3 June 2019")) == (
        "<|begindate|>3 June 2019<|enddate|><|begintitle|>Bridge to close<|endtitle|><|beginarticle|>"
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("date: today", "no headline"),
        ("headline: A\nplace: B", "Line 2"),
        ("headline: A\nheadline: B", "second time"),
        ("headline:", "gives no headline"),
        ("The council voted.", "Line 1"),
        ("", "no headline"),
    ],
)
def test_what_is_no_field_is_named_with_its_line(text: str, problem: str) -> None:
    with pytest.raises(PromptError, match=problem):
        read(text)


@given(st.dictionaries(st.sampled_from(NAMES), st.text("ab:é ", min_size=1, max_size=20).filter(str.strip)))
def test_fields_survive_being_written(fields: dict[str, str]) -> None:
    given = {"headline": "A", **fields}
    assert read(written(given)) == {name: " ".join(value.split()) for name, value in given.items()}


def test_the_token_that_ends_an_article_of_grovers_ends_a_text(tmp_path: Path) -> None:
    write_tokenizer(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"n_positions": 256, "eos_token_id": 0}))
    stored = json.loads((tmp_path / "tokenizer.json").read_text())
    for number, name in ((320, "<|beginarticle|>"), (321, "<|endarticle|>")):
        stored["added_tokens"].append({**stored["added_tokens"][0], "id": number, "content": name})
    (tmp_path / "tokenizer.json").write_text(json.dumps(stored))
    assert PromptTokens(tmp_path).end_tokens == {0, 321}


@pytest.mark.parametrize("native", [True, False])
def test_the_tokenizer_says_which_form_a_model_gets(tmp_path: Path, native: bool) -> None:
    write_tokenizer(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"n_positions": 256, "eos_token_id": 0}))
    if native:
        stored = json.loads((tmp_path / "tokenizer.json").read_text())
        stored["added_tokens"].append({**stored["added_tokens"][0], "id": 320, "content": "<|beginarticle|>"})
        (tmp_path / "tokenizer.json").write_text(json.dumps(stored))
    tokens = PromptTokens(tmp_path)
    rendered = tokens.rendered(Prompt(TEXT, FIELDS))
    assert rendered == (as_native if native else as_head)(read(TEXT))
    assert tokens.check(Prompt(TEXT, FIELDS), Sampling(max_tokens=9)) == tokens.count(Prompt(rendered))
