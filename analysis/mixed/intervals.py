"""PURE: the intervals of a fitted mixed model, by the way that was asked for: Wald's, profile or bootstrap."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import pandas as pd

from analysis.mixed.bootstrap import parametric_bootstrap
from analysis.mixed.profile import Interval, profile_intervals
from analysis.mixed.result import MixedFit
from analysis.tables import to_frame, to_json

Kind = Literal["wald", "profile", "bootstrap"]
KINDS: tuple[Kind, ...] = get_args(Kind)
DRAWS, SEED = 1000, 1
IN_WORDS: dict[Kind, str] = {"wald": "Wald's", "profile": "profile likelihood", "bootstrap": "parametric bootstrap"}


@dataclass(frozen=True)
class Intervals:
    """An interval of every standard deviation, of the residual's and of every coefficient, in this order.

    ``method`` says by which likelihood the estimates beside them were found: a profile needs that of ML, also where
    the fit is by REML. ``draws``, ``seed``, ``n_singular`` and ``n_failed`` are of the bootstrap, None elsewhere.
    """

    kind: Kind
    method: Literal["REML", "ML"]
    alpha: float
    rows: tuple[Interval, ...]
    draws: int | None = None
    seed: int | None = None
    n_singular: int | None = None
    n_failed: int | None = None

    def to_frame(self) -> pd.DataFrame:
        """One row a parameter: group, term, estimate, ci_low, ci_high; nan where there is no limit."""
        return to_frame(self.rows, Interval)

    @property
    def sentences(self) -> tuple[str, ...]:
        """What a reader must know of them."""
        if self.kind == "wald":
            return ()
        if self.kind == "profile":
            return ("Profile intervals, and the estimates beside them, are those of maximum likelihood.",)
        said = [f"The bootstrap refitted {self.draws} outcomes that the model made (seed {self.seed})."]
        if self.n_singular:
            said.append(f"{self.n_singular} of these refits were singular: limits of a variance lie at zero there.")
        if self.n_failed:
            said.append(f"{self.n_failed} of them found no least deviance and are left out.")
        return tuple(said)

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON can hold it; nan is None."""
        found: dict[str, Any] = to_json(self)
        return found


def intervals_of(
    fit: MixedFit,
    kind: Kind = "wald",
    *,
    draws: int = DRAWS,
    seed: int = SEED,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Intervals:
    """The intervals of that kind at the fit's ``alpha``.

    wald: the coefficients' own, by the fit's degrees of freedom; a standard deviation has none, since its estimate is
    far from normal where it is small. profile: ``profile_intervals``. bootstrap: ``parametric_bootstrap`` of ``draws``
    refits from ``seed``. ``progress(done, total)`` is told of every parameter or refit. Raises ``MixedModelError`` for
    a parameter that the data do not bound, and for too few draws.
    """
    plain = Intervals(kind, fit.method, fit.alpha, ())
    if kind == "wald":
        return replace(plain, rows=_wald(fit))
    if kind == "profile":
        return replace(plain, method="ML", rows=profile_intervals(fit, progress=progress).rows)
    made = parametric_bootstrap(fit, draws=draws, seed=seed, progress=progress)
    return replace(
        plain,
        rows=_rows(made.frame),
        draws=draws,
        seed=seed,
        n_singular=made.n_singular,
        n_failed=made.n_failed,
    )


def _wald(fit: MixedFit) -> tuple[Interval, ...]:
    spreads = [(row.group, row.term, row.sd) for row in fit.random] + [("residual", "", fit.residual_sd)]
    return (
        *(Interval(group, term, sd, math.nan, math.nan) for group, term, sd in spreads),
        *(Interval("", row.term, row.estimate, row.ci_low, row.ci_high) for row in fit.fixed),
    )


def _rows(frame: pd.DataFrame) -> tuple[Interval, ...]:
    names = zip(frame["group"].astype("str"), frame["term"].astype("str"), strict=True)
    numbers = frame[["estimate", "ci_low", "ci_high"]].to_numpy(dtype=float).tolist()
    return tuple(Interval(*name, *row) for name, row in zip(names, numbers, strict=True))
