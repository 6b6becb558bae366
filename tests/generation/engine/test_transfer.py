"""What a device found reaches the host whole, in one copy."""

from __future__ import annotations

import torch

from generation.engine.transfer import fetched, sent


def test_ids_ranks_and_log_probabilities_arrive_to_the_last_bit() -> None:
    ids = torch.tensor([0, 50_256, 2**31 + 1])
    logprobs = torch.tensor([-0.1, -1e-30, -103.27892])
    ranks = torch.tensor([1, 2**24 + 1, 50_257])
    assert fetched(ids, logprobs, ranks) == list(zip(ids.tolist(), logprobs.tolist(), ranks.tolist(), strict=True))
    assert all(
        isinstance(token, int) and isinstance(rank, int) for token, _logprob, rank in fetched(ids, logprobs, ranks)
    )


def test_on_a_cpu_what_is_sent_is_not_copied() -> None:
    values = torch.arange(3)
    assert sent(values, torch.device("cpu")).data_ptr() == values.data_ptr()
