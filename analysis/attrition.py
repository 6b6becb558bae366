"""PURE: whether more people were lost in one arm than in another, which no later analysis can mend.

Source: Zhou & Fishbach 2016, J. Pers. Soc. Psychol. 111:493, on selective dropout in studies on the web.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from analysis.flow import Flow
from analysis.intervals import NAN, NO_INTERVAL, newcombe, wilson
from analysis.tables import to_frame

# Below so many expected people in a cell the test's p is rough (Cochran 1954).
LEAST_EXPECTED = 5


@dataclass(frozen=True)
class ArmAttrition:
    """Of those assigned to an arm, who did not complete. ``estimate`` is the share of the arm less that of the
    reference, with Newcombe's interval; nan for the reference itself."""

    arm: str
    n: int
    lost: int
    share: float
    share_ci_low: float
    share_ci_high: float
    estimate: float
    ci_low: float
    ci_high: float


@dataclass(frozen=True)
class Attrition:
    """Every arm, and Pearson's test that the shares are equal; ``least_expected`` is the test's smallest expected
    count."""

    rows: tuple[ArmAttrition, ...]
    statistic: float
    df: float
    p_value: float
    least_expected: float

    def to_frame(self) -> pd.DataFrame:
        """One row an arm; the columns are the fields of ``ArmAttrition``."""
        return to_frame(self.rows, ArmAttrition)


def attrition(flow: Flow, reference: str, alpha: float = 0.05) -> Attrition:
    """The loss after the assignment, by arm. Whoever withdrew counts as lost, also after the end."""
    arms = [arm for arm in flow.arms if arm.randomised]
    limits = {arm.arm: wilson(_lost(arm.completed, arm.randomised), arm.randomised, alpha) for arm in arms}
    base = next((arm for arm in arms if arm.arm == reference), None)
    rows = []
    for arm in arms:
        share, own = _lost(arm.completed, arm.randomised), limits[arm.arm]
        difference, between = NAN, NO_INTERVAL
        if base is not None and arm is not base:
            other = _lost(base.completed, base.randomised)
            difference, between = share - other, newcombe(share, own, other, limits[base.arm])
        rows.append(
            ArmAttrition(
                arm=arm.arm,
                n=arm.randomised,
                lost=arm.randomised - arm.completed,
                share=share,
                share_ci_low=own.low,
                share_ci_high=own.high,
                estimate=difference,
                ci_low=between.low,
                ci_high=between.high,
            )
        )
    return Attrition(tuple(rows), *_pearson([(row.lost, row.n - row.lost) for row in rows]))


def _lost(completed: int, randomised: int) -> float:
    return (randomised - completed) / randomised


def _pearson(counts: Sequence[tuple[int, int]]) -> tuple[float, float, float, float]:
    """Statistic, df, p and the least expected count, without a correction for continuity; nan without variation."""
    table = np.array(counts, dtype=float).reshape(-1, 2)
    if len(table) < 2 or (table.sum(axis=0) == 0).any():
        return NAN, NAN, NAN, NAN
    found = stats.chi2_contingency(table, correction=False)
    return float(found.statistic), float(found.dof), float(found.pvalue), float(found.expected_freq.min())
