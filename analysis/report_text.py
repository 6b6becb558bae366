"""PURE: a report's words: numbers as they are printed, the main sentence, the methods, the references."""

import math
from collections.abc import Iterable, Mapping
from typing import Protocol

from analysis.cautions import UNEQUAL
from analysis.compare import Comparison
from analysis.contrasts import SAME_PEOPLE, MeanContrast, ShareContrast
from analysis.crossed import Crossed, CrossedContrast
from analysis.exclusions import Exclusions
from analysis.plan import Plan
from analysis.schema import INDEX_COLUMN
from analysis.untested import untested_sentence, why_no_test

MISSING = "–"
# So large a number is told by its first digits and its power of ten.
LONG = 1e12


class Tested(Protocol):
    """A contrast with its p value alone and among all contrasts."""

    @property
    def p_value(self) -> float: ...

    @property
    def p_adjusted(self) -> float: ...


def number(value: float, digits: int = 2) -> str:
    """The value with so many digits after the point and a true minus; a dash where there is none."""
    if math.isnan(value):
        return MISSING
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if abs(value) >= LONG:
        return f"{value:.1e}".replace("-", "−")
    text = f"{value:.{digits}f}"
    # A value that rounds to zero has no sign.
    text = text.lstrip("-") if float(text) == 0 else text
    return text.replace("-", "−")


def digits_for(spreads: Iterable[float]) -> int:
    """So many digits after the point that a spread like the outcome's shows two that count, and fewer of large numbers.

    >>> digits_for([1.2]), digits_for([0.0015]), digits_for([25.0]), digits_for([4200.0])
    (2, 4, 2, 0)
    """
    known = sorted(spread for spread in spreads if math.isfinite(spread) and spread > 0)
    if not known:
        return 2
    size = math.floor(math.log10(known[len(known) // 2]))
    return 1 - size if size < 0 else 2 if size < 2 else max(0, 3 - size)


def percent(share: float) -> str:
    """A share as a percentage with one digit."""
    return MISSING if math.isnan(share) else f"{number(100 * share, 1)}%"


def level_text(level: float) -> str:
    """A confidence level or a power with all the digits that it was given with: '95%', '97.5%', '99.9%'."""
    return f"{100 * level:.10g}%"


def interval(low: float, high: float, digits: int = 2) -> str:
    """Both limits, 'low to high'."""
    return MISSING if math.isnan(low) else f"{number(low, digits)} to {number(high, digits)}"


def df_pair(df: float, within: float) -> str:
    """The degrees of freedom of an F, '2, 31.4'."""
    return MISSING if math.isnan(df) else f"{df:g}, {number(within, 1)}"


def p_text(p: float) -> str:
    """'p = 0.012', 'p < 0.001', or that there is none."""
    if math.isnan(p):
        return "no test"
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def p_number(p: float) -> str:
    """A p value as it stands in a table."""
    return p_text(p).replace("p = ", "").replace("p < ", "< ").replace("no test", MISSING)


def p_beside(row: Tested, tested: int) -> str:
    """The p behind an interval; where several contrasts are tested, both say whether they are adjusted for it."""
    if tested < 2:
        return f", {p_text(row.p_adjusted)}"
    return f" (not adjusted), {p_text(row.p_adjusted)} adjusted for {tested} contrasts"


def on_its_own(row: Tested, level: float, tested: int) -> str:
    """Why an interval without 0 stands beside a test that finds nothing, where it does."""
    if tested < 2 or row.p_value >= 1 - level:
        return ""
    return f"; on its own it would differ ({p_text(row.p_value)}), among {tested} contrasts it need not"


def would_be_found(what: str, tested: int = 1) -> str:
    """The end of a sentence that found nothing: what a test among ``tested`` would have found with a power of 80%."""
    least, adjusted = ("at least ", " (after the adjustment)") if tested > 1 else ("", "")
    return f"; {what} would have been found in {least}four of five such studies{adjusted}"


def digits_of(comparison: Comparison) -> int:
    """The digits of numbers on the outcome's scale."""
    return digits_for(arm.sd for arm in comparison.arms.rows)


def main_sentences(
    comparison: Comparison,
    labels: Mapping[str, str],
    outcome: str,
    mode: str,
    crossed: Crossed | None = None,
    main: str = "",
) -> tuple[str, ...]:
    """The result in words, a sentence a contrast, by the crossed model where there is one; ``main`` is the arm of the
    plan's main contrast, whose sentence comes first.

    Says before all where the people were a program.
    """
    opening = (
        ("These are answers of a program that walked the pages, not of people: they show how the study works.",)
        if mode == "simulated"
        else ()
    )
    if not comparison.means.rows:
        return (*opening, "There is only one arm, so there is no comparison to report.")
    shares = {row.contrast: row for row in comparison.shares.rows}
    digits = digits_of(comparison)
    means = {arm.arm: arm.mean for arm in comparison.arms.rows}
    if crossed is not None and crossed.fit is not None:
        levels = {arm.arm: arm.estimate for arm in crossed.means}
        rows = sorted(crossed.rows, key=lambda row: row.arm != main)
        tested = [
            _crossed_sentence(crossed, row, shares.get(row.contrast), levels, labels, outcome, digits) for row in rows
        ]
    else:
        tested = [
            _contrast_sentence(comparison, row, shares.get(row.contrast), means, labels, outcome)
            for row in sorted(comparison.means.rows, key=lambda row: row.arm != main)
        ]
    return (*opening, *tested)


def _crossed_sentence(
    crossed: Crossed,
    row: CrossedContrast,
    share: ShareContrast | None,
    means: Mapping[str, float],
    labels: Mapping[str, str],
    outcome: str,
    digits: int,
) -> str:
    arm, reference = (labels.get(name, name) for name in (row.arm, row.reference))
    if math.isnan(row.estimate):
        return f"{arm} cannot be compared with {reference}: one of them has no ratings."
    if math.isnan(row.p_value):
        why = "the mixed model gives its difference no error"
        return untested_sentence(arm, reference, outcome, number(row.estimate, digits), why)
    significant = row.p_adjusted < 1 - crossed.level
    verb = "was not shown to differ from"
    if significant:
        verb = "was rated lower than" if row.estimate < 0 else "was rated higher than"
    tested = sum(math.isfinite(other.p_value) for other in crossed.rows)
    sentence = (
        f"{arm} {verb} {reference} on the {outcome}: {number(means[row.arm], digits)} against "
        f"{number(means[row.reference], digits)}, "
        f"difference {number(row.estimate, digits)}, {level_text(crossed.level)} interval "
        f"{interval(row.ci_low, row.ci_high, digits)}"
        f"{p_beside(row, tested)} ({_sampled(crossed)}, {number(row.df, 1)} df, Holm)"
    )
    if not significant:
        found = would_be_found(f"a difference of {number(row.detectable_adjusted, digits)}", tested)
        sentence += f"{on_its_own(row, crossed.level, tested)}{found}"
    if row.equivalence_p < 1 - crossed.level:
        sentence += f"; the two are equivalent within the plan's bounds ({p_text(row.equivalence_p)})"
    return f"{sentence}{_share_beside(share)}."


def _sampled(crossed: Crossed) -> str:
    """The model in a few words, and what it takes as samples."""
    if crossed.samples_articles:
        return f"crossed mixed model of {crossed.n_people} readers and {crossed.n_articles} articles"
    return (
        f"mixed model of {crossed.n_people} readers, with the {crossed.n_articles} articles held fixed, so that it "
        "speaks of these articles only"
    )


def _share_beside(share: ShareContrast | None) -> str:
    """The difference of shares beside a test that samples articles: without its interval, which does not."""
    if share is None or math.isnan(share.estimate):
        return ""
    points = number(100 * share.estimate, 1)
    return f"; among these ratings the difference of the shares credible is {points} percentage points (no test)"


def _share_words(share: ShareContrast | None, alpha: float, tested: int) -> str:
    if share is None or math.isnan(share.ci_low):
        return ""
    points = interval(100 * share.ci_low, 100 * share.ci_high, 1)
    found = would_be_found(f"one of {number(100 * share.detectable_adjusted, 1)} points", tested)
    if share.p_adjusted < alpha or math.isnan(share.detectable_adjusted):
        found = ""
    return (
        f"; the difference of the shares credible is {number(100 * share.estimate, 1)} percentage points (interval "
        f"{points}, articles held fixed){found}"
    )


def _contrast_sentence(
    comparison: Comparison,
    row: MeanContrast,
    share: ShareContrast | None,
    means: Mapping[str, float],
    labels: Mapping[str, str],
    outcome: str,
) -> str:
    arm, reference = (labels.get(name, name) for name in (row.arm, row.reference))
    digits = digits_of(comparison)
    if math.isnan(row.estimate):
        return f"{arm} cannot be compared with {reference}: one of them has no ratings."
    if why := why_no_test(row, labels):
        return untested_sentence(arm, reference, outcome, number(row.estimate, digits), why)
    significant = row.p_adjusted < 1 - comparison.level
    tested = sum(math.isfinite(other.p_value) for other in comparison.means.rows)
    verb = "was not shown to differ from"
    if significant:
        verb = "was rated lower than" if row.estimate < 0 else "was rated higher than"
    # Paired contrasts are of the people in both arms, whose means need not be the arms' means.
    against = (
        ""
        if row.people == SAME_PEOPLE
        else f"{number(means[row.arm], digits)} against {number(means[row.reference], digits)}, "
    )
    sentence = (
        f"{arm} {verb} {reference} on the {outcome}: {against}difference {number(row.estimate, digits)}, "
        f"{level_text(comparison.level)} interval {interval(row.ci_low, row.ci_high, digits)}{p_beside(row, tested)} "
        f"({row.method}, Holm)"
    )
    alone = "" if significant else on_its_own(row, comparison.level, tested)
    shares_tested = sum(math.isfinite(other.p_value) for other in comparison.shares.rows)
    return f"{sentence}{alone}{_share_words(share, 1 - comparison.level, shares_tested)}."


def methods(
    comparison: Comparison, plan: Plan, exclusions: Exclusions, outcome: str, crossed: Crossed | None = None
) -> tuple[str, ...]:
    """How the numbers were made, in sentences that can stand in a paper."""
    level = level_text(comparison.level)
    model = _crossed_methods(crossed)
    found = [
        f"The outcome is the {outcome}.",
        *model,
        f"{'Beside it, the' if model else 'The'} unit of analysis is a participant's mean within an arm "
        f"({comparison.n_people} people, {comparison.n_ratings} ratings). Means have t intervals over people.",
    ]
    if any(row.people == SAME_PEOPLE for row in comparison.means.rows):
        found.append(
            "Arms that people share are compared by paired t tests of within-person differences, with Hedges' g of "
            "the differences (g_z); arms of different people by Welch's t test, with Hedges' g by the pooled SD (g)."
        )
    else:
        found.append(
            "Arms are compared with the reference arm by Welch's t test (Welch 1947; Delacre, Lakens & Leys 2017), "
            "with Hedges' g by the pooled SD (Hedges 1981) and its noncentral t interval."
        )
    found.append(f"p values are adjusted by Holm's (1979) method; {level} intervals of contrasts are not adjusted.")
    if comparison.credible_cut is not None:
        theirs = ": the published reports do not state theirs" if plan.outcome == INDEX_COLUMN else ""
        found.append(
            f"A rating counts as credible from {comparison.credible_cut:g} upwards. The cut is this study's own "
            f"choice{theirs}. Shares have Wilson intervals (Wilson 1927), differences of shares Newcombe's (1998) "
            "hybrid score intervals, and ratios the same of their logarithms (Zou & Donner 2008). "
            "Where people gave several ratings, effective sample sizes account for ratings of one person being alike "
            "(Rao & Scott 1992; Dean & Pagano 2015), and Wilson intervals have t of as many degrees of freedom as "
            "people but one in the place of z (Korn & Graubard 1998). "
            f"{_share_tests(comparison)}"
        )
    if comparison.omnibus.rows:
        found.append(
            "Omnibus tests on people's means: Welch's (1951) and the classical analysis of variance, Kruskal-Wallis "
            "with ties corrected, Levene's (1960) test around means."
        )
    if plan.exclusions:
        rules = " ".join(step.description for step in exclusions.steps)
        found.append(f"Left out, by the plan's rules in this order: {rules}")
    else:
        found.append("The plan names no exclusions; every rating with an outcome counts.")
    return tuple(found)


# Said wherever people gave several ratings.
_SIZES = (
    " In a contrast each arm counts by the smaller of its own effective size and the one by both arms' pooled design "
    "effect, lest a few people who are alike by chance make a difference; with few people near 0% or 100% such tests "
    "find less than their level allows."
)


def _share_tests(comparison: Comparison) -> str:
    """How shares are tested, by the tests that there are."""
    used = {row.method for row in comparison.shares.rows if math.isfinite(row.p_value)}
    if not used:
        return ""
    quantiles = {
        "Newcombe z": "z for different people who gave one rating each, or who all answered alike within their arms",
        "Newcombe t": "t with Welch's (1947) degrees of freedom of people's shares for different people of whom some "
        "gave several ratings",
        "paired Newcombe t": "t of their number less one for the same people, with the correlation of their shares, "
        "at most halfway from the largest of yes-no answers to 1",
    }
    told = "; ".join(words for method, words in quantiles.items() if method in used)
    return (
        "Shares are compared by the test that inverts the interval of their difference (Newcombe 1998; Zou & Donner "
        "2008): its statistic is the quantile with which that interval just reaches 0, so that p and interval agree. "
        f"The quantile is {told}; intervals of "
        f"ratios take it too.{'' if used == {'Newcombe z'} else _SIZES}"
    )


def _crossed_methods(crossed: Crossed | None) -> tuple[str, ...]:
    if crossed is None or crossed.fit is None:
        return ()
    samples = "with people and articles as crossed random samples (Judd, Westfall & Kenny 2012)"
    if not crossed.samples_articles:
        samples = (
            "with people as the sample and the articles held fixed, since the design cannot tell them from the arms"
        )
    return (
        f"The main test is the linear mixed model {crossed.formula} (lme4's notation), fitted by REML (Bates, "
        f"Maechler, Bolker & Walker 2015), {samples}, and Satterthwaite's degrees of freedom (Kuznetsova, Brockhoff & "
        "Christensen 2017). Its random terms are the most that the design carries; a term needs ten repeats, or "
        "groups whose design effect (Kish 1965) is above 1.2, over all rows or for two arms, to be told from the "
        "residual. Shares, omnibus tests on people's means, ranks and permutation tests hold the articles fixed.",
        "The model takes spreads as equal in all arms. For arms of different people, where Levene's (1960) test finds "
        "them unequal, and both the SDs of people's means and the numbers of people of two arms differ by a factor of "
        f"{UNEQUAL:g} or more, a caution gives Welch's test beside it (Delacre, Lakens & Leys 2017).",
        *_joint_methods(crossed),
    )


def _joint_methods(crossed: Crossed) -> tuple[str, ...]:
    """What else the report shows of the main test's model: its F test, and the pairs where there are several."""
    if math.isnan(crossed.omnibus.p_value):
        return ()
    found = (
        "That all arms are equal is tested by the F test of this model's contrasts, its denominator's degrees of "
        "freedom by Fai and Cornelius's (1996) method from those of independent contrasts."
    )
    if sum(math.isfinite(row.p_value) for row in crossed.rows) < 2:
        return (found,)
    return (found, "Every pair of arms is a contrast of the same model, with Holm's adjustment over all pairs.")


REFERENCES = (
    "Bates, D., Maechler, M., Bolker, B., & Walker, S. (2015). Fitting linear mixed-effects models using lme4. Journal "
    "of Statistical Software, 67(1).",
    "Dean, N., & Pagano, M. (2015). Evaluating confidence interval methods for binomial proportions in clustered "
    "surveys. Journal of Survey Statistics and Methodology, 3, 484–503.",
    "Delacre, M., Lakens, D., & Leys, C. (2017). Why psychologists should by default use Welch's t-test instead of "
    "Student's t-test. International Review of Social Psychology, 30, 92–101.",
    "Fai, A. H.-T., & Cornelius, P. L. (1996). Approximate F-tests of multiple degree of freedom hypotheses in "
    "generalized least squares analyses of unbalanced split-plot experiments. Journal of Statistical Computation and "
    "Simulation, 54, 363–378.",
    "Hedges, L. V. (1981). Distribution theory for Glass's estimator of effect size. Journal of Educational "
    "Statistics, 6, 107–128.",
    "Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian Journal of Statistics, 6, "
    "65–70.",
    "Judd, C. M., Westfall, J., & Kenny, D. A. (2012). Treating stimuli as a random factor in social psychology. "
    "Journal of Personality and Social Psychology, 103, 54–69.",
    "Kish, L. (1965). Survey sampling. Wiley.",
    "Kreps, S., McCain, R. M., & Brundage, M. (2022). All the news that's fit to fabricate. Journal of Experimental "
    "Political Science, 9, 104–117. doi:10.1017/XPS.2020.37",
    "Kuznetsova, A., Brockhoff, P. B., & Christensen, R. H. B. (2017). lmerTest package: tests in linear mixed effects "
    "models. Journal of Statistical Software, 82(13).",
    "Newcombe, R. G. (1998). Interval estimation for the difference between independent proportions. Statistics in "
    "Medicine, 17, 873–890; for paired data, 17, 2635–2650.",
    "OpenAI (2019). Release strategies and the social impacts of language models. arXiv:1908.09203.",
    "Rao, J. N. K., & Scott, A. J. (1992). A simple method for the analysis of clustered binary data. Biometrics, 48, "
    "577–585.",
    "Schuirmann, D. J. (1987). A comparison of the two one-sided tests procedure and the power approach. Journal of "
    "Pharmacokinetics and Biopharmaceutics, 15, 657–680.",
    "Welch, B. L. (1947). The generalization of 'Student's' problem. Biometrika, 34, 28–35; and (1951) On the "
    "comparison of several mean values. Biometrika, 38, 330–336.",
    "Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. Journal of the "
    "American Statistical Association, 22, 209–212.",
    "Zou, G. Y., & Donner, A. (2008). Construction of confidence limits about effect measures: a general approach. "
    "Statistics in Medicine, 27, 1693–1702.",
)
