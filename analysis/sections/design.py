"""PURE: the report's first section: what the study asks, and of what its arms are made."""

from dataclasses import replace

import pandas as pd

from analysis.descriptives import ArmSummary
from analysis.report_info import ArmInfo
from analysis.report_tables import ReportTable
from analysis.report_text import MISSING
from analysis.sections.section import Material, Section
from analysis.tables import to_json

NAME, TITLE = "design", "Question and design"


def design(material: Material) -> Section:
    """The plan's question, the study's facts, and a table of the arms with what they hold."""
    info, plan = material.info, material.plan
    question = plan.question.strip() or "The plan does not state the study's question."
    infos = {arm.key: arm for arm in arm_infos(material)}
    rows = []
    numbers = []
    for arm in material.comparison.arms.rows:
        known = infos.get(arm.arm, ArmInfo(arm.arm, arm.arm))
        numbers.append(_numbers(arm, replace(known, label=material.label(arm.arm))))
        least, most = arm.ratings_a_person_min, arm.ratings_a_person_max
        rows.append(
            (
                material.label(arm.arm) + (" (reference)" if arm.arm == material.reference else ""),
                known.origin or MISSING,
                known.model or MISSING,
                known.curation or MISSING,
                MISSING if known.level is None else f"{known.level:g}",
                str(arm.n_articles) if info.articles_known else MISSING,
                str(arm.n_people),
                str(least) if least == most else f"{least} to {most}",
            )
        )
    header = ("Arm", "Origin", "Model", "Curation", "Place", "Articles", "People", "Ratings a person")
    caption = "After the plan's exclusions. Place: where the arm stands on the arms' own scale, such as model size."
    if info.truth:
        caption = (
            "After the plan's exclusions. Each person has one value of discernment; ratings are the answers behind it."
        )
    return Section(
        NAME,
        TITLE,
        sentences=(question,),
        tables=(
            *((_facts(info.facts),) if info.facts else ()),
            ReportTable("design", "What the arms are", caption, header, tuple(rows), n_text=4),
        ),
        results={
            "study_design": {"question": plan.question, "facts": dict(info.facts), "arms": to_json(numbers)},
        },
    )


def _numbers(arm: ArmSummary, known: ArmInfo) -> dict[str, str | int | float | None]:
    """The row of the arms' table as values."""
    names = ("n_people", "n_articles", "ratings_a_person_min", "ratings_a_person_max")
    declared = {name: getattr(known, name) for name in ("label", "origin", "model", "curation", "level")}
    return {"arm": arm.arm, **declared, **{name: getattr(arm, name) for name in names}}


def _facts(facts: tuple[tuple[str, str], ...]) -> ReportTable:
    caption = "As the version was frozen; what was changed since stands among the deviations."
    return ReportTable("study", "How the study is made", caption, ("What", "How"), facts, n_text=2)


def arm_infos(material: Material) -> tuple[ArmInfo, ...]:
    """The study's arms, or what the ratings themselves say: origin, model and curation where all of an arm's agree."""
    if material.info.arms:
        return material.info.arms
    found = []
    for arm in material.arms:
        own = material.ratings["arm"].astype("str") == arm
        origin, model, curation = (_only(material.ratings, own, name) for name in ("origin", "model", "curation"))
        found.append(ArmInfo(arm, arm, origin, model, curation))
    return tuple(found)


def _only(ratings: pd.DataFrame, own: pd.Series, column: str) -> str:
    values = set(ratings.loc[own, column].dropna().astype("str").unique()) if column in ratings.columns else set()
    return values.pop() if len(values) == 1 else ""
