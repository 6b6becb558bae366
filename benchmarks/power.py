"""Whether the power that is told of a study is the one that fitted studies of its size have.

Every design has 60 people or more, where the formula alone is told. `--studies` made-up studies of each are fitted as
the report fits them, and held against the formula: how many show the claim, and the standard error and degrees of
freedom of their contrasts. `python -m benchmarks.power` prints a table and one line of JSON, and fails where the
formula's power lies outside of the 99% simulation interval of a design.
"""

from __future__ import annotations

import argparse
import json

import numpy as np

from analysis.crossed import crossed_contrasts
from analysis.intervals import wilson
from analysis.plan import Plan
from analysis.power import Components, StudySize, arms_of, expected_power, simulated_study
from analysis.power_claim import Claim

SEED, ALPHA = 77, 0.05
USUAL = Components(person=0.8, article=0.35, noise=1.0)
EVEN = Components(person=0.8, article=0.3, noise=1.0)
DESIGNS: dict[str, tuple[StudySize, Components, Claim]] = {
    "3 arms, Holm, one": (StudySize("between", 90, 12, 4, 3), USUAL, Claim(0.75, "one")),
    "3 arms, Holm, all": (StudySize("between", 90, 12, 4, 3), USUAL, Claim(0.85, "all")),
    "3 within, Holm, all": (
        StudySize("within", 60, 12, 3, 3),
        Components(person=0.8, article=0.3, noise=1.0, person_by_arm=0.4),
        Claim(0.55, "all"),
    ),
    "3 arms, Holm, 1 rating": (
        StudySize("between", 180, 6, 1, 3),
        Components(person=0.8, article=0.25, noise=1.0),
        Claim(0.9, "one"),
    ),
    "2 arms, equivalence": (StudySize("between", 120, 16, 4, 2), EVEN, Claim(0.0, bounds=(-0.65, 0.65))),
    "3 arms, equivalence": (StudySize("between", 120, 16, 4, 3), EVEN, Claim(0.0, "all", bounds=(-0.8, 0.8))),
}


def main(studies: int) -> None:
    """Prints a row a design; raises SystemExit where the formula is not borne out."""
    print(f"{studies} fitted studies a design\n")
    print(f"{'':24}{'power':>7}{'shown':>7}{'95% interval':>16}{'SE':>8}{'fitted':>8}{'df':>7}{'fitted':>8}")
    results = {}
    for name, (size, parts, claim) in DESIGNS.items():
        result = results[name] = _held(size, parts, claim, studies)
        print(
            f"{name:24}{result['power']:7.1%}{result['shown']:7.1%}"
            f"{result['low']:8.1%} to {result['high']:.1%}{result['se']:8.3f}{result['se_fitted']:8.3f}"
            f"{result['df']:7.1f}{result['df_fitted']:8.1f}"
        )
    wrong = [name for name, result in results.items() if not result["holds"]]
    print(json.dumps({"benchmark": "power", "studies": studies, "holds": not wrong, "designs": results}))
    if wrong:
        raise SystemExit(f"the formula is not borne out: {'; '.join(wrong)}")


def _held(size: StudySize, parts: Components, claim: Claim, studies: int) -> dict[str, float]:
    """The formula's power, standard error and degrees of freedom, and beside each what the fitted studies have: the
    root of the mean squared standard error, and the median of the degrees of freedom."""
    low, high = claim.bounds or (None, None)
    plan = Plan(reference="real", alpha=ALPHA, equivalence_low=low, equivalence_high=high)
    point, shown, errors, dfs = expected_power(size, parts, claim, ALPHA), 0, [], []
    for draw in range(studies):
        ratings = simulated_study(size, parts, claim.differences(size.arms - 1), np.random.default_rng([SEED, draw]))
        rows = crossed_contrasts(ratings, plan, arms=arms_of(size)).rows
        shown += claim.shown([row.p_value for row in rows], [row.equivalence_p for row in rows], ALPHA)
        errors += [row.std_error for row in rows]
        dfs += [row.df for row in rows]
    told, wide = wilson(shown / studies, studies), wilson(shown / studies, studies, 0.01)
    return {
        "power": round(point.expected, 4),
        "shown": round(shown / studies, 4),
        "low": round(told.low, 4),
        "high": round(told.high, 4),
        "se": round(point.std_error, 4),
        "se_fitted": round(float(np.sqrt(np.nanmean(np.square(errors)))), 4),
        "df": round(point.df, 1),
        "df_fitted": round(float(np.nanmedian(dfs)), 1),
        "holds": wide.low <= point.expected <= wide.high,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=200, help="fitted studies a design")
    main(parser.parse_args().studies)
