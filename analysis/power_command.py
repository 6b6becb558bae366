"""PURE: ``python -m analysis power``: how many people and how many articles a study needs, without Django."""

import argparse
import json
import math
from pathlib import Path
from typing import Any

from analysis.crossed import crossed_contrasts
from analysis.plan import Plan
from analysis.power import components_of
from analysis.power_answer import SMALL_SIMULATIONS, PowerQuestion, power_answer, power_table, to_dict
from analysis.power_claim import ADJUSTMENT_NAMES
from analysis.power_figure import power_figure
from analysis.power_size import Components
from analysis.read_table import read_ratings
from analysis.report_command import as_text_table, read_plan
from analysis.validation import FrameError

_PEOPLE = (50, 100, 200, 400, 800)
_SPREADS = ("person", "article", "noise", "person_by_arm", "story")


def add_parser(commands: Any) -> None:
    """The subcommand ``power`` among ``commands``, what ``add_subparsers`` of the whole command line returned."""
    power = commands.add_parser("power", help="how many people and how many articles a study needs")
    power.add_argument(
        "--difference",
        type=float,
        metavar="NUMBER",
        help="the difference to be found; with --equivalence the true one (0)",
    )
    power.add_argument(
        "--equivalence", action="store_true", help="equivalence is to be shown, within the plan's bounds or --bound"
    )
    power.add_argument("--bound", type=float, metavar="NUMBER", help="the largest difference that counts as none")
    power.add_argument("--arms", type=int, default=2, metavar="N", help="all arms, the reference among them (2)")
    power.add_argument(
        "--adjust", choices=ADJUSTMENT_NAMES, default="holm", help="over the arms' contrasts with the reference (holm)"
    )
    power.add_argument(
        "--find",
        choices=("one", "all"),
        default="one",
        help="one arm's difference while no other differs, or all (one)",
    )
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
    power.add_argument("--people", metavar="N,N", help="all people together (50,100,200,400,800)")
    power.add_argument("--articles", default="4,8,16", metavar="N,N", help="articles an arm")
    power.add_argument("--ratings", type=int, default=1, metavar="N", help="ratings a person and arm (1)")
    power.add_argument("--power", type=float, default=0.8, metavar="SHARE", help="what is enough (0.8)")
    power.add_argument("--plan", metavar="plan.toml", help="the plan: alpha, outcome and reference are taken from it")
    power.add_argument(
        "--simulations", type=int, default=0, metavar="N", help="also fit so many made-up studies a size"
    )
    power.add_argument(
        "--small-simulations",
        type=int,
        default=SMALL_SIMULATIONS,
        metavar="N",
        help=f"so many of each size that is too small for the formula ({SMALL_SIMULATIONS})",
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
    difference, bounds = _claimed(options, plan)
    if not 0 < options.power < 1:
        raise FrameError(f"--power is {options.power:g}: give a share between 0 and 1, such as 0.8")
    for name in ("simulations", "small_simulations"):
        if getattr(options, name) < 0:
            option = name.replace("_", "-")
            raise FrameError(f"--{option} is {getattr(options, name)}: give a number from 0")
    try:
        components = _components(options, plan)
        answer = power_answer(_question(options, plan, difference, bounds), components)
    except ValueError as error:
        raise FrameError(str(error)) from error
    if options.json:
        content = json.dumps(to_dict(answer), ensure_ascii=False, indent=1, allow_nan=False)
        Path(options.json).write_text(content + "\n", encoding="utf-8")
    if options.svg:
        Path(options.svg).write_text(power_figure(answer.curve, options.power).svg, encoding="utf-8")
    return "\n\n".join([as_text_table(power_table(answer)), "\n".join(answer.sentences)]) + "\n"


def _claimed(options: argparse.Namespace, plan: Plan) -> tuple[float, tuple[float, float] | None]:
    """The difference, and the bounds where equivalence is to be shown."""
    if not (options.equivalence or options.bound is not None):
        difference = options.difference
        if difference is None or not (math.isfinite(difference) and difference):
            said = "not given" if difference is None else f"{difference:g}"
            raise FrameError(f"--difference is {said}: give the difference that is to be found, above 0")
        return difference, None
    difference = 0.0 if options.difference is None else options.difference
    if options.bound is None:
        if plan.bounds is None:
            raise FrameError("--equivalence needs bounds: give --bound, or a --plan with equivalence_bound")
        return difference, plan.bounds
    if not 0 < options.bound < math.inf:
        raise FrameError(f"--bound is {options.bound:g}: give the largest difference that counts as none, above 0")
    return difference, (-options.bound, options.bound)


def _question(
    options: argparse.Namespace, plan: Plan, difference: float, bounds: tuple[float, float] | None
) -> PowerQuestion:
    return PowerQuestion(
        difference=difference,
        people=_people(options),
        articles=_whole_numbers("--articles", options.articles),
        ratings=options.ratings,
        design=options.design,
        power=options.power,
        alpha=plan.alpha,
        simulations=options.simulations,
        seed=options.seed,
        arms=options.arms,
        which=options.find,
        adjust=options.adjust,
        bound_low=bounds[0] if bounds else None,
        bound_high=bounds[1] if bounds else None,
        small_simulations=options.small_simulations,
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


def _people(options: argparse.Namespace) -> tuple[int, ...]:
    """What the option says, or the usual numbers as whole arms of them."""
    if options.people is not None:
        return _whole_numbers("--people", options.people)
    whole = max(1, options.arms) if options.design == "between" else 1
    return tuple(math.ceil(n / whole) * whole for n in _PEOPLE)


def _whole_numbers(option: str, given: str) -> tuple[int, ...]:
    parts = [part.strip() for part in given.split(",") if part.strip()]
    if not parts or not all(part.isdecimal() for part in parts):
        raise FrameError(f"{option} is {given!r}: give whole numbers with commas between, such as 50,100,200")
    return tuple(sorted({int(part) for part in parts}))
