"""How often the interval of Krippendorff's alpha holds the truth, and how far alpha is off, with few articles.

One or two arms of 5 to 30 articles, of which 40 people an arm rate 4 each; 200 people; 4, 10 or 40 people who rate
everything. Of the ratings' variance 0.1, 0.3 or 0.6 lies between articles (which is alpha), three tenths of the rest
between people. `--studies` made-up studies of each kind; their seeds are the kinds' numbers. Articles differ as a
normal distribution does, or, in the last rows, as an exponential one, of which a few stand far above the others.

Then yes-no ratings, 5%, 10% or 20% of which are yes, of articles whose own shares are beta-distributed, or of which a
few are yes to nearly everybody and the others no; alpha is 0.1, 0.3, 0.6 or 0.8.

`python -m benchmarks.agreement` prints a table and one line of JSON, and fails where intervals at 95% hold the truth in
fewer than 93% of studies of one kind with normal articles; of yes-no ratings where fewer hold it than intervals that
hold it in 93% would in 99 of 100 times, or where no study of one kind has an interval.
"""

from __future__ import annotations

import argparse
import json
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from analysis.agreement import krippendorff

ALPHAS = (0.1, 0.3, 0.6)
PEOPLE_SHARE = 0.3
LEAST_HELD = 0.93
FloatArray = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
# Of yes-no ratings: arms, articles and people of each, ratings of one person.
FEW_SAY_YES = ((1, 12, 40, 4), (2, 8, 40, 4), (1, 30, 10, 30), (2, 30, 40, 4))
YES_SHARES, YES_ALPHAS = (0.05, 0.1, 0.2), (0.1, 0.3, 0.6, 0.8)


class Kind(NamedTuple):
    """Arms, articles and people of each, ratings of one person, and whether articles are drawn lopsided."""

    arms: int
    articles: int
    people: int
    each: int
    lopsided: bool = False


KINDS = (
    Kind(1, 12, 40, 4),
    Kind(2, 8, 40, 4),
    Kind(2, 20, 40, 4),
    Kind(2, 30, 40, 4),
    Kind(2, 8, 200, 4),
    Kind(1, 5, 40, 4),
    Kind(1, 12, 4, 12),
    Kind(1, 12, 10, 12),
    Kind(1, 12, 40, 12),
    Kind(1, 12, 40, 4, lopsided=True),
    Kind(2, 30, 40, 4, lopsided=True),
)


def main(studies: int, only: str | None = None) -> None:
    """Prints the tables; raises SystemExit where a bar is missed."""
    found: dict[str, list[float | None]] = {}
    wrong = [] if only == "yes-no" else _of_scales(studies, found)
    wrong += [] if only == "scales" else _of_yes_and_no(studies, found)
    bars = {"least_held": LEAST_HELD}
    print(json.dumps({"benchmark": "agreement", "studies": studies, "holds": not wrong, "bars": bars, "held": found}))
    if wrong:
        raise SystemExit(f"outside of a bar: {', '.join(wrong)}")


def _of_scales(studies: int, found: dict[str, list[float | None]]) -> list[str]:
    """Prints the table of ratings on a scale and adds its rates to ``found``; which kinds miss the bar."""
    print(f"{studies} studies of each kind: intervals at 95% with the truth (too low), mean of alpha, and corrected\n")
    print(f"{'arms, articles, people, ratings each':40}" + "".join(f"{f'alpha {alpha}':>34}" for alpha in ALPHAS))
    wrong = []
    for number, kind in enumerate(KINDS):
        cells = []
        for place, alpha in enumerate(ALPHAS):
            rng = np.random.default_rng([number, place])
            rows = np.array([_of_one(rated(rng, kind, alpha), alpha) for _ in range(studies)])
            held, low, mean, corrected = rows.mean(axis=0)
            cells.append(f"{held:.1%} ({low:.1%}), {mean:.3f}, {corrected:.3f}")
            found.setdefault(_name(kind), []).append(round(held, 4))
            if held < LEAST_HELD and not kind.lopsided:
                wrong.append(_name(kind))
        print(f"{_name(kind):40}" + "".join(f"{cell:>34}" for cell in cells), flush=True)
    return wrong


def _of_yes_and_no(studies: int, found: dict[str, list[float | None]]) -> list[str]:
    """Prints the table of yes-no ratings and adds its rates to ``found``; which kinds miss the bar."""
    print("\nyes-no: intervals at 95% with the truth (too low), and their mean width; 'none': studies without one\n")
    print(f"{'arms, articles, people, ratings each':40}" + "".join(f"{f'alpha {alpha}':>34}" for alpha in YES_ALPHAS))
    wrong = []
    kinds = [(size, two, share) for two in (True, False) for size in FEW_SAY_YES for share in YES_SHARES]
    for number, (size, two, share) in enumerate(kinds):
        name = f"{size[0]} x {size[1]}, {size[2]}, {size[3]}, {share:.0%} yes, {'two kinds' if two else 'beta'}"
        cells = []
        for place, alpha in enumerate(YES_ALPHAS):
            rng = np.random.default_rng([number, place, 1])
            rows = np.array([_interval(answered(rng, Kind(*size), share, alpha, two=two)) for _ in range(studies)])
            cell, held = yes_no_cell(rows, alpha)
            cells.append(cell)
            found.setdefault(name, []).append(held)
            if misses(rows, alpha):
                wrong.append(f"{name}, alpha {alpha}")
        print(f"{name:40}" + "".join(f"{cell:>34}" for cell in cells), flush=True)
    return wrong


def yes_no_cell(rows: FloatArray, alpha: float) -> tuple[str, float | None]:
    """What the table tells of one kind's intervals (studies, 2), and the share that holds ``alpha``; None of none."""
    known = rows[~np.isnan(rows[:, 0])]
    if not len(known):
        return "no interval", None
    held = float(((known[:, 0] <= alpha) & (alpha <= known[:, 1])).mean())
    low, width = float((known[:, 1] < alpha).mean()), float((known[:, 1] - known[:, 0]).mean())
    return f"{held:.1%} ({low:.1%}), {width:.2f}, none {1 - len(known) / len(rows):.0%}", round(held, 4)


def misses(rows: FloatArray, alpha: float) -> bool:
    """Whether fewer of one kind's intervals (studies, 2) hold ``alpha`` than of intervals that hold it in
    ``LEAST_HELD`` of studies would in 99 of 100 times, or there is none."""
    known = rows[~np.isnan(rows[:, 0])]
    held = int(((known[:, 0] <= alpha) & (alpha <= known[:, 1])).sum())
    return not len(known) or held < int(stats.binom.ppf(0.01, len(known), LEAST_HELD))


def answered(rng: np.random.Generator, kind: Kind, share: float, alpha: float, *, two: bool) -> pd.DataFrame:
    """One study of yes-no ratings, ``share`` of which are yes, ``alpha`` of whose variance lies between articles."""
    parts = []
    for arm in range(kind.arms):
        if two:
            # Articles that nearly everybody says yes to, and the others, so that mean and variance are as they must be.
            high = 0.95 if alpha > 0.5 else 0.7
            low = share - alpha * share * (1 - share) / (high - share)
            own = np.where(rng.random(kind.articles) < (share - low) / (high - low), high, low)
        else:
            odds = (1 - alpha) / alpha
            own = rng.beta(share * odds, (1 - share) * odds, kind.articles)
        place = np.argsort(rng.random((kind.people, kind.articles)), axis=1)[:, : kind.each]
        value = (rng.random(place.shape) < own[place]).astype(float)
        people = np.repeat(np.arange(kind.people), kind.each) + arm * kind.people
        articles = place.ravel() + arm * kind.articles
        parts.append(pd.DataFrame({"participant": people, "article": articles, "arm": arm, "rating": value.ravel()}))
    return pd.concat(parts, ignore_index=True)


def _interval(frame: pd.DataFrame) -> tuple[float, float]:
    (row,) = krippendorff(frame, "rating", metric="interval").rows
    return row.ci_low, row.ci_high


def _name(kind: Kind) -> str:
    return f"{kind.arms} x {kind.articles}, {kind.people}, {kind.each}{', lopsided' if kind.lopsided else ''}"


def rated(rng: np.random.Generator, kind: Kind, alpha: float) -> pd.DataFrame:
    """One study: a row a rating, ``alpha`` of whose variance lies between articles of an arm."""
    person_sd, noise_sd = (((1 - alpha) * share) ** 0.5 for share in (PEOPLE_SHARE, 1 - PEOPLE_SHARE))
    parts = []
    for arm in range(kind.arms):
        drawn = rng.exponential(1, kind.articles) - 1 if kind.lopsided else rng.normal(0, 1, kind.articles)
        place = np.argsort(rng.random((kind.people, kind.articles)), axis=1)[:, : kind.each]
        value = alpha**0.5 * drawn[place] + rng.normal(0, person_sd, (kind.people, 1))
        value += rng.normal(0, noise_sd, place.shape)
        people = np.repeat(np.arange(kind.people), kind.each) + arm * kind.people
        articles = place.ravel() + arm * kind.articles
        parts.append(pd.DataFrame({"participant": people, "article": articles, "arm": arm, "rating": value.ravel()}))
    return pd.concat(parts, ignore_index=True)


def _of_one(frame: pd.DataFrame, alpha: float) -> tuple[float, float, float, float]:
    """Whether the interval holds ``alpha``, whether it lies below, alpha, and alpha corrected."""
    (row,) = krippendorff(frame, "rating", metric="interval").rows
    return row.ci_low <= alpha <= row.ci_high, row.ci_high < alpha, row.estimate, row.corrected


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=300, help="made-up studies a kind")
    parser.add_argument("--only", choices=("scales", "yes-no"), help="this part alone")
    chosen = parser.parse_args()
    main(chosen.studies, chosen.only)
