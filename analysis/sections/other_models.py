"""PURE: the contrasts of the main test by other models: clustered least squares, and odds of credible and higher
ratings."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from analysis.cautions import Caution
from analysis.crossed_odds import CrossedOdds, crossed_odds
from analysis.equivalence import with_detectable
from analysis.intervals import NAN, antilog
from analysis.plots import Figure
from analysis.report_tables import FOUND, ReportTable
from analysis.report_text import MISSING, interval, number, p_number, p_text
from analysis.robust import Robust, RobustContrast, clustered_ols, ordinal_regression
from analysis.sections.discerning import LI_REDDEN, found_ratio
from analysis.sections.interval_figure import Axis, Mark, interval_figure
from analysis.sections.section import (
    MOST_FITTED,
    MOST_SEARCHED,
    Material,
    Section,
    needs_models,
)
from analysis.tables import to_records

NAME, TITLE = "models", "The same contrasts by other models"
LINEAR, PEOPLE, CLUSTERED = "crossed mixed model (main)", "people's means", "least squares, clustered"
CREDIBLE, ORDINAL, FIXED_ORDINAL = "logistic mixed model", "ordinal mixed model", "ordinal, clustered by person"
# Beyond so many values an outcome has no categories that a model of thresholds could use.
MOST_CATEGORIES = 20


@dataclass(frozen=True)
class ModelLine:
    """One contrast by one model: a difference in the outcome's units, or the odds ratio with its limits.

    ``std_error`` is of the difference, or of the logarithm of the odds ratio; ``n`` and ``n_reference`` count people.
    ``detectable`` and ``detectable_adjusted`` are what the test finds (``equivalence.with_detectable``): a difference,
    or an odds ratio, of which the inverse is found as well.
    """

    contrast: str
    arm: str
    model: str
    scale: str
    estimate: float
    ci_low: float
    ci_high: float
    statistic: float
    df: float
    p_value: float
    p_adjusted: float
    std_error: float
    n: int
    n_reference: int
    detectable: float = NAN
    detectable_adjusted: float = NAN


def models(material: Material) -> Section:
    """Every contrast with the reference by six models, beside each other."""
    needs_models(material)
    data, notes = material.some_kept(MOST_FITTED)
    robust = clustered_ols(data, material.plan, arms=material.arms, labels=material.labels)
    few, searched = material.some_kept(MOST_SEARCHED)
    odds, without = _odds(material, few)
    plain = None
    if any(one.kind == "ordinal" for one in odds):
        plain = ordinal_regression(few, material.plan, arms=material.arms, labels=material.labels)
    lines = [*_linear(material), *_robust_lines(robust, _people(data, material)), *_odds_lines(odds)]
    lines = _with_found([*lines, *_plain_odds_lines(plain, _people(few, material))], material.plan.alpha)
    made_of = [f"Least squares: {note[0].lower()}{note[1:]}" for note in notes]
    made_of += [f"Odds: {note[0].lower()}{note[1:]}" for note in searched]
    cautions: list[Caution] = [*robust.cautions, *(caution for one in odds for caution in one.cautions)]
    cautions += () if plain is None else plain.cautions
    known = set(() if material.crossed is None else material.crossed.warnings)
    return Section(
        NAME,
        TITLE,
        sentences=tuple(_sentence(arm, lines, material) for arm in material.arms if arm != material.reference),
        warnings=tuple(dict.fromkeys(one.sentence for one in cautions if one.sentence not in known)),
        notes=(*made_of, *without),
        figures=_figures(lines, material),
        tables=(_table(lines, material),),
        methods=_methods(odds, plain),
        references=(
            "Cameron, A. C., Gelbach, J. B., & Miller, D. L. (2011). Robust inference with multiway clustering. "
            "Journal of Business & Economic Statistics, 29, 238–249.",
            LI_REDDEN,
            "Liang, K.-Y., & Zeger, S. L. (1986). Longitudinal data analysis using generalized linear models. "
            "Biometrika, 73, 13–22.",
            "Liddell, T. M., & Kruschke, J. K. (2018). Analyzing ordinal data with metric models: What could possibly "
            "go wrong? Journal of Experimental Social Psychology, 79, 328–348.",
            "McCullagh, P. (1980). Regression models for ordinal data. Journal of the Royal Statistical Society B, 42, "
            "109–142.",
        ),
        results={"models": to_records(lines)},
    )


def _odds(material: Material, data: pd.DataFrame) -> tuple[list[CrossedOdds], tuple[str, ...]]:
    """The models of odds that the outcome has categories for, and why one is not there."""
    plan, without, found = material.plan, [], []
    if plan.credible_cut is None:
        without.append("No logistic model: the plan has no cut from which a rating counts as credible.")
    else:
        found.append(crossed_odds(data, plan, kind="credible", arms=material.arms, labels=material.labels))
    values = data[plan.outcome].nunique()
    if values > MOST_CATEGORIES:
        without.append(f"No ordinal model: the outcome has {values} different values, which are no categories.")
    else:
        found.append(crossed_odds(data, plan, kind="ordinal", arms=material.arms, labels=material.labels))
    return found, tuple(without)


def _linear(material: Material) -> list[ModelLine]:
    crossed = () if material.crossed is None or material.crossed.fit is None else material.crossed.rows
    rows = [(LINEAR, row) for row in crossed] + [(PEOPLE, row) for row in material.comparison.means.rows]
    return [_line(name, "difference", row) for name, row in rows]


def _people(data: pd.DataFrame, material: Material) -> dict[str, int]:
    """How many people of each arm have a value of the outcome."""
    known = data[data[material.plan.outcome].notna()]
    counts = known.groupby(known["arm"].astype("str"))["participant"].nunique()
    return {str(arm): int(n) for arm, n in counts.items()}


def _robust_lines(robust: Robust, people: Mapping[str, int]) -> list[ModelLine]:
    return [_line(CLUSTERED, "difference", row, _of_both(row, people)) for row in robust.rows]


def _odds_lines(odds: Sequence[CrossedOdds]) -> list[ModelLine]:
    found = []
    for one in odds:
        name = CREDIBLE if one.kind == "credible" else ORDINAL
        for row in one.rows:
            limits = {"estimate": row.odds_ratio, "ci_low": row.odds_ratio_ci_low, "ci_high": row.odds_ratio_ci_high}
            found.append(ModelLine(**{**_line(name, "odds ratio", row).__dict__, **limits}))
    return found


def _plain_odds_lines(plain: Robust | None, people: Mapping[str, int]) -> list[ModelLine]:
    rows = () if plain is None else plain.rows
    lines = [_line(FIXED_ORDINAL, "odds ratio", row, _of_both(row, people)) for row in rows]
    return [
        replace(line, estimate=antilog(line.estimate), ci_low=antilog(line.ci_low), ci_high=antilog(line.ci_high))
        for line in lines
    ]


def _with_found(lines: Sequence[ModelLine], alpha: float) -> list[ModelLine]:
    """The lines with what the tests of each model would find."""
    found = []
    for model in dict.fromkeys(line.model for line in lines):
        for line in with_detectable([line for line in lines if line.model == model], alpha):
            if line.scale == "odds ratio":
                ratios = antilog(line.detectable), antilog(line.detectable_adjusted)
                line = replace(line, detectable=ratios[0], detectable_adjusted=ratios[1])
            found.append(line)
    return found


def _found(line: ModelLine, material: Material) -> str:
    """What the test of this line would have found; a dash without a test."""
    if math.isnan(line.detectable_adjusted) or line.scale == "difference":
        return number(line.detectable_adjusted, _digits(line, material))
    return found_ratio(line.detectable_adjusted)


def _of_both(row: RobustContrast, people: Mapping[str, int]) -> tuple[int, int]:
    return people.get(row.arm, 0), people.get(row.reference, 0)


def _line(model: str, scale: str, row: object, people: tuple[int, int] | None = None) -> ModelLine:
    """The row as a line; ``people`` are those of the two arms, where the row itself does not count them."""
    names = ("estimate", "ci_low", "ci_high", "statistic", "df", "p_value", "p_adjusted", "std_error")
    numbers = {name: float(getattr(row, name)) for name in names}
    contrast, arm = getattr(row, "contrast"), getattr(row, "arm")  # noqa: B009
    n, n_reference = people or (getattr(row, "n"), getattr(row, "n_reference"))  # noqa: B009
    return ModelLine(contrast, arm, model, scale, **numbers, n=n, n_reference=n_reference)


def _sentence(arm: str, lines: Sequence[ModelLine], material: Material) -> str:
    parts = []
    for line in lines:
        if line.arm != arm or math.isnan(line.estimate):
            continue
        what = "odds ratio " if line.scale == "odds ratio" else ""
        digits = _digits(line, material)
        limits = interval(line.ci_low, line.ci_high, digits)
        parts.append(f"{line.model} {what}{number(line.estimate, digits)} ({limits}, {p_text(line.p_value)})")
    if not parts:
        return f"{material.pair(arm)} could be estimated by none of the models."
    return f"{material.pair(arm)}, each with its {material.level} interval: {'; '.join(parts)}."


def _digits(line: ModelLine, material: Material) -> int:
    """Those of the outcome, or of odds, which have no scale."""
    return material.digits if line.scale == "difference" else 2


def _figures(lines: Sequence[ModelLine], material: Material) -> tuple[Figure, ...]:
    figures = []
    for scale, name, title, axis in (
        ("difference", "models", "Differences by model", Axis(material.difference, digits=material.digits)),
        (
            "odds ratio",
            "odds",
            "Odds ratios by model",
            Axis(f"Odds over those of {material.label(material.reference)}", null=1.0, log=True),
        ),
    ):
        marks = [
            Mark(line.model, line.estimate, line.ci_low, line.ci_high, material.label(line.arm), line.model == LINEAR)
            for arm in material.arms
            for line in lines
            if line.scale == scale and line.arm == arm and math.isfinite(line.estimate)
        ]
        if marks:
            caption = f"Intervals at {material.level}, not adjusted."
            if scale == "odds ratio":
                caption += (
                    " Odds of a credible, or of a higher, rating of the same article by the same person; of those "
                )
                caption += "clustered by person, over all people and articles."
            figures.append(interval_figure(name, title, caption, marks, axis))
    return tuple(figures)


def _table(lines: Sequence[ModelLine], material: Material) -> ReportTable:
    rows = tuple(
        (
            material.pair(line.arm),
            line.model,
            line.scale,
            number(line.estimate, _digits(line, material)),
            interval(line.ci_low, line.ci_high, _digits(line, material)),
            number(line.std_error, _digits(line, material) + 1),
            number(line.statistic),
            "normal" if math.isinf(line.df) else MISSING if math.isnan(line.df) else number(line.df, 1),
            p_number(line.p_value),
            p_number(line.p_adjusted),
            _found(line, material),
            str(line.n) if line.n == line.n_reference else f"{line.n}, {line.n_reference}",
        )
        for arm in material.arms
        for line in lines
        if line.arm == arm
    )
    header = (
        "Contrast",
        "Model",
        "Scale",
        "Estimate",
        f"{material.level} interval",
        "SE",
        "Statistic",
        "df",
        "p",
        "p (Holm)",
        "Would be found",
        "People",
    )
    caption = (
        "Each model's contrasts with the reference; Holm's adjustment is within a model. SE: of an odds ratio, that of "
        f"its logarithm. {FOUND} of the model; of odds this ratio, or one over it. People's means and the ordinal "
        "regression clustered by person hold the articles fixed."
    )
    return ReportTable("models", TITLE, caption, header, rows, n_text=3)


def _methods(odds: Sequence[CrossedOdds], plain: Robust | None) -> tuple[str, ...]:
    found = [
        "Beside the main test, least squares with errors clustered by participant and by article (Cameron, Gelbach & "
        "Miller 2011)."
    ]
    kinds = [{"credible": "logistic", "ordinal": "cumulative-logit"}[one.kind] for one in odds if one.fit is not None]
    if kinds:
        found.append(
            f"Ratings are ordinal (Liddell & Kruschke 2018): {' and '.join(kinds)} mixed models with the main test's "
            "random effects, by Laplace's approximation, give odds; their tests are by t with between-within degrees "
            "of freedom (Li & Redden 2015), of articles or of people, whichever are fewer."
        )
    if plain is not None and plain.rows:
        found.append(
            "An ordinal regression without random effects, its errors clustered by participant (McCullagh 1980; "
            "Liang & Zeger 1986), holds the articles fixed."
        )
    return tuple(found)
