"""PURE: why two arms are compared without a test, in words."""

import math
from collections.abc import Mapping

from analysis.contrasts import SAME_PEOPLE, MeanContrast


def why_no_test(row: MeanContrast, labels: Mapping[str, str]) -> str:
    """Why people's means in two arms have no test, as the rest of a sentence; '' where they have one, or where an arm
    has nobody. ``labels`` are the arms' names in sentences."""
    if math.isfinite(row.p_value) or not (row.n and row.n_reference):
        return ""
    if row.people == SAME_PEOPLE:
        if row.n == 1:
            return "only one person is in both arms"
        return f"all {row.n} people who are in both arms differ by the same, and nothing says how much others would"
    alone = [labels.get(arm, arm) for arm, n in ((row.arm, row.n), (row.reference, row.n_reference)) if n == 1]
    if alone:
        return f"{' and '.join(alone)} {'have' if len(alone) > 1 else 'has'} one person only"
    return "everybody within an arm has the same value, and nothing says how much others would"


def untested_sentence(arm: str, reference: str, outcome: str, difference: str, why: str) -> str:
    """What a comparison without a test says: no more than what these ratings are."""
    return (
        f"{arm} was not tested against {reference} on the {outcome}: {why}. The difference of {difference} is of these "
        "people alone."
    )
