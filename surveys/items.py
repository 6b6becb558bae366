"""What one question is, and what a submitted form value means for it. Pure: no database, no request."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_serializer, model_validator

PREFER_NOT_TO_SAY = "prefer-not-to-say"

Kind = Literal["single", "likert", "number", "short-text", "long-text", "multiple"]
State = Literal["answered", "skipped", "prefer-not-to-say"]
ProblemKey = Literal[
    "missing", "unknown-code", "several", "exclusive", "not-a-number", "too-small", "too-large", "too-long"
]

CHOICES: frozenset[Kind] = frozenset({"single", "likert", "multiple"})
TEXTS: frozenset[Kind] = frozenset({"short-text", "long-text"})
DEFAULT_MAX_LENGTH: dict[Kind, int] = {"short-text": 200, "long-text": 5000}

# language[-Script][-REGION][-variant]..., in the canonical case of BCP 47 (RFC 5646, section 2.1.1).
_LANGUAGE_TAG = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?(-([a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*")
# Digits of any script, since phones type Arabic-Indic ones; 30 characters bound what is worth converting.
_NUMBER = re.compile(r"[+-]?\d{1,20}([.,]\d{1,9})?")
_SURROGATE = re.compile("[\ud800-\udfff]")


def is_language_tag(tag: str) -> bool:
    """Whether a tag is well-formed BCP 47 in canonical case: 'en', 'pt-BR', 'zh-Hant-TW', 'ca-valencia'."""
    return _LANGUAGE_TAG.fullmatch(tag) is not None


def _checked_text(text: dict[str, str]) -> dict[str, str]:
    for tag, words in text.items():
        if not is_language_tag(tag):
            raise ValueError(f"{tag!r} is not a language tag (BCP 47) such as 'en', 'de' or 'pt-BR'")
        if "\0" in words:
            raise ValueError(f"the {tag!r} text holds a NUL character, which no database stores: remove it")
    return text


Text = Annotated[dict[str, str], AfterValidator(_checked_text)]
Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=40)]
Code = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=40)]

# The limits keep a bound such as 1e999999 from becoming a million digits when it is written out.
Bound = Annotated[Decimal, Field(allow_inf_nan=False, ge=-(10**15), le=10**15, decimal_places=9)]


class Option(BaseModel):
    """One answer to choose. Answers hold the ``code``; ``value`` is the number that scoring uses."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: Code
    label: Text = Field(min_length=1)
    value: int | None = None

    @model_validator(mode="after")
    def _can_be_read(self) -> "Option":
        _refuse_blank(self.label, "label")
        if self.code == PREFER_NOT_TO_SAY:
            raise ValueError(f"the code {self.code!r} is reserved: set prefer_not_to_say = true on the item instead")
        return self


@dataclass(frozen=True)
class Reading:
    """What a person's submitted value means.

    ``value`` is the option's code; for 'multiple' the codes in the options' order, separated by single
    blanks; a number without needless zeros, with a point; or the text. It is '' unless ``state`` is 'answered'.
    """

    state: State
    value: str = ""


@dataclass(frozen=True)
class Problem:
    """Why a submitted value cannot be taken. ``limit`` is the bound that was passed, to be shown."""

    key: ProblemKey
    limit: str = ""


class Item(BaseModel):
    """One question of a study or an instrument.

    ``options`` belong to 'single', 'likert' and 'multiple'; on 'likert' each carries a value, rising or falling
    along the row. ``instructed`` is the code that passes an attention check. ``screen_out`` are the codes that
    end the study for the person. ``minimum`` and ``maximum`` are inclusive and belong to 'number', as does
    ``whole``; ``max_length`` counts characters and belongs to the texts.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: Key
    kind: Kind
    wording: Text = Field(min_length=1)
    help: Text | None = None
    options: tuple[Option, ...] = ()
    required: bool = True
    prefer_not_to_say: bool = False
    instructed: str | None = None
    screen_out: tuple[str, ...] = ()
    minimum: Bound | None = None
    maximum: Bound | None = None
    whole: bool = True
    max_length: int | None = Field(default=None, ge=1, le=100_000)

    @field_serializer("minimum", "maximum", when_used="json-unless-none")
    def _one_spelling(self, bound: Decimal) -> str:
        # The document is hashed: 18, 18.0 and 1.8E+1 are one bound and must be one spelling.
        return _plain(bound)

    @model_validator(mode="after")
    def _fits_its_kind(self) -> "Item":
        _refuse_blank(self.wording, "wording")
        if self.kind in CHOICES:
            _check_options(self)
        elif self.options:
            raise ValueError(f"an item of kind {self.kind!r} has no options: remove them or change the kind")
        if self.kind != "number" and (self.minimum is not None or self.maximum is not None or not self.whole):
            raise ValueError("minimum, maximum and whole belong to items of kind 'number' only")
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise ValueError(f"minimum {self.minimum} is above maximum {self.maximum}")
        if self.max_length is not None and self.kind not in TEXTS:
            raise ValueError("max_length belongs to items of kind 'short-text' and 'long-text' only")
        self._check_named_codes()
        return self

    def _check_named_codes(self) -> None:
        codes = self.codes
        if self.instructed is not None:
            if self.kind not in {"single", "likert"}:
                raise ValueError("instructed belongs to items of kind 'single' and 'likert' only")
            if self.instructed not in codes:
                raise ValueError(f"instructed names {self.instructed!r}, which is no option's code")
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

    def option(self, code: str) -> Option:
        """The option with this code. Raises KeyError if there is none."""
        for option in self.options:
            if option.code == code:
                return option
        raise KeyError(code)

    def read(self, raw: list[str]) -> Reading | Problem:
        """What the raw values of one form field mean, or why they cannot be taken. Never raises.

        NUL characters and halves of surrogate pairs, which databases refuse, are removed; line ends become
        '\\n'; outer blanks go. A number or text field may come with the reserved code beside it, from the checkbox
        next to it.
        """
        given = [clean for value in raw if (clean := _clean(value))]
        if self.prefer_not_to_say and PREFER_NOT_TO_SAY in given:
            others = [value for value in given if value != PREFER_NOT_TO_SAY]
            return Problem("exclusive") if others else Reading("prefer-not-to-say")
        if not given:
            return Problem("missing") if self.required else Reading("skipped")
        if self.kind == "multiple":
            return self._read_multiple(given)
        if len(given) > 1:
            return Problem("several")
        if self.kind == "number":
            return self._read_number(given[0])
        if self.kind in TEXTS:
            too_long = len(given[0]) > self.longest
            return Problem("too-long", str(self.longest)) if too_long else Reading("answered", given[0])
        return Reading("answered", given[0]) if given[0] in self.codes else Problem("unknown-code")

    def _read_multiple(self, given: list[str]) -> Reading | Problem:
        if not set(given) <= set(self.codes):
            return Problem("unknown-code")
        return Reading("answered", " ".join(code for code in self.codes if code in given))

    def _read_number(self, given: str) -> Reading | Problem:
        number = _number(given)
        if number is None or (self.whole and number != number.to_integral_value()):
            return Problem("not-a-number")
        if self.minimum is not None and number < self.minimum:
            return Problem("too-small", _plain(self.minimum))
        if self.maximum is not None and number > self.maximum:
            return Problem("too-large", _plain(self.maximum))
        return Reading("answered", _plain(number))


def _check_options(item: Item) -> None:
    codes = item.codes
    least = 1 if item.kind == "multiple" else 2
    if len(codes) < least:
        raise ValueError(f"an item of kind {item.kind!r} needs at least {least} option{'s' if least > 1 else ''}")
    if twice := sorted({code for code in codes if codes.count(code) > 1}):
        raise ValueError(f"these option codes are there more than once: {', '.join(twice)}")
    if item.kind != "likert":
        return
    values = [option.value for option in item.options if option.value is not None]
    if len(values) < len(codes):
        raise ValueError("on a Likert item every option needs a value, the number that scoring uses")
    if values != sorted(set(values)) and values != sorted(set(values), reverse=True):
        raise ValueError("a Likert item's values must rise, or fall, from each option to the next")


def _refuse_blank(text: dict[str, str], field: str) -> None:
    if blank := [tag for tag, words in text.items() if not words.strip()]:
        raise ValueError(f"the {field} is empty in {', '.join(blank)}: write it, or leave the language out")


def _clean(value: str) -> str:
    value = _SURROGATE.sub("", value.replace("\0", ""))
    return value.replace("\r\n", "\n").replace("\r", "\n").strip()


def _number(given: str) -> Decimal | None:
    given = given.replace("\u2212", "-").replace("\u066b", ".")
    # "1,500" is fifteen hundred to some and one and a half to others: it is asked again rather than guessed.
    if not _NUMBER.fullmatch(given) or re.search(r",\d{3}$", given):
        return None
    return Decimal(given.replace(",", "."))


def _plain(number: Decimal) -> str:
    digits = format(number, "f")
    digits = digits.rstrip("0").rstrip(".") if "." in digits else digits
    return "0" if digits in {"-0", "+0", ""} else digits
