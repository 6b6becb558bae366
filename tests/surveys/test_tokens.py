"""Tokens, keyed hashes and the encryption of panel ids."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from surveys import tokens
from surveys.models import Study

ONE, OTHER = Study(key="aaaa000000"), Study(key="bbbb000000")


def test_a_token_has_128_bits_in_characters_that_links_can_carry() -> None:
    token = tokens.new_token()
    assert len(token) == 22
    assert set(token) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")
    assert len({tokens.new_token() for _ in range(1000)}) == 1000


def test_the_stored_hash_is_not_the_token_and_takes_any_text() -> None:
    assert tokens.token_hash("a") == "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
    assert len(tokens.token_hash("\ud800 🦉 \0" * 1000)) == 64


def test_the_same_person_has_the_same_hash_and_token_in_one_study_and_mode_only() -> None:
    places = [(ONE, "live"), (ONE, "pilot"), (OTHER, "live")]
    assert tokens.keyed_hash(ONE, "live", "x") == tokens.keyed_hash(ONE, "live", "x")
    assert tokens.panel_token(ONE, "live", "x") == tokens.panel_token(ONE, "live", "x")
    assert len({tokens.keyed_hash(study, mode, "x") for study, mode in places}) == 3
    assert len({tokens.panel_token(study, mode, "x") for study, mode in places}) == 3
    assert len(tokens.panel_token(ONE, "live", "x")) == len(tokens.new_token())


def test_a_pages_mark_is_of_one_shape_and_follows_from_the_token_and_the_key_alone(settings: Settings) -> None:
    one, other = tokens.new_token(), tokens.new_token()
    marks = [
        tokens.page_mark(one),
        tokens.page_mark(one),
        tokens.page_mark(other),
        tokens.page_mark("\ud800 🦉" * 1000),
    ]
    assert marks[0] == marks[1]
    assert len(set(marks)) == 3
    assert {len(mark) for mark in marks} == {22}
    assert not {one, tokens.token_hash(one)[:22]} & set(marks)
    settings.IDENTITY_KEY = "another key"
    assert tokens.page_mark(one) not in marks


def test_hashes_and_tokens_are_of_no_use_without_the_key(settings: Settings) -> None:
    before = tokens.keyed_hash(ONE, "live", "x"), tokens.panel_token(ONE, "live", "x")
    settings.IDENTITY_KEY = "another key"
    after = tokens.keyed_hash(ONE, "live", "x"), tokens.panel_token(ONE, "live", "x")
    assert before[0] != after[0]
    assert before[1] != after[1]


def test_a_token_cannot_be_worked_out_from_the_stored_hashes() -> None:
    keyed = tokens.keyed_hash(ONE, "live", "x")
    assert tokens.token_hash(tokens.panel_token(ONE, "live", "x")) != keyed
    assert tokens.panel_token(ONE, "live", "x") not in keyed


@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_what_is_sealed_comes_back_as_it_was(text: str) -> None:
    assert tokens.unseal(tokens.seal(text)) == text


def test_sealing_twice_shows_no_equality() -> None:
    assert tokens.seal("x") != tokens.seal("x")


def test_what_was_changed_or_sealed_with_another_key_is_refused(settings: Settings) -> None:
    sealed = tokens.seal("a panel id")
    with pytest.raises(tokens.InvalidToken):
        tokens.unseal(sealed[:-2] + b"AA")
    settings.IDENTITY_KEY = "another key"
    with pytest.raises(tokens.InvalidToken):
        tokens.unseal(sealed)
