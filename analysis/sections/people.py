"""PURE: who took part: the flow of participants, and who was lost by arm."""

import math

import pandas as pd

from analysis.attrition import LEAST_EXPECTED, Attrition, attrition
from analysis.counted import counted
from analysis.flow import arm_in_words, participant_flow
from analysis.flow_figure import flow_figure
from analysis.report_tables import ReportTable
from analysis.report_text import MISSING, interval, number, p_text, percent
from analysis.sections.section import LeftOut, Material, Section
from analysis.tables import to_json

FLOW, FLOW_TITLE = "flow", "Flow of participants"


def people_flow(material: Material) -> Section:
    """Everybody who arrived, by ending and arm, and whether an arm lost more people than another."""
    if material.participants is None:
        raise LeftOut("no table of participants was given, so that who arrived and left is not known")
    flow = participant_flow(
        material.participants, arms=_arms_of_people(material.participants, material.arms), analysed=material.kept
    )
    lost = attrition(flow, material.reference, material.plan.alpha)
    sentences = [
        f"{counted(flow.arrived, 'person', 'people')} arrived, {counted(flow.randomised, 'was', 'were')} "
        "assigned an arm."
    ]
    warnings = []
    if math.isfinite(lost.p_value):
        verb = "differed" if lost.p_value < material.plan.alpha else "was not shown to differ"
        shares = "; ".join(
            f"{arm_in_words(row.arm, material.labels)} {percent(row.share)}"
            + ("" if math.isnan(row.ci_low) else f" ({_points(row.estimate, row.ci_low, row.ci_high)})")
            for row in lost.rows
        )
        sentences.append(
            f"The share that did not complete {verb} between arms (chi-square {number(lost.statistic)}, "
            f"{lost.df:g} df, {p_text(lost.p_value)}): {shares}."
        )
        if lost.p_value < material.plan.alpha:
            warnings.append(
                "The arms lost people unequally: who stayed may differ between arms for that reason alone, which no "
                "comparison of those who stayed can mend."
            )
        if lost.least_expected < LEAST_EXPECTED:
            warnings.append("Few people were lost, so that the test of unequal loss is rough.")
    elif len(lost.rows) > 1:
        sentences.append("Nobody was lost after the assignment, or everybody: there is nothing to compare.")
    return Section(
        FLOW,
        FLOW_TITLE,
        sentences=tuple(sentences),
        warnings=tuple(warnings),
        figures=(flow_figure(flow, material.labels),),
        tables=(_attrition_table(lost, material),) if lost.rows else (),
        methods=(
            "Loss after the assignment is compared between arms by Pearson's chi-square test, with Wilson intervals "
            "of shares and Newcombe's of their differences (Zhou & Fishbach 2016).",
        ),
        references=(
            "Zhou, H., & Fishbach, A. (2016). The pitfall of experimenting on the web: How unattended selective "
            "attrition leads to surprising (yet false) research conclusions. Journal of Personality and Social "
            "Psychology, 111, 493–504.",
        ),
        results={"flow": to_json(flow), "attrition": to_json(lost)},
    )


def _points(estimate: float, low: float, high: float) -> str:
    return f"{number(100 * estimate, 1)} points from the reference, {interval(100 * low, 100 * high, 1)}"


def _attrition_table(lost: Attrition, material: Material) -> ReportTable:
    rows = tuple(
        (
            arm_in_words(row.arm, material.labels),
            str(row.n),
            str(row.n - row.lost),
            str(row.lost),
            percent(row.share),
            interval(100 * row.share_ci_low, 100 * row.share_ci_high, 1),
            MISSING if math.isnan(row.estimate) else number(100 * row.estimate, 1),
            interval(100 * row.ci_low, 100 * row.ci_high, 1),
        )
        for row in lost.rows
    )
    level = f"{material.level} interval"
    header = ("Arm", "Assigned", "Completed", "Lost", "Lost (%)", f"{level} (%)", "Difference (points)", level)
    caption = "Lost: assigned, and did not complete, or withdrew. Differences are from the reference arm."
    return ReportTable("attrition", "Lost after the assignment", caption, header, rows)


def _arms_of_people(participants: pd.DataFrame, order: tuple[str, ...]) -> tuple[str, ...]:
    """The study's arms, unless people are assigned to rows of a counterbalancing, which are called otherwise."""
    found = set(participants["arm"].dropna().unique()) if "arm" in participants.columns else set()
    return order if found & set(order) else ()
