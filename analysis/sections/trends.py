"""PURE: whether ratings rise or fall over the arms' own scale, such as the size of the model."""

import math

from analysis.crossed_pairs import crossed_pairs
from analysis.plots import Figure
from analysis.report_figures import is_wide, trend_figure
from analysis.report_tables import ReportTable
from analysis.report_text import MISSING, df_pair, interval, number, p_number, p_text, would_be_found
from analysis.sections.section import MOST_FITTED, LeftOut, Material, Section, needs_models
from analysis.tables import to_json
from analysis.trend import Trend, trend

NAME, TITLE = "trend", "From small to large"


def trends(material: Material) -> Section:
    """The trend over the plan's scores, or over the places that the study gives its arms."""
    places, source = _places(material)
    present = {arm.arm for arm in material.comparison.arms.rows if arm.n_ratings}
    places = {arm: place for arm, place in places.items() if arm in present}
    if len(places) < 3 or len(set(places.values())) < 2:
        raise LeftOut(
            "fewer than three arms have a place on a scale, and two different ones, in the plan's trend_scores or in "
            "the study; two arms are one pair, which the main test compares"
        )
    needs_models(material)
    ordered = sorted(places.values())
    log = is_wide(ordered)
    data, notes = material.some_kept(MOST_FITTED)
    scores = {arm: math.log2(place) if log else place for arm, place in places.items()}
    found = trend(data, material.plan, scores)
    unit = "each doubling" if log else "each unit"
    sentences = [*(_sentence(row.term, row, unit, material) for row in found.rows), *_beside_pairs(found, material)]
    if math.isfinite(found.departure.p_value):
        beyond = "do" if found.departure.p_value < material.plan.alpha else "were not shown to"
        sentences.append(
            f"The arms' means {beyond} depart from a straight line (F("
            f"{df_pair(found.departure.df, found.departure.df_within)}) = {number(found.departure.statistic)}, "
            f"{p_text(found.departure.p_value)})."
        )
    return Section(
        NAME,
        TITLE,
        sentences=tuple(sentences),
        warnings=tuple(caution.sentence for caution in found.cautions),
        notes=notes,
        figures=(_figure(material, places),),
        tables=(_table(found, material, unit, places),),
        methods=(
            f"The trend takes {source}{', as logarithms to the base 2' if log else ''}: a linear mixed model with the "
            "random effects of the main test, the slope over people where they rated several arms (Barr, Levy, "
            "Scheepers & Tily 2013), and Satterthwaite's degrees of freedom; for arms of different people, also "
            "Jonckheere and Terpstra's test of people's means (Jonckheere 1954). Departure from the line is a joint F "
            "test of what the arms' means have beyond it.",
        ),
        references=(
            "Barr, D. J., Levy, R., Scheepers, C., & Tily, H. J. (2013). Random effects structure for confirmatory "
            "hypothesis testing: Keep it maximal. Journal of Memory and Language, 68, 255–278.",
            "Jonckheere, A. R. (1954). A distribution-free k-sample test against ordered alternatives. Biometrika, "
            "41, 133–145.",
        ),
        results={"trend": to_json(found)},
    )


def _places(material: Material) -> tuple[dict[str, float], str]:
    if material.plan.trend_scores:
        return dict(material.plan.trend_scores), "the scores of the plan"
    found = {arm.key: arm.level for arm in material.info.arms if arm.level is not None}
    return found, "the places of the arms"


def _beside_pairs(found: Trend, material: Material) -> tuple[str, ...]:
    """That no two of the arms were shown to differ, where a trend was: the main test's pairs stand beside it."""
    alpha = material.plan.alpha
    lines = [row for row in found.rows if row.term != "Jonckheere-Terpstra" and row.p_value < alpha]
    pairs = () if material.crossed is None else crossed_pairs(material.crossed, material.plan)
    placed = {arm for arm, _ in found.scores}
    own = [pair for pair in pairs if {pair.arm, pair.reference} <= placed and math.isfinite(pair.p_adjusted)]
    if not lines or not own or any(pair.p_adjusted < alpha for pair in own):
        return ()
    return (
        "No two of these arms were shown to differ by themselves (main test's pairs, Holm): the trend takes all of "
        "them together, and says nothing of any one pair.",
    )


def _sentence(term: str, row: object, unit: str, material: Material) -> str:
    names = ("estimate", "ci_low", "ci_high", "p_value", "detectable")
    estimate, low, high, p, detectable = (float(getattr(row, name)) for name in names)
    if term == "Jonckheere-Terpstra":
        if math.isnan(p):
            return "People's means do not vary, so that their order with the arms' places cannot be tested."
        return (
            f"People's means go with the arms' order with Kendall's tau of {number(estimate)} ({p_text(p)}, articles "
            "held fixed)."
        )
    if math.isnan(p):
        return "The slope of the straight line has no test."
    verb = "rose" if estimate > 0 else "fell"
    found = would_be_found(f"a change of {number(detectable, material.digits + 1)}")
    shown = "" if p < material.plan.alpha else f"; a trend was not shown{found}"
    return (
        f"Ratings {verb} by {number(abs(estimate), material.digits + 1)} with {unit} of the arms' place "
        f"({material.level} interval of "
        f"the change {interval(low, high, material.digits + 1)}, {p_text(p)}){shown}."
    )


def _digits(term: str, material: Material) -> int:
    """Those of a slope on the outcome's scale, or of Kendall's tau, which has none."""
    return 3 if term == "Jonckheere-Terpstra" else material.digits + 1


def _table(found: Trend, material: Material, unit: str, places: dict[str, float]) -> ReportTable:
    rows = [
        (
            row.term,
            number(row.estimate, _digits(row.term, material)),
            interval(row.ci_low, row.ci_high, _digits(row.term, material)),
            number(row.std_error, _digits(row.term, material)),
            number(row.statistic),
            MISSING if math.isnan(row.df) else number(row.df, 1),
            p_number(row.p_value),
            number(row.detectable, _digits(row.term, material)),
            str(row.n),
        )
        for row in found.rows
    ]
    departure = found.departure
    if math.isfinite(departure.p_value):
        df = df_pair(departure.df, departure.df_within)
        blank = (MISSING, MISSING, MISSING)
        rows.append(
            (
                "departure from the line",
                *blank,
                number(departure.statistic),
                df,
                p_number(departure.p_value),
                MISSING,
                MISSING,
            )
        )
    header = (
        "Test",
        "Estimate",
        f"{material.level} interval",
        "SE",
        "Statistic",
        "df",
        "p",
        "Would be found",
        "Ratings or people",
    )
    scores = ", ".join(f"{material.label(arm)} {places[arm]:g}" for arm, _score in found.scores)
    caption = (
        f"Places: {scores}. Estimate: change with {unit} of the place for the line, tau for the order. Would be found: "
        "the change that the test of the line finds in four of five such studies."
    )
    if any(row.term == "Jonckheere-Terpstra" for row in found.rows):
        caption += " Jonckheere and Terpstra's test holds the articles fixed: it speaks of these articles only."
    return ReportTable("trend", "Trend over the arms' scale", caption, header, tuple(rows))


def _figure(material: Material, places: dict[str, float]) -> Figure:
    """The means over the places, by the mixed model where there is one."""
    means = {arm.arm: (arm.mean, arm.ci_low, arm.ci_high) for arm in material.comparison.arms.rows if arm.n_ratings}
    if material.crossed is not None and material.crossed.means:
        means = {arm.arm: (arm.estimate, arm.ci_low, arm.ci_high) for arm in material.crossed.means}
    points = [(material.label(arm), place, *means[arm]) for arm, place in places.items() if arm in means]
    against = means.get(material.reference)
    line = None if against is None or material.reference in places else (material.label(material.reference), against[0])
    return trend_figure(points, line, material.info.compared)
