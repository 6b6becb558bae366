"""Whether tests of odds keep their level where articles are few.

`--studies` made-up studies of each kind have two arms that do not differ: 4, 8 or 20 articles an arm that differ by 0.3
to 0.8 of the noise of single ratings (a person's own level by 0.8), 60 to 120 people of one arm each, or 40 of both.
Ratings count as credible or not, 70% or 90% of them, or have five values. The contrast of the logistic, or the
cumulative-logit, mixed model is tested as the report tests it, by t with between-within degrees of freedom, and by z as
glmer and clmm test it. The seeds are the studies' numbers.

`python -m benchmarks.odds` prints a table and one line of JSON, and fails where t surely finds more than the report
says that it does with so few articles (99% over the kinds, Bonferroni). `--kind credible` is of these models alone.
"""

from __future__ import annotations

import argparse
import json
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats
from threadpoolctl import threadpool_limits

from analysis.crossed_odds import OddsContrast, OddsKind, crossed_odds, false_positives
from analysis.intervals import wilson
from analysis.plan import Plan
from analysis.power import simulated_study
from analysis.power_size import Components, PlannedDesign, StudySize

PERSON, ALPHA = 0.8, 0.05


class Kind(NamedTuple):
    """The SD of articles is in units of a single rating's noise; ``share`` is credible, nan for five values."""

    design: PlannedDesign
    articles: int
    people: int
    ratings: int
    sd_article: float
    share: float


KINDS: dict[OddsKind, tuple[Kind, ...]] = {
    "credible": (
        Kind("between", 4, 60, 4, 0.5, 0.7),
        Kind("between", 8, 80, 4, 0.3, 0.7),
        Kind("between", 8, 80, 4, 0.6, 0.7),
        Kind("between", 8, 80, 4, 0.6, 0.9),
        Kind("within", 8, 40, 8, 0.8, 0.7),
        Kind("between", 20, 120, 4, 0.4, 0.7),
    ),
    "ordinal": (
        Kind("between", 4, 60, 4, 0.5, np.nan),
        Kind("between", 8, 80, 4, 0.3, np.nan),
        Kind("between", 8, 80, 4, 0.6, np.nan),
        Kind("within", 8, 40, 8, 0.8, np.nan),
    ),
}
# Where five values part a normal outcome.
CUTS = stats.norm.ppf([0.15, 0.4, 0.7, 0.9])


def main(studies: int, model: str = "") -> None:
    """Prints the table; raises SystemExit where the bar is missed."""
    chosen = [(name, kind) for name, kinds in KINDS.items() for kind in kinds if model in ("", name)]
    sure = 0.01 / sum(map(len, KINDS.values()))
    print(f"{studies} studies of each kind in which two arms do not differ\n")
    print(f"{'':58}{'fitted':>8}{'z':>8}{'t':>8}{'df':>6}{'told':>8}{'99.8% interval of t':>22}")
    results, wrong = {}, []
    for name, kind in chosen:
        with threadpool_limits(1, user_api="blas"):
            rows = [_contrast(name, kind, draw) for draw in range(studies)]
        fitted = [row for row in rows if np.isfinite(row.p_value)]
        by_z = float(np.mean([2 * stats.norm.sf(abs(row.statistic)) < ALPHA for row in fitted]))
        by_t = float(np.mean([row.p_value < ALPHA for row in fitted]))
        told, limits = false_positives(kind.articles, fitted[0].df, ALPHA), wilson(by_t, len(fitted), 2 * sure)
        title = f"{name}, {kind.design}, {kind.articles} articles (SD {kind.sd_article:g}), {kind.people} people"
        title += "" if np.isnan(kind.share) else f", {kind.share:.0%}"
        wrong += [title] if limits.low > told else []
        spread = f"{limits.low:.1%} to {limits.high:.1%}"
        print(f"{title:58}{len(fitted) / studies:8.1%}{by_z:8.1%}{by_t:8.1%}{fitted[0].df:6.0f}{told:8.1%}{spread:>22}")
        results[title] = {"z": round(by_z, 4), "t": round(by_t, 4), "told": round(told, 4)}
    print(json.dumps({"benchmark": "odds", "studies": studies, "holds": not wrong, "kinds": results}))
    if wrong:
        raise SystemExit(f"more than is told: {'; '.join(wrong)}")


def _contrast(name: OddsKind, kind: Kind, draw: int) -> OddsContrast:
    """The contrast of one study, as the report makes it."""
    size = StudySize(kind.design, kind.people, kind.articles, kind.ratings)
    own = 0.3 if kind.design == "within" else 0.0
    parts = Components(person=PERSON, article=kind.sd_article, noise=1.0, person_by_arm=own)
    key = [draw, kind.articles, kind.people, round(100 * kind.sd_article)]
    ratings = simulated_study(size, parts, 0.0, np.random.default_rng(key))
    values = ratings["credibility"] / np.sqrt(PERSON**2 + kind.sd_article**2 + 1)
    plan = Plan(outcome="credibility", reference="real", alpha=ALPHA, credible_cut=1 if name == "credible" else None)
    return crossed_odds(ratings.assign(credibility=_answers(values, kind.share)), plan, kind=name).rows[0]


def _answers(values: pd.Series, share: float) -> np.ndarray:
    """Normal values as yes (1) and no (0), ``share`` of them yes, or as 1 to 5 where ``share`` is nan."""
    if np.isnan(share):
        return 1.0 + np.searchsorted(CUTS, values.to_numpy())
    return (values.to_numpy() > stats.norm.isf(share)).astype(float)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=400, help="made-up studies a kind")
    parser.add_argument("--kind", choices=tuple(KINDS), default="", help="these models alone")
    options = parser.parse_args()
    main(options.studies, options.kind)
