"""PURE: a plan in words, as a report shows it: what was planned, by the names that people know arms and rules by."""

from collections.abc import Iterable

from analysis.plan import MODELS, Plan
from analysis.plan_rules import Rule
from analysis.report_info import StudyInfo
from analysis.report_text import interval


def plan_in_words(plan: Plan, info: StudyInfo, reference: str) -> list[tuple[str, str]]:
    """(field, what it says) for every field that says something; ``reference`` is the arm that was taken."""
    bounds = "none" if plan.bounds is None else interval(*plan.bounds)
    cut = "none" if plan.credible_cut is None else f"from {plan.credible_cut:g} upwards"
    labels = info.labels
    lines = [
        ("Question", plan.question),
        ("Outcome", f"{plan.outcome}: {info.compared}"),
        ("Reference arm", labels.get(reference, reference) + ("" if plan.reference else " (not named in the plan)")),
        ("Main contrast", labels.get(plan.main_contrast, plan.main_contrast)),
        ("Alpha", f"{plan.alpha:g}"),
        ("Credible", cut),
        ("Equivalence bounds", bounds),
        ("Exclusions", _rules(plan.exclusions) or "none"),
        ("Alternative exclusions", _rules(plan.alternative_exclusions)),
        ("Models of the curve", ", ".join(MODELS[name] for name in plan.specification_models)),
        ("Covariates", ", ".join(plan.covariates)),
        ("Scores of the trend", ", ".join(f"{labels.get(arm, arm)} {score:g}" for arm, score in plan.trend_scores)),
        ("Neutral answers", plan.neutral_answers if info.attribution_item else ""),
        ("Notes", plan.notes),
    ]
    return [(name, value) for name, value in lines if value]


def _rules(rules: Iterable[Rule]) -> str:
    """The rules as they are written, each with what it leaves out."""
    return "; ".join(f"{rule} ({rule.sentence.rstrip('.')})" for rule in rules)
