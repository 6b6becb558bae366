"""Steps of a few shapes, each recorded once and replayed after: a CUDA device then waits for no Python between kernels.

Rows are padded to one of a few counts and slots read to one of a few spans, so that a batch takes few shapes. What a
step is given lies in buffers that are filled in place, and what it finds in one that stays: a recorded step reads and
writes the same memory each time. A step that runs twice writes the same keys and values to the same places, so it can
be run to warm up, recorded, and held against its replay.

Nothing is replayed unheld: the first replays of each shape are compared with the step as it runs without recording, in
the exact mode to the last bit, and where recording fails or they differ the batch goes on without.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple, Protocol

import torch
from transformers import PreTrainedModel

from generation.engine.memory import is_out_of_memory
from generation.engine.sharing import deviation
from generation.engine.slots import SlotCache
from generation.engine.stepping import Step, step_of

_SPANS = 12  # how many lengths slots are read to at most: each is recorded for itself
_LEAST_SPAN = 32  # tokens
# Of each shape the first step is only computed: many a shape is needed once, while rows leave at the end.
_UNRECORDED = 1
# So many replays are compared, each with other words: one that kept those it was recorded with differs in the second.
_HELD = 2
# Root mean square in standard deviations of the logits (`sharing.deviation`): the same kernels give the same bits, and
# a replay that read what is no longer there lies some 1 away.
_TOLERANCE = {torch.float32: 0.001}
_TOLERANCE_HALF = 0.05

EAGER = "eager"
GRAPHS = "CUDA graphs"
"""How the lineage says what a step was."""

logger = logging.getLogger(__name__)

Work = Callable[[], None]


class Recorder(Protocol):
    """Records work on a device; one for each batch, whose recordings share their memory."""

    def record(self, work: Work) -> Work:
        """Run `work`, and return what runs the same again, on what its buffers then hold."""
        ...


class CudaRecorder:
    """Captures work as CUDA graphs, as PyTorch's notes on CUDA semantics ask for it.

    Recordings of one pool may be replayed in any order, since none leaves anything in it that another one reads.
    """

    def __init__(self, device: torch.device) -> None:
        """Take a CUDA device."""
        self._device = device
        self._pool = torch.cuda.graph_pool_handle()

    def record(self, work: Work) -> Work:
        """Warm up on a side stream, capture there, and return the graph's replay; raises what PyTorch raises."""
        with torch.cuda.device(self._device):
            side, current = _side_stream(self._device), torch.cuda.current_stream()
            side.wait_stream(current)
            with torch.cuda.stream(side):
                work()
            current.wait_stream(side)
            graph = torch.cuda.CUDAGraph()
            # What other threads do with the device must not end the capture.
            with torch.cuda.graph(graph, pool=self._pool, stream=side, capture_error_mode="thread_local"):
                work()
        return graph.replay


@cache
def _side_stream(device: torch.device) -> torch.cuda.Stream:
    """Return the one stream for captures: for each stream cuBLAS keeps a workspace for good."""
    return torch.cuda.Stream(device)  # type: ignore[no-untyped-call]  # untyped in PyTorch


class Repeater:
    """Calls the work itself again: what a device without graphs can do. Tests run all the rest with it."""

    def record(self, work: Work) -> Work:
        """Run `work` and return it."""
        work()
        return work


class Graphs:
    """Whether a drafter's steps are recorded, by what, and if no more, why."""

    def __init__(self, recorder: Callable[[], Recorder]) -> None:
        """Take what makes a batch's recorder."""
        self.recorder = recorder
        self.failure = ""

    def fail(self, failure: str) -> None:
        """Record no more, in this batch and in those to come."""
        self.failure = failure
        logger.warning("Steps are no longer replayed from graphs, but computed one by one: %s", failure)

    def said(self) -> str:
        """Return what the lineage says of the steps."""
        return given_up(self.failure) if self.failure else GRAPHS


def given_up(reason: str) -> str:
    """Return what the lineage says of steps that are computed one by one since then."""
    return f"{EAGER}, after {GRAPHS} were given up: {reason}"


def graphs_of(model: PreTrainedModel) -> Graphs | None:
    """Return how a model's steps are recorded; None where they are not: on a CPU, or where a step asks the host."""
    if model.device.type != "cuda" or not can_be_recorded(model):
        return None
    device = model.device
    return Graphs(lambda: CudaRecorder(device))


def can_be_recorded(model: PreTrainedModel) -> bool:
    """Return whether a model's step asks the host for nothing, whatever its positions are."""
    rotation = getattr(model.config, "rope_parameters", None) or {}
    # Both look at the largest position to choose their frequencies.
    fixed = all(kind not in str(rotation.get("rope_type", "")) for kind in ("dynamic", "longrope"))
    return fixed and step_of(model) is not None


class Shape(NamedTuple):
    """How many rows a step computes, and how many tokens of each slot it reads."""

    rows: int
    span: int


class _Recording:
    """One shape's replay, and how many of its replays were compared."""

    def __init__(self, replay: Work) -> None:
        self.replay = replay
        self.held = 0


class GraphedSteps:
    """The steps of one batch, from the opening of its slots until they are opened anew."""

    def __init__(
        self, step: Step, slots: SlotCache, graphs: Graphs, like: torch.Tensor, *, prompt: int, rows: int, exact: bool
    ) -> None:
        """Take open slots for `rows` rows behind `prompt` tokens, and the prompt's logits (1, vocabulary).

        `exact` has one shape, and takes a replay for right only where it is so to the last bit. Raises PyTorch's error
        where memory is short.
        """
        self._step, self._slots, self._graphs = step, slots, graphs
        self._prompt, self._exact = prompt, exact
        self._counts = (rows,) if exact else counts(rows)
        self._spans = (slots.length,) if exact else spans(slots.length)
        self._recorder = graphs.recorder()
        self._inputs = torch.zeros((2, rows), dtype=torch.long, device=like.device)
        self._logits = like.new_empty((rows, like.shape[-1]))
        half = slots.slot_layers[0].prompt_keys.dtype
        self._tolerance = _TOLERANCE.get(half, _TOLERANCE_HALF)
        self._steps_of: Counter[Shape] = Counter()
        self._recorded: dict[Shape, _Recording] = {}

    def __call__(self, latest: Sequence[int], written: Sequence[int]) -> torch.Tensor:
        """Return the logits (rows, vocabulary) after each row's latest token, where its slot holds `written` tokens.

        They lie in a buffer that the next step writes anew. Raises PyTorch's error where memory is short.
        """
        shape = Shape(_fitting(self._counts, len(latest)), _fitting(self._spans, max(written) + 1))
        # Rows that fill the shape are the last one again, in slots that nobody has.
        missing = self._inputs.shape[1] - len(latest)
        given = torch.tensor([[*latest, *[latest[-1]] * missing], [*written, *[written[-1]] * missing]])
        self._inputs.copy_(given, non_blocking=True)
        self._run(shape)
        return self._logits[: len(latest)]

    def _run(self, shape: Shape) -> None:
        recording = None if self._graphs.failure else self._recorded.get(shape)
        if recording is not None and recording.held >= _HELD:
            recording.replay()
            return
        self._steps_of[shape] += 1
        if self._graphs.failure or (recording is None and self._steps_of[shape] <= _UNRECORDED):
            self._compute(shape)
        elif recording is None:
            self._record(shape)
        else:
            self._compute(shape)
            self._hold(shape, recording)

    def _compute(self, shape: Shape) -> None:
        """Run one step over what the buffers hold; it asks the device for nothing and sends it nothing."""
        latest, written = self._inputs[:, : shape.rows]
        self._slots.lay(written, shape.span)
        self._logits[: shape.rows].copy_(self._step(latest, written + self._prompt, self._slots))

    def _record(self, shape: Shape) -> None:
        try:
            replay = self._recorder.record(lambda: self._compute(shape))
        except Exception as error:
            if (ran_out := _out_of_memory(error)) is not None:
                raise ran_out from error
            first_line = str(error).partition("\n")[0]  # CUDA's go on with advice to programmers
            self._give_up(f"{shape.rows} rows by {shape.span} tokens: {type(error).__name__}: {first_line}")
            self._compute(shape)
            return
        recording = self._recorded[shape] = _Recording(replay)
        self._hold(shape, recording)

    def _hold(self, shape: Shape, recording: _Recording) -> None:
        """Replay a step that was just computed; where the logits are others, keep those computed and replay no more."""
        logits = self._logits[: shape.rows]
        expected = logits.clone()
        logits.fill_(float("nan"))  # a replay that writes nothing is none
        recording.replay()
        away = deviation(logits, expected)
        if torch.equal(logits, expected) if self._exact else away <= self._tolerance:
            recording.held += 1
            return
        logits.copy_(expected)
        self._give_up(f"{shape.rows} rows by {shape.span} tokens: replayed logits lie {away:.3g} deviations away")

    def _give_up(self, failure: str) -> None:
        self._recorded.clear()
        self._graphs.fail(failure)


def counts(rows: int) -> tuple[int, ...]:
    """Return the numbers of rows that steps are padded to, upwards: powers of two, from 16 with one between each."""
    powers = [2**power for power in range(1, rows.bit_length() + 1)]
    between = [power + power // 2 for power in powers if power >= 16]
    return (*sorted(count for count in powers + between if count < rows), rows)


def spans(length: int) -> tuple[int, ...]:
    """Return the numbers of tokens that slots of `length` tokens are read to, upwards and evenly spaced."""
    apart = max(-(-length // _SPANS // 16) * 16, _LEAST_SPAN)
    return (*range(apart, length, apart), length)


def row_bytes(vocabulary: int, heads: int, tokens: int) -> int:
    """Return what recorded steps hold for each row beside its slot: logits, kept and once more on the way there, and
    attention over `tokens` tokens of prompt and draft. An upper bound: 4 bytes a number."""
    return 4 * (3 * vocabulary + 4 * heads * tokens)


def _fitting(sizes: Sequence[int], wanted: int) -> int:
    return next(size for size in sizes if size >= wanted)


def _out_of_memory(error: BaseException) -> BaseException | None:
    """Return what says that memory ran out: the error, or the one that it followed on (the end of a broken capture)."""
    found: BaseException | None = error
    while found is not None and not is_out_of_memory(found):
        found = found.__cause__ or found.__context__
    return found
