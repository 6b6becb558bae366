"""How often tests find a difference where there is none and intervals the truth, over 5,000 simulated null studies.

Each study has two arms of 8 articles, 40 people an arm who rate 4 articles of theirs, and no difference between the
arms: articles differ with an SD of 0.3, people with 0.8, ratings with 1.0 on top. The seeds are 0 to 4,999. Held
against each other are the crossed mixed model with Satterthwaite's degrees of freedom and the t-test on people's means,
which takes the articles as given. For equivalence the truth is put exactly on the bound, where a test may claim it in
at most 5% of studies. Detection (d') is measured on a yes-no answer of known d', with people and articles resampled.

With `--design within` the same 40 people read 4 of the 8 articles of each of three arms, one real and two of models;
what a person makes of each arm differs with an SD of 0.7. Compared are the two models, beside them the paired t-test.

With `--design few-repeats` 60 people an arm rate one of the 8 articles of theirs, and 5 to 15% of them, another share
in each study, a second one: some studies have enough repeats for the model to have an effect of people, and some have
not.

`python -m benchmarks.validity` prints a table and one line of JSON. With `--folder` it keeps the seeds that are done,
250 at a time, and with `--minutes` it stops once so many have passed: the next run adds what is missing there.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from scipy import stats

from analysis.crossed import crossed_contrasts
from analysis.detection import DetectionOptions, detection
from analysis.intervals import paired, welch
from analysis.plan import Plan

STUDIES = 5_000
ARTICLES, PEOPLE, EACH = 8, 40, 4
ARTICLE_SD, PERSON_SD, NOISE_SD = 0.3, 0.8, 1.0
OWN_SD = 0.7
BOUND = 0.5
PIECE = 250
# d' costs a bootstrap a study, so that it has fewer studies: enough to tell 95% from 93.6%.
DETECTION_STUDIES = 1_000
DETECTION_PEOPLE, DETECTION_ARTICLES, D_PRIME = 60, 24, 0.8
DRAWS = 400
FEW_PEOPLE, FEW_SHARES = 60, (0.05, 0.15)
Design = Literal["between", "within", "few-repeats"]
# What each design compares, and the words for it.
COMPARED = {"between": ("synthetic", "real"), "within": ("small", "large"), "few-repeats": ("synthetic", "real")}
SAID = {
    "few-repeats": f"2 arms, {ARTICLES} articles (SD {ARTICLE_SD}), {FEW_PEOPLE} people an arm, 1 rating, of some 2",
    "between": f"2 arms, {ARTICLES} articles (SD {ARTICLE_SD}) and {PEOPLE} people an arm, {EACH} ratings",
    "within": f"3 arms of {ARTICLES} articles (SD {ARTICLE_SD}), {PEOPLE} people in every arm, {EACH} ratings",
}
BARS = {"false_positives": (0.04, 0.06), "coverage": (0.94, 0.96), "tost": (0.0, 0.058)}


def one_study(seed: int, design: Design) -> dict[str, float]:
    """The numbers of one null study: p and interval of both tests, and p of equivalence at its bound."""
    ratings = {"between": null_study, "within": null_study_within, "few-repeats": null_study_few_repeats}[design](seed)
    arm, other = COMPARED[design]
    plan = Plan(reference=other, equivalence_bound=BOUND)
    crossed = crossed_contrasts(ratings, plan)
    (model,) = [row for row in crossed.rows if row.arm == arm]
    means = ratings.groupby(["arm", "participant"])["credibility"].mean()
    naive = paired(means[arm] - means[other]) if design == "within" else welch(means[arm], means[other])
    half = float(stats.t.ppf(0.975, naive.df)) * naive.std_error
    # The same data with the truth moved onto the bound, and the p of equivalence that a report prints.
    on_bound = ratings.assign(credibility=ratings["credibility"] + BOUND * (ratings["arm"] == arm))
    (moved,) = [row for row in crossed_contrasts(on_bound, plan).rows if row.arm == arm]
    at_bound_naive = float(stats.t.cdf(naive.estimate / naive.std_error, naive.df))
    return {
        "seed": seed,
        "people_term": float("participant" in crossed.formula),
        "p_model": model.p_value,
        "covered_model": float(model.ci_low <= 0 <= model.ci_high),
        "width_model": model.ci_high - model.ci_low,
        "tost_model": moved.equivalence_p,
        "p_naive": naive.p_value,
        "covered_naive": float(abs(naive.estimate) <= half),
        "width_naive": 2 * half,
        "tost_naive": at_bound_naive,
    }


def null_study(seed: int) -> pd.DataFrame:
    """Ratings of two arms that do not differ."""
    rng = np.random.default_rng(seed)
    rows = []
    for arm in ("real", "synthetic"):
        articles = rng.normal(0, ARTICLE_SD, ARTICLES)
        for person in range(PEOPLE):
            level = rng.normal(6, PERSON_SD)
            for article in rng.permutation(ARTICLES)[:EACH]:
                value = level + articles[article] + rng.normal(0, NOISE_SD)
                rows.append((f"{arm}-{person:02}", arm, f"{arm}-{article}", arm, value))
    return pd.DataFrame(rows, columns=["participant", "arm", "article", "origin", "credibility"])


def null_study_within(seed: int) -> pd.DataFrame:
    """Ratings of three arms that do not differ but in what each person makes of each of them."""
    rng = np.random.default_rng(2_000_000 + seed)
    articles = {arm: rng.normal(0, ARTICLE_SD, ARTICLES) for arm in ("real", "large", "small")}
    rows = []
    for person in range(PEOPLE):
        level = rng.normal(6, PERSON_SD)
        for arm, effects in articles.items():
            own = level + rng.normal(0, OWN_SD)
            origin = "real" if arm == "real" else "synthetic"
            for article in rng.permutation(ARTICLES)[:EACH]:
                value = own + effects[article] + rng.normal(0, NOISE_SD)
                rows.append((f"person-{person:02}", arm, f"{arm}-{article}", origin, value))
    return pd.DataFrame(rows, columns=["participant", "arm", "article", "origin", "credibility"])


def null_study_few_repeats(seed: int) -> pd.DataFrame:
    """Ratings of two arms that do not differ, one a person, and of a few people a second one."""
    rng = np.random.default_rng(3_000_000 + seed)
    share = rng.uniform(*FEW_SHARES)
    rows = []
    for arm in ("real", "synthetic"):
        articles = rng.normal(0, ARTICLE_SD, ARTICLES)
        for person in range(FEW_PEOPLE):
            level = rng.normal(6, PERSON_SD)
            for article in rng.permutation(ARTICLES)[: 1 + (rng.random() < share)]:
                value = level + articles[article] + rng.normal(0, NOISE_SD)
                rows.append((f"{arm}-{person:02}", arm, f"{arm}-{article}", arm, value))
    return pd.DataFrame(rows, columns=["participant", "arm", "article", "origin", "credibility"])


def one_detection(seed: int) -> dict[str, float]:
    """Whether the bootstrap interval of the pooled d' holds the d' that answers were made from."""
    rng = np.random.default_rng(1_000_000 + seed)
    people = rng.normal(0, 0.4, DETECTION_PEOPLE)
    articles = rng.normal(0, 0.3, DETECTION_ARTICLES)
    synthetic = np.arange(DETECTION_ARTICLES) % 2 == 1
    strength = np.where(synthetic, D_PRIME / 2, -D_PRIME / 2) + articles + people[:, None]
    # With people and articles spread out, the marginal d' is that of the spread-out strengths.
    said = rng.normal(strength) > 0
    truth = D_PRIME / math.sqrt(1 + 0.4**2 + 0.3**2)
    person, article = np.indices(said.shape).reshape(2, -1)
    answers = pd.DataFrame(
        {
            "participant": [f"p{n}" for n in person],
            "article": [f"a{n}" for n in article],
            "arm": np.where(synthetic[article], "synthetic", "real"),
            "origin": np.where(synthetic[article], "synthetic", "real"),
            "attribution": np.where(said.ravel(), 5, 1),
        }
    )
    row = detection(answers, DetectionOptions(draws=DRAWS, seed=seed)).pooled("d_prime")
    return {"seed": seed, "truth": truth, "estimate": row.estimate, "low": row.ci_low, "high": row.ci_high}


def run_piece(kind: str, start: int, stop: int, folder: Path) -> pd.DataFrame:
    """The studies of these seeds, from the folder if they are there."""
    path = folder / f"{kind}-{start:05}-{stop:05}.csv"
    if path.exists():
        return pd.read_csv(path)
    kinds: dict[str, Callable[[int], dict[str, float]]] = {
        "contrast": lambda seed: one_study(seed, "between"),
        "within": lambda seed: one_study(seed, "within"),
        "few-repeats": lambda seed: one_study(seed, "few-repeats"),
        "detection": one_detection,
    }
    frame = pd.DataFrame([kinds[kind](seed) for seed in range(start, stop)])
    frame.to_csv(path.with_suffix(".part"), index=False)
    path.with_suffix(".part").rename(path)
    return frame


def main(studies: int, detections: int, folder: Path, minutes: float, design: Design) -> None:
    """Run what is missing, and print the table once nothing is."""
    ends = time.monotonic() + 60 * minutes
    contrast = "contrast" if design == "between" else design
    found: dict[str, list[pd.DataFrame]] = {contrast: [], "detection": []}
    for kind, total in ((contrast, studies), ("detection", detections if design == "between" else 0)):
        for start in range(0, total, PIECE):
            if time.monotonic() > ends:
                print(f"stopped at {kind} {start} of {total}; run again to go on from {folder}")
                return
            found[kind].append(run_piece(kind, start, min(start + PIECE, total), folder))
    report(pd.concat(found[contrast]), pd.concat(found["detection"]) if found["detection"] else None, design)


def report(contrast: pd.DataFrame, detected: pd.DataFrame | None, design: Design) -> None:
    """The table, and the line of JSON with the bars."""
    n = len(contrast)
    print(f"{n} null studies: {SAID[design]}")
    print("each; shares with their 95% simulation error\n")
    print(f"{'':38}{'mixed model':>18}{'t-test of people':>20}")
    shown: dict[str, Any] = {}
    lines = (
        ("false positives at 5%", "false_positives", contrast.filter(like="p_").lt(0.05).to_numpy(dtype=float)),
        ("95% intervals that hold the truth", "coverage", contrast[["covered_model", "covered_naive"]].to_numpy()),
        ("equivalence claimed at its bound", "tost", contrast.filter(like="tost_").lt(0.05).to_numpy(dtype=float)),
    )
    holds = True
    for title, key, values in lines:
        model, naive = values.mean(axis=0)
        print(f"{title:38}{_share(model, n):>18}{_share(naive, n):>20}")
        low, high = BARS[key]
        holds &= low <= model <= high
        shown[key] = {"model": round(float(model), 4), "naive": round(float(naive), 4), "bar": [low, high]}
    widths = contrast[["width_model", "width_naive"]].mean()
    print(f"{'mean width of the intervals':38}{widths.iloc[0]:>18.3f}{widths.iloc[1]:>20.3f}")
    print(f"{'models with an effect of people':38}{_share(contrast['people_term'].mean(), n):>18}")
    failed = int(contrast["p_model"].isna().sum())
    print(f"{'studies without a fit':38}{failed:>18}")
    if detected is not None:
        inside = float(((detected["low"] <= detected["truth"]) & (detected["truth"] <= detected["high"])).mean())
        bias = float((detected["estimate"] - detected["truth"]).mean())
        print(
            f"\nd' of {len(detected)} studies of {DETECTION_PEOPLE} people and {DETECTION_ARTICLES} articles: intervals"
        )
        print(f"hold the truth in {_share(inside, len(detected))}; mean error {bias:+.3f}")
        shown["d_prime_coverage"] = round(inside, 4)
    print()
    if design == "few-repeats":
        for term, part in contrast.groupby("people_term"):
            which = "with" if term else "without"
            rate = float(part["p_model"].lt(0.05).mean())
            print(f"{f'false positives {which} that effect':38}{_share(rate, len(part)):>18}")
            shown[f"false_positives_{which}_people"] = round(rate, 4)
    said = {"benchmark": "validity", "design": design, "studies": n, "failed": failed, "holds": bool(holds)}
    print(json.dumps(said | shown))


def _share(share: float, n: int) -> str:
    return f"{100 * share:.2f}% ± {196 * math.sqrt(share * (1 - share) / n):.2f}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=STUDIES)
    parser.add_argument("--detections", type=int, default=DETECTION_STUDIES)
    parser.add_argument("--folder", type=Path, help="keeps finished pieces, so that a run can be taken up again")
    parser.add_argument("--design", choices=get_args(Design), default="between")
    parser.add_argument("--minutes", type=float, default=math.inf, help="stop after a piece once so many have passed")
    options = parser.parse_args()
    if options.folder:
        options.folder.mkdir(parents=True, exist_ok=True)
        main(options.studies, options.detections, options.folder, options.minutes, options.design)
    else:
        with tempfile.TemporaryDirectory() as name:
            main(options.studies, options.detections, Path(name), options.minutes, options.design)
