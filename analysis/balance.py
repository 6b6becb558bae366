"""PURE: how alike the arms' people are: standardised differences, which do not grow with the sample as p values do.

Chance makes those alike who were randomised; those who are analysed are what loss and exclusions left of them. Both are
told, as CONSORT asks for the former and every comparison rests on the latter.

Source: Austin 2009, Stat. Med. 28:3083, with the pooled SD of both arms, and 0.1 as the size that is often called
negligible.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

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
    ''), means for numbers. ``estimate`` is the standardised difference.

    The first five numbers are of those who are analysed, those that end in ``_randomised`` of all who were assigned an
    arm: nan and None where it is not known who they are or what they answered.
    """

    covariate: str
    level: str
    arm: str
    value: float
    value_reference: float
    estimate: float
    n: int
    n_reference: int
    value_randomised: float = NAN
    value_reference_randomised: float = NAN
    estimate_randomised: float = NAN
    n_randomised: int | None = None
    n_reference_randomised: int | None = None

    @property
    def of_randomised(self) -> bool:
        """Whether there are numbers of all who were randomised."""
        return self.n_randomised is not None

    @property
    def differs(self) -> bool:
        """Whether those who are analysed are others than those who were randomised, with other numbers."""
        same_size = (self.n_randomised, self.n_reference_randomised) == (self.n, self.n_reference)
        values = (self.value, self.value_randomised), (self.value_reference, self.value_reference_randomised)
        alike = all(math.isclose(own, everybodys) for own, everybodys in values if not math.isnan(own))
        return self.of_randomised and not (same_size and alike)

    @property
    def widest(self) -> float:
        """The standardised difference of the widest base that is known: all randomised, else the analysed."""
        return self.estimate_randomised if self.of_randomised else self.estimate


@dataclass(frozen=True)
class Balance:
    """All rows, in the order of the covariates; ``n_missing`` counts people without a value, by covariate, among the
    analysed, and ``n_missing_randomised`` among the randomised, for covariates that are known of those."""

    rows: tuple[BalanceRow, ...]
    n_missing: tuple[tuple[str, int], ...]
    n_missing_randomised: tuple[tuple[str, int], ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """One row a covariate, level and arm; the columns are the fields of ``BalanceRow``."""
        return to_frame(self.rows, BalanceRow)

    @property
    def largest_randomised(self) -> BalanceRow | None:
        """The row with the largest difference in size between all who were randomised, where these are known."""
        known = [row for row in self.rows if row.of_randomised and math.isfinite(row.estimate_randomised)]
        return max(known, key=lambda row: abs(row.estimate_randomised), default=None)

    @property
    def largest_analysed(self) -> BalanceRow | None:
        """The row with the largest difference in size between those who are analysed."""
        known = [row for row in self.rows if math.isfinite(row.estimate)]
        return max(known, key=lambda row: abs(row.estimate), default=None)


def varying_within(ratings: pd.DataFrame, covariates: Sequence[str]) -> tuple[str, ...]:
    """The covariates of which some participant has several known values: they are of ratings, not of people."""
    person = ratings["participant"].astype("str")
    known = {name: ratings[name].where(ratings[name].astype("str") != "") for name in covariates if name in ratings}
    return tuple(name for name, column in known.items() if bool((column.groupby(person).nunique() > 1).any()))


def balance(
    people: pd.DataFrame,
    covariates: Sequence[str],
    arms: Sequence[str],
    reference: str,
    randomised: pd.DataFrame | None = None,
) -> Balance:
    """The standardised differences of every arm from the reference. ``people`` has one row a person, and ``arm``.

    ``people`` are those who are analysed; ``randomised`` are all who have an arm, with the covariates that are known of
    them. Raises ``FrameError`` for a covariate that is not there, has more than 20 levels, or is numbers in one table
    and words in the other.
    """
    rows: list[BalanceRow] = []
    missing, missing_randomised = [], []
    for name in covariates:
        if name not in people.columns:
            raise FrameError(f"the covariate '{name}' is no column", column=name)
        known, everybody = _known(people, name), None
        missing.append((name, len(people) - len(known)))
        if randomised is not None and name in randomised.columns:
            everybody = _known(randomised, name)
            missing_randomised.append((name, len(randomised) - len(everybody)))
        for level in _levels(name, known, everybody):
            of_people = _by_arm(known, name, level, arms)
            of_all = None if everybody is None else _by_arm(everybody, name, level, arms)
            for arm in arms:
                if arm == reference:
                    continue
                own = _held(level, of_people[arm], of_people[reference])
                everyone = () if of_all is None else _held(level, of_all[arm], of_all[reference])
                rows.append(BalanceRow(name, level, arm, *own, *everyone))
    return Balance(tuple(rows), tuple(missing), tuple(missing_randomised))


class _Held(NamedTuple):
    value: float
    value_reference: float
    estimate: float
    n: int
    n_reference: int


def _known(people: pd.DataFrame, name: str) -> pd.DataFrame:
    return people[people[name].notna() & (people[name].astype("str") != "")]


def _is_numeric(known: pd.DataFrame, name: str) -> bool:
    return types.is_numeric_dtype(known[name]) and not types.is_bool_dtype(known[name])


def _levels(name: str, known: pd.DataFrame, everybody: pd.DataFrame | None) -> list[str]:
    """The levels of a covariate in both tables; [''] for numbers."""
    tables = [table for table in (known, everybody) if table is not None and len(table)]
    numeric = {_is_numeric(table, name) for table in tables}
    if len(numeric) > 1:
        raise FrameError(
            f"the covariate '{name}' is numbers in one of the tables of ratings and participants and words in the "
            "other: write it in both as the same",
            column=name,
        )
    if True in numeric:
        return [""]
    levels = sorted({level for table in tables for level in table[name].astype("str")})
    if len(levels) > MOST_LEVELS:
        raise FrameError(f"the covariate '{name}' has {len(levels)} levels; join them to {MOST_LEVELS}", name)
    return levels


def _by_arm(known: pd.DataFrame, name: str, level: str, arms: Sequence[str]) -> dict[str, np.ndarray]:
    """{arm: its people's numbers, or 1 for each who has the level and 0 for the others}."""
    values = (known[name].astype("str") == level).astype(float) if level else known[name].astype("float64")
    return {arm: values[known["arm"] == arm].to_numpy(dtype=float) for arm in arms}


def _held(level: str, own: np.ndarray, base: np.ndarray) -> _Held:
    enough = own.size > 1 and base.size > 1
    # A share's variance is p (1 - p), without the correction that a mean's takes.
    freedom = 0 if level else 1
    spread = math.sqrt((own.var(ddof=freedom) + base.var(ddof=freedom)) / 2) if enough else NAN
    difference = float(own.mean() - base.mean()) if own.size and base.size else NAN
    return _Held(
        value=float(own.mean()) if own.size else NAN,
        value_reference=float(base.mean()) if base.size else NAN,
        estimate=difference / spread if spread > 0 else 0.0 if difference == 0 else NAN,
        n=own.size,
        n_reference=base.size,
    )
