"""How probable a model finds a text, real or written: log-probability and rank of every token, and perplexity.

The numbers are those that a draft carries about itself (GLTR, Gehrmann et al. 2019), but for texts that anybody wrote.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from generation.engine.drafter import Drafter
from generation.engine.memory import OutOfMemoryError, is_out_of_memory

_BATCH_TOKENS = 1024  # what one pass holds, padding included: enough for full products, and 200 MB of logits

_NO_ROOM = (
    "There is not enough memory to score a text of this length. Score with a smaller model, or on a machine with more "
    "memory."
)


@dataclass(frozen=True, slots=True)
class Scored:
    """A text as a model sees it.

    `token_ids` are all its tokens, `ends` where in the text each ends, `logprobs` (natural logarithm) and `ranks` (1 is
    the most probable) those of each token after the first, of which nothing says how probable it is.

    `whole` is False where the text was longer than the model's context and only its start was scored.
    """

    token_ids: tuple[int, ...]
    ends: tuple[int, ...]
    logprobs: tuple[float, ...]
    ranks: tuple[int, ...]
    whole: bool

    @property
    def perplexity(self) -> float | None:
        """The exponential of the mean negative log-probability; None for a text of one token or none."""
        return math.exp(-math.fsum(self.logprobs) / len(self.logprobs)) if self.logprobs else None


@torch.inference_mode()
def score(drafter: Drafter, texts: Sequence[str]) -> list[Scored]:
    """Return the score of each text, in their order; texts of like length share a forward pass.

    Raises OutOfMemoryError where a pass does not fit into memory.
    """
    longest = drafter.tokens.context_length
    found = [drafter.tokens.encode_with_ends(text) for text in texts]
    encoded = [ids for ids, _ends in found]
    scored: list[Scored | None] = [None] * len(texts)
    for bucket in _buckets([min(len(ids), longest) for ids in encoded]):
        rows = [encoded[number][:longest] for number in bucket]
        for number, row, (logprobs, ranks) in zip(bucket, rows, _fitting(drafter, rows), strict=True):
            scored[number] = Scored(
                tuple(row), tuple(found[number][1][:longest]), logprobs, ranks, len(row) == len(encoded[number])
            )
    return [one for one in scored if one is not None]


def _buckets(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Yield the numbers of texts that go together: by length, as many as _BATCH_TOKENS hold when padded."""
    bucket: list[int] = []
    for number in sorted(range(len(lengths)), key=lambda number: (-lengths[number], number)):
        # The first is the longest.
        if bucket and lengths[bucket[0]] * (len(bucket) + 1) > _BATCH_TOKENS:
            yield bucket
            bucket = []
        bucket.append(number)
    if bucket:
        yield bucket


def _fitting(drafter: Drafter, rows: Sequence[Sequence[int]]) -> list[tuple[tuple[float, ...], tuple[int, ...]]]:
    try:
        return list(_scores(drafter, rows))
    except (RuntimeError, MemoryError) as error:
        if is_out_of_memory(error):
            raise OutOfMemoryError(_NO_ROOM) from error
        raise


def _scores(drafter: Drafter, rows: Sequence[Sequence[int]]) -> Iterator[tuple[tuple[float, ...], tuple[int, ...]]]:
    width = len(rows[0])
    if width < 2:
        yield from (((), ()) for _ in rows)
        return
    # Padded on the right: causal attention never looks there.
    padded = torch.tensor([[*row, *[0] * (width - len(row))] for row in rows], device=drafter.model.device)
    logits = drafter.model(input_ids=padded, use_cache=False).logits
    for row, of_row in zip(rows, logits, strict=True):
        told = of_row[: max(len(row) - 1, 0)].float()
        following = torch.tensor(row[1:], dtype=torch.long, device=told.device)[:, None]
        of_following = told.gather(1, following)
        logprobs = of_following[:, 0] - torch.logsumexp(told, dim=-1)
        ranks = (told > of_following).sum(dim=-1) + 1
        yield tuple(logprobs.tolist()), tuple(ranks.tolist())
