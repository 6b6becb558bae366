"""The exact mode: a draft to its last bit is a function of model, prompt, sampling and seed, whatever the batch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from generation.engine import Prompt, Sampling, candidate_seed
from generation.engine.builtin import BuiltinModel
from generation.engine.draft import Draft
from generation.engine.drafter import Drafter
from generation.engine.slots import _by_group
from tests.generation.engine.conftest import identity_of
from tests.generation.engine.tape import Tape

PROMPT = Prompt("The council voted on Tuesday to close the bridge, and")
JOBS = [(index, candidate_seed(17, index)) for index in range(40)]
EXACT = Sampling(max_tokens=24, temperature=1.1, top_p=0.97, repetition_penalty=1.1, exact=True)


def drafts(drafter: Drafter, jobs: list[tuple[int, int]], rows: int | None = None) -> dict[int, Draft]:
    """Return the drafts without what tells of the batch and the clock."""
    found = drafter.draft(PROMPT, EXACT, jobs, rows=rows)
    return {draft.index: replace(draft, seconds=0.0, rows=0) for draft in found}


def test_every_bit_is_equal_across_batch_compositions(tiny: Drafter) -> None:
    together = drafts(tiny, JOBS)
    assert len({draft.text for draft in together.values()}) == len(JOBS)
    for jobs, rows in ((JOBS[:1], None), (JOBS[::-1], None), (JOBS, 7), (JOBS[5:7], None), (JOBS[::3], 2)):
        assert drafts(tiny, jobs, rows) == {index: together[index] for index, _ in jobs}


def test_every_bit_of_the_builtin_model_is_equal_too(smol: Drafter) -> None:
    together = drafts(smol, JOBS[:12])
    for jobs in (JOBS[3:4], JOBS[11:4:-1]):
        assert drafts(smol, jobs) == {index: together[index] for index, _ in jobs}


def test_every_bit_is_equal_in_8_bits_too(tiny_folder: Path, builtin: BuiltinModel) -> None:
    for folder, identity in ((tiny_folder, identity_of("rounded")), builtin):
        drafter = Drafter.load(folder, identity, device="cpu", threads=1, quantised=True)
        together = drafts(drafter, JOBS[:12])
        for jobs in (JOBS[3:4], JOBS[11:4:-1]):
            assert drafts(drafter, jobs) == {index: together[index] for index, _ in jobs}


@pytest.mark.parametrize("shared", [1, 3])
@pytest.mark.parametrize("rows", [2, 3, 9])
def test_products_over_the_prompt_have_no_fewer_rows_than_are_added_up_alike(rows: int, shared: int) -> None:
    """One, two or three rows take another way through the libraries: words would follow from who else is under way."""
    torch.manual_seed(0)
    left, right = torch.randn(4, rows * shared, 16), torch.randn(4, 16, 40)
    with (tape := Tape(forbidden=())):
        found = _by_group(left, right)
    assert [args[0].shape[1] for call, args, *_ in tape.calls if call is torch.ops.aten.bmm.default] == [
        max(rows * shared, 4)
    ]
    torch.testing.assert_close(found, left @ right)


@pytest.mark.parametrize("tokens", [1, 2])
def test_the_shortest_texts_work(tiny: Drafter, tokens: int) -> None:
    found = list(tiny.draft(PROMPT, Sampling(max_tokens=tokens, exact=True), JOBS[:3]))
    assert all(1 <= len(draft.token_ids) <= tokens for draft in found)
