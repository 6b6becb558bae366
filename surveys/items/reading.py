"""What the values of one form field mean for an item. Pure, and total: any bytes are an answer or a problem."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, get_args

from surveys.items.texts import plain

if TYPE_CHECKING:
    from surveys.items.model import Item

PREFER_NOT_TO_SAY = "prefer-not-to-say"
NUMBERS = frozenset({"number", "slider"})
# What a ticked consent is recorded as.
AGREED = "agreed"

State = Literal["answered", "skipped", "not-shown", "prefer-not-to-say"]
# The words for how a question was met, in answers, rules, strata and files: no option's code may be one of them.
RESERVED = frozenset({*get_args(State), "not-reached"})
ProblemKey = Literal[
    "missing",
    "asked-now",
    "not-agreed",
    "unknown-code",
    "several",
    "exclusive",
    "exclusive-option",
    "rank-missing",
    "rank-twice",
    "not-a-number",
    "thousands",
    "off-step",
    "too-small",
    "too-large",
    "too-long",
]

# Digits of any script, since phones type Arabic-Indic ones; 30 characters bound what is worth converting.
_NUMBER = re.compile(r"[+-]?(\d{1,20}([.,]\d{1,9})?|[.,]\d{1,9})")
# "1,500" and "1.500" are fifteen hundred to some and one and a half to others: people are asked, not guessed at.
_THOUSANDS = re.compile(r"[.,]\d{3}$")
_FINE = re.compile(r"\.\d{3}")
_SURROGATE = re.compile("[\ud800-\udfff]")
# What no reader sees, alone or in a row: blanks, the letters of which Unicode says that they are drawn as nothing
# (Default_Ignorable_Code_Point), and Braille's blank. Within a text they join and part letters, and stay.
_UNSEEN = re.compile(
    "[\\s\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]*"
)
# How the form says 'this option comes third': 3.its-code
_RANK = re.compile(r"([1-9][0-9]{0,2})\.([a-z0-9-]+)")
_SENTENCE = re.compile(r"[1-9][0-9]{0,4}")


@dataclass(frozen=True)
class Reading:
    """What a person's submitted value means.

    ``value`` is the option's code; for 'multiple' the codes in the options' order and for 'ranking' from the first
    rank to the last, separated by single blanks; for 'highlight' the numbers, from 1, of the marked sentences; a
    number without needless zeros, with a point; or the text. It is '' unless ``state`` is 'answered'.
    """

    state: State
    value: str = ""


@dataclass(frozen=True)
class Problem:
    """Why a submitted value cannot be taken. ``limit`` is the bound that was passed, to be shown."""

    key: ProblemKey
    limit: str = ""


def read(item: "Item", raw: Sequence[str], sentences: int = 0) -> Reading | Problem:
    """What the raw values of an item's form field mean, or why they cannot be taken. Never raises.

    ``sentences`` is how many the article has, where some can be marked. NUL characters and halves of surrogate pairs,
    which databases refuse, are removed; line ends become '\\n'; outer blanks go, and so does a text that nobody can
    see. A field that is no list of options may come with the reserved code beside it, from the checkbox next to it,
    and a number that can be read in two ways with the one that was chosen.
    """
    given = [clean for value in raw if (clean := _clean(value))]
    if item.prefer_not_to_say and PREFER_NOT_TO_SAY in given:
        others = [value for value in given if value != PREFER_NOT_TO_SAY]
        return Problem("exclusive") if others else Reading("prefer-not-to-say")
    if not given:
        return Problem("not-agreed" if item.kind == "consent" else "missing") if item.required else Reading("skipped")
    if item.kind == "multiple":
        return _multiple(item, given)
    if item.kind == "ranking":
        return _ranking(item, given)
    if item.kind == "highlight":
        return _highlight(given, sentences)
    if item.kind in NUMBERS:
        given = as_meant(given)
    if len(given) > 1:
        return Problem("several")
    return _single(item, given[0])


def both_readings(text: str) -> tuple[str, str]:
    """(the thousand, the decimal) that a text such as '1.500' can be, each as it can be read in no other way.

    Raises ``ValueError`` for a text that is no such number.
    """
    number = _number(text)
    if number is None or not _is_unclear(text, number):
        raise ValueError(f"{text!r} can be read in one way at most")
    return plain(number * 1000), f"{number:.4f}"


def as_meant(given: list[str]) -> list[str]:
    """What was sent for a number; of one that can be read in two ways, and came with one of the two, that one alone."""
    if len(given) == 2:
        for text, chosen in (given, reversed(given)):
            number = _number(text)
            if number is not None and _is_unclear(text, number) and chosen in both_readings(text):
                return [chosen]
    return given


def _single(item: "Item", given: str) -> Reading | Problem:
    if item.kind == "number":
        return _number_of(item, given)
    if item.kind == "slider":
        return _slider(item, given)
    if item.longest:
        too_long = len(given) > item.longest
        return Problem("too-long", str(item.longest)) if too_long else Reading("answered", given)
    codes = (AGREED,) if item.kind == "consent" else item.codes
    return Reading("answered", given) if given in codes else Problem("unknown-code")


def _multiple(item: "Item", given: list[str]) -> Reading | Problem:
    if not set(given) <= set(item.codes):
        return Problem("unknown-code")
    chosen = [option for option in item.options if option.code in given]
    if len(chosen) > 1 and any(option.exclusive for option in chosen):
        return Problem("exclusive-option")
    return Reading("answered", " ".join(option.code for option in chosen))


def _ranking(item: "Item", given: list[str]) -> Reading | Problem:
    places = [match.groups() for value in given if (match := _RANK.fullmatch(value))]
    ranks, codes = [int(rank) for rank, _ in places], [code for _, code in places]
    if len(places) < len(given) or not set(codes) <= set(item.codes) or max(ranks) > len(item.options):
        return Problem("unknown-code")
    if len(set(codes)) < len(codes):
        return Problem("several")
    if len(set(ranks)) < len(ranks):
        return Problem("rank-twice")
    if len(codes) < len(item.options):
        return Problem("rank-missing")
    return Reading("answered", " ".join(code for _, code in sorted(zip(ranks, codes, strict=True))))


def _highlight(given: list[str], sentences: int) -> Reading | Problem:
    numbers = {int(value) for value in given if _SENTENCE.fullmatch(value)}
    if len(numbers) < len(set(given)) or max(numbers) > sentences:
        return Problem("unknown-code")
    return Reading("answered", " ".join(map(str, sorted(numbers))))


def _number_of(item: "Item", given: str) -> Reading | Problem:
    number = _number(given)
    if number is not None and _is_unclear(given, number):
        return Problem("thousands", given)
    if number is None or (item.whole and number != number.to_integral_value()):
        return Problem("not-a-number")
    return _within(item, number) or Reading("answered", plain(number))


def _slider(item: "Item", given: str) -> Reading | Problem:
    number = _number(given)
    if number is None:
        return Problem("not-a-number")
    # Where the stops themselves have three decimals, nobody means a thousand.
    stops = f"{plain(item.minimum or Decimal(0))} {plain(item.stride)}"
    if _is_unclear(given, number) and not _FINE.search(stops):
        return Problem("thousands", given)
    if problem := _within(item, number):
        return problem
    # The model holds that a slider has both bounds.
    if item.minimum is not None and (number - item.minimum) % item.stride:
        return Problem("off-step", plain(item.stride))
    return Reading("answered", plain(number))


def _within(item: "Item", number: Decimal) -> Problem | None:
    if item.minimum is not None and number < item.minimum:
        return Problem("too-small", plain(item.minimum))
    if item.maximum is not None and number > item.maximum:
        return Problem("too-large", plain(item.maximum))
    return None


def _clean(value: str) -> str:
    value = _SURROGATE.sub("", value.replace("\0", ""))
    return "" if _UNSEEN.fullmatch(value) else value.replace("\r\n", "\n").replace("\r", "\n").strip()


def _number(given: str) -> Decimal | None:
    given = _plainly(given)
    return Decimal(given.replace(",", ".")) if _NUMBER.fullmatch(given) else None


def _is_unclear(given: str, number: Decimal) -> bool:
    """Whether a text can be a thousand to some and a decimal to others; nobody writes a thousand as 0.125."""
    return abs(number) >= 1 and bool(_THOUSANDS.search(_plainly(given)))


def _plainly(given: str) -> str:
    """A number with the signs that keyboards have, of which phones type others."""
    return given.replace("\u2212", "-").replace("\u066b", ".")
