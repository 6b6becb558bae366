"""``python -m analysis report FILE.csv --outcome COLUMN`` and ``... mixed FILE``: on any file, without Django."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from analysis.mixed import MixedModelError
from analysis.mixed import command as mixed
from analysis.plan import Plan, PlanError
from analysis.read_csv import read_ratings
from analysis.report import Report, StudyInfo, build_report, to_dict
from analysis.report_html import to_html
from analysis.report_tables import ReportTable
from analysis.validation import FrameError

INDEX = "credibility"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; the exit status is 0, or 2 with a sentence on standard error for what cannot be done."""
    options = _parser().parse_args(arguments)
    try:
        if options.command == "mixed":
            sys.stdout.write(mixed.run(options))
            return 0
        report = _report(options)
        if options.json:
            content = json.dumps(to_dict(report), ensure_ascii=False, indent=1, allow_nan=False)
            Path(options.json).write_text(content + "\n", encoding="utf-8")
        if options.html:
            Path(options.html).write_text(to_html(report), encoding="utf-8")
    except (FrameError, PlanError, MixedModelError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(as_text(report))
    return 0


def as_text(report: Report) -> str:
    """The report's sentences, tables and cautions for a terminal."""
    parts = [report.main_sentence, *(_as_text(table) for table in report.tables)]
    parts += [f"Caution: {sentence}" for sentence in report.warnings]
    return "\n\n".join([*parts, f"SHA-256 of the data: {report.data_sha256}"]) + "\n"


def _report(options: argparse.Namespace) -> Report:
    cut = options.credible_cut
    if cut is None and options.outcome == INDEX:
        cut = Plan().credible_cut
    plan = Plan(outcome=options.outcome, reference=options.reference or "", alpha=options.alpha, credible_cut=cut)
    path = Path(options.file)
    ratings, persons_known, articles_known = read_ratings(
        path,
        outcome=options.outcome,
        arm=options.arm,
        participant=options.participant,
        article=options.article,
    )
    is_index = options.outcome == INDEX
    info = StudyInfo(
        title=path.name,
        outcome_label="credibility index (1 to 10)" if is_index else options.outcome,
        outcome_scale=(1.0, 10.0) if is_index else None,
        show_published=is_index,
        articles_known=articles_known,
        persons_known=persons_known,
    )
    return build_report(ratings, None, plan, info)


def _as_text(table: ReportTable) -> str:
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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m analysis", description="Compare ratings of articles by arm.")
    commands = parser.add_subparsers(dest="command", required=True)
    mixed.add_parser(commands)
    report = commands.add_parser("report", help="the comparison of the arms in a CSV file, one row a rating")
    report.add_argument("file", metavar="FILE.csv")
    report.add_argument("--outcome", required=True, metavar="COL", help="the column of numbers that is compared")
    report.add_argument("--arm", default="arm", metavar="COL", help="the column that says the arm (arm)")
    report.add_argument("--reference", metavar="LEVEL", help="the arm that the others are held against")
    report.add_argument("--participant", metavar="COL", help="who gave the rating (participant, if there is one)")
    report.add_argument("--article", metavar="COL", help="what was rated (article, if there is one)")
    report.add_argument(
        "--credible-cut", type=float, metavar="NUMBER", help="from where a rating counts as credible (credibility: 6)"
    )
    report.add_argument("--alpha", type=float, default=0.05, metavar="NUMBER", help="0.05 gives 95%% intervals")
    report.add_argument("--json", metavar="OUT", help="write all numbers to this file")
    report.add_argument("--html", metavar="OUT", help="write the report to this file")
    return parser


if __name__ == "__main__":
    sys.exit(main())
