"""PURE: a report's tables, as they are printed: headers, cells and captions."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analysis.attribution import ALL, Attribution
from analysis.compare import Comparison
from analysis.contrasts import MeanContrast, ShareContrast
from analysis.crossed import Crossed, CrossedContrast
from analysis.curation import CurationContrast
from analysis.discernment import Discernment
from analysis.report_text import MISSING, digits_of, interval, level_text, number, p_number, percent

# Where g stands beside Welch's test.
POOLED = (
    "Hedges' g and its interval go by the pooled SD, as if spreads were equal, and Welch's t does not: where spreads "
    "and numbers of people differ, one of them can leave 0 out and the other not. The test is Welch's. "
)
# What every table says that does not sample articles.
FIXED = "Articles are held fixed: these numbers speak of these articles only."

# What a column 'Would be found' holds, where several contrasts are tested.
FOUND = (
    "Would be found: the true difference that this test finds in at least four of five such studies, at alpha over the "
    "number of contrasts"
)


@dataclass(frozen=True)
class ReportTable:
    """A table of printed cells. The first ``n_text`` columns are words, the others are numbers."""

    name: str
    title: str
    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    n_text: int = 1


def arms_table(comparison: Comparison, labels: Mapping[str, str], outcome: str) -> ReportTable:
    """What each arm holds."""
    level = level_text(comparison.level)
    with_share = comparison.credible_cut is not None
    header = ["Arm", "People", "Ratings", "Articles", "Mean", f"{level} interval", "SD", "Median"]
    rows, digits = [], digits_of(comparison)
    for arm in comparison.arms.rows:
        name = labels.get(arm.arm, arm.arm) + (" (reference)" if arm.arm == comparison.reference else "")
        articles = str(arm.n_articles) if arm.n_articles or not arm.n_ratings else MISSING
        row = [name, str(arm.n_people), str(arm.n_ratings), articles, number(arm.mean, digits)]
        row += [interval(arm.ci_low, arm.ci_high, digits), number(arm.sd, digits), number(arm.median, digits)]
        if with_share:
            row += [percent(arm.share), interval(100 * arm.share_ci_low, 100 * arm.share_ci_high, 1)]
        rows.append(tuple(row))
    caption = (
        f"Mean, SD and median are of people's means of the {outcome}; the interval is a t interval over people. {FIXED}"
    )
    if with_share:
        header += ["Credible", f"{level} interval (%)"]
        caption += f" Credible: ratings from {comparison.credible_cut:g} upwards, Wilson interval."
    return ReportTable("arms", "The arms", caption, tuple(header), tuple(rows))


def crossed_table(crossed: Crossed, labels: Mapping[str, str], digits: int = 2) -> ReportTable | None:
    """The main test: the contrasts of the crossed mixed model; None where no model was fitted."""
    if crossed.fit is None:
        return None
    level = level_text(crossed.level)
    with_bound = any(row.equivalence_p == row.equivalence_p for row in crossed.rows)
    header = ["Contrast", "Difference", f"{level} interval", "SE", "t", "df", "p", "p (Holm)", "Would be found"]
    header += ["People", "Articles"] + (["p (equivalence)"] if with_bound else [])
    rows = []
    for row in crossed.rows:
        cells = [
            _pair(row.arm, row.reference, labels),
            *difference_cells(row, digits),
            number(row.detectable_adjusted, digits),
            f"{row.n}, {row.n_reference}",
            f"{row.n_articles}, {row.n_articles_reference}",
        ]
        rows.append(tuple(cells + ([p_number(row.equivalence_p)] if with_bound else [])))
    samples = "people and articles are both samples"
    if not crossed.samples_articles:
        samples = "people are a sample, the articles are held fixed, so that it speaks of these articles only"
    caption = (
        f"The model {crossed.formula} over {crossed.n_ratings} ratings of {crossed.n_articles} articles by "
        f"{crossed.n_people} people; {samples}. Intervals are not adjusted. {FOUND}."
    )
    return ReportTable("crossed", "Main test: the crossed mixed model", caption, tuple(header), tuple(rows))


def variance_table(crossed: Crossed, names: Mapping[str, str], digits: int = 2) -> ReportTable | None:
    """Where the ratings' variance lies; None where no model was fitted."""
    rows = tuple(
        (names.get(row.group, row.group), number(row.variance, 2 * digits - 1 if digits else 0), percent(row.share))
        for row in crossed.variance
    )
    caption = (
        "Variance of one rating within arms, by the model's sources; what has no term is in the residual. Intervals of "
        "these spreads are made by python -m analysis mixed, with --intervals profile or --intervals bootstrap."
    )
    return ReportTable("variance", "Where the ratings differ", caption, ("Source", "Variance", "Share"), rows)


def _pooled(comparison: Comparison) -> str:
    """That g and the test beside it differ in what they take of spreads, where both are of different people."""
    return POOLED if any(row.effect_size_kind == "g" for row in comparison.means.rows) else ""


def means_table(comparison: Comparison, labels: Mapping[str, str], *, name: str, title: str) -> ReportTable:
    """The contrasts of means with the reference arm."""
    level = level_text(comparison.level)
    with_bound = any(row.equivalence_p == row.equivalence_p for row in comparison.means.rows)
    header = ["Contrast", "Test", "Difference", f"{level} interval", "SE", "t", "df", "p", "p (Holm)", "Hedges' g"]
    header += [f"{level} interval", "People"] + (["p (equivalence)"] if with_bound else [])
    rows = []
    for row in comparison.means.rows:
        cells = [
            _pair(row.arm, row.reference, labels),
            row.method,
            *difference_cells(row, digits_of(comparison)),
            _effect(row),
            interval(row.effect_size_ci_low, row.effect_size_ci_high),
            str(row.n) if row.n == row.n_reference else f"{row.n}, {row.n_reference}",
        ]
        rows.append(tuple(cells + ([p_number(row.equivalence_p)] if with_bound else [])))
    caption = (
        f"Arm less {labels.get(comparison.reference, comparison.reference)}; intervals are not adjusted. "
        f"{_pooled(comparison)}{FIXED}"
    )
    return ReportTable(name, title, caption, tuple(header), tuple(rows), n_text=2)


def shares_table(comparison: Comparison, labels: Mapping[str, str]) -> ReportTable:
    """The contrasts of shares with the reference arm."""
    title = "Shares credible against the reference, with articles fixed"
    return _shares("shares", title, comparison.shares.rows, comparison, labels)


def share_pairs_table(comparison: Comparison, labels: Mapping[str, str]) -> ReportTable:
    """The contrasts of shares of all pairs of arms."""
    title = "Shares credible: all pairs of arms, with articles fixed"
    return _shares("share-pairs", title, comparison.share_pairs.rows, comparison, labels)


def _shares(
    name: str, title: str, contrasts: Sequence[ShareContrast], comparison: Comparison, labels: Mapping[str, str]
) -> ReportTable:
    level = level_text(comparison.level)
    rows = tuple(
        (
            _pair(row.arm, row.reference, labels),
            row.method,
            number(100 * row.estimate, 1),
            interval(100 * row.ci_low, 100 * row.ci_high, 1),
            number(row.statistic),
            number(row.df, 1),
            p_number(row.p_value),
            p_number(row.p_adjusted),
            number(100 * row.detectable_adjusted, 1),
            number(row.risk_ratio),
            interval(row.risk_ratio_ci_low, row.risk_ratio_ci_high),
        )
        for row in contrasts
    )
    caption = (
        "Differences in percentage points with Newcombe intervals; ratio: share of the first arm over the second's. "
        "p is of the test that inverts the interval of the difference, so that both agree; the ratio's interval can "
        "tell otherwise where p is near the limit. Holm's adjustment is over all rows. The statistic is t, or z where "
        f"it has no df. {FOUND}, upwards as downwards from the second arm's share. {FIXED}"
    )
    header = (
        "Contrast",
        "Test",
        "Difference (points)",
        f"{level} interval",
        "Statistic",
        "df",
        "p",
        "p (Holm)",
        "Would be found",
        "Ratio",
        f"{level} interval",
    )
    return ReportTable(name, title, caption, header, rows, n_text=2)


def difference_cells(row: CrossedContrast | CurationContrast | MeanContrast, digits: int = 2) -> tuple[str, ...]:
    """Difference, interval, SE, t, df, p and Holm's p of a difference, as every table of them prints it."""
    return (
        number(row.estimate, digits),
        interval(row.ci_low, row.ci_high, digits),
        number(row.std_error, digits + 1),
        number(row.statistic),
        number(row.df, 1),
        p_number(row.p_value),
        p_number(row.p_adjusted),
    )


def crossed_pairs_table(
    rows: Sequence[CrossedContrast], labels: Mapping[str, str], level: str, digits: int = 2
) -> ReportTable:
    """Every pair of arms by the crossed mixed model."""
    printed = tuple(
        (
            _pair(row.arm, row.reference, labels),
            *difference_cells(row, digits),
        )
        for row in rows
    )
    header = ("Pair", "Difference", f"{level} interval", "SE", "t", "df", "p", "p (Holm)")
    caption = (
        "Contrasts of the model of the main test; Holm's adjustment is over all pairs. Intervals are not adjusted."
    )
    return ReportTable("crossed-pairs", "All pairs of arms, by the main test's model", caption, header, printed)


def omnibus_table(comparison: Comparison, crossed: Crossed | None = None) -> ReportTable:
    """The omnibus tests: the mixed model's, where there is one, and those on people's means."""
    rows = tuple(
        (
            row.term,
            row.hypothesis,
            number(row.statistic),
            number(row.df, 0),
            number(row.df_within, 1),
            p_number(row.p_value),
        )
        for row in comparison.omnibus.rows
    )
    caption = f"On people's means. {FIXED}" if rows else ""
    if crossed is not None and crossed.omnibus.df == crossed.omnibus.df:
        found = crossed.omnibus
        first = ("Mixed model F", "equal means", number(found.statistic), number(found.df, 0))
        rows = ((*first, number(found.df_within, 1), p_number(found.p_value)), *rows)
        caption = "Mixed model: the model of the main test." + (
            f" The others: on people's means. {FIXED}" if caption else ""
        )
    header = ("Test", "Hypothesis", "Statistic", "df", "df within", "p")
    return ReportTable("omnibus", "Do the arms differ at all?", caption, header, rows, n_text=2)


def pairwise_table(comparison: Comparison, labels: Mapping[str, str]) -> ReportTable:
    """Every pair of arms by Welch's t."""
    level = level_text(comparison.level)
    rows = tuple(
        (
            _pair(row.arm, row.reference, labels),
            number(row.estimate, digits_of(comparison)),
            interval(row.ci_low, row.ci_high, digits_of(comparison)),
            number(row.statistic),
            number(row.df, 1),
            p_number(row.p_value),
            p_number(row.p_bonferroni),
            p_number(row.p_holm),
            p_number(row.p_bh),
            number(row.cohens_d),
            number(row.hedges_g),
            interval(row.hedges_g_ci_low, row.hedges_g_ci_high),
        )
        for row in comparison.pairwise.rows
    )
    tests = ("t", "df", "p", "p (Bonferroni)", "p (Holm)", "p (BH)")
    header = ("Pair", "Difference", f"{level} interval", *tests, "Cohen's d", "Hedges' g", f"{level} interval")
    caption = (
        f"Welch's t on one value a person. BH: Benjamini and Hochberg. Intervals are not adjusted. {POOLED}{FIXED}"
    )
    return ReportTable("pairwise", "All pairs of arms, with articles fixed", caption, header, rows)


def ranks_table(comparison: Comparison, labels: Mapping[str, str]) -> ReportTable:
    """Every pair of arms by ranks."""
    rows = tuple(
        (
            _pair(row.arm, row.reference, labels),
            number(row.u_statistic, 1),
            percent(row.superiority),
            p_number(row.u_p_value),
            p_number(row.u_p_bonferroni),
            p_number(row.u_p_holm),
            p_number(row.u_p_bh),
            f"{row.n}, {row.n_reference}",
        )
        for row in comparison.pairwise.rows
    )
    header = ("Pair", "U", "Larger", "p", "p (Bonferroni)", "p (Holm)", "p (BH)", "People")
    caption = (
        "Mann-Whitney tests on one value a person. Larger: how often somebody of the first arm has the larger value "
        f"than somebody of the second, ties as halves. {FIXED}"
    )
    return ReportTable("ranks", "All pairs of arms, by ranks, with articles fixed", caption, header, rows)


def discernment_table(found: Discernment, labels: Mapping[str, str], level: float) -> ReportTable:
    """How well each arm's people tell true from false."""
    rows = tuple(
        (
            labels.get(row.arm, row.arm),
            str(row.n_people),
            str(row.n_left_out),
            str(row.n_answers),
            percent(row.hits),
            percent(row.false_alarms),
            number(row.estimate, 3),
            interval(row.ci_low, row.ci_high, 3),
        )
        for row in found.rows
    )
    header = ("Arm", "People", "Left out", "Answers", "Yes, true", "Yes, false", "Discernment")
    caption = (
        "Means over people of the share of yes about true articles, about false ones, and of the difference. Left out: "
        "people without an answer about one of the two kinds."
    )
    return ReportTable(
        "discernment", "Telling true from false", caption, (*header, f"{level_text(level)} interval"), rows
    )


def attribution_table(attribution: Attribution, labels: Mapping[str, str], level: float) -> ReportTable:
    """How often the source was named rightly."""
    rows = tuple(
        (
            "All together" if row.arm == ALL else labels.get(row.arm, row.arm),
            str(row.n_people),
            str(row.n_answers),
            str(row.n_neutral),
            percent(row.accuracy),
            interval(100 * row.ci_low, 100 * row.ci_high, 1),
            percent(row.said_synthetic),
        )
        for row in attribution.rows
    )
    header = ("Arm", "People", "Answers", "Cannot tell", "Right", f"{level_text(level)} interval (%)", "Said 'machine'")
    caption = (
        "Right: the mean over people of the share of their answers that name the right source, so that who answered "
        "more often counts no more; 'cannot tell' does not count. Guessing gives 50% over both origins."
    )
    return ReportTable("attribution", "Human or machine?", caption, header, rows)


def _effect(row: MeanContrast) -> str:
    return (
        number(row.effect_size)
        if math.isnan(row.effect_size)
        else f"{number(row.effect_size)} ({row.effect_size_kind})"
    )


def _pair(arm: str, reference: str, labels: Mapping[str, str]) -> str:
    return f"{labels.get(arm, arm)} − {labels.get(reference, reference)}"
