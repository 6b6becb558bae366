"""Writes drafts: a prompt, a sampling specification and seeds go in, drafts come out one by one.

The loop stands over a Hugging Face causal model's own forward pass. `generate` prefills the prompt for each
candidate and keeps finished rows to the end of a batch; here the prompt is prefilled once and its keys and values
are shared, finished rows leave at once, and waiting candidates take their place.
"""

from __future__ import annotations

import logging
import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

# Read when transformers is imported: models come from local folders, and nothing here may call home.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
# Read when torch is imported. A thread that waits for another spins for a third of a millisecond, then sleeps: between
# two operations of a step it need not be woken (sleeping at once, a step took twice as long), and where other processes
# want the core it soon lets go of it.
os.environ.setdefault("GOMP_SPINCOUNT", "20000")

import tokenizers
import torch
import transformers
from transformers import PreTrainedModel

from generation.engine.batch import EXACT_CANDIDATES, Batch, Job, Row
from generation.engine.draft import Draft
from generation.engine.endings import Endings
from generation.engine.graphs import EAGER, GRAPHS, given_up, graphs_of
from generation.engine.identity import ENGINE_VERSION, EngineVersions, ModelIdentity, processor_name, python_version
from generation.engine.loading import loaded
from generation.engine.memory import OutOfMemoryError, free_bytes, is_out_of_memory
from generation.engine.packing import INT8, can_pack, pack_linear_layers
from generation.engine.prompt import Prompt
from generation.engine.sampling import Sampling
from generation.engine.tokens import ModelFolderError, PromptTokens

__all__ = ["Draft", "Drafter", "OutOfMemoryError"]

_MOST_ROWS = {"cpu": 64, "cuda": 256}  # beyond these, more rows give hardly more tokens a second
_MEMORY_SHARE = 0.8  # of what is free; the rest is for the forward pass itself


logger = logging.getLogger(__name__)

_NO_ROOM_EXACT = (
    "There is not enough memory for the exact mode, which always computes the same number of rows. "
    "Ask for shorter texts, or switch the exact mode off."
)
_NO_ROOM = (
    "There is not enough memory to write even one text of this length. "
    "Ask for shorter texts, shorten the prompt, or choose a smaller model."
)


class Drafter:
    """A model in memory, ready to write. One drafter serves one thread at a time."""

    def __init__(
        self,
        model: PreTrainedModel,
        tokens: PromptTokens,
        identity: ModelIdentity,
        threads: int,
        *,
        quantised: bool = False,
        graphs: bool = True,
    ) -> None:
        """Take a model whose attention is ATTENTION; `load` is the usual way in."""
        self.model = model.eval()
        self.graphs = graphs_of(model) if graphs else None
        self._no_room = ""  # why the batch under way goes on without graphs; the next one may have room for them
        self.tokens = tokens
        self.identity = identity
        packed = can_pack(model.device, model.dtype)
        if quantised and not packed:
            raise ModelFolderError(
                "8-bit products are computed on a CPU in float32 only; switch them off for this model."
            )
        self.packed_layers = pack_linear_layers(model, quantised=quantised) if packed else 0
        self._versions = EngineVersions(
            engine=ENGINE_VERSION,
            python=python_version(),
            torch=str(torch.__version__),
            transformers=str(transformers.__version__),
            tokenizers=str(tokenizers.__version__),
            device=_device_name(model.device),
            dtype=str(model.dtype).removeprefix("torch.") + (f", {INT8}" if quantised else ""),
            threads=threads,
        )

    @property
    def versions(self) -> EngineVersions:
        """The software and the device that run the model, and what its steps are now: graphs can be given up."""
        if self.graphs is None:
            return replace(self._versions, steps=EAGER)
        left = self._no_room if not self.graphs.failure else ""
        return replace(self._versions, steps=given_up(left) if left else self.graphs.said())

    @classmethod
    def load(
        cls,
        folder: Path,
        identity: ModelIdentity,
        *,
        device: str = "auto",
        threads: int | None = None,
        quantised: bool = False,
        runs_code: bool = False,
        graphs: bool = True,
    ) -> Self:
        """Return a drafter of a local model folder (safetensors only; code of the model's own with `runs_code` alone).

        `device` is 'auto' (a GPU where there is one), or a name as PyTorch has it. On a GPU the weights are held in
        bfloat16, or float16 where it has none; on a CPU in float32, on as many threads as this process has cores
        unless `threads` says otherwise (a setting of the whole process). `quantised` computes a CPU's linear layers in
        8 bits (`packing`): faster, but another model, and marked so in `versions`. On a GPU steps are replayed from
        CUDA graphs, unless `graphs` is false (`graphs`). Raises ModelFolderError, and OutOfMemoryError.
        """
        tokens = PromptTokens(folder)
        place = torch.device(("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device)
        threads = threads or len(os.sched_getaffinity(0))
        torch.set_num_threads(threads)
        model = loaded(folder, place, runs_code=runs_code)
        return cls(model, tokens, identity, threads, quantised=quantised, graphs=graphs)

    def draft(
        self,
        prompt: Prompt,
        sampling: Sampling,
        jobs: Sequence[Job],
        *,
        rows: int | None = None,
        interrupted: Callable[[], bool] = lambda: False,
        enough: Callable[[], bool] = lambda: False,
    ) -> Iterator[Draft]:
        """Yield the draft of each job (index, seed) the moment it is done, in the order of finishing.

        `rows` bounds how many are written at once (by default what memory allows); where memory runs out it is
        halved, which is logged and stands in `Draft.rows`, and what was under way begins anew with the same words.
        `sampling.exact` computes the same shape in every step instead, so that also the last bit of a draft's
        log-probabilities is a function of model, prompt, sampling and seed on one machine.

        `interrupted` is asked between steps: once it returns true, what is under way is dropped and the iterator ends.
        `enough` is asked when a text is done and others have yet to be begun: once it returns true, they are not.
        Raises PromptError and SamplingError before the first draft, OutOfMemoryError where not even one row fits.
        """
        sampling.validated()
        self.tokens.check(prompt, sampling)
        return self._until_done(self._drafts(prompt, sampling, deque(jobs), rows, interrupted, enough))

    def _until_done(self, drafts: Iterator[Draft]) -> Iterator[Draft]:
        """Yield them; for lack of room graphs are given up for one batch alone."""
        try:
            yield from drafts
        finally:
            self._no_room = ""

    @torch.inference_mode()
    def _drafts(
        self,
        prompt: Prompt,
        sampling: Sampling,
        waiting: deque[Job],
        rows: int | None,
        interrupted: Callable[[], bool],
        enough: Callable[[], bool],
    ) -> Iterator[Draft]:
        if not waiting or interrupted():
            return
        prompt_ids = self.tokens.encode(prompt)
        batch = self._prefilled(prompt_ids, sampling)
        most = EXACT_CANDIDATES if sampling.exact else rows or self._affordable_rows(batch)
        room = min(most, rows or most, len(waiting))
        while waiting:
            try:
                batch.open(room)
                while waiting or batch.rows:
                    batch.admit(waiting, room)
                    for row in (finished := batch.take_finished()):
                        yield self._draft_of(row, prompt_ids, room)
                    if finished and waiting and enough():
                        waiting.clear()
                    if interrupted():
                        return
                    if batch.rows:
                        batch.step()
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                waiting.extendleft((row.index, row.seed) for row in reversed(batch.rows))
                room = self._halved(room, error, batch, exact=sampling.exact)

    def _prefilled(self, prompt_ids: list[int], sampling: Sampling) -> Batch:
        try:
            endings = Endings(sampling, self.tokens.decode_part)
            return Batch(self.model, prompt_ids, sampling, self.tokens.end_tokens, endings, self.graphs)
        except (RuntimeError, MemoryError) as error:
            if is_out_of_memory(error):
                raise OutOfMemoryError(_NO_ROOM) from error
            raise

    def _halved(self, room: int, error: BaseException, batch: Batch, *, exact: bool) -> int:
        if (exact or room == 1) and batch.leave_graphs():
            self._no_room = f"out of memory with {room} rows"
            logger.warning("Out of memory with %s rows; going on without %s.", room, GRAPHS)
            return room
        if exact:
            raise OutOfMemoryError(_NO_ROOM_EXACT) from error
        if room == 1:
            raise OutOfMemoryError(_NO_ROOM) from error
        logger.warning("Out of memory with %s rows; going on with %s.", room, room // 2)
        return room // 2

    def _affordable_rows(self, batch: Batch) -> int:
        fitting = int(free_bytes(self.model.device) * _MEMORY_SHARE) // batch.row_bytes()
        return max(1, min(fitting, _MOST_ROWS.get(self.model.device.type, 64)))

    def _draft_of(self, row: Row, prompt_ids: list[int], rows: int) -> Draft:
        assert row.finish_reason is not None  # noqa: S101 -- only finished rows leave a batch
        said = row.token_ids[:-1] if row.finish_reason == "stop" else row.token_ids
        text = self.tokens.decode(prompt_ids, said)
        return Draft(
            index=row.index,
            seed=row.seed,
            text=text[: max(len(text) - row.beyond, 0)],
            token_ids=tuple(row.token_ids),
            finish_reason=row.finish_reason,
            logprobs=tuple(row.logprobs),
            ranks=tuple(row.ranks),
            seconds=time.perf_counter() - row.started,
            rows=rows,
        )


def _device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return f"{device} {torch.cuda.get_device_name(device)}"
    return f"{device} {processor_name()}" if device.type == "cpu" else str(device)
