"""PURE: whether the arms' people are alike: all who were randomised, and beside them those who are analysed."""

import math
from collections.abc import Iterator, Sequence

import pandas as pd

from analysis.balance import NEGLIGIBLE, Balance, BalanceRow, balance, varying_within
from analysis.report_tables import ReportTable
from analysis.report_text import number, percent
from analysis.sections.interval_figure import Axis, Mark, interval_figure
from analysis.sections.section import LeftOut, Material, Section, listed
from analysis.tables import to_records

NAME, TITLE = "balance", "Are the arms' people alike?"


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
    randomised = _randomised(material)
    found = balance(people, names, material.arms, material.reference, randomised)
    if found.largest_randomised is None and found.largest_analysed is None:
        raise LeftOut("; ".join(why for _, why in found.refused) or "no covariate has values in two arms")
    names = tuple(name for name in names if name not in dict(found.refused))
    notes = [f"Left out: {_within_in_words(within)}."] if within else []
    caption = f"Band: differences below {NEGLIGIBLE:g}, which are often called negligible."
    if any(row.differs for row in found.rows):
        caption += " Of two marks the upper one is of all who were randomised, the lower of those who are analysed."
    if any(math.isinf(row.widest) or math.isinf(row.estimate) for row in found.rows):
        caption += " Infinite differences, which the table has, are not drawn."
    axis = Axis(f"Standardised difference from {material.label(material.reference)}", band=(-NEGLIGIBLE, NEGLIGIBLE))
    return Section(
        NAME,
        TITLE,
        sentences=tuple(_sentences(found, material)),
        warnings=tuple(f"Not by {name}: {why}." for name, why in found.refused),
        notes=(*notes, *_not_known(found, randomised, names)),
        figures=(
            interval_figure(NAME, "Differences between the arms' people", caption, _marks(found, material), axis),
        ),
        tables=(_table(found, material),),
        methods=(
            "Balance is described by standardised differences (Austin 2009), of all who were randomised and gave the "
            "answer, where that is known, and of those who are analysed; no test of it is made, since assignment was "
            "by chance.",
        ),
        references=(
            "Austin, P. C. (2009). Balance diagnostics for comparing the distribution of baseline covariates between "
            "treatment groups in propensity-score matched samples. Statistics in Medicine, 28, 3083–3107.",
        ),
        results={"balance": to_records(found.rows)},
    )


def _randomised(material: Material) -> pd.DataFrame | None:
    """One row for everybody who was assigned one of the arms; None where that is not known."""
    people = material.participants
    if people is None or not {"participant", "arm"} <= {*people.columns}:
        return None
    arms = people["arm"].astype("object").where(people["arm"].notna(), "").astype("str")
    assigned = people.assign(arm=arms)[arms.isin(material.arms)]
    return assigned if len(assigned) else None


def _not_known(found: Balance, randomised: pd.DataFrame | None, names: Sequence[str]) -> Iterator[str]:
    """For which covariates the randomised are not there, and why."""
    if randomised is None:
        yield "Those who are analysed only: no table of participants says who was assigned which of these arms."
        return
    if unknown := [name for name in names if name not in dict(found.n_missing_randomised)]:
        yield f"Those who are analysed only for {listed(unknown)}: the table of participants has no such column."


def _sentences(found: Balance, material: Material) -> Iterator[str]:
    """The largest difference among the randomised, and among the analysed where they are others."""
    largest, analysed = found.largest_randomised, found.largest_analysed
    if largest is not None:
        values = largest.value_randomised, largest.value_reference_randomised
        where = _where(largest, largest.estimate_randomised, values, material)
        yield f"The largest standardised difference among all who were randomised and gave the answer is {where}."
    if largest is not None and all(row.of_randomised and not row.differs for row in found.rows):
        yield "Everybody whose answers are known is analysed."
    elif analysed is not None:
        where = _where(analysed, analysed.estimate, (analysed.value, analysed.value_reference), material)
        yield f"The largest standardised difference among those who are analysed is {where}."
    if gone := [(arm, n) for arm, n in found.withdrawn or () if n]:
        n = sum(number_of_arm for _, number_of_arm in gone)
        by_arm = ", ".join(f"{material.label(arm)} {number_of_arm}" for arm, number_of_arm in gone)
        yield (
            f"{n} of those who were randomised withdrew ({by_arm}): what they answered is deleted, and counts as not "
            "known."
        )


def _where(row: BalanceRow, estimate: float, values: tuple[float, float], material: Material) -> str:
    level = f" ({row.level})" if row.level else ""
    arms = material.label(row.arm), material.label(material.reference)
    if math.isfinite(estimate):
        return f"{number(estimate)}: {row.covariate}{level} in {arms[0]} against {arms[1]}"
    each = [
        f"{arm} ({'' if row.level else 'all '}{_value(row, value)})" for arm, value in zip(arms, values, strict=True)
    ]
    return (
        f"infinite: {row.covariate}{level} in {each[0]} against {each[1]}. Within neither arm people differ in it, so "
        "that what it does and what the arm does cannot be told apart"
    )


def _marks(found: Balance, material: Material) -> list[Mark]:
    """A mark a row, of the randomised; below it that of the analysed where they are others."""
    marks = []
    for row in sorted(found.rows, key=lambda row: material.arms.index(row.arm)):
        name, group = _name(row.covariate, row.level), material.label(row.arm)
        marks.append(Mark(name, row.widest, math.nan, math.nan, group=group, main=row.differs))
        if row.differs:
            marks.append(Mark(f"{name}, analysed", row.estimate, math.nan, math.nan, group=group))
    return marks


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


def _table(found: Balance, material: Material) -> ReportTable:
    """A line a row of the randomised, and one below it of the analysed where they are others."""
    missing, missing_of_all = dict(found.n_missing), dict(found.n_missing_randomised)
    lines: list[tuple[str, ...]] = []
    for row in found.rows:
        names = (_name(row.covariate, row.level), material.pair(row.arm))
        analysed = (
            _value(row, row.value),
            _value(row, row.value_reference),
            number(row.estimate),
            f"{row.n}, {row.n_reference}",
            str(missing[row.covariate]),
        )
        if row.of_randomised:
            lines.append(
                (
                    *names,
                    "randomised",
                    _value(row, row.value_randomised),
                    _value(row, row.value_reference_randomised),
                    number(row.estimate_randomised),
                    f"{row.n_randomised}, {row.n_reference_randomised}",
                    str(missing_of_all[row.covariate]),
                )
            )
        if row.differs or not row.of_randomised:
            lines.append((*names, "analysed", *analysed))
    header = ("Covariate", "Arms", "Among", "Arm", "Reference", "Standardised difference", "People", "Not known")
    caption = (
        "Shares of levels, means of numbers. Randomised: all who were assigned an arm. Analysed: those whose ratings "
        "are, with a line of their own where they are others. Not known: people without a value."
    )
    return ReportTable(NAME, TITLE, caption, header, tuple(lines), n_text=3)


def _value(row: BalanceRow, value: float) -> str:
    return percent(value) if row.level else number(value)
