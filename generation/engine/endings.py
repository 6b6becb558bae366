"""Where a draft ends by its text: at a stop string, or with the sentence it is in. Looks at the last tokens only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from generation.engine.draft import FinishReason
from generation.engine.sampling import Sampling
from generation.engine.sentences import last_sentence_end

_SENTENCE_TOKENS = 40  # far enough back to see an abbreviation or a quote before the full stop


class Ending(NamedTuple):
    """Why a draft ends, and how many of its last characters do not belong to the text."""

    reason: FinishReason
    beyond: int


class Endings:
    """Says after each token whether a draft has come to an end that the sampling asks for."""

    def __init__(self, sampling: Sampling, decode: Callable[[Sequence[int]], str]) -> None:
        """Take the sampling, and what turns token ids into text."""
        self._stops = sampling.stop
        self._sentence_from = sampling.sentence_from
        self._least = sampling.min_tokens
        self._decode = decode
        # A token is a byte at the least, and the newest is part of what is found: so many tokens hold the longest
        # string. A character may have begun before the first of them.
        self._window = max((len(word.encode()) for word in sampling.stop), default=0) + 4

    def __bool__(self) -> bool:
        """Return whether any draft can end so at all."""
        return bool(self._stops or self._sentence_from)

    def of(self, token_ids: Sequence[int]) -> Ending | None:
        """Return the ending that the newest token made sure of; None while the draft goes on."""
        if len(token_ids) < self._least:
            return None
        return self._at_stop(token_ids) or self._at_sentence(token_ids)

    def _at_stop(self, token_ids: Sequence[int]) -> Ending | None:
        if not self._stops:
            return None
        tail = self._decode(token_ids[-self._window :])
        # What does not reach into the newest token stood there before, when the draft was too short to end.
        before = len(tail) - self._newest(token_ids)
        found = [at for word in self._stops if (at := tail.find(word, max(before - len(word) + 1, 0))) >= 0]
        return Ending("stop string", len(tail) - min(found)) if found else None

    def _at_sentence(self, token_ids: Sequence[int]) -> Ending | None:
        """A full stop may be one of 'U.S.' or '3.5': a sentence has ended once the next token shows that it has."""
        if not self._sentence_from or len(token_ids) <= self._sentence_from:
            return None
        tail = self._decode(token_ids[-_SENTENCE_TOKENS:])
        beyond = len(tail) - last_sentence_end(tail)
        return Ending("sentence", beyond) if 0 < beyond <= self._newest(token_ids) else None

    def _newest(self, token_ids: Sequence[int]) -> int:
        """Return how many characters the newest token has, with the blank that some tokenizers drop before it."""
        return len(self._decode(token_ids[-1:])) + 1
