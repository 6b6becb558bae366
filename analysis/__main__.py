"""``python -m analysis report FILE --outcome COLUMN``, ``... mixed FILE``, ``... power``: without Django."""

import argparse
import sys
from collections.abc import Sequence

from analysis import power_command as power
from analysis import report_command as report
from analysis.mixed import MixedModelError
from analysis.mixed import command as mixed
from analysis.plan_rules import PlanError
from analysis.validation import FrameError


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; the exit status is 0, or 2 with a sentence on standard error for what cannot be done."""
    options = _parser().parse_args(arguments)
    try:
        printed = {"mixed": mixed.run, "report": report.run, "power": power.run}[options.command](options)
    except (FrameError, PlanError, MixedModelError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(printed)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m analysis", description="Compare ratings of articles by arm.")
    commands = parser.add_subparsers(dest="command", required=True)
    mixed.add_parser(commands)
    report.add_parser(commands)
    power.add_parser(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
