"""PURE: how well the readers of each arm tell true articles from false, with people and articles both as samples.

Beside each person's P(yes | true) - P(yes | false), which takes the articles as given: true articles could have been
believed oftener than false ones because these few are what they are.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from scipy import stats

from analysis.adjust import ADJUSTMENTS
from analysis.compare import arm_order, reference_arm, refuse_mixed_modes
from analysis.crossed_frame import model_frame, numbered
from analysis.crossed_odds import OddsContrast, odds_contrast
from analysis.crossed_terms import ARM, ARTICLE, OUTCOME, PERSON, somebody_alone, tells_apart
from analysis.mixed import MixedModelError
from analysis.mixed.inference import tested
from analysis.mixed.laplace import LaplaceFit, fit_logistic
from analysis.plan import Plan
from analysis.tables import to_frame
from analysis.validation import FrameError, check_ratings

# Fewer true, or false, articles in an arm tell too little of how far articles differ; below the second number they are
# still so few that the tests' error is said.
LEAST_ARTICLES, FEW_ARTICLES = 4, 15
TRUTH = "truth"


@dataclass(frozen=True)
class DiscernedOdds:
    """The odds of a yes about true articles over those about false ones, for the same person and like articles.

    ``arms`` has a row an arm, with a ``p_adjusted`` of nan; ``contrasts`` has a row an arm but the reference: its odds
    over the reference's, adjusted by Holm over all rows. ``cautions`` are sentences.

    What is counted are answers about articles that are known to be true or false.
    """

    formula: str
    n_ratings: int
    n_people: int
    n_true: int
    n_false: int
    arms: tuple[OddsContrast, ...]
    contrasts: tuple[OddsContrast, ...]
    cautions: tuple[str, ...]
    fit: LaplaceFit = field(repr=False, compare=False)

    def to_frame(self) -> pd.DataFrame:
        """One row a contrast; the columns are the fields of ``OddsContrast``."""
        return to_frame(self.contrasts, OddsContrast)

    def arms_frame(self) -> pd.DataFrame:
        """One row an arm; the columns are the fields of ``OddsContrast``."""
        return to_frame(self.arms, OddsContrast)


def discerned_odds(
    ratings: pd.DataFrame, plan: Plan, *, truth: str, arms: Sequence[str] = (), labels: Mapping[str, str] | None = None
) -> DiscernedOdds:
    """The logistic mixed model of the yes-no outcome by truth, arm and both, with crossed effects of people and
    articles, by Laplace's approximation (lme4's ``glmer``).

    ``truth`` is a column of 1 for true articles and 0 for false ones. People have a slope of truth where they answered
    about both; people who are in several arms, and articles that several arms read, have an effect in each arm beside
    their own, which for people has a slope of truth too: the interaction of truth and arm varies from one to another
    of them. That is the most that the design carries (Barr, Levy, Scheepers & Tily 2013), by ``tells_apart``. The
    interaction is discernment, in odds (Jaeger 2008, J. Mem. Lang. 59:434), tested by t with the degrees of freedom of
    ``_df``. Raises ``FrameError`` saying why where there is no model.
    """
    checked = check_ratings(ratings, outcome=plan.outcome)
    refuse_mixed_modes(checked)
    order = arm_order(checked, arms)
    reference = reference_arm(checked, plan, order)
    data = model_frame(checked, plan.outcome, [reference, *(arm for arm in order if arm != reference)])
    data[TRUTH] = checked.loc[data.index, truth].astype("float64") - 0.5
    data = data[data[TRUTH].notna()].copy()
    data[ARM] = data[ARM].cat.remove_unused_categories()
    names = labels or {}
    known = data.groupby(ARTICLE)[TRUTH].agg(["min", "max"])
    cells = _articles(data)
    _refuse_few(data, known, cells, reference, names)
    random, df = _random(numbered(data)), _df(data)
    formula = f"{OUTCOME} ~ {TRUTH} * {ARM}{random}"
    try:
        fit = fit_logistic(data, formula, alpha=plan.alpha)
    except (MixedModelError, np.linalg.LinAlgError) as error:
        raise FrameError(f"the logistic mixed model could not be fitted: {error}") from error
    said = list(fit.statements)
    if min(cells.values()) < FEW_ARTICLES:
        said.append(_few(cells, df, plan.alpha, names))
    rows = _rows(fit, data, df, plan.alpha)
    empty = [names.get(arm, arm) for arm in order if arm not in set(data[ARM].cat.categories)]
    said += [f"The arm {arm} has no answers: it is not in the model." for arm in empty]
    contrasts = [row for row in rows if row.contrast]
    adjusted = ADJUSTMENTS["holm"]([row.p_value for row in contrasts])
    return DiscernedOdds(
        formula=formula,
        n_ratings=len(data),
        n_people=int(data[PERSON].nunique()),
        n_true=int((known["max"] > 0).sum()),
        n_false=int((known["min"] < 0).sum()),
        arms=tuple(row for row in rows if not row.contrast),
        contrasts=tuple(replace(row, p_adjusted=p) for row, p in zip(contrasts, adjusted, strict=True)),
        cautions=tuple(said),
        fit=fit,
    )


def _articles(data: pd.DataFrame) -> dict[tuple[str, float], int]:
    """How many articles each arm has of each truth, {(arm, truth): number}: also where there is none."""
    seen = data[[ARM, TRUTH, ARTICLE]].drop_duplicates()
    return {
        (str(arm), side): int(((seen[ARM] == arm) & (seen[TRUTH] == side)).sum())
        for arm in data[ARM].cat.categories
        for side in (0.5, -0.5)
    }


def _refuse_few(
    data: pd.DataFrame,
    known: pd.DataFrame,
    cells: Mapping[tuple[str, float], int],
    reference: str,
    names: Mapping[str, str],
) -> None:
    """Raises ``FrameError`` where the articles or people of an arm cannot be a sample, or an arm is not there."""
    both = known.index[known["min"] != known["max"]]
    if len(both):
        raise FrameError(f"the article {both[0]!r} is true in some rows and false in others", column=TRUTH)
    present = [str(arm) for arm in data[ARM].cat.categories]
    if len(present) < 2 or reference not in present:
        raise FrameError("fewer than two arms have answers")
    for arm in present:
        if min(cells[arm, 0.5], cells[arm, -0.5]) < LEAST_ARTICLES:
            raise FrameError(
                f"the arm '{names.get(arm, arm)}' has answers about {cells[arm, 0.5]} true and {cells[arm, -0.5]} "
                f"false articles; with fewer than {LEAST_ARTICLES} of each it cannot be told what belongs to the arm "
                "and what to these articles"
            )
    people = data.groupby(ARM, observed=True)[PERSON].nunique()
    if somebody_alone(data[[PERSON, ARM]].drop_duplicates()) and not _crosses(data, PERSON):
        alone = str(people.idxmin())
        raise FrameError(
            f"what belongs to the arm '{names.get(alone, alone)}' and what to its only participant cannot be told apart"
        )


def _df(data: pd.DataFrame) -> float:
    """The degrees of freedom of the sample that has fewer: articles less those coefficients that are of articles, or
    people less those of people.

    Each article has one truth, and one arm unless arms share articles; people are in one arm unless they are in
    several. These are between-within degrees of freedom, with which tests of binary outcomes keep their error where
    clusters are few (Li & Redden 2015, BMC Med. Res. Methodol. 15:38).
    """
    arms = len(data[ARM].cat.categories)
    articles, people = data[ARTICLE].nunique(), data[PERSON].nunique()
    shared = len(data[[ARTICLE, ARM]].drop_duplicates()) > articles
    return float(min(articles - (2 if shared else 2 * arms), people - (1 if _crosses(data, PERSON) else arms)))


def _few(cells: Mapping[tuple[str, float], int], df: float, alpha: float, names: Mapping[str, str]) -> str:
    """How often tests find what is not there, with so few articles.

    A fit by maximum likelihood divides squares of articles by their number, and not by their degrees of freedom: with
    k articles in each cell variances come out (k - 1) / k times as large, so much at most as articles make of errors.
    """
    (arm, side), least = min(cells.items(), key=lambda cell: cell[1])
    rate = 2 * stats.t.sf(stats.t.ppf(1 - alpha / 2, df) * math.sqrt(1 - 1 / least), df)
    return (
        f"{names.get(arm, arm)} has {least} {'true' if side > 0 else 'false'} articles. With so few the spread of "
        f"articles is taken for too small: where they differ much, up to about {100 * rate:.0f}% of tests at "
        f"{100 * alpha:.10g}% find a difference where there is none."
    )


def _random(data: pd.DataFrame) -> str:
    """The random terms that the design carries, by counts alone (``crossed_terms.tells_apart``)."""
    terms = []
    if data[PERSON].nunique() < len(data) and tells_apart(data, [PERSON]):
        terms.append(_by_truth(data, [PERSON]))
        if _crosses(data, PERSON):
            terms.append(_by_truth(data, [PERSON, ARM]))
    if not tells_apart(data, [ARTICLE]):
        raise FrameError(
            "hardly any article has more than one answer, so that articles cannot be told from other noise"
        )
    terms.append(f"(1 | {ARTICLE})")
    if _crosses(data, ARTICLE):
        terms.append(f"(1 | {ARTICLE}:{ARM})")
    return "".join(f" + {term}" for term in terms)


def _by_truth(data: pd.DataFrame, group: list[str]) -> str:
    """The term of people, or of people in arms, with a slope where enough of them answered about both truths."""
    sides = data[[*group, TRUTH]].drop_duplicates()
    slope = len(data) > 2 * len(data[group].drop_duplicates()) and tells_apart(sides, group)
    return f"({f'1 + {TRUTH}' if slope else '1'} | {':'.join(group)})"


def _crosses(data: pd.DataFrame, group: str) -> bool:
    """Whether enough people, or articles, are in several arms, with several answers in each."""
    placed = data[[group, ARM]].drop_duplicates()
    several = int((placed.groupby(group).size() > 1).sum())
    return several > 1 and tells_apart(placed, [group]) and tells_apart(data, [group, ARM])


def _rows(fit: LaplaceFit, data: pd.DataFrame, df: float, alpha: float) -> list[OddsContrast]:
    """Each arm's row, then each contrast's, out of the coefficients of truth and of its interaction with arms."""
    terms = [row.term for row in fit.fixed]
    values, covariance = np.array([row.estimate for row in fit.fixed]), np.array(fit.covariance)
    first, *others = map(str, data[ARM].cat.categories)
    people = {str(arm): int(n) for arm, n in data.groupby(ARM, observed=True)[PERSON].nunique().items()}
    slope = np.array([float(term == TRUTH) for term in terms])
    more = {arm: np.array([float(term == f"{TRUTH}:{ARM}[T.{arm}]") for term in terms]) for arm in others}

    def row(weights: np.ndarray, arm: str, reference: str = "") -> OddsContrast:
        estimate = float(weights @ values)
        error = math.sqrt(float(weights @ covariance[: len(terms), : len(terms)] @ weights))
        test = tested(arm, estimate, error, df, alpha)
        numbers = (estimate, error, test.statistic, test.df, test.p_value, test.ci_low, test.ci_high)
        return odds_contrast(arm, reference, numbers, people)

    arms = [row(slope, first), *(row(slope + more[arm], arm) for arm in others)]
    return [*arms, *(row(more[arm], arm, first) for arm in others)]
