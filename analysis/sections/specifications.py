"""PURE: the main contrast over every stated combination of exclusions and models, as a specification curve."""

import math
from typing import Any

import altair as alt
import numpy as np

from analysis.counted import counted
from analysis.multiverse import Multiverse, Specification, multiverse
from analysis.plan import MODELS, MOST_RULES
from analysis.plots import ARM, DASHES, INK, MUTED, REFERENCE, WIDTH, Figure, svg_of
from analysis.report_tables import ReportTable
from analysis.report_text import interval, number, p_number, p_text
from analysis.sections.section import MOST_FITTED, LeftOut, Material, Section, needs_models, some_people
from analysis.tables import to_records

NAME, TITLE = "specifications", "The main contrast over all stated analyses"
# A subset of the rules takes three models; of fewer ratings than these a curve would show noise.
LEAST_RATINGS = 5_000
MOST_ROWS = 60


def specifications(material: Material) -> Section:
    """The curve of the plan's main contrast, or of the first one."""
    needs_models(material)
    plan = material.plan
    rules = (*plan.exclusions, *plan.alternative_exclusions)
    if len(rules) > MOST_RULES:
        raise LeftOut(f"the plan's {len(rules)} rules make {2 ** len(rules)} combinations; {MOST_RULES} rules at most")
    arm, why = _arm(material)
    most = max(LEAST_RATINGS, 2 * MOST_FITTED // 2 ** len(rules))
    data, notes = some_people(material.ratings, min(MOST_FITTED, most))
    chosen = tuple(MODELS[key] for key in plan.specification_models or MODELS)
    found = multiverse(data, plan, arm, participants=material.participants, models=chosen, arms=material.arms)
    known = [row for row in found.rows if math.isfinite(row.estimate)]
    if not known:
        raise LeftOut(f"no combination of exclusions and models gives the contrast: {found.rows[0].note.rstrip('.')}")
    return Section(
        NAME,
        TITLE,
        sentences=_sentences(found, known, material, arm, why),
        warnings=_warnings(found, material),
        notes=notes,
        figures=(_figure(found, known, material, arm),),
        tables=(_table(found, material, arm),),
        methods=(
            f"The contrast of {material.label(arm)} with {material.label(material.reference)} was made under every "
            f"subset of {len(rules)} exclusion rules and {len(chosen)} models (Steegen, Tuerlinckx, Gelman & Vanpaemel "
            "2016; Simonsohn, Simmons & Nelson 2020). The curve describes; it is no test of its own.",
        ),
        references=(
            "Simonsohn, U., Simmons, J. P., & Nelson, L. D. (2020). Specification curve analysis. Nature Human "
            "Behaviour, 4, 1208–1214.",
            "Steegen, S., Tuerlinckx, F., Gelman, A., & Vanpaemel, W. (2016). Increasing transparency through a "
            "multiverse analysis. Perspectives on Psychological Science, 11, 702–712.",
        ),
        results={"specifications": to_records(found.rows)},
    )


def _arm(material: Material) -> tuple[str, str]:
    """The arm of the main contrast, and where it comes from if the plan does not say."""
    planned = material.plan.main_contrast
    rated = [arm.arm for arm in material.comparison.arms.rows if arm.n_ratings and arm.arm != material.reference]
    if planned:
        if planned not in rated:
            raise LeftOut(f"the plan's main contrast is of '{planned}', which is no arm with ratings")
        return planned, ""
    more = " The plan names no main contrast; the first one was taken." if len(rated) > 1 else ""
    return rated[0], more


def _sentences(
    found: Multiverse, known: list[Specification], material: Material, arm: str, why: str
) -> tuple[str, ...]:
    estimates = [row.estimate for row in known]
    significant = sum(row.p_value < material.plan.alpha for row in known)
    said = (
        f"Over {len(known)} analyses, {material.pair(arm)} lies from {number(min(estimates), material.digits)} to "
        f"{number(max(estimates), material.digits)}, with the median "
        f"{number(float(np.median(estimates)), material.digits)}; "
        f"{counted(significant, 'of them has', 'of them have')} p below {material.plan.alpha:g}.{why}"
    )
    planned = next((row for row in known if row.planned), None)
    if planned is None:
        return (said,)
    return (
        said,
        f"The planned one gives {number(planned.estimate, material.digits)}, {material.level} interval "
        f"{interval(planned.ci_low, planned.ci_high, material.digits)}, {p_text(planned.p_value)}; "
        f"{100 * found.same_sign:.0f}% of the analyses have its sign.",
    )


def _warnings(found: Multiverse, material: Material) -> tuple[str, ...]:
    said = []
    lost = [row for row in found.rows if not math.isfinite(row.estimate)]
    if lost:
        said.append(
            f"{len(lost)} of {len(found.rows)} analyses could not be computed; they stand last in the table, with why."
        )
    if not (material.plan.exclusions or material.plan.alternative_exclusions):
        said.append("The plan states no rules of exclusion, so that the analyses differ in their model alone.")
    if not any(row.planned for row in found.rows):
        said.append("The planned analysis, the crossed mixed model, is not among the plan's specification_models.")
    return tuple(said)


def _figure(found: Multiverse, known: list[Specification], material: Material, arm: str) -> Figure:
    marked = [_mark(row) for row in known]
    choices = [
        {"place": row.place, "choice": choice, "planned": row.planned} for row in known for choice in _choices(row)
    ]
    order = [*material.plan.exclusions, *material.plan.alternative_exclusions]
    names = ["no exclusion", *map(str, order), *dict.fromkeys(row.model for row in known)]
    names = [name for name in names if any(choice["choice"] == name for choice in choices)]
    # A single analysis would else have an axis of no width.
    x = alt.X("place:Q", title=None, axis=None, scale=alt.Scale(domain=[0, len(known) + 1], nice=False))
    color = alt.condition("datum.planned", alt.value(REFERENCE), alt.value(ARM))
    y = alt.Scale(zero=False)
    title = "Difference"
    data = alt.InlineData(values=marked)
    top = alt.layer(
        alt.Chart(data).mark_rule(color=MUTED, strokeDash=DASHES[0]).encode(y=alt.YDatum(0, scale=y)),
        alt.Chart(data).transform_filter("isValid(datum.low)").mark_rule(opacity=0.75)
        .encode(x=x, y=alt.Y("low:Q", title=title, scale=y), y2="high:Q", color=color),
        alt.Chart(data).mark_point(filled=True, opacity=1, size=45)
        .encode(x=x, y=alt.Y("value:Q", title=title, scale=y), color=color),
    ).properties(width=WIDTH + 80, height=210)  # fmt: skip
    below = (
        alt.Chart(alt.InlineData(values=choices))
        .mark_tick(orient="vertical", thickness=2.5, size=13)
        .encode(
            x=x,
            y=alt.Y("choice:N", sort=names, title=None, axis=alt.Axis(labelLimit=230, labelColor=INK, domain=False)),
            color=color,
        )
        .properties(width=WIDTH + 80, height=22 * max(1, len(names)))
    )
    low, high = min(row["value"] for row in marked), max(row["value"] for row in marked)
    return Figure(
        name="specifications",
        title="Specification curve",
        caption=f"{material.pair(arm)}. Each point is one analysis with its interval at {material.level}; below it "
        "stand its exclusions and its model. In the text's colour: the planned one.",
        alt=f"Specification curve of {material.pair(arm)}: {len(known)} analyses from "
        f"{number(low, material.digits)} to "
        f"{number(high, material.digits)}.",
        svg=svg_of(alt.vconcat(top, below, spacing=8), "Specification curve"),
    )


def _mark(row: Specification) -> dict[str, Any]:
    known = math.isfinite(row.ci_low)
    return {
        "place": row.place,
        "value": row.estimate,
        "low": row.ci_low if known else None,
        "high": row.ci_high if known else None,
        "planned": row.planned,
    }


def _choices(row: Specification) -> list[str]:
    return [*(row.exclusions.split() or ["no exclusion"]), row.model]


def _table(found: Multiverse, material: Material, arm: str) -> ReportTable:
    shown = found.rows if len(found.rows) <= MOST_ROWS else _thinned(found.rows)
    rows = tuple(
        (
            str(row.place) + (" (planned)" if row.planned else ""),
            row.exclusions.replace(" ", ", ") or "none",
            row.model if not row.note else f"{row.model}: {row.note}",
            number(row.estimate, material.digits),
            interval(row.ci_low, row.ci_high, material.digits),
            p_number(row.p_value),
            str(row.n_people),
            str(row.n_ratings),
        )
        for row in shown
    )
    left = len(found.rows) - len(shown)
    more = (
        f" {left} of {len(found.rows)} analyses between these are left out here, and are all in the JSON."
        if left
        else ""
    )
    caption = (
        f"{material.pair(arm)}, from the lowest estimate to the highest; people and ratings of these two arms.{more}"
    )
    header = ("Place", "Exclusions", "Model", "Difference", f"{material.level} interval", "p", "People", "Ratings")
    return ReportTable("specifications", TITLE, caption, header, rows, n_text=3)


def _thinned(rows: tuple[Specification, ...]) -> list[Specification]:
    """Evenly spread ones, the first, the last and the planned one among them."""
    places = set(np.linspace(0, len(rows) - 1, MOST_ROWS).round().astype(int).tolist())
    return [row for n, row in enumerate(rows) if n in places or row.planned]
