"""PURE: fitting logistic and ordinal mixed models: from table and formula to ``LaplaceFit``."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types
from threadpoolctl import threadpool_limits

from analysis.mixed.columns import rows_named
from analysis.mixed.covariance import layout
from analysis.mixed.design import Design, FloatArray, make_design
from analysis.mixed.fit import groups_of, random_effects, statements_of
from analysis.mixed.formula import FormulaError, MixedFormula, MixedModelError, parse_formula
from analysis.mixed.inference import tested
from analysis.mixed.laplace.blocks import places
from analysis.mixed.laplace.criterion import Laplace
from analysis.mixed.laplace.family import Binomial, CumulativeLogit, Family
from analysis.mixed.laplace.result import Kind, LaplaceFit, LaplaceFitted
from analysis.mixed.laplace.search import SINGULAR, Least, minimise
from analysis.mixed.laplace.separation import refuse_separation

# A standard deviation of log odds beyond this says that people or articles answer all in one way.
UNBOUNDED = 15.0
MOST_CATEGORIES = 50


@dataclass(frozen=True)
class _Basis:
    """Columns of X with unit mean square that span what X spans (less its means where thresholds stand for the
    intercept), and the matrix that takes coefficients and thresholds back."""

    x: FloatArray = field(repr=False)
    triangle: FloatArray = field(repr=False)
    means: FloatArray = field(repr=False)

    def back(self, n_cuts: int) -> FloatArray:
        """Matrix from (coefficients on ``x``, thresholds) to (coefficients on X, thresholds)."""
        p = self.x.shape[1]
        matrix = np.eye(p + n_cuts)
        matrix[:p, :p] = np.linalg.inv(self.triangle)
        matrix[p:, :p] = self.means @ matrix[:p, :p]
        return matrix


def fit_logistic(
    frame: pd.DataFrame, formula: str | MixedFormula, *, trials: str | None = None, alpha: float = 0.05
) -> LaplaceFit:
    """The logistic mixed model ``formula`` by Laplace's approximation, as ``glmer(..., family = binomial)``.

    The outcome is 0 or 1 (or False and True); with ``trials`` it counts successes out of that column's trials. Rows
    in which a variable is missing are left out and counted. Raises ``FormulaError`` and ``MixedModelError`` for what
    cannot be fitted, ``SeparationError`` where a term predicts the outcome perfectly. Source: Bates, Maechler, Bolker &
    Walker 2015; Jiang 2007, Linear and Generalized Linear Mixed Models, section 3.4.
    """
    parsed = parse_formula(formula) if isinstance(formula, str) else formula
    data, counts = _yes_no(frame, parsed.outcome, trials)
    design = make_design(data, parsed)
    m = counts.loc[design.rows].to_numpy(dtype=np.float64)
    category = np.concatenate([np.zeros((design.y < m).sum()), np.ones((design.y > 0).sum())]).astype(np.int64)
    both = np.concatenate([design.x[design.y < m], design.x[design.y > 0]])
    kept = [n for n, term in enumerate(design.terms) if term != "Intercept"]
    if len(kept) < len(design.terms):
        terms = [design.terms[n] for n in kept]
        refuse_separation(both[:, kept], category, 1, terms, parsed.outcome)
    start = float(np.log((design.y.sum() + 0.5) / ((m - design.y).sum() + 0.5)))
    return _fit(design, Binomial(design.y, m), np.array([]), start, "logistic", (0, 1), alpha)


def fit_ordinal(frame: pd.DataFrame, formula: str | MixedFormula, *, alpha: float = 0.05) -> LaplaceFit:
    """The cumulative-logit mixed model ``formula`` by Laplace's approximation, as ``ordinal::clmm``.

    ``logit P(rating <= j) = threshold_j - (X beta + effects)``: a positive coefficient means higher ratings. The
    outcome's categories are its values in order, or its ordered categories. Raises as ``fit_logistic`` does. Source:
    McCullagh 1980; Christensen 2018, Cumulative Link Models for Ordinal Regression with the R Package ordinal.
    """
    parsed = parse_formula(formula) if isinstance(formula, str) else formula
    data, categories = _ordered(frame, parsed.outcome)
    design = make_design(data, parsed)
    if "Intercept" not in design.terms:
        raise FormulaError("thresholds take the place of the intercept: write the formula without '0 +'")
    found, category = np.unique(design.y, return_inverse=True)
    categories = tuple(categories[int(code)] for code in found)
    kept = [n for n, term in enumerate(design.terms) if term != "Intercept"]
    design = replace(design, x=design.x[:, kept], terms=tuple(design.terms[n] for n in kept))
    n_cuts = len(categories) - 1
    refuse_separation(design.x, category, n_cuts, design.terms, parsed.outcome)
    share = np.cumsum(np.bincount(category))[:-1] / len(category)
    return _fit(
        design, CumulativeLogit(category, n_cuts), np.log(share / (1 - share)), 0.0, "ordinal", categories, alpha
    )


def _fit(
    design: Design,
    family: Family,
    cuts: FloatArray,
    intercept: float,
    kind: Kind,
    categories: tuple[Any, ...],
    alpha: float,
) -> LaplaceFit:
    if not 0 < alpha < 1:
        raise ValueError(f"alpha is {alpha}; it lies between 0 and 1")
    basis = _basis(design.x, centred=bool(len(cuts)))
    where = layout(design.factors)
    criterion = Laplace(family, basis.x, places(design.factors), where)
    start = basis.triangle @ np.array([intercept * (term == "Intercept") for term in design.terms])
    first = np.concatenate([start, where.is_diagonal * 0.7, cuts])
    with threadpool_limits(1, user_api="blas"):
        least = minimise(criterion, first)
    return _described(design, least, basis, kind, categories, alpha)


def _basis(x: FloatArray, *, centred: bool) -> _Basis:
    means = x.mean(axis=0) if centred else np.zeros(x.shape[1])
    if not x.shape[1]:
        return _Basis(x, np.eye(0), means)
    columns, triangle = np.linalg.qr(x - means)
    root = math.sqrt(len(x))
    return _Basis(columns * root, triangle / root, means)


def _described(
    design: Design, least: Least, basis: _Basis, kind: Kind, categories: tuple[Any, ...], alpha: float
) -> LaplaceFit:
    parameters = least.at.parameters
    p, m, n_cuts = len(parameters.beta), len(parameters.theta), len(parameters.cuts)
    back = basis.back(n_cuts)
    values = back @ np.concatenate([parameters.beta, parameters.cuts])
    covariance = back @ _covariance(least, p, m) @ back.T
    names = [*design.terms, *(f"{categories[k]}|{categories[k + 1]}" for k in range(n_cuts))]
    if (np.diag(covariance) < 0).any():
        raise MixedModelError(
            "the likelihood is too flat to give standard errors: there are too few ratings for so many categories and "
            "effects; join rare categories of the outcome, or simplify the random part"
        )
    errors = np.sqrt(np.diag(covariance))
    rows = [
        tested(name, float(value), float(error), math.inf, alpha)
        for name, value, error in zip(names, values, errors, strict=True)
    ]
    where = layout(design.factors)
    triangles = where.triangles(parameters.theta)
    random = random_effects(design.factors, triangles, 1.0)
    singular = bool((parameters.theta[where.is_diagonal] < SINGULAR).any())
    deviance = least.at.deviance
    said = statements_of(design, random, singular=singular, gain=least.gain, converged=least.converged)
    return LaplaceFit(
        kind=kind,
        formula=design.formula.text,
        alpha=alpha,
        categories=categories,
        n=len(design.y),
        n_missing=design.n_missing,
        groups=groups_of(design),
        fixed=tuple(rows[:p]),
        thresholds=tuple(rows[p:]),
        random=random,
        log_likelihood=-deviance / 2,
        aic=deviance + 2 * (p + m + n_cuts),
        bic=deviance + math.log(len(design.y)) * (p + m + n_cuts),
        n_parameters=p + m + n_cuts,
        converged=least.converged,
        singular=singular,
        dropped=design.dropped,
        statements=(*said, *_unbounded(random)),
        covariance=tuple(tuple(map(float, row)) for row in covariance),
        fitted=LaplaceFitted(design, least),
    )


def _covariance(least: Least, p: int, m: int) -> FloatArray:
    """Of coefficients and thresholds, from the curvature by all parameters; variances of zero hold still."""
    moving = np.flatnonzero(least.hessian.any(axis=0))
    inverse = np.linalg.pinv(least.hessian[np.ix_(moving, moving)] / 2, hermitian=True)
    whole = np.zeros_like(least.hessian)
    whole[np.ix_(moving, moving)] = inverse
    kept = [*range(p), *range(p + m, len(whole))]
    result: FloatArray = whole[np.ix_(kept, kept)]
    return result


def _unbounded(random: Sequence[Any]) -> list[str]:
    return [
        f"The effects over '{row.group}' have a standard deviation of {row.sd:.3g} in log odds: almost every level "
        "answers all in one way, and the size of these effects, and of the coefficients with them, is hardly known."
        for row in random
        if row.sd > UNBOUNDED
    ]


def _yes_no(frame: pd.DataFrame, outcome: str, trials: str | None) -> tuple[pd.DataFrame, pd.Series]:
    """The frame with its outcome as numbers, and the trials of each row; refuses counts that are none."""
    for name in (outcome, trials):
        if name is not None and name not in frame.columns:
            raise FormulaError(
                f"the table has no column '{name}'; it has {', '.join(map(str, frame.columns))}", column=name
            )
    column = frame[outcome]
    if types.is_bool_dtype(column.dtype):
        column = column.astype("float64")
    if not types.is_numeric_dtype(column.dtype):
        raise MixedModelError(f"the outcome '{outcome}' holds {column.dtype}, not 0 and 1", column=outcome)
    data = frame.assign(**{outcome: column.astype("float64")})
    if trials is None:
        _refuse(data[outcome], ~data[outcome].isin([0.0, 1.0]), f"the outcome '{outcome}' is neither 0 nor 1")
        return data, pd.Series(1.0, index=frame.index)
    if not types.is_numeric_dtype(frame[trials].dtype):
        raise MixedModelError(
            f"the column '{trials}' holds {frame[trials].dtype}, not numbers of trials", column=trials
        )
    counts = frame[trials].astype("float64")
    whole = (counts % 1 == 0) & (counts >= 1) & (counts < 2**53)
    _refuse(counts, ~whole, f"the column '{trials}' is no number of trials from 1")
    right = (data[outcome] % 1 == 0) & (data[outcome] >= 0) & ~(data[outcome] > counts)
    _refuse(data[outcome], ~right, f"the outcome '{outcome}' is no number of successes among the trials")
    # Rows without trials are left out with those that lack anything else.
    return data.assign(**{outcome: data[outcome].where(counts.notna())}), counts


def _refuse(column: pd.Series, wrong: pd.Series, complaint: str) -> None:
    rows = tuple(column.index[wrong & column.notna()])
    if rows:
        raise MixedModelError(
            f"{complaint} in {rows_named(rows)}, but {column.loc[rows[0]]}", column=str(column.name), rows=rows
        )


def _ordered(frame: pd.DataFrame, outcome: str) -> tuple[pd.DataFrame, tuple[Any, ...]]:
    """The frame with the outcome's categories counted from 0, and the categories in order."""
    if outcome not in frame.columns:
        raise FormulaError(
            f"the table has no column '{outcome}'; it has {', '.join(map(str, frame.columns))}", column=outcome
        )
    column = frame[outcome]
    if isinstance(column.dtype, pd.CategoricalDtype):
        if not column.dtype.ordered:
            raise MixedModelError(f"the categories of '{outcome}' have no order: make them ordered", column=outcome)
        codes, values = column.cat.codes.where(column.notna()).astype("float64"), tuple(column.cat.categories)
    elif types.is_numeric_dtype(column.dtype):
        numbers = column.astype("float64")
        _refuse(numbers, numbers.abs() == np.inf, f"the outcome '{outcome}' is infinite")
        known = np.unique(numbers.dropna())
        values = tuple(int(value) if value == int(value) else float(value) for value in known)
        codes = numbers.map({value: float(n) for n, value in enumerate(known)})
    else:
        raise MixedModelError(
            f"the outcome '{outcome}' holds {column.dtype}, neither numbers nor ordered categories", column=outcome
        )
    if len(values) > MOST_CATEGORIES:
        raise MixedModelError(
            f"the outcome '{outcome}' has {len(values)} different values; an ordinal model takes {MOST_CATEGORIES} at "
            "most: use the linear mixed model",
            column=outcome,
        )
    return frame.assign(**{outcome: codes}), values
