"""PURE: whether the items of a scale measure one thing: alpha with its interval, omega, and each item against the rest.

Sources: Cronbach 1951; Feldt 1965, Psychometrika 30:357, for alpha's interval; McDonald 1999 for omega, from one factor
by minimum residuals (Harman & Jones 1966); what psych::alpha and psych::omega compute in R. Other intervals: from
leaving out each person, with t, on the scale of ``log(1 - coefficient)`` (Arvesen & Schmitz 1970, Biometrics 26:677).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize, stats

from analysis.intervals import NAN, NO_INTERVAL, ROUNDING, Interval
from analysis.tables import to_frame
from analysis.validation import FrameError, numbers

FloatArray = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
# psych's lower bound of a uniqueness: below it, an item would be nothing but the factor.
LEAST_UNIQUENESS = 0.005
MOST_SWEEPS = 2000


@dataclass(frozen=True)
class ReliabilityRow:
    """One coefficient, with its interval and how that was made: nan and 'none' where there is none."""

    term: str
    estimate: float
    ci_low: float
    ci_high: float
    method: str


@dataclass(frozen=True)
class ItemRow:
    """One item: its mean and SD, its correlation with the sum of the others, its loading on the one factor, and alpha
    without it."""

    item: str
    mean: float
    sd: float
    item_rest: float
    loading: float
    alpha_without: float


@dataclass(frozen=True)
class Reliability:
    """A scale's coefficients and items, over the rows in which every item was answered."""

    rows: tuple[ReliabilityRow, ...]
    items: tuple[ItemRow, ...]
    n_rows: int
    n_people: int
    n_incomplete: int
    statements: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """One row a coefficient: term, estimate, ci_low, ci_high, method."""
        return to_frame(self.rows, ReliabilityRow)

    def items_frame(self) -> pd.DataFrame:
        """One row an item; the columns are the fields of ``ItemRow``."""
        return to_frame(self.items, ItemRow)


def reliability(
    frame: pd.DataFrame,
    items: Sequence[str],
    *,
    person: str = "participant",
    alpha: float = 0.05,
) -> Reliability:
    """Alpha and omega of the sum of ``items``, raw and with all items on one SD, and the items one by one.

    Where every person has one row, alpha's interval is Feldt's; where people have several, rows are not independent
    and the intervals of all coefficients come from leaving out each person with all their rows. A coefficient that
    is 1, or the same whoever is left out, has no interval, since nothing shows how far it would vary. Raises
    ``FrameError`` for fewer than two items, a column that is missing or holds no numbers, fewer than three complete
    rows, and an item that does not vary.
    """
    values, people = _complete(frame, items, person)
    known = ~np.isnan(values).any(axis=1)
    complete, owners = values[known], people[known]
    if len(complete) < 3:
        raise FrameError(f"{len(complete)} rows have an answer to all of {', '.join(items)}: three are the least")
    for n, name in enumerate(items):
        if np.ptp(complete[:, n]) == 0:
            raise FrameError(f"the item '{name}' is {complete[0, n]:g} in all rows: it measures nothing", column=name)
    covariance = np.cov(complete, rowvar=False)
    loadings = one_factor(_correlation(covariance))
    estimates = {term: float(value) for term, value in _coefficients(covariance, loadings).items()}
    bounded = bool((1 - loadings**2 < 1.5 * LEAST_UNIQUENESS).any())
    n_people = len(np.unique(owners))
    single = n_people == len(complete)
    left = _without_each(complete, owners, loadings)
    rows = []
    for term, estimate in estimates.items():
        limits, method = _jackknife(estimate, left[term], alpha), "jackknife of people"
        if term.startswith("alpha") and single:
            limits, method = feldt_interval(estimate, len(complete), len(items), alpha), "Feldt"
        if not limits.high - limits.low > ROUNDING:
            limits, method = NO_INTERVAL, "none"
        rows.append(ReliabilityRow(term, estimate, limits.low, limits.high, method))
    return Reliability(
        rows=tuple(rows),
        items=_items(complete, items, loadings),
        n_rows=len(complete),
        n_people=n_people,
        n_incomplete=int((~known).sum()),
        statements=(
            *_statements(complete, items, single=single, bounded=bounded, incomplete=int((~known).sum())),
            *_without_interval(rows, complete, n_people),
        ),
    )


def cronbach(values: FloatArray) -> float:
    """Cronbach's alpha of a matrix (rows, items): ``k / (k - 1) (1 - sum of variances / variance of the sum)``."""
    return float(_alpha(np.cov(values, rowvar=False)))


def feldt_interval(alpha_hat: float, rows: int, items: int, alpha: float = 0.05) -> Interval:
    """Feldt's (1965) interval: ``(1 - alpha_hat) F`` with rows - 1 and (rows - 1)(items - 1) degrees of freedom."""
    df = rows - 1.0
    low, high = (float(stats.f.ppf(p, df, df * (items - 1))) for p in (1 - alpha / 2, alpha / 2))
    return Interval(1 - (1 - alpha_hat) * low, 1 - (1 - alpha_hat) * high)


def one_factor(correlation: FloatArray) -> FloatArray:
    """The loadings of one factor by minimum residuals: least ``sum over i < j of (r_ij - l_i l_j)^2``.

    No loading is beyond the one that leaves a uniqueness of ``LEAST_UNIQUENESS``. The first loading that is not zero
    has the sign of the items' majority.
    """
    k = len(correlation)
    upper = np.triu_indices(k, 1)
    if k == 2:
        # Two items have one correlation, which equal loadings account for.
        size = float(np.sqrt(abs(correlation[0, 1])))
        return np.array([size, size if correlation[0, 1] >= 0 else -size])
    most = float(np.sqrt(1 - LEAST_UNIQUENESS))
    if k == 3 and (exact := _of_three(correlation, most)) is not None:
        return exact
    values, vectors = np.linalg.eigh(correlation)
    start = np.clip(vectors[:, -1] * np.sqrt(max(values[-1], 1e-9)) * 0.8, -0.95 * most, 0.95 * most)

    def residuals(loadings: FloatArray) -> FloatArray:
        left: FloatArray = (correlation - np.outer(loadings, loadings))[upper]
        return left

    found = optimize.least_squares(residuals, start, bounds=(-most, most), xtol=1e-14, ftol=1e-14, gtol=1e-12)
    loadings: FloatArray = found.x * (1.0 if found.x.sum() >= 0 else -1.0)
    return loadings


def _of_three(correlation: FloatArray, most: float) -> FloatArray | None:
    """The loadings that leave no residual at all, which three correlations have unless a bound is in the way."""
    a, b, c = correlation[0, 1], correlation[0, 2], correlation[1, 2]
    if not a * b * c > 0:
        return None
    sizes = np.sqrt(np.array([a * b / c, a * c / b, b * c / a]))
    if (sizes > most).any():
        return None
    signed: FloatArray = sizes * np.array([1.0, np.sign(a), np.sign(b)])
    return signed if signed.sum() >= 0 else -signed


def _complete(frame: pd.DataFrame, items: Sequence[str], person: str) -> tuple[FloatArray, FloatArray]:
    if len(items) < 2 or len(set(items)) < len(items):
        raise FrameError(f"reliability takes two different items or more, not {', '.join(items) or 'none'}")
    for name in (*items, person):
        if name not in frame.columns:
            raise FrameError(f"the column '{name}' is missing", column=name)
    columns = [numbers(frame[name]).to_numpy(dtype=np.float64) for name in items]
    return np.column_stack(columns), pd.factorize(frame[person].astype("str"), sort=True)[0].astype(np.float64)


def _alpha(covariance: FloatArray) -> FloatArray:
    """Alpha of covariance matrices (..., items, items); missing where the sum of the items does not vary."""
    k = covariance.shape[-1]
    total = covariance.sum(axis=(-2, -1))
    varies = total > 0
    share = np.trace(covariance, axis1=-2, axis2=-1) / np.where(varies, total, 1.0)
    found: FloatArray = np.where(varies, k / (k - 1) * (1 - share), NAN)
    return found


def _correlation(covariance: FloatArray) -> FloatArray:
    spread = np.sqrt(np.diagonal(covariance, axis1=-2, axis2=-1))
    found: FloatArray = covariance / (spread[..., :, None] * spread[..., None, :])
    return found


def _coefficients(covariance: FloatArray, loadings: FloatArray) -> dict[str, FloatArray]:
    """The coefficients of covariance matrices (..., items, items), whose one factor has these loadings (..., items)."""
    spread = np.sqrt(np.diagonal(covariance, axis1=-2, axis2=-1))
    correlation = _correlation(covariance)
    unique = 1 - loadings**2
    factor = (loadings * spread).sum(axis=-1) ** 2
    return {
        "alpha": _alpha(covariance),
        "alpha, standardised": _alpha(correlation),
        "omega": factor / (factor + (unique * spread**2).sum(axis=-1)),
        "omega, standardised": 1 - unique.sum(axis=-1) / correlation.sum(axis=(-2, -1)),
    }


def _items(values: FloatArray, items: Sequence[str], loadings: FloatArray) -> tuple[ItemRow, ...]:
    rows = []
    for n, name in enumerate(items):
        rest = np.delete(values, n, axis=1)
        total = rest.sum(axis=1)
        varies = np.ptp(total) > 0
        rows.append(
            ItemRow(
                item=name,
                mean=float(values[:, n].mean()),
                sd=float(values[:, n].std(ddof=1)),
                item_rest=float(np.corrcoef(values[:, n], total)[0, 1]) if varies else NAN,
                loading=float(loadings[n]),
                alpha_without=cronbach(rest) if rest.shape[1] > 1 else NAN,
            )
        )
    return tuple(rows)


def _without_each(values: FloatArray, owners: FloatArray, loadings: FloatArray) -> dict[str, FloatArray]:
    """The coefficients without each person in turn, all their rows together; (people,) each.

    Covariances follow from the sums of people's rows and of their products, so that no sample is written out. Where an
    item does not vary without somebody there is none.
    """
    _, places = np.unique(owners, return_inverse=True)
    people, k = int(places.max()) + 1, values.shape[1]
    centred = values - values.mean(axis=0)
    rows, columns = np.triu_indices(k)
    summed = np.column_stack([np.ones(len(values)), centred, centred[:, rows] * centred[:, columns]])
    sums = np.column_stack([np.bincount(places, column, people) for column in summed.T])
    totals = sums.sum(axis=0) - sums
    several = totals[:, 0] > 1
    n, mean = totals[several, 0, None, None], totals[several, 1 : k + 1] / totals[several, :1]
    products = np.empty((int(several.sum()), k, k))
    products[:, rows, columns] = products[:, columns, rows] = totals[several, k + 1 :]
    covariance = (products - n * mean[:, :, None] * mean[:, None, :]) / (n - 1)
    variances = np.diagonal(covariance, axis1=1, axis2=2)
    varies = (variances > 1e-9 * centred.var(axis=0)).all(axis=1)
    found = _coefficients(covariance[varies], _one_factor_each(_correlation(covariance[varies]), loadings))
    return {term: np.concatenate([known, np.full(people - len(known), NAN)]) for term, known in found.items()}


def _jackknife(estimate: float, left: FloatArray, alpha: float) -> Interval:
    """The interval from the coefficients without each person; nan where one of them is 1 or not known."""
    people = len(left)
    if people < 2 or not estimate < 1 - ROUNDING or not (left < 1 - ROUNDING).all():
        return NO_INTERVAL
    centre, each = np.log1p(-estimate), np.log1p(-left)
    variance = (people - 1) / people * float(((each - each.mean()) ** 2).sum())
    half = float(stats.t.isf(alpha / 2, people - 1)) * np.sqrt(variance)
    return Interval(float(-np.expm1(centre + half)), float(-np.expm1(centre - half)))


def _one_factor_each(correlations: FloatArray, start: FloatArray) -> FloatArray:
    """``one_factor`` of each matrix (samples, items, items), from the loadings of the whole, one loading after another.

    With the others held, a loading's best value is ``sum of r_ij l_j / sum of l_j^2``, cut at the bound.
    """
    k = len(start)
    if k == 2:
        sizes = np.sqrt(np.abs(correlations[:, 0, 1]))
        return np.column_stack([sizes, np.where(correlations[:, 0, 1] >= 0, sizes, -sizes)])
    most = float(np.sqrt(1 - LEAST_UNIQUENESS))
    loadings = np.tile(start, (len(correlations), 1))
    for _ in range(MOST_SWEEPS):
        before = loadings.copy()
        for n in range(k):
            others = loadings.copy()
            others[:, n] = 0.0
            squares = np.maximum((others**2).sum(axis=1), 1e-12)
            best = (correlations[:, n] * others).sum(axis=1) / squares
            loadings[:, n] = np.clip(best, -most, most)
        if not len(loadings) or np.abs(loadings - before).max() < 1e-10:
            break
    return loadings


def _without_interval(rows: Sequence[ReliabilityRow], values: FloatArray, people: int) -> Iterator[str]:
    """Why coefficients have no interval."""
    terms = [row.term for row in rows if row.ci_low != row.ci_low]
    if people == 1:
        yield (
            "All rows are one person's: what other people would answer cannot be told from them, so that there is no "
            f"interval of {', '.join(terms)}."
        )
    elif (np.abs(np.corrcoef(values, rowvar=False)) > 1 - ROUNDING).all():
        yield (
            "Each item follows from any other one in all rows: together they say no more than one of them, and what "
            f"other people would answer cannot be told from it, so that there is no interval of {', '.join(terms)}."
        )
    elif terms:
        yield (
            f"There is no interval of {', '.join(terms)}: without one of the people, an item would not vary or follow "
            "from the others in all rows."
        )


def _statements(
    values: FloatArray, items: Sequence[str], *, single: bool, bounded: bool, incomplete: int
) -> tuple[str, ...]:
    said = []
    if incomplete:
        said.append(f"{incomplete} rows lack an answer to one of the items and do not count.")
    if not single:
        said.append("People have several rows each; the intervals come from leaving out each with all their rows.")
    if bounded:
        said.append(
            "An item is almost nothing but the factor (Heywood case): omega is at its bound, do not rely on it."
        )
    correlation = np.atleast_2d(np.corrcoef(values, rowvar=False))
    turned = [name for name, row in zip(items, correlation, strict=True) if row.sum() < 1]
    if turned:
        said.append(f"These items run against the others: {', '.join(turned)}. Is one of them scored the wrong way?")
    if len(items) == 2:
        said.append("Two items have one correlation only: omega takes their loadings as equal.")
    return tuple(said)
