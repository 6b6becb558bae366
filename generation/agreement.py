"""How far curators agree beyond chance: Krippendorff's alpha for nominal values. Pure."""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Agreement:
    """``alpha`` is 1 for full agreement and 0 for chance; None where it is not defined.

    ``units`` counts the texts with at least two values, ``values`` their values, ``unanimous`` those without dissent.
    """

    alpha: float | None
    units: int
    values: int
    unanimous: int


def krippendorff(units: Iterable[Sequence[Hashable]]) -> Agreement:
    """Krippendorff's alpha (nominal) of the values that each unit got; values that are missing are left out.

    alpha = 1 - observed / expected disagreement, over the matrix of coincidences: each ordered pair of values within a
    unit of m values counts 1 / (m - 1). Units with fewer than two values say nothing. It is not defined where no unit
    has two values, and where all values are the same one: chance could then not have produced anything else.

    Krippendorff, K. (2011). Computing Krippendorff's alpha-reliability. University of Pennsylvania.

    >>> round(krippendorff([("a", "a"), ("a", "b"), ("b", "b"), ("b", "b")]).alpha, 3)
    0.533
    """
    paired = [list(values) for values in units if len(values) >= 2]
    totals: Counter[Hashable] = Counter()
    disagreements = 0.0
    for values in paired:
        counts = Counter(values)
        totals.update(counts)
        same = sum(count * (count - 1) for count in counts.values())
        size = len(values)
        disagreements += (size * (size - 1) - same) / (size - 1)
    n = totals.total()
    expected = n * (n - 1) - sum(count * (count - 1) for count in totals.values())
    return Agreement(
        alpha=1 - (n - 1) * disagreements / expected if expected else None,
        units=len(paired),
        values=n,
        unanimous=sum(len(set(values)) == 1 for values in paired),
    )
