"""Whether the power that is told of a study is the one that fitted studies of its size have.

`--studies` made-up studies of each design are fitted as the report fits them, and held against the formula: how many
show the claim, and the standard error and degrees of freedom of their contrasts. The first designs have 60 people or
more, where the formula alone is told, and several claims. Of the others the fewest people are asked for that give a
difference a power of 80%, and studies of so many are fitted: between and within, one rating a person to all articles,
few articles and many, people alike and unlike, arms that tell the same stories. Each design has random numbers of its
own.

`python -m benchmarks.power` prints a table and one line of JSON, and fails where so few or so many studies of a design
show the claim as have a chance below 1% over all designs together, if the formula's power is the true one: the exact
binomial tail, doubled, and Bonferroni's level. `--named` does some of them.
"""

from __future__ import annotations

import argparse
import json
import zlib

import numpy as np
from scipy import stats

from analysis.crossed import crossed_contrasts
from analysis.intervals import wilson
from analysis.plan import Plan
from analysis.power import arms_of, expected_power, people_needed, simulated_study
from analysis.power_claim import Claim
from analysis.power_size import Components, PlannedDesign, StudySize

SEED, ALPHA = 77, 0.05
USUAL = Components(person=0.8, article=0.35, noise=1.0)
EVEN = Components(person=0.8, article=0.3, noise=1.0)
Design = tuple[StudySize, Components, Claim]
CLAIMS: dict[str, Design] = {
    "2 arms, difference": (StudySize("between", 120, 12, 4, 2), USUAL, Claim(0.6)),
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
# Design, difference, articles an arm, ratings a person and arm, spreads.
_FEWEST: tuple[tuple[PlannedDesign, float, int, int, Components], ...] = (
    ("between", 0.5, 16, 4, EVEN),
    ("between", 0.5, 12, 1, EVEN),
    ("between", 1.0, 8, 8, Components(person=1.2, article=0.5, noise=1.0)),
    ("between", 0.4, 20, 8, Components(person=0.5, article=0.2, noise=1.5)),
    ("between", 0.25, 30, 2, Components(person=0.3, article=0.15, noise=0.6)),
    ("between", 0.5, 16, 4, Components(person=0.8, article=0.25, noise=1.0, story=0.8)),
    ("within", 0.5, 12, 1, Components(person=0.8, article=0.3, noise=1.0, person_by_arm=0.2)),
    ("within", 0.4, 16, 4, Components(person=0.8, article=0.2, noise=1.0, person_by_arm=0.6)),
    ("within", 0.35, 24, 3, Components(person=0.8, article=0.2, noise=1.2, person_by_arm=0.4)),
    ("within", 0.4, 16, 3, Components(person=0.8, article=0.2, noise=1.0, person_by_arm=0.5, story=0.8)),
)
POWER = 0.8


def main(studies: int, named: str) -> None:
    """Prints a row for each design whose name has ``named``; raises SystemExit where the formula is not borne out."""
    designs = {**CLAIMS, **fewest()}
    level = 0.01 / len(designs)
    designs = {name: design for name, design in designs.items() if named in name}
    print(f"{studies} fitted studies a design\n")
    print(f"{'':44}{'power':>7}{'shown':>7}{'95% interval':>16}{'SE':>8}{'fitted':>8}{'df':>7}{'fitted':>8}")
    results = {}
    for name, (size, spreads, claim) in designs.items():
        result = results[name] = _held(name, size, spreads, claim, studies, level)
        print(
            f"{name:44}{result['power']:7.1%}{result['shown']:7.1%}"
            f"{result['low']:8.1%} to {result['high']:.1%}{result['se']:8.3f}{result['se_fitted']:8.3f}"
            f"{result['df']:7.1f}{result['df_fitted']:8.1f}"
        )
    wrong = [name for name, result in results.items() if not result["holds"]]
    print(json.dumps({"benchmark": "power", "studies": studies, "holds": not wrong, "designs": results}))
    if wrong:
        raise SystemExit(f"the formula is not borne out: {'; '.join(wrong)}")


def fewest() -> dict[str, Design]:
    """The studies of the fewest people that have the power, by the formula."""
    found = {}
    for design, difference, articles, ratings, spreads in _FEWEST:
        people = people_needed(
            design, spreads, difference, articles=articles, ratings=ratings, power=POWER, alpha=ALPHA
        )
        assert people is not None
        stories = ", same stories" if spreads.story else ""
        name = f"{design}, {articles} articles, {ratings} ratings{stories}: {people} people"
        found[name] = StudySize(design, people, articles, ratings), spreads, Claim(difference)
    return found


def _held(name: str, size: StudySize, parts: Components, claim: Claim, studies: int, level: float) -> dict[str, float]:
    """The formula's power, standard error and degrees of freedom, and beside each what the fitted studies have: the
    root of the mean squared standard error, and the median of the degrees of freedom."""
    low, high = claim.bounds or (None, None)
    plan = Plan(reference="real", alpha=ALPHA, equivalence_low=low, equivalence_high=high)
    point, shown, errors, dfs = expected_power(size, parts, claim, ALPHA), 0, [], []
    for draw in range(studies):
        # By the design's name, so that some of the designs have the same studies as all of them.
        rng = np.random.default_rng([SEED, zlib.crc32(name.encode()), draw])
        ratings = simulated_study(size, parts, claim.differences(size.arms - 1), rng)
        rows = crossed_contrasts(ratings, plan, arms=arms_of(size)).rows
        shown += claim.shown([row.p_value for row in rows], [row.equivalence_p for row in rows], ALPHA)
        errors += [row.std_error for row in rows]
        dfs += [row.df for row in rows]
    told = wilson(shown / studies, studies)
    return {
        "people": size.people,
        "power": round(point.expected, 4),
        "shown": round(shown / studies, 4),
        "low": round(told.low, 4),
        "high": round(told.high, 4),
        "se": round(point.std_error, 4),
        "se_fitted": round(float(np.sqrt(np.nanmean(np.square(errors)))), 4),
        "df": round(point.df, 1),
        "df_fitted": round(float(np.nanmedian(dfs)), 1),
        "holds": chance_of(shown, studies, point.expected) >= level,
    }


def chance_of(shown: int, studies: int, power: float) -> float:
    """How probable it is that a share of ``studies`` lies as far from ``power`` as ``shown`` of them do: the exact
    binomial tail on their side, doubled for both sides, at most 1.

    An interval around the share that was shown goes by that share's spread, and can refuse a true power nearly twice as
    often.
    """
    tail = min(stats.binom.cdf(shown, studies, power), stats.binom.sf(shown - 1, studies, power))
    return float(min(1.0, 2 * tail))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=200, help="fitted studies a design")
    parser.add_argument("--named", default="", metavar="TEXT", help="only designs whose name has this")
    options = parser.parse_args()
    main(options.studies, options.named)
