"""PURE: what a fitted mixed model says, as frozen records with stable columns."""

import math
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd

from analysis.mixed.design import Design, FloatArray
from analysis.mixed.deviance import Criterion
from analysis.mixed.optimum import Optimum
from analysis.tables import to_frame, to_json, to_records

Ddf = Literal["satterthwaite", "kenward-roger", "normal"]
JSON_VERSION = 1


@dataclass(frozen=True)
class FixedEffect:
    """One coefficient of the fixed part, its test against 0 and its interval; ``df`` is inf for the normal test."""

    term: str
    estimate: float
    std_error: float
    statistic: float
    df: float
    p_value: float
    ci_low: float
    ci_high: float


@dataclass(frozen=True)
class RandomEffect:
    """The spread of one effect over a factor's levels: its SD in the outcome's units, and its correlations.

    ``correlations`` are with the effects before it in the same term; nan where either has no variance.
    """

    group: str
    term: str
    sd: float
    variance: float
    correlations: tuple[float, ...]


@dataclass(frozen=True)
class VarianceShare:
    """The part of a rating's variance that a factor accounts for, averaged over the rows: an ICC for an intercept."""

    group: str
    variance: float
    share: float


@dataclass(frozen=True)
class Group:
    """How many levels a factor has, and how many rows its smallest and its largest level hold."""

    name: str
    levels: int
    fewest_rows: int
    most_rows: int


@dataclass(frozen=True)
class Fitted:
    """What further computations need: the matrices, the criterion and where it is least.

    The criterion and its theta belong to orthogonal columns of the random terms; ``back`` leads to those of ``design``.
    """

    design: Design = field(repr=False)
    criterion: Criterion = field(repr=False)
    optimum: Optimum = field(repr=False)
    back: tuple[FloatArray, ...] = field(repr=False)

    @property
    def beta(self) -> FloatArray:
        """The coefficients of the columns of X."""
        cross = self.criterion.cross
        beta: FloatArray = np.linalg.solve(cross.triangle, cross.beta_ols + self.optimum.at.beta)
        return beta

    def covariance(self) -> FloatArray:
        """The covariance matrix of the coefficients, given the variances."""
        return self.optimum.sigma**2 * self.on_x(np.linalg.inv(self.optimum.at.information))

    def on_x(self, matrix: FloatArray) -> FloatArray:
        """A covariance matrix of coefficients on the orthogonal columns, or of each of many, brought to X's columns."""
        back = np.linalg.inv(self.criterion.cross.triangle)
        result: FloatArray = back @ matrix @ back.T
        return result

    def triangles(self) -> list[FloatArray]:
        """For each factor the lower triangle T with ``sigma^2 T T'`` the covariance of its levels' effects."""
        where = self.criterion.layout
        found = where.triangles(self.optimum.at.theta)
        return [where.lower(f, back @ own) for f, (back, own) in enumerate(zip(self.back, found, strict=True))]


@dataclass(frozen=True)
class MixedFit:
    """A fitted linear mixed model.

    ``criterion`` is -2 log-likelihood, restricted for REML; ``aic`` and ``bic`` follow from it as in lme4, with
    ``n_parameters`` counting coefficients, variances and correlations. ``singular`` says that a variance is estimated
    as zero or a correlation as one; ``statements`` say in sentences everything a reader must know of the fit.
    """

    formula: str
    method: Literal["REML", "ML"]
    ddf: Ddf
    alpha: float
    n: int
    n_missing: int
    groups: tuple[Group, ...]
    fixed: tuple[FixedEffect, ...]
    random: tuple[RandomEffect, ...]
    residual_sd: float
    criterion: float
    log_likelihood: float
    aic: float
    bic: float
    n_parameters: int
    converged: bool
    singular: bool
    dropped: tuple[str, ...]
    statements: tuple[str, ...]
    covariance: tuple[tuple[float, ...], ...] = field(repr=False)
    fitted: Fitted = field(repr=False, compare=False)

    def to_frame(self) -> pd.DataFrame:
        """The fixed effects: term, estimate, std_error, statistic, df, p_value, ci_low, ci_high."""
        return to_frame(self.fixed, FixedEffect)

    def random_frame(self) -> pd.DataFrame:
        """The random effects and the residual: group, term, sd, variance, correlations."""
        residual = RandomEffect("residual", "", self.residual_sd, self.residual_sd**2, ())
        return to_frame([*self.random, residual], RandomEffect)

    def effect(self, term: str) -> FixedEffect:
        """The fixed effect of that name. Raises KeyError naming those there are."""
        for row in self.fixed:
            if row.term == term:
                return row
        raise KeyError(f"the model has no term '{term}'; it has {', '.join(row.term for row in self.fixed)}")

    def variance_shares(self) -> tuple[VarianceShare, ...]:
        """The variance of a rating by factor and residual, averaged over the rows where slopes make it vary.

        With random intercepts only, a factor's share is its intraclass correlation (Nakagawa, Johnson & Schielzeth
        2017, adjusted ICC).
        """
        parts = [(factor.name, _mean_variance(self.fitted, f)) for f, factor in enumerate(self.fitted.design.factors)]
        parts.append(("residual", self.residual_sd**2))
        total = math.fsum(variance for _, variance in parts)
        return tuple(VarianceShare(name, variance, variance / total) for name, variance in parts)

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON can hold it, with ``version`` counting changes of the keys; nan and inf are None."""
        left_out = {"fitted", "fixed", "random"}
        plain = {name: to_json(value) for name, value in self.__dict__.items() if name not in left_out}
        return {
            "version": JSON_VERSION,
            **plain,
            "fixed": to_records(self.fixed),
            "random": to_records(self.random),
            "variance_shares": to_records(self.variance_shares()),
        }


def _mean_variance(fitted: Fitted, f: int) -> float:
    factor = fitted.design.factors[f]
    covariance = fitted.optimum.sigma**2 * fitted.triangles()[f] @ fitted.triangles()[f].T
    n = len(factor.codes)
    columns = np.column_stack([np.ones(n) if column is None else column for column in factor.columns])
    return float(np.einsum("ni,ij,nj->", columns, covariance, columns, optimize=True) / n)
