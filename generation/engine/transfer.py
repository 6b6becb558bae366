"""What passes between the host and the device in a step, with as little waiting as can be.

A plain copy to a CUDA device waits until all that was launched before it is done: between a forward pass and the choice
of a word, the host would launch nothing meanwhile.
"""

from __future__ import annotations

import torch


def sent(values: torch.Tensor, device: torch.device) -> torch.Tensor:
    """Return what lies on the host on the device; on a CPU the same tensor."""
    if device.type != "cuda":
        return values.to(device)
    return values.pin_memory().to(device, non_blocking=True)


def fetched(ids: torch.Tensor, logprobs: torch.Tensor, ranks: torch.Tensor) -> list[tuple[int, float, int]]:
    """Return each row's id, log-probability and rank on the host, in one copy: the one wait of a step.

    All are exact in float64: ids and ranks below 2**53, log-probabilities in float32.
    """
    found = torch.stack((ids.double(), logprobs.double(), ranks.double())).cpu()
    whole = found[[0, 2]].long()
    return list(zip(whole[0].tolist(), found[1].tolist(), whole[1].tolist(), strict=True))
