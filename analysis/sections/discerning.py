"""PURE: whether the arms tell true articles from false alike, with articles as samples, in odds."""

from analysis.crossed_odds import OddsContrast
from analysis.discerned_odds import DiscernedOdds, discerned_odds
from analysis.intervals import antilog
from analysis.report_tables import ReportTable
from analysis.report_text import interval, number, on_its_own, p_beside, p_number, would_be_found
from analysis.sections.interval_figure import Axis, Mark, interval_figure
from analysis.sections.section import MOST_SEARCHED, LeftOut, Material, Section
from analysis.tables import to_records

# A ratio further out is only said to be so: no study finds it.
FURTHEST = 1_000
_FOUND = "Would be found: the true ratio, or one over it, that this test finds in at least four of five such studies"
LI_REDDEN = (
    "Li, P., & Redden, D. T. (2015). Comparing denominator degrees of freedom approximations for the generalized "
    "linear mixed model in analyzing binary outcome in small sample cluster-randomized trials. BMC Medical Research "
    "Methodology, 15, 38."
)
NAME, TITLE = "discernment-articles", "True and false, with articles as samples"


def discerning(material: Material) -> Section:
    """The odds of a yes about true articles over those about false ones, an arm and against the reference; only of a
    study that says what is true."""
    if not (material.info.persons_known and material.info.articles_known):
        raise LeftOut("no column says who answered, or about which article")
    if "item" in material.kept.columns:
        raise LeftOut("the table has one row an item, and not one row an answer")
    data, notes = material.some_kept(MOST_SEARCHED)
    found = discerned_odds(data, material.plan, truth=material.info.truth, arms=material.arms, labels=material.labels)
    marks = [
        Mark(
            material.label(row.arm),
            row.odds_ratio,
            row.odds_ratio_ci_low,
            row.odds_ratio_ci_high,
            main=row.arm == material.reference,
        )
        for row in found.arms
    ]
    axis = Axis("Odds of a yes about true articles over those about false ones", null=1.0, log=True)
    caption = f"Intervals at {material.level}; 1: no discernment. For the same reader and like articles."
    return Section(
        NAME,
        TITLE,
        sentences=(
            _of_arms(found, material),
            *(_of_contrast(row, len(found.contrasts), material) for row in found.contrasts),
        ),
        warnings=found.cautions,
        notes=notes,
        figures=(interval_figure(NAME, TITLE, caption, marks, axis),),
        tables=(_arms_table(found, material), _contrasts_table(found, material)),
        methods=(
            "With articles as samples, discernment is the interaction of truth and arm in the logistic mixed model "
            f"{found.formula} (lme4's notation; truth is -0.5 or 0.5), by Laplace's approximation: how many times the "
            "odds of a yes are larger for true articles than for false ones (Jaeger 2008). Tests are by t with "
            "between-within degrees of freedom (Li & Redden 2015), of articles or of people, whichever are fewer.",
        ),
        references=(
            "Jaeger, T. F. (2008). Categorical data analysis: Away from ANOVAs (transformation or not) and towards "
            "logit mixed models. Journal of Memory and Language, 59, 434–446.",
            LI_REDDEN,
        ),
        results={
            "discernment_odds": {
                "formula": found.formula,
                "n_ratings": found.n_ratings,
                "n_people": found.n_people,
                "n_true": found.n_true,
                "n_false": found.n_false,
                "log_likelihood": found.fit.log_likelihood,
                "arms": to_records(found.arms),
                "contrasts": to_records(found.contrasts),
            }
        },
    )


def _limits(row: OddsContrast) -> str:
    return interval(row.odds_ratio_ci_low, row.odds_ratio_ci_high)


def _of_arms(found: DiscernedOdds, material: Material) -> str:
    said = "; ".join(f"{material.label(row.arm)} {number(row.odds_ratio)} ({_limits(row)})" for row in found.arms)
    return (
        f"The odds of a yes about one of {found.n_true} true articles over those about one of {found.n_false} false "
        f"ones, with {material.level} intervals over readers and articles: {said}."
    )


def _of_contrast(row: OddsContrast, tested: int, material: Material) -> str:
    differed, size = row.p_adjusted < material.plan.alpha, row.detectable_adjusted
    found = would_be_found(f"a ratio of {_ratio(size)} or {_ratio(-size)}", tested)
    return (
        f"Discernment {'differed' if differed else 'was not shown to differ'} between {material.label(row.arm)} and "
        f"{material.label(row.reference)}: ratio of the odds ratios {number(row.odds_ratio)}, {material.level} "
        f"interval {_limits(row)}{p_beside(row, tested)} ({number(row.df, 0)} df, "
        f"Holm){'' if differed else on_its_own(row, material.plan.level, tested) + found}."
    )


def _cells(row: OddsContrast) -> tuple[str, ...]:
    """Odds ratio, interval, SE, t, df and p, as both tables print them."""
    return (
        number(row.odds_ratio),
        _limits(row),
        number(row.std_error, 3),
        number(row.statistic),
        number(row.df, 0),
        p_number(row.p_value),
    )


def _found(row: OddsContrast) -> str:
    """The ratio that the test would have found."""
    return _ratio(row.detectable_adjusted)


def _ratio(logarithm: float) -> str:
    """The ratio with this logarithm."""
    return found_ratio(antilog(logarithm))


def found_ratio(ratio: float) -> str:
    """A ratio that would be found; of what nobody could ever find only that it is."""
    if ratio > FURTHEST:
        return f"more than {FURTHEST:,}"
    return f"less than {1 / FURTHEST}" if ratio < 1 / FURTHEST else number(ratio)


def _arms_table(found: DiscernedOdds, material: Material) -> ReportTable:
    rows = tuple((material.label(row.arm), *_cells(row), _found(row), str(row.n)) for row in found.arms)
    header = ("Arm", "Odds ratio", f"{material.level} interval", "SE (log)", "t", "df", "p", "Would be found", "People")
    caption = (
        "Odds of a yes about true articles over those about false ones, for the same person and like articles. "
        f"{_FOUND}."
    )
    return ReportTable("discernment-odds-arms", "Odds by arm", caption, header, rows)


def _contrasts_table(found: DiscernedOdds, material: Material) -> ReportTable:
    rows = tuple(
        (material.pair(row.arm), *_cells(row), p_number(row.p_adjusted), _found(row), f"{row.n}, {row.n_reference}")
        for row in found.contrasts
    )
    header = (
        "Contrast",
        "Ratio",
        f"{material.level} interval",
        "SE (log)",
        "t",
        "df",
        "p",
        "p (Holm)",
        "Would be found",
        "People",
    )
    caption = (
        "Ratio of the arm's odds ratio to the reference's; above 1: the arm tells true from false better. "
        f"{_FOUND}, at alpha over the number of contrasts."
    )
    return ReportTable("discernment-odds", "Odds against the reference", caption, header, rows)
