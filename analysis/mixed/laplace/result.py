"""PURE: what a fitted logistic or ordinal mixed model says, as frozen records with stable columns."""

from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

from analysis.intervals import antilog
from analysis.mixed.covariance import layout
from analysis.mixed.design import Design, FloatArray
from analysis.mixed.laplace.search import Least
from analysis.mixed.result import FixedEffect, Group, RandomEffect
from analysis.tables import to_frame, to_json, to_records

Kind = Literal["logistic", "ordinal"]
JSON_VERSION = 1


@dataclass(frozen=True)
class OddsRatio:
    """A coefficient as a ratio of odds: of a yes, or of a higher category than any given one."""

    term: str
    estimate: float
    p_value: float
    ci_low: float
    ci_high: float


@dataclass(frozen=True)
class LaplaceFitted:
    """What further computations need: the matrices, and where the criterion is least."""

    design: Design = field(repr=False)
    least: Least = field(repr=False)

    def modes(self) -> list[FloatArray]:
        """The most probable effects of each factor's levels (levels, width), in log odds, in the formula's order."""
        at = self.least.at
        places = at.curvature.places
        triangles = self.triangles()
        found: list[FloatArray] = []
        start = 0
        for factor, triangle in zip(self.design.factors, triangles, strict=True):
            if factor is places.first:
                found.append(at.first @ triangle.T)
                continue
            stop = start + len(factor.levels) * factor.width
            found.append(at.others[start:stop].reshape(len(factor.levels), factor.width) @ triangle.T)
            start = stop
        return found

    def triangles(self) -> list[FloatArray]:
        """For each factor the lower triangle T with ``T T'`` the covariance of its levels' effects."""
        return layout(self.design.factors).triangles(self.least.at.parameters.theta)


@dataclass(frozen=True)
class LaplaceFit:
    """A fitted logistic or cumulative-logit mixed model, in log odds.

    ``fixed`` are tests by the normal distribution (Wald's z, as glmer and clmm give them; ``df`` is inf), which is
    too sure with few articles: beside it stands the linear mixed model with Satterthwaite's degrees of freedom.
    ``thresholds`` are the cutpoints between categories, none for yes-no. ``statements`` say everything a reader must
    know of the fit.
    """

    kind: Kind
    formula: str
    alpha: float
    categories: tuple[Any, ...]
    n: int
    n_missing: int
    groups: tuple[Group, ...]
    fixed: tuple[FixedEffect, ...]
    thresholds: tuple[FixedEffect, ...]
    random: tuple[RandomEffect, ...]
    log_likelihood: float
    aic: float
    bic: float
    n_parameters: int
    converged: bool
    singular: bool
    dropped: tuple[str, ...]
    statements: tuple[str, ...]
    covariance: tuple[tuple[float, ...], ...] = field(repr=False)
    fitted: LaplaceFitted = field(repr=False, compare=False)

    def to_frame(self) -> pd.DataFrame:
        """The fixed effects: term, estimate, std_error, statistic, df, p_value, ci_low, ci_high."""
        return to_frame(self.fixed, FixedEffect)

    def random_frame(self) -> pd.DataFrame:
        """The random effects, in log odds: group, term, sd, variance, correlations."""
        return to_frame(self.random, RandomEffect)

    def odds_ratios(self) -> pd.DataFrame:
        """The coefficients but the intercept as odds ratios: term, estimate, p_value, ci_low, ci_high; inf where one is
        larger than a float can be."""
        rows = [
            OddsRatio(row.term, antilog(row.estimate), row.p_value, antilog(row.ci_low), antilog(row.ci_high))
            for row in self.fixed
            if row.term != "Intercept"
        ]
        return to_frame(rows, OddsRatio)

    def effect(self, term: str) -> FixedEffect:
        """The coefficient of that name. Raises KeyError naming those there are."""
        for row in self.fixed:
            if row.term == term:
                return row
        raise KeyError(f"the model has no term '{term}'; it has {', '.join(row.term for row in self.fixed)}")

    def conditional_modes(self) -> pd.DataFrame:
        """The most probable effect of each level given the data: group, level, term, mode, in log odds."""
        frames = []
        for factor, modes in zip(self.fitted.design.factors, self.fitted.modes(), strict=True):
            names = [name for block in factor.blocks for name in block.names]
            frames += [
                pd.DataFrame({"group": factor.name, "level": list(factor.levels), "term": name, "mode": modes[:, k]})
                for k, name in enumerate(names)
            ]
        return pd.concat(frames, ignore_index=True)

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON can hold it, with ``version`` counting changes of the keys; nan and inf are None."""
        left_out = {"fitted", "fixed", "thresholds", "random"}
        plain = {name: to_json(value) for name, value in self.__dict__.items() if name not in left_out}
        return {
            "version": JSON_VERSION,
            **plain,
            "fixed": to_records(self.fixed),
            "thresholds": to_records(self.thresholds),
            "random": to_records(self.random),
        }
