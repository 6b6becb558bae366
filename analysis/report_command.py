"""PURE: ``python -m analysis report FILE``: the report on a CSV or Parquet file, without Django."""

import argparse
import json
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.attribution import refuse_other_scale
from analysis.plan import Plan, cut_problem, parse_plan
from analysis.plan_rules import PlanError
from analysis.read_table import as_covariate, as_numbers, read_people, read_ratings
from analysis.report import Report, StudyInfo, build_report
from analysis.report_files import report_files, write_files
from analysis.report_html import to_html
from analysis.report_json import to_dict
from analysis.report_tables import ReportTable
from analysis.schema import INDEX_COLUMN, INDEX_ITEMS
from analysis.schema_columns import Column
from analysis.validation import FrameError, check_column

INDEX_SCALE = (1.0, 10.0)
INDEX_ITEM_SCALE = (1.0, 4.0)


def add_parser(commands: Any) -> None:
    """The subcommand ``report`` among ``commands``, what ``add_subparsers`` of the whole command line returned."""
    report = commands.add_parser("report", help="the comparison of the arms in a table, one row a rating")
    report.add_argument("file", metavar="FILE", help="one row a rating: .csv or .parquet")
    report.add_argument("--outcome", required=True, metavar="COL", help="the column of numbers that is compared")
    report.add_argument("--arm", default="arm", metavar="COL", help="the column that says the arm (arm)")
    report.add_argument("--reference", metavar="LEVEL", help="the arm that the others are held against")
    report.add_argument("--participant", metavar="COL", help="who gave the rating (participant, if there is one)")
    report.add_argument("--article", metavar="COL", help="what was rated (article, if there is one)")
    report.add_argument(
        "--truth",
        metavar="COL",
        help="whether the article is true, yes or no: compares each person's P(yes | true) - P(yes | false)",
    )
    report.add_argument("--plan", metavar="plan.toml", help="the plan, in the fields that docs/plan.md describes")
    report.add_argument(
        "--people", metavar="FILE", help="one row a person who arrived, for the flow and rules of people"
    )
    report.add_argument("--items", metavar="COL,COL", help="the columns of the items that the outcome is made of")
    report.add_argument(
        "--attribution", metavar="COL", help="whom a reader takes for the author, from 1 (human) over 3 to 5 (machine)"
    )
    report.add_argument("--covariates", metavar="COL,COL", help="columns by which the arms may differ more or less")
    report.add_argument(
        "--credible-cut",
        type=float,
        metavar="NUMBER",
        help="from where a rating counts as credible (credibility: 6; others: no shares)",
    )
    report.add_argument("--alpha", type=float, metavar="NUMBER", help="0.05, the default, gives 95%% intervals")
    report.add_argument("--json", metavar="OUT", help="write all numbers to this file")
    report.add_argument("--html", metavar="OUT", help="write the report to this file")
    report.add_argument(
        "--files",
        metavar="FOLDER",
        help="write report, numbers, figures (SVG, PNG) and tables (CSV, LaTeX, HTML for Word) there; a zip if it ends "
        "in .zip",
    )


def run(options: argparse.Namespace) -> str:
    """Makes the report that the options ask for, writes its files, and returns the text for the terminal.

    Raises ``FrameError`` and ``PlanError`` with a sentence for what cannot be done, OSError for a file that cannot be
    written.
    """
    report = _report(options)
    if options.json:
        content = json.dumps(to_dict(report), ensure_ascii=False, indent=1, allow_nan=False)
        Path(options.json).write_text(content + "\n", encoding="utf-8")
    if options.html:
        Path(options.html).write_text(to_html(report), encoding="utf-8")
    if options.files:
        write_files(report_files(report), Path(options.files))
    return as_text(report)


def as_text(report: Report) -> str:
    """The report's sentences, tables and cautions for a terminal."""
    parts = [report.main_sentence]
    for section in report.shown:
        parts += ["\n".join([section.title.upper(), *section.sentences, *section.notes])]
        parts += [f"Caution: {sentence}" for sentence in section.warnings]
        parts += [as_text_table(table) for table in section.tables]
    parts += [f"Left out: {section.title}: {section.left_out}" for section in report.left_out]
    parts += [f"Caution: {sentence}" for sentence in report.warnings]
    return "\n\n".join([*parts, f"SHA-256 of the data: {report.data_sha256}"]) + "\n"


def read_plan(path: Path) -> Plan:
    """The plan in a TOML file, its fields at the top or under ``[plan]``. Raises ``PlanError`` saying what is wrong."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise PlanError([f"there is no file {path}"]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PlanError([f"{path.name} is no TOML file: {error}"]) from error
    fields = content.get("plan", content)
    if not isinstance(fields, dict):
        raise PlanError([f"{path.name}: 'plan' must be a table, [plan], with the plan's fields below it"])
    return parse_plan(fields)


def _plan(options: argparse.Namespace) -> tuple[Plan, tuple[str, ...]]:
    """The plan to follow, and a sentence for each place where the command line departs from the file's."""
    asked: dict[str, Any] = {"outcome": options.outcome}
    if options.reference is not None:
        asked["reference"] = options.reference
    if options.alpha is not None:
        asked["alpha"] = options.alpha
    if options.credible_cut is not None:
        asked["credible_cut"] = options.credible_cut
    if options.covariates is not None:
        asked["covariates"] = _columns(options.covariates)
    if options.plan is None:
        return Plan(**asked), ()
    planned = read_plan(Path(options.plan))
    departures = [
        f"The plan's {name} is {getattr(planned, name)!r}; this report was asked for {value!r}."
        for name, value in asked.items()
        if getattr(planned, name) != value
    ]
    if planned.outcome != options.outcome and planned.credible_cut is not None and options.credible_cut is None:
        asked["credible_cut"] = Plan(outcome=options.outcome).credible_cut
        departures.append(f"The plan's credible_cut is of {planned.outcome!r} and is not applied to another outcome.")
    return replace(planned, **asked), tuple(departures)


def _columns(given: str | None) -> tuple[str, ...]:
    """The columns in 'a,b'."""
    return tuple(name.strip() for name in (given or "").split(",") if name.strip())


def _needed(frame: pd.DataFrame, names: Sequence[str], file: str) -> None:
    for name in names:
        if name not in frame.columns:
            raise FrameError(f"{file} has no column '{name}'; it has {', '.join(map(str, frame.columns))}", column=name)


def _report(options: argparse.Namespace) -> Report:
    plan, departures = _plan(options)
    is_index = plan.outcome == INDEX_COLUMN
    if problem := cut_problem(plan.credible_cut, INDEX_SCALE if is_index else None, plan.outcome):
        raise PlanError([problem])
    path = Path(options.file)
    ratings = read_ratings(
        path,
        outcome=options.outcome,
        arm=options.arm,
        participant=options.participant,
        article=options.article,
        yes_no=(options.outcome, options.truth) if options.truth else (),
    )
    items, attribution = _columns(options.items), options.attribution or ""
    _needed(ratings.frame, (*items, *([attribution] if attribution else []), *plan.covariates), path.name)
    frame = ratings.frame.assign(
        **{name: as_numbers(ratings.frame[name], path.name) for name in (*items, attribution) if name}
    )
    if attribution:
        refuse_other_scale(frame[attribution], attribution)
    item_scales = tuple((name, *INDEX_ITEM_SCALE) for name in items if is_index and name in INDEX_ITEMS)
    for name, low, high in item_scales:
        check_column(frame[name], Column(name, "number", f"Item of {INDEX_COLUMN}.", minimum=low, maximum=high))
    for name in plan.covariates:
        frame[name] = as_covariate(frame[name])
    info = StudyInfo(
        title=path.name,
        outcome_label="credibility index (1 to 10)" if is_index else options.outcome,
        outcome_scale=INDEX_SCALE if is_index else None,
        show_published=is_index,
        truth=options.truth or "",
        attribution_item=attribution,
        items=items,
        item_scales=item_scales,
        deviations=departures,
        articles_known=ratings.articles_known,
        persons_known=ratings.persons_known,
    )
    return build_report(frame, _people(Path(options.people), plan) if options.people else None, plan, info)


def _people(path: Path, plan: Plan) -> pd.DataFrame:
    """The table of participants, with those of the plan's covariates that it has as numbers or words."""
    people = read_people(path)
    return people.assign(**{name: as_covariate(people[name]) for name in plan.covariates if name in people.columns})


def as_text_table(table: ReportTable) -> str:
    """A printed table for a terminal, its columns in line."""
    rows = (table.header, *table.rows)
    widths = [max(len(row[n]) for row in rows) for n in range(len(table.header))]
    lines = [
        "  ".join(
            cell.ljust(width) if n < table.n_text else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return "\n".join([table.title, *lines, table.caption])
