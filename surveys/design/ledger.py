"""Replaying a ledger: every assignment is derived again from what was seen when it was made."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from surveys.design.allocation import assign
from surveys.design.lanes import QuotaFull
from surveys.design.plan import Assignment, Counts
from surveys.design.spec import Amended, DesignSpec


@dataclass(frozen=True)
class LedgerLine:
    """One recorded assignment of a version. ``counts_seen`` and ``result`` are what ``to_dict`` made of them.

    ``counts_seen`` also holds the amendments that held then, as 'amended', where there were some.
    """

    mode: str
    stratum: str
    sequence: int
    unit_key: str
    seed: int
    counts_seen: Mapping[str, Any]
    result: Mapping[str, Any]


@dataclass(frozen=True)
class Difference:
    """Where a ledger is not what its own inputs lead to; ``what`` is a sentence."""

    mode: str
    stratum: str
    sequence: int
    what: str


def replay(spec: DesignSpec, lines: Iterable[LedgerLine]) -> list[Difference]:
    """Every way in which the lines differ from what ``assign`` gives; empty where the ledger is identical.

    ``lines`` are all those of one version, in any order. Besides the results it holds the numbering: within a mode
    and stratum, sequences start at 0 and none is missing or there twice.
    """
    found = []
    ordered = sorted(lines, key=lambda line: (line.mode, line.stratum, line.sequence))
    for (mode, stratum), group in groupby(ordered, key=lambda line: (line.mode, line.stratum)):
        of = list(group)
        for expected, line in enumerate(of):
            if line.sequence != expected:
                what = f"number {expected} should stand here: a line is missing, or is there twice"
                found.append(Difference(mode, stratum, line.sequence, what))
                break
        found += [Difference(mode, stratum, line.sequence, what) for line in of if (what := _differs(spec, line))]
    return found


def _differs(spec: DesignSpec, line: LedgerLine) -> str:
    """In which way a line is not what its inputs lead to; '' where it is identical."""
    try:
        counts = Counts.from_dict(line.counts_seen)
        amended = Amended.from_dict(line.counts_seen.get("amended", {}))
        recorded = Assignment.from_dict(line.result)
    except (KeyError, TypeError, ValueError) as error:
        return f"the line cannot be read: {type(error).__name__}: {error}"
    try:
        derived = assign(spec.amended(amended), counts, line.unit_key, line.seed, line.sequence, line.stratum)
    except QuotaFull:
        return f"recorded {recorded.arm!r}, but every arm had reached its target, or the stratum its quota"
    except ValueError as error:
        return f"the design as it was amended cannot be used: {error}"
    if derived.arm != recorded.arm:
        return f"recorded arm {recorded.arm!r}, derived {derived.arm!r}"
    if derived.tied != recorded.tied:
        return f"recorded the tie {list(recorded.tied)}, derived {list(derived.tied)}"
    if derived.condition != recorded.condition:
        return f"recorded condition {recorded.condition!r}, derived {derived.condition!r}"
    if len(derived.plan) != len(recorded.plan):
        return f"recorded {len(recorded.plan)} articles, derived {len(derived.plan)}"
    for was, now in zip(recorded.plan, derived.plan, strict=True):
        if was.condition != now.condition:
            return f"position {now.position}: recorded condition {was.condition!r}, derived {now.condition!r}"
        if was != now:
            return f"position {now.position}: recorded {was.article_key!r} ({was.sha256[:12]}), " + (
                f"derived {now.article_key!r} ({now.sha256[:12]})"
            )
    return ""
