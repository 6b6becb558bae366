"""When a question is shown: conditions on answers given before it. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, field_serializer, model_validator

from surveys.items.reading import AGREED, PREFER_NOT_TO_SAY, RESERVED, Reading
from surveys.items.texts import Bound, Key, plain

if TYPE_CHECKING:
    from surveys.items.model import Item

SKIPPED = "skipped"


class Condition(BaseModel):
    """What one earlier item must have been answered with.

    Either one of ``any_of``, or none of ``none_of``, or a number from ``at_least`` to ``at_most``, inclusive. Codes
    may be 'prefer-not-to-say' and, of an item that may be skipped, 'skipped'. An item that was not shown meets nothing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    item: Key
    any_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()
    at_least: Bound | None = None
    at_most: Bound | None = None

    @field_serializer("at_least", "at_most", when_used="json-unless-none")
    def _one_spelling(self, bound: Decimal) -> str:
        return plain(bound)

    @model_validator(mode="after")
    def _asks_one_thing(self) -> "Condition":
        asked = [bool(self.any_of), bool(self.none_of), self.is_about_a_number]
        if sum(asked) != 1:
            raise ValueError(f"a condition on {self.item!r} needs either any_of, or none_of, or at_least and at_most")
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ValueError(f"a condition on {self.item!r} is never met: {self.at_least} is above {self.at_most}")
        return self

    @property
    def is_about_a_number(self) -> bool:
        """Whether it has bounds rather than codes."""
        return self.at_least is not None or self.at_most is not None

    def met_by(self, reading: Reading | None) -> bool:
        """Whether this answer meets the condition; None stands for an item that was not asked."""
        if reading is None or reading.state == "not-shown":
            return False
        if self.is_about_a_number:
            return reading.state == "answered" and self._holds_number(Decimal(reading.value))
        given = _codes_in(reading.value) if reading.state == "answered" else {reading.state}
        return not given.isdisjoint(self.any_of) if self.any_of else given.isdisjoint(self.none_of)

    def _holds_number(self, number: Decimal) -> bool:
        return (self.at_least is None or number >= self.at_least) and (self.at_most is None or number <= self.at_most)


def _codes_in(value: str) -> set[str]:
    """What a rule can find in an answer: the whole of it and, of several options, each code.

    The words of a text are none: somebody who writes 'I skipped the end' has skipped nothing.
    """
    return {value, *(set(value.split(" ")) - RESERVED)}


def is_shown(item: "Item", readings: Mapping[str, Reading]) -> bool:
    """Whether every condition of the item is met by these earlier answers."""
    return all(condition.met_by(readings.get(condition.item)) for condition in item.show_if)


def looks_at(items: Sequence["Item"]) -> frozenset[str]:
    """The keys of the items outside ``items`` on which their rules rest."""
    own = {item.key for item in items}
    return frozenset(condition.item for item in items for condition in item.show_if) - own


def condition_problems(item: "Item", condition: Condition, asked: "Item") -> Iterator[str]:
    """Why this condition of ``item`` can make no sense of the item that it looks at; nothing where it can."""
    where = f"item {item.key!r} is shown by the answer to {asked.key!r}"
    if condition.is_about_a_number:
        if asked.kind not in {"number", "slider"}:
            yield f"{where}, which is no number: name its codes in any_of or none_of"
        return
    known = codes_of(asked)
    if strangers := [code for code in (*condition.any_of, *condition.none_of) if code not in known]:
        names = ", ".join(map(repr, strangers))
        yield f"{where}, which has no answer {names}. There are: {', '.join(known) or 'none to choose from'}"


def codes_of(item: "Item") -> tuple[str, ...]:
    """The codes that a condition on this item can name."""
    own: tuple[str, ...] = ()
    if item.kind == "consent":
        own = (AGREED,)
    elif item.kind != "ranking":
        own = item.codes
    declined = (PREFER_NOT_TO_SAY,) if item.prefer_not_to_say else ()
    return (*own, *declined, *(() if item.required else (SKIPPED,)))
