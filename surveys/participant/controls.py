"""One question as it is shown: an item turned into controls, what was typed put back in."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby
from math import floor

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from surveys.definition import Block
from surveys.flow.asking import Asked
from surveys.frozen import FrozenStudy
from surveys.items import AGREED, PREFER_NOT_TO_SAY, Item, Option, Problem
from surveys.items.page import brought_up, waiting
from surveys.items.reading import NUMBERS, as_meant, both_readings
from surveys.items.texts import plain
from surveys.participant.complaints import sentence
from surveys.sentences import paragraphs

Raw = Mapping[str, Sequence[str]]
_OF_RADIOS = frozenset({"single", "likert"})


@dataclass(frozen=True)
class Choice:
    """One radio button or checkbox: ``control`` says which. An ``exclusive`` one stands alone."""

    control: str
    name: str
    anchor: str
    value: str
    label: str
    checked: bool
    exclusive: bool = False
    is_ours: bool = False


@dataclass(frozen=True)
class Rank:
    """One option of a ranking without a script: a list of places, ``places`` as (value, words, chosen?)."""

    anchor: str
    label: str
    places: tuple[tuple[str, str, bool], ...]


@dataclass(frozen=True)
class Ends:
    """A slider's two ends, its stops, and the words there."""

    minimum: str
    maximum: str
    step: str
    low: str
    high: str


@dataclass(frozen=True)
class Question:
    """One item as it is shown; ``apart`` is 'prefer not to say', ``anchor`` the id of its first control.

    ``back`` takes an answer back where none is needed: a radio button that was pressed cannot be let go, so it is one
    more of them, whose value is nothing.

    ``keypad`` is the keyboard of digits that a phone may bring up for it, '' where it must not.
    """

    name: str
    anchor: str
    kind: str
    wording: str
    help: str
    vignette: tuple[str, ...]
    required: bool
    choices: tuple[Choice, ...]
    apart: Choice | None
    back: Choice | None
    typed: str
    error: str
    # Attributes for the script: when it is shown, and whether it is now; '' where the page's answers do not matter.
    rule: SafeString
    is_hidden: bool
    ranks: tuple[Rank, ...] = ()
    ends: Ends | None = None
    keypad: str = ""
    sentences: tuple[tuple[Choice, ...], ...] = ()
    # Of a number that can be read in two ways, which it is.
    readings: tuple[Choice, ...] = ()

    @property
    def described_by(self) -> str:
        """The ids of help and error, for aria-describedby."""
        return " ".join(
            f"{self.anchor}_{part}" for part, there in (("help", self.help), ("error", self.error)) if there
        )

    @property
    def columns(self) -> tuple[Choice, ...]:
        """What stands above the columns of a grid: the options, and declining behind them."""
        return (*self.choices, self.apart) if self.apart else self.choices


@dataclass(frozen=True)
class Part:
    """Questions that stand together: one, or, below the words that they share, the rows of a grid."""

    questions: tuple[Question, ...]
    stem: str = ""


@dataclass(frozen=True)
class Section:
    """A block of questions under its title."""

    title: str
    intro: tuple[str, ...]
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Filling:
    """What is typed into a page of questions, by whom, in which language, and what is wrong with it."""

    study: FrozenStudy
    language: str
    asked: Asked
    raw: Raw = field(default_factory=dict)
    problems: Mapping[str, Problem] = field(default_factory=dict)

    def text(self, text: Mapping[str, str] | None) -> str:
        """These words in the language of the page."""
        return self.study.definition.text(dict(text or {}), self.language)


def anchor_of(item: Item, part: str = "") -> str:
    """The id of an item's first control, or of another part of the item."""
    # A prefix keeps items called 'main' or 'article' apart from the ids of the page itself; no key holds an underscore,
    # so no part of one item has the id of another item, such as 'trust' and 'trust-2'.
    return f"q-{item.key}_{part}" if part else f"q-{item.key}"


def _nth_anchor(item: Item, number: int) -> str:
    """The id of an item's control of this number, counted from 1: the first is where links to the item lead."""
    return anchor_of(item, "" if number == 1 else str(number))


def sections(filling: Filling, blocks: Sequence[Block]) -> Iterator[Section]:
    """The blocks as they are shown, without the items that earlier answers rule out."""
    asked = [item for block in blocks for item in block.items if item.key not in filling.asked.left_out]
    rests = waiting(asked)
    # What rests on other pages is decided: of those that are asked, only this page's own answers count.
    here = [_on_this_page(item, asked) for item in asked]
    length = sum(map(len, filling.asked.sentences))
    up = brought_up(here, filling.raw, {}, length) if rests else frozenset(item.key for item in asked)
    for block in blocks:
        own = [item for item in block.items if item.key not in filling.asked.left_out]
        parts = []
        for (stem, *_scale), items in groupby(own, key=lambda item: _grid_of(filling, item)):
            shown = tuple(_question(filling, item, asked, is_hidden=item.key not in up) for item in items)
            parts += [Part(shown, stem)] if stem else [Part((question,)) for question in shown]
        if parts:
            yield Section(filling.text(block.title), paragraphs(filling.text(block.intro)), tuple(parts))


def _on_this_page(item: Item, asked: Sequence[Item]) -> Item:
    own = {other.key for other in asked}
    return item.model_copy(update={"show_if": tuple(each for each in item.show_if if each.item in own)})


def _grid_of(filling: Filling, item: Item) -> tuple[str, tuple[Option, ...], str, bool]:
    """What items in a row share if they are the rows of one grid, under one line of heads."""
    if not item.stem:
        return "", (), "", False
    return filling.text(item.stem), item.options, item.order, item.prefer_not_to_say


def _question(filling: Filling, item: Item, asked: Sequence[Item], *, is_hidden: bool) -> Question:
    given, anchor = filling.raw.get(item.key, ()), anchor_of(item)
    problem = filling.problems.get(item.key)
    apart = None
    if item.prefer_not_to_say:
        label = gettext("Prefer not to say")
        control = "radio" if item.kind in _OF_RADIOS else "checkbox"
        declined = PREFER_NOT_TO_SAY in given
        apart = Choice(control, item.key, anchor_of(item, "apart"), PREFER_NOT_TO_SAY, label, declined, True, True)
    back = None
    if item.kind in _OF_RADIOS and not item.required:
        label = gettext("No answer after all")
        back = Choice("radio", item.key, anchor_of(item, "back"), "", label, checked=False, is_ours=True)
    is_listed = bool(item.options) or item.kind in {"highlight", "consent"}
    typed = as_meant(list(given)) if item.kind in NUMBERS else given
    return Question(
        name=item.key,
        anchor=anchor,
        kind=item.kind,
        wording=filling.text(item.wording),
        help=filling.text(item.help),
        vignette=paragraphs(filling.text(item.vignette)),
        required=item.required,
        choices=tuple(_choices(filling, item, given)),
        apart=apart,
        back=back,
        typed="" if is_listed else next((value for value in typed if value != PREFER_NOT_TO_SAY), ""),
        error=sentence(problem) if problem else "",
        rule=_rule(item, asked, is_hidden=is_hidden),
        is_hidden=is_hidden,
        ranks=tuple(_ranks(filling, item, given)) if item.kind == "ranking" else (),
        ends=_ends(filling, item) if item.kind == "slider" else None,
        keypad=_keypad(item),
        sentences=tuple(_sentences(filling, item, given)) if item.kind == "highlight" else (),
        readings=tuple(_readings(item, problem.limit)) if problem and problem.key == "thousands" else (),
    )


def _readings(item: Item, text: str) -> Iterator[Choice]:
    """The two numbers that a text can be; the decimal says besides between which whole ones it lies."""
    thousand, decimal = both_readings(text)
    yield Choice("radio", item.key, anchor_of(item, "thousand"), thousand, thousand, checked=False)
    value = Decimal(decimal)
    low = floor(value)
    told = {"number": text, "low": low, "high": low + 1}
    label = str(low) if value == low else gettext("%(number)s, a number between %(low)s and %(high)s") % told
    yield Choice("radio", item.key, anchor_of(item, "decimal"), decimal, label, checked=False)


def _keypad(item: Item) -> str:
    """Which keyboard fits a number: those of digits have no minus on some phones, and the smaller one no point."""
    if item.kind not in {"number", "slider"} or item.minimum is None or item.minimum < 0:
        return ""
    is_whole = item.whole if item.kind == "number" else not (item.minimum % 1 or item.stride % 1)
    return "numeric" if is_whole else "decimal"


def _rule(item: Item, asked: Sequence[Item], *, is_hidden: bool) -> SafeString:
    """The attributes by which the script shows and hides a question; '' where nothing on its page decides."""
    by_key = {other.key: other for other in asked}
    conditions = [
        {name: value for name, value in condition.model_dump(mode="json").items() if value}
        | {"optional": not by_key[condition.item].required}
        for condition in item.show_if
        if condition.item in by_key
    ]
    if not conditions:
        return SafeString("")
    return format_html(' data-show-if="{}"{}', json.dumps(conditions), " hidden" if is_hidden else "")


def _options(filling: Filling, item: Item) -> list[Option]:
    order = dict(filling.asked.orders).get(item.key, item.codes)
    return [item.option(code) for code in order]


def _choices(filling: Filling, item: Item, given: Sequence[str]) -> Iterator[Choice]:
    if item.kind == "ranking":
        return
    if item.kind == "consent":
        yield Choice("checkbox", item.key, anchor_of(item), AGREED, filling.text(item.wording), AGREED in given)
    control = "checkbox" if item.kind == "multiple" else "radio"
    for number, option in enumerate(_options(filling, item), start=1):
        label, checked = filling.text(option.label), option.code in given
        yield Choice(control, item.key, _nth_anchor(item, number), option.code, label, checked, option.exclusive)


def _ranks(filling: Filling, item: Item, given: Sequence[str]) -> Iterator[Rank]:
    for number, option in enumerate(_options(filling, item), start=1):
        values = [f"{rank}.{option.code}" for rank in range(1, len(item.options) + 1)]
        places = tuple((value, value.partition(".")[0], value in given) for value in values)
        yield Rank(_nth_anchor(item, number), filling.text(option.label), places)


def _ends(filling: Filling, item: Item) -> Ends:
    # The model holds that a slider has both bounds.
    return Ends(
        minimum="" if item.minimum is None else plain(item.minimum),
        maximum="" if item.maximum is None else plain(item.maximum),
        step=plain(item.stride),
        low=filling.text(item.low_label),
        high=filling.text(item.high_label),
    )


def _sentences(filling: Filling, item: Item, given: Sequence[str]) -> Iterator[tuple[Choice, ...]]:
    number = 0
    for paragraph in filling.asked.sentences:
        choices = []
        for words in paragraph:
            number += 1
            anchor = _nth_anchor(item, number)
            choices.append(Choice("checkbox", item.key, anchor, str(number), words, str(number) in given))
        yield tuple(choices)
