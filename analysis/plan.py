"""PURE: the analysis plan that is frozen with a study, and the exclusion rules that it may name."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Level = Literal["people", "ratings"]
ArgumentKind = Literal["none", "count", "seconds", "name"]


class PlanError(ValueError):
    """A plan that cannot be followed; ``problems`` names each field and says what to write instead."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True)
class RuleKind:
    """A kind of exclusion rule: whom it leaves out, judged by which column, with which argument after the colon."""

    level: Level
    column: str
    argument: ArgumentKind
    sentence: str
    default: str = ""


# Columns are those of 'participants' for people, of 'ratings' for ratings; the last two are items of the library.
RULE_KINDS: dict[str, RuleKind] = {
    "incomplete": RuleKind("people", "outcome", "none", "People who did not reach the end of the study."),
    "attention-failed": RuleKind(
        "people", "attention_failed", "count", "People who failed {} or more attention checks.", default="1"
    ),
    "flagged": RuleKind("people", "flags", "name", "People with the quality flag '{}'."),
    "faster-than": RuleKind(
        "ratings", "seconds_on_page", "seconds", "Ratings given within less than {} seconds on the page."
    ),
    "slower-than": RuleKind(
        "ratings", "seconds_on_page", "seconds", "Ratings given after more than {} seconds on the page."
    ),
    "seen-before": RuleKind("ratings", "seen-before", "none", "Ratings of stories that the reader had seen before."),
    "looked-it-up": RuleKind("ratings", "looked-it-up", "none", "Ratings of articles that the reader looked up."),
}


@dataclass(frozen=True)
class Rule:
    """One exclusion rule, written 'name' or 'name:argument', such as 'attention-failed:2' or 'faster-than:5'."""

    name: str
    argument: str = ""

    @property
    def kind(self) -> RuleKind:
        """What this rule looks at."""
        return RULE_KINDS[self.name]

    @property
    def threshold(self) -> float:
        """The argument as a number; a count or seconds. Raises ValueError for rules whose argument is none."""
        return float(self.argument)

    @property
    def sentence(self) -> str:
        """Whom the rule leaves out, in words."""
        return self.kind.sentence.format(self.argument)

    def __str__(self) -> str:
        return f"{self.name}:{self.argument}" if self.argument else self.name


def parse_rule(text: str) -> Rule:
    """The rule that a plan's line names. Raises ``PlanError`` saying which rules there are."""
    name, colon, argument = (part.strip() for part in text.partition(":"))
    if name not in RULE_KINDS:
        raise PlanError([f"exclusions: {text!r} is no rule; there are {', '.join(sorted(RULE_KINDS))}"])
    kind = RULE_KINDS[name]
    if kind.argument == "none":
        if colon:
            raise PlanError([f"exclusions: {name!r} takes nothing after a colon: write {name!r} alone"])
        return Rule(name)
    argument = argument or kind.default
    if kind.argument == "name":
        if not argument:
            raise PlanError([f"exclusions: {name!r} needs a name after a colon, such as '{name}:speeding'"])
        return Rule(name, argument)
    number = _number(argument)
    if number is None or number <= 0 or (kind.argument == "count" and number != int(number)):
        wanted = "a whole number from 1" if kind.argument == "count" else "a number of seconds above 0"
        raise PlanError([f"exclusions: {text!r} needs {wanted} after the colon, such as '{name}:2'"])
    return Rule(name, f"{number:g}")


@dataclass(frozen=True)
class Plan:
    """What was decided before the outcomes were seen.

    ``outcome`` is a column of the ratings. ``reference`` is the arm that the others are held against; empty where the
    ratings' origin says it. A rating is 'credible' from ``credible_cut`` upwards: on the index of 1 to 10 the default
    is 6, above the midpoint 5.5. The published reports do not state their cut, so this one is a choice of ours; None
    leaves shares out. ``equivalence_bound`` is the largest difference of means that counts as none, in the outcome's
    units. ``exclusions`` are applied in this order.
    """

    outcome: str = "credibility"
    reference: str = ""
    alpha: float = 0.05
    credible_cut: float | None = 6.0
    equivalence_bound: float | None = None
    exclusions: tuple[Rule, ...] = field(default=())
    notes: str = ""

    def __post_init__(self) -> None:
        """Raises ``PlanError`` for numbers that no analysis can use."""
        problems = []
        if not self.outcome:
            problems.append("outcome: name the column of the ratings that is compared, such as 'credibility'")
        if not 0 < self.alpha < 0.5:
            problems.append(f"alpha: {self.alpha:g} is not between 0 and 0.5; 0.05 gives 95% intervals")
        if self.credible_cut is not None and not math.isfinite(self.credible_cut):
            problems.append(f"credible_cut: {self.credible_cut} is no number on the outcome's scale")
        if self.equivalence_bound is not None and not 0 < self.equivalence_bound < math.inf:
            problems.append(f"equivalence_bound: {self.equivalence_bound:g} is not above 0; leave it out for no test")
        if problems:
            raise PlanError(problems)

    @property
    def level(self) -> float:
        """The intervals' confidence level, such as 0.95."""
        return 1 - self.alpha

    def as_dict(self) -> dict[str, Any]:
        """The plan as ``parse_plan`` reads it, with numbers as numbers."""
        return {
            "outcome": self.outcome,
            "reference": self.reference,
            "alpha": self.alpha,
            "credible_cut": self.credible_cut,
            "equivalence_bound": self.equivalence_bound,
            "exclusions": [str(rule) for rule in self.exclusions],
            "notes": self.notes,
        }


_FIELDS = ("outcome", "reference", "alpha", "credible_cut", "equivalence_bound", "exclusions", "notes")


def parse_plan(data: Mapping[str, Any]) -> Plan:
    """The plan in a mapping, such as a frozen definition's ``plan``; numbers may be texts ('0.05'), '' is none.

    Raises ``PlanError`` with every problem found, each naming its field.
    """
    problems = [f"{key}: no field of a plan; there are {', '.join(_FIELDS)}" for key in sorted(set(data) - {*_FIELDS})]
    values: dict[str, Any] = {}
    for key in ("outcome", "reference", "notes"):
        if key in data and not isinstance(data[key], str):
            problems.append(f"{key}: must be text, not {data[key]!r}")
        elif key in data:
            values[key] = data[key] if key == "notes" else data[key].strip()
    for key in ("alpha", "credible_cut", "equivalence_bound"):
        if key not in data:
            continue
        blank = data[key] in ("", None)
        number = None if blank else _number(data[key])
        if number is None and (not blank or key == "alpha"):
            problems.append(f"{key}: {data[key]!r} is not a number")
        else:
            values[key] = number
    rules = data.get("exclusions", ())
    if isinstance(rules, str) or not all(isinstance(rule, str) for rule in rules):
        problems.append("exclusions: must be a list of rules, such as ['attention-failed:2', 'faster-than:5']")
        rules = ()
    parsed = []
    for rule in rules:
        try:
            parsed.append(parse_rule(rule))
        except PlanError as error:
            problems += error.problems
    if twice := sorted({str(rule) for rule in parsed if parsed.count(rule) > 1}):
        problems.append(f"exclusions: these rules are there more than once: {', '.join(twice)}")
    try:
        plan = Plan(**values, exclusions=tuple(parsed))
    except PlanError as error:
        problems += error.problems
    if problems:
        raise PlanError(problems)
    return plan


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
