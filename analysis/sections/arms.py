"""PURE: the arms held against each other: shares and means, the main test, and the tests of people's means."""

from analysis.crossed_pairs import crossed_pairs
from analysis.plots import mean_figure, share_figure
from analysis.published import INDEXES, SHARES
from analysis.report_tables import (
    arms_table,
    crossed_pairs_table,
    crossed_table,
    discernment_table,
    means_table,
    omnibus_table,
    pairwise_table,
    ranks_table,
    share_pairs_table,
    shares_table,
)
from analysis.report_text import methods
from analysis.sections.section import Material, Section
from analysis.tables import to_records

NAME, TITLE = "arms", "The arms compared"


def arms(material: Material) -> Section:
    """The figures and tables behind the report's first sentences."""
    comparison, info, labels = material.comparison, material.info, material.labels
    rows, reference, level = comparison.arms.rows, comparison.reference, comparison.level
    shown = (SHARES, INDEXES) if info.show_published else ((), ())
    figures = []
    if comparison.credible_cut is not None:
        figures.append(share_figure(rows, labels, reference, level, shown[0]))
    scale = None if info.truth else info.outcome_scale
    figures.append(mean_figure(rows, labels, reference, level, info.compared, scale, shown[1], material.digits))
    title = "People's means against the reference, with articles fixed"
    pairs = () if material.crossed is None else crossed_pairs(material.crossed, material.plan)
    tables = (
        None if material.crossed is None else crossed_table(material.crossed, labels, material.digits),
        arms_table(comparison, labels, info.compared),
        None if material.discerned is None else discernment_table(material.discerned, labels, material.plan.level),
        means_table(comparison, labels, name="means", title=title),
        shares_table(comparison, labels),
        omnibus_table(comparison, material.crossed),
        crossed_pairs_table(pairs, labels, material.level, material.digits) if len(pairs) > 1 else None,
        pairwise_table(comparison, labels),
        share_pairs_table(comparison, labels) if len(comparison.share_pairs.rows) > 1 else None,
        ranks_table(comparison, labels),
    )
    discerned = material.discerned
    return Section(
        NAME,
        TITLE,
        figures=tuple(figures),
        tables=tuple(table for table in tables if table is not None and table.rows),
        methods=methods(comparison, material.plan, material.exclusions, info.compared, material.crossed),
        results={"discernment": None if discerned is None else to_records(discerned.rows)},
    )
