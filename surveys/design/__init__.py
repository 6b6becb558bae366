"""PURE: (design, counts, unit key, seed) -> which arm, which articles, in which order; and its replay.

Standard library only. ``allocation`` states the bounds that the balance keeps.
"""

from surveys.design.allocation import assign
from surveys.design.draws import Draws, seed_for
from surveys.design.lanes import QuotaFull
from surveys.design.plan import Assignment, Counts, PlannedTrial
from surveys.design.spec import Allocation, ArmSpec, ArticleSpec, DesignKind, DesignSpec, Order

__all__ = [
    "Allocation",
    "ArmSpec",
    "ArticleSpec",
    "Assignment",
    "Counts",
    "DesignKind",
    "DesignSpec",
    "Draws",
    "Order",
    "PlannedTrial",
    "QuotaFull",
    "assign",
    "seed_for",
]
