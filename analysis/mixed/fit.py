"""PURE: fitting a linear mixed model: from table and formula to ``MixedFit``."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from analysis.mixed.covariance import layout
from analysis.mixed.crossproducts import cross_products
from analysis.mixed.design import Design, Factor, FloatArray, make_design
from analysis.mixed.deviance import Criterion
from analysis.mixed.formula import MixedFormula
from analysis.mixed.inference import fixed_effects
from analysis.mixed.optimum import minimise
from analysis.mixed.orthogonal import orthogonal
from analysis.mixed.result import Ddf, Fitted, Group, MixedFit, RandomEffect

FEW_LEVELS = 5
# A residual SD below this part of another spread is hardly one that people's answers have.
LITTLE_NOISE = 0.01


def fit_mixed(
    frame: pd.DataFrame,
    formula: str | MixedFormula,
    *,
    reml: bool = True,
    ddf: Ddf = "satterthwaite",
    alpha: float = 0.05,
) -> MixedFit:
    """The linear mixed model ``formula``, in lme4's notation, fitted to the rows of ``frame``.

    Estimates are those of REML or, with ``reml=False``, of maximum likelihood; ``alpha`` 0.05 gives 95% intervals.
    Rows in which a variable is missing are left out and counted. Categories are coded against their first level, in
    the order of the categories or of the alphabet. Raises ``FormulaError`` and ``MixedModelError`` for what cannot be
    fitted, naming columns and rows. Source: Bates, Maechler, Bolker & Walker 2015, J. Stat. Softw. 67(1).
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha is {alpha}; it lies between 0 and 1")
    design = make_design(frame, formula)
    # The matrices are small enough for one core: a second thread of the linear algebra waits more than it works.
    with threadpool_limits(1, user_api="blas"):
        fitted = fit_design(design, reml=reml)
        return _described(fitted, ddf, alpha)


def fit_design(design: Design, *, reml: bool, start: FloatArray | None = None) -> Fitted:
    """The least deviance of a design, without any description; ``start`` is the theta of another fit of its kind."""
    searched, back = orthogonal(design)
    criterion = Criterion(cross_products(searched), layout(searched.factors), reml)
    return Fitted(design, criterion, minimise(criterion, start), back)


def _described(fitted: Fitted, ddf: Ddf, alpha: float) -> MixedFit:
    design, optimum, criterion = fitted.design, fitted.optimum, fitted.criterion
    fixed, covariance = fixed_effects(fitted, ddf, alpha)
    random = random_effects(design.factors, fitted.triangles(), optimum.sigma)
    parameters = len(fixed) + len(optimum.at.theta) + 1
    singular = optimum.is_singular(criterion.layout.is_diagonal)
    said = statements_of(design, random, singular=singular, gain=optimum.gain, converged=optimum.converged)
    return MixedFit(
        formula=design.formula.text,
        method="REML" if criterion.reml else "ML",
        ddf=ddf,
        alpha=alpha,
        n=len(design.y),
        n_missing=design.n_missing,
        groups=groups_of(design),
        fixed=fixed,
        random=random,
        residual_sd=optimum.sigma,
        criterion=optimum.at.deviance,
        log_likelihood=-optimum.at.deviance / 2,
        aic=optimum.at.deviance + 2 * parameters,
        bic=optimum.at.deviance + math.log(len(design.y)) * parameters,
        n_parameters=parameters,
        converged=optimum.converged,
        singular=singular,
        dropped=design.dropped,
        statements=(*said, *_little_noise(random, optimum.sigma)),
        covariance=tuple(tuple(map(float, row)) for row in covariance),
        fitted=fitted,
    )


def groups_of(design: Design) -> tuple[Group, ...]:
    """How many levels each factor has, and how many rows they hold."""
    counts = [np.bincount(factor.codes) for factor in design.factors]
    return tuple(
        Group(factor.name, len(factor.levels), int(count.min()), int(count.max()))
        for factor, count in zip(design.factors, counts, strict=True)
    )


def random_effects(
    factors: Sequence[Factor], triangles: Sequence[FloatArray], sigma: float
) -> tuple[RandomEffect, ...]:
    """The spread of every effect, from the triangles T of covariances ``sigma^2 T T'``."""
    rows = []
    for factor, triangle in zip(factors, triangles, strict=True):
        covariance = sigma**2 * triangle @ triangle.T
        sds = np.sqrt(np.diag(covariance))
        start = 0
        for block in factor.blocks:
            for k, name in enumerate(block.names, start=start):
                before = range(start, k)
                pairs = [(float(covariance[k, j]), float(sds[k] * sds[j])) for j in before]
                correlations = tuple(c / scale if scale > 0 else math.nan for c, scale in pairs)
                rows.append(RandomEffect(factor.name, name, float(sds[k]), float(covariance[k, k]), correlations))
            start += block.size
    return tuple(rows)


def statements_of(
    design: Design, random: tuple[RandomEffect, ...], *, singular: bool, gain: float, converged: bool
) -> tuple[str, ...]:
    """What a reader must know of a fit, in sentences; ``gain`` is what a further step would change the deviance by."""
    said = []
    if not converged:
        said.append(
            f"The search stopped where a further step would still change the deviance by {gain:.2g}: "
            "do not rely on these numbers."
        )
    if singular:
        said.append(f"The fit is singular: {_singular_parts(random)}. The data carry a simpler random part.")
    if design.n_missing:
        said.append(f"{design.n_missing} rows with missing values were left out.")
    if design.dropped:
        said.append(f"Dropped from the fixed part, as sums of other columns: {', '.join(design.dropped)}.")
    for factor in design.factors:
        if len(factor.levels) < FEW_LEVELS:
            said.append(f"'{factor.name}' has {len(factor.levels)} levels only; its variance is hardly known.")
    return tuple(said)


def _little_noise(random: tuple[RandomEffect, ...], residual_sd: float) -> tuple[str, ...]:
    """That next to nothing is left for the residual; slopes, whose units are others, are not looked at."""
    largest = max((row for row in random if row.term == "Intercept"), key=lambda row: row.sd, default=None)
    if largest is None or residual_sd >= LITTLE_NOISE * largest.sd:
        return ()
    return (
        f"The residual SD, {residual_sd:.2g}, is less than a hundredth of the SD over '{largest.group}', "
        f"{largest.sd:.2g}: either rows of one level of it are all but equal, or too few levels have several rows to "
        f"tell the two apart. In the second case do not rely on degrees of freedom and p, and leave "
        f"'{largest.group}' out.",
    )


def _singular_parts(random: tuple[RandomEffect, ...]) -> str:
    said = [f"the variance of {row.term} over '{row.group}' is estimated as zero" for row in random if row.sd == 0]
    tied = dict.fromkeys(row.group for row in random if any(abs(value) > 1 - 1e-6 for value in row.correlations))
    said += [f"effects over '{group}' are estimated as perfectly correlated" for group in tied]
    return "; ".join(said) or "some effects are estimated as sums of others"
