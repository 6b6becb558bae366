"""Whether contrasts of shares keep their level with few people an arm, each of whom gave several ratings.

10, 15 and 20 people an arm, who give 4 or 8 ratings each; one person's ratings are alike by 0.1, 0.3 or 0.5 (people's
own shares are beta-distributed), and half, 72% or 83% of ratings are credible. `--studies` made-up studies of each of
these 54 kinds have arms that do not differ. Held against each other are the contrast as the report makes it (Welch's t
of people's shares; intervals joined of Wilson's with its t) and the score test on effective sizes, with z, as reports
had it before, and with t of as many degrees of freedom as the people have. The seeds are the kinds' numbers.

`python -m benchmarks.shares` prints a table and one line of JSON, and fails where the false positives of 10, 15 or 20
people are outside of 4 to 6%, or the coverage outside of 94 to 96%, on average over the kinds.
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
from analysis.intervals import newcombe

PEOPLE = (10, 15, 20)
KINDS = tuple(itertools.product((4, 8), (0.1, 0.3, 0.5), (0.5, 0.72, 0.83)))
BARS = {"false_positives": (0.04, 0.06), "coverage": (0.94, 0.96), "ratio_coverage": (0.94, 0.96)}
_NOBODY = pd.DataFrame({"participant": []})
# What each study says: the rows of the table, with the report's own first.
SAID = {
    "false_positives": "false positives, Welch's t (report)",
    "score_t": "  score test on effective sizes, t",
    "score_z": "  score test on effective sizes, z (before)",
    "coverage": "intervals that hold the truth (report)",
    "coverage_before": "  joined of the arms' own (before)",
    "ratio_coverage": "intervals of ratios (report)",
    "ratio_before": "  Katz's with z (before)",
}


def main(studies: int) -> None:
    """Prints the table; raises SystemExit where a bar is missed."""
    found = {people: _held(people, studies) for people in PEOPLE}
    print(
        f"{studies} null studies of each of {len(KINDS)} kinds; means over the kinds, and the least and most of one\n"
    )
    print(f"{'people an arm':44}" + "".join(f"{people:>24}" for people in PEOPLE))
    for key, title in SAID.items():
        cells = (
            f"{rates.mean():8.1%} ({rates.min():.1%} to {rates.max():.1%})" for rates in (found[n][key] for n in PEOPLE)
        )
        print(f"{title:44}" + "".join(f"{cell:>24}" for cell in cells))
    means = {key: {str(people): round(float(found[people][key].mean()), 4) for people in PEOPLE} for key in SAID}
    wrong = [
        f"{key} of {people}"
        for key, (low, high) in BARS.items()
        for people in PEOPLE
        if not low <= found[people][key].mean() <= high
    ]
    print(json.dumps({"benchmark": "shares", "studies": studies, "holds": not wrong, "bars": BARS, **means}))
    if wrong:
        raise SystemExit(f"outside of its bar: {', '.join(wrong)}")


def _held(people: int, studies: int) -> dict[str, np.ndarray]:
    """For so many people an arm, the rates of every row of ``SAID``, one a kind."""
    rates = [
        np.nanmean(
            [_of_one(own, other, ratings) for own, other in _shares(number, studies, people, ratings, alike, share)],
            axis=0,
        )
        for number, (ratings, alike, share) in enumerate(KINDS)
    ]
    return dict(zip(SAID, np.transpose(rates), strict=True))


def _shares(seed: int, studies: int, people: int, ratings: int, alike: float, share: float) -> np.ndarray:
    """People's shares, of so many studies with two arms."""
    rng, odds = np.random.default_rng([seed, people]), (1 - alike) / alike
    own = rng.beta(share * odds, (1 - share) * odds, (studies, 2, people))
    return np.asarray(rng.binomial(ratings, own) / ratings)


def _of_one(own: np.ndarray, other: np.ndarray, ratings: int) -> list[float]:
    """What one study says, as 1 and 0 in the order of ``SAID``; nan where it says nothing."""
    row = _contrast(own, other, ratings)
    a, b = (share_of(arm, arm.size * ratings) for arm in (own, other))
    z, df = _score(a, b)
    before = newcombe(a.share, a.interval(0.05), b.share, b.interval(0.05))
    logs = sum((1 - arm.share) / (arm.share * arm.n_effective) for arm in (a, b)) if a.share * b.share > 0 else math.nan
    katz = abs(math.log(row.risk_ratio)) <= stats.norm.ppf(0.975) * math.sqrt(logs) if logs > 0 else math.nan
    ratio = row.risk_ratio_ci_low <= 1 <= row.risk_ratio_ci_high if row.risk_ratio_ci_low > 0 else math.nan
    return [
        float(row.p_value < 0.05),
        float(2 * stats.t.sf(abs(z), df) < 0.05),
        float(2 * stats.norm.sf(abs(z)) < 0.05),
        float(row.ci_low <= 0 <= row.ci_high),
        float(before.low <= 0 <= before.high),
        float(ratio),
        float(katz),
    ]


def _contrast(own: np.ndarray, other: np.ndarray, ratings: int) -> ShareContrast:
    """As the report makes it, of different people."""
    arm, reference = (
        pd.DataFrame({"participant": range(values.size), "share": values, "mean": values, "n_ratings": ratings})
        for values in (own, other)
    )
    return share_contrast(Pair("synthetic", "real", arm, reference, _NOBODY), 0.05)


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
    parser.add_argument("--studies", type=int, default=500, help="made-up studies a kind")
    main(parser.parse_args().studies)
