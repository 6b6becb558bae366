"""PURE: one contrast by each model of a specification curve, over any part of the ratings, made to be asked often.

Codes, cells and the models' matrices are made once of all ratings; what is left for a part is sums and the search for
the variances, which begins where a neighbouring part's ended.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.contrasts import are_shared
from analysis.crossed_frame import model_frame
from analysis.crossed_terms import ARM, ARTICLE, OUTCOME, PERSON, STORY, random_part
from analysis.intervals import NAN, TTest, paired, t_interval, t_test, welch
from analysis.mixed import MixedModelError
from analysis.mixed.covariance import layout
from analysis.mixed.design import Design, FloatArray, make_design, restricted
from analysis.mixed.fit import fit_design
from analysis.mixed.inference import contrasts
from analysis.robust import EXACT, fitted_exactly

Rows = NDArray[np.bool_]
# A search may not begin at a variance of zero, from where the deviance is flat.
LEAST_START = 0.05


@dataclass(frozen=True)
class Found:
    """The contrast's numbers, nan where there are none, with ``note`` saying why; and the search's end."""

    estimate: float = NAN
    std_error: float = NAN
    statistic: float = NAN
    df: float = NAN
    p_value: float = NAN
    ci_low: float = NAN
    ci_high: float = NAN
    note: str = ""
    theta: FloatArray | None = None


def _of_test(test: TTest, alpha: float) -> Found:
    limits = t_interval(test.estimate, test.std_error, test.df, alpha)
    note = ""
    if not np.isfinite(test.estimate):
        note = "one of the two arms has no ratings"
    elif not np.isfinite(test.std_error):
        note = "people's means do not vary, or there are too few of them: there is no test"
    return Found(*test, limits.low, limits.high, note=note)


class Contrast:
    """``arm`` less ``reference`` over parts of the ratings; a part is a truth value a row of ``data``."""

    def __init__(self, checked: pd.DataFrame, outcome: str, order: list[str], arm: str, alpha: float) -> None:
        """``checked`` has passed ``check_ratings``; ``order`` are all arms, the reference first."""
        self.data = model_frame(checked, outcome, order)
        for name in {PERSON, ARTICLE, STORY} & {*self.data.columns}:
            self.data[name] = pd.factorize(self.data[name], sort=True)[0]
        self.alpha = alpha
        self.y = self.data[OUTCOME].to_numpy(dtype=np.float64)
        self.person, self.article = (self.data[name].to_numpy() for name in (PERSON, ARTICLE))
        names = self.data[ARM].astype("str")
        self.arm = pd.factorize(names)[0]
        self.own, self.other = (names == arm).to_numpy(), (names == order[0]).to_numpy()
        self.reference, self.term = order[0], f"{ARM}[T.{arm}]"
        self._designs: dict[str, Design | None] = {}

    def size(self, rows: Rows) -> tuple[int, int]:
        """How many people and ratings the two arms have."""
        both = rows & (self.own | self.other)
        return len(np.unique(self.person[both])), int(both.sum())

    def means(self, rows: Rows) -> Found:
        """People's means: Welch's t, or the paired one where the arms share their people, as ``compare_arms``."""
        people = int(self.person.max(initial=0)) + 1
        sums = [np.bincount(self.person[rows & side], self.y[rows & side], people) for side in (self.own, self.other)]
        counts = [np.bincount(self.person[rows & side], minlength=people) for side in (self.own, self.other)]
        (own, other), (has_own, has_other) = sums, (counts[0] > 0, counts[1] > 0)
        both = has_own & has_other
        if are_shared(int(both.sum()), int(has_own.sum()), int(has_other.sum())):
            means = own[both] / counts[0][both], other[both] / counts[1][both]
            return _of_test(paired(means[0] - means[1], float(np.abs(means).max())), self.alpha)
        return _of_test(welch(own[has_own] / counts[0][has_own], other[has_other] / counts[1][has_other]), self.alpha)

    def clustered(self, rows: Rows) -> Found:
        """Least squares on the arms, errors clustered by person and by article, as ``robust.clustered_ols``.

        With the arms alone, a coefficient is a difference of means, and a rating's part in it is its residual over
        the ratings of its arm: their sums by cluster are all that the variance needs (Cameron, Gelbach & Miller 2011).
        """
        arm, y = self.arm[rows], self.y[rows]
        own, other = self.own[rows], self.other[rows]
        clusters = [np.unique(codes[rows], return_inverse=True)[1] for codes in (self.person, self.article)]
        groups = [int(codes.max(initial=-1)) + 1 for codes in clusters]
        if not (own.any() and other.any()):
            return Found(note="one of the two arms has no ratings")
        if min(groups) < 3 or np.ptp(y) == 0:
            return Found(note="there are fewer than three people or articles, or the outcome does not vary")
        if fitted_exactly(y, arm):
            return Found(note=EXACT)
        estimate = float(y[own].mean() - y[other].mean())
        part = np.where(own, (y - y[own].mean()) / own.sum(), np.where(other, (y[other].mean() - y) / other.sum(), 0.0))
        pairs = np.unique(clusters[0] * groups[1] + clusters[1], return_inverse=True)[1]
        by_person, by_article, by_both = (float((np.bincount(c, part) ** 2).sum()) for c in (*clusters, pairs))
        n, k, least = len(y), len(np.unique(arm)), min(groups)
        variance = (by_person + by_article - by_both) * (n - 1) / (n - k) * least / (least - 1)
        both = own | other
        if variance <= 0 or fitted_exactly(y[both], arm[both]):
            return Found(
                estimate, df=least - 1.0, note="its variance came out as nought or less, so that it has no error"
            )
        return _of_test(t_test(estimate, float(np.sqrt(variance)), least - 1.0), self.alpha)

    def mixed(self, rows: Rows, start: FloatArray | None = None) -> Found:
        """The crossed mixed model with Satterthwaite's degrees of freedom, as ``crossed_contrasts``.

        ``start`` is the ``theta`` that was found of a like part; another random part does not take it.
        """
        if not ((rows & self.own).any() and (rows & self.other).any()):
            return Found(note="one of the two arms has no ratings")
        random = random_part(self.data[rows])
        if random.lack:
            return Found(note=f"{random.lack}: there is no mixed model")
        try:
            design = self._design(f"{OUTCOME} ~ {ARM}{random.formula}", rows)
            fitted = fit_design(design, reml=True, start=_beginning(start, design))
            weights = np.array([[float(term == self.term) for term in design.terms]])
            row = contrasts(fitted, weights, [self.term], "satterthwaite", self.alpha)[0][0]
        except (MixedModelError, np.linalg.LinAlgError) as error:
            return Found(note=f"the mixed model could not be fitted: {error}")
        numbers = (row.estimate, row.std_error, row.statistic, row.df, row.p_value, row.ci_low, row.ci_high)
        return Found(*numbers, theta=fitted.optimum.at.theta)

    def _design(self, formula: str, rows: Rows) -> Design:
        """The model's matrices over these rows: cut out of those over all rows, where all rows carry such a model."""
        if formula not in self._designs:
            try:
                self._designs[formula] = make_design(self.data, formula)
            except MixedModelError:
                self._designs[formula] = None
        whole = self._designs[formula]
        return make_design(self.data[rows], formula) if whole is None else restricted(whole, rows)


def _beginning(start: FloatArray | None, design: Design) -> FloatArray | None:
    """The start of a search on the same kind of design, away from zeros; None for another kind."""
    places = layout(design.factors)
    if start is None or len(start) != len(places.row):
        return None
    begun: FloatArray = np.where(places.is_diagonal, np.maximum(start, LEAST_START), start)
    return begun
