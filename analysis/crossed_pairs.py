"""PURE: every pair of arms by the fitted crossed mixed model, whoever read what."""

from dataclasses import replace
from itertools import combinations

import numpy as np

from analysis.crossed import Crossed, CrossedContrast, filled, with_holm
from analysis.crossed_terms import ARM
from analysis.intervals import NAN
from analysis.mixed.inference import contrasts
from analysis.plan import Plan


def crossed_pairs(crossed: Crossed, plan: Plan) -> tuple[CrossedContrast, ...]:
    """The later arm less the earlier one of every pair with ratings, by the model of ``crossed``, in its arms' order.

    The reference comes first. ``p_adjusted`` is Holm's over these rows. Empty without a model.
    """
    if crossed.fit is None:
        return ()
    terms = [row.term for row in crossed.fit.fixed]
    sizes = {row.arm: (row.n, row.n_articles) for row in crossed.rows}
    sizes[crossed.reference] = (crossed.rows[0].n_reference, crossed.rows[0].n_articles_reference)
    weights = {crossed.reference: np.zeros(len(terms))}
    for row in crossed.rows:
        name = f"{ARM}[T.{row.arm}]"
        if name in terms:
            weights[row.arm] = np.eye(len(terms))[terms.index(name)]
    pairs = [(later, earlier) for earlier, later in combinations(weights, 2)]
    rows = [
        replace(
            crossed.rows[0],
            contrast=f"{arm} - {other}",
            arm=arm,
            reference=other,
            p_adjusted=NAN,
            n=sizes[arm][0],
            n_reference=sizes[other][0],
            n_articles=sizes[arm][1],
            n_articles_reference=sizes[other][1],
        )
        for arm, other in pairs
    ]
    matrix = np.array([weights[arm] - weights[other] for arm, other in pairs])
    names = [row.contrast for row in rows]
    found, _ = contrasts(crossed.fit.fitted, matrix, names, crossed.ddf, plan.alpha)
    filled_rows = [filled(row, one, plan) for row, one in zip(rows, found, strict=True)]
    return tuple(with_holm(filled_rows, plan.alpha))
