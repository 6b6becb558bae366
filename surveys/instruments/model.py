"""What an instrument is: its items, how it is scored, and where it comes from; and what is wrong with a file."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from surveys.items import Code, Item, Key, is_language_tag

Rule = Literal["sum", "mean", "passed"]
Number = Annotated[str, Field(pattern=r"^-?\d+(\.\d+)?$")]


class Scoring(BaseModel):
    """How answers become one number.

    - rule: 'sum' or 'mean' of the items' values, or 'passed', the number of checks among them that were passed.
    - offset: added to the sum (Kreps' index is the sum minus 2). Not for 'mean'.
    - reversed: items whose value v counts as lowest + highest - v of their options.
    - minimum, maximum: the range that the score can have; held against the items when the file is read.
    - direction: what a high score means, in words.
    - credible_at: the least score that counts as 'credible', where the instrument has such a cut.
    - classes: option code -> class, for a single item whose answer is a judgement ('human', 'machine', 'neutral').

    Missing answers: an item that was skipped, not shown, answered 'prefer not to say', or answered with an option
    without a value leaves no score at all. Nothing is imputed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: Rule
    items: tuple[str, ...] = Field(min_length=1)
    offset: int = 0
    reversed: tuple[str, ...] = ()
    minimum: Number
    maximum: Number
    direction: str = Field(min_length=1)
    credible_at: Number | None = None
    classes: dict[Code, Key] = Field(default_factory=dict)


class Instrument(BaseModel):
    """A scale as data. ``about`` says what its questions are on: the article just read, or the person.

    ``wording_checked`` is true where every wording was read in the source, or was written for this library;
    ``wording_note`` says which, and what to check before relying on one that is false.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: Key
    title: str = Field(min_length=1)
    about: Literal["article", "person"]
    citation: str = Field(min_length=1)
    doi: str = Field(default="", pattern=r"^(10\.\d{4,9}/\S+)?$")
    wording_checked: bool
    wording_note: str = Field(min_length=1)
    languages: tuple[str, ...] = Field(min_length=1)
    items: tuple[Item, ...] = Field(min_length=1)
    scoring: Scoring | None = None

    @model_validator(mode="after")
    def _holds_together(self) -> "Instrument":
        problems = [*self._language_problems(), *self._key_problems()]
        if not problems and self.scoring is not None:
            problems = list(scoring_problems(self.items, self.scoring))
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def item(self, key: str) -> Item:
        """The item with this key. Raises KeyError if there is none."""
        for item in self.items:
            if item.key == key:
                return item
        raise KeyError(key)

    def _key_problems(self) -> Iterator[str]:
        keys = [item.key for item in self.items]
        if twice := sorted({key for key in keys if keys.count(key) > 1}):
            yield f"these item keys are there more than once: {', '.join(twice)}"

    def _language_problems(self) -> Iterator[str]:
        for tag in self.languages:
            if not is_language_tag(tag):
                yield f"languages: {tag!r} is not a language tag (BCP 47) such as 'en' or 'pt-BR'"
        for item in self.items:
            for text in texts_of(item):
                if missing := [tag for tag in self.languages if tag not in text]:
                    yield f"item {item.key!r} lacks a text in {', '.join(missing)}, which languages names"


def texts_of(item: Item) -> list[dict[str, str]]:
    """Every text of an item that is read by people, by language; those that it does not have are left out."""
    own = (item.wording, item.help, item.vignette, item.stem, item.low_label, item.high_label)
    return [*(text for text in own if text is not None), *(option.label for option in item.options)]


def value_range(item: Item) -> tuple[int, int]:
    """(lowest, highest) value among the item's options. Raises ValueError if none has a value."""
    values = [option.value for option in item.options if option.value is not None]
    if not values:
        raise ValueError(f"item {item.key!r} has no option with a value")
    return min(values), max(values)


def score_range(items: Sequence[Item], rule: Rule, offset: int = 0) -> tuple[Fraction, Fraction]:
    """(lowest, highest) score that these items can come to. Raises ValueError if an item has no option with a value."""
    if rule == "passed":
        return Fraction(0), Fraction(len(items))
    ranges = [value_range(item) for item in items]
    share = len(items) if rule == "mean" else 1
    low, high = sum(low for low, _ in ranges), sum(high for _, high in ranges)
    return Fraction(low, share) + offset, Fraction(high, share) + offset


def scoring_problems(items_asked: Sequence[Item], scoring: Scoring) -> Iterator[str]:
    """What keeps a scoring from being used on these items, a sentence each; nothing where it fits."""
    known = {item.key: item for item in items_asked}
    if strangers := [key for key in scoring.items if key not in known]:
        yield f"scoring.items names {', '.join(strangers)}, which is not among the items"
        return
    if len(set(scoring.items)) < len(scoring.items):
        yield "scoring.items names an item more than once"
    if strangers := [key for key in scoring.reversed if key not in scoring.items]:
        yield f"scoring.reversed names {', '.join(strangers)}, which scoring.items does not"
    if scoring.offset and scoring.rule != "sum":
        yield "scoring.offset belongs to the rule 'sum' only"
    items = [known[key] for key in scoring.items]
    yield from _class_problems(items, scoring)
    if scoring.rule == "passed":
        if unchecked := [item.key for item in items if not (item.instructed or item.correct)]:
            yield f"the rule 'passed' needs an instructed or correct answer on {', '.join(unchecked)}"
    else:
        unscored = [item.key for item in items if not any(option.value is not None for option in item.options)]
        if unscored or any(item.kind in {"multiple", "ranking"} for item in items):
            yield f"the rule {scoring.rule!r} needs items with one answer whose options have values"
            return
    span = score_range(items, scoring.rule, scoring.offset)
    if span != (Fraction(scoring.minimum), Fraction(scoring.maximum)):
        yield (
            f"scoring says the range is {scoring.minimum} to {scoring.maximum}, "
            f"but the items give {span[0]} to {span[1]}"
        )
    if scoring.credible_at is not None and not span[0] < Fraction(scoring.credible_at) <= span[1]:
        yield f"scoring.credible_at is {scoring.credible_at}, which is outside the range"


def _class_problems(items: Sequence[Item], scoring: Scoring) -> Iterator[str]:
    if not scoring.classes:
        return
    if len(items) != 1:
        yield "scoring.classes belongs to a scoring of one item"
    elif set(scoring.classes) != set(items[0].codes):
        yield "scoring.classes must name every option's code, and no other"
