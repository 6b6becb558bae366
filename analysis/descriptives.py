"""PURE: what each arm's ratings look like, with the participant's mean within an arm as the unit."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats

from analysis.intervals import NAN, NO_INTERVAL, Interval, spread, t_interval, wilson
from analysis.tables import to_frame


@dataclass(frozen=True)
class ArmSummary:
    """One arm. ``mean``, ``sd``, ``median`` are of people's means (a person's mean over the articles rated in the
    arm), in the outcome's units; ``ci_low`` and ``ci_high`` are the t interval of the mean over people.

    ``share`` is the mean over people of the share of their ratings that reach the cut; its Wilson interval goes by
    ``n_effective`` independent answers and the number of people (see ``Share``). All of them are nan where no cut was
    given.
    """

    arm: str
    n_people: int
    n_ratings: int
    n_articles: int
    ratings_a_person_min: int
    ratings_a_person_max: int
    mean: float
    std_error: float
    sd: float
    median: float
    ci_low: float
    ci_high: float
    share: float
    share_ci_low: float
    share_ci_high: float
    n_effective: float


@dataclass(frozen=True)
class Share:
    """A share of people's ratings, and how many independent answers it is worth.

    With one rating a person ``n_effective`` is the number of people and everything is the ordinary Wilson interval.
    With more, it is p (1 - p) / Var(p), the variance taken between people: never fewer than the people, never more
    than the ratings (Rao & Scott 1992, Biometrics 48:577; Dean & Pagano 2015, J. Surv. Stat. Methodol. 3:484).

    The variance between a few people is itself uncertain, and comes out too small oftener than too large. So the
    interval takes the effective size with Korn & Graubard's (1998, Surv. Methodol. 24:193) factor (z / t) squared, in
    Wilson's formula with t in the place of z, t having as many degrees of freedom as people but one. It never counts
    fewer answers than people, who are independent however alike one's answers are.
    """

    share: float
    n_effective: float
    n_people: int

    def interval(self, alpha: float) -> Interval:
        """The Wilson interval; (nan, nan) without answers."""
        if not self.n_effective:
            return NO_INTERVAL
        if self.n_effective <= self.n_people:
            return wilson(self.share, self.n_effective, alpha)
        # t in the place of z is the factor (z / t) squared a second time.
        factor = float((stats.norm.ppf(1 - alpha / 2) / stats.t.ppf(1 - alpha / 2, self.n_people - 1)) ** 4)
        return wilson(self.share, max(float(self.n_people), self.n_effective * factor), alpha)

    def wilson(self, alpha: float, df: float) -> Interval:
        """The Wilson interval on the effective size with t of ``df`` in the place of z, as a difference's interval
        takes it: there ``df`` are the difference's, and the sizes those of ``shares_of_two``. (nan, nan) without
        answers."""
        return wilson(self.share, self.n_effective, alpha, df)


@dataclass(frozen=True)
class ArmSummaries:
    """The arms of a comparison, in the order asked for."""

    rows: tuple[ArmSummary, ...]

    def to_frame(self) -> pd.DataFrame:
        """One row an arm; the columns are the fields of ``ArmSummary``."""
        return to_frame(self.rows, ArmSummary)


def unit_means(ratings: pd.DataFrame, outcome: str, cut: float | None) -> pd.DataFrame:
    """One row a participant and arm: ``participant, arm, mean, share, n_ratings``, ordered by both.

    ``ratings`` must have passed ``check_ratings``; ratings without an outcome do not count. ``share`` is nan without
    a cut.
    """
    rated = ratings.loc[ratings[outcome].notna(), ["participant", "arm", outcome]]
    values = rated[outcome].to_numpy(dtype=float)
    # By numbers that have the order of the names: to group a million texts takes many times as long.
    (person, people), (arm, arms) = (pd.factorize(rated[name], sort=True) for name in ("participant", "arm"))
    share = np.nan if cut is None else (values >= cut).astype(float)
    numbered = pd.DataFrame({"participant": person, "arm": arm, "mean": values, "share": share, "n_ratings": 1})
    units = numbered.groupby(["participant", "arm"], sort=True)
    found = units.agg({"mean": "mean", "share": "mean", "n_ratings": "sum"}).reset_index()
    return found.assign(
        participant=people.take(found["participant"].to_numpy()), arm=arms.take(found["arm"].to_numpy())
    )


def share_of(shares: Sequence[float] | np.ndarray, n_ratings: int) -> Share:
    """The mean of people's shares and its effective sample size. ``shares`` holds one value of 0..1 a person."""
    p = np.asarray(shares, dtype=float)
    if not p.size or np.isnan(p).any():
        return Share(NAN, 0.0, 0)
    mean = min(1.0, max(0.0, float(p.mean())))
    variance = spread(p) ** 2 / p.size if p.size > 1 else NAN
    if not 0 < mean < 1 or math.isnan(variance):
        return Share(mean, float(p.size), p.size)
    effective = mean * (1 - mean) / variance if variance > 0 else float(n_ratings)
    return Share(mean, _between(effective, p.size, n_ratings), p.size)


def shares_of_two(own: np.ndarray, n_ratings: int, other: np.ndarray, other_n_ratings: int) -> tuple[Share, Share]:
    """Both arms' shares as their difference takes them; ``own`` and ``other`` hold one value of 0..1 a person.

    Each arm is worth the smaller of two numbers of answers: its own effective size, and the one by the design effect of
    both arms together, the sum over arms of (people - 1) times (ratings a person) times the variance between people,
    over that of (people - 1) p (1 - p). An arm of few people whose spread came out too small by chance is thought worth
    too much, and it is just such an arm that lies far from the other. Where one arm's answers hang together more than
    the other's, its own size is the smaller one and stays (docs/decisions/0017-shares-are-worth-the-smaller-size.md).
    """
    arms = share_of(own, n_ratings), share_of(other, other_n_ratings)
    if min(arm.n_people for arm in arms) < 2:
        return arms
    ratings = n_ratings, other_n_ratings
    spreads = [(p.size - 1) * n / p.size * spread(p) ** 2 for p, n in zip((own, other), ratings, strict=True)]
    expected = sum((arm.n_people - 1) * arm.share * (1 - arm.share) for arm in arms)
    if not (expected > 0 and sum(spreads) > 0):
        return arms
    effect = sum(spreads) / expected
    pooled = [_between(n / effect, arm.n_people, n) for arm, n in zip(arms, ratings, strict=True)]
    first, second = (
        replace(arm, n_effective=min(arm.n_effective, size)) for arm, size in zip(arms, pooled, strict=True)
    )
    return first, second


def _between(effective: float, people: int, n_ratings: int) -> float:
    """An effective size that is never below the people and never above the ratings."""
    return min(float(n_ratings), max(float(people), effective))


def summarise_arms(
    ratings: pd.DataFrame,
    units: pd.DataFrame,
    outcome: str,
    arms: Sequence[str],
    alpha: float = 0.05,
) -> ArmSummaries:
    """The summary of each of ``arms``, also of those without a rating. ``units`` is ``unit_means`` of ``ratings``."""
    rated = ratings[ratings[outcome].notna()]
    articles = rated.groupby("arm")["article"].nunique() if "article" in rated.columns else pd.Series(dtype=int)
    parts = dict(tuple(units.groupby("arm", observed=True)))
    empty = units.iloc[:0]
    return ArmSummaries(tuple(_summary(arm, parts.get(arm, empty), int(articles.get(arm, 0)), alpha) for arm in arms))


def _summary(arm: str, units: pd.DataFrame, n_articles: int, alpha: float) -> ArmSummary:
    means = units["mean"].to_numpy(dtype=float)
    n_ratings = int(units["n_ratings"].sum())
    sd = spread(means)
    std_error = sd / math.sqrt(means.size) if means.size > 1 else NAN
    mean = float(means.mean()) if means.size else NAN
    # A spread of zero says that it could not be estimated, not that the mean is known exactly.
    limits = t_interval(mean, std_error, means.size - 1, alpha) if sd > 0 else NO_INTERVAL
    share = share_of(units["share"].to_numpy(dtype=float), n_ratings)
    share_limits = share.interval(alpha)
    return ArmSummary(
        arm=arm,
        n_people=means.size,
        n_ratings=n_ratings,
        n_articles=n_articles,
        ratings_a_person_min=int(units["n_ratings"].min()) if means.size else 0,
        ratings_a_person_max=int(units["n_ratings"].max()) if means.size else 0,
        mean=mean,
        std_error=std_error,
        sd=sd,
        median=float(np.median(means)) if means.size else NAN,
        ci_low=limits.low,
        ci_high=limits.high,
        share=share.share,
        share_ci_low=share_limits.low,
        share_ci_high=share_limits.high,
        n_effective=share.n_effective,
    )
