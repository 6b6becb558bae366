"""PURE: what a rule of exclusion leaves out of each arm, and whether it leaves out more of one than of another.

A rule that goes by what happened after the article was shown conditions on a consequence of the treatment: those who
are left in one arm need not be like those who are left in another (Montgomery, Nyhan & Torres 2018, Am. J. Polit. Sci.
62:760). Unequal shares are the sign of it; equal ones are no proof that it did not happen.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from analysis.contrasts import are_shared
from analysis.intervals import NAN
from analysis.mixed.design import FloatArray
from analysis.plan_rules import After, Level, Rule

# Of people who are in one arm each, and of people who are in several.
Permuted = Literal["people between arms", "arms within people"]


@dataclass(frozen=True)
class ArmOut:
    """What there was of an arm before the rule, and what the rule left out. ``share`` is the mean over the arm's people
    of the share of their ratings that are out; with rules of people, the share of the people."""

    arm: str
    people_before: int
    people_out: int
    ratings_before: int
    ratings_out: int
    share: float


@dataclass(frozen=True)
class RuleByArm:
    """One rule, in every arm. ``statistic`` tests that the arms' shares are equal, on ``df``; nan where they cannot
    differ. ``least_expected`` is the smallest number of people that the shares let expect to be out of an arm: below 5,
    p is rough. ``after`` says whether the rule goes by what happened after the treatment: always, maybe or never."""

    rule: str
    level: Level
    after: After
    permuted: Permuted
    statistic: float
    df: float
    p_value: float
    least_expected: float
    arms: tuple[ArmOut, ...]


def rule_by_arm(ratings: pd.DataFrame, out: pd.Series, rule: Rule, after: After | None = None) -> RuleByArm:
    """What ``rule`` leaves out of ``ratings`` by arm: ``out`` says for each rating whether it goes, ``after`` what is
    known of this study besides what holds for the rule in all.

    The test is that of a permutation, by its moments: people dealt to the arms anew, each with the share of their
    ratings that are out, which for whole people is Pearson's test times (n - 1) / n; or, where the arms share their
    people, each one's arms dealt anew, which is Cochran's (1950) Q for one rating an arm. So ratings of one person
    never count as several people's.
    """
    person, people = pd.factorize(ratings["participant"])
    arm, arms = pd.factorize(ratings["arm"].astype("str"), sort=True)
    shape, cell = (len(arms), len(people)), arm * len(people) + person
    given = np.bincount(cell, minlength=shape[0] * shape[1]).reshape(shape)
    gone = np.bincount(cell[out.to_numpy(dtype=bool)], minlength=shape[0] * shape[1]).reshape(shape)
    there = given > 0
    shares = np.divide(gone, given, out=np.zeros(shape), where=there)
    within = _share_people(there)
    statistic, df = (_within if within else _between)(shares, there)
    rows = tuple(
        ArmOut(
            str(name),
            int(there[n].sum()),
            int((there[n] & (gone[n] == given[n])).sum()),
            int(given[n].sum()),
            int(gone[n].sum()),
            float(shares[n].sum() / there[n].sum()),
        )
        for n, name in enumerate(arms)
    )
    units = there.sum()
    return RuleByArm(
        rule=str(rule),
        level=rule.kind.level,
        after=after or rule.kind.after,
        permuted="arms within people" if within else "people between arms",
        statistic=statistic,
        df=df,
        p_value=float(stats.chi2.sf(statistic, df)) if df > 0 else NAN,
        least_expected=float(there.sum(axis=1).min() * shares.sum() / units) if units else NAN,
        arms=rows,
    )


def _share_people(there: np.ndarray) -> bool:
    together = there.astype(float) @ there.T
    pairs = ((n, m) for n in range(len(there)) for m in range(n))
    return any(are_shared(int(together[n, m]), int(together[n, n]), int(together[m, m])) for n, m in pairs)


def _between(shares: FloatArray, there: np.ndarray) -> tuple[float, float]:
    """(n - 1) times the part of the variance of people's shares that lies between arms, and its df."""
    counts, n = there.sum(axis=1), there.sum()
    if len(counts) < 2:
        return NAN, NAN
    mean = shares.sum() / n
    total = float((((shares - mean) * there) ** 2).sum())
    if total <= 1e-12:
        return NAN, NAN
    means = shares.sum(axis=1) / counts
    return float((n - 1) * (counts * (means - mean) ** 2).sum() / total), float(len(counts) - 1)


def _within(shares: FloatArray, there: np.ndarray) -> tuple[float, float]:
    """The sums over people of each arm's difference from the person's mean, in the metric of their covariance where
    each person's values are dealt to the person's arms anew; and its rank."""
    k = there.sum(axis=0)
    centred = (shares - shares.sum(axis=0) / np.maximum(k, 1)) * there
    # A person's values have this variance, and each two of them minus a (k - 1)-th of it as their covariance.
    variance = (centred**2).sum(axis=0) / np.maximum(k, 1)
    several = k > 1
    weight = np.where(several, variance * k / np.maximum(k - 1, 1), 0.0)
    member = there.astype(float)
    covariance = np.diag((member * weight).sum(axis=1)) - (member * (weight / np.maximum(k, 1))) @ member.T
    rank = int(np.linalg.matrix_rank(covariance, tol=1e-9 * max(1.0, float(covariance.max(initial=0.0)))))
    if rank == 0 or float(covariance.max()) <= 1e-12:
        return NAN, NAN
    sums = centred.sum(axis=1)
    return float(sums @ np.linalg.pinv(covariance, rcond=1e-9, hermitian=True) @ sums), float(rank)
