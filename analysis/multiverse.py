"""PURE: one contrast over every stated combination of exclusions and models: the data of a specification curve.

Sources: Steegen, Tuerlinckx, Gelman & Vanpaemel 2016, Perspect. Psychol. Sci. 11:702; Simonsohn, Simmons & Nelson 2020.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from analysis.compare import arm_order, reference_arm, refuse_mixed_modes
from analysis.exclusions import judged
from analysis.intervals import NAN
from analysis.mixed.design import FloatArray
from analysis.plan import MODELS as NAMES
from analysis.plan import MOST_RULES, Plan
from analysis.plan_rules import Rule
from analysis.specified import Contrast, Found, Rows
from analysis.tables import to_frame
from analysis.validation import FrameError, check_ratings

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
    checked = check_ratings(ratings.reset_index(drop=True), outcome=plan.outcome)
    refuse_mixed_modes(checked)
    order = arm_order(checked, arms)
    reference = reference_arm(checked, plan, order)
    if arm not in order or arm == reference:
        raise FrameError(f"the arm '{arm}' has no contrast with '{reference}'", column="arm")
    asked = Contrast(checked, plan.outcome, [reference, *(one for one in order if one != reference)], arm, plan.alpha)
    # The frame may have lost its order; masks follow the rows that the models see.
    out = {rule: judged(checked, rule, participants)[0].loc[asked.data.index].to_numpy(dtype=bool) for rule in known}
    subsets = [rules for size in range(len(known) + 1) for rules in combinations(known, size)]
    curve = _Curve(asked, plan)
    rows = []
    # The matrices are small: a second thread of the linear algebra would wait more than it works.
    with threadpool_limits(1, user_api="blas"):
        for n, rules in enumerate(subsets):
            kept = ~np.logical_or.reduce([out[rule] for rule in rules], axis=0, initial=False)
            for m, model in enumerate(models):
                rows.append(curve.at(rules, np.broadcast_to(kept, asked.y.shape), model))
                progress(n * len(models) + m + 1, len(subsets) * len(models))
    rows.sort(key=lambda row: (not np.isfinite(row.estimate), row.estimate, row.exclusions, row.model))
    placed = tuple(replace(row, place=n + 1) for n, row in enumerate(rows))
    return Multiverse(f"{arm} - {reference}", placed)


class _Curve:
    """The specifications one by one; equal parts of the ratings are computed once."""

    def __init__(self, asked: Contrast, plan: Plan) -> None:
        self.asked, self.plan = asked, plan
        self.known: dict[tuple[bytes, str], Found] = {}
        self.thetas: dict[tuple[Rule, ...], FloatArray | None] = {}

    def at(self, rules: tuple[Rule, ...], kept: Rows, model: str) -> Specification:
        key = (np.packbits(kept).tobytes(), model)
        if key not in self.known:
            self.known[key] = self._computed(rules, kept, model)
        found = self.known[key]
        if model == MIXED:
            self.thetas[rules] = found.theta
        n_people, n_ratings = self.asked.size(kept)
        numbers = {name: getattr(found, name) for name in _NUMBERS}
        return Specification(
            place=0,
            exclusions=" ".join(map(str, rules)),
            model=model,
            planned=rules == self.plan.exclusions and model == MIXED,
            **numbers,
            n_people=n_people,
            n_ratings=n_ratings,
            note=found.note or ("" if np.isfinite(found.estimate) else "the data carry no such contrast"),
        )

    def _computed(self, rules: tuple[Rule, ...], kept: Rows, model: str) -> Found:
        if model == MEANS:
            return self.asked.means(kept)
        if model == CLUSTERED:
            return self.asked.clustered(kept)
        # Without its last rule, a subset was there before: its variances are near.
        return self.asked.mixed(kept, self.thetas.get(rules[:-1]))


_NUMBERS = ("estimate", "std_error", "statistic", "df", "p_value", "ci_low", "ci_high")
