"""PURE: (design, counts, unit key, seed) -> which arm, which articles, in which order; and its replay.

Standard library only. ``allocation`` states the bounds that the balance keeps.
"""

from surveys.design.allocation import assign
from surveys.design.check import Checked, check
from surveys.design.draws import Draws, seed_for
from surveys.design.factors import FactorSpec, levels
from surveys.design.lanes import QuotaFull, can_fill, is_full
from surveys.design.ledger import Difference, LedgerLine, replay
from surveys.design.plan import Assignment, Counts, PlannedTrial
from surveys.design.simulation import ONE_STRATUM, Cell, Simulated, simulate
from surveys.design.spec import RULE, Allocation, Amended, ArmSpec, ArticleSpec, DesignKind, DesignSpec, Order

__all__ = [
    "ONE_STRATUM",
    "RULE",
    "Allocation",
    "Amended",
    "ArmSpec",
    "ArticleSpec",
    "Assignment",
    "Cell",
    "Checked",
    "Counts",
    "DesignKind",
    "DesignSpec",
    "Difference",
    "Draws",
    "FactorSpec",
    "LedgerLine",
    "Order",
    "PlannedTrial",
    "QuotaFull",
    "Simulated",
    "assign",
    "can_fill",
    "check",
    "is_full",
    "levels",
    "replay",
    "seed_for",
    "simulate",
]
