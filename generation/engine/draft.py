"""One draft: what a model wrote for one candidate, and how it came about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

FinishReason = Literal["stop", "length", "stop string", "sentence"]


@dataclass(frozen=True, slots=True)
class Draft:
    """A finished text of one candidate, raw as the model wrote it.

    `text` is the draft alone, without the prompt, special tokens kept but for the one that ended it; it stops before a
    stop string, or with its last sentence where the sampling asks for that.
    `token_ids`, `logprobs` and `ranks` have one entry a token, the ending token included: the natural
    logarithm of the token's probability and its rank (1 is the most probable) under the model's own
    distribution, before temperature and limits (GLTR, Gehrmann et al. 2019). `finish_reason` is 'stop' where
    the model ended the text, 'length' where it reached the limit, 'stop string' and 'sentence' where the sampling's
    own ends did. `seconds` is wall-clock time from its
    first token to its last; `rows` is how many candidates the batch held at most while it was written. `served` is what
    a server said of its answer, and the seed and settings that it was sent, under the names by which it took them;
    empty for a model in this process.
    """

    index: int
    seed: int
    text: str
    token_ids: tuple[int, ...]
    finish_reason: FinishReason
    logprobs: tuple[float, ...]
    ranks: tuple[int, ...]
    seconds: float
    rows: int
    counted: int = 0
    served: Mapping[str, Any] = field(default_factory=dict)

    @property
    def length(self) -> int:
        """Return how many tokens were written: those that are known, or as a server counted them (`counted`)."""
        return len(self.token_ids) or self.counted


@dataclass(frozen=True, slots=True)
class Refused:
    """One candidate that a server would not write, and why; the others are not touched by it."""

    index: int
    seed: int
    reason: str
