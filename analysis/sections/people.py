"""PURE: who took part: the flow of participants, who was lost by arm, and whether the arms' people are alike."""

import math
from collections.abc import Sequence

import pandas as pd

from analysis.attrition import LEAST_EXPECTED, Attrition, attrition
from analysis.balance import NEGLIGIBLE, Balance, balance, varying_within
from analysis.flow import arm_in_words, participant_flow
from analysis.flow_figure import flow_figure
from analysis.report_tables import ReportTable
from analysis.report_text import MISSING, interval, number, p_text, percent
from analysis.sections.interval_figure import Axis, Mark, interval_figure
from analysis.sections.section import LeftOut, Material, Section, listed
from analysis.tables import to_json, to_records

FLOW, FLOW_TITLE = "flow", "Flow of participants"
BALANCE, BALANCE_TITLE = "balance", "Are the arms' people alike?"


def people_flow(material: Material) -> Section:
    """Everybody who arrived, by ending and arm, and whether an arm lost more people than another."""
    if material.participants is None:
        raise LeftOut("no table of participants was given, so that who arrived and left is not known")
    flow = participant_flow(
        material.participants, arms=_arms_of_people(material.participants, material.arms), analysed=material.kept
    )
    lost = attrition(flow, material.reference, material.plan.alpha)
    sentences = [f"{flow.arrived} people arrived, {flow.randomised} were assigned an arm."]
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


def people_balance(material: Material) -> Section:
    """Standardised differences of the plan's covariates, and of the factors, between each arm and the reference."""
    if not material.info.persons_known:
        raise LeftOut("no column says who gave a rating")
    if material.comparison.design != "between":
        raise LeftOut("people are in several arms, which makes the arms' people the same")
    people = material.kept.drop_duplicates(["participant", "arm"]).assign(arm=lambda frame: frame["arm"].astype("str"))
    names = covariates_of(material, people)
    if not names:
        raise LeftOut("no covariate is named in the plan, and the study varies no factor")
    within = varying_within(material.kept, names)
    names = tuple(name for name in names if name not in within)
    if not names:
        raise LeftOut(_within_in_words(within))
    found = balance(people, names, material.arms, material.reference)
    largest = found.largest
    if largest is None:
        raise LeftOut("no covariate has values in two arms")
    where = f"{largest.covariate}{f' ({largest.level})' if largest.level else ''}"
    marks = [
        Mark(_name(row.covariate, row.level), row.estimate, math.nan, math.nan, group=material.label(row.arm))
        for row in sorted(found.rows, key=lambda row: material.arms.index(row.arm))
    ]
    caption = f"Band: differences below {NEGLIGIBLE:g}, which are often called negligible."
    axis = Axis(f"Standardised difference from {material.label(material.reference)}", band=(-NEGLIGIBLE, NEGLIGIBLE))
    return Section(
        BALANCE,
        BALANCE_TITLE,
        sentences=(
            f"The largest standardised difference is {number(largest.estimate)}: {where} in "
            f"{material.label(largest.arm)} against {material.label(material.reference)}.",
        ),
        notes=(f"Left out: {_within_in_words(within)}.",) if within else (),
        figures=(interval_figure("balance", "Differences between the arms' people", caption, marks, axis),),
        tables=(_balance_table(found, material),),
        methods=(
            "Balance is described by standardised differences (Austin 2009) of those who are analysed; no test of it "
            "is made, since assignment was by chance.",
        ),
        references=(
            "Austin, P. C. (2009). Balance diagnostics for comparing the distribution of baseline covariates between "
            "treatment groups in propensity-score matched samples. Statistics in Medicine, 28, 3083–3107.",
        ),
        results={"balance": to_records(found.rows)},
    )


def _within_in_words(names: Sequence[str]) -> str:
    verb = "varies within people, and is" if len(names) == 1 else "vary within people, and are"
    return f"{listed(names)} {verb} nothing in which the arms' people can differ"


def covariates_of(material: Material, ratings: pd.DataFrame) -> tuple[str, ...]:
    """The plan's covariates; without any, the factors and strata that vary in the ratings."""
    if material.plan.covariates:
        return material.plan.covariates
    usual = ("disclaimer", "source_label", "stratum")
    return tuple(name for name in usual if name in ratings.columns and _varies(ratings[name]))


def _varies(column: pd.Series) -> bool:
    return len({*column.dropna().astype("str").unique()} - {""}) > 1


def _name(covariate: str, level: str) -> str:
    return f"{covariate}: {level}" if level else covariate


def _balance_table(found: Balance, material: Material) -> ReportTable:
    missing = dict(found.n_missing)
    rows = tuple(
        (
            _name(row.covariate, row.level),
            material.pair(row.arm),
            percent(row.value) if row.level else number(row.value),
            percent(row.value_reference) if row.level else number(row.value_reference),
            number(row.estimate),
            f"{row.n}, {row.n_reference}",
            str(missing[row.covariate]),
        )
        for row in found.rows
    )
    header = ("Covariate", "Arms", "Arm", "Reference", "Standardised difference", "People", "Not known")
    caption = "Shares of levels, means of numbers, among those who are analysed. Not known: people without a value."
    return ReportTable("balance", BALANCE_TITLE, caption, header, rows, n_text=2)


def _arms_of_people(participants: pd.DataFrame, order: tuple[str, ...]) -> tuple[str, ...]:
    """The study's arms, unless people are assigned to rows of a counterbalancing, which are called otherwise."""
    found = set(participants["arm"].dropna().unique()) if "arm" in participants.columns else set()
    return order if found & set(order) else ()
