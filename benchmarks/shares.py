"""Whether contrasts of shares keep their level with few people an arm, each of whom gave several ratings.

10 or 20 people in each of two arms, 10 against 40, 5 against 50, and the same 20 people in both; they give 4 or 8
ratings each in an arm; one person's ratings are alike by 0.1, 0.3 or 0.5 (people's own shares are beta-distributed),
and half, 72%, 83%, 90% or 95% of ratings are credible. `--studies` made-up studies of each of these 150 kinds have
arms that do not differ. Held against each other are the contrast as the report makes it (Newcombe's interval with t,
and the test that inverts it) and the t test of people's shares, Welch's or the paired one; for different people also
the score test on effective sizes, with z and with t of as many degrees of freedom as the people have. The seeds are
the kinds' numbers.

`python -m benchmarks.shares` prints a table and one line of JSON, and fails where on average over the kinds false
positives are more than 6% (fewer are no harm: near 1 the intervals are wide), where intervals of ratios hold the truth
in fewer than 94%, or where one p tells otherwise than its interval. `--arms 10,40` is of these arms alone.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math

import numpy as np
import pandas as pd
from scipy import stats

from analysis.contrasts import Pair, ShareContrast, share_contrast
from analysis.descriptives import Share, share_of
from analysis.intervals import NAN, paired, welch

# People of the one arm, of the other, and whether they are the same.
ARMS = {
    "10,10": (10, 10, False),
    "20,20": (20, 20, False),
    "10,40": (10, 40, False),
    "5,50": (5, 50, False),
    "20 same": (20, 20, True),
}
KINDS = tuple(itertools.product((4, 8), (0.1, 0.3, 0.5), (0.5, 0.72, 0.83, 0.9, 0.95)))
MOST_FALSE, LEAST_HELD = 0.06, 0.94
# What each study says: the rows of the table, with the report's own first.
SAID = {
    "false_positives": "false positives (report)",
    "t_test": "  t test of people's shares (before)",
    "score_t": "  score test on effective sizes, t",
    "score_z": "  score test on effective sizes, z",
    "ratio_coverage": "intervals of ratios with the truth",
    "disagree": "p tells otherwise than its interval",
    "t_disagrees": "  p of the t test does (before)",
}


def main(studies: int, arms: str = "") -> None:
    """Prints the table; raises SystemExit where a bar is missed."""
    chosen = [arms] if arms else list(ARMS)
    found = {name: _held(list(ARMS).index(name), ARMS[name], studies) for name in chosen}
    print(
        f"{studies} null studies of each of {len(KINDS)} kinds; means over the kinds, and the least and most of one\n"
    )
    print(f"{'people of the two arms':38}" + "".join(f"{name:>24}" for name in chosen))
    for key, title in SAID.items():
        print(f"{title:38}" + "".join(f"{_cell(found[name][key]):>24}" for name in chosen))
    means = {name: {key: _or_none(rates) for key, rates in found[name].items()} for name in chosen}
    wrong = [name for name in chosen if not _holds(found[name])]
    bars = {"most_false_positives": MOST_FALSE, "least_ratio_coverage": LEAST_HELD, "most_disagree": 0}
    print(json.dumps({"benchmark": "shares", "studies": studies, "holds": not wrong, "bars": bars, "arms": means}))
    if wrong:
        raise SystemExit(f"outside of a bar: {', '.join(wrong)}")


def _cell(rates: np.ndarray) -> str:
    return "-" if np.isnan(rates).all() else f"{rates.mean():8.1%} ({rates.min():.1%} to {rates.max():.1%})"


def _or_none(rates: np.ndarray) -> float | None:
    return None if np.isnan(rates).all() else round(float(rates.mean()), 4)


def _holds(rates: dict[str, np.ndarray]) -> bool:
    return bool(
        rates["false_positives"].mean() <= MOST_FALSE
        and rates["ratio_coverage"].mean() >= LEAST_HELD
        and not rates["disagree"].any()
    )


def _held(place: int, arms: tuple[int, int, bool], studies: int) -> dict[str, np.ndarray]:
    """For such arms, the rates of every row of ``SAID``, one a kind."""
    n, n_other, same = arms
    rates = []
    for number, (ratings, alike, share) in enumerate(KINDS):
        drawn = _shares([number, place], (studies, n if same else n + n_other), ratings, alike, share, same)
        said = np.array([_of_one(own, other, ratings, same) for own, other in zip(*_arms(drawn, n, same), strict=True)])
        rates.append([NAN if np.isnan(column).all() else float(np.nanmean(column)) for column in said.T])
    return dict(zip(SAID, np.transpose(rates), strict=True))


def _shares(
    seed: list[int], size: tuple[int, int], ratings: int, alike: float, share: float, same: bool
) -> tuple[np.ndarray, ...]:
    """People's shares, a row a study: of all people, and where they are the same of both arms, a second time."""
    rng, odds = np.random.default_rng(seed), (1 - alike) / alike
    own = rng.beta(share * odds, (1 - share) * odds, size)
    return tuple(rng.binomial(ratings, own) / ratings for _ in range(2 if same else 1))


def _arms(drawn: tuple[np.ndarray, ...], n: int, same: bool) -> tuple[np.ndarray, np.ndarray]:
    return (drawn[0], drawn[1]) if same else (drawn[0][:, :n], drawn[0][:, n:])


def _of_one(own: np.ndarray, other: np.ndarray, ratings: int, same: bool) -> list[float]:
    """What one study says, as 1 and 0 in the order of ``SAID``; nan where it says nothing."""
    row = _contrast(own, other, ratings, same)
    before = (paired(own - other, 1.0) if same else welch(own, other)).p_value < 0.05
    a, b = (share_of(arm, arm.size * ratings) for arm in (own, other))
    z, df = (NAN, math.inf) if same else _score(a, b)
    left_out = not row.ci_low <= 0 <= row.ci_high
    ratio = row.risk_ratio_ci_low <= 1 <= row.risk_ratio_ci_high if row.risk_ratio_ci_low > 0 else NAN
    return [
        float(row.p_value < 0.05),
        float(before),
        NAN if same else float(2 * stats.t.sf(abs(z), df) < 0.05),
        NAN if same else float(2 * stats.norm.sf(abs(z)) < 0.05),
        float(ratio),
        float((row.p_value < 0.05) != left_out),
        float(before != left_out),
    ]


def _contrast(own: np.ndarray, other: np.ndarray, ratings: int, same: bool) -> ShareContrast:
    """As the report makes it."""
    arm, reference = (
        pd.DataFrame({"participant": range(values.size), "share": values, "mean": values, "n_ratings": ratings})
        for values in (own, other)
    )
    both = arm.merge(reference, on="participant", suffixes=("_arm", "_reference"))
    return share_contrast(Pair("synthetic", "real", arm, reference, both if same else both.iloc[:0]), 0.05)


def _score(own: Share, other: Share) -> tuple[float, float]:
    """The statistic of the score test on effective sizes, and Satterthwaite's degrees of freedom: those of people less
    one in an arm whose size exceeds its people."""
    a, b, na, nb = own.share, other.share, own.n_effective, other.n_effective
    pooled = (a * na + b * nb) / (na + nb)
    parts = [pooled * (1 - pooled) / n for n in (na, nb)]
    if not sum(parts):
        return 0.0, math.inf
    lost = sum(
        part**2 / (arm.n_people - 1)
        for part, arm in zip(parts, (own, other), strict=True)
        if arm.n_effective > arm.n_people
    )
    return (a - b) / math.sqrt(sum(parts)), sum(parts) ** 2 / lost if lost else math.inf


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=200, help="made-up studies a kind")
    parser.add_argument("--arms", choices=tuple(ARMS), default="", help="these arms alone")
    chosen = parser.parse_args()
    main(chosen.studies, chosen.arms)
