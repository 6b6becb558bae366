"""PURE: the arms held against each other by a mixed model in which people and articles are both samples.

Judd, Westfall & Kenny 2012 show why: a test that takes the articles as given finds differences between arms too often
as soon as articles differ among themselves. Degrees of freedom are Satterthwaite's (or Kenward and Roger's), which
keep the error rate with few articles.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Literal

import numpy as np
import pandas as pd

from analysis.adjust import ADJUSTMENTS
from analysis.cautions import Caution
from analysis.crossed_frame import numbered, quoted, rated_frame
from analysis.crossed_terms import ARM, ARTICLE, OUTCOME, PERSON, RandomPart, random_part
from analysis.equivalence import equivalence_row, with_detectable
from analysis.intervals import NAN, Interval, TTest
from analysis.mixed import MixedFit, MixedModelError, fit_mixed
from analysis.mixed.inference import JointTest, contrasts, joint_test
from analysis.mixed.result import Ddf, FixedEffect, VarianceShare
from analysis.plan import Plan
from analysis.tables import to_frame

NO_OMNIBUS = JointTest(NAN, NAN, NAN, NAN)
Pairs = Literal["reference", "all"]


@dataclass(frozen=True)
class CrossedContrast:
    """The expected rating in ``arm`` less that in ``reference``, for new people and, where it has them, new articles.

    ``p_adjusted`` is Holm's over the rows of the table; the interval is not adjusted. ``equivalence_p`` is the larger
    p of the two one-sided tests against the plan's bounds, nan without one. ``detectable`` is the difference that this
    test finds with 80% probability, and ``detectable_adjusted`` the one that it finds so, or oftener, after Holm's
    adjustment: that of alpha over the number of rows. ``n`` and ``n_reference`` count people, the last two columns
    articles.
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
    equivalence_p: float
    detectable: float
    detectable_adjusted: float
    n: int
    n_reference: int
    n_articles: int
    n_articles_reference: int


@dataclass(frozen=True)
class CrossedMean:
    """The expected rating in an arm, for new people and new articles, with its interval over both."""

    arm: str
    estimate: float
    std_error: float
    df: float
    ci_low: float
    ci_high: float


@dataclass(frozen=True)
class Crossed:
    """The crossed mixed model of a study: contrasts, arms' means, where the variance lies, and what to be wary of.

    ``formula`` is the model in lme4's notation; ``omnibus`` the F test that all arms are equal, its degrees of freedom
    by ``ddf`` as those of the contrasts, and the same whichever arm is the reference. ``variance`` is empty and ``fit``
    None where no model could be fitted; then every number is nan and a caution says why.
    """

    outcome: str
    reference: str
    formula: str
    ddf: Ddf
    level: float
    rows: tuple[CrossedContrast, ...]
    means: tuple[CrossedMean, ...]
    variance: tuple[VarianceShare, ...]
    omnibus: JointTest
    n_ratings: int
    n_people: int
    n_articles: int
    cautions: tuple[Caution, ...]
    fit: MixedFit | None = field(default=None, repr=False, compare=False)

    @property
    def samples_articles(self) -> bool:
        """Whether the contrasts speak of articles in general: the model has an effect of articles, or needs none,
        each rating being of an article of its own."""
        return not any(caution.code == "articles-confounded" for caution in self.cautions)

    def to_frame(self) -> pd.DataFrame:
        """One row a contrast; the columns are the fields of ``CrossedContrast``."""
        return to_frame(self.rows, CrossedContrast)

    def means_frame(self) -> pd.DataFrame:
        """One row an arm; the columns are the fields of ``CrossedMean``."""
        return to_frame(self.means, CrossedMean)

    def variance_frame(self) -> pd.DataFrame:
        """One row a source of variance: group, variance, share."""
        return to_frame(self.variance, VarianceShare)

    @property
    def warnings(self) -> tuple[str, ...]:
        """The cautions as plain sentences."""
        return tuple(caution.sentence for caution in self.cautions)


def crossed_contrasts(
    ratings: pd.DataFrame,
    plan: Plan,
    *,
    arms: Sequence[str] = (),
    labels: Mapping[str, str] | None = None,
    ddf: Ddf = "satterthwaite",
    pairs: Pairs = "reference",
    beside: Sequence[str] = (),
) -> Crossed:
    """The contrasts of ``plan`` from ``outcome ~ arm`` with crossed random effects of people and articles, by REML.

    ``ratings`` has one row a participant and article. The random part is what the design can carry
    (``crossed_terms.random_part``): by-participant slopes of origin where people rated both, interactions where the
    same person or article is in several arms. ``arms`` are the study's arms in their order, ``labels`` their names in
    cautions; ``pairs='all'`` gives every pair and not only those with the reference. Columns named ``beside`` enter
    the fixed part, the arms being compared at equal values of them; arms' means are not given then.

    A model that cannot be fitted gives rows of nan and a caution, not an error; ``FrameError`` is raised for ratings
    that break the contract, more than one mode, and a reference that is no arm. Sources: Judd, Westfall & Kenny 2012,
    JPSP 103:54; Kuznetsova, Brockhoff & Christensen 2017, J. Stat. Softw. 82(13).
    """
    labels = labels or {}
    _, order, reference, data = rated_frame(ratings, plan, arms, beside)
    counted = numbered(data)
    part = random_part(counted)
    formula = f"{OUTCOME} ~ {' + '.join([ARM, *map(quoted, beside)])}{part.formula}"
    wanted = _pairs(order, reference, pairs)
    blank = Crossed(
        outcome=plan.outcome,
        reference=reference,
        formula=formula,
        ddf=ddf,
        level=plan.level,
        rows=tuple(_blank(arm, other, counted) for arm, other in wanted),
        means=(),
        variance=(),
        omnibus=NO_OMNIBUS,
        n_ratings=len(data),
        n_people=counted[PERSON].nunique(),
        n_articles=counted[ARTICLE].nunique(),
        cautions=part.cautions,
    )
    return _fitted(blank, data, part, plan, labels, wanted)


def _pairs(order: Sequence[str], reference: str, pairs: Pairs) -> list[tuple[str, str]]:
    if pairs == "reference":
        return [(arm, reference) for arm in order if arm != reference]
    return [(later, earlier) for earlier, later in combinations(order, 2)]


def _blank(arm: str, reference: str, data: pd.DataFrame) -> CrossedContrast:
    own, other = data[data[ARM] == arm], data[data[ARM] == reference]
    return CrossedContrast(
        contrast=f"{arm} - {reference}",
        arm=arm,
        reference=reference,
        estimate=NAN,
        std_error=NAN,
        statistic=NAN,
        df=NAN,
        p_value=NAN,
        p_adjusted=NAN,
        ci_low=NAN,
        ci_high=NAN,
        equivalence_p=NAN,
        detectable=NAN,
        detectable_adjusted=NAN,
        n=own[PERSON].nunique(),
        n_reference=other[PERSON].nunique(),
        n_articles=own[ARTICLE].nunique(),
        n_articles_reference=other[ARTICLE].nunique(),
    )


def _fitted(
    blank: Crossed,
    data: pd.DataFrame,
    part: RandomPart,
    plan: Plan,
    labels: Mapping[str, str],
    wanted: list[tuple[str, str]],
) -> Crossed:
    present = list(data[ARM].cat.categories)
    said = list(blank.cautions)
    for arm in dict.fromkeys(arm for pair in wanted for arm in pair if arm not in present):
        said.append(
            Caution("empty-arm", arm, f"The arm {labels.get(arm, arm)} has no ratings: it is not in the model.")
        )
    if len(present) < 2 or blank.reference not in present:
        said.append(Caution("no-model", "", "Fewer than two arms have ratings, so there is no model to compare them."))
        return replace(blank, cautions=tuple(said))
    if part.lack:
        said.append(Caution("no-model", "", f"{part.lack.capitalize()}: there is no mixed model."))
        return replace(blank, cautions=tuple(said))
    try:
        fit = fit_mixed(data, blank.formula, ddf="normal", alpha=plan.alpha)
        fit, rows, means, omnibus = _tested(fit, present, wanted, blank, plan)
    except (MixedModelError, np.linalg.LinAlgError) as error:
        said.append(Caution("no-model", "", f"The mixed model could not be fitted: {error}."))
        return replace(blank, cautions=tuple(said))
    said += [Caution("mixed-model", "", sentence) for sentence in fit.statements]
    return replace(
        blank,
        rows=rows,
        means=means if len(fit.fixed) == len(present) else (),
        omnibus=omnibus,
        variance=fit.variance_shares(),
        cautions=tuple(said),
        fit=fit,
    )


def _tested(
    fit: MixedFit, present: list[str], wanted: list[tuple[str, str]], blank: Crossed, plan: Plan
) -> tuple[MixedFit, tuple[CrossedContrast, ...], tuple[CrossedMean, ...], JointTest]:
    """The fit with its coefficients tested as ``blank.ddf`` says, the contrasts, the arms' means, the omnibus test."""
    # Treatment coding: the mean of an arm is the intercept and, unless it is the first, its own coefficient.
    means = np.eye(len(present), len(fit.fixed))
    means[:, 0] = 1.0
    weights = dict(zip(present, means, strict=True))
    tested = [(n, pair) for n, pair in enumerate(wanted) if set(pair) <= set(present)]
    pairs = np.array([weights[arm] - weights[other] for _, (arm, other) in tested])
    # In one call, since Kenward and Roger's matrices cost the same for one sum as for many.
    names = [*(blank.rows[n].contrast for n, _ in tested), *present, *(row.term for row in fit.fixed)]
    matrix = np.vstack([pairs, means, np.eye(len(fit.fixed))])
    found, covariance = contrasts(fit.fitted, matrix, names, blank.ddf, plan.alpha)
    levels, fixed = found[len(tested) : len(tested) + len(present)], found[len(tested) + len(present) :]
    rows = list(blank.rows)
    for (n, _), row in zip(tested, found[: len(tested)], strict=True):
        rows[n] = filled(rows[n], row, plan)
    rows = with_holm(rows, plan.alpha)
    shown = tuple(CrossedMean(row.term, row.estimate, row.std_error, row.df, row.ci_low, row.ci_high) for row in levels)
    fit = replace(fit, ddf=blank.ddf, fixed=fixed, covariance=tuple(tuple(map(float, row)) for row in covariance))
    return fit, tuple(rows), shown, joint_test(fit.fitted, sum_to_zero(len(present)) @ means, blank.ddf)


def sum_to_zero(means: int) -> np.ndarray:
    """Orthonormal contrasts of so many means: a joint test of them is the same whichever of the means is the first.

    Satterthwaite's degrees of freedom of several contrasts are those of an average, which hangs on how the contrasts
    are written; of all ways these are the ones that favour no arm.
    """
    return np.linalg.svd(np.ones((1, means)))[2][1:]


def with_holm(rows: Sequence[CrossedContrast], alpha: float) -> list[CrossedContrast]:
    """The contrasts with ``p_adjusted`` over all of them, and what they would have found."""
    adjusted = ADJUSTMENTS["holm"]([row.p_value for row in rows])
    found = with_detectable(rows, alpha)
    return [replace(row, p_adjusted=p) for row, p in zip(found, adjusted, strict=True)]


def filled(blank: CrossedContrast, row: FixedEffect, plan: Plan) -> CrossedContrast:
    """The contrast with its numbers, but for those that go by how many are tested together (``with_holm``)."""
    bounds = plan.bounds
    test = TTest(row.estimate, row.std_error, row.statistic, row.df, row.p_value)
    p = NAN if bounds is None else equivalence_row(row.term, test, Interval(*bounds), plan.alpha).p_value
    return replace(
        blank,
        estimate=row.estimate,
        std_error=row.std_error,
        statistic=row.statistic,
        df=row.df,
        p_value=row.p_value,
        ci_low=row.ci_low,
        ci_high=row.ci_high,
        equivalence_p=p,
    )
