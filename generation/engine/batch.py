"""One batch under way: its rows, the slots they write to, and a step that adds one token to each."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

import torch
from transformers import PreTrainedModel

from generation.engine.choosing import Chosen, Forbidden, choose
from generation.engine.draft import FinishReason
from generation.engine.endings import Endings
from generation.engine.graphs import GraphedSteps, Graphs, row_bytes
from generation.engine.sampling import Sampling
from generation.engine.seeds import uniforms
from generation.engine.slots import SlotCache, cached_pass
from generation.engine.stepping import step_of
from generation.engine.transfer import fetched, sent

Job = tuple[int, int]

EXACT_ROWS = 32
"""How many rows each step of the exact mode computes, however many are under way."""

# The last rows have no candidate: a product's last rows may be rounded otherwise than the others.
EXACT_CANDIDATES = EXACT_ROWS - 2


@dataclass(slots=True)
class Row:
    """A candidate being written."""

    index: int
    seed: int
    started: float
    token_ids: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    ranks: list[int] = field(default_factory=list)
    finish_reason: FinishReason | None = None
    beyond: int = 0  # characters at the end that do not belong to the text
    followers: dict[tuple[int, ...], set[int]] = field(default_factory=dict)  # what came after each n-gram so far


class Batch:
    """Rows of one prompt. Row number i writes to slot i; a row that leaves is replaced by the last one."""

    def __init__(
        self,
        model: PreTrainedModel,
        prompt_ids: list[int],
        sampling: Sampling,
        end_tokens: Iterable[int],
        endings: Endings | None = None,
        graphs: Graphs | None = None,
    ) -> None:
        """Prefill the prompt; nothing is allocated for rows yet. With `graphs`, steps are recorded and replayed."""
        self._model = model
        self._prompt_ids = prompt_ids
        self._sampling = sampling
        self._ends = frozenset(end_tokens)
        self._endings = endings
        self._device = model.device
        self.slots = SlotCache(model.config.num_hidden_layers)
        self.rows: list[Row] = []
        self._step = step_of(model)
        self._graphs = graphs if self._step is not None else None
        self._graphed: GraphedSteps | None = None
        self._opening = self._prefill()
        self._scratch = self._opening.new_empty((0, self._opening.shape[-1]))

    def open(self, rows: int) -> None:
        """Allocate slots for `rows` candidates; raises PyTorch's error where memory is short."""
        self.rows = []
        self._graphed = None  # its recordings hold the old slots' addresses
        self.slots.close()
        rows = EXACT_ROWS if self._sampling.exact else max(rows, 2)
        self._scratch = self._opening.new_empty((rows, self._opening.shape[-1]))
        self.slots.open(rows, max(self._sampling.max_tokens - 1, 1))
        if self._step is not None and self._graphs is not None and not self._graphs.failure:
            self._graphed = GraphedSteps(
                self._step,
                self.slots,
                self._graphs,
                self._opening,
                prompt=len(self._prompt_ids),
                rows=rows,
                exact=self._sampling.exact,
            )

    def leave_graphs(self) -> bool:
        """Record no steps of this batch any more, which takes less memory; return whether any could be until now."""
        was, self._graphs = self._graphs is not None, None
        return was

    def row_bytes(self) -> int:
        """Return what one row takes: its slot, and the logits with the copies that choosing a token makes."""
        vocabulary, length = self._opening.shape[-1], max(self._sampling.max_tokens - 1, 1)
        tokens, heads = len(self._prompt_ids) + length, self._model.config.get_text_config().num_attention_heads
        graphed = row_bytes(vocabulary, heads, tokens) if self._graphs is not None else 0
        return self.slots.row_bytes(length) + 6 * vocabulary * 4 + graphed

    def admit(self, waiting: deque[Job], room: int) -> None:
        """Let waiting candidates in while fewer than `room` rows are under way; each gets its first token."""
        count = min(room - len(self.rows), len(waiting))
        if count <= 0:
            return
        now = time.perf_counter()
        fresh = [Row(index, seed, now, followers=self._followers()) for index, seed in list(waiting)[:count]]
        self._add_tokens(fresh, self._opening.expand(len(self._computed(fresh)), -1))
        # Only now: were memory to run out above, they would still be waiting.
        for _ in fresh:
            waiting.popleft()
        self.rows.extend(fresh)

    def step(self) -> None:
        """Add one token to every row: one forward pass of the model, one choice."""
        rows = self._computed(self.rows)
        latest = [row.token_ids[-1] for row in rows]
        written = [len(row.token_ids) - 1 for row in rows]
        self._add_tokens(self.rows, self._forward(latest, written))

    def take_finished(self) -> list[Row]:
        """Remove the rows that are done from the batch and return them, by row number."""
        done = [number for number, row in enumerate(self.rows) if row.finish_reason is not None]
        finished = [self.rows[number] for number in done]
        for number in reversed(done):
            last = self.rows.pop()
            if number < len(self.rows):
                self.rows[number] = last
                self.slots.move(len(self.rows), number, len(last.token_ids) - 1)
        return finished

    def _prefill(self) -> torch.Tensor:
        """Fill the prompt's cache; return the logits (1, vocabulary) after its last token."""
        token_ids = torch.tensor([self._prompt_ids], device=self._device)
        positions = torch.arange(token_ids.shape[1], device=self._device)[None]
        return cached_pass(self._model, token_ids, positions, self.slots)

    def _forward(self, latest: list[int], written: list[int]) -> torch.Tensor:
        """Return the logits (rows, vocabulary) after each row's latest token, in float32.

        `written` is how many tokens each row's slot holds: all that it said but the latest.
        """
        if self._graphed is not None:
            return self._graphed(latest, written)
        tokens, held = sent(torch.tensor([latest, written]), self._device)
        self.slots.begin_step(held, longest=max(written), whole=self._sampling.exact)
        positions = held + len(self._prompt_ids)
        if self._step is not None:
            return self._step(tokens, positions, self.slots)
        return cached_pass(self._model, tokens[:, None], positions[:, None], self.slots)

    def _computed(self, rows: list[Row]) -> list[Row]:
        """Return the rows of one pass: those under way, and where the shape wants more, the last one again.

        Products and sums over a single row take another way through the libraries and round otherwise; computed
        twice, a row has the same words whether or not others are under way. The exact mode has one shape only.
        """
        least = EXACT_ROWS if self._sampling.exact else 2
        return rows + rows[-1:] * (least - len(rows))

    def _add_tokens(self, rows: list[Row], logits: torch.Tensor) -> None:
        computed = self._computed(rows)
        numbers = uniforms([row.seed for row in computed], [len(row.token_ids) for row in computed])
        chosen = choose(
            logits,
            sent(torch.from_numpy(numbers), self._device),
            self._sampling,
            said=self._said(computed),
            forbidden=self._forbidden(computed),
            scratch=self._scratch[: len(computed)],
        )
        self._record(rows, chosen)

    def _record(self, rows: list[Row], chosen: Chosen) -> None:
        triples = fetched(*chosen)
        for row, (token, logprob, rank) in zip(rows, triples, strict=False):  # rows that only fill the shape
            row.token_ids.append(token)
            row.logprobs.append(logprob)
            row.ranks.append(rank)
            self._remember(row)
            if token in self._ends:
                row.finish_reason = "stop"
            elif self._endings and (ending := self._endings.of(row.token_ids)):
                row.finish_reason, row.beyond = ending
            elif len(row.token_ids) >= self._sampling.max_tokens:
                row.finish_reason = "length"

    def _followers(self) -> dict[tuple[int, ...], set[int]]:
        """Return what follows each n-gram of the prompt; a copy for each row."""
        size = self._sampling.no_repeat_ngram
        found: dict[tuple[int, ...], set[int]] = {}
        if size:
            for start in range(len(self._prompt_ids) - size + 1):
                *before, after = self._prompt_ids[start : start + size]
                found.setdefault(tuple(before), set()).add(after)
        return found

    def _remember(self, row: Row) -> None:
        if size := self._sampling.no_repeat_ngram:
            *before, after = self._latest(row, size)
            row.followers.setdefault(tuple(before), set()).add(after)

    def _latest(self, row: Row, count: int) -> list[int]:
        """Return the last `count` ids of prompt and draft."""
        missing = count - len(row.token_ids)
        return (self._prompt_ids[-missing:] if missing > 0 else []) + row.token_ids[-count:]

    def _said(self, rows: list[Row]) -> torch.Tensor | None:
        """Return (rows, length) ids of prompt and draft; short rows repeat the prompt's first token."""
        if self._sampling.repetition_penalty == 1:
            return None
        longest = max(len(row.token_ids) for row in rows)
        filler = self._prompt_ids[0]
        said = [self._prompt_ids + row.token_ids + [filler] * (longest - len(row.token_ids)) for row in rows]
        return sent(torch.tensor(said), self._device)

    def _forbidden(self, rows: list[Row]) -> Forbidden | None:
        """Return what rows may not have now: an ending before the least length, a third word of a said n-gram."""
        pairs = [(number, token) for number, row in enumerate(rows) for token in self._forbidden_to(row)]
        if not pairs:
            return None
        of_rows, ids = sent(torch.tensor(pairs, dtype=torch.long), self._device).unbind(1)
        return Forbidden(of_rows, ids)

    def _forbidden_to(self, row: Row) -> Iterable[int]:
        ends = self._ends if len(row.token_ids) < self._sampling.min_tokens else frozenset[int]()
        size = self._sampling.no_repeat_ngram
        repeats = row.followers.get(tuple(self._latest(row, size - 1)), set()) if size else set()
        return sorted(ends | repeats)
