"""What the analysis adds to a study in the workbench: two tabs, and a line of the checklist before freezing."""

from collections.abc import Iterator

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from analysis.plan import Plan, cut_problem, parse_plan
from analysis.plan_rules import PlanError
from analysis.scale_scores import outcome_scale, scale_column_name, scales, scales_of_people
from analysis.schema import INDEX_COLUMN, INDEX_INSTRUMENT, SECONDS_COLUMN, item_column_name
from surveys import instruments
from surveys.definition import Block, Definition
from surveys.evidence import impossible
from surveys.frozen import FrozenStudy
from surveys.items import Item
from surveys.models import Study
from surveys.other_apps import Tab
from surveys.quality import CHECKS
from surveys.readiness import Gate, compose


def power_tab(request: HttpRequest, study: Study) -> Tab:
    """The tab to how many people and articles the study needs, which is asked before there is a version."""
    url = reverse("analysis:power", kwargs={"study_key": study.key})
    return Tab(label=_("Sample size"), url=url, current=request.path.startswith(url))


def tab(request: HttpRequest, study: Study) -> Tab | None:
    """The tab to the results, once there is a version that somebody could have taken part in."""
    if study.current_version_id is None:
        return None
    url = reverse("analysis:results", kwargs={"study_key": study.key})
    current = request.path.startswith(url) and not power_tab(request, study).current
    return Tab(label=_("Results"), url=url, current=current)


def plan_gates(study: Study) -> list[Gate]:
    """Whether the plan can be carried out on what the study asks: once frozen, neither can be mended.

    Raises ``DefinitionError`` for a draft that cannot be read; the checklist asks for that first.
    """
    draft = compose(study)
    problems = [*_plan_problems(draft), *_index_problems(draft.definition)]
    return [Gate(_("The analysis plan can be carried out"), not problems, " ".join(problems), where="design")]


def _plan_problems(study: FrozenStudy) -> Iterator[str]:
    definition = study.definition
    try:
        plan = parse_plan(definition.plan.model_dump())
    except PlanError as error:
        yield from (f"{problem}." for problem in error.problems)
        return
    items = _asked_about_articles(definition)
    outcomes = [SECONDS_COLUMN, *(item_column_name(item.key) for item in items if _is_measured(item))]
    outcomes += [scale_column_name(block.key) for block in scales(definition)]
    if any(block.instrument == INDEX_INSTRUMENT and block.scoring for block in definition.at("reading")):
        outcomes.insert(0, INDEX_COLUMN)
    if plan.outcome not in outcomes:
        yield _("The main outcome is %(outcome)s, which this study does not measure. It measures: %(all)s.") % {
            "outcome": plan.outcome,
            "all": ", ".join(outcomes),
        }
    if problem := cut_problem(plan.credible_cut, outcome_scale(definition, plan.outcome), plan.outcome):
        yield f"{problem}."
    yield from _rule_problems(plan, {SECONDS_COLUMN, *(item_column_name(item.key) for item in items)})
    yield from _arm_problems(plan, [arm.key for arm in study.arms])
    known = covariates(definition)
    if unknown := [name for name in plan.covariates if name not in known]:
        yield _("The covariate %(name)s is not known before the articles. There are: %(all)s.") % {
            "name": unknown[0],
            "all": ", ".join(known) or _("none"),
        }
    yield from _flag_problems(plan, study)


def _arm_problems(plan: Plan, arms: list[str]) -> Iterator[str]:
    """Where the plan names an arm that there is not."""
    named = [("main_contrast", plan.main_contrast), *(("trend_scores", arm) for arm, _score in plan.trend_scores)]
    for field, arm in named:
        if arm and arm not in arms:
            yield _("The plan's %(field)s names %(arm)s, which is no arm. There are: %(all)s.") % {
                "field": field,
                "arm": arm,
                "all": ", ".join(arms),
            }


def covariates(definition: Definition) -> dict[str, Item | None]:
    """{column: the item, None for what is no question} of all that can stand beside the arms as a covariate."""
    found: dict[str, Item | None] = {factor.key.replace("-", "_"): None for factor in definition.design.factors}
    if definition.design.block_by:
        found["stratum"] = None
    items = [item for block in definition.at("before") for item in block.items]
    found |= {scale_column_name(block.key): None for block in scales_of_people(definition, ("before",))}
    return found | {item_column_name(item.key): item for item in items if _is_choice(item) or _is_measured(item)}


def _is_choice(item: Item) -> bool:
    return item.kind in {"single", "likert"} and bool(item.options)


def _rule_problems(plan: Plan, columns: set[str]) -> Iterator[str]:
    for rule in (*plan.exclusions, *plan.alternative_exclusions):
        if rule.kind.level == "ratings" and rule.kind.column not in columns:
            yield _("The exclusion rule %(rule)s needs the question %(item)s beside each article.") % {
                "rule": rule,
                "item": rule.kind.column,
            }


def _flag_problems(plan: Plan, study: FrozenStudy) -> Iterator[str]:
    """Where the plan leaves people out by a flag that there is not, that nobody could get, or that can change later."""
    for rule in (*plan.exclusions, *plan.alternative_exclusions):
        if rule.name != "flagged":
            continue
        if rule.argument not in CHECKS:
            yield _("The exclusion rule %(rule)s names no quality flag. There are: %(all)s.") % {
                "rule": rule,
                "all": ", ".join(sorted(name for name, check in CHECKS.items() if not check.by_settings)),
            }
        elif CHECKS[rule.argument].by_settings:
            yield _(
                "The exclusion rule %(rule)s is not possible: it goes by the recruitment settings, which can be "
                "changed after the plan is frozen."
            ) % {"rule": rule}
        elif impossible(study, rule.argument):
            yield _("The exclusion rule %(rule)s can flag nobody: this study does not ask what it goes by.") % {
                "rule": rule
            }


def _index_problems(definition: Definition) -> Iterator[str]:
    """Where the index's questions are asked otherwise than its scoring knows them."""
    instrument = instruments.load(INDEX_INSTRUMENT)
    scored = instrument.items
    blocks = [block for block in definition.at("reading") if block.instrument == INDEX_INSTRUMENT]
    same = {item.key: _values(item) for item in scored} == _values_of(blocks, {item.key for item in scored})
    if blocks and not (same and all(block.scoring == instrument.scoring for block in blocks)):
        yield _(
            "The questions of %(instrument)s do not have the answers and the scoring that its index is made of. "
            "Remove them and add the instrument again."
        ) % {"instrument": INDEX_INSTRUMENT}


def _values_of(blocks: list[Block], keys: set[str]) -> dict[str, dict[str, int | None]]:
    return {item.key: _values(item) for block in blocks for item in block.items if item.key in keys}


def _values(item: Item) -> dict[str, int | None]:
    return {option.code: option.value for option in item.options}


def _asked_about_articles(definition: Definition) -> list[Item]:
    blocks = (*definition.at("reading"), *definition.at("looking-back"))
    return [item for block in blocks for item in block.items]


def _is_measured(item: Item) -> bool:
    """Whether an item's column holds numbers, as analysis/frames.py makes it."""
    is_one_choice = item.kind in {"single", "likert"}
    return item.kind in {"number", "slider"} or (is_one_choice and all(o.value is not None for o in item.options))
