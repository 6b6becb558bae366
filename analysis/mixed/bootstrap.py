"""PURE: the parametric bootstrap of a mixed model: intervals from refits to outcomes that the model itself makes."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from analysis.mixed.design import Design, FloatArray
from analysis.mixed.fit import fit_design
from analysis.mixed.formula import MixedModelError
from analysis.mixed.result import Fitted, MixedFit

# More refits than that tell nothing that fewer would not, and their estimates would fill the memory.
MOST_DRAWS = 100_000
# Where more refits than this share find no least deviance, what is left is no sample of what the model makes.
MOST_FAILED = 0.05


@dataclass(frozen=True)
class Bootstrap:
    """The refits: ``frame`` has group, term, estimate, ci_low, ci_high; ``draws`` one row a refit, one column a row.

    ``n_failed`` refits found no least deviance and are in neither.
    """

    frame: pd.DataFrame
    draws: pd.DataFrame
    seed: int
    n_singular: int
    n_failed: int


def parametric_bootstrap(
    fit: MixedFit,
    *,
    draws: int = 1000,
    seed: int,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Bootstrap:
    """Percentile intervals at the fit's ``alpha`` of coefficients, SDs and residual SD (Davison & Hinkley 1997, ch. 5).

    Every draw makes new levels, new noise and so new outcomes on the same rows, from ``seed``; it is refitted as the
    fit was, by REML or ML. Equal seeds give equal intervals. ``progress(done, total)`` is told of every refit. Raises
    ``MixedModelError`` for fewer draws than the interval's ends need, for far too many, and where many refits fail.
    """
    _refuse_draws(draws, fit.alpha)
    rng = np.random.default_rng(seed)
    fitted = fit.fitted
    rows: list[FloatArray] = []
    singular = 0
    with threadpool_limits(1, user_api="blas"):
        for n in range(draws):
            design = replace(fitted.design, y=simulate(fitted, rng))
            try:
                again = fit_design(design, reml=fitted.criterion.reml)
            except MixedModelError as error:
                _refuse_failures(n + 1 - len(rows), draws, error)
            else:
                rows.append(_estimates(again))
                singular += again.optimum.is_singular(again.criterion.layout.is_diagonal)
            progress(n + 1, draws)
    names = _names(fitted.design)
    table = pd.DataFrame(rows, columns=pd.MultiIndex.from_tuples(names, names=["group", "term"]))
    limits = np.quantile(table.to_numpy(), [fit.alpha / 2, 1 - fit.alpha / 2], axis=0)
    frame = pd.DataFrame(names, columns=["group", "term"])
    frame = frame.assign(estimate=_estimates(fitted), ci_low=limits[0], ci_high=limits[1])
    return Bootstrap(frame, table, seed, singular, draws - len(rows))


def _refuse_draws(draws: int, alpha: float) -> None:
    """Fewer draws than that have no value as far out as the interval's ends (Davison & Hinkley 1997, section 5.2.1)."""
    least = math.ceil(2 / alpha - 1e-9) - 1
    if draws < least:
        raise MixedModelError(
            f"{draws} bootstrap draws reach no {100 * (1 - alpha):.4g}% interval: take at least {least}"
        )
    if draws > MOST_DRAWS:
        raise MixedModelError(f"{draws} bootstrap draws are more than anybody needs: take at most {MOST_DRAWS}")


def _refuse_failures(failed: int, draws: int, error: MixedModelError) -> None:
    if failed > MOST_FAILED * draws:
        raise MixedModelError(f"{failed} of {draws} refits of the bootstrap failed, the last since {error}") from error


def simulate(fitted: Fitted, rng: np.random.Generator) -> FloatArray:
    """One outcome for each row from the fitted model, with new effects of every level and new noise."""
    design, sigma = fitted.design, fitted.optimum.sigma
    y = design.x @ fitted.beta + rng.normal(0, sigma, len(design.y))
    for factor, triangle in zip(design.factors, fitted.triangles(), strict=True):
        effects = sigma * rng.normal(size=(len(factor.levels), factor.width)) @ triangle.T
        for column, effect in zip(factor.columns, effects.T, strict=True):
            y += effect[factor.codes] * (1.0 if column is None else column)
    return y


def _estimates(fitted: Fitted) -> FloatArray:
    sds = [fitted.optimum.sigma * np.linalg.norm(triangle, axis=1) for triangle in fitted.triangles()]
    return np.concatenate([*sds, [fitted.optimum.sigma], fitted.beta])


def _names(design: Design) -> list[tuple[str, str]]:
    effects = [(f.name, name) for f in design.factors for block in f.blocks for name in block.names]
    return [*effects, ("residual", ""), *(("", term) for term in design.terms)]
