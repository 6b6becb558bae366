"""PURE: how often people name an article's source rightly, over the answers that name one."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.descriptives import share_of
from analysis.tables import to_frame
from analysis.validation import FrameError, check_ratings, rows_in_words

ALL = "all"
# From 'definitely human' to 'definitely machine', as reports ask for it.
LOWEST, HIGHEST = 1, 5


@dataclass(frozen=True)
class AttributionAccuracy:
    """One arm, or all together. ``accuracy`` is the mean over people of the share of their answers that are right.

    Neutral answers ('cannot tell') do not count, which is how Brown et al. 2020 (GPT-3) count; ``n_neutral`` says how
    many there were. The Wilson interval goes by ``n_effective`` independent answers (see ``descriptives.Share``).
    ``said_synthetic`` is the share of counted answers that say 'machine': without it, accuracy in one arm only shows
    what people lean to.
    """

    arm: str
    origin: str
    n_people: int
    n_answers: int
    n_neutral: int
    n_missing: int
    accuracy: float
    ci_low: float
    ci_high: float
    n_effective: float
    said_synthetic: float


@dataclass(frozen=True)
class Attribution:
    """Every arm in its order, then all together."""

    rows: tuple[AttributionAccuracy, ...]

    def to_frame(self) -> pd.DataFrame:
        """One row an arm and one for all; the columns are the fields of ``AttributionAccuracy``."""
        return to_frame(self.rows, AttributionAccuracy)


def attribution_accuracy(
    ratings: pd.DataFrame,
    *,
    column: str = "attribution",
    neutral: float = 3,
    arms: Sequence[str] = (),
    alpha: float = 0.05,
) -> Attribution:
    """The accuracy of answers on a scale that rises from 'definitely human' over ``neutral`` to 'definitely machine'.

    An answer is right above ``neutral`` for a synthetic article, below it for a real one. Raises ``FrameError`` for
    ratings that break the contract or an origin that is neither.
    """
    checked = check_ratings(ratings, outcome=column)
    if "origin" not in checked.columns:
        raise FrameError("the column 'origin' is missing: without it no answer is right or wrong", column="origin")
    strange = checked[~checked["origin"].isin(["real", "synthetic"])]
    if len(strange):
        raise FrameError(
            f"the column 'origin' must be 'real' or 'synthetic', not {strange['origin'].iloc[0]!r}",
            column="origin",
            rows=tuple(strange.index),
        )
    said = checked[column] > neutral
    checked = checked.assign(
        counts=checked[column].notna() & (checked[column] != neutral),
        neutral=checked[column] == neutral,
        said=said.astype(float),
        right=(said == (checked["origin"] == "synthetic")).astype(float),
    )
    order = tuple(arms) or tuple(sorted(checked["arm"].unique()))
    rows = [_accuracy(arm, checked[checked["arm"] == arm], alpha) for arm in order]
    return Attribution((*rows, _accuracy(ALL, checked, alpha)))


def refuse_other_scale(answers: pd.Series, column: str) -> None:
    """Raises ``FrameError`` for answers off the five-point scale from 1, human, over 3, cannot tell, to 5, machine."""
    off = answers[(answers < LOWEST) | (answers > HIGHEST)]
    if len(off):
        named = ", ".join(f"{value:g}" for value in sorted(set(off))[:5])
        raise FrameError(
            f"the column '{column}' must hold whom readers take for the author, from {LOWEST} (definitely human) over "
            f"3 (cannot tell) to {HIGHEST} (definitely machine); {named} stands in {rows_in_words(off.index)}. Recode "
            "the answers to this scale (of two answers, human to 1 and machine to 5), or leave the column out",
            column=column,
            rows=tuple(off.index),
        )


def _accuracy(arm: str, answers: pd.DataFrame, alpha: float) -> AttributionAccuracy:
    counted = answers[answers["counts"]]
    people = counted.groupby("participant", sort=True)["right"].mean()
    share = share_of(people.to_numpy(dtype=float), len(counted))
    low, high = share.interval(alpha)
    origins = sorted(answers["origin"].unique())
    neutral = int(answers["neutral"].sum())
    return AttributionAccuracy(
        arm=arm,
        origin=origins[0] if len(origins) == 1 else "",
        n_people=len(people),
        n_answers=len(counted),
        n_neutral=neutral,
        n_missing=len(answers) - len(counted) - neutral,
        accuracy=share.share,
        ci_low=low,
        ci_high=high,
        n_effective=share.n_effective,
        said_synthetic=float(counted["said"].mean()) if len(counted) else float(np.nan),
    )
