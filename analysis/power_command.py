"""PURE: ``python -m analysis power``: how many people and how many articles a study needs, without Django."""

import argparse
import json
import math
from pathlib import Path
from typing import Any

from analysis.crossed import crossed_contrasts
from analysis.plan import Plan
from analysis.power import Components, components_of
from analysis.power_answer import PowerQuestion, power_answer, power_table, to_dict
from analysis.power_figure import power_figure
from analysis.read_table import read_ratings
from analysis.report_command import as_text_table, read_plan
from analysis.validation import FrameError

_SPREADS = ("person", "article", "noise", "person_by_arm", "story")


def add_parser(commands: Any) -> None:
    """The subcommand ``power`` among ``commands``, what ``add_subparsers`` of the whole command line returned."""
    power = commands.add_parser("power", help="how many people and how many articles a study needs")
    power.add_argument("--difference", type=float, required=True, metavar="NUMBER", help="the difference to be found")
    power.add_argument("--pilot", metavar="FILE", help="ratings whose spreads are taken; their difference is not")
    power.add_argument("--outcome", metavar="COL", help="the pilot's column of numbers (that of the plan)")
    power.add_argument("--arm", default="arm", metavar="COL", help="the pilot's column of arms (arm)")
    power.add_argument("--participant", metavar="COL", help="the pilot's column of persons (participant)")
    power.add_argument("--article", metavar="COL", help="the pilot's column of articles (article)")
    for name, what in (("person", "people"), ("article", "articles"), ("noise", "a single rating beside these")):
        power.add_argument(f"--sd-{name}", type=float, metavar="NUMBER", help=f"without a pilot: the SD of {what}")
    power.add_argument("--sd-person-by-arm", type=float, metavar="NUMBER", help="the SD of a person's own difference")
    power.add_argument("--sd-story", type=float, metavar="NUMBER", help="the SD of what the arms' versions share")
    power.add_argument("--design", choices=("between", "within"), default="between", help="arms a person: one, or both")
    power.add_argument("--people", default="50,100,200,400,800", metavar="N,N", help="all people together")
    power.add_argument("--articles", default="4,8,16", metavar="N,N", help="articles an arm")
    power.add_argument("--ratings", type=int, default=1, metavar="N", help="ratings a person and arm (1)")
    power.add_argument("--power", type=float, default=0.8, metavar="SHARE", help="what is enough (0.8)")
    power.add_argument("--plan", metavar="plan.toml", help="the plan: alpha, outcome and reference are taken from it")
    power.add_argument(
        "--simulations", type=int, default=0, metavar="N", help="also fit so many made-up studies a size"
    )
    power.add_argument("--seed", type=int, default=1, metavar="N", help="of the simulation (1)")
    power.add_argument("--json", metavar="OUT", help="write all numbers to this file")
    power.add_argument("--svg", metavar="OUT", help="write the curve to this file")


def run(options: argparse.Namespace) -> str:
    """Computes what the options ask for, writes its files, and returns the text for the terminal.

    Raises ``FrameError`` and ``PlanError`` with a sentence for what cannot be done, OSError for a file that cannot be
    written.
    """
    plan = read_plan(Path(options.plan)) if options.plan else Plan()
    if not (math.isfinite(options.difference) and options.difference):
        raise FrameError(f"--difference is {options.difference:g}: give the difference that is to be found, above 0")
    if not 0 < options.power < 1:
        raise FrameError(f"--power is {options.power:g}: give a share between 0 and 1, such as 0.8")
    if options.simulations < 0:
        raise FrameError(f"--simulations is {options.simulations}: give a number from 0")
    try:
        components = _components(options, plan)
        answer = power_answer(_question(options, plan), components)
    except ValueError as error:
        raise FrameError(str(error)) from error
    if options.json:
        content = json.dumps(to_dict(answer), ensure_ascii=False, indent=1, allow_nan=False)
        Path(options.json).write_text(content + "\n", encoding="utf-8")
    if options.svg:
        Path(options.svg).write_text(power_figure(answer.curve, options.power).svg, encoding="utf-8")
    return "\n\n".join([as_text_table(power_table(answer)), "\n".join(answer.sentences)]) + "\n"


def _question(options: argparse.Namespace, plan: Plan) -> PowerQuestion:
    return PowerQuestion(
        difference=options.difference,
        people=_whole_numbers("--people", options.people),
        articles=_whole_numbers("--articles", options.articles),
        ratings=options.ratings,
        design=options.design,
        power=options.power,
        alpha=plan.alpha,
        simulations=options.simulations,
        seed=options.seed,
    )


def _components(options: argparse.Namespace, plan: Plan) -> Components:
    """The spreads of the pilot, or those that the options name."""
    named = {name: getattr(options, f"sd_{name}") for name in _SPREADS}
    if options.pilot:
        if any(value is not None for value in named.values()):
            raise FrameError("give a pilot or spreads (--sd-person and so on), not both")
        outcome = options.outcome or plan.outcome
        pilot = read_ratings(
            Path(options.pilot),
            outcome=outcome,
            arm=options.arm,
            participant=options.participant,
            article=options.article,
        )
        if not (pilot.persons_known and pilot.articles_known):
            raise FrameError("the pilot does not say who rated which article: name --participant and --article")
        return components_of(crossed_contrasts(pilot.frame, Plan(outcome=outcome, reference=plan.reference)))
    if missing := [name for name in ("person", "article", "noise") if named[name] is None]:
        raise FrameError(f"without a pilot, give --sd-{missing[0]} too: the spreads decide what a study can find")
    return Components(**{name: value for name, value in named.items() if value is not None})


def _whole_numbers(option: str, given: str) -> tuple[int, ...]:
    parts = [part.strip() for part in given.split(",") if part.strip()]
    if not parts or not all(part.isdecimal() for part in parts):
        raise FrameError(f"{option} is {given!r}: give whole numbers with commas between, such as 50,100,200")
    return tuple(sorted({int(part) for part in parts}))
