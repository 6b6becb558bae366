"""PURE: how well the readers of each arm tell true articles from false, with people and articles both as samples.

Beside each person's P(yes | true) - P(yes | false), which takes the articles as given: true articles could have been
believed oftener than false ones because these few are what they are.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from analysis.counted import counted
from analysis.crossed_frame import numbered, rated_frame
from analysis.crossed_odds import (
    FEW_ARTICLES,
    OddsContrast,
    crosses,
    few_articles,
    least_df,
    odds_contrast,
    odds_with_holm,
    t_numbers,
)
from analysis.crossed_terms import ARM, ARTICLE, OUTCOME, PERSON, somebody_alone, tells_apart
from analysis.equivalence import with_detectable
from analysis.mixed import MixedModelError
from analysis.mixed.laplace import LaplaceFit, fit_logistic
from analysis.plan import Plan
from analysis.tables import to_frame
from analysis.validation import FrameError

# Fewer true, or false, articles in an arm tell too little of how far articles differ.
LEAST_ARTICLES = 4
TRUTH = "truth"


@dataclass(frozen=True)
class DiscernedOdds:
    """The odds of a yes about true articles over those about false ones, for the same person and like articles.

    ``arms`` has a row an arm, each tested by itself, with a ``p_adjusted`` of nan; ``contrasts`` has a row an arm but
    the reference: its odds over the reference's, adjusted by Holm over all rows. ``cautions`` are sentences. Arms whose
    odds cannot be told are in neither, and a caution says why.

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
    ``crossed_odds.least_df``. Raises ``FrameError`` saying why where there is no model.
    """
    checked, order, reference, data = rated_frame(ratings, plan, arms)
    data[TRUTH] = checked.loc[data.index, truth].astype("float64") - 0.5
    data = data[data[TRUTH].notna()].copy()
    data[ARM] = data[ARM].cat.remove_unused_categories()
    names = labels or {}
    _refuse_two_truths(data)
    out = _left_out(data, names)
    data = data[~data[ARM].isin(list(out))].copy()
    data[ARM] = data[ARM].cat.remove_unused_categories()
    _refuse_alone(data, reference, out, names)
    cells = _articles(data)
    formula = f"{OUTCOME} ~ {TRUTH} * {ARM}{_random(numbered(data))}"
    # Of each arm's articles there are two coefficients: each article has one truth.
    df = least_df(data, formula, each=2)
    try:
        fit = fit_logistic(data, formula, alpha=plan.alpha)
    except (MixedModelError, np.linalg.LinAlgError) as error:
        raise FrameError(f"the logistic mixed model could not be fitted: {error}") from error
    said = [f"{why[0].upper()}{why[1:]}: this arm is left out." for why in out.values()] + list(fit.statements)
    if min(cells.values()) < FEW_ARTICLES:
        said.append(_few(cells, df, plan.alpha, names))
    rows = _rows(fit, data, df, plan.alpha)
    empty = [names.get(arm, arm) for arm in order if arm not in {*data[ARM].cat.categories, *out}]
    said += [f"The arm {arm} has no answers: it is not in the model." for arm in empty]
    arms_alone = [with_detectable([row], plan.alpha)[0] for row in rows if not row.contrast]
    return DiscernedOdds(
        formula=formula,
        n_ratings=len(data),
        n_people=int(data[PERSON].nunique()),
        n_true=int(data.loc[data[TRUTH] > 0, ARTICLE].nunique()),
        n_false=int(data.loc[data[TRUTH] < 0, ARTICLE].nunique()),
        arms=tuple(arms_alone),
        contrasts=odds_with_holm([row for row in rows if row.contrast], plan.alpha),
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


def _refuse_two_truths(data: pd.DataFrame) -> None:
    known = data.groupby(ARTICLE)[TRUTH].agg(["min", "max"])
    both = known.index[known["min"] != known["max"]]
    if len(both):
        raise FrameError(f"the article {both[0]!r} is true in some rows and false in others", column=TRUTH)


def _left_out(data: pd.DataFrame, names: Mapping[str, str]) -> dict[str, str]:
    """{arm: why} of the arms whose articles cannot be a sample, or whose answers about one truth are all alike, so that
    no finite odds fit them best (perfect separation)."""
    cells, found = _articles(data), {}
    yes = data.groupby([ARM, TRUTH], observed=True)[OUTCOME].mean()
    for arm in map(str, data[ARM].cat.categories):
        name = names.get(arm, arm)
        if min(cells[arm, 0.5], cells[arm, -0.5]) < LEAST_ARTICLES:
            found[arm] = (
                f"the arm '{name}' has answers about {cells[arm, 0.5]} true and {cells[arm, -0.5]} false articles; "
                f"with fewer than {LEAST_ARTICLES} of each it cannot be told what belongs to the arm and what to these "
                "articles"
            )
            continue
        alike = [side for side in (0.5, -0.5) if yes[arm, side] in (0.0, 1.0)]
        if alike:
            told = " and ".join(
                f"{'true' if side > 0 else 'false'} articles is {'yes' if yes[arm, side] else 'no'}" for side in alike
            )
            found[arm] = (
                f"in the arm '{name}' every answer about {told}, so that no finite odds fit best (perfect separation)"
            )
    return found


def _refuse_alone(data: pd.DataFrame, reference: str, out: Mapping[str, str], names: Mapping[str, str]) -> None:
    """Raises ``FrameError`` where no arm is left to compare with the reference, or one has a single person."""
    present = [str(arm) for arm in data[ARM].cat.categories]
    if reference in out:
        raise FrameError(f"{out[reference]}, and it is the reference")
    if len(present) < 2 or reference not in present:
        raise FrameError("; ".join([*out.values(), "fewer than two arms have answers that can be compared"]))
    people = data.groupby(ARM, observed=True)[PERSON].nunique()
    if somebody_alone(data[[PERSON, ARM]].drop_duplicates()) and not crosses(data, PERSON):
        alone = str(people.idxmin())
        raise FrameError(
            f"what belongs to the arm '{names.get(alone, alone)}' and what to its only participant cannot be told apart"
        )


def _few(cells: Mapping[tuple[str, float], int], df: float, alpha: float, names: Mapping[str, str]) -> str:
    """That the arm with fewest articles of one truth has few, and what that makes of tests."""
    (arm, side), least = min(cells.items(), key=lambda cell: cell[1])
    kind = "true" if side > 0 else "false"
    what = f"{names.get(arm, arm)} has {counted(least, f'{kind} article', f'{kind} articles')}"
    return few_articles(what, least, df, alpha)


def _random(data: pd.DataFrame) -> str:
    """The random terms that the design carries, by counts alone (``crossed_terms.tells_apart``)."""
    terms = []
    if data[PERSON].nunique() < len(data) and tells_apart(data, [PERSON]):
        terms.append(_by_truth(data, [PERSON]))
        if crosses(data, PERSON):
            terms.append(_by_truth(data, [PERSON, ARM]))
    if not tells_apart(data, [ARTICLE]):
        raise FrameError(
            "hardly any article has more than one answer, so that articles cannot be told from other noise"
        )
    terms.append(f"(1 | {ARTICLE})")
    if crosses(data, ARTICLE):
        terms.append(f"(1 | {ARTICLE}:{ARM})")
    return "".join(f" + {term}" for term in terms)


def _by_truth(data: pd.DataFrame, group: list[str]) -> str:
    """The term of people, or of people in arms, with a slope where enough of them answered about both truths."""
    sides = data[[*group, TRUTH]].drop_duplicates()
    slope = len(data) > 2 * len(data[group].drop_duplicates()) and tells_apart(sides, group)
    return f"({f'1 + {TRUTH}' if slope else '1'} | {':'.join(group)})"


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
        return odds_contrast(arm, reference, t_numbers(estimate, error, df, alpha), people)

    arms = [row(slope, first), *(row(slope + more[arm], arm) for arm in others)]
    return [*arms, *(row(more[arm], arm, first) for arm in others)]
