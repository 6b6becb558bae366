"""A recorder that keeps what a graph keeps: operations and the memory they read and write, and no Python between them.

A replay runs the recorded operations on the tensors that they had when they were recorded, and puts what they find
where it lay then. So whatever a step takes from the host, or from memory that is no longer in use, goes as wrong here
on a CPU as it would on a card.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from generation.engine.graphs import Work

# What makes the host wait for the device, and what sends the device something: neither can be in a graph.
WAITS = ("_local_scalar_dense", "nonzero", "masked_select", "_unique2", "equal", "is_nonzero")
SENDS = ("lift_fresh",)


class Tape(TorchDispatchMode):  # type: ignore[no-untyped-call]  # untyped in PyTorch
    """What ran while it was on: each operation, its arguments and what it returned. It refuses what is `forbidden`."""

    def __init__(self, forbidden: Sequence[str] = WAITS + SENDS) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.forbidden = forbidden
        self.calls: list[tuple[Any, Sequence[Any], Mapping[str, Any], Any]] = []

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        name = func.overloadpacket.__name__
        if name in self.forbidden:
            raise RuntimeError(f"operation not permitted when stream is capturing: {name}")
        found = func(*args, **(kwargs or {}))
        self.calls.append((func, args, kwargs or {}, found))
        return found


class TapeRecorder:
    """Records one batch's work on tapes, and counts what it recorded and replayed."""

    def __init__(self) -> None:
        self.recorded = self.replayed = 0

    def record(self, work: Work) -> Work:
        """Run `work` to warm up, then once more on a tape; return what plays it."""
        work()
        with (tape := Tape()):
            work()
        self.recorded += 1

        def replay() -> None:
            self.replayed += 1
            for func, args, kwargs, before in tape.calls:
                _put(before, func(*args, **kwargs))

        return replay


def _put(before: Any, now: Any) -> None:
    """Write what an operation found now where it lay when it was recorded, unless it lies there: views and the like."""
    if isinstance(before, torch.Tensor):
        if now.data_ptr() != before.data_ptr():
            before.copy_(now)
    elif isinstance(before, (list, tuple)):
        for one, other in zip(before, now, strict=True):
            _put(one, other)
