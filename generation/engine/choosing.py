"""Choosing each row's next token from the model's logits, all rows at once, with random numbers given from outside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
import torch

from generation.engine.sampling import Sampling

_BLOCK = 256  # the inverse distribution function is walked in two levels: blocks of words, then words
_HEAD = 1024  # how many of the most probable words are sorted first to find a nucleus; for three rows in four enough
_WIDER = 8  # where they are not, so many times as many are, for the few rows that want them


class Chosen(NamedTuple):
    """One token a row: its id, natural log-probability and rank (1 = most probable) in the model's distribution."""

    ids: torch.Tensor
    logprobs: torch.Tensor
    ranks: torch.Tensor


class Forbidden(NamedTuple):
    """Words that rows may not have: `ids[i]` is forbidden to row `rows[i]`; each pair stands once."""

    rows: torch.Tensor
    ids: torch.Tensor


def choose(
    logits: torch.Tensor,
    uniforms: torch.Tensor,
    sampling: Sampling,
    *,
    said: torch.Tensor | None = None,
    forbidden: Forbidden | None = None,
    scratch: torch.Tensor | None = None,
) -> Chosen:
    """Return the next token of each row.

    `logits` (rows, vocabulary), float32; `uniforms` (rows,), float64 in [0, 1): the inverse of the distribution
    function at that number is the token, words in the vocabulary's order. `said` (rows, any length) holds the ids that
    the repetition penalty applies to; `forbidden` the words that rows may not have now. Log-probabilities and ranks
    are those before penalty, prohibitions, temperature and limits. `scratch`, of the logits' shape, is overwritten: who
    chooses often spares the system finding so much memory each time. The logits are written to, and are then again what
    they were. Raises ValueError where a row may have no word.
    """
    scratch = torch.empty_like(logits) if scratch is None else scratch
    penalty = sampling.repetition_penalty
    with _without(logits if said is None or penalty == 1 else _penalised(logits, said, penalty), forbidden) as scores:
        best = scores.amax(dim=-1, keepdim=True)
        # Only so many pairs can leave a row without a word; the look makes the host wait for a device.
        if forbidden is not None and len(forbidden.ids) >= logits.shape[-1] and bool(best.isneginf().any()):
            raise ValueError("Every word of the vocabulary is forbidden to a row.")
        if sampling.greedy:
            ids, total = scores.argmax(dim=-1), None
        else:
            # Not normalised: the choice needs shares only; a division would be one more pass over rows x vocabulary.
            weights = _weights(scores, best, sampling.temperature, scratch)
            blocks = _blocks(weights)
            total = blocks.sum(dim=-1) if sampling.temperature == 1 == sampling.repetition_penalty else None
            if _limit(weights, sampling):
                blocks = _blocks(weights)
            ids = _inverse(weights, blocks, uniforms)
    of_chosen = logits.gather(1, ids[:, None])
    if total is None:
        of_all = torch.logsumexp(logits, dim=-1).double()
    else:
        # The same pass gave the total of the model's own distribution, but for what is forbidden.
        of_all = best[:, 0] + total.log()
        of_all = of_all if forbidden is None else _with_forbidden(of_all, logits, forbidden)
    # Counted as float32, exact up to 2**24 words, in memory at hand: whole numbers of 64 bits take ten times as long.
    ranks = torch.gt(logits, of_chosen, out=scratch).sum(dim=-1).long() + 1
    return Chosen(ids, (of_chosen[:, 0] - of_all).float(), ranks)


@contextmanager
def _without(scores: torch.Tensor, forbidden: Forbidden | None) -> Iterator[torch.Tensor]:
    """Give the scores with forbidden words at minus infinity, and put back what stood there: no copy is made of them.

    Only rows that lie on one another in memory (one row, expanded) are copied.
    """
    if forbidden is None:
        yield scores
        return
    scores, places = scores.contiguous(), (forbidden.rows, forbidden.ids)
    old = scores[places]
    scores[places] = scores.new_full((), float("-inf"))  # a plain number would come from the host
    try:
        yield scores
    finally:
        scores[places] = old


def _with_forbidden(of_allowed: torch.Tensor, logits: torch.Tensor, forbidden: Forbidden) -> torch.Tensor:
    """Return the logarithm of each row's whole sum of exponentials from that over the words it may have."""
    old = logits[forbidden.rows, forbidden.ids].double()
    most = of_allowed.scatter_reduce(0, forbidden.rows, old, "amax")
    sums = (of_allowed - most).exp().index_add(0, forbidden.rows, (old - most[forbidden.rows]).exp())
    return most + sums.log()


def _weights(scores: torch.Tensor, best: torch.Tensor, temperature: float, scratch: torch.Tensor) -> torch.Tensor:
    """Return the words' weights, 1 for the most probable one, in `scratch`."""
    shifted = torch.sub(scores, best, out=scratch)
    return (shifted if temperature == 1 else shifted.div_(temperature)).exp_()


def _penalised(scores: torch.Tensor, said: torch.Tensor, penalty: float) -> torch.Tensor:
    """Divide the positive scores of words already said by the penalty, multiply the negative ones (Keskar 2019)."""
    old = scores.gather(1, said)
    return scores.scatter(1, said, torch.where(old < 0, old * penalty, old / penalty))


def _limit(weights: torch.Tensor, sampling: Sampling) -> bool:
    """Set the weights below top-k, top-p and min-p to 0, ties at a limit kept together; return whether one is set.

    Each limit is turned into the smallest weight that it lets pass, so that no word order has to be undone.
    """
    vocabulary = weights.shape[-1]
    top_k = min(sampling.top_k, vocabulary) or vocabulary
    if top_k == vocabulary and sampling.top_p == 1 and sampling.min_p == 0:
        return False
    least = torch.zeros_like(weights[:, :1])
    if sampling.top_p < 1:
        least = _nucleus(weights, top_k, sampling.top_p)
    elif top_k < vocabulary:
        least = _largest(weights, top_k)[:, -1:]
    if sampling.min_p > 0:
        least = torch.maximum(least, sampling.min_p * weights.amax(dim=-1, keepdim=True))
    weights.masked_fill_(weights < least, 0.0)
    return True


def _nucleus(weights: torch.Tensor, top_k: int, top_p: float) -> torch.Tensor:
    """Return (rows, 1): the smallest weight in the least set of the top k whose share reaches `top_p`."""
    limited = top_k < weights.shape[-1]
    count = top_k if limited else min(_HEAD, top_k)
    best = _largest(weights, count)
    share = top_p * (best if limited else weights).sum(dim=-1, keepdim=True)
    least = _crossing(best, share)
    if count == top_k:
        return least  # there are no more; and to ask who wants them makes the host wait for a device
    wider = (best.sum(dim=-1) < share[:, 0]).nonzero()[:, 0]
    while len(wider) and count < top_k:
        count = min(_WIDER * count, top_k)
        best = _largest(weights[wider], count)
        least[wider] = _crossing(best, share[wider])
        wider = wider[best.sum(dim=-1) < share[wider, 0]]
    return least


def _largest(weights: torch.Tensor, count: int) -> torch.Tensor:
    """Return (rows, count): the largest weights of each row, from the largest down."""
    if weights.device.type != "cpu":
        return weights.topk(count, dim=-1).values
    # On a CPU numpy's sorting takes a tenth of the time: PyTorch's also says where each value came from.
    values = weights.numpy()
    if count < values.shape[-1]:
        values = np.partition(values, -count, axis=-1)[:, -count:]
    return torch.from_numpy(np.sort(values, axis=-1)).flip(-1)


def _crossing(best: torch.Tensor, share: torch.Tensor) -> torch.Tensor:
    """Return (rows, 1): the weight, of those sorted from the largest, with which the running sum reaches `share`."""
    # A word belongs to the nucleus where the words before it do not yet reach the share.
    inside = best.cumsum(dim=-1, dtype=torch.float64) - best < share
    return best.gather(1, inside.sum(dim=-1, keepdim=True).clamp(min=1) - 1)


def _blocks(weights: torch.Tensor) -> torch.Tensor:
    """Return (rows, blocks): the weights summed by block of _BLOCK words, in float64."""
    return _padded(weights).view(len(weights), -1, _BLOCK).sum(dim=-1).double()


def _padded(weights: torch.Tensor) -> torch.Tensor:
    missing = -weights.shape[-1] % _BLOCK
    return torch.nn.functional.pad(weights, (0, missing)) if missing else weights


def _inverse(weights: torch.Tensor, blocks: torch.Tensor, uniforms: torch.Tensor) -> torch.Tensor:
    """Return for each row the first word at which the running share of `weights` passes its uniform number."""
    block, rest = _walk(blocks, uniforms * blocks.sum(dim=-1))
    words = (block * _BLOCK)[:, None] + torch.arange(_BLOCK, device=weights.device)
    inner = weights.gather(1, words.clamp(max=weights.shape[-1] - 1)).double()
    word, _ = _walk(inner.masked_fill(words >= weights.shape[-1], 0.0), rest)
    return block * _BLOCK + word


def _walk(weights: torch.Tensor, target: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the first index whose running sum exceeds `target`, and what of `target` is left before it."""
    running = weights.cumsum(dim=-1)
    index = (running <= target[:, None]).sum(dim=-1)
    # Rounding may put the target at the very end; a word of weight 0 must never be taken for that.
    places = torch.arange(weights.shape[-1], device=weights.device)
    last = torch.where(weights > 0, places, -1).amax(dim=-1)
    index = torch.minimum(index, last)
    before = running.gather(1, index[:, None]) - weights.gather(1, index[:, None])
    return index, target - before[:, 0]
