"""PURE: whether ratings rise or fall with an ordered property of the arms, such as the size of the model."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats

from analysis.cautions import Caution
from analysis.compare import refuse_mixed_modes
from analysis.crossed import NO_OMNIBUS
from analysis.crossed_frame import model_frame
from analysis.crossed_terms import ARM, ORIGIN, OUTCOME, PERSON, RandomPart, random_part, tells_apart
from analysis.descriptives import unit_means
from analysis.equivalence import detectable
from analysis.intervals import NAN
from analysis.mixed import MixedModelError, fit_mixed
from analysis.mixed.inference import JointTest, joint_test
from analysis.plan import Plan
from analysis.tables import to_frame
from analysis.validation import FrameError, check_ratings

SCORE = "score"


@dataclass(frozen=True)
class TrendRow:
    """One test of a trend. For the mixed model ``estimate`` is the change of the rating with one unit of the score;
    for Jonckheere and Terpstra's test it is Kendall's tau-b of score and people's means, with z as the statistic.
    ``detectable`` is the change with one unit that the mixed model's test finds with 80% probability
    (``equivalence.detectable``), nan for the other test, which has no standard error."""

    term: str
    estimate: float
    std_error: float
    statistic: float
    df: float
    p_value: float
    ci_low: float
    ci_high: float
    detectable: float
    n: int


@dataclass(frozen=True)
class Trend:
    """The tests, and whether the arms' means leave the straight line (``departure``; nan with two arms)."""

    scores: tuple[tuple[str, float], ...]
    rows: tuple[TrendRow, ...]
    departure: JointTest
    cautions: tuple[Caution, ...]

    def to_frame(self) -> pd.DataFrame:
        """One row a test; the columns are the fields of ``TrendRow``."""
        return to_frame(self.rows, TrendRow)


def trend(ratings: pd.DataFrame, plan: Plan, scores: Mapping[str, float]) -> Trend:
    """The trend over the arms in ``scores``, which says each arm's place: its rank, or the logarithm of its size.

    The mixed model has the random effects of ``crossed_contrasts``, where people rated several arms also the score's
    slope over people, and Satterthwaite's degrees of freedom; beside it, for arms of different people, Jonckheere and
    Terpstra's test on people's means, which asks for an order only and equals Kendall's tau with its tie correction
    (Jonckheere 1954; Kendall & Gibbons 1990). Arms that are not in ``scores`` are left out. Raises
    ``FrameError`` for fewer than two different scores with ratings, or broken ratings.
    """
    checked = check_ratings(ratings, outcome=plan.outcome)
    refuse_mixed_modes(checked)
    own = checked[checked["arm"].isin(list(scores)) & checked[plan.outcome].notna()]
    placed = {arm: float(score) for arm, score in scores.items() if (own["arm"] == arm).any()}
    if len(set(placed.values())) < 2 or not np.isfinite(list(placed.values())).all():
        raise FrameError(f"a trend needs two arms with ratings and different finite scores, not {placed}", column="arm")
    order = tuple(sorted(placed.items(), key=lambda pair: (pair[1], pair[0])))
    data = model_frame(own, plan.outcome, [arm for arm, _ in order])
    # Centred, so that a slope over people beside their levels does not hang on where the scale has its nought.
    data[SCORE] = own["arm"].map(placed).astype("float64")
    data[SCORE] -= float(data[SCORE].mean())
    random = _with_slope(data, random_part(data))
    rows, said, departure = [], list(random.cautions), NO_OMNIBUS
    try:
        if random.lack:
            raise MixedModelError(random.lack)
        fit = fit_mixed(data, f"{OUTCOME} ~ {SCORE}{random.formula}", alpha=plan.alpha)
        row = fit.effect(SCORE)
        numbers = (row.estimate, row.std_error, row.statistic, row.df, row.p_value, row.ci_low, row.ci_high)
        found = detectable(row.std_error, row.df, plan.alpha)
        rows.append(TrendRow("mixed model, straight line", *numbers, detectable=found, n=len(data)))
        said += [Caution("mixed-model", "", sentence) for sentence in fit.statements]
        if len(order) > 2:
            departure = _departure(data, [score for _, score in order], random.formula)
    except MixedModelError as error:
        said.append(Caution("no-model", "", f"The mixed model of the trend could not be fitted: {error}."))
    units = unit_means(own, plan.outcome, None)
    if not units["participant"].duplicated().any():
        rows.append(_ordered(units["mean"].to_numpy(dtype=float), units["arm"].map(placed).to_numpy(dtype=float)))
    return Trend(order, tuple(rows), departure, tuple(said))


def _with_slope(data: pd.DataFrame, part: RandomPart) -> RandomPart:
    """The random part with the score's slope over people, who differ in it, where people rated several arms and there
    are more ratings than two a person; not where two arms leave it one with the slope of origin.

    Without it a trend within people is found too often (Barr, Levy, Scheepers & Tily 2013).
    """
    people = data[PERSON].nunique()
    if len(data) <= 2 * people or not tells_apart(data[[PERSON, SCORE]].drop_duplicates(), [PERSON]):
        return part
    level, slope = f"(1 | {PERSON})", f"(1 + {ORIGIN} | {PERSON})"
    formula = part.formula.replace(level, f"(1 + {SCORE} | {PERSON})")
    if data[SCORE].nunique() > 2:
        formula = formula.replace(slope, f"{slope} + (0 + {SCORE} | {PERSON})")
    return replace(part, formula=formula)


def _departure(data: pd.DataFrame, scores: list[float], random: str) -> JointTest:
    """The test of what the arms' means have beyond a straight line: all contrasts that no line shows."""
    fit = fit_mixed(data, f"{OUTCOME} ~ {ARM}{random}", ddf="normal")
    line = np.column_stack([np.ones(len(scores)), scores])
    # Contrasts of the means that vanish on every straight line.
    free = np.linalg.svd(line.T)[2][2:]
    means = np.eye(len(scores))
    means[:, 0] = 1.0
    return joint_test(fit.fitted, free @ means)


def _ordered(values: np.ndarray, scores: np.ndarray) -> TrendRow:
    if np.ptp(values) == 0:
        return TrendRow("Jonckheere-Terpstra", NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, len(values))
    tau = float(stats.kendalltau(scores, values).statistic)
    z = _kendalls_z(tau, scores, values)
    p = float(2 * stats.norm.sf(abs(z)))
    return TrendRow("Jonckheere-Terpstra", tau, NAN, z, NAN, p, NAN, NAN, NAN, len(values))


def _kendalls_z(tau: float, scores: np.ndarray, values: np.ndarray) -> float:
    """Tau over its standard error where nothing hangs together, with ties in both (Kendall & Gibbons 1990, ch. 4).

    From scipy's p it could not be told where that is too small for a number.
    """
    n = len(values)
    pairs = n * (n - 1)
    ties = [np.unique(column, return_counts=True)[1].astype(np.float64) for column in (scores, values)]
    equal = [float((t * (t - 1)).sum()) for t in ties]
    thrice = [float((t * (t - 1) * (t - 2)).sum()) for t in ties]
    weighed = sum(float((t * (t - 1) * (2 * t + 5)).sum()) for t in ties)
    variance = (pairs * (2 * n + 5) - weighed) / 18 + equal[0] * equal[1] / (2 * pairs)
    if n > 2:
        variance += thrice[0] * thrice[1] / (9 * pairs * (n - 2))
    most = np.sqrt((pairs - equal[0]) / 2) * np.sqrt((pairs - equal[1]) / 2)
    return float(tau * most / np.sqrt(variance))
