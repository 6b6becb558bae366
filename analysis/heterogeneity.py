"""PURE: whether the arms differ more for some readers than for others: a covariate by arm, with its interaction test.

The interaction is the test; contrasts within groups only say what it is made of (Gelman & Stern 2006: that one group's
difference is significant and another's is not does not make the groups differ).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas.api import types

from analysis.adjust import ADJUSTMENTS
from analysis.cautions import Caution
from analysis.compare import arm_order, reference_arm, refuse_mixed_modes
from analysis.crossed import NO_OMNIBUS
from analysis.crossed_frame import model_frame
from analysis.crossed_terms import ARM, ARTICLE, OUTCOME, PERSON, random_part
from analysis.mixed import MixedFit, MixedModelError, fit_mixed
from analysis.mixed.inference import JointTest, contrasts, joint_test
from analysis.plan import Plan
from analysis.tables import to_frame
from analysis.validation import FrameError, check_ratings

GROUP = "covariate"
MOST_GROUPS = 20
FEW_PEOPLE = 20


@dataclass(frozen=True)
class GroupContrast:
    """The contrast of an arm with the reference among the people of one group; for a number, the change of the
    contrast with one unit more (``group`` is then 'one unit more'). ``p_adjusted`` is Holm's over the table."""

    contrast: str
    group: str
    estimate: float
    std_error: float
    statistic: float
    df: float
    p_value: float
    p_adjusted: float
    ci_low: float
    ci_high: float
    n: int


@dataclass(frozen=True)
class Heterogeneity:
    """The contrasts by group, and the test that they are the same in all of them (``interaction``)."""

    covariate: str
    rows: tuple[GroupContrast, ...]
    interaction: JointTest
    n_missing: int
    cautions: tuple[Caution, ...]

    def to_frame(self) -> pd.DataFrame:
        """One row a contrast and group; the columns are the fields of ``GroupContrast``."""
        return to_frame(self.rows, GroupContrast)


def heterogeneity(
    ratings: pd.DataFrame,
    plan: Plan,
    covariate: str,
    *,
    arms: Sequence[str] = (),
    labels: Mapping[str, str] | None = None,
) -> Heterogeneity:
    """The model ``outcome ~ arm * covariate`` with the random effects of ``crossed_contrasts``, and what articles do to
    each group of readers (``_with_articles``).

    A covariate of text, categories or yes-no makes groups; numbers enter as a straight line. Rows without a value are
    left out and counted. Raises ``FrameError`` for ratings that break the contract, a covariate that is not there, has
    one value or more than 20 categories; a model that cannot be fitted gives no rows and a caution.
    """
    checked = check_ratings(ratings, outcome=plan.outcome)
    refuse_mixed_modes(checked)
    order = arm_order(checked, arms)
    reference = reference_arm(checked, plan, order)
    if covariate not in checked.columns:
        raise FrameError(f"the covariate '{covariate}' is no column of the ratings", column=covariate)
    numeric = types.is_numeric_dtype(checked[covariate]) and not types.is_bool_dtype(checked[covariate])
    known = checked[checked[covariate].notna() & checked[plan.outcome].notna()]
    column: pd.Series = known[covariate].astype("float64") if numeric else known[covariate].astype("str")
    _check_covariate(column, covariate, numeric=numeric)
    data = model_frame(known, plan.outcome, [reference, *(arm for arm in order if arm != reference)])
    data[GROUP] = column - float(column.mean()) if numeric else column
    blank = Heterogeneity(covariate, (), NO_OMNIBUS, len(checked) - len(known), ())
    random = random_part(data)
    formula = f"{OUTCOME} ~ {ARM} * {GROUP}{_with_articles(data, random.formula, numeric=numeric)}"
    try:
        if random.lack:
            raise MixedModelError(random.lack)
        fit = fit_mixed(data, formula, ddf="normal", alpha=plan.alpha)
        return _tested(blank, fit, data, plan, labels or {}, numeric=numeric)
    except MixedModelError as error:
        said = Caution("no-model", covariate, f"The model of {covariate} by arm could not be fitted: {error}.")
        return Heterogeneity(covariate, (), NO_OMNIBUS, blank.n_missing, (said,))


def _with_articles(data: pd.DataFrame, random: str, *, numeric: bool) -> str:
    """``random`` with the spread of the covariate's effect over articles, where it has articles and the data carry it.

    - For groups ``(1 | article:covariate)``, if some article is read in several groups, and some group has several
      ratings of an article.
    - For a number ``(0 + covariate | article)``, if it varies within articles and there are more ratings than two an
      article; uncorrelated with the article's level, which the centring of the number makes the level at its mean.

    An article that one group likes better shifts that group's contrast as a whole, however many people read it; without
    the term the interaction is found too often (Barr, Levy, Scheepers & Tily 2013).
    """
    if f"(1 | {ARTICLE})" not in random:
        return random
    articles, cells = data[ARTICLE].nunique(), len(data[[ARTICLE, GROUP]].drop_duplicates())
    if not numeric:
        return f"{random} + (1 | {ARTICLE}:{GROUP})" if articles < cells < len(data) else random
    return f"{random} + (0 + {GROUP} | {ARTICLE})" if articles < cells and len(data) > 2 * articles else random


def _check_covariate(column: pd.Series, name: str, *, numeric: bool) -> None:
    values = column.nunique()
    if values < 2:
        raise FrameError(f"the covariate '{name}' has {values} value: there are no groups to compare", column=name)
    if not numeric and values > MOST_GROUPS:
        raise FrameError(f"the covariate '{name}' has {values} categories; join them to {MOST_GROUPS}", column=name)


def _tested(
    blank: Heterogeneity, fit: MixedFit, data: pd.DataFrame, plan: Plan, labels: Mapping[str, str], *, numeric: bool
) -> Heterogeneity:
    terms = list(fit.fitted.design.terms)
    interactions = [n for n, term in enumerate(terms) if ":" in term]
    arms = list(data[ARM].cat.categories)
    groups = ["one unit more"] if numeric else sorted(data[GROUP].unique())
    weights, names = [], []
    for arm in arms[1:]:
        for group in groups:
            row = _weights(terms, arm, group, first=group == groups[0], numeric=numeric)
            if row is not None:
                weights.append(row)
                names.append((f"{arm} - {arms[0]}", group))
    found = contrasts(fit.fitted, np.array(weights), [""] * len(names), "satterthwaite", plan.alpha)[0] if names else ()
    adjusted = ADJUSTMENTS["holm"]([row.p_value for row in found])
    people = {"one unit more": data[PERSON].nunique()} if numeric else _people(data)
    rows = tuple(
        GroupContrast(
            contrast=contrast,
            group=group,
            estimate=row.estimate,
            std_error=row.std_error,
            statistic=row.statistic,
            df=row.df,
            p_value=row.p_value,
            p_adjusted=p,
            ci_low=row.ci_low,
            ci_high=row.ci_high,
            n=people[group],
        )
        for (contrast, group), row, p in zip(names, found, adjusted, strict=True)
    )
    interaction = joint_test(fit.fitted, np.eye(len(terms))[interactions]) if interactions else NO_OMNIBUS
    said = [Caution("mixed-model", blank.covariate, sentence) for sentence in fit.statements]
    said += [
        Caution("few-people", row.group, f"The group {row.group} of {blank.covariate} has {row.n} people only.")
        for row in rows
        if row.n < FEW_PEOPLE and row.contrast == rows[0].contrast
    ]
    return Heterogeneity(blank.covariate, rows, interaction, blank.n_missing, tuple(said))


def _people(data: pd.DataFrame) -> dict[str, int]:
    """How many people have ratings in each group."""
    return {str(group): int(n) for group, n in data.groupby(GROUP)[PERSON].nunique().items()}


def _weights(terms: list[str], arm: str, group: str, *, first: bool, numeric: bool) -> np.ndarray | None:
    """The contrast of an arm within a group as a sum of coefficients; None where its cell is empty and was dropped."""
    main, both = f"{ARM}[T.{arm}]", f"{ARM}[T.{arm}]:{GROUP}" + ("" if numeric else f"[T.{group}]")
    wanted = [both] if numeric else [main] if first else [main, both]
    if any(term not in terms for term in wanted):
        return None
    row = np.zeros(len(terms))
    row[[terms.index(term) for term in wanted]] = 1.0
    return row
