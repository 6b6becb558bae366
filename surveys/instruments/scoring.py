"""From answers to one number, by the rule that an instrument states. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from surveys.instruments.model import Scoring, value_range
from surveys.items import Item
from surveys.items.checks import passes


class Scored(Protocol):
    """Items with the rule by which they are scored: an instrument of the library, or a block of a frozen study."""

    @property
    def items(self) -> tuple[Item, ...]:
        """The items, each key once."""

    @property
    def scoring(self) -> Scoring | None:
        """The rule, whose items are among ``items``; None where they are not scored."""


@dataclass(frozen=True)
class Score:
    """What an instrument's answers come to.

    ``value`` lies in the range that the scoring states. ``credible`` is None where there is no cut; ``judgement`` is
    the answer's class ('human', 'machine', 'neutral'), or '' where the scoring names none.
    """

    value: float
    credible: bool | None = None
    judgement: str = ""


def score(asked: Scored, answers: Mapping[str, str], credible_at: str | None = None) -> Score | None:
    """The score of one person's answers (item key -> option code), or None where there is none.

    None if nothing says how to score, or if any scored item has no answer, or one without a value; skipped and
    'prefer not to say' answers are left out of ``answers``. Answers to other items are ignored. ``credible_at``
    replaces the scoring's own cut, as a study's frozen plan may; a score at the cut is credible.
    Raises KeyError for a code that the item does not have: such an answer was not given to this version of it.
    """
    scoring = asked.scoring
    if scoring is None:
        return None
    items = {item.key: item for item in asked.items}
    given: list[tuple[Item, str]] = []
    for key in scoring.items:
        if not answers.get(key):
            return None
        given.append((items[key], answers[key]))
    values = [_value(scoring, item, code) for item, code in given]
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return None
    total = Fraction(sum(known) + scoring.offset, len(known) if scoring.rule == "mean" else 1)
    cut = credible_at if credible_at is not None else scoring.credible_at
    return Score(
        value=float(total),
        credible=None if cut is None else total >= Fraction(cut),
        judgement=scoring.classes.get(given[0][1], ""),
    )


def _value(scoring: Scoring, item: Item, code: str) -> int | None:
    """What one answer counts, or None for an option without a value. Raises KeyError for an unknown code."""
    if scoring.rule == "passed":
        for each in code.split(" "):
            item.option(each)
        return int(passes(item, code) is True)
    option = item.option(code)
    if option.value is None or item.key not in scoring.reversed:
        return option.value
    low, high = value_range(item)
    return low + high - option.value
