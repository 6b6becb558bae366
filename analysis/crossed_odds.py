"""PURE: the arms held against each other by mixed models of credible-or-not and of ordinal ratings, in odds.

Beside the mixed model of means, since ratings are ordinal (Liddell & Kruschke 2018) and shares are what was published.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from analysis.adjust import ADJUSTMENTS
from analysis.cautions import Caution
from analysis.counted import counted
from analysis.crossed_frame import numbered, rated_frame
from analysis.crossed_terms import ARM, ARTICLE, OUTCOME, PERSON, STORY, random_part, tells_apart
from analysis.equivalence import with_detectable
from analysis.intervals import NAN, antilog
from analysis.mixed import MixedModelError
from analysis.mixed.inference import tested
from analysis.mixed.laplace import LaplaceFit, fit_logistic, fit_ordinal
from analysis.plan import Plan
from analysis.tables import to_frame

OddsKind = Literal["credible", "ordinal"]
# With fewer articles an arm it is said how often tests of odds find what is not there.
FEW_ARTICLES = 15


@dataclass(frozen=True)
class OddsContrast:
    """The log odds in ``arm`` less those in ``reference``: of a credible rating, or of a higher rating than any given.

    ``odds_ratio`` and its limits are their exponentials, for the same person and article. Tests are by t with
    the degrees of freedom of ``least_df``. Who tells true from false (``discerned_odds``) has rows of this form too.
    ``n`` counts people.

    ``detectable`` is the difference of log odds that this test finds with 80% probability, its exponential the ratio,
    and ``detectable_adjusted`` the one that it finds so, or oftener, after Holm's adjustment
    (``equivalence.with_detectable``).
    """

    contrast: str
    arm: str
    reference: str
    estimate: float
    std_error: float
    statistic: float
    df: float
    p_value: float
    p_adjusted: float
    ci_low: float
    ci_high: float
    odds_ratio: float
    odds_ratio_ci_low: float
    odds_ratio_ci_high: float
    detectable: float
    detectable_adjusted: float
    n: int
    n_reference: int


@dataclass(frozen=True)
class CrossedOdds:
    """The contrasts with the reference; blank with a caution where there is no model."""

    kind: OddsKind
    outcome: str
    reference: str
    formula: str
    rows: tuple[OddsContrast, ...]
    n_ratings: int
    cautions: tuple[Caution, ...]
    fit: LaplaceFit | None = field(default=None, repr=False, compare=False)

    def to_frame(self) -> pd.DataFrame:
        """One row a contrast; the columns are the fields of ``OddsContrast``."""
        return to_frame(self.rows, OddsContrast)


def crossed_odds(
    ratings: pd.DataFrame,
    plan: Plan,
    *,
    kind: OddsKind,
    arms: Sequence[str] = (),
    labels: Mapping[str, str] | None = None,
) -> CrossedOdds:
    """The contrasts of ``plan`` from a logistic (``credible``: at or above the plan's cut) or cumulative-logit mixed
    model with the random effects of ``crossed_contrasts``, by Laplace's approximation, tested by t (``least_df``): with
    z, as glmer and clmm test, 8% of studies of 8 articles an arm find a difference where there is none.

    A model that cannot be fitted, perfect separation among them, gives rows of nan and a caution. Raises ``FrameError``
    for ratings that break the contract, ValueError for ``credible`` where the plan has no cut.
    """
    if kind == "credible" and plan.credible_cut is None:
        raise ValueError("the plan has no cut from which a rating counts as credible")
    labels = labels or {}
    _, order, reference, data = rated_frame(ratings, plan, arms)
    if kind == "credible" and plan.credible_cut is not None:
        data[OUTCOME] = (data[OUTCOME] >= plan.credible_cut).astype("float64")
    part = random_part(numbered(data))
    people = {str(arm): int(n) for arm, n in data.groupby(ARM, observed=True)[PERSON].nunique().items()}
    blank = CrossedOdds(
        kind=kind,
        outcome=plan.outcome,
        reference=reference,
        formula=f"{OUTCOME} ~ {ARM}{part.formula}",
        rows=tuple(odds_contrast(arm, reference, (NAN,) * 7, people) for arm in order if arm != reference),
        n_ratings=len(data),
        cautions=part.cautions,
    )
    present = list(data[ARM].cat.categories)
    if len(present) < 2 or reference not in present:
        return _without(blank, "fewer than two arms have ratings")
    if part.lack:
        return _without(blank, part.lack)
    try:
        fit = (fit_logistic if kind == "credible" else fit_ordinal)(data, blank.formula, alpha=plan.alpha)
    except (MixedModelError, np.linalg.LinAlgError) as error:
        return _without(blank, str(error))
    return _filled(blank, fit, labels, data, people, plan.alpha)


def _without(blank: CrossedOdds, why: str) -> CrossedOdds:
    said = Caution("no-model", blank.kind, f"The mixed model of odds could not be fitted: {why}.")
    return replace(blank, cautions=(*blank.cautions, said))


def _filled(
    blank: CrossedOdds,
    fit: LaplaceFit,
    labels: Mapping[str, str],
    data: pd.DataFrame,
    people: Mapping[str, int],
    alpha: float,
) -> CrossedOdds:
    found = {row.term: row for row in fit.fixed}
    rows, said, df = [], list(blank.cautions), least_df(data, blank.formula)
    for row in blank.rows:
        own = found.get(f"{ARM}[T.{row.arm}]")
        if own is None:
            said.append(Caution("empty-arm", row.arm, f"The arm {labels.get(row.arm, row.arm)} has no ratings."))
            rows.append(row)
            continue
        rows.append(odds_contrast(row.arm, row.reference, t_numbers(own.estimate, own.std_error, df, alpha), people))
    said += [Caution("mixed-model", blank.kind, sentence) for sentence in fit.statements]
    articles = {str(arm): int(n) for arm, n in data.groupby(ARM, observed=True)[ARTICLE].nunique().items()}
    fewest = min(articles, key=lambda arm: articles[arm])
    if articles[fewest] < FEW_ARTICLES and f"| {ARTICLE})" in blank.formula:
        what = f"{labels.get(fewest, fewest)} has {counted(articles[fewest], 'article', 'articles')}"
        said.append(Caution("wald-few-articles", blank.kind, few_articles(what, articles[fewest], df, alpha)))
    return replace(blank, rows=odds_with_holm(rows, alpha), cautions=tuple(said), fit=fit)


def odds_with_holm(rows: Sequence[OddsContrast], alpha: float) -> tuple[OddsContrast, ...]:
    """The contrasts with ``p_adjusted`` over all of them, and what they would find."""
    adjusted = ADJUSTMENTS["holm"]([row.p_value for row in rows])
    found = with_detectable(rows, alpha)
    return tuple(replace(row, p_adjusted=p) for row, p in zip(found, adjusted, strict=True))


def least_df(data: pd.DataFrame, formula: str, each: int = 1) -> float:
    """The degrees of freedom of the sample that has fewer: articles less those coefficients that are of articles,
    ``each`` an arm, or people less those of people; without an effect of articles in ``formula``, those of people.

    An article is in one arm unless arms share articles, a person in one unless people are in several, which takes more
    than a single one (``crosses``); where articles are versions of the same stories, only what versions have beyond
    their story counts. These are between-within degrees of freedom, with which tests of binary outcomes keep their
    error where clusters are few (Li & Redden 2015, BMC Med. Res. Methodol. 15:38).
    """
    arms, articles, people = (data[name].nunique() for name in (ARM, ARTICLE, PERSON))
    of_people = people - (1 if crosses(data, PERSON) else arms)
    of_articles = articles - each * (1 if crosses(data, ARTICLE) else arms)
    if f"| {STORY})" in formula:
        of_articles = articles - data[STORY].nunique() - each * (arms - 1)
    return float(max(1, min(of_articles, of_people) if f"| {ARTICLE})" in formula else of_people))


def crosses(data: pd.DataFrame, group: str) -> bool:
    """Whether enough people, or articles, are in several arms, with several answers in each."""
    placed = data[[group, ARM]].drop_duplicates()
    several = int((placed.groupby(group).size() > 1).sum())
    return several > 1 and tells_apart(placed, [group]) and tells_apart(data, [group, ARM])


def few_articles(what: str, least: int, df: float, alpha: float) -> str:
    """``what``, that an arm has so few articles, and how often tests find what is not there with ``least`` of them."""
    rate = false_positives(least, df, alpha)
    return (
        f"{what}. With so few the spread of articles is taken for too small: where they differ much, up to about "
        f"{100 * rate:.0f}% of tests of odds at {100 * alpha:.10g}% find a difference where there is none."
    )


def false_positives(articles: int, df: float, alpha: float) -> float:
    """How often t tests of odds at ``alpha`` find what is not there, at most, with so few articles in a cell.

    A fit by maximum likelihood divides squares of articles by their number, and not by their degrees of freedom: with
    k articles in each cell variances come out (k - 1) / k times as large, so much at most as articles make of errors.
    """
    return float(2 * stats.t.sf(stats.t.ppf(1 - alpha / 2, df) * math.sqrt(1 - 1 / articles), df))


def t_numbers(estimate: float, std_error: float, df: float, alpha: float) -> tuple[float, ...]:
    """What ``odds_contrast`` takes of an estimate: its test by t against 0 and its interval."""
    row = tested("", estimate, std_error, df, alpha)
    return estimate, std_error, row.statistic, row.df, row.p_value, row.ci_low, row.ci_high


def odds_contrast(arm: str, reference: str, numbers: tuple[float, ...], people: Mapping[str, int]) -> OddsContrast:
    """The row of ``numbers``: estimate, std_error, statistic, df, p_value, ci_low, ci_high, of logarithms.

    Where ``reference`` is '' it is of the arm alone, and no contrast.
    """
    estimate, error, statistic, df, p, low, high = numbers
    return OddsContrast(
        contrast=f"{arm} - {reference}" if reference else "",
        arm=arm,
        reference=reference,
        estimate=estimate,
        std_error=error,
        statistic=statistic,
        df=df,
        p_value=p,
        p_adjusted=NAN,
        ci_low=low,
        ci_high=high,
        odds_ratio=antilog(estimate),
        odds_ratio_ci_low=antilog(low),
        odds_ratio_ci_high=antilog(high),
        detectable=NAN,
        detectable_adjusted=NAN,
        n=people.get(arm, 0),
        n_reference=people.get(reference, 0),
    )
