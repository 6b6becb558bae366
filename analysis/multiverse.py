"""PURE: one contrast over every stated combination of exclusions and models: the data of a specification curve.

Sources: Steegen, Tuerlinckx, Gelman & Vanpaemel 2016, Perspect. Psychol. Sci. 11:702; Simonsohn, Simmons & Nelson 2020.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from analysis.compare import compare_arms
from analysis.crossed import crossed_contrasts
from analysis.exclusions import apply_exclusions
from analysis.intervals import NAN
from analysis.plan import MODELS as NAMES
from analysis.plan import MOST_RULES, Plan, Rule
from analysis.robust import clustered_ols
from analysis.tables import to_frame
from analysis.validation import FrameError

MIXED, MEANS, CLUSTERED = (NAMES[key] for key in ("mixed", "means", "clustered"))
MODELS = (MIXED, MEANS, CLUSTERED)


@dataclass(frozen=True)
class Specification:
    """One analysis of the contrast. ``planned`` marks that of the plan: all of its rules, and the mixed model.

    ``exclusions`` are rules of the plan separated by blanks, '' for none; ``note`` says why a number is missing.
    """

    place: int
    exclusions: str
    model: str
    planned: bool
    estimate: float
    std_error: float
    statistic: float
    df: float
    p_value: float
    ci_low: float
    ci_high: float
    n_people: int
    n_ratings: int
    note: str


@dataclass(frozen=True)
class Multiverse:
    """The specifications of one contrast, from the lowest estimate to the highest, those without one last."""

    contrast: str
    rows: tuple[Specification, ...]

    def to_frame(self) -> pd.DataFrame:
        """One row a specification; the columns are the fields of ``Specification``."""
        return to_frame(self.rows, Specification)

    @property
    def same_sign(self) -> float:
        """The share of the specifications with an estimate that has the sign of the planned one; nan without it."""
        known = [row.estimate for row in self.rows if np.isfinite(row.estimate)]
        planned = [row.estimate for row in self.rows if row.planned and np.isfinite(row.estimate)]
        return float(np.mean(np.sign(known) == np.sign(planned[0]))) if planned else NAN


def multiverse(
    ratings: pd.DataFrame,
    plan: Plan,
    arm: str,
    *,
    participants: pd.DataFrame | None = None,
    models: Sequence[str] = MODELS,
    arms: Sequence[str] = (),
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Multiverse:
    """The contrast of ``arm`` with the plan's reference under every subset of the plan's rules and every model.

    The rules are the plan's exclusions, and its alternative ones, which the planned analysis does not apply.

    ``progress(done, total)`` is called after each specification; what it raises ends the work. Raises ``FrameError``
    for an arm that has no contrast, ValueError for an unknown model or more than ``MOST_RULES`` rules. A
    specification that cannot be computed stays in the curve without numbers and says why.
    """
    if unknown := [name for name in models if name not in MODELS]:
        raise ValueError(f"there is no model {unknown[0]!r}; there are {', '.join(MODELS)}")
    known = (*plan.exclusions, *plan.alternative_exclusions)
    if len(known) > MOST_RULES:
        raise ValueError(f"{len(known)} rules make {2 ** len(known)} subsets: {MOST_RULES} at most")
    everything = compare_arms(ratings, plan, arms=arms)
    found = [row.contrast for row in everything.means.rows if row.arm == arm]
    if not found:
        raise FrameError(f"the arm '{arm}' has no contrast with '{everything.reference}'", column="arm")
    subsets = [rules for size in range(len(known) + 1) for rules in combinations(known, size)]
    rows = []
    for n, rules in enumerate(subsets):
        kept = apply_exclusions(ratings, rules, participants).kept
        for m, model in enumerate(models):
            rows.append(_specification(kept, plan, arm, everything.reference, rules, model))
            progress(n * len(models) + m + 1, len(subsets) * len(models))
    rows.sort(key=lambda row: (not np.isfinite(row.estimate), row.estimate, row.exclusions, row.model))
    placed = tuple(Specification(**{**row.__dict__, "place": n + 1}) for n, row in enumerate(rows))
    return Multiverse(found[0], placed)


def _specification(
    kept: pd.DataFrame, plan: Plan, arm: str, reference: str, rules: tuple[Rule, ...], model: str
) -> Specification:
    note, row = "", None
    try:
        # An arm that an exclusion has emptied is no arm of this specification.
        row, note = _contrast(kept, plan, arm, model)
    except FrameError as error:
        note = str(error)
    names = ("estimate", "std_error", "statistic", "df", "p_value", "ci_low", "ci_high")
    numbers = {name: NAN if row is None else float(getattr(row, name)) for name in names}
    known = kept[kept[plan.outcome].notna() & kept["arm"].isin([arm, reference])]
    return Specification(
        place=0,
        exclusions=" ".join(map(str, rules)),
        model=model,
        planned=rules == plan.exclusions and model == MIXED,
        **numbers,
        n_people=known["participant"].nunique(),
        n_ratings=len(known),
        note="" if np.isfinite(numbers["estimate"]) else note or "the data carry no such contrast",
    )


def _contrast(kept: pd.DataFrame, plan: Plan, arm: str, model: str) -> tuple[Any, str]:
    """The row of the contrast, None where there is none, and what was said about it."""
    if model == MIXED:
        crossed = crossed_contrasts(kept, plan)
        return _of(crossed.rows, arm), " ".join(crossed.warnings)
    if model == MEANS:
        return _of(compare_arms(kept, plan).means.rows, arm), ""
    robust = clustered_ols(kept, plan)
    return _of(robust.rows, arm), " ".join(caution.sentence for caution in robust.cautions)


def _of(rows: Sequence[Any], arm: str) -> Any:
    return next((row for row in rows if row.arm == arm), None)
