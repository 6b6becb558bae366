"""PURE: the sections of a report, in their order: each a question, a sentence, a figure beside a table."""

from collections.abc import Callable

from analysis.sections import (
    alike,
    arms,
    design,
    detecting,
    discerning,
    disclosure,
    exclusions,
    groups,
    null,
    other_models,
    people,
    picking,
    scales,
    shapes,
    specifications,
    texts,
    trends,
)
from analysis.sections.section import Material, Section, made

# (name, title, what is being done, what makes it)
_SECTIONS: tuple[tuple[str, str, str, Callable[[Material], Section]], ...] = (
    (design.NAME, design.TITLE, "describing the design", design.design),
    (people.FLOW, people.FLOW_TITLE, "counting who took part", people.people_flow),
    (alike.NAME, alike.TITLE, "comparing the arms' people", alike.people_balance),
    (arms.NAME, arms.TITLE, "drawing the arms", arms.arms),
    (discerning.NAME, discerning.TITLE, "comparing discernment over articles", discerning.discerning),
    (null.NAME, null.TITLE, "testing equivalence", null.null_results),
    (trends.NAME, trends.TITLE, "testing the trend", trends.trends),
    (picking.NAME, picking.TITLE, "comparing curated texts", picking.picking),
    (shapes.NAME, shapes.TITLE, "comparing distributions", shapes.shapes),
    (texts.NAME, texts.TITLE, "looking at the articles", texts.texts),
    (texts.ITEMS, texts.ITEMS_TITLE, "looking at the items", texts.items),
    (other_models.NAME, other_models.TITLE, "fitting other models", other_models.models),
    (exclusions.NAME, exclusions.TITLE, "leaving nobody out", exclusions.exclusions),
    (specifications.NAME, specifications.TITLE, "making the specification curve", specifications.specifications),
    (groups.NAME, groups.TITLE, "comparing groups of people", groups.groups),
    (detecting.NAME, detecting.TITLE, "measuring detection", detecting.detecting),
    (scales.NAME, scales.TITLE, "measuring reliability", scales.scale),
    (scales.AGREEMENT, scales.AGREEMENT_TITLE, "measuring agreement", scales.agreement),
    (disclosure.NAME, disclosure.TITLE, "answering reporting standards", disclosure.disclosure),
)


def all_sections(material: Material, say: Callable[[str], None]) -> tuple[Section, ...]:
    """Every section in its order; ``say`` is told what is done next, and may raise to end it."""
    found = []
    for name, title, doing, make in _SECTIONS:
        # A question that a study without truth does not ask.
        if name == discerning.NAME and not material.info.truth:
            continue
        say(doing)
        found.append(made(name, title, make, material))
    return tuple(found)
