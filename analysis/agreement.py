"""PURE: how far several people agree on the same articles: Krippendorff's alpha, and intraclass correlations."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from analysis.agreement_interval import Judged, alpha_interval, published_alpha
from analysis.agreement_rare import with_rare_kind
from analysis.intervals import NAN, NO_INTERVAL, Interval
from analysis.mixed import MixedFit, MixedModelError, fit_mixed
from analysis.tables import to_frame
from analysis.validation import FrameError, check_ratings, numbers

FloatArray = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
Metric = Literal["nominal", "ordinal", "interval"]


@dataclass(frozen=True)
class AgreementRow:
    """One coefficient with its interval; ``n_units`` counts what was judged, ``n_judges`` who judged.

    ``corrected`` is Krippendorff's alpha without the bias that few units and judges give it; nan for others.
    """

    term: str
    estimate: float
    ci_low: float
    ci_high: float
    method: str
    n_units: int
    n_judges: int
    n_values: int
    corrected: float = NAN


@dataclass(frozen=True)
class Agreement:
    """The coefficients asked for."""

    rows: tuple[AgreementRow, ...]
    statements: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """One row a coefficient; the columns are the fields of ``AgreementRow``."""
        return to_frame(self.rows, AgreementRow)


def krippendorff(
    frame: pd.DataFrame,
    column: str,
    *,
    metric: Metric,
    unit: str = "article",
    judge: str = "participant",
    within: str = "arm",
    alpha: float = 0.05,
) -> Agreement:
    """Krippendorff's alpha of ``column``, whoever judged what: ``1 - observed / expected disagreement``.

    With a column ``within``, which is the arm where there is one, units are those of one arm, and what is expected is
    the disagreement of two judgements of the same arm: that an arm is judged higher than another as a whole is no
    agreement about its units. Ordinal distances are those of all judgements together.

    Any number of judges, missing judgements allowed; units with one judgement do not count. ``ordinal`` and
    ``interval`` want numbers. The estimate is the coefficient as it is published; its interval, and ``corrected``, are
    of all units and judges such as these (``alpha_interval``; where one of two answers is rare, ``with_rare_kind``).
    Raises ``FrameError`` where no unit was judged twice or a judge judged a unit twice. Source: Krippendorff 2011,
    Computing Krippendorff's Alpha-Reliability; 2019, ch. 12.
    """
    known = _judgements(frame, column, unit, judge).sort_values([unit, judge], kind="stable")
    arm = known[within] if within in known.columns else pd.Series("", index=known.index)
    values = known[column].astype("str") if metric == "nominal" else numbers(known[column])
    codes, levels = pd.factorize(values, sort=True)
    arms, _ = pd.factorize(arm.astype("str"), sort=True)
    units, _ = pd.factorize(arm.astype("str") + "\r" + known[unit].astype("str"), sort=True)
    judges, judged_by = pd.factorize(known[judge].astype("str"), sort=True)
    counted = np.bincount(units, minlength=1)[units] > 1
    if not counted.any():
        raise FrameError(f"no {unit} was judged by two people: there is no agreement to measure", column=column)
    places = _places(metric, np.bincount(codes[counted], minlength=len(levels)), np.asarray(levels))
    judged = Judged(units, judges, arms, places[codes])
    estimate, found = published_alpha(judged), with_rare_kind(alpha_interval(judged, alpha), judged, alpha)
    n_units = len(np.unique(units[counted]))
    said = [*found.said]
    if np.isnan(estimate):
        said.append(
            "All judgements of an arm are the same, so there is no disagreement to expect: alpha is not defined."
        )
    if n_units < 5:
        said.append(f"{n_units} units were judged by two people or more: the interval is hardly known.")
    row = AgreementRow(
        f"Krippendorff's alpha, {metric}",
        estimate,
        *found.interval,
        found.method,
        n_units,
        len(judged_by),
        int(counted.sum()),
        found.corrected,
    )
    return Agreement((row,), tuple(said))


def _judgements(frame: pd.DataFrame, column: str, unit: str, judge: str) -> pd.DataFrame:
    for name in (column, unit, judge):
        if name not in frame.columns:
            raise FrameError(f"the column '{name}' is missing", column=name)
    known = frame[frame[[column, unit, judge]].notna().all(axis=1)]
    twice = known[known.duplicated([unit, judge], keep=False)]
    if len(twice):
        first = twice.iloc[0]
        raise FrameError(
            f"{judge} {first[judge]!r} judged {unit} {first[unit]!r} more than once",
            column=judge,
            rows=tuple(twice.index),
        )
    return known


def _places(metric: Metric, used: np.ndarray, levels: np.ndarray) -> FloatArray:
    """Where each category lies (categories, dimensions), so that squared distances are the metric's; those of ordinal
    ones depend on how often each was ``used``.
    """
    if metric == "nominal":
        return np.eye(len(levels)) / math.sqrt(2)
    # For ordinal ones the sum of the frequencies from one category to the other, both ends counting half.
    place: FloatArray = levels.astype(np.float64) if metric == "interval" else np.cumsum(used) - used / 2
    return place[:, None]


def intraclass(ratings: pd.DataFrame, *, outcome: str = "credibility", alpha: float = 0.05) -> Agreement:
    """ICC(2,1) and ICC(2,k): the reliability of one person's rating of an article, and of the mean of k of them.

    Two-way random effects, absolute agreement (Shrout & Fleiss 1979; McGraw & Wong 1996), about articles of the same
    arm: what arms differ in is their effect and no agreement of their readers, and is taken out of the ratings first.
    Where there is one arm and everybody rated every article: from mean squares, with their intervals, k being the
    number of people. Otherwise from the variances of a
    crossed mixed model by REML, k being the mean number of ratings an article, with intervals by the delta method on
    the logit, which none has where the articles' variance is estimated as zero. Raises ``FrameError`` for ratings that
    break the contract, fewer than two articles or people, one article in each arm, and an outcome that does not vary.
    """
    checked = (
        check_ratings(ratings.assign(arm="all"), outcome=outcome)
        if "arm" not in ratings
        else check_ratings(ratings, outcome=outcome)
    )
    known = checked[checked[outcome].notna()]
    people, articles = known["participant"].nunique(), known["article"].nunique()
    if people < 2 or articles < 2:
        raise FrameError(f"{people} people and {articles} articles: agreement takes two of each", column=outcome)
    if np.ptp(known[outcome].to_numpy()) == 0:
        raise FrameError(f"the outcome '{outcome}' is the same in all rows", column=outcome)
    arms = known["arm"].nunique()
    if 1 < arms == articles == len(known[["article", "arm"]].drop_duplicates()):
        raise FrameError("every arm has one article only, so that what articles differ in is what the arms do")
    if people * articles == len(known) and arms == 1:
        table = known.pivot(index="article", columns="participant", values=outcome).to_numpy(dtype=np.float64)
        return Agreement(_from_squares(table, alpha), ())
    return _from_variances(known, outcome, alpha)


def _from_squares(table: FloatArray, alpha: float) -> tuple[AgreementRow, ...]:
    n, k = table.shape
    grand = table.mean()
    rows = k * float(((table.mean(axis=1) - grand) ** 2).sum()) / (n - 1)
    columns = n * float(((table.mean(axis=0) - grand) ** 2).sum()) / (k - 1)
    total = float(((table - grand) ** 2).sum())
    error = (total - rows * (n - 1) - columns * (k - 1)) / ((n - 1) * (k - 1))
    single = (rows - error) / (rows + (k - 1) * error + k * (columns - error) / n)
    mean = (rows - error) / (rows + (columns - error) / n)
    limits = _icc_limits(single, n, k, columns / error if error > 0 else NAN, (rows, columns, error), alpha)
    stepped = [value * k / (1 + value * (k - 1)) for value in limits]
    # Where people agree perfectly, rounding may put a coefficient above 1, which none can be; nan stays nan.
    single, low, high = np.minimum([single, *limits], 1.0).tolist()
    mean, low_mean, high_mean = np.minimum([mean, *stepped], 1.0).tolist()
    return (
        AgreementRow("ICC(2,1)", single, low, high, "mean squares", n, k, n * k),
        AgreementRow("ICC(2,k)", mean, low_mean, high_mean, "mean squares", n, k, n * k),
    )


def _icc_limits(
    icc: float, n: int, k: int, ratio: float, squares: tuple[float, float, float], alpha: float
) -> Interval:
    """The approximate limits of ICC(2,1) (Shrout & Fleiss 1979, p. 424), with Satterthwaite's degrees of freedom."""
    if not np.isfinite(ratio):
        return NO_INTERVAL
    rows, columns, error = squares
    upper = (k - 1) * (n - 1) * (k * icc * ratio + n * (1 + (k - 1) * icc) - k * icc) ** 2
    lower = (n - 1) * k**2 * icc**2 * ratio**2 + (n * (1 + (k - 1) * icc) - k * icc) ** 2
    df = upper / lower
    above, below = stats.f.ppf(1 - alpha / 2, n - 1, df), stats.f.ppf(1 - alpha / 2, df, n - 1)
    low = n * (rows - above * error) / (above * (k * columns + (k * n - k - n) * error) + n * rows)
    high = n * (below * rows - error) / (k * columns + (k * n - k - n) * error + n * below * rows)
    return Interval(float(low), float(high))


def _from_variances(known: pd.DataFrame, outcome: str, alpha: float) -> Agreement:
    data = known.rename(columns={outcome: "rating"})
    people, articles = known["participant"].nunique(), known["article"].nunique()
    if people == len(known) or articles == len(known):
        raise FrameError("nobody rated two articles, or no article was rated twice: there is no agreement to measure")
    try:
        arms = data["arm"].nunique() > 1
        fixed = "arm" if arms else "1"
        fit = fit_mixed(data, f"rating ~ {fixed} + (1 | article) + (1 | participant)", ddf="normal")
    except MixedModelError as error:
        raise FrameError(f"the agreement cannot be estimated: {error}") from error
    ratio = {row.group: row.sd / fit.residual_sd for row in fit.random}
    each = len(known) / articles
    spread = _logit_error(fit, ratio["article"], ratio["participant"])
    rows = []
    for name, k in (("ICC(2,1)", 1.0), ("ICC(2,k)", each)):
        odds = k * ratio["article"] ** 2 / (1 + ratio["participant"] ** 2)
        limits = NO_INTERVAL
        if np.isfinite(spread):
            half = float(stats.norm.ppf(1 - alpha / 2)) * spread
            limits = Interval(*(odds * factor / (1 + odds * factor) for factor in (np.exp(-half), np.exp(half))))
        estimate = odds / (1 + odds)
        rows.append(AgreementRow(name, estimate, *limits, "variances, delta method", articles, people, len(known)))
    why = "There are several arms, whose means are taken out" if arms else "Not everybody rated every article"
    said = [
        f"{why}: intraclass correlations are from a mixed model; k is {each:.1f}, the ratings an article on average."
    ]
    return Agreement(tuple(rows), (*said, *fit.statements))


def _logit_error(fit: MixedFit, article: float, participant: float) -> float:
    """The standard error of the logit of either coefficient, ``log(k a^2 / (1 + p^2))`` with a and p the SDs of
    articles and people over that of the residual; nan where a is 0.

    The covariance of a and p is twice the inverse curvature of the deviance (Searle, Casella & McCulloch 1992,
    section 6.3).
    """
    if article == 0:
        return NAN
    by_name = {factor.name: n for n, factor in enumerate(fit.fitted.design.factors)}
    order = [by_name["article"], by_name["participant"]]
    covariance = 2 * np.linalg.pinv(fit.fitted.optimum.hessian, hermitian=True)[np.ix_(order, order)]
    slope = np.array([2 / article, -2 * participant / (1 + participant**2)])
    variance = float(slope @ covariance @ slope)
    return math.sqrt(variance) if variance > 0 else NAN
