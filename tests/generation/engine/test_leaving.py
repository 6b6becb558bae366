"""What ends a draft or forbids a word, in the loop: with few rows, of which one leaves and another takes its place.

A rule that ends drafts must not change their words: each must be the beginning of what its seed gives without the rule.
Where bytes are compared between batches the exact mode is on: else a last bit may choose another word (`Sampling`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM

from generation.engine import Prompt, Sampling, candidate_seed
from generation.engine.draft import Draft
from generation.engine.drafter import Drafter
from generation.engine.sentences import last_sentence_end

PROMPT = Prompt("The council voted on Tuesday to close the bridge, and the mayor said")
JOBS = [(index, candidate_seed(29, index)) for index in range(40)]
STOPS = ("co", " the", "Q")
# All that ends a draft or forbids a word.
EVERYTHING = Sampling(
    temperature=1.3,
    top_k=200,
    max_tokens=45,
    min_tokens=6,
    repetition_penalty=1.1,
    no_repeat_ngram=4,
    stop=STOPS,
    sentence_from=15,
)


def drafts(drafter: Drafter, sampling: Sampling, rows: int | None = 3) -> dict[int, Draft]:
    return {draft.index: draft for draft in drafter.draft(PROMPT, sampling, JOBS, rows=rows)}


def begins(short: Draft, whole: Draft) -> bool:
    return short.token_ids == whole.token_ids[: len(short.token_ids)]


def first_stop(drafter: Drafter, ids: tuple[int, ...], least: int) -> int | None:
    """After how many tokens a stop string first stands at the end, or reaches into the newest token: reads it all."""
    for n in range(max(least, 1), len(ids) + 1):
        before, now = (drafter.tokens.decode_part(ids[:k]) for k in (n - 1, n))
        if any(word in now[max(len(before) - len(word), 0) :] for word in STOPS):
            return n
    return None


@pytest.mark.parametrize("least", [0, 12])
def test_a_stop_string_ends_its_own_draft_where_it_first_stands(tiny: Drafter, least: int) -> None:
    free = Sampling(temperature=1.2, max_tokens=40, min_tokens=least, exact=True)
    whole, stopped = drafts(tiny, free), drafts(tiny, replace(free, stop=STOPS))
    assert len({len(draft.token_ids) for draft in stopped.values()}) > 5
    for index, draft in stopped.items():
        assert begins(draft, whole[index])
        expected = first_stop(tiny, whole[index].token_ids, least)
        assert len(draft.token_ids) == (expected or len(whole[index].token_ids)), index
        assert whole[index].text.startswith(draft.text)
        assert (draft.finish_reason == "stop string") == (expected is not None)
        if not least:
            assert not any(word in draft.text for word in STOPS)


def test_with_three_rows_each_draft_stops_by_its_own_words(tiny: Drafter) -> None:
    stopped = drafts(tiny, Sampling(temperature=1.2, max_tokens=40, stop=STOPS), rows=3)
    assert len(stopped) == len(JOBS)
    for draft in stopped.values():
        expected = first_stop(tiny, draft.token_ids, 0)
        assert (draft.finish_reason == "stop string") == (expected is not None)
        assert expected in {None, len(draft.token_ids)}


def test_no_run_of_tokens_comes_twice_whoever_leaves_beside_it(tiny: Drafter) -> None:
    sampling = Sampling(temperature=0.3, max_tokens=40, no_repeat_ngram=3, stop=(" the",))
    free = drafts(tiny, replace(sampling, no_repeat_ngram=0))
    prompt = tiny.tokens.encode(PROMPT)
    assert any(repeats(prompt + list(draft.token_ids), 3) for draft in free.values())
    for rows in (3, 40):
        kept = drafts(tiny, sampling, rows)
        assert not any(repeats(prompt + list(draft.token_ids), 3, behind=len(prompt)) for draft in kept.values())


def repeats(ids: list[int], size: int, *, behind: int = 0) -> bool:
    """Whether a run of ``size`` tokens that ends behind the first ``behind`` stood there before."""
    runs = [tuple(ids[at : at + size]) for at in range(len(ids) - size + 1)]
    return any(runs[at] in runs[:at] for at in range(max(behind - size + 1, 1), len(runs)))


@pytest.mark.parametrize("size", [2, 5])
def test_the_words_without_repeats_and_with_a_least_length_are_those_of_generate(
    tiny: Drafter, tiny_folder: Path, size: int
) -> None:
    reference = AutoModelForCausalLM.from_pretrained(tiny_folder)
    ids = torch.tensor([tiny.tokens.encode(PROMPT)])
    written = reference.generate(
        ids,
        attention_mask=torch.ones_like(ids),
        max_new_tokens=60,
        min_new_tokens=40,
        do_sample=False,
        no_repeat_ngram_size=size,
    )[0, ids.shape[1] :].tolist()
    sampling = Sampling(temperature=0, max_tokens=60, min_tokens=40, no_repeat_ngram=size)
    for draft in drafts(tiny, sampling, rows=4).values():
        assert list(draft.token_ids) == written


@pytest.mark.parametrize("rows", [1, 3, 40])
def test_all_rules_together_hold_in_every_draft_however_many_rows(tiny: Drafter, rows: int) -> None:
    found = drafts(tiny, EVERYTHING, rows)
    assert sorted(found) == [index for index, _seed in JOBS]
    assert len(Counter(draft.finish_reason for draft in found.values())) >= 3
    prompt = tiny.tokens.encode(PROMPT)
    for draft in found.values():
        assert 6 <= len(draft.token_ids) <= 45
        assert not repeats(prompt + list(draft.token_ids), 4, behind=len(prompt))
        assert first_stop(tiny, draft.token_ids[:-1], 6) is None
        assert (draft.finish_reason == "stop string") == (first_stop(tiny, draft.token_ids, 6) is not None)


def test_rules_that_end_a_draft_leave_its_words_and_those_of_its_neighbours_alone(tiny: Drafter) -> None:
    sampling = replace(EVERYTHING, exact=True)
    ended, reversed_jobs = drafts(tiny, sampling), list(tiny.draft(PROMPT, sampling, JOBS[::-1]))
    for draft in reversed_jobs:
        same = ended[draft.index]
        assert (draft.token_ids, draft.text, draft.finish_reason) == (same.token_ids, same.text, same.finish_reason)
    free = drafts(tiny, replace(sampling, stop=(), sentence_from=0))
    assert all(begins(draft, free[index]) for index, draft in ended.items())
    assert any(len(draft.token_ids) < len(free[index].token_ids) for index, draft in ended.items())


@pytest.mark.model
def test_a_real_models_drafts_end_each_with_its_own_sentence(smol: Drafter) -> None:
    sampling = Sampling(temperature=0.9, max_tokens=50, sentence_from=8)
    found = {draft.index: draft for draft in smol.draft(PROMPT, sampling, JOBS[:8], rows=3)}
    ended = [draft for draft in found.values() if draft.finish_reason == "sentence"]
    assert len(ended) >= 4
    assert len({len(draft.token_ids) for draft in ended}) > 1
    for draft in ended:
        assert len(draft.token_ids) > 8
        assert last_sentence_end(draft.text) == len(draft.text)
        # One token more showed that the sentence had ended; a whole further sentence would have been cut before.
        shown = smol.tokens.decode_part(draft.token_ids)
        assert 0 < len(shown) - len(draft.text) <= len(smol.tokens.decode_part(draft.token_ids[-1:])) + 1
