"""PURE: what a null result can claim: equivalence within the plan's bounds, and what would have been found."""

import math
from collections.abc import Sequence

from analysis.compare import Comparison
from analysis.contrasts import MeanContrast
from analysis.crossed import CrossedContrast
from analysis.equivalence import EquivalenceRow, detectable, equivalence_row
from analysis.intervals import Interval, TTest
from analysis.report_tables import ReportTable
from analysis.report_text import MISSING, interval, level_text, number, p_number, p_text
from analysis.sections.interval_figure import Axis, Mark, interval_figure
from analysis.sections.section import LeftOut, Material, Section
from analysis.tables import to_json

NAME, TITLE = "equivalence", "Equal, different, or not known?"
Contrast = CrossedContrast | MeanContrast


def null_results(material: Material) -> Section:
    """Every contrast with the reference: its equivalence where the plan has bounds, and the detectable difference."""
    tested = _contrasts(material)
    plan, bounds = material.plan, material.plan.bounds
    rows = [(row, _tested(row, bounds, plan.alpha)) for row in tested if math.isfinite(row.p_value)]
    if not rows:
        raise LeftOut("no contrast with the reference has a test")
    inner = level_text(1 - 2 * plan.alpha) if bounds else material.level
    marks = [
        Mark(
            material.label(row.arm),
            row.estimate,
            *(((found.ci_low, found.ci_high)) if found else (row.ci_low, row.ci_high)),
        )
        for row, found in rows
    ]
    said = f" Shaded: the plan's bounds of equivalence, {interval(*bounds)}." if bounds else ""
    figure = interval_figure(
        "equivalence",
        "Differences and bounds" if bounds else "Differences from the reference",
        f"Intervals at {inner}.{said}",
        marks,
        Axis(material.difference, band=bounds, digits=material.digits),
    )
    without = "" if bounds else "The plan has no bounds of equivalence, so that no result here says 'equal'."
    return Section(
        NAME,
        TITLE,
        sentences=tuple(_sentence(material, row, found, len(rows)) for row, found in rows),
        warnings=(without,) if without else (),
        figures=(figure,),
        tables=(_table(material, rows, inner),),
        methods=_methods(material),
        references=(
            "Bloom, H. S. (1995). Minimum detectable effects. Evaluation Review, 19, 547–556.",
            "Lakens, D. (2017). Equivalence tests: A practical primer for t tests, correlations, and meta-analyses. "
            "Social Psychological and Personality Science, 8, 355–362.",
        ),
        results={
            "equivalence": [
                {
                    "contrast": row.contrast,
                    "estimate": row.estimate,
                    "p_value": row.p_value,
                    "p_adjusted": row.p_adjusted,
                    "detectable": to_json(_detectable(row, plan.alpha, 1)),
                    "detectable_adjusted": to_json(_detectable(row, plan.alpha, len(rows))),
                    "equivalence": to_json(found),
                }
                for row, found in rows
            ]
        },
    )


def _contrasts(material: Material) -> Sequence[Contrast]:
    if material.crossed is not None and material.crossed.fit is not None:
        return material.crossed.rows
    comparison: Comparison = material.comparison
    return comparison.means.rows


def _tested(row: Contrast, bounds: tuple[float, float] | None, alpha: float) -> EquivalenceRow | None:
    if bounds is None:
        return None
    test = TTest(row.estimate, row.std_error, row.statistic, row.df, row.p_value)
    return equivalence_row(row.contrast, test, Interval(*bounds), alpha, row.p_adjusted)


def _detectable(row: Contrast, alpha: float, n: int) -> float:
    """The difference that is found after Holm's adjustment over ``n`` contrasts, or with fewer of them oftener."""
    return detectable(row.std_error, row.df, alpha / n)


def _sentence(material: Material, row: Contrast, found: EquivalenceRow | None, n: int) -> str:
    pair, alpha = material.pair(row.arm), material.plan.alpha
    begins = (
        f"{pair}: {number(row.estimate, material.digits)}, {material.level} interval "
        f"{interval(row.ci_low, row.ci_high, material.digits)}, "
        f"{p_text(row.p_adjusted)} (Holm)"
    )
    oftener = "at least " if n > 1 else ""
    would = (
        f"a true difference of {number(_detectable(row, alpha, n), material.digits)} would be found in "
        f"{oftener}four of five such "
        "studies"
    )
    if found is None:
        if row.p_adjusted < alpha:
            return f"{begins}; {would}."
        return f"{begins}. This is no evidence of equality: {would}, and smaller ones are missed more often."
    words = {
        "equivalent": "equivalent within the plan's bounds",
        "different": "different, and not shown to lie within the bounds",
        "different but within the bounds": "different from 0, and yet within the plan's bounds",
        "undecided": "undecided: neither a difference nor equivalence was shown",
        "no test": "without a test",
    }[found.verdict]
    return f"{begins}; {words} ({p_text(found.p_value)} for equivalence); {would}."


def _table(material: Material, rows: Sequence[tuple[Contrast, EquivalenceRow | None]], inner: str) -> ReportTable:
    printed = []
    for row, found in rows:
        cells = [material.pair(row.arm), found.verdict if found else MISSING, number(row.estimate, material.digits)]
        low, high = (found.ci_low, found.ci_high) if found else (row.ci_low, row.ci_high)
        cells += [
            interval(low, high, material.digits),
            number(row.std_error, material.digits + 1),
            p_number(row.p_adjusted),
        ]
        cells += (
            [interval(found.bound_low, found.bound_high, material.digits), p_number(found.p_value)]
            if found
            else [MISSING] * 2
        )
        printed.append((*cells, number(_detectable(row, material.plan.alpha, len(rows)), material.digits)))
    header = ("Contrast", "Verdict", "Difference", f"{inner} interval", "SE", "p (difference, Holm)", "Bounds")
    caption = (
        "The verdict takes Holm's p of the difference, and the p of equivalence as it is. Would be found: the true "
        "difference that the two-sided test, at alpha over the number of contrasts, finds with 80% probability, with "
        "this SE."
    )
    return ReportTable(
        "equivalence", TITLE, caption, (*header, "p (equivalence)", "Would be found"), tuple(printed), n_text=2
    )


def _methods(material: Material) -> tuple[str, ...]:
    found = [
        "The detectable difference is the one that the two-sided test finds with 80% probability at the standard "
        "error that was reached (Bloom 1995); it is not computed from the observed difference. It is taken at alpha "
        "over the number of contrasts, at which Holm's adjustment finds a difference at the least."
    ]
    bounds = material.plan.bounds
    if bounds:
        found.insert(
            0,
            f"Equivalence is tested by two one-sided tests (Schuirmann 1987; Lakens 2017) against the plan's bounds, "
            f"{number(bounds[0], material.digits + 1)} and {number(bounds[1], material.digits + 1)}, each "
            f"contrast at alpha without adjustment for there "
            "being several; 'different' is decided by Holm's p, as in the main result.",
        )
    return tuple(found)
