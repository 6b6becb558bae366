"""What is known before an assignment, and what it decides: plain values with one canonical JSON form each."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Counts:
    """How often everything was given: completed plus live leases, within one (version, mode, stratum).

    - arms: people by ``Assignment.arm``, that is by arm, or by counterbalancing row.
    - articles: people by article key.
    - cells: people by (article key, position), positions from 0.
    - totals: people by ``Assignment.arm`` over all strata; targets are held against it. Left out, ``arms`` is
      taken, which is right where there is one stratum.

    What is not there counts as 0.
    """

    arms: Mapping[str, int] = field(default_factory=dict)
    articles: Mapping[str, int] = field(default_factory=dict)
    cells: Mapping[tuple[str, int], int] = field(default_factory=dict)
    totals: Mapping[str, int] | None = None

    def to_dict(self) -> dict[str, Any]:
        """As JSON data: cells are a sorted list of [article, position, people]; zeros are left out."""
        found: dict[str, Any] = {
            "arms": _without_zeros(self.arms),
            "articles": _without_zeros(self.articles),
            "cells": sorted([key, position, n] for (key, position), n in self.cells.items() if n),
        }
        return found if self.totals is None else found | {"totals": _without_zeros(self.totals)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Counts":
        """The counts that ``to_dict`` wrote. Raises KeyError, TypeError or ValueError for other data."""
        cells = {(str(key), int(position)): int(n) for key, position, n in data["cells"]}
        return cls(dict(data["arms"]), dict(data["articles"]), cells, data.get("totals"))


@dataclass(frozen=True)
class PlannedTrial:
    """One article to be read: ``position`` counts from 0; ``sha256`` is the hash of the text to show."""

    position: int
    article_key: str
    story: str
    arm: str
    sha256: str


@dataclass(frozen=True)
class Assignment:
    """What one person is given.

    ``arm`` is the arm, or in within and mixed designs the counterbalancing row ('row-2', 'label/row-2', and
    'balanced' or 'random' where the design has no fixed rows); each trial names its own arm. ``tied`` are the arms
    that stood equal when one of them was drawn: the evidence that chance decided, and between what.
    """

    arm: str
    plan: tuple[PlannedTrial, ...]
    tied: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """As JSON data, for the ledger."""
        return {"arm": self.arm, "plan": [asdict(trial) for trial in self.plan], "tied": list(self.tied)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Assignment":
        """The assignment that ``to_dict`` wrote. Raises KeyError or TypeError for other data."""
        plan = tuple(PlannedTrial(**trial) for trial in data["plan"])
        return cls(data["arm"], plan, tuple(data["tied"]))

    def canonical(self) -> str:
        """Canonical JSON: sorted keys, no blanks. Equal assignments have equal text."""
        return json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _without_zeros(counts: Mapping[str, int]) -> dict[str, int]:
    return {key: n for key, n in sorted(counts.items()) if n}
