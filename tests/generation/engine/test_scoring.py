"""Scores are those of one plain pass over each text, whatever other texts share the pass."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM

from generation.engine import Prompt, Sampling, candidate_seed
from generation.engine.drafter import Drafter, OutOfMemoryError
from generation.engine.scoring import Scored, score

TEXTS = [
    "The council voted on Tuesday to close the bridge, and the mayor said repairs would begin in March.",
    "",
    "Residents",
    "Residents said they had not been asked. " * 5,
    "市長は橋を閉鎖すると言った。",
    "T",
] * 4


def test_each_text_has_the_scores_of_a_pass_of_its_own(tiny: Drafter, tiny_folder: Path) -> None:
    reference = AutoModelForCausalLM.from_pretrained(tiny_folder)
    found = score(tiny, TEXTS)
    assert len(found) == len(TEXTS)
    for text, scored in zip(TEXTS[:6], found, strict=False):
        ids = tiny.tokens.encode(Prompt(text))
        assert list(scored.token_ids) == ids
        if len(ids) < 2:
            assert (scored.logprobs, scored.ranks, scored.perplexity) == ((), (), None)
            continue
        with torch.no_grad():
            output = reference(torch.tensor([ids]), labels=torch.tensor([ids]))
        said = torch.tensor(ids[1:])[:, None]
        expected = torch.log_softmax(output.logits[0, :-1], -1).gather(1, said)[:, 0]
        assert scored.logprobs == pytest.approx(expected.tolist(), abs=1e-3)
        # The loss of the library's own is the logarithm of the perplexity.
        assert scored.perplexity == pytest.approx(math.exp(output.loss), rel=1e-3)


def test_a_draft_and_its_score_agree(tiny: Drafter) -> None:
    prompt = Prompt("The council")
    draft = next(tiny.draft(prompt, Sampling(temperature=0, max_tokens=20), [(0, candidate_seed(1, 0))]))
    scored = score(tiny, [prompt.text + draft.text])[0]
    if scored.token_ids[-len(draft.token_ids) :] == draft.token_ids:
        assert scored.ranks[-len(draft.token_ids) :] == draft.ranks
    again = score(tiny, [prompt.text + draft.text, "Another text."])[0]
    assert again.ranks == scored.ranks


def test_memory_that_runs_out_is_said_with_the_remedy(tiny: Drafter) -> None:
    def full(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    hook = tiny.model.register_forward_pre_hook(full)
    try:
        with pytest.raises(OutOfMemoryError, match="not enough memory to score"):
            score(tiny, ["The council voted."])
    finally:
        hook.remove()


def test_a_text_longer_than_the_context_is_scored_in_part_and_says_so(tiny: Drafter) -> None:
    long, short = score(tiny, ["bridge " * 400, "bridge"])
    assert (len(long.token_ids), long.whole) == (tiny.tokens.context_length, False)
    assert short.whole


def test_nothing_to_score_gives_nothing(tiny: Drafter) -> None:
    assert score(tiny, []) == []


def test_perplexity_is_the_inverse_geometric_mean_of_the_probabilities() -> None:
    scored = Scored((1, 2, 3), (1, 2, 3), (math.log(0.5), math.log(0.125)), (1, 4), whole=True)
    assert scored.perplexity == pytest.approx(4.0)
