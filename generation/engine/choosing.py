"""Choosing each row's next token from the model's logits, all rows at once, with random numbers given from outside."""

from __future__ import annotations

from typing import NamedTuple

import torch

from generation.engine.sampling import Sampling

_BLOCK = 256  # the inverse distribution function is walked in two levels: blocks of words, then words
_HEAD = 1024  # how many of the most probable words are sorted first to find a nucleus; nearly always enough


class Chosen(NamedTuple):
    """One token a row: its id, natural log-probability and rank (1 = most probable) in the model's distribution."""

    ids: torch.Tensor
    logprobs: torch.Tensor
    ranks: torch.Tensor


def choose(
    logits: torch.Tensor,
    uniforms: torch.Tensor,
    sampling: Sampling,
    *,
    said: torch.Tensor | None = None,
    forbidden: torch.Tensor | None = None,
) -> Chosen:
    """Return the next token of each row.

    `logits` (rows, vocabulary), float32; `uniforms` (rows,), float64 in [0, 1): the inverse of the distribution
    function at that number is the token, words in the vocabulary's order. `said` (rows, any length) holds the ids that
    the repetition penalty applies to; `forbidden` (rows, vocabulary) is true for words a row may not have yet.
    Log-probabilities and ranks are those before penalty, temperature and limits.
    """
    scores = logits
    if said is not None and sampling.repetition_penalty != 1:
        scores = _penalised(scores, said, sampling.repetition_penalty)
    if forbidden is not None:
        scores = scores.masked_fill(forbidden, float("-inf"))
    if sampling.greedy:
        ids = scores.argmax(dim=-1)
    else:
        if sampling.temperature != 1:
            scores = scores / sampling.temperature
        ids = _inverse(_limited(torch.softmax(scores, dim=-1), sampling), uniforms)
    of_chosen = logits.gather(1, ids[:, None])
    logprobs = of_chosen[:, 0] - torch.logsumexp(logits, dim=-1)
    ranks = (logits > of_chosen).sum(dim=-1) + 1
    return Chosen(ids, logprobs, ranks)


def _penalised(scores: torch.Tensor, said: torch.Tensor, penalty: float) -> torch.Tensor:
    """Divide the positive scores of words already said by the penalty, multiply the negative ones (Keskar 2019)."""
    old = scores.gather(1, said)
    return scores.scatter(1, said, torch.where(old < 0, old * penalty, old / penalty))


def _limited(weights: torch.Tensor, sampling: Sampling) -> torch.Tensor:
    """Return the weights with those below top-k, top-p and min-p set to 0; ties at a limit are kept together.

    Each limit is turned into the smallest weight that it lets pass, so that no word order has to be undone.
    """
    vocabulary = weights.shape[-1]
    top_k = min(sampling.top_k, vocabulary) or vocabulary
    if top_k == vocabulary and sampling.top_p == 1 and sampling.min_p == 0:
        return weights
    least = torch.zeros_like(weights[:, :1])
    if sampling.top_p < 1:
        least = _nucleus(weights, top_k, sampling.top_p)
    elif top_k < vocabulary:
        least = weights.topk(top_k, dim=-1).values[:, -1:]
    if sampling.min_p > 0:
        least = torch.maximum(least, sampling.min_p * weights.amax(dim=-1, keepdim=True))
    return weights.masked_fill(weights < least, 0.0)


def _nucleus(weights: torch.Tensor, top_k: int, top_p: float) -> torch.Tensor:
    """Return (rows, 1): the smallest weight in the least set of the top k whose share reaches `top_p`."""
    limited = top_k < weights.shape[-1]
    best = weights.topk(top_k if limited else min(_HEAD, top_k), dim=-1).values
    share = top_p * (best if limited else weights).sum(dim=-1, keepdim=True)
    least = _crossing(best, share)
    wider = (best.sum(dim=-1) < share[:, 0]).nonzero()[:, 0]
    if not limited and len(wider):
        least[wider] = _crossing(weights[wider].sort(dim=-1, descending=True).values, share[wider])
    return least


def _crossing(best: torch.Tensor, share: torch.Tensor) -> torch.Tensor:
    """Return (rows, 1): the weight, of those sorted from the largest, with which the running sum reaches `share`."""
    # A word belongs to the nucleus where the words before it do not yet reach the share.
    inside = best.cumsum(dim=-1, dtype=torch.float64) - best < share
    return best.gather(1, inside.sum(dim=-1, keepdim=True).clamp(min=1) - 1)


def _inverse(weights: torch.Tensor, uniforms: torch.Tensor) -> torch.Tensor:
    """Return for each row the first word at which the running share of `weights` passes its uniform number."""
    rows, vocabulary = weights.shape
    padded = torch.nn.functional.pad(weights, (0, -vocabulary % _BLOCK)).view(rows, -1, _BLOCK)
    blocks = padded.sum(dim=-1).double()
    block, rest = _walk(blocks, uniforms * blocks.sum(dim=-1))
    inner = padded[torch.arange(rows, device=weights.device), block].double()
    word, _ = _walk(inner, rest)
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
