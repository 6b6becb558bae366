"""PURE: whether the covariates tell the outcomes apart perfectly, so that no finite coefficient fits best."""

from collections.abc import Sequence

import numpy as np
from scipy.optimize import linprog

from analysis.mixed.design import FloatArray, IntArray
from analysis.mixed.formula import MixedModelError

MOST_ROWS = 200_000


class SeparationError(MixedModelError):
    """Outcomes that covariates separate; ``terms`` are the coefficients that would run to infinity."""

    def __init__(self, message: str, terms: tuple[str, ...]) -> None:
        super().__init__(message, column=terms[0] if terms else "")
        self.terms = terms


def refuse_separation(x: FloatArray, category: IntArray, n_cuts: int, terms: Sequence[str], outcome: str) -> None:
    """Raises ``SeparationError`` if moving some coefficients without end never makes an outcome less likely.

    That is so exactly if there are d and thresholds k, not all moving together, with ``k_j-1 <= x d <= k_j`` for every
    row of category j and a strict inequality somewhere: a linear program (Konis 2007; for yes-no outcomes Albert &
    Anderson 1984). ``x`` has no intercept, the thresholds taking its place; ``category`` counts from 0.
    """
    if not x.shape[1]:
        return
    scaled = x / np.maximum(np.abs(x).max(axis=0), np.finfo(float).tiny)
    rows = np.unique(np.column_stack([category, scaled]), axis=0)
    if len(rows) > MOST_ROWS:
        # So many different rows of a continuous covariate separate nothing that a search would not run into.
        return
    which, values = rows[:, 0].astype(int), rows[:, 1:]
    below, above = which > 0, which < n_cuts
    p = values.shape[1]
    # Each slack must not be negative: x d - k below the outcome's category, k - x d above it.
    picked = np.eye(n_cuts)
    slack = np.vstack(
        [
            np.column_stack([values[below], -picked[which[below] - 1]]),
            np.column_stack([-values[above], picked[which[above]]]),
        ]
    )
    found = linprog(-slack.sum(axis=0), A_ub=-slack, b_ub=np.zeros(len(slack)), bounds=(-1, 1), method="highs")
    if found.x is None or found.fun is None or -found.fun <= 1e-7:
        return
    moving = tuple(term for term, d in zip(terms, found.x[:p], strict=True) if abs(d) > 1e-7)
    raise SeparationError(
        f"{', '.join(moving)} tells the categories of '{outcome}' apart without a single exception (perfect "
        "separation), so no finite coefficient fits best: report the shares with their intervals instead, or leave "
        "the term out",
        moving,
    )
