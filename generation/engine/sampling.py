"""The sampling specification: which of the model's next words may be drawn, and how long a draft may grow."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

MOST_STOPS = 16
# Below these a model's numbers, divided by them, leave what float32 can hold; nothing else is drawn by then anyway.
LEAST_TEMPERATURE = 0.01
LEAST_PENALTY = 0.01
LONGEST_STOP = 200
_NGRAMS = frozenset({0, *range(2, 101)})
_WHOLE = frozenset({"top_k", "max_tokens", "min_tokens", "no_repeat_ngram", "sentence_from"})


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
    what the one before left. `repetition_penalty` 1 is off (Keskar et al. 2019, CTRL); `no_repeat_ngram` 3 lets no
    three tokens in a row come twice, 0 is off (Paulus et al. 2017); both look at prompt and draft. Lengths are in
    tokens of the model; `max_tokens` counts the draft alone, not the prompt.

    `stop` are strings, at the first of which a draft ends; it is not part of the text. From `sentence_from` tokens
    on, a draft ends with its sentence; 0 is off. `exact` computes every step in one fixed shape, so that a text's last
    bit, too, is free of the batch's size and of its neighbours (slower, see `Drafter`).
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    repetition_penalty: float = 1.0
    max_tokens: int = 200
    min_tokens: int = 0
    no_repeat_ngram: int = 0
    stop: tuple[str, ...] = ()
    sentence_from: int = 0
    exact: bool = False

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

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values, ready for JSON."""
        return asdict(self) | {"stop": list(self.stop)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the validated specification stored by `to_dict`; absent fields take their defaults.

        Raises SamplingError for an unknown field or a value out of range.
        """
        known = {field.name for field in fields(cls)}
        if unknown := sorted(set(values) - known):
            raise SamplingError(dict.fromkeys(unknown, "is not a sampling setting; remove it"))
        given = dict(values)
        if isinstance(given.get("stop"), list):
            given["stop"] = tuple(given["stop"])
        return cls(**given).validated()

    def _type_problems(self) -> list[tuple[str, str]]:
        problems: list[tuple[str, str]] = []
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name == "stop":
                if not isinstance(value, tuple) or not all(isinstance(word, str) for word in value):
                    problems.append((field.name, f"must be a list of texts, not {value!r}"))
            elif field.name == "exact":
                if not isinstance(value, bool):
                    problems.append((field.name, f"must be true or false, not {value!r}"))
            elif isinstance(value, bool) or not isinstance(value, int if field.name in _WHOLE else (int, float)):
                kind = "a whole number" if field.name in _WHOLE else "a number"
                problems.append((field.name, f"must be {kind}, not {value!r}"))
            elif isinstance(value, float) and not math.isfinite(value):
                problems.append((field.name, f"must be a finite number, not {value!r}"))
        return problems

    def _range_problems(self) -> list[tuple[str, str]]:
        if self._type_problems():
            return []
        longest = self.max_tokens
        rules = (
            (
                "temperature",
                self.greedy or LEAST_TEMPERATURE <= self.temperature <= 10,
                f"must be 0 (greedy) or lie between {LEAST_TEMPERATURE} and 10",
            ),
            ("top_k", self.top_k >= 0, "must be 0 (off) or a positive whole number"),
            ("top_p", 0 < self.top_p <= 1, "must be above 0 and at most 1 (off)"),
            ("min_p", 0 <= self.min_p <= 1, "must lie between 0 (off) and 1"),
            (
                "repetition_penalty",
                LEAST_PENALTY <= self.repetition_penalty <= 10,
                f"must lie between {LEAST_PENALTY} and 10; 1 is off",
            ),
            ("max_tokens", longest >= 1, "must be 1 or more"),
            ("min_tokens", 0 <= self.min_tokens <= longest, "must lie between 0 and the maximum length"),
            ("no_repeat_ngram", self.no_repeat_ngram in _NGRAMS, "must be 0 (off) or lie between 2 and 100"),
            ("sentence_from", 0 <= self.sentence_from <= longest, "must lie between 0 (off) and the maximum length"),
        )
        problems = [(name, f"{message}, not {getattr(self, name)}") for name, holds, message in rules if not holds]
        return problems + [("stop", message) for message in self._stop_problems()]

    def _stop_problems(self) -> list[str]:
        if len(self.stop) > MOST_STOPS:
            return [f"at most {MOST_STOPS} stop strings are taken, not {len(self.stop)}"]
        if any(not word for word in self.stop):
            return ["a stop string is empty; remove it, or a text would end before it began"]
        if long := next((word for word in self.stop if len(word) > LONGEST_STOP), None):
            return [f"a stop string has {len(long)} characters; at most {LONGEST_STOP} are taken"]
        return []
