"""PURE: the rules of exclusion that a plan may name: whom each leaves out, and by what."""

import math
from dataclasses import dataclass
from typing import Literal

Level = Literal["people", "ratings"]
ArgumentKind = Literal["none", "count", "seconds", "name"]
# Whether what a rule goes by happens after the treatment: always, in some studies, or never.
After = Literal["always", "maybe", "never"]


class PlanError(ValueError):
    """A plan that cannot be followed; ``problems`` names each field and says what to write instead."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True)
class RuleKind:
    """A kind of exclusion rule: whom it leaves out, judged by which column, with which argument after the colon.

    ``after`` says whether the column tells of what happened after an article was shown, which the article can change.
    """

    level: Level
    column: str
    argument: ArgumentKind
    sentence: str
    default: str = ""
    after: After = "always"


# Columns are those of 'participants' for people, of 'ratings' for ratings; the last two are items of the library.
RULE_KINDS: dict[str, RuleKind] = {
    "incomplete": RuleKind("people", "outcome", "none", "People who did not reach the end of the study."),
    "attention-failed": RuleKind(
        "people",
        "attention_failed",
        "count",
        "People who failed {} or more attention checks.",
        default="1",
        after="maybe",
    ),
    "attention-failed-before": RuleKind(
        "people",
        "attention_failed_before",
        "count",
        "People who failed {} or more attention checks before the first article.",
        default="1",
        after="never",
    ),
    "flagged": RuleKind("people", "flags", "name", "People with the quality flag '{}'.", after="maybe"),
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


def parse_rule(text: str, key: str = "exclusions") -> Rule:
    """The rule that a line of the plan's field ``key`` names. Raises ``PlanError`` saying which rules there are."""
    name, colon, argument = (part.strip() for part in text.partition(":"))
    if name not in RULE_KINDS:
        raise PlanError([f"{key}: {text!r} is no rule; there are {', '.join(sorted(RULE_KINDS))}"])
    kind = RULE_KINDS[name]
    if kind.argument == "none":
        if colon:
            raise PlanError([f"{key}: {name!r} takes nothing after a colon: write {name!r} alone"])
        return Rule(name)
    argument = argument or kind.default
    if kind.argument == "name":
        if not argument:
            raise PlanError([f"{key}: {name!r} needs a name after a colon, such as '{name}:speeding'"])
        return Rule(name, argument)
    number = finite_number(argument)
    if number is None or number <= 0 or (kind.argument == "count" and number != int(number)):
        wanted = "a whole number from 1" if kind.argument == "count" else "a number of seconds above 0"
        raise PlanError([f"{key}: {text!r} needs {wanted} after the colon, such as '{name}:2'"])
    return Rule(name, f"{number:g}")


def finite_number(value: object) -> float | None:
    """The number that a value or a text is, None for everything else."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
