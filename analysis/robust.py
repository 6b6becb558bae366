"""PURE: sensitivity lines beside the mixed models: least squares with two-way clustered errors, ordinal regression.

Both take the arms as fixed and let errors hang together within people and within articles. With few articles such
errors are too small (Cameron & Miller 2015, section VI): they are a check of the main result, not a substitute for it.
"""

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from analysis.adjust import ADJUSTMENTS
from analysis.cautions import Caution
from analysis.crossed_frame import rated_frame
from analysis.crossed_terms import ARM, ARTICLE, OUTCOME, PERSON
from analysis.intervals import NAN
from analysis.mixed.deviance import LEAST_DIGITS
from analysis.mixed.laplace.separation import SeparationError, refuse_separation
from analysis.plan import Plan
from analysis.tables import to_frame
from analysis.validation import FrameError

FEW_CLUSTERS = 40
EXACT = "the arms fit every rating exactly, so that no residual variance is left to compare with"


@dataclass(frozen=True)
class RobustContrast:
    """An arm less the reference: in the outcome's units by least squares, in log odds by ordinal regression."""

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


@dataclass(frozen=True)
class Robust:
    """The contrasts of one method. ``clusters`` says over what errors hang together, with how many of each."""

    method: str
    clusters: tuple[tuple[str, int], ...]
    rows: tuple[RobustContrast, ...]
    cautions: tuple[Caution, ...]

    def to_frame(self) -> pd.DataFrame:
        """One row a contrast; the columns are the fields of ``RobustContrast``."""
        return to_frame(self.rows, RobustContrast)


def clustered_ols(
    ratings: pd.DataFrame, plan: Plan, *, arms: Sequence[str] = (), labels: Mapping[str, str] | None = None
) -> Robust:
    """Least squares of the outcome on the arms, with errors clustered by participant and by article (pyfixest).

    Variances are ``V_people + V_articles - V_both`` (Cameron, Gelbach & Miller 2011), with the small-sample factors
    of fixest; t has as many degrees of freedom as the fewer clusters less one. Raises ``FrameError`` for ratings that
    break the contract; where nothing varies there are no numbers but a caution.
    """
    data, names = _prepared(ratings, plan, arms)
    clusters = tuple((name, data[name].nunique()) for name in (PERSON, ARTICLE))
    blank = Robust("least squares, clustered by participant and article", clusters, (), ())
    if len(names) < 2:
        return _without(blank, "fewer than two arms have ratings")
    if min(n for _, n in clusters) < 3 or np.ptp(data[OUTCOME].to_numpy()) == 0:
        return _without(blank, "there are fewer than three people or articles, or the outcome does not vary")
    if fitted_exactly(data[OUTCOME].to_numpy(), data[ARM].cat.codes.to_numpy()):
        return _without(blank, EXACT)
    from pyfixest.estimation import feols

    coded = pd.DataFrame({OUTCOME: data[OUTCOME], PERSON: data[PERSON], ARTICLE: data[ARTICLE]})
    for n, arm in enumerate(names[1:]):
        coded[f"arm_{n}"] = (data[ARM] == arm).astype("float64")
    formula = f"{OUTCOME} ~ {' + '.join(f'arm_{n}' for n in range(len(names) - 1))}"
    with warnings.catch_warnings(record=True) as given:
        warnings.simplefilter("always")
        fit = feols(formula, coded.reset_index(drop=True), vcov={"CRV1": f"{PERSON} + {ARTICLE}"})
    # A difference of variances can be negative, which leaves no error, or nought where clusters leave nothing to vary.
    with np.errstate(invalid="ignore", divide="ignore"):
        estimates, errors = fit.coef(), fit.se()
    df = float(min(n for _, n in clusters) - 1)
    rows = []
    for n, arm in enumerate(names[1:]):
        estimate, error = float(estimates[f"arm_{n}"]), float(errors[f"arm_{n}"])
        both = data[data[ARM].isin([arm, names[0]])]
        if fitted_exactly(both[OUTCOME].to_numpy(), both[ARM].cat.codes.to_numpy()):
            error = NAN
        rows.append(_row(arm, names[0], estimate, error, df, plan.alpha))
    return Robust(
        blank.method, clusters, _adjusted(rows), (*_few(clusters), *_without_error(rows), *_said(given, blank.method))
    )


def fitted_exactly(y: np.ndarray, arm: np.ndarray) -> bool:
    """Whether all that the arms' means leave of the ratings is rounding, by the mixed model's measure of it.

    ``arm`` is each rating's, coded from 0.
    """
    left = y - (np.bincount(arm, y) / np.maximum(np.bincount(arm), 1))[arm]
    return bool(left @ left <= LEAST_DIGITS * (y @ y))


def ordinal_regression(
    ratings: pd.DataFrame, plan: Plan, *, arms: Sequence[str] = (), labels: Mapping[str, str] | None = None
) -> Robust:
    """The cumulative-logit model of the outcome on the arms without random effects (statsmodels), with errors
    clustered by participant.

    A positive estimate means higher ratings than in the reference. Source: McCullagh 1980; Liang & Zeger 1986. Raises
    ``FrameError`` for ratings that break the contract; arms that separate the ratings perfectly give no numbers but a
    caution.
    """
    data, names = _prepared(ratings, plan, arms)
    clusters = ((PERSON, data[PERSON].nunique()),)
    blank = Robust("ordinal logistic regression, clustered by participant", clusters, (), ())
    values, category = np.unique(data[OUTCOME].to_numpy(), return_inverse=True)
    if len(names) < 2 or len(values) < 2 or clusters[0][1] < 3:
        return _without(blank, "fewer than two arms or three people have ratings, or the outcome does not vary")
    if len(values) > 50:
        return _without(blank, f"the outcome has {len(values)} different values, which are no categories")
    x = np.equal.outer(data[ARM].astype("str").to_numpy(), np.array(names[1:])).astype(np.float64)
    try:
        refuse_separation(x, category.reshape(-1), len(values) - 1, names[1:], plan.outcome)
    except SeparationError as error:
        return _without(blank, str(error))
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    model = OrderedModel(category.reshape(-1), x, distr="logit")
    with warnings.catch_warnings(record=True) as given:
        warnings.simplefilter("always")
        people = pd.factorize(data[PERSON], sort=True)[0]
        fit = model.fit(
            method="bfgs", disp=False, maxiter=500, gtol=1e-8, cov_type="cluster", cov_kwds={"groups": people}
        )
    errors = np.sqrt(np.diag(np.asarray(fit.cov_params())))
    if not (fit.mle_retvals["converged"] and np.isfinite(errors).all()):
        return _without(blank, "the search for the greatest likelihood did not end")
    rows = [
        _row(arm, names[0], float(np.asarray(fit.params)[n]), float(errors[n]), math.inf, plan.alpha)
        for n, arm in enumerate(names[1:])
    ]
    return Robust(blank.method, clusters, _adjusted(rows), (*_few(clusters), *_said(given, blank.method)))


def _prepared(ratings: pd.DataFrame, plan: Plan, arms: Sequence[str]) -> tuple[pd.DataFrame, list[str]]:
    """The model's columns, and the arms with ratings, the reference first."""
    _, _, reference, data = rated_frame(ratings, plan, arms)
    names = list(data[ARM].cat.categories)
    if names and names[0] != reference:
        raise FrameError(f"the reference '{reference}' has no ratings", column="arm")
    return data, names


def _without(blank: Robust, why: str) -> Robust:
    return Robust(blank.method, blank.clusters, (), (Caution("no-model", "", f"No {blank.method}: {why}."),))


def _row(arm: str, reference: str, estimate: float, error: float, df: float, alpha: float) -> RobustContrast:
    known = math.isfinite(error) and error > 0
    distribution = stats.norm() if math.isinf(df) else stats.t(df)
    half = float(distribution.ppf(1 - alpha / 2)) * error if known else NAN
    statistic = estimate / error if known else NAN
    return RobustContrast(
        contrast=f"{arm} - {reference}",
        arm=arm,
        reference=reference,
        estimate=estimate,
        std_error=error if known else NAN,
        statistic=statistic,
        df=df,
        p_value=float(2 * distribution.sf(abs(statistic))) if known else NAN,
        p_adjusted=NAN,
        ci_low=estimate - half,
        ci_high=estimate + half,
    )


def _adjusted(rows: list[RobustContrast]) -> tuple[RobustContrast, ...]:
    adjusted = ADJUSTMENTS["holm"]([row.p_value for row in rows])
    return tuple(RobustContrast(**{**row.__dict__, "p_adjusted": p}) for row, p in zip(rows, adjusted, strict=True))


def _said(given: Sequence[warnings.WarningMessage], method: str) -> tuple[Caution, ...]:
    """That a library warned of its fit, in our words; remarks for its programmers are none of it."""
    kinds = (DeprecationWarning, PendingDeprecationWarning, FutureWarning, ImportWarning)
    if all(issubclass(one.category, kinds) for one in given):
        return ()
    return (
        Caution(
            "library",
            "",
            f"Something in the {method} could not be computed as usual: hold its numbers against the main test's "
            "before you rest on them.",
        ),
    )


def _without_error(rows: Sequence[RobustContrast]) -> tuple[Caution, ...]:
    return tuple(
        Caution(
            "no-clustered-error",
            row.contrast,
            f"{row.contrast} has no clustered error: its variance came out as nought or less, as with few clusters.",
        )
        for row in rows
        if not math.isfinite(row.std_error)
    )


def _few(clusters: Sequence[tuple[str, int]]) -> tuple[Caution, ...]:
    return tuple(
        Caution(
            "few-clusters",
            name,
            f"There are {n} clusters by {name} only: errors over so few are too small (Cameron & Miller 2015).",
        )
        for name, n in clusters
        if n < FEW_CLUSTERS
    )
