"""What is known before an assignment, and what it decides: plain values with one canonical JSON form each."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Counts:
    """How often everything was given: completed plus live leases, within one (version, mode, stratum).

    - arms: people by ``Assignment.arm``, that is by arm, or by counterbalancing row.
    - articles: people by article key.
    - cells: people by (article key, position), positions from 0.
    - totals: people by ``Assignment.arm`` over all strata; targets are held against it. Left out, ``arms`` is
      taken, which is right where there is one stratum.
    - people: people by (``Assignment.arm``, ``Assignment.condition``), where factors vary between persons.
    - readings: people by (article key, position, condition of the factors that vary within persons), where some do.

    What is not there counts as 0.
    """

    arms: Mapping[str, int] = field(default_factory=dict)
    articles: Mapping[str, int] = field(default_factory=dict)
    cells: Mapping[tuple[str, int], int] = field(default_factory=dict)
    totals: Mapping[str, int] | None = None
    people: Mapping[tuple[str, str], int] = field(default_factory=dict)
    readings: Mapping[tuple[str, int, str], int] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """As JSON data: cells are a sorted list of [article, position, people]; zeros are left out.

        So are the counts of factors in a design that has none, whose ledgers stay as they were.
        """
        found: dict[str, Any] = {
            "arms": _without_zeros(self.arms),
            "articles": _without_zeros(self.articles),
            "cells": sorted([key, position, n] for (key, position), n in self.cells.items() if n),
        }
        if self.totals is not None:
            found["totals"] = _without_zeros(self.totals)
        if self.people:
            found["people"] = sorted([*key, n] for key, n in self.people.items() if n)
        if self.readings:
            found["readings"] = sorted([*key, n] for key, n in self.readings.items() if n)
        return found

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Counts":
        """The counts that ``to_dict`` wrote. Raises KeyError, TypeError or ValueError for other data."""
        cells = {(str(key), int(position)): int(n) for key, position, n in data["cells"]}
        people = {(str(arm), str(condition)): int(n) for arm, condition, n in data.get("people", ())}
        readings = {(str(key), int(at), str(condition)): int(n) for key, at, condition, n in data.get("readings", ())}
        return cls(dict(data["arms"]), dict(data["articles"]), cells, data.get("totals"), people, readings)


@dataclass(frozen=True)
class PlannedTrial:
    """One article to be read: ``position`` counts from 0; ``sha256`` is the hash of the text to show.

    ``condition`` are the levels of every factor at this article; '' in a design without factors.
    """

    position: int
    article_key: str
    story: str
    arm: str
    sha256: str
    condition: str = ""


@dataclass(frozen=True)
class Assignment:
    """What one person is given.

    ``arm`` is the arm, or in within and mixed designs the counterbalancing row ('row-2', 'label/row-2', and
    'balanced' or 'random' where the design has no fixed rows); each trial names its own arm. ``tied`` are the arms
    that stood equal when one of them was drawn: the evidence that chance decided, and between what. ``condition`` are
    the levels of the factors that vary between persons.
    """

    arm: str
    plan: tuple[PlannedTrial, ...]
    tied: tuple[str, ...]
    condition: str = ""

    def to_dict(self) -> dict[str, Any]:
        """As JSON data, for the ledger; without conditions where there are no factors."""
        plan = [
            {name: value for name, value in vars(trial).items() if name != "condition" or value} for trial in self.plan
        ]
        found: dict[str, Any] = {"arm": self.arm, "plan": plan, "tied": list(self.tied)}
        return found | {"condition": self.condition} if self.condition else found

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Assignment":
        """The assignment that ``to_dict`` wrote. Raises KeyError or TypeError for other data."""
        plan = tuple(PlannedTrial(**trial) for trial in data["plan"])
        return cls(data["arm"], plan, tuple(data["tied"]), data.get("condition", ""))

    def canonical(self) -> str:
        """Canonical JSON: sorted keys, no blanks. Equal assignments have equal text."""
        return json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _without_zeros(counts: Mapping[str, int]) -> dict[str, int]:
    return {key: n for key, n in sorted(counts.items()) if n}
