"""PURE: the report of a study: sentence, tables, figures, cautions, methods, versions and the data's digest."""

import hashlib
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from typing import Any

import pandas as pd

from analysis.articles import ArticleSummaries, Distribution, distributions, summarise_articles
from analysis.attribution import Attribution, attribution_accuracy
from analysis.cautions import Caution
from analysis.compare import Comparison, compare_arms
from analysis.crossed import Crossed, crossed_contrasts
from analysis.discernment import COLUMN as DISCERNMENT
from analysis.discernment import Discernment, discernment
from analysis.exclusions import Exclusions, apply_exclusions
from analysis.flow import Flow, participant_flow
from analysis.plan import Plan
from analysis.plots import Figure
from analysis.published import INDEXES, SHARES, SOURCE
from analysis.report_drawn import report_figures
from analysis.report_info import ArmInfo, StudyInfo
from analysis.report_tables import (
    ReportTable,
    all_tables,
    arms_table,
    attribution_table,
    crossed_table,
    discernment_table,
    exclusions_table,
    means_table,
    omnibus_table,
    pairwise_table,
    ranks_table,
    shares_table,
    variance_table,
)
from analysis.report_text import REFERENCES, main_sentences, methods
from analysis.schema import SCHEMA_VERSION
from analysis.tables import to_json, to_records
from analysis.validation import FrameError, check_ratings

__all__ = ["ArmInfo", "Report", "StudyInfo", "build_report", "data_digest", "software_versions", "to_dict"]

FORMAT = "studyweb-report/2"
_PACKAGES = ("numpy", "scipy", "pandas", "altair", "vl-convert-python")


@dataclass(frozen=True)
class Report:
    """A finished report.

    ``crossed`` is the main test; None where persons or articles are not known, or where a person has one value only.
    ``comparison`` holds people's means against each other, articles fixed, with the plan's exclusions;
    ``without_exclusions`` is the same on everything, None where the plan has no rules. ``data_sha256`` is of ratings
    and participants as given.
    """

    info: StudyInfo
    plan: Plan
    sentences: tuple[str, ...]
    cautions: tuple[Caution, ...]
    tables: tuple[ReportTable, ...]
    figures: tuple[Figure, ...]
    methods: tuple[str, ...]
    references: tuple[str, ...]
    software: Mapping[str, str]
    data_sha256: str
    comparison: Comparison
    without_exclusions: Comparison | None
    exclusions: Exclusions
    flow: Flow | None = None
    attribution: Attribution | None = field(default=None)
    discernment: Discernment | None = field(default=None)
    crossed: Crossed | None = field(default=None)
    articles: ArticleSummaries | None = field(default=None)
    distributions: tuple[Distribution, ...] = ()

    @property
    def main_sentence(self) -> str:
        """The result in words, in one paragraph."""
        return " ".join(self.sentences)

    @property
    def warnings(self) -> tuple[str, ...]:
        """The cautions as plain sentences."""
        return tuple(caution.sentence for caution in self.cautions)


def build_report(
    ratings: pd.DataFrame,
    participants: pd.DataFrame | None,
    plan: Plan,
    info: StudyInfo,
    *,
    progress: Callable[[str], None] | None = None,
) -> Report:
    """The report on ``ratings`` (one row a person and article) as ``plan`` says; equal data give equal reports.

    ``participants`` gives the flow, and the rules about people; None leaves the flow out. ``progress`` is told what is
    done next, and may raise to end it. Raises ``FrameError`` for data that cannot be analysed, saying what and where.
    """
    _refuse_other_mode(ratings, participants, info)
    order = tuple(arm.key for arm in info.arms)
    say = progress or _silent
    say("comparing the arms")
    everything, discerned = _compared(ratings, plan, info)
    exclusions = apply_exclusions(ratings, plan.exclusions, participants)
    if exclusions.kept.empty:
        raise FrameError("no ratings are left after the plan's exclusions: look at the rules and their columns")
    comparison = everything
    if plan.exclusions:
        comparison, discerned = _compared(exclusions.kept, plan, info)
    say("fitting the mixed model")
    crossed = _crossed(exclusions.kept, plan, info)
    say("looking at the articles")
    checked = check_ratings(exclusions.kept, outcome=plan.outcome, articles_known=info.articles_known)
    arms = tuple(arm.arm for arm in comparison.arms.rows)
    spread = distributions(checked, plan.outcome, arms)
    articles = summarise_articles(checked, plan.outcome, arms, plan.alpha) if info.articles_known else None
    flow = None
    if participants is not None:
        flow = participant_flow(participants, arms=_arms_of_people(participants, order), analysed=exclusions.kept)
    attribution = None
    if info.attribution_item:
        attribution = attribution_accuracy(exclusions.kept, column=info.attribution_item, arms=order, alpha=plan.alpha)
    say("drawing the figures")
    return Report(
        info=info,
        plan=plan,
        sentences=main_sentences(comparison, info.labels, info.compared, info.mode, crossed),
        cautions=_cautions(comparison, crossed),
        tables=_tables(comparison, everything, exclusions, attribution, discerned, crossed, info, plan),
        figures=report_figures(comparison, flow, info, crossed, articles, spread),
        methods=methods(comparison, plan, exclusions, info.compared, crossed),
        references=REFERENCES,
        software=software_versions(),
        data_sha256=data_digest(ratings, participants),
        comparison=comparison,
        without_exclusions=everything if plan.exclusions else None,
        exclusions=exclusions,
        flow=flow,
        attribution=attribution,
        discernment=discerned,
        crossed=crossed,
        articles=articles,
        distributions=spread,
    )


def _silent(what: str) -> None:
    """Tell nobody."""


def _crossed(ratings: pd.DataFrame, plan: Plan, info: StudyInfo) -> Crossed | None:
    """The crossed mixed model, where the data say who rated what."""
    if info.truth or not (info.articles_known and info.persons_known) or "item" in ratings.columns:
        return None
    return crossed_contrasts(ratings, plan, arms=tuple(arm.key for arm in info.arms), labels=info.labels)


def _cautions(comparison: Comparison, crossed: Crossed | None) -> tuple[Caution, ...]:
    """What is to be said of both, once; that articles are held fixed is no caution of a test that does not."""
    if crossed is None or crossed.fit is None:
        return tuple(dict.fromkeys((*comparison.cautions, *(crossed.cautions if crossed else ()))))
    kept = [caution for caution in comparison.cautions if caution.code != "articles-fixed"]
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
    return compared, found


def to_dict(report: Report) -> dict[str, Any]:
    """The report as JSON can hold it, under the keys that docs name; ``format`` rises when they change.

    Figures carry their SVG; nan is None.
    """
    return {
        "format": FORMAT,
        "schema_version": SCHEMA_VERSION,
        "study": to_json(report.info),
        "plan": report.plan.as_dict(),
        "main_sentence": report.main_sentence,
        "sentences": list(report.sentences),
        "cautions": to_records(report.cautions),
        "results": {
            **_results(report.comparison),
            "crossed": _crossed_results(report.crossed),
            "articles": None if report.articles is None else to_records(report.articles.rows),
            "distributions": to_records(report.distributions),
            "without_exclusions": None if report.without_exclusions is None else _results(report.without_exclusions),
            "exclusions": to_records(report.exclusions.steps),
            "discernment": None if report.discernment is None else to_records(report.discernment.rows),
            "attribution": None if report.attribution is None else to_records(report.attribution.rows),
            "flow": to_json(report.flow),
        },
        "tables": to_records(report.tables),
        "figures": to_records(report.figures),
        "methods": list(report.methods),
        "references": list(report.references),
        "published": {"source": SOURCE, "shares": to_records(SHARES), "indexes": to_records(INDEXES)}
        if report.info.show_published
        else None,
        "software": dict(report.software),
        "data_sha256": report.data_sha256,
    }


def data_digest(ratings: pd.DataFrame | None, participants: pd.DataFrame | None) -> str:
    """SHA-256, in hexadecimal, of the tables' values, whatever the order of their rows and columns."""
    digest = hashlib.sha256()
    for name, frame in (("ratings", ratings), ("participants", participants)):
        if frame is None:
            continue
        columns = sorted(map(str, frame.columns))
        lines = sorted(frame[columns].to_csv(index=False, header=False, lineterminator="\0").split("\0"))
        digest.update("\n".join([name, ",".join(columns), *lines, ""]).encode())
    return digest.hexdigest()


def software_versions() -> dict[str, str]:
    """{package: version} of what makes the numbers and the figures, Python first."""
    return {"python": platform.python_version(), **{package: version(package) for package in _PACKAGES}}


def _crossed_results(crossed: Crossed | None) -> dict[str, Any] | None:
    if crossed is None:
        return None
    return {
        "formula": crossed.formula,
        "ddf": crossed.ddf,
        "n_ratings": crossed.n_ratings,
        "n_people": crossed.n_people,
        "n_articles": crossed.n_articles,
        "contrasts": to_records(crossed.rows),
        "means": to_records(crossed.means),
        "variance": to_records(crossed.variance),
        "fitted": crossed.fit is not None,
    }


def _results(comparison: Comparison) -> dict[str, Any]:
    return {
        "outcome": comparison.outcome,
        "reference": comparison.reference,
        "design": comparison.design,
        "level": comparison.level,
        "credible_cut": comparison.credible_cut,
        "n_people": comparison.n_people,
        "n_ratings": comparison.n_ratings,
        "n_missing": comparison.n_missing,
        "arms": to_records(comparison.arms.rows),
        "means": to_records(comparison.means.rows),
        "shares": to_records(comparison.shares.rows),
        "omnibus": to_records(comparison.omnibus.rows),
        "pairwise": to_records(comparison.pairwise.rows),
    }


def _tables(
    comparison: Comparison,
    everything: Comparison,
    exclusions: Exclusions,
    attribution: Attribution | None,
    discerned: Discernment | None,
    crossed: Crossed | None,
    info: StudyInfo,
    plan: Plan,
) -> tuple[ReportTable, ...]:
    labels = info.labels
    without = None
    if plan.exclusions:
        without = means_table(everything, labels, name="means-without-exclusions", title="Without any exclusion")
    return all_tables(
        [
            None if crossed is None else crossed_table(crossed, labels),
            None if crossed is None else variance_table(crossed),
            arms_table(comparison, labels, info.compared),
            None if discerned is None else discernment_table(discerned, labels, plan.level),
            means_table(
                comparison, labels, name="means", title="People's means against the reference, with articles fixed"
            ),
            shares_table(comparison, labels),
            omnibus_table(comparison),
            pairwise_table(comparison, labels),
            ranks_table(comparison, labels),
            exclusions_table(exclusions) if plan.exclusions else None,
            without,
            None if attribution is None else attribution_table(attribution, labels, plan.level),
        ]
    )


def _arms_of_people(participants: pd.DataFrame, order: tuple[str, ...]) -> tuple[str, ...]:
    """The study's arms, unless people are assigned to rows of a counterbalancing, which are called otherwise."""
    found = set(participants["arm"].dropna()) if "arm" in participants.columns else set()
    return order if found & set(order) else ()


def _refuse_other_mode(ratings: pd.DataFrame, participants: pd.DataFrame | None, info: StudyInfo) -> None:
    for name, frame in (("ratings", ratings), ("participants", participants)):
        if frame is None or "mode" not in frame.columns:
            continue
        modes = set(frame["mode"].dropna().astype("str"))
        if len(modes) > 1 or (info.mode and modes - {info.mode}):
            raise FrameError(
                f"the {name} come from the modes {', '.join(sorted(modes))}; a report is of one mode"
                + (f", here {info.mode}" if info.mode else ""),
                column="mode",
            )
