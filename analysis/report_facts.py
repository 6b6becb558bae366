"""What a report says of a study of the platform: its arms, its design in words, its outcome and its scale's items."""

from collections.abc import Iterator
from typing import Any

from analysis import frames
from analysis.frames import StudyFrames
from analysis.frames_ratings import attribution_item
from analysis.models import Report
from analysis.report_info import ArmInfo, StudyInfo
from analysis.scale_scores import label, outcome_scale
from analysis.schema import INDEX_COLUMN, INDEX_INSTRUMENT, item_column_name
from surveys.frozen import FrozenStudy

KINDS = {
    "between": "one arm a person (between subjects)",
    "within": "all arms a person (within subjects)",
    "mixed": "all arms of one group a person (mixed)",
}
ORDERS = {
    "latin": "rows of a Williams design",
    "balanced": "each article at the position where it stood least often",
    "random": "random for each person",
}
ALLOCATIONS = {
    "least-filled": "the arm furthest behind its share first",
    "complete": "permuted blocks, the smallest there are",
    "blocked": "permuted blocks of varying length",
    "simple": "a draw for each person",
}


def study_info(report: Report, data: StudyFrames) -> StudyInfo:
    """What the report says of the study and cannot read from its ratings."""
    frozen = report.version.frozen
    definition = frozen.definition
    items = _scale_items(report, data) if not report.masked else ()
    unblinding = getattr(report.study, "unblinding", None)
    return StudyInfo(
        title=definition.text(definition.wording.title, definition.languages[0]),
        study=report.study.key,
        version=report.version.sha256,
        mode=report.mode,
        arms=tuple(
            ArmInfo(
                arm.key, arm.label, arm.origin, arm.model_slot, arm.curation, float(arm.level) if arm.level else None
            )
            for arm in frozen.arms
        ),
        **_outcome(report, data),
        attribution_item=attribution_item(frozen) if not report.masked else "",
        facts=tuple(facts(frozen)),
        items=items,
        item_scales=tuple((name, *scale) for name in items if (scale := outcome_scale(definition, name)) is not None),
        deviations=frames.deviations(report.version),
        unblinded=f"{unblinding.at:%Y-%m-%d %H:%M} UTC, {unblinding.by}: {unblinding.reason}" if unblinding else "",
    )


def _scale_items(report: Report, data: StudyFrames) -> tuple[str, ...]:
    """The columns of the items that the plan's outcome is made of; () where it is an item itself."""
    definition = report.version.frozen.definition
    if definition.plan.outcome != INDEX_COLUMN or data.ratings is None:
        return ()
    blocks = [block for block in definition.at("reading") if block.instrument == INDEX_INSTRUMENT]
    names = [item_column_name(item.key) for block in blocks for item in block.items]
    return tuple(name for name in names if name in data.ratings.columns)


def _outcome(report: Report, data: StudyFrames) -> dict[str, Any]:
    """How the report calls the plan's outcome, and its scale; the published lines belong to the index alone."""
    name = report.version.frozen.definition.plan.outcome
    if name == INDEX_COLUMN:
        return {"show_published": True}
    table = data.tables.get("ratings")
    column = next((column for column in table.columns if column.name == name), None) if table else None
    bounded = column is not None and column.minimum is not None and column.maximum is not None
    return {
        "show_published": False,
        "outcome_label": label(column) if column is not None else name,
        "outcome_scale": (column.minimum, column.maximum) if column is not None and bounded else None,
    }


def facts(frozen: FrozenStudy) -> Iterator[tuple[str, str]]:
    """The design in words, as (name, value)."""
    definition, design = frozen.definition, frozen.definition.design
    yield "Arms a person", KINDS[design.kind]
    yield "Articles a person", str(design.per_person)
    yield "Order of the articles", ORDERS[design.order]
    yield "Allocation", ALLOCATIONS[design.allocation]
    if design.block_by:
        yield "Arms balanced within the answers to", design.block_by
    for factor in design.factors:
        levels = ", ".join(level.key for level in factor.levels)
        yield factor.key.replace("-", " ").capitalize(), f"{levels} ({'within' if factor.within else 'between'} people)"
    targets = [f"{arm.label} {arm.target}" for arm in frozen.arms if arm.target]
    if targets:
        yield "Target in people", ", ".join(targets)
    if by := ", ".join(part for part in (definition.contact.name, definition.contact.institution) if part):
        yield "Conducted by", by
    if board := ", ".join(
        part for part in (definition.contact.ethics_board, definition.contact.ethics_reference) if part
    ):
        yield "Ethics review", board
    yield "Stories", str(len({article.story for article in frozen.articles}))
    yield "Languages", ", ".join(definition.languages)
