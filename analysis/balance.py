"""PURE: how alike the arms' people are: standardised differences, which do not grow with the sample as p values do.

Chance makes those alike who were randomised; those who are analysed are what loss and exclusions left of them. Both are
told, as CONSORT asks for the former and every comparison rests on the latter.

Source: Austin 2009, Stat. Med. 28:3083, with the pooled SD of both arms, and 0.1 as the size that is often called
negligible.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from pandas.api import types

from analysis.intervals import NAN, spread
from analysis.tables import to_frame
from analysis.validation import FrameError, rows_in_words

NEGLIGIBLE = 0.1
MOST_LEVELS = 20


@dataclass(frozen=True)
class BalanceRow:
    """One covariate, or one level of it, in an arm and in the reference: shares for levels (``level`` is then not
    ''), means for numbers. ``estimate`` is the standardised difference: infinite where the arms differ and neither's
    people differ among themselves, as where everybody in one arm and nobody in the other has a level. ``infinite`` then
    says so in a word, 'above' or 'below' the reference, for JSON, which has no such number; else it is ''.

    The first five numbers are of those who are analysed, those that end in ``_randomised`` of all who were assigned an
    arm: nan and None where it is not known who they are or what they answered. ``n`` and ``n_reference`` count people
    with a value, ``n_missing`` those of both arms without one. ``n_withdrawn`` and ``n_withdrawn_reference`` are who of
    the randomised withdrew: what they answered is deleted, so that they count among those without a value.
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
    n_missing: int = 0
    n_missing_randomised: int | None = None
    n_withdrawn: int | None = None
    n_withdrawn_reference: int | None = None
    infinite: str = ""
    infinite_randomised: str = ""

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
    analysed, and ``n_missing_randomised`` among the randomised, for covariates that are known of those.

    ``refused`` says of covariates that cannot be compared why. ``withdrawn`` counts who of the randomised withdrew, by
    arm; None where it is not known who they are.
    """

    rows: tuple[BalanceRow, ...]
    n_missing: tuple[tuple[str, int], ...]
    n_missing_randomised: tuple[tuple[str, int], ...] = ()
    refused: tuple[tuple[str, str], ...] = ()
    withdrawn: tuple[tuple[str, int], ...] | None = None

    def to_frame(self) -> pd.DataFrame:
        """One row a covariate, level and arm; the columns are the fields of ``BalanceRow``."""
        return to_frame(self.rows, BalanceRow)

    @property
    def largest_randomised(self) -> BalanceRow | None:
        """The row with the largest difference in size between all who were randomised, where these are known."""
        known = [row for row in self.rows if row.of_randomised and not math.isnan(row.estimate_randomised)]
        return max(known, key=lambda row: abs(row.estimate_randomised), default=None)

    @property
    def largest_analysed(self) -> BalanceRow | None:
        """The row with the largest difference in size between those who are analysed."""
        known = [row for row in self.rows if not math.isnan(row.estimate)]
        return max(known, key=lambda row: abs(row.estimate), default=None)


def varying_within(ratings: pd.DataFrame, covariates: Sequence[str]) -> tuple[str, ...]:
    """The covariates of which some participant has several known values: they are of ratings, not of people."""
    return tuple(name for name in covariates if name in ratings and varying_people(ratings, name))


def varying_people(ratings: pd.DataFrame, name: str) -> tuple[str, ...]:
    """The participants with several known values in a column."""
    known = ratings[name].where(ratings[name].astype("str") != "")
    values = known.groupby(ratings["participant"].astype("str")).nunique()
    return tuple(values.index[values > 1])


def balance(
    people: pd.DataFrame,
    covariates: Sequence[str],
    arms: Sequence[str],
    reference: str,
    randomised: pd.DataFrame | None = None,
) -> Balance:
    """The standardised differences of every arm from the reference. ``people`` has one row a person, and ``arm``.

    ``people`` are those who are analysed; ``randomised`` are all who have an arm, with the covariates that are known of
    them, and in ``outcome`` or ``withdrawn_at`` who withdrew. A covariate that has more than 20 levels, or is numbers
    in one table and words in the other, is ``refused`` with the reason. Raises ``FrameError`` for a covariate that is
    not there.
    """
    rows: list[BalanceRow] = []
    missing, missing_randomised, refused = [], [], []
    withdrawn = None if randomised is None else _withdrawn(randomised, arms)
    for name in covariates:
        if name not in people.columns:
            raise FrameError(f"the covariate '{name}' is no column", column=name)
        known, everybody = _known(people, name), None
        if randomised is not None and name in randomised.columns:
            everybody = _known(randomised, name)
        try:
            levels = _levels(name, known, everybody)
        except FrameError as error:
            refused.append((name, str(error)))
            continue
        missing.append((name, len(people) - len(known)))
        missing_of_all = None
        if randomised is not None and everybody is not None:
            missing_of_all = len(randomised) - len(everybody)
            missing_randomised.append((name, missing_of_all))
        for row in _rows(name, levels, known, everybody, arms, reference):
            gone = (withdrawn[row.arm], withdrawn[reference]) if withdrawn and row.of_randomised else (None, None)
            rows.append(
                replace(
                    row,
                    n_missing=len(people) - len(known),
                    n_missing_randomised=missing_of_all,
                    n_withdrawn=gone[0],
                    n_withdrawn_reference=gone[1],
                    infinite=_infinite(row.estimate),
                    infinite_randomised=_infinite(row.estimate_randomised),
                )
            )
    told = None if withdrawn is None else tuple(withdrawn.items())
    return Balance(tuple(rows), tuple(missing), tuple(missing_randomised), tuple(refused), told)


def _rows(
    name: str,
    levels: Sequence[str],
    known: pd.DataFrame,
    everybody: pd.DataFrame | None,
    arms: Sequence[str],
    reference: str,
) -> Iterator[BalanceRow]:
    """A row a level and arm, of those with a value among the analysed and, where they are known, all randomised."""
    for level in levels:
        of_people = _by_arm(known, name, level, arms)
        of_all = None if everybody is None else _by_arm(everybody, name, level, arms)
        for arm in arms:
            if arm != reference:
                own = _held(level, of_people[arm], of_people[reference])
                everyone = () if of_all is None else _held(level, of_all[arm], of_all[reference])
                yield BalanceRow(name, level, arm, *own, *everyone)


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


def _withdrawn(randomised: pd.DataFrame, arms: Sequence[str]) -> dict[str, int]:
    """How many of each arm's people withdrew, whether before or after their end."""
    gone = pd.Series(False, index=randomised.index)
    if "outcome" in randomised.columns:
        gone |= (randomised["outcome"].astype("object") == "withdrawn").astype(bool)
    if "withdrawn_at" in randomised.columns:
        gone |= randomised["withdrawn_at"].notna()
    return {arm: int((gone & (randomised["arm"] == arm)).sum()) for arm in arms}


def _levels(name: str, known: pd.DataFrame, everybody: pd.DataFrame | None) -> list[str]:
    """The levels of a covariate in both tables; [''] for numbers."""
    given = {"ratings": known, "participants": everybody}
    tables = {which: table for which, table in given.items() if table is not None and len(table)}
    numeric = {_is_numeric(table, name) for table in tables.values()}
    if len(numeric) > 1:
        odd = next(filter(None, (_odd_word(table, name, which) for which, table in tables.items())), "")
        raise FrameError(
            f"the covariate '{name}' is numbers in one of the tables of ratings and participants and words in the "
            f"other{odd or ': write it in both as the same'}",
            column=name,
        )
    if True in numeric:
        return [""]
    levels = sorted({level for table in tables.values() for level in table[name].astype("str")})
    if len(levels) > MOST_LEVELS:
        odd = next(filter(None, (_odd_word(table, name, which) for which, table in tables.items())), "")
        raise FrameError(
            f"the covariate '{name}' has {len(levels)} levels{odd or f'; join them to {MOST_LEVELS}'}", column=name
        )
    return levels


def _odd_word(table: pd.DataFrame, name: str, which: str) -> str:
    """Where a column that is numbers but for a few words holds the first of them; '' for one that is no such column."""
    if _is_numeric(table, name):
        return ""
    words = table[pd.to_numeric(table[name].astype("str"), errors="coerce").isna()]
    if not 0 < len(words) < len(table) / 2:
        return ""
    return (
        f": {len(words)} of the {len(table)} values among the {which} {'is' if len(words) == 1 else 'are'} no number, "
        f"{words[name].iloc[0]!r} in {rows_in_words(words.index)}. Write a number there, or leave it empty"
    )


def _by_arm(known: pd.DataFrame, name: str, level: str, arms: Sequence[str]) -> dict[str, np.ndarray]:
    """{arm: its people's numbers, or 1 for each who has the level and 0 for the others}."""
    values = (known[name].astype("str") == level).astype(float) if level else known[name].astype("float64")
    return {arm: values[known["arm"] == arm].to_numpy(dtype=float) for arm in arms}


def _held(level: str, own: np.ndarray, base: np.ndarray) -> _Held:
    enough = own.size > 1 and base.size > 1
    # A share's variance is p (1 - p), without the correction that a mean's takes.
    variances = [(values.std() if level else spread(values)) ** 2 for values in (own, base)] if enough else [NAN]
    pooled = math.sqrt(sum(variances) / 2)
    difference = float(own.mean() - base.mean()) if own.size and base.size else NAN
    return _Held(
        value=float(own.mean()) if own.size else NAN,
        value_reference=float(base.mean()) if base.size else NAN,
        estimate=difference / pooled if pooled > 0 else _of_constants(difference, own, base) if enough else NAN,
        n=own.size,
        n_reference=base.size,
    )


def _infinite(estimate: float) -> str:
    return ("above" if estimate > 0 else "below") if math.isinf(estimate) else ""


def _of_constants(difference: float, own: np.ndarray, base: np.ndarray) -> float:
    """The standardised difference of two arms within which nobody differs: 0, or infinite with its sign."""
    return 0.0 if spread([own[0], base[0]]) == 0 else math.copysign(math.inf, difference)
