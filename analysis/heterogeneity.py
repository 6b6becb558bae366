"""PURE: whether the arms differ more for some readers than for others: a covariate by arm, with its interaction test.

The interaction is the test; contrasts within groups only say what it is made of (Gelman & Stern 2006: that one group's
difference is significant and another's is not does not make the groups differ).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas.api import types

from analysis.adjust import ADJUSTMENTS
from analysis.cautions import Caution
from analysis.compare import arm_order, reference_arm, refuse_mixed_modes
from analysis.counted import counted
from analysis.crossed import NO_OMNIBUS
from analysis.crossed_frame import model_frame
from analysis.crossed_terms import ARM, OUTCOME, PERSON, random_part
from analysis.equivalence import detectable_noncentrality, with_detectable
from analysis.heterogeneity_terms import GROUP, UNIT, Cells, cells_of, empty_cells, random_terms
from analysis.intervals import NAN
from analysis.mixed import MixedFit, MixedModelError, fit_mixed
from analysis.mixed.inference import JointTest, contrasts, joint_test
from analysis.plan import Plan
from analysis.tables import to_frame
from analysis.validation import FrameError, check_ratings

MOST_GROUPS = 20
FEW_PEOPLE = 20


@dataclass(frozen=True)
class GroupContrast:
    """The contrast of an arm with the reference among the people of one group; for a number, the change of the
    contrast with one unit more (``group`` is then 'one unit more'). ``p_adjusted`` is Holm's over the table.
    ``detectable`` and ``detectable_adjusted`` are what this test finds with 80% probability, alone and after Holm's
    adjustment (``equivalence.with_detectable``)."""

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
    detectable: float
    detectable_adjusted: float
    n: int


@dataclass(frozen=True)
class Heterogeneity:
    """The contrasts by group, and the test that they are the same in all of them (``interaction``).

    ``interaction_detectable`` is by how much one arm must depart in one group, or of a number in its slope, from what
    arms and groups add up to, for this test to find it with 80% probability: the most over all arms and groups. Of two
    arms and two groups it is the difference between the groups' contrasts.
    """

    covariate: str
    rows: tuple[GroupContrast, ...]
    interaction: JointTest
    interaction_detectable: float
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
    """The model ``outcome ~ arm * covariate`` with the random effects of ``crossed_contrasts``, and what the covariate
    does within people and articles (``heterogeneity_terms.random_terms``).

    A covariate of text, categories or yes-no makes groups; numbers enter as a straight line. Rows without a value are
    left out and counted. Raises ``FrameError`` for ratings that break the contract, a covariate that is not there, has
    one value or more than 20 categories; a model that cannot be fitted gives no rows and a caution. A group in which an
    arm, or the reference, has no ratings has no contrast there, and a caution says so; the test is of the others.
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
    blank = Heterogeneity(covariate, (), NO_OMNIBUS, NAN, len(checked) - len(known), ())
    random = random_part(data)
    formula = f"{OUTCOME} ~ {ARM} * {GROUP}{random_terms(data, random.formula, numeric=numeric)}"
    try:
        if random.lack:
            raise MixedModelError(random.lack)
        fit = fit_mixed(data, formula, ddf="normal", alpha=plan.alpha)
        return _tested(blank, fit, data, plan, labels or {}, numeric=numeric)
    except MixedModelError as error:
        said = Caution("no-model", covariate, f"The model of {covariate} by arm could not be fitted: {error}.")
        return Heterogeneity(covariate, (), NO_OMNIBUS, NAN, blank.n_missing, (said,))


def _check_covariate(column: pd.Series, name: str, *, numeric: bool) -> None:
    values = column.nunique()
    if values < 2:
        raise FrameError(f"the covariate '{name}' has {values} value: there are no groups to compare", column=name)
    if not numeric and values > MOST_GROUPS:
        raise FrameError(f"the covariate '{name}' has {values} categories; join them to {MOST_GROUPS}", column=name)


def _tested(
    blank: Heterogeneity, fit: MixedFit, data: pd.DataFrame, plan: Plan, labels: Mapping[str, str], *, numeric: bool
) -> Heterogeneity:
    cells = cells_of(data, fit.fitted.design.x, numeric=numeric)
    places = {key: n for n, key in enumerate(cells.keys)}
    first, *others = map(str, data[ARM].cat.categories)
    groups = sorted({group for _, group in cells.keys})
    wanted = [(arm, group) for arm in others for group in groups if {(arm, group), (first, group)} <= set(places)]
    weights = [cells.weights[places[key]] - cells.weights[places[first, key[1]]] for key in wanted]
    found = (
        contrasts(fit.fitted, np.array(weights), [""] * len(wanted), "satterthwaite", plan.alpha)[0] if wanted else ()
    )
    adjusted = ADJUSTMENTS["holm"]([row.p_value for row in found])
    people = {UNIT: data[PERSON].nunique()} if numeric else _people(data)
    tested = [
        GroupContrast(
            contrast=f"{arm} - {first}",
            group=group,
            estimate=row.estimate,
            std_error=row.std_error,
            statistic=row.statistic,
            df=row.df,
            p_value=row.p_value,
            p_adjusted=p,
            ci_low=row.ci_low,
            ci_high=row.ci_high,
            detectable=NAN,
            detectable_adjusted=NAN,
            n=people[group],
        )
        for (arm, group), row, p in zip(wanted, found, adjusted, strict=True)
    ]
    rows = with_detectable(tested, plan.alpha)
    interaction = joint_test(fit.fitted, cells.free @ cells.weights) if len(cells.free) else NO_OMNIBUS
    said = _of_empty(blank.covariate, data, cells, labels, numeric=numeric)
    # What was dropped is what those cells would have been; as columns' names it says nothing to a reader.
    dropped = ", ".join(fit.dropped)
    statements = [one for one in fit.statements if not (dropped and dropped in one)]
    said += [Caution("mixed-model", blank.covariate, sentence) for sentence in statements]
    said += [
        Caution(
            "few-people",
            group,
            f"The group {group} of {blank.covariate} has {counted(people[group], 'person', 'people')} only.",
        )
        for group in dict.fromkeys(row.group for row in rows)
        if people[group] < FEW_PEOPLE
    ]
    found_by = _detectable(fit, cells, interaction, plan.alpha)
    return Heterogeneity(blank.covariate, rows, interaction, found_by, blank.n_missing, tuple(said))


def _detectable(fit: MixedFit, cells: Cells, test: JointTest, alpha: float) -> float:
    """What the test of interaction finds, in units of the outcome.

    Where the mean of one cell is raised by d, the test's noncentrality is d squared times the cell's element of
    F' (F V F')^-1 F, with F the free contrasts of the cells and V the covariance of the cells' means.
    """
    if math.isnan(test.p_value):
        return NAN
    covariance = cells.weights @ fit.fitted.covariance() @ cells.weights.T
    inverse = np.linalg.pinv(cells.free @ covariance @ cells.free.T)
    each = np.einsum("qc,qr,rc->c", cells.free, inverse, cells.free)
    # A group with ratings of one arm alone has no part in the test.
    each = each[each > 1e-9 * each.max()]
    return math.sqrt(detectable_noncentrality(test.df, test.df_within, alpha) / float(each.min()))


def _people(data: pd.DataFrame) -> dict[str, int]:
    """How many people have ratings in each group."""
    return {str(group): int(n) for group, n in data.groupby(GROUP)[PERSON].nunique().items()}


def _of_empty(
    covariate: str, data: pd.DataFrame, cells: Cells, labels: Mapping[str, str], *, numeric: bool
) -> list[Caution]:
    """What is to be said of arms without ratings in a group, or in which a number is the same in all ratings."""
    if numeric:
        flat = [str(arm) for arm in data[ARM].cat.categories if (str(arm), UNIT) not in cells.keys]
        return [
            Caution(
                "empty-cell",
                arm,
                f"{covariate} is the same in all ratings of {labels.get(arm, arm)}: how ratings change with it there "
                "is not known.",
            )
            for arm in flat
        ]
    return [
        Caution(
            "empty-cell",
            arm,
            f"{labels.get(arm, arm)} has no ratings where {covariate} is '{group}': no difference from it is known "
            "there, and the test of interaction is of the other groups.",
        )
        for arm, group in empty_cells(data)
    ]
