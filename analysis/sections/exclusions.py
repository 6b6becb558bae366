"""PURE: what the plan's rules left out, and the results with and without them and by attention."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from analysis.balance import varying_people
from analysis.compare import compare_arms
from analysis.contrasts import MeanContrast
from analysis.crossed import CrossedContrast, crossed_contrasts
from analysis.plots import Figure
from analysis.report_tables import ReportTable, means_table
from analysis.report_text import interval, number, p_number, p_text
from analysis.sections.exclusion_rules import (
    METHODS,
    SOURCES,
    after_treatment,
    rules_results,
    rules_tables,
    unequal,
)
from analysis.sections.interval_figure import Axis, Mark, interval_figure
from analysis.sections.section import MOST_FITTED, LeftOut, Material, Section, some_people
from analysis.tables import to_records
from analysis.validation import FrameError

NAME, TITLE = "exclusions", "With and without exclusions, and by attention"
ATTENTION, BEFORE = "attention", "attention_before"
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
    found, notes, warnings = _variants(material, parts)
    return Section(
        NAME,
        TITLE,
        sentences=(
            *(_sentence(arm, found, material) for arm in material.arms if any(r.arm == arm for r in found)),
            *unequal(material),
        ),
        warnings=(*after_treatment(material), *_levels_after_treatment(material.ratings), *warnings),
        notes=(*_checks_of_rows(material.ratings), *notes),
        figures=(_figure(found, material, main=parts[0][0]),),
        tables=_tables(found, material),
        methods=(
            "Results are given with and without the exclusions, and by how many checks of attention and comprehension "
            "people failed, rather than after one hard exclusion (Berinsky, Margolis & Sances 2014).",
            *(METHODS if plan.exclusions else ()),
        ),
        references=(
            "Berinsky, A. J., Margolis, M. F., & Sances, M. W. (2014). Separating the shirkers from the workers? "
            "American Journal of Political Science, 58, 739–753.",
            *(SOURCES if plan.exclusions or _levels_after_treatment(material.ratings) else ()),
        ),
        results={**rules_results(material), "variants": to_records(found)},
    )


def _variants(
    material: Material, parts: Sequence[tuple[str, pd.DataFrame]]
) -> tuple[list[Variant], tuple[str, ...], list[str]]:
    """The contrasts on each part, notes on how they were made, and what could not be computed."""
    found: list[Variant] = []
    notes: list[str] = []
    warnings: list[str] = []
    for name, ratings in parts:
        is_kept = ratings is material.kept
        data, said = material.some_kept(MOST_FITTED) if is_kept else some_people(ratings, MOST_FITTED)
        notes += [f"{name[0].upper()}{name[1:]}: {note[0].lower()}{note[1:]}" for note in said]
        try:
            found += _contrasts(material, name, data)
        except FrameError as error:
            warnings.append(f"Not computed {name}: {error}.")
    return found, tuple(notes), warnings


def _figure(found: Sequence[Variant], material: Material, *, main: str) -> Figure:
    marks = [
        Mark(row.variant, row.estimate, row.ci_low, row.ci_high, material.label(row.arm), row.variant == main)
        for arm in material.arms
        for row in found
        if row.arm == arm
    ]
    title = "The contrasts on different choices of people"
    caption = f"Intervals at {material.level}; in the text's colour: the main test."
    return interval_figure("exclusions", title, caption, marks, Axis(material.difference, digits=material.digits))


def _tables(found: list[Variant], material: Material) -> tuple[ReportTable, ...]:
    tables = [_table(found, material)]
    if material.plan.exclusions:
        tables = [*rules_tables(material), *tables, _means_without(material, "People's means without any exclusion")]
    return tuple(table for table in tables if table.rows)


def _means_without(material: Material, title: str) -> ReportTable:
    return means_table(material.everything, material.labels, name="means-without-exclusions", title=title)


def _of_discernment(material: Material) -> Section:
    if not material.plan.exclusions:
        raise LeftOut("the plan has no exclusions")
    rows = zip(material.comparison.means.rows, material.everything.means.rows, strict=True)
    sentences = tuple(
        f"{material.pair(kept.arm)}: {number(kept.estimate, material.digits)} "
        f"({interval(kept.ci_low, kept.ci_high, material.digits)}) {PLANNED}, "
        f"{number(every.estimate, material.digits)} "
        f"({interval(every.ci_low, every.ci_high, material.digits)}) {WITHOUT}."
        for kept, every in rows
    )
    return Section(
        NAME,
        TITLE,
        sentences=(*sentences, *unequal(material)),
        warnings=after_treatment(material),
        tables=(*rules_tables(material), _means_without(material, "Without any exclusion")),
        methods=METHODS,
        references=SOURCES,
        results=rules_results(material),
    )


def _levels(ratings: pd.DataFrame) -> list[tuple[str, pd.Series]]:
    """(in words, which ratings) of people who failed at most so many checks; where some of these came after an article,
    also by those before the first one."""
    if ATTENTION not in ratings.columns:
        return []
    before = _up_to(_failed(ratings, BEFORE), " before the articles") if _some_after(ratings) else []
    return [*before, *_up_to(_failed(ratings, ATTENTION), "")]


def _up_to(failed: pd.Series, which: str) -> list[tuple[str, pd.Series]]:
    """Each number of failed checks as the most that somebody failed, up to all of them."""
    values = sorted(set(failed.dropna()))
    return [
        (
            "of people who failed "
            f"{'no check' if value == 0 else f'at most {value:g} check' + 's' * (value != 1)}{which}",
            failed <= value,
        )
        for value in values[:MOST_LEVELS]
        if value != values[-1] or failed.isna().any()
    ]


def _failed(ratings: pd.DataFrame, column: str) -> pd.Series:
    """How many checks the person of each rating failed: the most that one of their rows says, where they differ."""
    failed = pd.to_numeric(ratings[column], errors="coerce").astype("float64")
    return failed.groupby(ratings["participant"].astype("str")).transform("max")


def _checks_of_rows(ratings: pd.DataFrame) -> tuple[str, ...]:
    """That people are taken by their worst row, where rows of one person differ in what checks they failed."""
    n = len(varying_people(ratings, ATTENTION)) if ATTENTION in ratings.columns else 0
    if not n:
        return ()
    whose = "one person" if n == 1 else f"{n} people"
    return (f"The rows of {whose} differ in '{ATTENTION}': each counts with the most checks that a row says.",)


def _some_after(ratings: pd.DataFrame) -> bool:
    """Whether somebody failed a check that came after an article, as far as the ratings say when checks came."""
    if not {ATTENTION, BEFORE} <= {*ratings.columns}:
        return False
    return bool((_failed(ratings, ATTENTION) > _failed(ratings, BEFORE).fillna(0.0)).any())


def _levels_after_treatment(ratings: pd.DataFrame) -> tuple[str, ...]:
    if not _some_after(ratings):
        return ()
    return (
        "Some of the checks came after an article was shown, so that failing them can be an effect of the treatment: "
        "results of people who failed at most so many of all checks compare people who need not be alike in all arms "
        "(Montgomery, Nyhan & Torres 2018). Those by the checks before the articles do not have this fault.",
    )


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
        f"{number(row.estimate, material.digits)} ({interval(row.ci_low, row.ci_high, material.digits)}, "
        f"{p_text(row.p_value)}) {row.variant}"
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
            number(row.estimate, material.digits),
            interval(row.ci_low, row.ci_high, material.digits),
            number(row.std_error, material.digits + 1),
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
