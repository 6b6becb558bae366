"""PURE: what the plan's rules left out, and the results with and without them and by attention."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from analysis.compare import compare_arms
from analysis.contrasts import MeanContrast
from analysis.crossed import CrossedContrast, crossed_contrasts
from analysis.report_tables import ReportTable, exclusions_by_arm_table, exclusions_table, means_table
from analysis.report_text import interval, number, p_number, p_text, percent
from analysis.sections.interval_figure import Axis, Mark, interval_figure
from analysis.sections.section import MOST_FITTED, LeftOut, Material, Section, some_people
from analysis.tables import to_records
from analysis.validation import FrameError

NAME, TITLE = "exclusions", "With and without exclusions, and by attention"
ATTENTION = "attention"
MOST_LEVELS = 4
PLANNED, WITHOUT = "with the plan's exclusions", "without any exclusion"


@dataclass(frozen=True)
class Variant:
    """One contrast on one choice of people: ``model`` says by which test, ``n_people`` and ``n_ratings`` are of it."""

    variant: str
    contrast: str
    arm: str
    model: str
    estimate: float
    std_error: float
    df: float
    p_value: float
    ci_low: float
    ci_high: float
    n_people: int
    n_ratings: int


def exclusions(material: Material) -> Section:
    """The main contrasts on the ratings that the plan keeps, on all, and on those of attentive people."""
    plan = material.plan
    levels = _levels(material.ratings)
    if not plan.exclusions and not levels:
        raise LeftOut("the plan has no exclusions, and no column 'attention' says who failed checks")
    if material.info.truth:
        return _of_discernment(material)
    parts = [(PLANNED if plan.exclusions else WITHOUT, material.kept)]
    if plan.exclusions:
        parts.append((WITHOUT, material.ratings))
    parts += [(name, material.ratings[keep]) for name, keep in levels]
    found: list[Variant] = []
    notes: list[str] = []
    warnings: list[str] = []
    for name, ratings in parts:
        data, said = some_people(ratings, MOST_FITTED)
        notes += [f"{name[0].upper()}{name[1:]}: {note[0].lower()}{note[1:]}" for note in said]
        try:
            found += _contrasts(material, name, data)
        except FrameError as error:
            warnings.append(f"Not computed {name}: {error}.")
    tables = [_table(found, material)]
    if plan.exclusions:
        tables = [*_rules_tables(material), *tables]
        tables.append(
            means_table(
                material.everything,
                material.labels,
                name="means-without-exclusions",
                title="People's means without any exclusion",
            )
        )
    marks = [
        Mark(row.variant, row.estimate, row.ci_low, row.ci_high, material.label(row.arm), row.variant == parts[0][0])
        for arm in material.arms
        for row in found
        if row.arm == arm
    ]
    title = "The contrasts on different choices of people"
    axis = Axis(material.difference)
    figure = interval_figure(
        "exclusions", title, f"Intervals at {material.level}; in the text's colour: the main test.", marks, axis
    )
    return Section(
        NAME,
        TITLE,
        sentences=(
            *(_sentence(arm, found, material) for arm in material.arms if any(r.arm == arm for r in found)),
            *_unequal(material),
        ),
        warnings=(*_after_treatment(material), *warnings),
        notes=tuple(notes),
        figures=(figure,),
        tables=tuple(table for table in tables if table.rows),
        methods=(
            "Results are given with and without the exclusions, and by how many checks of attention and comprehension "
            "people failed, rather than after one hard exclusion (Berinsky, Margolis & Sances 2014).",
            *(_METHODS_BY_ARM if plan.exclusions else ()),
        ),
        references=(
            "Berinsky, A. J., Margolis, M. F., & Sances, M. W. (2014). Separating the shirkers from the workers? "
            "American Journal of Political Science, 58, 739–753.",
            *(_SOURCES_BY_ARM if plan.exclusions else ()),
        ),
        results={**_rules_results(material), "variants": to_records(found)},
    )


def _of_discernment(material: Material) -> Section:
    without = means_table(
        material.everything, material.labels, name="means-without-exclusions", title="Without any exclusion"
    )
    tables = (*_rules_tables(material), without) if material.plan.exclusions else ()
    if not tables:
        raise LeftOut("the plan has no exclusions")
    rows = zip(material.comparison.means.rows, material.everything.means.rows, strict=True)
    sentences = tuple(
        f"{material.pair(kept.arm)}: {number(kept.estimate)} ({interval(kept.ci_low, kept.ci_high)}) {PLANNED}, "
        f"{number(every.estimate)} ({interval(every.ci_low, every.ci_high)}) {WITHOUT}."
        for kept, every in rows
    )
    return Section(
        NAME,
        TITLE,
        sentences=(*sentences, *_unequal(material)),
        warnings=_after_treatment(material),
        tables=tables,
        methods=_METHODS_BY_ARM,
        references=_SOURCES_BY_ARM,
        results=_rules_results(material),
    )


_METHODS_BY_ARM = (
    "Whether a rule leaves out more of one arm than of another is tested by people's shares of ratings left out, as "
    "they fall when people are dealt to the arms anew (arms within people where arms share them), by the moments of "
    "that permutation.",
)
_SOURCES_BY_ARM = (
    "Montgomery, J. M., Nyhan, B., & Torres, M. (2018). How conditioning on posttreatment variables can ruin your "
    "experiment and what to do about it. American Journal of Political Science, 62, 760–775.",
)


def _rules_tables(material: Material) -> tuple[ReportTable, ...]:
    """What the rules left out, over all arms and by arm."""
    by_arm = exclusions_by_arm_table(material.exclusions, material.arms, material.labels)
    return (exclusions_table(material.exclusions), *([by_arm] if by_arm.rows else []))


def _rules_results(material: Material) -> dict[str, Any]:
    found = material.exclusions
    return {"exclusions": to_records(found.steps), "exclusions_by_arm": to_records(found.by_arm)}


def _unequal(material: Material) -> tuple[str, ...]:
    """A sentence for each rule that took more of one arm than of another."""
    found = []
    for rule in material.exclusions.by_arm:
        if rule.p_value < material.plan.alpha:
            shares = ", ".join(f"{material.label(arm.arm)} {percent(arm.share)}" for arm in rule.arms)
            found.append(
                f"The rule '{rule.rule}' left out more of some arms than of others: {shares} ({p_text(rule.p_value)})."
            )
    return tuple(found)


def _after_treatment(material: Material) -> tuple[str, ...]:
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
    return (
        f"{'; '.join(said)}. To leave people or ratings out by such a rule is to condition on what the treatment can "
        "change: those who are left need not be alike in all arms, although they were assigned by chance (Montgomery, "
        "Nyhan & Torres 2018). Hold the results without exclusions beside these.",
    )


def _levels(ratings: pd.DataFrame) -> list[tuple[str, pd.Series]]:
    """(in words, which ratings) of people who failed at most so many checks, up to all of them."""
    if ATTENTION not in ratings.columns:
        return []
    failed = pd.to_numeric(ratings[ATTENTION], errors="coerce").astype("float64")
    values = sorted(set(failed.dropna()))
    return [
        (f"of people who failed {'no check' if value == 0 else f'at most {value:g} checks'}", failed <= value)
        for value in values[:MOST_LEVELS]
        if value != values[-1] or failed.isna().any()
    ]


def _contrasts(material: Material, name: str, data: pd.DataFrame) -> list[Variant]:
    """The contrasts by the crossed mixed model, by people's means where there is none."""
    plan, arms = material.plan, material.arms
    rows: Sequence[CrossedContrast | MeanContrast] = ()
    model = "crossed mixed model"
    if material.crossed is not None and material.crossed.fit is not None:
        fitted = crossed_contrasts(data, plan, arms=arms, labels=material.labels)
        rows = fitted.rows if fitted.fit is not None else ()
    if not rows:
        known = {"articles_known": material.info.articles_known, "persons_known": material.info.persons_known}
        rows, model = compare_arms(data, plan, arms=arms, labels=material.labels, **known).means.rows, "people's means"
    people, ratings = data["participant"].nunique(), int(data[plan.outcome].notna().sum())
    return [
        Variant(
            name,
            row.contrast,
            row.arm,
            model,
            row.estimate,
            row.std_error,
            row.df,
            row.p_value,
            row.ci_low,
            row.ci_high,
            people,
            ratings,
        )
        for row in rows
    ]


def _sentence(arm: str, found: list[Variant], material: Material) -> str:
    said = "; ".join(
        f"{number(row.estimate)} ({interval(row.ci_low, row.ci_high)}, {p_text(row.p_value)}) {row.variant}"
        for row in found
        if row.arm == arm
    )
    return f"{material.pair(arm)}, each with its {material.level} interval: {said}."


def _table(found: list[Variant], material: Material) -> ReportTable:
    rows = tuple(
        (
            material.pair(row.arm),
            row.variant,
            row.model,
            number(row.estimate),
            interval(row.ci_low, row.ci_high),
            number(row.std_error, 3),
            number(row.df, 1),
            p_number(row.p_value),
            str(row.n_people),
            str(row.n_ratings),
        )
        for arm in material.arms
        for row in found
        if row.arm == arm
    )
    header = ("Contrast", "On whom", "Test", "Difference", f"{material.level} interval", "SE", "df", "p", "People")
    caption = "p values and intervals are not adjusted. The rows share people: they are no independent results."
    return ReportTable("variants", TITLE, caption, (*header, "Ratings"), rows, n_text=3)
