"""PURE: unequal spreads of people's means in arms of unequal size, for which the main test is not to stand alone."""

from collections.abc import Mapping

from analysis.cautions import UNEQUAL, Caution
from analysis.compare import Comparison
from analysis.report_text import interval, level_text, number, p_text


def cautions_of_spreads(comparison: Comparison, labels: Mapping[str, str]) -> list[Caution]:
    """A caution for each contrast of arms of different people in which one arm's SD of people's means, and one arm's
    number of people, are at least ``UNEQUAL`` times the other's, where Levene's test over all arms finds them unequal.

    The mixed model takes spreads as equal: where the smaller arm's is the larger one, it finds differences too often,
    where the larger arm's is, too seldom (Delacre, Lakens & Leys 2017, who say it of t tests). Welch's test of people's
    means, which the caution gives, takes each arm's own, and holds the articles fixed.
    """
    levene = [row.p_value for row in comparison.omnibus.rows if row.term == "Levene"]
    if not levene or not levene[0] < 1 - comparison.level:
        return []
    arms = {arm.arm: arm for arm in comparison.arms.rows}
    found = []
    for row in comparison.means.rows:
        own, other = arms[row.arm], arms[row.reference]
        less, more = sorted((own, other), key=lambda arm: arm.n_people)
        wide, narrow = max(own.sd, other.sd), min(own.sd, other.sd)
        if not (narrow > 0 and wide >= UNEQUAL * narrow and more.n_people >= UNEQUAL * less.n_people and row.df > 0):
            continue
        names = {arm.arm: labels.get(arm.arm, arm.arm) for arm in (own, other)}
        sides = " and ".join(f"{names[arm.arm]} (SD {number(arm.sd)}, {arm.n_people} people)" for arm in (own, other))
        sentence = (
            f"People's means spread unequally in {sides}. The main test takes spreads as equal; with numbers of people "
            f"so unequal it finds differences too {'often' if less.sd > more.sd else 'seldom'} (Delacre, Lakens & Leys "
            f"2017). Welch's test of people's means, which does not, but holds the articles fixed: difference "
            f"{number(row.estimate)}, {level_text(comparison.level)} interval {interval(row.ci_low, row.ci_high)}, "
            f"{p_text(row.p_value)} (not adjusted)."
        )
        found.append(Caution("unequal-spreads", row.contrast, sentence))
    return found
