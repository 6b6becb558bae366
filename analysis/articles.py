"""PURE: what each article was rated, and how the ratings of each arm are distributed."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.descriptives import share_of
from analysis.intervals import NAN, NO_INTERVAL, Interval, t_interval
from analysis.tables import to_frame


@dataclass(frozen=True)
class ArticleSummary:
    """One article of one arm, over the people who rated it; the interval is a t interval, nan for fewer than two.

    ``share`` is the share of its ratings that reach the cut, with Wilson's interval; nan without a cut. Where people
    gave it several ratings, it is the mean of their shares (``descriptives.Share``).
    """

    article: str
    arm: str
    n: int
    mean: float
    sd: float
    ci_low: float
    ci_high: float
    median: float
    share: float
    share_ci_low: float
    share_ci_high: float


@dataclass(frozen=True)
class ArticleSummaries:
    """Every article, by arm in the order asked for, then from the lowest mean to the highest."""

    rows: tuple[ArticleSummary, ...]

    def to_frame(self) -> pd.DataFrame:
        """One row an article and arm; the columns are the fields of ``ArticleSummary``."""
        return to_frame(self.rows, ArticleSummary)


@dataclass(frozen=True)
class Distribution:
    """How often each value was given in an arm: ``values`` rise, ``counts`` and ``cumulated`` (shares) belong to them.

    More than ``MOST_VALUES`` different values are counted in as many bins of equal width, each named by its upper end.
    """

    arm: str
    values: tuple[float, ...]
    counts: tuple[int, ...]
    cumulated: tuple[float, ...]


MOST_VALUES = 100


def summarise_articles(
    ratings: pd.DataFrame, outcome: str, arms: Sequence[str], alpha: float, cut: float | None = None
) -> ArticleSummaries:
    """Mean, median and share from ``cut`` upwards of every article. ``ratings`` has passed ``check_ratings``; those
    without an outcome do not count."""
    rated = ratings[ratings[outcome].notna()]
    found = rated.groupby(["arm", "article"], sort=True, observed=True)[outcome].agg(["size", "mean", "std", "median"])
    shares = _shares(rated, outcome, cut)
    rows = []
    for (arm, article), (n, mean, sd, median) in zip(found.index, found.to_numpy(), strict=True):
        share = share_of(shares.get((arm, article), ()), int(n))
        limits, around = _limits(float(n), float(mean), float(sd), alpha), share.interval(alpha)
        rows.append(
            ArticleSummary(
                article=str(article),
                arm=str(arm),
                n=int(n),
                mean=float(mean),
                sd=float(sd),
                ci_low=limits.low,
                ci_high=limits.high,
                median=float(median),
                share=share.share,
                share_ci_low=around.low,
                share_ci_high=around.high,
            )
        )
    place = {arm: n for n, arm in enumerate(arms)}
    rows.sort(key=lambda row: (place.get(row.arm, len(place)), row.mean, row.article))
    return ArticleSummaries(tuple(rows))


def _limits(n: float, mean: float, sd: float, alpha: float) -> Interval:
    limits = t_interval(mean, sd / math.sqrt(n) if n > 1 else NAN, n - 1, alpha)
    return limits if sd > 0 else NO_INTERVAL


def _shares(rated: pd.DataFrame, outcome: str, cut: float | None) -> dict[tuple[str, str], np.ndarray]:
    """{(arm, article): the share of each person's ratings of it that reach the cut}; nothing without a cut."""
    if cut is None:
        return {}
    reached = rated[["arm", "article", "participant"]].assign(share=(rated[outcome] >= cut).astype("float64"))
    if "item" in rated.columns:
        reached = reached.groupby(["arm", "article", "participant"], observed=True)["share"].mean().reset_index()
    parts = reached.groupby(["arm", "article"], observed=True)["share"]
    return {(str(arm), str(article)): part.to_numpy(dtype=float) for (arm, article), part in parts}


def distributions(ratings: pd.DataFrame, outcome: str, arms: Sequence[str]) -> tuple[Distribution, ...]:
    """The distribution of the ratings of each arm that has any, all over the same values."""
    rated = ratings.loc[ratings[outcome].notna(), ["arm", outcome]]
    values = rated[outcome].to_numpy(dtype=float)
    if not values.size:
        return ()
    ends = np.unique(values)
    if ends.size > MOST_VALUES:
        ends = np.linspace(values.min(), values.max(), MOST_VALUES + 1)[1:]
    found = []
    for arm in arms:
        own = values[(rated["arm"] == arm).to_numpy()]
        if own.size:
            counts = np.bincount(np.minimum(np.searchsorted(ends, own), ends.size - 1), minlength=ends.size)
            cumulated = np.cumsum(counts) / own.size
            found.append(
                Distribution(arm, tuple(map(float, ends)), tuple(map(int, counts)), tuple(map(float, cumulated)))
            )
    return tuple(found)
