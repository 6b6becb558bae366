"""PURE: checked ratings as the columns of the crossed models: the outcome, who rated what, arm, origin and story."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.compare import arm_order, reference_arm, refuse_mixed_modes
from analysis.crossed_terms import ARM, ARTICLE, ORIGIN, OUTCOME, PERSON, STORY
from analysis.plan import Plan
from analysis.validation import FrameError, check_ratings


class Rated(NamedTuple):
    """The ratings as ``check_ratings`` gives them, the arms in their order, the reference among them, and the ratings
    with a value as ``model_frame`` gives them, the reference first."""

    checked: pd.DataFrame
    order: tuple[str, ...]
    reference: str
    data: pd.DataFrame


def rated_frame(ratings: pd.DataFrame, plan: Plan, arms: Sequence[str], beside: Sequence[str] = ()) -> Rated:
    """What every model of the arms begins with. Raises ``FrameError`` for ratings that break the contract, more than
    one mode, arms unknown to ``arms``, a reference that is no arm, and what ``model_frame`` refuses."""
    checked = check_ratings(ratings, outcome=plan.outcome)
    refuse_mixed_modes(checked)
    order = arm_order(checked, arms)
    reference = reference_arm(checked, plan, order)
    first = [reference, *(arm for arm in order if arm != reference)]
    return Rated(checked, order, reference, model_frame(checked, plan.outcome, first, beside))


def quoted(column: str) -> str:
    """A column's name as a formula takes any name."""
    return f"`{column}`"


def model_frame(checked: pd.DataFrame, outcome: str, arms: Sequence[str], beside: Sequence[str] = ()) -> pd.DataFrame:
    """The ratings with a value as the model's columns; ``arm`` is categorical with the first of ``arms`` first.

    Ratings that lack a value in a column ``beside`` are left out. ``origin`` is -0.5 for real and 0.5 for synthetic
    articles, where the ratings say it; ``story`` is the article itself where it has none. Raises ``FrameError`` for a
    column that is not there or whose name is taken.
    """
    for name in beside:
        if name not in checked.columns or name in {OUTCOME, PERSON, ARTICLE, ARM, ORIGIN, STORY}:
            raise FrameError(f"the column '{name}' cannot stand beside the arms: take another name", column=name)
    rated = checked[checked[[outcome, *beside]].notna().all(axis=1)]
    columns: dict[str, object] = {
        OUTCOME: rated[outcome].to_numpy(dtype=float),
        PERSON: rated[PERSON],
        ARTICLE: rated[ARTICLE],
        ARM: pd.Categorical(rated["arm"], categories=[arm for arm in arms if (rated["arm"] == arm).any()]),
    }
    if "origin" in rated.columns and rated["origin"].isin(["real", "synthetic"]).all():
        columns[ORIGIN] = np.where(rated["origin"] == "synthetic", 0.5, -0.5)
    if STORY in rated.columns:
        told = rated[STORY].notna() & (rated[STORY] != "")
        columns[STORY] = rated[STORY].where(told, "article " + rated[ARTICLE])
    columns |= {name: rated[name] for name in beside}
    return pd.DataFrame(columns, index=rated.index)


def numbered(data: pd.DataFrame) -> pd.DataFrame:
    """The frame with people, articles and stories as numbers: counting groups of texts takes many times as long."""
    names = [name for name in (PERSON, ARTICLE, STORY) if name in data.columns]
    return data.assign(**{name: pd.factorize(data[name])[0] for name in names})
