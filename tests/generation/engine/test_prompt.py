"""A prompt that no model could be given is refused with what to change."""

from __future__ import annotations

import pytest

from generation.engine import INSTRUCTION, Prompt, PromptError


@pytest.mark.parametrize("text", ["", "   \n\t", "\u200b\u2060", "\ufeff"])
def test_a_prompt_without_a_visible_character_is_empty(text: str) -> None:
    with pytest.raises(PromptError, match="empty"):
        Prompt(text).validated()


def test_a_nul_byte_is_refused_with_its_place() -> None:
    with pytest.raises(PromptError, match="NUL byte at character 4"):
        Prompt("The\x00 council").validated()


def test_half_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(PromptError, match="surrogate"):
        Prompt("The \ud83d council").validated()


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(PromptError, match="kind"):
        Prompt("The council", "poem").validated()


@pytest.mark.parametrize("text", ["x", "El alcalde dijo:", "市長は", "رئيس البلدية", "{group} said 🙂"])
def test_a_prompt_of_any_language_is_kept_as_it_is(text: str) -> None:
    assert Prompt(text, INSTRUCTION).validated().text == text


def test_prompt_and_draft_must_fit_the_context_together() -> None:
    Prompt("x").check_length(56, 200, 256)
    with pytest.raises(PromptError, match="at most 56 tokens"):
        Prompt("x").check_length(57, 200, 256)
    with pytest.raises(PromptError, match="shorter texts"):
        Prompt("x").check_length(1, 300, 256)
