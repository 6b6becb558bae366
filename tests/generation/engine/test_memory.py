"""Free memory is read from the machine, and PyTorch's own error on a CPU is known for what it is."""

from __future__ import annotations

import pytest
import torch

from generation.engine.memory import free_bytes, is_out_of_memory


def test_some_memory_is_free() -> None:
    assert 10**6 < free_bytes(torch.device("cpu")) < 2**50


def test_an_allocation_beyond_all_memory_is_recognised() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**60, dtype=torch.uint8)
    assert is_out_of_memory(caught.value)


def test_another_error_is_not_mistaken_for_it() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2, 3) @ torch.empty(2, 3)
    assert not is_out_of_memory(caught.value)
