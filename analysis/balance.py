"""PURE: how alike the arms' people are: standardised differences, which do not grow with the sample as p values do.

Source: Austin 2009, Stat. Med. 28:3083, with the pooled SD of both arms, and 0.1 as the size that is often called
negligible.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas.api import types

from analysis.intervals import NAN
from analysis.tables import to_frame
from analysis.validation import FrameError

NEGLIGIBLE = 0.1
MOST_LEVELS = 20


@dataclass(frozen=True)
class BalanceRow:
    """One covariate, or one level of it, in an arm and in the reference: shares for levels (``level`` is then not
    ''), means for numbers. ``estimate`` is the standardised difference."""

    covariate: str
    level: str
    arm: str
    value: float
    value_reference: float
    estimate: float
    n: int
    n_reference: int


@dataclass(frozen=True)
class Balance:
    """All rows, in the order of the covariates; ``n_missing`` counts people without a value, by covariate."""

    rows: tuple[BalanceRow, ...]
    n_missing: tuple[tuple[str, int], ...]

    def to_frame(self) -> pd.DataFrame:
        """One row a covariate, level and arm; the columns are the fields of ``BalanceRow``."""
        return to_frame(self.rows, BalanceRow)

    @property
    def largest(self) -> BalanceRow | None:
        """The row with the largest difference in size."""
        known = [row for row in self.rows if math.isfinite(row.estimate)]
        return max(known, key=lambda row: abs(row.estimate), default=None)


def varying_within(ratings: pd.DataFrame, covariates: Sequence[str]) -> tuple[str, ...]:
    """The covariates of which some participant has several known values: they are of ratings, not of people."""
    person = ratings["participant"].astype("str")
    known = {name: ratings[name].where(ratings[name].astype("str") != "") for name in covariates if name in ratings}
    return tuple(name for name, column in known.items() if bool((column.groupby(person).nunique() > 1).any()))


def balance(people: pd.DataFrame, covariates: Sequence[str], arms: Sequence[str], reference: str) -> Balance:
    """The standardised differences of every arm from the reference. ``people`` has one row a person, and ``arm``.

    Raises ``FrameError`` for a covariate that is not there or has more than 20 levels.
    """
    rows: list[BalanceRow] = []
    missing = []
    for name in covariates:
        if name not in people.columns:
            raise FrameError(f"the covariate '{name}' is no column", column=name)
        known = people[people[name].notna() & (people[name].astype("str") != "")]
        missing.append((name, len(people) - len(known)))
        numeric = types.is_numeric_dtype(known[name]) and not types.is_bool_dtype(known[name])
        levels = [""] if numeric else sorted(set(known[name].astype("str")))
        if len(levels) > MOST_LEVELS:
            raise FrameError(f"the covariate '{name}' has {len(levels)} levels; join them to {MOST_LEVELS}", name)
        for level in levels:
            values = known[name].astype("float64") if numeric else (known[name].astype("str") == level).astype(float)
            base = values[known["arm"] == reference].to_numpy(dtype=float)
            for arm in arms:
                if arm != reference:
                    rows.append(_row(name, level, arm, values[known["arm"] == arm].to_numpy(dtype=float), base))
    return Balance(tuple(rows), tuple(missing))


def _row(covariate: str, level: str, arm: str, own: np.ndarray, base: np.ndarray) -> BalanceRow:
    enough = own.size > 1 and base.size > 1
    # A share's variance is p (1 - p), without the correction that a mean's takes.
    freedom = 0 if level else 1
    spread = math.sqrt((own.var(ddof=freedom) + base.var(ddof=freedom)) / 2) if enough else NAN
    difference = float(own.mean() - base.mean()) if own.size and base.size else NAN
    return BalanceRow(
        covariate=covariate,
        level=level,
        arm=arm,
        value=float(own.mean()) if own.size else NAN,
        value_reference=float(base.mean()) if base.size else NAN,
        estimate=difference / spread if spread > 0 else 0.0 if difference == 0 else NAN,
        n=own.size,
        n_reference=base.size,
    )
