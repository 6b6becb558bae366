"""PURE: the report of a study: main sentence, sections with tables and figures, cautions, versions, data digest."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import pandas as pd
from altair.utils.schemapi import debug_mode

from analysis.cautions import Caution
from analysis.compare import Comparison, compare_arms
from analysis.crossed import Crossed, crossed_contrasts
from analysis.descriptives import ArmSummaries
from analysis.discernment import COLUMN as DISCERNMENT
from analysis.discernment import Discernment, discernment
from analysis.exclusions import Exclusions, apply_exclusions
from analysis.files.data_digest import data_digest
from analysis.fixed_order import in_fixed_order
from analysis.plan import Plan
from analysis.plots import Figure
from analysis.report_info import ArmInfo, StudyInfo
from analysis.report_tables import ReportTable
from analysis.report_text import REFERENCES, main_sentences
from analysis.sections import all_sections
from analysis.sections.section import Material, Section
from analysis.software import software_versions
from analysis.spreads import cautions_of_spreads
from analysis.validation import FrameError, check_ratings, some_checked

__all__ = ["ArmInfo", "Report", "StudyInfo", "build_report"]


@dataclass(frozen=True)
class Report:
    """A finished report.

    ``crossed`` is the main test; None where persons or articles are not known, or where a person has one value only.
    ``comparison`` holds people's means against each other, articles fixed, with the plan's exclusions;
    ``without_exclusions`` is the same on everything, None where the plan has no rules. ``sections`` are all sections,
    those that are left out among them. ``data_sha256`` is of ratings and participants as given.
    """

    info: StudyInfo
    plan: Plan
    sentences: tuple[str, ...]
    cautions: tuple[Caution, ...]
    sections: tuple[Section, ...]
    software: Mapping[str, str]
    data_sha256: str
    comparison: Comparison
    without_exclusions: Comparison | None
    exclusions: Exclusions
    crossed: Crossed | None

    @property
    def main_sentence(self) -> str:
        """The result in words, in one paragraph."""
        return " ".join(self.sentences)

    @property
    def warnings(self) -> tuple[str, ...]:
        """The cautions as plain sentences."""
        return tuple(caution.sentence for caution in self.cautions)

    @property
    def shown(self) -> tuple[Section, ...]:
        """The sections that there are."""
        return tuple(section for section in self.sections if not section.left_out)

    @property
    def left_out(self) -> tuple[Section, ...]:
        """The sections that the data do not carry; each says why."""
        return tuple(section for section in self.sections if section.left_out)

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Every figure, in the order of the sections."""
        return tuple(figure for section in self.shown for figure in section.figures)

    @property
    def tables(self) -> tuple[ReportTable, ...]:
        """Every table, in the order of the sections."""
        return tuple(table for section in self.shown for table in section.tables)

    @property
    def methods(self) -> tuple[str, ...]:
        """How the numbers were made, the main test first."""
        first = [sentence for section in self.shown if section.name == "arms" for sentence in section.methods]
        others = (sentence for section in self.shown if section.name != "arms" for sentence in section.methods)
        return tuple(dict.fromkeys((*first, *others)))

    @property
    def references(self) -> tuple[str, ...]:
        """The sources of what is shown, by author."""
        return tuple(sorted({*REFERENCES, *(source for section in self.shown for source in section.references)}))


def build_report(
    ratings: pd.DataFrame,
    participants: pd.DataFrame | None,
    plan: Plan,
    info: StudyInfo,
    *,
    progress: Callable[[str], None] | None = None,
) -> Report:
    """The report on ``ratings`` (one row a person and article) as ``plan`` says.

    Equal data give equal reports, whatever the order of rows and columns.

    ``participants`` gives the flow, and the rules about people; None leaves the flow out. ``progress`` is told what is
    done next, and may raise to end it. Raises ``FrameError`` for data that cannot be analysed, saying what and where.
    """
    _refuse_other_mode(ratings, participants, info)
    ratings = in_fixed_order(ratings)
    participants = None if participants is None else in_fixed_order(participants)
    say = progress or _silent
    say("comparing the arms")
    checked = ratings
    if not info.truth:
        checked = check_ratings(ratings, outcome=plan.outcome, articles_known=info.articles_known)
    everything, discerned = _compared(checked, plan, info)
    exclusions = apply_exclusions(ratings, plan.exclusions, participants)
    if exclusions.kept.empty:
        raise FrameError("no ratings are left after the plan's exclusions: look at the rules and their columns")
    kept, comparison = some_checked(checked, exclusions.kept), everything
    # A million ratings are not held a second time while the sections are made.
    del checked
    if plan.exclusions:
        comparison, discerned = _compared(kept, plan, info)
    # Before the models, which hold as much again.
    digest = data_digest(ratings, participants)
    say("fitting the mixed model")
    crossed = _crossed(kept, plan, info)
    material = Material(
        ratings=ratings,
        kept=exclusions.kept,
        checked=kept,
        participants=participants,
        plan=plan,
        info=info,
        comparison=comparison,
        everything=everything,
        exclusions=exclusions,
        crossed=crossed,
        discerned=discerned,
    )
    return Report(
        info=info,
        plan=plan,
        sentences=main_sentences(comparison, info.labels, info.compared, info.mode, crossed, plan.main_contrast),
        cautions=_cautions(comparison, crossed, info.labels),
        sections=_sections(material, say),
        software=software_versions(),
        data_sha256=digest,
        comparison=comparison,
        without_exclusions=everything if plan.exclusions else None,
        exclusions=exclusions,
        crossed=crossed,
    )


def _sections(material: Material, say: Callable[[str], None]) -> tuple[Section, ...]:
    """Every section. Altair would hold each part of each figure against its schema, which takes longer than to draw."""
    with debug_mode(False):
        return all_sections(material, say)


def _silent(what: str) -> None:
    """Tell nobody."""


def _crossed(ratings: pd.DataFrame, plan: Plan, info: StudyInfo) -> Crossed | None:
    """The crossed mixed model, where the data say who rated what."""
    if info.truth or not (info.articles_known and info.persons_known) or "item" in ratings.columns:
        return None
    return crossed_contrasts(ratings, plan, arms=tuple(arm.key for arm in info.arms), labels=info.labels)


def _cautions(comparison: Comparison, crossed: Crossed | None, labels: Mapping[str, str]) -> tuple[Caution, ...]:
    """What is to be said of both, once; that articles are held fixed is no caution of a test that does not, and that
    spreads are taken as equal one of the mixed model alone."""
    if crossed is None or crossed.fit is None:
        return tuple(dict.fromkeys((*comparison.cautions, *(crossed.cautions if crossed else ()))))
    sampled = {"articles-fixed"} if crossed.samples_articles else set()
    kept = [caution for caution in comparison.cautions if caution.code not in sampled]
    kept += cautions_of_spreads(comparison, labels)
    known = {(caution.code, caution.about) for caution in kept}
    return (*kept, *(caution for caution in crossed.cautions if (caution.code, caution.about) not in known))


def _compared(ratings: pd.DataFrame, plan: Plan, info: StudyInfo) -> tuple[Comparison, Discernment | None]:
    """The comparison of the ratings, or, where the study says what is true, of people's discernment."""
    order = tuple(arm.key for arm in info.arms)
    known = {"articles_known": info.articles_known, "persons_known": info.persons_known}
    if not info.truth:
        return compare_arms(ratings, plan, arms=order, labels=info.labels, **known), None
    found = discernment(
        ratings, outcome=plan.outcome, truth=info.truth, articles_known=info.articles_known, alpha=plan.alpha
    )
    if found.values.empty:
        raise FrameError(
            f"nobody answered about both true and false articles, so there is no discernment: look at '{info.truth}'",
            column=info.truth,
        )
    compared = compare_arms(
        found.values,
        replace(plan, outcome=DISCERNMENT, credible_cut=None),
        arms=order,
        labels=info.labels,
        articles_known=False,
        persons_known=info.persons_known,
        averaged_over=found.n_articles,
    )
    return _counting_answers(compared, found), found


def _counting_answers(compared: Comparison, found: Discernment) -> Comparison:
    """The comparison of people's discernment, which has one value a person, with the answers and articles behind it."""
    behind = {row.arm: row for row in found.rows}
    answers = {str(arm): values.to_numpy() for arm, values in found.values.groupby("arm")["n_answers"]}
    rows = tuple(
        replace(
            row,
            n_ratings=behind[row.arm].n_answers,
            n_articles=behind[row.arm].n_articles,
            ratings_a_person_min=int(answers[row.arm].min()),
            ratings_a_person_max=int(answers[row.arm].max()),
        )
        if row.n_people
        else row
        for row in compared.arms.rows
    )
    n_ratings = sum(row.n_ratings for row in rows)
    return replace(compared, arms=ArmSummaries(rows), n_ratings=n_ratings, n_missing=found.n_missing)


def _refuse_other_mode(ratings: pd.DataFrame, participants: pd.DataFrame | None, info: StudyInfo) -> None:
    for name, frame in (("ratings", ratings), ("participants", participants)):
        if frame is None or "mode" not in frame.columns:
            continue
        modes = set(frame["mode"].dropna().astype("str").unique())
        if len(modes) > 1 or (info.mode and modes - {info.mode}):
            raise FrameError(
                f"the {name} come from the modes {', '.join(sorted(modes))}; a report is of one mode"
                + (f", here {info.mode}" if info.mode else ""),
                column="mode",
            )
