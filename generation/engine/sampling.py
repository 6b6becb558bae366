"""The sampling specification: which of the model's next words may be drawn, and how long a draft may grow."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self


class SamplingError(ValueError):
    """Some values of a sampling specification are out of range; `problems` holds {field: what to do}."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems: dict[str, str] = dict(problems)
        super().__init__("; ".join(f"{name}: {message}" for name, message in self.problems.items()))


@dataclass(frozen=True, slots=True)
class Sampling:
    """How words are drawn from the model's distribution.

    `temperature` 0 always takes the most probable token (greedy); 1 draws from the model as it is. `top_k` 0,
    `top_p` 1 and `min_p` 0 switch those limits off; where several are set they apply in that order, each to
    what the one before left. `repetition_penalty` 1 is off (Keskar et al. 2019, CTRL). Lengths are in tokens
    of the model; `max_tokens` counts the draft alone, not the prompt.
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    repetition_penalty: float = 1.0
    max_tokens: int = 200
    min_tokens: int = 0

    @property
    def greedy(self) -> bool:
        """True where nothing is drawn: each candidate of a prompt then has the same text."""
        return self.temperature == 0

    def problems(self) -> dict[str, str]:
        """Return {field: what to do} for each value out of range; empty where all are fine."""
        found = dict(self._type_problems())
        for name, message in self._range_problems():
            found.setdefault(name, message)
        return found

    def validated(self) -> Self:
        """Return this specification; raises SamplingError naming every field that is out of range."""
        if problems := self.problems():
            raise SamplingError(problems)
        return self

    def to_dict(self) -> dict[str, float | int]:
        """Return the fields as plain numbers, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the validated specification stored by `to_dict`; absent fields take their defaults.

        Raises SamplingError for an unknown field or a value out of range.
        """
        known = {field.name for field in fields(cls)}
        if unknown := sorted(set(values) - known):
            raise SamplingError(dict.fromkeys(unknown, "is not a sampling setting; remove it"))
        return cls(**values).validated()

    def _type_problems(self) -> list[tuple[str, str]]:
        whole = ("top_k", "max_tokens", "min_tokens")
        problems: list[tuple[str, str]] = []
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, bool) or not isinstance(value, int if field.name in whole else (int, float)):
                kind = "a whole number" if field.name in whole else "a number"
                problems.append((field.name, f"must be {kind}, not {value!r}"))
            elif isinstance(value, float) and not math.isfinite(value):
                problems.append((field.name, f"must be a finite number, not {value!r}"))
        return problems

    def _range_problems(self) -> list[tuple[str, str]]:
        if self._type_problems():
            return []
        rules = (
            ("temperature", 0 <= self.temperature <= 10, "must be 0 (greedy) or more, and at most 10"),
            ("top_k", self.top_k >= 0, "must be 0 (off) or a positive whole number"),
            ("top_p", 0 < self.top_p <= 1, "must be above 0 and at most 1 (off)"),
            ("min_p", 0 <= self.min_p <= 1, "must lie between 0 (off) and 1"),
            (
                "repetition_penalty",
                0 < self.repetition_penalty <= 10,
                "must be above 0 and at most 10; 1 is off",
            ),
            ("max_tokens", self.max_tokens >= 1, "must be 1 or more"),
            (
                "min_tokens",
                0 <= self.min_tokens <= self.max_tokens,
                "must lie between 0 and the maximum length",
            ),
        )
        return [(name, f"{message}, not {getattr(self, name)}") for name, holds, message in rules if not holds]
