"""PURE: p values adjusted for having been picked out of several."""

import math
from collections.abc import Callable, Sequence

from analysis.intervals import holm

Adjustment = Callable[[Sequence[float]], list[float]]


def bonferroni(p_values: Sequence[float]) -> list[float]:
    """Each p times their number (Bonferroni 1936; Dunn 1961), at most 1; nan stays nan and does not count.

    >>> [round(p, 4) for p in bonferroni([0.01, 0.04, 0.5])]
    [0.03, 0.12, 1.0]
    """
    known = sum(not math.isnan(p) for p in p_values)
    return [p if math.isnan(p) else min(1.0, known * p) for p in map(float, p_values)]


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Step-up p values that bound the false discovery rate (Benjamini & Hochberg 1995); nan stays nan.

    >>> [round(p, 4) for p in benjamini_hochberg([0.01, 0.04, 0.03])]
    [0.03, 0.04, 0.04]
    """
    order = sorted((p, n) for n, p in enumerate(map(float, p_values)) if not math.isnan(p))
    adjusted = [math.nan] * len(p_values)
    least = 1.0
    for rank in range(len(order), 0, -1):
        p, place = order[rank - 1]
        least = min(least, p * (len(order) / rank))
        adjusted[place] = least
    return adjusted


# By the names that a plan and a command line use.
ADJUSTMENTS: dict[str, Adjustment] = {
    "bonferroni": bonferroni,
    "holm": holm,
    "benjamini-hochberg": benjamini_hochberg,
}
