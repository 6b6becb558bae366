"""PURE: the arms held against each other by mixed models of credible-or-not and of ordinal ratings, in odds.

Beside the mixed model of means, since ratings are ordinal (Liddell & Kruschke 2018) and shares are what was published.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import pandas as pd

from analysis.adjust import ADJUSTMENTS
from analysis.cautions import Caution
from analysis.compare import arm_order, reference_arm, refuse_mixed_modes
from analysis.crossed_frame import model_frame, numbered
from analysis.crossed_terms import ARM, ARTICLE, OUTCOME, PERSON, random_part
from analysis.intervals import NAN
from analysis.mixed import MixedModelError
from analysis.mixed.laplace import LaplaceFit, fit_logistic, fit_ordinal
from analysis.plan import Plan
from analysis.tables import to_frame
from analysis.validation import check_ratings

OddsKind = Literal["credible", "ordinal"]
FEW_ARTICLES = 30


@dataclass(frozen=True)
class OddsContrast:
    """The log odds in ``arm`` less those in ``reference``: of a credible rating, or of a higher rating than any given.

    ``odds_ratio`` and its limits are their exponentials, for the same person and article. Tests are Wald's, df inf. Who
    tells true from false (``discerned_odds``) has rows of this form too, by t. ``n`` counts people.
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
    model with the random effects of ``crossed_contrasts``, by Laplace's approximation.

    A model that cannot be fitted, perfect separation among them, gives rows of nan and a caution. Raises ``FrameError``
    for ratings that break the contract, ValueError for ``credible`` where the plan has no cut.
    """
    if kind == "credible" and plan.credible_cut is None:
        raise ValueError("the plan has no cut from which a rating counts as credible")
    labels = labels or {}
    checked = check_ratings(ratings, outcome=plan.outcome)
    refuse_mixed_modes(checked)
    order = arm_order(checked, arms)
    reference = reference_arm(checked, plan, order)
    data = model_frame(checked, plan.outcome, [reference, *(arm for arm in order if arm != reference)])
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
    return _filled(blank, fit, labels, data, people)


def _without(blank: CrossedOdds, why: str) -> CrossedOdds:
    said = Caution("no-model", blank.kind, f"The mixed model of odds could not be fitted: {why}.")
    return replace(blank, cautions=(*blank.cautions, said))


def _filled(
    blank: CrossedOdds, fit: LaplaceFit, labels: Mapping[str, str], data: pd.DataFrame, people: Mapping[str, int]
) -> CrossedOdds:
    found = {row.term: row for row in fit.fixed}
    rows, said = [], list(blank.cautions)
    for row in blank.rows:
        own = found.get(f"{ARM}[T.{row.arm}]")
        if own is None:
            said.append(Caution("empty-arm", row.arm, f"The arm {labels.get(row.arm, row.arm)} has no ratings."))
            rows.append(row)
            continue
        numbers = (own.estimate, own.std_error, own.statistic, own.df, own.p_value, own.ci_low, own.ci_high)
        rows.append(odds_contrast(row.arm, row.reference, numbers, people))
    adjusted = ADJUSTMENTS["holm"]([row.p_value for row in rows])
    said += [Caution("mixed-model", blank.kind, sentence) for sentence in fit.statements]
    articles = data[ARTICLE].nunique()
    if articles < FEW_ARTICLES and f"| {ARTICLE})" in blank.formula:
        said.append(
            Caution(
                "wald-few-articles",
                blank.kind,
                f"Tests of odds take {articles} articles for many: with so few they reject somewhat too often. The "
                "mixed model of means has degrees of freedom for that.",
            )
        )
    rows = [replace(row, p_adjusted=p) for row, p in zip(rows, adjusted, strict=True)]
    return replace(blank, rows=tuple(rows), cautions=tuple(said), fit=fit)


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
        odds_ratio=math.exp(estimate),
        odds_ratio_ci_low=math.exp(low),
        odds_ratio_ci_high=math.exp(high),
        n=people.get(arm, 0),
        n_reference=people.get(reference, 0),
    )
