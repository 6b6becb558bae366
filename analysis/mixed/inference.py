"""PURE: degrees of freedom, tests and intervals of fixed effects."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

from analysis.mixed.design import FloatArray
from analysis.mixed.kenward_roger import kenward_roger, kenward_roger_joint
from analysis.mixed.result import Ddf, Fitted, FixedEffect


class JointTest(NamedTuple):
    """An F statistic with its numerator and denominator degrees of freedom; nan where there is nothing to test."""

    statistic: float
    df: float
    df_within: float
    p_value: float


def fixed_effects(fitted: Fitted, ddf: Ddf, alpha: float) -> tuple[tuple[FixedEffect, ...], FloatArray]:
    """Every coefficient with its test, and the covariance matrix that the tests use (adjusted for kenward-roger)."""
    p = fitted.design.x.shape[1]
    return contrasts(fitted, np.eye(p), fitted.design.terms, ddf, alpha)


def contrasts(
    fitted: Fitted, weights: FloatArray, names: Sequence[str], ddf: Ddf, alpha: float
) -> tuple[tuple[FixedEffect, ...], FloatArray]:
    """The sums ``weights @ beta`` with their tests against 0, one a row of ``weights``.

    satterthwaite: Giesbrecht & Burns 1985 as lmerTest computes it (Kuznetsova, Brockhoff & Christensen 2017), from the
    curvature of the deviance by theta and sigma. kenward-roger: Kenward & Roger 1997 as in pbkrtest (Halekoh &
    Hojsgaard 2014), small sets only. normal: standard normal quantiles, which are too narrow for few articles.
    """
    covariance = fitted.covariance()
    if ddf == "kenward-roger":
        covariance, dfs = kenward_roger(fitted, weights)
    elif ddf == "satterthwaite":
        dfs = satterthwaite(fitted, weights)
    else:
        dfs = np.full(len(weights), math.inf)
    estimates = weights @ fitted.beta
    errors = np.sqrt(np.einsum("ci,ij,cj->c", weights, covariance, weights))
    rows = [
        tested(name, float(estimate), float(error), float(df), alpha)
        for name, estimate, error, df in zip(names, estimates, errors, dfs, strict=True)
    ]
    return tuple(rows), covariance


def joint_test(fitted: Fitted, weights: FloatArray, ddf: Ddf = "satterthwaite") -> JointTest:
    """The F test of ``weights @ beta = 0``. Rows of ``weights`` that are sums of others do not count.

    satterthwaite: as lmerTest's contestMD, the contrasts are turned into independent ones, whose degrees of freedom v
    give those of the mean of their squares, ``2 E / (E - q)`` with E the sum of v / (v - 2) (Fai & Cornelius 1996;
    Kuznetsova, Brockhoff & Christensen 2017). kenward-roger: Kenward & Roger's scaled F, as pbkrtest's, for small sets.
    normal: a chi-squared test, its df infinite.
    """
    covariance = weights @ fitted.covariance() @ weights.T
    values, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
    kept = values > 1e-10 * max(float(values[-1]), 0.0)
    q = int(kept.sum())
    if not q:
        return JointTest(math.nan, 0.0, math.nan, math.nan)
    turned = vectors[:, kept].T @ weights
    if ddf == "kenward-roger":
        statistic, df = kenward_roger_joint(fitted, turned)
        return JointTest(statistic, float(q), df, float(stats.f.sf(statistic, q, df)))
    squares = (turned @ fitted.beta) ** 2 / values[kept]
    statistic = float(squares.mean())
    if ddf == "normal":
        return JointTest(statistic, float(q), math.inf, float(stats.chi2.sf(q * statistic, q)))
    dfs = satterthwaite(fitted, turned)
    df = float(dfs[0]) if q == 1 or np.ptp(dfs) < 1e-8 else _pooled_df(dfs)
    return JointTest(statistic, float(q), df, float(stats.f.sf(statistic, q, df)))


def _pooled_df(dfs: FloatArray) -> float:
    # A mean of squares some of which have no finite expectation has as few degrees of freedom as there can be.
    if (dfs <= 2).any():
        return 2.0
    expected = float((dfs / (dfs - 2)).sum())
    return 2 * expected / (expected - len(dfs)) if expected > len(dfs) else math.inf


def satterthwaite(fitted: Fitted, weights: FloatArray) -> FloatArray:
    """``2 v^2 / Var(v)`` of each contrast's variance v, by the delta method over (theta, sigma).

    Directions in which the deviance is flat, as at a variance of zero, carry no information and are left out, as
    lmerTest does. What counts as flat is measured in parts of sigma and of each theta beyond 1: a spread of a thousand
    residual SDs is known as well as one of ten, though by theta the deviance bends a ten-thousandth as much.
    """
    optimum = fitted.optimum
    scale = np.append(optimum.scale / _sizes(fitted), 1.0 / optimum.sigma)
    values, vectors = np.linalg.eigh(optimum.hessian / np.outer(scale, scale))
    known = values > 1e-6 * values[-1]
    inverse = np.linalg.inv(optimum.at.information)
    slopes = np.concatenate([optimum.sigma**2 * optimum.information_slope, 2 * optimum.sigma * inverse[None]])
    gradient = np.einsum("ci,mij,cj->cm", weights, fitted.on_x(slopes), weights) / scale
    along = gradient @ vectors[:, known]
    spread = 2 * (along**2 / values[known]).sum(axis=1)
    variance = np.einsum("ci,ij,cj->c", weights, fitted.covariance(), weights)
    df: FloatArray = 2 * variance**2 / spread
    return df


def _sizes(fitted: Fitted) -> FloatArray:
    """The length of each theta's row of its triangle in units of the residual SD, 1 where it is less."""
    layout, phi = fitted.criterion.layout, fitted.optimum.at.theta * fitted.optimum.scale
    same = (layout.factor[:, None] == layout.factor) & (layout.row[:, None] == layout.row)
    lengths: FloatArray = np.sqrt(same @ phi**2)
    return np.maximum(lengths, 1.0)


def tested(name: str, estimate: float, error: float, df: float, alpha: float) -> FixedEffect:
    """The test of an estimate against 0 and its interval, by t, or by the normal distribution where ``df`` is inf."""
    statistic = estimate / error
    distribution = stats.norm() if math.isinf(df) else stats.t(df)
    half = float(distribution.ppf(1 - alpha / 2)) * error
    return FixedEffect(
        term=name,
        estimate=estimate,
        std_error=error,
        statistic=statistic,
        df=df,
        p_value=float(2 * distribution.sf(abs(statistic))),
        ci_low=estimate - half,
        ci_high=estimate + half,
    )
