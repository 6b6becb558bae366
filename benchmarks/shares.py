"""Whether contrasts of shares keep their level with few people an arm, each of whom gave several ratings.

10 or 20 people in each of two arms, 10 against 40, 5 against 50, and the same 10 or 20 people in both; they give 4, 8
or 20 ratings each in an arm, or, of the same 20 people, one each in the first and so many in the other; one person's
ratings are alike by 0.1, 0.3 or 0.6 (people's own shares are beta-distributed), and half, 72%, 83%, 90% or 95% of
ratings are credible. Of each of these 315 kinds `--studies` made-up studies have arms that do not differ, and as many
have a second arm that lies 20 points lower; the same people keep their place among people in it. Held against each
other are the contrast as the report makes it (Newcombe's interval with t, and the test that inverts it, arms by the
smaller of their own effective size and the one by both arms' design effect), the same with each arm's own effective
size, and the t test of people's shares, Welch's or the paired one. The seeds are the kinds' numbers.

`python -m benchmarks.shares` prints a table and one line of JSON with the worst kind of each row. It fails where false
positives are on average over the kinds more than 5% (fewer are no harm: near 1 the intervals are wide) or intervals
hold the truth in fewer than 94%, where a single kind is surely on the wrong side of these (99% over the kinds of a row,
Bonferroni), or where one p tells otherwise than its interval. `--arms 10,40` is of these arms alone.
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
from analysis.descriptives import share_of
from analysis.intervals import NAN, largest_correlation, newcombe_test, paired, welch, wilson

# People of the one arm, of the other, whether they are the same, and whether they rate once only in the first.
ARMS = {
    "10,10": (10, 10, False, False),
    "20,20": (20, 20, False, False),
    "10,40": (10, 40, False, False),
    "5,50": (5, 50, False, False),
    "10 same": (10, 10, True, False),
    "20 same": (20, 20, True, False),
    "20 same, one": (20, 20, True, True),
}
KINDS = tuple(itertools.product((4, 8, 20), (0.1, 0.3, 0.6), (0.5, 0.72, 0.83, 0.9, 0.95)))
LOWER = 0.2
MOST_FALSE, LEAST_HELD = 0.05, 0.94
# What each study without a difference says, with the report's own first; then what those with one say.
SAID = {
    "false_positives": "false positives (report)",
    "own_size": "  each arm by its own effective size",
    "t_test": "  t test of people's shares",
    "ratio_coverage": "intervals of ratios with the truth",
    "disagree": "p tells otherwise than its interval",
}
SAID_APART = {
    "coverage_apart": "intervals with the truth, 20 points apart",
    "ratio_coverage_apart": "intervals of ratios likewise",
}
BARS = {"false_positives": MOST_FALSE, **dict.fromkeys(("ratio_coverage", *SAID_APART), LEAST_HELD)}


def main(studies: int, arms: str = "") -> None:
    """Prints the table; raises SystemExit where a bar is missed."""
    chosen = [arms] if arms else list(ARMS)
    found = {name: _held(list(ARMS).index(name), ARMS[name], studies) for name in chosen}
    print(f"{studies} studies of each of {len(KINDS)} kinds; means over the kinds, and the least and most of one\n")
    print(f"{'people of the two arms':42}" + "".join(f"{name:>24}" for name in chosen))
    for key, title in (SAID | SAID_APART).items():
        print(f"{title:42}" + "".join(f"{_cell(found[name][key]):>24}" for name in chosen))
    told = {name: {key: _told(key, rates) for key, rates in found[name].items()} for name in chosen}
    wrong = [f"{name} ({key})" for name in chosen for key in missed(found[name], studies)]
    print(json.dumps({"benchmark": "shares", "studies": studies, "holds": not wrong, "bars": BARS, "arms": told}))
    if wrong:
        raise SystemExit(f"outside of a bar: {', '.join(wrong)}")


def _cell(rates: np.ndarray) -> str:
    return f"{np.nanmean(rates):8.1%} ({np.nanmin(rates):.1%} to {np.nanmax(rates):.1%})"


def _told(key: str, rates: np.ndarray) -> dict[str, object]:
    """The mean over the kinds, and the worst kind: ratings a person, how alike they are, share credible."""
    worst = int(np.nanargmin(rates) if "coverage" in key else np.nanargmax(rates))
    return {"mean": round(float(np.nanmean(rates)), 4), "worst": round(float(rates[worst]), 4), "kind": KINDS[worst]}


def missed(rates: dict[str, np.ndarray], studies: int) -> list[str]:
    """The rows of ``rates``, one rate a kind, that are outside of their bar by their mean or surely by a kind."""
    sure, found = 0.01 / len(KINDS), []
    for key, bar in BARS.items():
        above = key == "false_positives"
        worst = float(np.nanmax(rates[key]) if above else np.nanmin(rates[key]))
        mean, limits = float(np.nanmean(rates[key])), wilson(worst, studies, 2 * sure)
        if (mean > bar or limits.low > bar) if above else (mean < bar or limits.high < bar):
            found.append(key)
    return [*found, *(["disagree"] if rates["disagree"].any() else [])]


def _held(place: int, arms: tuple[int, int, bool, bool], studies: int) -> dict[str, np.ndarray]:
    """For such arms, the rates of every row of ``SAID`` and ``SAID_APART``, one a kind."""
    same, rates = arms[2], []
    for number, (most, alike, share) in enumerate(KINDS):
        ratings = 1 if arms[3] else most, most
        rng = np.random.default_rng([number, place])
        alone = [_of_one(*sides, ratings, same) for sides in _drawn(rng, studies, arms, ratings, alike, (share, share))]
        lower = share - LOWER
        apart = [
            _of_apart(*sides, ratings, same, (share, lower))
            for sides in _drawn(rng, studies, arms, ratings, alike, (share, lower))
        ]
        rates.append([float(np.nanmean(column)) for said in (alone, apart) for column in np.transpose(said)])
    return dict(zip((*SAID, *SAID_APART), np.transpose(rates), strict=True))


def _drawn(
    rng: np.random.Generator,
    studies: int,
    arms: tuple[int, int, bool, bool],
    ratings: tuple[int, int],
    alike: float,
    truth: tuple[float, float],
) -> list[tuple[np.ndarray, np.ndarray]]:
    """People's shares in both arms, a pair a study."""
    n, n_other, same, _ = arms
    places = rng.random((studies, n))
    odds = (1 - alike) / alike
    sides: list[np.ndarray] = []
    for share, size, each in zip(truth, (n, n_other), ratings, strict=True):
        own = stats.beta.ppf(
            places if same or not sides else rng.random((studies, size)), share * odds, (1 - share) * odds
        )
        sides.append(rng.binomial(each, own) / each)
    return list(zip(*sides, strict=True))


def _of_one(own: np.ndarray, other: np.ndarray, ratings: tuple[int, int], same: bool) -> list[float]:
    """What one study without a difference says, as 1 and 0 in the order of ``SAID``; nan where it says nothing."""
    row = _contrast(own, other, ratings, same)
    before = (paired(own - other, 1.0) if same else welch(own, other)).p_value < 0.05
    left_out = not row.ci_low <= 0 <= row.ci_high
    return [
        float(row.p_value < 0.05),
        float(_p_by_own_sizes(own, other, ratings, row) < 0.05),
        float(before),
        _holds_ratio(row, 1.0),
        float((row.p_value < 0.05) != left_out),
    ]


def _of_apart(
    own: np.ndarray, other: np.ndarray, ratings: tuple[int, int], same: bool, truth: tuple[float, float]
) -> list[float]:
    """What one study of arms that differ says, in the order of ``SAID_APART``."""
    row = _contrast(own, other, ratings, same)
    return [float(row.ci_low <= truth[0] - truth[1] <= row.ci_high), _holds_ratio(row, truth[0] / truth[1])]


def _holds_ratio(row: ShareContrast, truth: float) -> float:
    """Whether the interval of the ratio holds the truth; nan where a share is 0."""
    return float(row.risk_ratio_ci_low <= truth <= row.risk_ratio_ci_high) if row.risk_ratio_ci_low > 0 else NAN


def _contrast(own: np.ndarray, other: np.ndarray, ratings: tuple[int, int], same: bool) -> ShareContrast:
    """As the report makes it."""
    arm, reference = (
        pd.DataFrame({"participant": range(values.size), "share": values, "mean": values, "n_ratings": each})
        for values, each in zip((own, other), ratings, strict=True)
    )
    both = arm.merge(reference, on="participant", suffixes=("_arm", "_reference"))
    return share_contrast(Pair("synthetic", "real", arm, reference, both if same else both.iloc[:0]), 0.05)


def _p_by_own_sizes(own: np.ndarray, other: np.ndarray, ratings: tuple[int, int], row: ShareContrast) -> float:
    """The p of the same test where each arm has its own effective size."""
    a, b = (share_of(arm, arm.size * each) for arm, each in zip((own, other), ratings, strict=True))
    df = math.inf if math.isnan(row.df) else row.df
    correlation = 0.0
    if row.people == "same people" and np.ptp(own) > 0 < np.ptp(other) and np.ptp(own - other) > 0:
        correlation = min(float(np.corrcoef(own, other)[0, 1]), largest_correlation(a.share, b.share))
    return newcombe_test(a.share, a.n_effective, b.share, b.n_effective, df, correlation)[1]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=200, help="made-up studies a kind, as many of arms that differ")
    parser.add_argument("--arms", choices=tuple(ARMS), default="", help="these arms alone")
    chosen = parser.parse_args()
    main(chosen.studies, chosen.arms)
