"""PURE: whole distributions and not only their means, by arm, with tests of each arm against the reference."""

from analysis.articles import distributions
from analysis.distributions import Distributions, compare_distributions
from analysis.report_figures import distribution_figure, ecdf_figure
from analysis.report_tables import FIXED, ReportTable
from analysis.report_text import number, p_number, p_text, percent
from analysis.sections.section import MOST_RESAMPLED, LeftOut, Material, Section, binned
from analysis.tables import to_records
from analysis.validation import check_ratings

NAME, TITLE = "distributions", "How the ratings are distributed"
PERMUTATIONS = 1000


def shapes(material: Material) -> Section:
    """Bars and cumulative lines by arm, and permutation tests of the cumulative lines."""
    if material.info.truth:
        raise LeftOut("what is compared is discernment, and the answers behind it are yes or no")
    checked = check_ratings(
        material.checked, outcome=material.plan.outcome, articles_known=material.info.articles_known
    )
    spread = distributions(checked, material.plan.outcome, material.arms)
    if not spread:
        raise LeftOut("no rating has a value")
    labels, title = material.labels, material.info.outcome_label
    figures = (distribution_figure(spread, labels, title), ecdf_figure(spread, labels, title))
    shown = Section(NAME, TITLE, figures=figures, results={"distributions": to_records(spread)})
    why = material.why_no_model()
    if why:
        return _without_tests(shown, why)
    data, notes = material.some_kept(MOST_RESAMPLED)
    data, bins = binned(data, material.plan.outcome)
    found = compare_distributions(data, material.plan, arms=material.arms, permutations=PERMUTATIONS)
    # One contrast has nothing to be adjusted for.
    holm = ", Holm" if sum(row.estimate == row.estimate for row in found.rows) > 1 else ""
    return Section(
        NAME,
        TITLE,
        sentences=tuple(
            f"{material.pair(row.arm)}: a rating in the first is the higher one in {percent(row.superiority)} of "
            f"pairs, ties counting half ({p_text(row.superiority_p_adjusted)}{holm}); the cumulative lines are at most "
            f"{number(100 * row.estimate, 1)} points apart ({p_text(row.p_adjusted)}{holm})."
            for row in found.rows
            if row.estimate == row.estimate
        ),
        notes=(*notes, *bins),
        figures=figures,
        tables=(_table(found, material),),
        methods=(
            "Whole distributions are compared by the statistics of Kolmogorov and Smirnov and of Mann and Whitney, "
            "each person counting once, with p values from permuting people with all their ratings between arms, or "
            f"arms within people ({found.permutations} permutations, seed {found.seed}; Good 2005).",
        ),
        references=("Good, P. (2005). Permutation, parametric and bootstrap tests of hypotheses (3rd ed.). Springer.",),
        results={"distributions": to_records(spread), "distribution_tests": to_records(found.rows)},
    )


def _without_tests(shown: Section, why: str) -> Section:
    return Section(
        shown.name, shown.title, notes=(f"Without tests: {why}.",), figures=shown.figures, results=shown.results
    )


def _table(found: Distributions, material: Material) -> ReportTable:
    rows = tuple(
        (
            material.pair(row.arm),
            row.permuted,
            number(row.estimate, 3),
            p_number(row.p_value),
            p_number(row.p_adjusted),
            percent(row.superiority),
            p_number(row.superiority_p),
            p_number(row.superiority_p_adjusted),
            f"{row.n}, {row.n_reference}",
        )
        for row in found.rows
    )
    header = ("Contrast", "Permuted", "Distance", "p", "p (Holm)", "Larger", "p", "p (Holm)", "People")
    caption = (
        "Distance: the largest one between the cumulative lines, as a share. Larger: how often a rating of the arm is "
        f"above one of the reference, ties as halves. Holm's "
        f"adjustment is over the contrasts, of each of the two tests for itself. {FIXED}"
    )
    return ReportTable("distribution-tests", "Whole distributions against the reference", caption, header, rows, 2)
