"""PURE: what each of the plan's rules left out, of which arm, and which rules go by what the treatment can change."""

from collections.abc import Mapping, Sequence
from typing import Any

from analysis.attrition import LEAST_EXPECTED
from analysis.exclusions import Exclusions
from analysis.report_tables import ReportTable
from analysis.report_text import MISSING, number, p_number, p_text, percent
from analysis.sections.section import Material
from analysis.tables import to_records

METHODS = (
    "Whether a rule leaves out more of one arm than of another is tested by people's shares of ratings left out, as "
    "they fall when people are dealt to the arms anew (arms within people where arms share them), by the moments of "
    "that permutation.",
)
SOURCES = (
    "Montgomery, J. M., Nyhan, B., & Torres, M. (2018). How conditioning on posttreatment variables can ruin your "
    "experiment and what to do about it. American Journal of Political Science, 62, 760–775.",
)


def rules_tables(material: Material) -> tuple[ReportTable, ...]:
    """What the rules left out, over all arms and by arm."""
    by_arm = _by_arm_table(material.exclusions, material.arms, material.labels)
    return (_rules_table(material.exclusions), *([by_arm] if by_arm.rows else []))


def _rules_table(exclusions: Exclusions) -> ReportTable:
    """What each rule of the plan left out."""
    first = ("", "Before any rule", "", "", str(exclusions.people_before), str(exclusions.ratings_before), "")
    rows = tuple(
        (
            step.rule,
            step.description,
            str(step.people_out),
            str(step.ratings_out),
            str(step.people_left),
            str(step.ratings_left),
            str(step.n_unknown),
        )
        for step in exclusions.steps
    )
    header = ("Rule", "Whom it leaves out", "People out", "Ratings out", "People left", "Ratings left", "Not judged")
    caption = "In the plan's order. Not judged: the column that the rule reads is empty; these stay."
    return ReportTable("exclusions", "Exclusions", caption, header, (first, *rows), n_text=2)


def _by_arm_table(exclusions: Exclusions, arms: Sequence[str], labels: Mapping[str, str]) -> ReportTable:
    """What each rule of the plan left out of each arm; a column an arm."""
    rows = []
    for rule in exclusions.by_arm:
        of_people = rule.level == "people"
        cells = {
            arm.arm: f"{arm.people_out} of {arm.people_before}"
            if of_people
            else f"{arm.ratings_out} of {arm.ratings_before}"
            for arm in rule.arms
        }
        counted = [cells.get(arm, MISSING) for arm in arms]
        rows.append(
            (rule.rule, rule.level, *counted, number(rule.statistic), number(rule.df, 0), p_number(rule.p_value))
        )
    header = ("Rule", "Of", *(labels.get(arm, arm) for arm in arms), "χ²", "df", "p (equal shares)")
    caption = (
        "Out, of what the rules before it had left. The test takes people as its units, by the share of each one's "
        "ratings that is out."
    )
    if any(rule.least_expected < LEAST_EXPECTED for rule in exclusions.by_arm):
        caption += f" Where fewer than {LEAST_EXPECTED} people are expected out of an arm, p is rough."
    return ReportTable("exclusions-by-arm", "Exclusions by arm", caption, header, tuple(rows), n_text=2)


def rules_results(material: Material) -> dict[str, Any]:
    found = material.exclusions
    return {"exclusions": to_records(found.steps), "exclusions_by_arm": to_records(found.by_arm)}


def unequal(material: Material) -> tuple[str, ...]:
    """A sentence for each rule that took more of one arm than of another."""
    found = []
    for rule in material.exclusions.by_arm:
        if rule.p_value < material.plan.alpha:
            shares = ", ".join(f"{material.label(arm.arm)} {percent(arm.share)}" for arm in rule.arms)
            found.append(
                f"The rule '{rule.rule}' left out more of some arms than of others: {shares} ({p_text(rule.p_value)})."
            )
    return tuple(found)


def after_treatment(material: Material) -> tuple[str, ...]:
    """What is to be said of rules that go by what an article may have changed."""
    rules = material.exclusions.by_arm
    always, maybe = ([f"'{r.rule}'" for r in rules if r.after == after] for after in ("always", "maybe"))
    said = []
    if always:
        goes = "goes" if len(always) == 1 else "go"
        said.append(f"{', '.join(always)} {goes} by what happened after the article was shown")
    if maybe:
        does = "does" if len(maybe) == 1 else "do"
        said.append(
            f"{', '.join(maybe)} {does} so too where it counts checks or behaviour from then on, such as questions "
            "about the article"
        )
    if not said:
        return ()
    checks = any(r.rule.startswith("attention-failed:") for r in rules if r.after != "never")
    instead = " The rule attention-failed-before counts the checks before the first article alone." if checks else ""
    return (
        f"{'; '.join(said)}. To leave people or ratings out by such a rule is to condition on what the treatment can "
        "change: those who are left need not be alike in all arms, although they were assigned by chance (Montgomery, "
        f"Nyhan & Torres 2018). Hold the results without exclusions beside these.{instead}",
    )
