"""How much memory is free for a batch, and whether an error says that it ran out."""

from __future__ import annotations

import os
from pathlib import Path

import torch

_CGROUP = Path("/sys/fs/cgroup")
_SHORT_OF_MEMORY = (
    "can't allocate memory",
    "not enough memory",
    "out of memory",
    "could not create a primitive",  # how oneDNN's failed allocations reach Python
)


class OutOfMemoryError(RuntimeError):
    """The model, or not even one candidate, fits into memory; the message says what to do."""


def free_bytes(device: torch.device) -> int:
    """Return how many bytes a new batch may take on a device: what is free, within the container's limit."""
    if device.type == "cuda":
        # What PyTorch holds for later tensors the device counts as taken; a new batch gets it first.
        idle = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return int(torch.cuda.mem_get_info(device)[0]) + idle
    return min(_available_on_machine(), _left_in_container())


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error of PyTorch says that an allocation failed (on a CPU it is a plain RuntimeError)."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error) for sign in _SHORT_OF_MEMORY)


def _available_on_machine() -> int:
    meminfo = Path("/proc/meminfo")
    if meminfo.exists():
        for line in meminfo.read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2


def _left_in_container() -> int:
    """Return what a cgroup's limit leaves, a very large number where there is none."""
    limit, used = _CGROUP / "memory.max", _CGROUP / "memory.current"
    if not (limit.exists() and used.exists()) or (text := limit.read_text().strip()) == "max":
        return 2**62
    return max(int(text) - int(used.read_text()), 0)
