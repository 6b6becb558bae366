"""PURE: whether articles that people picked are rated otherwise than articles taken as they came."""

import math

from analysis.curation import ALL_MODELS, CurationContrast, curation_contrasts
from analysis.report_tables import FOUND, ReportTable, difference_cells
from analysis.report_text import interval, number, p_text, would_be_found
from analysis.sections.design import arm_infos
from analysis.sections.interval_figure import Axis, Mark, interval_figure
from analysis.sections.section import LeftOut, Material, Section, needs_models
from analysis.tables import to_records

NAME, TITLE = "curation", "Picked, or taken as they came?"


def picking(material: Material) -> Section:
    """Curated against uncurated articles, over all models and within each."""
    needs_models(material)
    infos = arm_infos(material)
    if len({arm.curation for arm in infos} - {""}) < 2:
        raise LeftOut("the study does not have both curated and uncurated articles")
    if material.crossed is None or material.crossed.fit is None:
        raise LeftOut("the crossed mixed model, on which the contrast is made, could not be fitted")
    found = curation_contrasts(material.crossed, infos, material.plan.alpha)
    if not found.rows:
        raise LeftOut("curated or uncurated articles have no ratings")
    header = (
        "Articles of",
        "Difference",
        f"{material.level} interval",
        "SE",
        "t",
        "df",
        "p",
        "p (Holm)",
        "Would be found",
    )
    rows = tuple(
        (
            row.term,
            *difference_cells(row, material.digits),
            number(row.detectable_adjusted, material.digits),
        )
        for row in found.rows
    )
    marks = [Mark(row.term, row.estimate, row.ci_low, row.ci_high, main=n == 0) for n, row in enumerate(found.rows)]
    axis = Axis(f"Curated less uncurated on the {material.info.compared}", digits=material.digits)
    drawn = f"Curated less uncurated articles, with intervals at {material.level}."
    whom = "new people and new articles" if material.crossed.samples_articles else "new people and these articles"
    caption = f"Curated less uncurated, for {whom}; Holm's p over the models. {FOUND}; over all models, at alpha."
    return Section(
        NAME,
        TITLE,
        sentences=(_sentence(found.rows[0], material),),
        warnings=tuple(caution.sentence for caution in found.cautions),
        figures=(interval_figure(NAME, TITLE, drawn, marks, axis),),
        tables=(ReportTable(NAME, TITLE, caption, header, rows),),
        methods=(
            "Curated and uncurated articles were compared by a contrast of the crossed mixed model's arm means, within "
            "each model, each model counting alike, with the degrees of freedom of the main test.",
        ),
        results={"curation": to_records(found.rows)},
    )


def _sentence(row: CurationContrast, material: Material) -> str:
    whose = "" if row.term == ALL_MODELS else f" of {row.term}"
    if not math.isfinite(row.p_value):
        return (
            f"Curated and uncurated articles{whose} differ by {number(row.estimate, material.digits)}; "
            f"there is no test of it."
        )
    said = f"({material.level} interval {interval(row.ci_low, row.ci_high, material.digits)}, {p_text(row.p_value)})"
    if row.p_value >= material.plan.alpha:
        found = would_be_found(f"a difference of {number(row.detectable_adjusted, material.digits)}")
        shown = f"{number(row.estimate, material.digits)} {said}"
        return f"Curated articles{whose} were not shown to be rated otherwise than uncurated ones: {shown}{found}."
    way = "higher" if row.estimate > 0 else "lower"
    return (
        f"Curated articles{whose} were rated {way} than uncurated ones, by "
        f"{number(abs(row.estimate), material.digits)} {said}."
    )
