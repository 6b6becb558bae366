"""PURE: (design, counts, unit key, seed) -> which arm, which articles, in which order; and its replay.

Standard library only. ``allocation`` states the bounds that the balance keeps.
"""

from surveys.design.allocation import assign
from surveys.design.draws import Draws, seed_for
from surveys.design.lanes import QuotaFull
from surveys.design.ledger import Difference, LedgerLine, replay
from surveys.design.plan import Assignment, Counts, PlannedTrial
from surveys.design.simulation import Cell, Simulated, simulate
from surveys.design.spec import Allocation, ArmSpec, ArticleSpec, DesignKind, DesignSpec, Order

__all__ = [
    "Allocation",
    "ArmSpec",
    "ArticleSpec",
    "Assignment",
    "Cell",
    "Counts",
    "DesignKind",
    "DesignSpec",
    "Difference",
    "Draws",
    "LedgerLine",
    "Order",
    "PlannedTrial",
    "QuotaFull",
    "Simulated",
    "assign",
    "replay",
    "seed_for",
    "simulate",
]
