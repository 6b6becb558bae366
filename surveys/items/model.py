"""What one question is: its kind, wording, options and limits, and what a valid one must hold. Pure."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_serializer, model_validator

from surveys.items import reading
from surveys.items.reading import PREFER_NOT_TO_SAY, Problem, Reading
from surveys.items.rules import Condition
from surveys.items.texts import Bound, Code, Key, Text, plain, refuse_blank

Kind = Literal[
    "single",
    "likert",
    "multiple",
    "ranking",
    "number",
    "slider",
    "short-text",
    "long-text",
    "consent",
    "highlight",
]
Order = Literal["fixed", "reversed", "shuffled"]

CHOICES: frozenset[Kind] = frozenset({"single", "likert", "multiple", "ranking"})
TEXTS: frozenset[Kind] = frozenset({"short-text", "long-text"})
# Kinds whose answer holds several things at once.
SEVERAL: frozenset[Kind] = frozenset({"multiple", "ranking", "highlight"})
DEFAULT_MAX_LENGTH: dict[Kind, int] = {"short-text": 200, "long-text": 5000}
# More stops than this are finer than any finger, and any analysis.
MOST_STOPS = 10_000

_RADIOS: frozenset[Kind] = frozenset({"single", "likert"})
# The fields that belong to some kinds only.
_OF_KINDS: dict[str, frozenset[Kind]] = {
    "options": CHOICES,
    "minimum": frozenset({"number", "slider"}),
    "maximum": frozenset({"number", "slider"}),
    "step": frozenset({"slider"}),
    "low_label": frozenset({"slider"}),
    "high_label": frozenset({"slider"}),
    "max_length": TEXTS,
    "stem": frozenset({"likert"}),
    "instructed": _RADIOS,
    "correct": _RADIOS | {"multiple"},
    "correct_by_story": _RADIOS | {"multiple"},
}

StoryKey = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=60)]


class Option(BaseModel):
    """One answer to choose. Answers hold the ``code``; ``value`` is the number that scoring uses.

    ``anchored`` options keep their places at the end when the others change theirs. An ``exclusive`` one, such as
    'none of these', cannot be chosen together with another.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: Code
    label: Text = Field(min_length=1)
    value: int | None = None
    anchored: bool = False
    exclusive: bool = False

    @model_validator(mode="after")
    def _can_be_read(self) -> "Option":
        refuse_blank(self.label, "label")
        if self.code == PREFER_NOT_TO_SAY:
            raise ValueError(f"the code {self.code!r} is reserved: set prefer_not_to_say = true on the item instead")
        return self


class Item(BaseModel):
    """One question of a study or an instrument.

    - vignette: a text to read before it, such as that of a mock vignette.
    - stem: on 'likert', what stands once above the items that follow each other and share it: together they are a grid.
    - options: of 'single', 'likert', 'multiple' and 'ranking'; on 'likert' each carries a value, rising or falling
      along the row. ``order`` says how they stand: as written, reversed for half of the people, or shuffled.
    - required, prefer_not_to_say: whether it can be skipped, and whether declining is one of the answers.
    - instructed: the code that passes an attention check. correct: those that pass a comprehension check;
      correct_by_story where that depends on the article's story.
    - screen_out: the codes that end the study for the person.
    - show_if: conditions on earlier answers, all of which must be met.
    - minimum, maximum: inclusive, of 'number' and 'slider'; whole: of 'number'; step, low_label, high_label: of
      'slider'. max_length counts the characters of a text.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: Key
    kind: Kind
    wording: Text = Field(min_length=1)
    help: Text | None = None
    vignette: Text | None = None
    stem: Text | None = None
    options: tuple[Option, ...] = ()
    order: Order = "fixed"
    required: bool = True
    prefer_not_to_say: bool = False
    instructed: str | None = None
    correct: tuple[str, ...] = ()
    correct_by_story: dict[StoryKey, tuple[str, ...]] = Field(default_factory=dict)
    screen_out: tuple[str, ...] = ()
    show_if: tuple[Condition, ...] = ()
    minimum: Bound | None = None
    maximum: Bound | None = None
    whole: bool = True
    step: Annotated[Bound, Field(gt=0)] | None = None
    low_label: Text | None = None
    high_label: Text | None = None
    max_length: int | None = Field(default=None, ge=1, le=100_000)

    @field_serializer("minimum", "maximum", "step", when_used="json-unless-none")
    def _one_spelling(self, bound: Decimal) -> str:
        # The document is hashed: 18, 18.0 and 1.8E+1 are one bound and must be one spelling.
        return plain(bound)

    @model_validator(mode="after")
    def _fits_its_kind(self) -> "Item":
        refuse_blank(self.wording, "wording")
        for name in ("help", "vignette", "stem", "low_label", "high_label"):
            refuse_blank(getattr(self, name) or {}, name)
        self._check_fields()
        if self.kind in CHOICES:
            _check_options(self)
        self._check_bounds()
        self._check_named_codes()
        return self

    def _check_fields(self) -> None:
        for name, kinds in _OF_KINDS.items():
            if self.kind not in kinds and getattr(self, name) not in (None, (), {}):
                raise ValueError(f"{name} belongs to items of kind {_named(kinds)}, and this is of kind {self.kind!r}")
        if not self.whole and self.kind != "number":
            raise ValueError("whole belongs to items of kind 'number' only")
        if self.order != "fixed" and self.kind not in CHOICES:
            raise ValueError(f"an item of kind {self.kind!r} has no options whose order could change")
        if self.kind == "consent" and self.prefer_not_to_say:
            raise ValueError("a consent is given or not: it has no 'prefer not to say'")

    def _check_bounds(self) -> None:
        if self.kind == "slider" and (self.minimum is None or self.maximum is None):
            raise ValueError("a slider needs minimum and maximum, its two ends")
        if self.minimum is None or self.maximum is None:
            return
        if self.minimum > self.maximum:
            raise ValueError(f"minimum {self.minimum} is above maximum {self.maximum}")
        if self.kind == "slider":
            width = self.maximum - self.minimum
            if not width or width % self.stride:
                raise ValueError("a slider's step must lead from its minimum exactly to its maximum")
            if width / self.stride > MOST_STOPS:
                raise ValueError(f"a slider has at most {MOST_STOPS} stops: choose a larger step")

    def _check_named_codes(self) -> None:
        codes = self.codes
        if self.instructed is not None and self.instructed not in codes:
            raise ValueError(f"instructed names {self.instructed!r}, which is no option's code")
        if sum(map(bool, (self.instructed, self.correct, self.correct_by_story))) > 1:
            raise ValueError("an item has one of instructed, correct and correct_by_story")
        for named in (self.correct, *self.correct_by_story.values()):
            if strangers := [code for code in named if code not in codes]:
                names = ", ".join(map(repr, strangers))
                raise ValueError(f"the correct answer names {names}, which no option has as its code")
        if self.kind == "ranking" and self.screen_out:
            raise ValueError("a ranking holds every code, so that screen_out would end the study for everybody")
        known = {*codes, PREFER_NOT_TO_SAY} if self.prefer_not_to_say else set(codes)
        if strangers := [code for code in self.screen_out if code not in known]:
            raise ValueError(f"screen_out names {', '.join(map(repr, strangers))}, which no option has as its code")

    @property
    def codes(self) -> tuple[str, ...]:
        """The options' codes, in order; without 'prefer-not-to-say', which is a state and not an answer."""
        return tuple(option.code for option in self.options)

    @property
    def longest(self) -> int:
        """How many characters a text answer may have; 0 for items that are not texts."""
        return self.max_length or DEFAULT_MAX_LENGTH.get(self.kind, 0)

    @property
    def stride(self) -> Decimal:
        """From one stop of a slider to the next."""
        return self.step or Decimal(1)

    @property
    def is_check(self) -> bool:
        """Whether an answer can pass or fail it."""
        return bool(self.instructed or self.correct or self.correct_by_story)

    def option(self, code: str) -> Option:
        """The option with this code. Raises KeyError if there is none."""
        for option in self.options:
            if option.code == code:
                return option
        raise KeyError(code)

    def read(self, raw: Sequence[str], sentences: int = 0) -> Reading | Problem:
        """What the raw values of this item's form field mean (``surveys.items.reading.read``). Never raises."""
        return reading.read(self, raw, sentences)


def _check_options(item: Item) -> None:
    codes = item.codes
    least = 1 if item.kind == "multiple" else 2
    if len(codes) < least:
        raise ValueError(f"an item of kind {item.kind!r} needs at least {least} option{'s' if least > 1 else ''}")
    if twice := sorted({code for code in codes if codes.count(code) > 1}):
        raise ValueError(f"these option codes are there more than once: {', '.join(twice)}")
    if item.kind != "multiple" and any(option.exclusive for option in item.options):
        raise ValueError("exclusive options belong to items of kind 'multiple' only")
    anchored = [option.anchored for option in item.options]
    if sorted(anchored) != anchored:
        raise ValueError("anchored options keep their places at the end: put them behind all others")
    if item.kind != "likert":
        return
    if item.order == "shuffled":
        raise ValueError("the points of a Likert scale are not shuffled: choose 'fixed' or 'reversed'")
    values = [option.value for option in item.options if option.value is not None]
    if len(values) < len(codes):
        raise ValueError("on a Likert item every option needs a value, the number that scoring uses")
    if values != sorted(set(values)) and values != sorted(set(values), reverse=True):
        raise ValueError("a Likert item's values must rise, or fall, from each option to the next")


def _named(kinds: frozenset[Kind]) -> str:
    return " or ".join(f"'{kind}'" for kind in sorted(kinds))
