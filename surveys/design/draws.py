"""Random numbers that anybody can derive again: SHA-256 of a seed and a purpose, the same on every machine.

The idea is PlanOut's (Bakshy, Eckles & Bernstein 2014, doi 10.1145/2566486.2567967): an assignment is a hash, not
a state. Python's own ``random`` is not used, since only its ``random()`` is promised to stay the same.
"""

import hashlib
import json
import struct
from collections.abc import Sequence
from math import ceil
from typing import TypeVar

T = TypeVar("T")

_WORD = 64


def seed_for(*parts: str | int) -> int:
    """A seed of 63 bits out of named parts, such as (version hash, mode, stratum). Equal parts, equal seed."""
    return int.from_bytes(hashlib.sha256(_json(*parts)).digest()[:8], "big") >> 1


class Draws:
    """A stream of numbers that is fixed by its parts. Two purposes of one person have unrelated streams."""

    def __init__(self, *parts: str | int) -> None:
        self._base = hashlib.sha256(_json(*parts) + b"#")
        self._blocks = 0
        self._words: list[int] = []

    def word(self) -> int:
        """The next number from 0 to 2**64 - 1, each equally likely."""
        if not self._words:
            block = self._base.copy()
            block.update(str(self._blocks).encode())
            self._blocks += 1
            self._words = list(struct.unpack(">4Q", block.digest()))
        return self._words.pop(0)

    def below(self, bound: int) -> int:
        """A number from 0 to ``bound`` - 1, each exactly equally likely. Raises ValueError if bound < 1."""
        if bound < 1:
            raise ValueError(f"there is nothing to draw from below {bound}")
        words = max(1, ceil((bound - 1).bit_length() / _WORD))
        # Numbers above the last whole multiple are thrown away: taking the remainder would favour small numbers.
        limit = (1 << words * _WORD) - (1 << words * _WORD) % bound
        while (number := self._number(words)) >= limit:
            pass
        return number % bound

    def _number(self, words: int) -> int:
        number = 0
        for _ in range(words):
            number = number << _WORD | self.word()
        return number

    def pick(self, choices: Sequence[T]) -> T:
        """One of the choices, each equally likely. Raises ValueError if there are none."""
        return choices[self.below(len(choices))]

    def shuffled(self, things: Sequence[T]) -> tuple[T, ...]:
        """The things in an order of which each is equally likely (Fisher and Yates)."""
        order = list(things)
        for last in range(len(order) - 1, 0, -1):
            other = self.below(last + 1)
            order[last], order[other] = order[other], order[last]
        return tuple(order)


def _json(*parts: str | int) -> bytes:
    # JSON keeps the parts apart: ("a", "bc") and ("ab", "c") are different draws.
    return json.dumps(parts, ensure_ascii=True, separators=(",", ":")).encode()
