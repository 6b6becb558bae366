"""PURE: articles that people picked out of several against articles taken as they came, by the crossed mixed model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.adjust import ADJUSTMENTS
from analysis.cautions import Caution
from analysis.crossed import Crossed
from analysis.equivalence import with_detectable
from analysis.intervals import NAN
from analysis.mixed import MixedModelError
from analysis.mixed.inference import contrasts
from analysis.report_info import ArmInfo
from analysis.tables import to_frame

CURATED, UNCURATED = "curated", "uncurated"
ALL_MODELS = "all models"


@dataclass(frozen=True)
class CurationContrast:
    """The expected rating of curated articles less that of uncurated ones, for whom the crossed model speaks of.

    ``term`` is the model whose articles are compared, or ``ALL_MODELS``: the mean of the models' differences, each
    model counting alike. ``curated`` and ``uncurated`` are the arms, whose means count alike. ``p_adjusted`` is Holm's
    over the models; the row of all models is one test and has its own p. ``detectable`` is the difference that a test
    finds with 80% probability, ``detectable_adjusted`` the same after that adjustment: see
    ``equivalence.with_detectable``.
    """

    term: str
    curated: tuple[str, ...]
    uncurated: tuple[str, ...]
    estimate: float
    std_error: float
    statistic: float
    df: float
    p_value: float
    p_adjusted: float
    ci_low: float
    ci_high: float
    detectable: float
    detectable_adjusted: float


@dataclass(frozen=True)
class Curation:
    """All models first, then each model, where there is more than one; empty where there is nothing to compare."""

    rows: tuple[CurationContrast, ...]
    cautions: tuple[Caution, ...]

    def to_frame(self) -> pd.DataFrame:
        """One row a contrast; the columns are the fields of ``CurationContrast``."""
        return to_frame(self.rows, CurationContrast)


def curation_contrasts(crossed: Crossed, arms: Sequence[ArmInfo], alpha: float = 0.05) -> Curation:
    """The contrasts of curated and uncurated arms in the model that ``crossed`` has fitted to all arms.

    A model's articles are compared within that model, so that models which differ in what was picked do not stand for
    picking. Where no model has both kinds, all curated arms are held against all uncurated ones, with a caution.
    """
    fitted = [mean.arm for mean in crossed.means]
    known = {arm.key: arm for arm in arms if arm.key in fitted and arm.curation in (CURATED, UNCURATED)}
    pairs, cautions = _pairs(known)
    if crossed.fit is None or not pairs:
        return Curation((), cautions)
    # Treatment coding: an arm's mean is the intercept and, unless it is the first, its own coefficient.
    means = dict(zip(fitted, np.eye(len(fitted)), strict=True))
    of_models = np.array([_mean(means, own) - _mean(means, other) for own, other in pairs.values()])
    of_models[:, 0] = 0.0
    several = len(pairs) > 1
    weights = np.vstack([of_models.mean(axis=0), of_models]) if several else of_models
    names = [ALL_MODELS, *pairs] if several else [*pairs]
    try:
        found = contrasts(crossed.fit.fitted, weights, names, crossed.ddf, alpha)[0]
    except (MixedModelError, np.linalg.LinAlgError) as error:
        return Curation((), (*cautions, Caution("no-model", "", f"Curation could not be tested: {error}.")))
    adjusted = ADJUSTMENTS["holm"]([row.p_value for row in (found[1:] if several else found)])
    sides = [_together(pairs), *pairs.values()] if several else [*pairs.values()]
    p_values = [found[0].p_value, *adjusted] if several else adjusted
    rows = [
        CurationContrast(
            term=row.term,
            curated=own,
            uncurated=other,
            estimate=row.estimate,
            std_error=row.std_error,
            statistic=row.statistic,
            df=row.df,
            p_value=row.p_value,
            p_adjusted=p,
            ci_low=row.ci_low,
            ci_high=row.ci_high,
            detectable=NAN,
            detectable_adjusted=NAN,
        )
        for row, (own, other), p in zip(found, sides, p_values, strict=True)
    ]
    alone = 1 if several else 0
    return Curation((*with_detectable(rows[:alone], alpha), *with_detectable(rows[alone:], alpha)), cautions)


Sides = tuple[tuple[str, ...], tuple[str, ...]]


def _pairs(known: Mapping[str, ArmInfo]) -> tuple[dict[str, Sides], tuple[Caution, ...]]:
    """{model: its curated and its uncurated arms}, and what is to be said of arms that have no other side."""
    models = dict.fromkeys(arm.model for arm in known.values())
    sides = {model: _sides([arm for arm in known.values() if arm.model == model]) for model in models}
    pairs = {model or ALL_MODELS: (a, b) for model, (a, b) in sides.items() if a and b}
    if pairs:
        alone = [key for a, b in sides.values() if not (a and b) for key in (*a, *b)]
        said = f"These arms have no other side of their model and stand in no contrast of curation: {', '.join(alone)}."
        return pairs, (Caution("curation-one-sided", "", said),) if alone else ()
    every = _sides([*known.values()])
    if not all(every):
        return {}, ()
    said = (
        "No model has curated and uncurated articles: what belongs to picking and what to the models cannot be told "
        "apart."
    )
    return {ALL_MODELS: every}, (Caution("curation-confounded", "", said),)


def _sides(arms: Sequence[ArmInfo]) -> Sides:
    own, other = (tuple(arm.key for arm in arms if arm.curation == kind) for kind in (CURATED, UNCURATED))
    return own, other


def _mean(means: Mapping[str, np.ndarray], arms: Sequence[str]) -> np.ndarray:
    found: np.ndarray = np.mean([means[arm] for arm in arms], axis=0)
    return found


def _together(pairs: Mapping[str, Sides]) -> Sides:
    own = tuple(arm for curated, _ in pairs.values() for arm in curated)
    other = tuple(arm for _, uncurated in pairs.values() for arm in uncurated)
    return own, other
