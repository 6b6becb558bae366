"""PURE: how well the readers of each arm tell true articles from false, with people and articles both as samples.

Beside each person's P(yes | true) - P(yes | false), which takes the articles as given: true articles could have been
believed oftener than false ones because these few are what they are.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from analysis.adjust import ADJUSTMENTS
from analysis.compare import arm_order, reference_arm, refuse_mixed_modes
from analysis.crossed_frame import model_frame, numbered
from analysis.crossed_odds import FEW_ARTICLES
from analysis.crossed_terms import ARM, ARTICLE, OUTCOME, PERSON, tells_apart
from analysis.mixed import MixedModelError
from analysis.mixed.inference import tested
from analysis.mixed.laplace import LaplaceFit, fit_logistic
from analysis.plan import Plan
from analysis.validation import FrameError, check_ratings

# What belongs to the truth of so few articles and what to each of them can hardly be told apart.
LEAST_ARTICLES = 4
TRUTH = "truth"


@dataclass(frozen=True)
class Discerned:
    """The odds of a yes about true articles over those about false ones: an ``arm``'s, or as ``contrast`` an arm's over
    those of ``reference``, both for the same person and like articles.

    ``estimate`` and ``std_error`` are of the logarithm; ``odds_ratio`` and its limits are exponentials. Tests are
    Wald's (``df`` is inf); ``p_adjusted`` is Holm's over the contrasts, and nan for an arm. ``n`` counts people.
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
    odds_ratio: float
    ci_low: float
    ci_high: float
    n: int
    n_reference: int


@dataclass(frozen=True)
class DiscernedOdds:
    """``arms`` has a row an arm, ``contrasts`` a row an arm but the reference. ``cautions`` are sentences."""

    formula: str
    n_ratings: int
    n_people: int
    n_true: int
    n_false: int
    arms: tuple[Discerned, ...]
    contrasts: tuple[Discerned, ...]
    cautions: tuple[str, ...]
    fit: LaplaceFit = field(repr=False, compare=False)


def discerned_odds(
    ratings: pd.DataFrame, plan: Plan, *, truth: str, arms: Sequence[str] = (), labels: Mapping[str, str] | None = None
) -> DiscernedOdds:
    """The logistic mixed model of the yes-no outcome by truth, arm and both, with crossed effects of people and
    articles, by Laplace's approximation (lme4's ``glmer``).

    ``truth`` is a column of 1 for true articles and 0 for false ones. People have a slope of truth where they answered
    about both; articles that several arms read have an effect in each arm beside their own, as people have who are in
    several arms: the most that the design carries (Barr, Levy, Scheepers & Tily 2013). The interaction of truth and arm
    is discernment, in odds. Raises ``FrameError`` saying why where there is no model. Source: Jaeger 2008, J. Mem.
    Lang. 59:434.
    """
    checked = check_ratings(ratings, outcome=plan.outcome)
    refuse_mixed_modes(checked)
    order = arm_order(checked, arms)
    reference = reference_arm(checked, plan, order)
    data = model_frame(checked, plan.outcome, [reference, *(arm for arm in order if arm != reference)])
    data[TRUTH] = checked.loc[data.index, truth].astype("float64") - 0.5
    known = data.groupby(ARTICLE)[TRUTH].agg(["min", "max"])
    n_true, n_false = int((known["max"] > 0).sum()), int((known["min"] < 0).sum())
    _refuse_few(data, known, n_true, n_false, reference)
    formula = f"{OUTCOME} ~ {TRUTH} * {ARM}{_random(numbered(data))}"
    try:
        fit = fit_logistic(data, formula, alpha=plan.alpha)
    except (MixedModelError, np.linalg.LinAlgError) as error:
        raise FrameError(f"the logistic mixed model could not be fitted: {error}") from error
    said = list(fit.statements)
    if n_true + n_false < FEW_ARTICLES:
        said.append(
            f"Tests of odds take {n_true} true and {n_false} false articles for many: with so few they find "
            "differences somewhat too often."
        )
    rows = _rows(fit, data, plan.alpha)
    names = labels or {}
    empty = [names.get(arm, arm) for arm in order if arm not in set(data[ARM].cat.categories)]
    said += [f"The arm {arm} has no answers: it is not in the model." for arm in empty]
    contrasts = [row for row in rows if row.contrast]
    adjusted = ADJUSTMENTS["holm"]([row.p_value for row in contrasts])
    return DiscernedOdds(
        formula=formula,
        n_ratings=len(data),
        n_people=int(data[PERSON].nunique()),
        n_true=n_true,
        n_false=n_false,
        arms=tuple(row for row in rows if not row.contrast),
        contrasts=tuple(replace(row, p_adjusted=p) for row, p in zip(contrasts, adjusted, strict=True)),
        cautions=tuple(said),
        fit=fit,
    )


def _refuse_few(data: pd.DataFrame, known: pd.DataFrame, n_true: int, n_false: int, reference: str) -> None:
    """Raises ``FrameError`` where the articles cannot be a sample, or an arm lacks what is compared."""
    both = known.index[known["min"] != known["max"]]
    if len(both):
        raise FrameError(f"the article {both[0]!r} is true in some rows and false in others", column=TRUTH)
    if min(n_true, n_false) < LEAST_ARTICLES:
        raise FrameError(
            f"there are {n_true} true and {n_false} false articles; with fewer than {LEAST_ARTICLES} of each it cannot "
            "be told what is truth and what belongs to these articles"
        )
    present = list(data[ARM].cat.categories)
    if len(present) < 2 or reference not in present:
        raise FrameError("fewer than two arms have answers")
    sides = data.groupby(ARM, observed=True)[TRUTH].nunique()
    if (sides < 2).any():
        raise FrameError(f"the arm '{sides.index[sides < 2][0]}' has no answers about both true and false articles")


def _random(data: pd.DataFrame) -> str:
    """The random terms that the design carries, by counts alone (``crossed_terms.tells_apart``)."""
    people, terms = data[PERSON].nunique(), []
    if people < len(data) and tells_apart(data, [PERSON]):
        slope = len(data) > 2 * people and tells_apart(data[[PERSON, TRUTH]].drop_duplicates(), [PERSON])
        terms.append(f"(1 + {TRUTH} | {PERSON})" if slope else f"(1 | {PERSON})")
        if _crosses(data, PERSON):
            terms.append(f"(1 | {PERSON}:{ARM})")
    if not tells_apart(data, [ARTICLE]):
        raise FrameError(
            "hardly any article has more than one answer, so that articles cannot be told from other noise"
        )
    terms.append(f"(1 | {ARTICLE})")
    if _crosses(data, ARTICLE):
        terms.append(f"(1 | {ARTICLE}:{ARM})")
    return "".join(f" + {term}" for term in terms)


def _crosses(data: pd.DataFrame, group: str) -> bool:
    """Whether enough people, or articles, are in several arms, with several answers in each."""
    placed = data[[group, ARM]].drop_duplicates()
    several = int((placed.groupby(group).size() > 1).sum())
    return several > 1 and tells_apart(placed, [group]) and tells_apart(data, [group, ARM])


def _rows(fit: LaplaceFit, data: pd.DataFrame, alpha: float) -> list[Discerned]:
    """Each arm's row, then each contrast's, out of the coefficients of truth and of its interaction with arms."""
    terms = [row.term for row in fit.fixed]
    values, covariance = np.array([row.estimate for row in fit.fixed]), np.array(fit.covariance)
    first, *others = map(str, data[ARM].cat.categories)
    people = {str(arm): int(n) for arm, n in data.groupby(ARM, observed=True)[PERSON].nunique().items()}
    slope = np.array([float(term == TRUTH) for term in terms])
    more = {arm: np.array([float(term == f"{TRUTH}:{ARM}[T.{arm}]") for term in terms]) for arm in others}

    def row(weights: np.ndarray, arm: str, contrast: str = "", reference: str = "") -> Discerned:
        estimate, error = (
            float(weights @ values),
            math.sqrt(float(weights @ covariance[: len(terms), : len(terms)] @ weights)),
        )
        test = tested(contrast or arm, estimate, error, math.inf, alpha)
        return Discerned(
            contrast=contrast,
            arm=arm,
            reference=reference,
            estimate=estimate,
            std_error=error,
            statistic=test.statistic,
            df=test.df,
            p_value=test.p_value,
            p_adjusted=math.nan,
            odds_ratio=math.exp(estimate),
            ci_low=math.exp(test.ci_low),
            ci_high=math.exp(test.ci_high),
            n=people[arm],
            n_reference=people.get(reference, 0),
        )

    arms = [row(slope, first), *(row(slope + more[arm], arm) for arm in others)]
    return [*arms, *(row(more[arm], arm, f"{arm} - {first}", first) for arm in others)]
