"""PURE: a report as what JSON can hold, under the keys that docs/report-json.md names."""

from typing import Any

from analysis.compare import Comparison
from analysis.crossed import Crossed
from analysis.crossed_pairs import crossed_pairs
from analysis.plan import Plan
from analysis.plan_text import plan_in_words
from analysis.published import INDEXES, SHARES, SOURCE
from analysis.report import Report
from analysis.schema import SCHEMA_VERSION
from analysis.sections.section import Section
from analysis.tables import to_json, to_records

FORMAT = "studyweb-report/3"


def to_dict(report: Report) -> dict[str, Any]:
    """The report as JSON can hold it, under the keys that docs name; ``format`` rises when they change.

    Figures carry their SVG; nan is None.
    """
    return {
        "format": FORMAT,
        "schema_version": SCHEMA_VERSION,
        "study": to_json(report.info),
        "plan": report.plan.as_dict(),
        "plan_in_words": plan_in_words(report.plan, report.info, report.comparison.reference),
        "main_sentence": report.main_sentence,
        "sentences": list(report.sentences),
        "cautions": to_records(report.cautions),
        "results": {
            **_results(report.comparison),
            "crossed": _crossed_results(report.crossed, report.plan),
            "without_exclusions": None if report.without_exclusions is None else _results(report.without_exclusions),
            **dict.fromkeys(SECTION_RESULTS),
            **{key: rows for section in report.shown for key, rows in section.results.items()},
        },
        "sections": [_section(section) for section in report.sections],
        "tables": to_records(report.tables),
        "figures": to_records(report.figures),
        "methods": list(report.methods),
        "references": list(report.references),
        "published": {"source": SOURCE, "shares": to_records(SHARES), "indexes": to_records(INDEXES)}
        if report.info.show_published
        else None,
        "software": dict(report.software),
        "data_sha256": report.data_sha256,
    }


def _crossed_results(crossed: Crossed | None, plan: Plan) -> dict[str, Any] | None:
    if crossed is None:
        return None
    return {
        "formula": crossed.formula,
        "ddf": crossed.ddf,
        "n_ratings": crossed.n_ratings,
        "n_people": crossed.n_people,
        "n_articles": crossed.n_articles,
        "omnibus": to_json(crossed.omnibus._asdict()),
        "contrasts": to_records(crossed.rows),
        "pairs": to_records(crossed_pairs(crossed, plan)),
        "means": to_records(crossed.means),
        "variance": to_records(crossed.variance),
        "fitted": crossed.fit is not None,
    }


def _results(comparison: Comparison) -> dict[str, Any]:
    return {
        "outcome": comparison.outcome,
        "reference": comparison.reference,
        "design": comparison.design,
        "level": comparison.level,
        "credible_cut": comparison.credible_cut,
        "n_people": comparison.n_people,
        "n_ratings": comparison.n_ratings,
        "n_missing": comparison.n_missing,
        "arms": to_records(comparison.arms.rows),
        "means": to_records(comparison.means.rows),
        "shares": to_records(comparison.shares.rows),
        "share_pairs": to_records(comparison.share_pairs.rows),
        "omnibus": to_records(comparison.omnibus.rows),
        "pairwise": to_records(comparison.pairwise.rows),
    }


# What sections add to the results; null where a section is left out.
SECTION_RESULTS = (
    "study_design", "flow", "attrition", "balance", "discernment", "discernment_odds", "equivalence", "trend",
    "curation", "distributions", "distribution_tests", "articles", "items", "models", "exclusions", "exclusions_by_arm",
    "variants", "specifications", "heterogeneity", "detection", "attribution", "reliability", "agreement", "disclosure",
)  # fmt: skip


def _section(section: Section) -> dict[str, Any]:
    return {
        "name": section.name,
        "title": section.title,
        "sentences": list(section.sentences),
        "warnings": list(section.warnings),
        "notes": list(section.notes),
        "figures": [figure.name for figure in section.figures],
        "tables": [table.name for table in section.tables],
        "left_out": section.left_out,
    }
