"""PURE: how far people may agree where one of two answers is rare, and few units were seen that mostly get it.

A sample that lacks a rare kind of unit does not show that there is one, and no interval made of the units that were
seen holds what it would make of alpha. How large a share of all units a kind can be of which so few were seen is known
from their number alone (Clopper & Pearson 1934, Biometrika 26:404).
"""

from typing import NamedTuple

import numpy as np
from scipy import stats

from analysis.agreement_interval import AlphaInterval, FloatArray, IntArray, Judged
from analysis.intervals import Interval

# An answer is rare that less than this share of an arm's judgements are.
RARE = 0.2
# What a method is called that has its upper limit from here.
UNSEEN = "and units not seen"


class RareKind(NamedTuple):
    """``seen`` of ``units`` in arms with a rare answer got it from more than half of their judges; such units are at
    most the share ``most`` of all, and alpha then is ``limit``."""

    seen: int
    units: int
    most: float
    limit: float

    def __str__(self) -> str:
        return (
            f"One of the two answers is rare, and {self.seen} of {self.units} units got it from more than half of "
            f"their people. Such units may be up to {self.most:.0%} of all, for which the upper limit of alpha allows: "
            "how far people would agree about units that were not seen cannot be told."
        )


def with_rare_kind(found: AlphaInterval, judged: Judged, level: float) -> AlphaInterval:
    """The interval with its upper limit raised to what a rare kind of unit allows, and that said, where it is."""
    kind = rare_kind(judged, level)
    if kind is None or not found.interval.high < kind.limit:
        return found
    return found._replace(
        interval=Interval(found.interval.low, kind.limit),
        method=f"{found.method} {UNSEEN}",
        said=(*found.said, str(kind)),
    )


def rare_kind(judged: Judged, level: float) -> RareKind | None:
    """The largest alpha that so few units of a rare kind allow, at ``1 - level``; None where there are not two answers,
    or none is rare in any arm. Units that one judge judged do not count, nor do arms with one unit.

    The units that mostly got the rare answer are taken to be as many as they can be, both kinds otherwise as they were
    seen; of the former every judgement is the rare one, where none was seen.
    """
    keep = np.bincount(judged.units)[judged.units] > 1
    answers, which = np.unique(judged.scores[keep], axis=0, return_inverse=True)
    if len(answers) != 2:
        return None
    yes = which.ravel().astype(np.float64)
    units, arms = judged.units[keep], judged.arms[keep]
    kinds = [_arm(units[arms == arm], yes[arms == arm]) for arm in np.unique(arms)]
    kinds = [kind for kind in kinds if len(kind.shares) > 1]
    rare = [kind for kind in kinds if kind.share < RARE]
    if not rare:
        return None
    seen, of = (sum(part) for part in zip(*(kind.counts for kind in rare), strict=True))
    most = float(stats.beta.isf(level / 2, seen + 1, of - seen)) if seen < of else 1.0
    spreads = [kind.spread(most if kind.share < RARE else None) for kind in kinds]
    within, total = np.array([kind.n.sum() for kind in kinds]) @ np.array(spreads)
    return RareKind(seen, of, most, float(1 - within / total) if total > 0 else 1.0)


class _Arm(NamedTuple):
    """Of each unit the share of its arm's rarer answer, and its judgements; ``share`` is that of all of them."""

    shares: FloatArray
    n: FloatArray
    share: float

    @property
    def counts(self) -> tuple[int, int]:
        """How many units mostly got the rare answer, and how many units there are."""
        return int((self.shares > 0.5).sum()), len(self.shares)

    def spread(self, most: float | None) -> tuple[float, float]:
        """The variance of judgements within units, and that of all, if the share ``most`` of units mostly got the rarer
        answer; None for as many as did.

        That within units is found without bias from the few judgements of each. So what chance makes of them is in it:
        units that got an answer from most of their judges by chance are no kind, however many there are.
        """
        own, high = self.shares * (1 - self.shares) * self.n / (self.n - 1), self.shares > 0.5
        if most is None:
            # Judgements are held against those of other units, of which there is one less.
            share, few = float(self.shares.mean()), float(self.shares.var(ddof=1)) / len(self.shares)
            return float(own.mean()), share * (1 - share) + few
        low, top = _mean(self.shares[~high], 0.0), _mean(self.shares[high], 1.0)
        share = low + most * (top - low)
        return (1 - most) * _mean(own[~high], 0.0) + most * _mean(own[high], 0.0), share * (1 - share)


def _arm(units: IntArray, yes: FloatArray) -> _Arm:
    _, places, n = np.unique(units, return_inverse=True, return_counts=True)
    shares, of_all = np.bincount(places, yes) / n, float(yes.mean())
    return _Arm(1 - shares if of_all > 0.5 else shares, n.astype(np.float64), min(of_all, 1 - of_all))


def _mean(values: FloatArray, otherwise: float) -> float:
    return float(values.mean()) if len(values) else otherwise
