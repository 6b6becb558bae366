"""What a study is, as data: the draft that researchers edit.

A ``Definition`` knows wordings, questions with their scoring, design and analysis plan. Arms, stories and articles are
added when it is frozen (surveys/frozen.py).
"""

import json
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    field_validator,
    model_serializer,
    model_validator,
)

from surveys.devices import Devices
from surveys.instruments.model import Scoring, scoring_problems
from surveys.items import PREFER_NOT_TO_SAY, SEVERAL, Item, Text, is_language_tag
from surveys.items.together import problems_before_freezing, problems_together
from surveys.manipulation import Factor, Quota

SCHEMA: Literal["studyweb-study/1"] = "studyweb-study/1"

When = Literal["before", "reading", "looking-back", "after"]
WHENS: tuple[When, ...] = ("before", "reading", "looking-back", "after")


class Part(BaseModel):
    """Base of everything in a definition: unknown fields are errors, values never change."""

    model_config = ConfigDict(frozen=True, extra="forbid")


P = TypeVar("P", bound=Part)


class Block(Part):
    """Items that are asked together: one page, or, for reading and looking-back, one page an article."""

    key: str = Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")
    when: When
    title: Text = Field(default_factory=dict)
    intro: Text = Field(default_factory=dict)
    # The instrument's key where the items come from the library, and its scoring as it was then: a library that
    # changes later does not change how a frozen study is scored.
    instrument: str = ""
    scoring: Scoring | None = None
    items: tuple[Item, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _item_keys_once(self) -> "Block":
        keys = [item.key for item in self.items]
        if twice := sorted({key for key in keys if keys.count(key) > 1}):
            raise ValueError(f"block {self.key!r} has these item keys more than once: {', '.join(twice)}")
        return self

    @model_validator(mode="after")
    def _scoring_fits(self) -> "Block":
        problems = list(scoring_problems(self.items, self.scoring)) if self.scoring is not None else []
        if problems:
            raise ValueError(f"block {self.key!r} cannot be scored: {'; '.join(problems)}")
        return self


class Contact(Part):
    """Whom a participant can ask, and which board approved the study; shown on every page."""

    name: str = ""
    email: str = ""
    institution: str = ""
    ethics_board: str = ""
    ethics_reference: str = ""
    ethics_contact: str = ""


class Wording(Part):
    """The study's own texts, each by language."""

    title: Text = Field(default_factory=dict)
    consent: Text = Field(default_factory=dict)
    reading_intro: Text = Field(default_factory=dict)
    debrief: Text = Field(default_factory=dict)
    thanks: Text = Field(default_factory=dict)


class Design(Part):
    """How articles are given to people; ``surveys.design`` holds what each choice does."""

    kind: Literal["between", "within", "mixed"] = "between"
    per_person: int = Field(default=1, ge=1, le=100)
    order: Literal["latin", "balanced", "random"] = "balanced"
    allocation: Literal["least-filled", "complete", "blocked", "simple"] = "least-filled"
    # The item, asked before, whose answer is the stratum; empty for none.
    block_by: str = ""
    factors: tuple[Factor, ...] = ()
    quotas: tuple[Quota, ...] = ()

    @model_validator(mode="after")
    def _each_once(self) -> "Design":
        factors, strata = [factor.key for factor in self.factors], [quota.stratum for quota in self.quotas]
        if twice := sorted({key for key in (*factors, *strata) if (factors + strata).count(key) > 1}):
            raise ValueError(f"these factors or quotas are there more than once: {', '.join(twice)}")
        if self.quotas and not self.block_by:
            raise ValueError("quotas belong to the answers of the question that block_by names: name one")
        return self


class Plan(Part):
    """The preregistered analysis; frozen with the study."""

    outcome: str = "credibility"
    reference: str = ""
    alpha: str = Field(default="0.05", pattern=r"^0\.\d+$")
    # A cut of the outcome; empty for no shares.
    credible_cut: str = Field(default="6", pattern=r"^(\d+(\.\d+)?)?$")
    equivalence_bound: str = Field(default="", pattern=r"^(\d+(\.\d+)?)?$")
    exclusions: tuple[str, ...] = ()
    notes: str = ""
    question: str = ""
    # The arm whose contrast with the reference the specification curve shows; empty for the first.
    main_contrast: str = ""
    equivalence_low: str = Field(default="", pattern=r"^(-?\d+(\.\d+)?)?$")
    equivalence_high: str = Field(default="", pattern=r"^(-?\d+(\.\d+)?)?$")
    # Items asked before the articles, or factors, by which the contrasts may differ.
    covariates: tuple[str, ...] = ()
    # {arm: its place on a scale}; without it, the places that the arms themselves have.
    trend_scores: dict[str, Annotated[str, Field(pattern=r"^-?\d+(\.\d+)?$")]] = Field(default_factory=dict)
    # Rules that the main analysis does not apply, and the specification curve does.
    alternative_exclusions: tuple[str, ...] = ()
    specification_models: tuple[Literal["mixed", "means", "clustered"], ...] = ()
    neutral_answers: Literal["", "left-out", "as-human", "halved"] = ""

    @model_validator(mode="before")
    @classmethod
    def _default_cut_is_of_the_index(cls, given: Any) -> Any:
        """6 of 10 is a cut of the credibility index; of any other outcome a plan names its own, or there is none."""
        if isinstance(given, dict) and given.get("outcome", "credibility") != "credibility":
            return {"credible_cut": "", **given}
        return given

    @model_serializer(mode="wrap")
    def _leave_out_what_is_empty(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """A plan that does not use a field that came later is written, and hashed, as before there was the field."""
        written: dict[str, Any] = write(self)
        return {name: value for name, value in written.items() if value or name in _FIRST_FIELDS}


_FIRST_FIELDS = frozenset({"outcome", "reference", "alpha", "credible_cut", "equivalence_bound", "exclusions", "notes"})


class Definition(Part):
    """Everything of a study that its researchers write, apart from arms and articles."""

    schema_name: Literal["studyweb-study/1"] = Field(default=SCHEMA, alias="schema")
    languages: tuple[str, ...] = Field(default=("en",), min_length=1)
    wording: Wording = Field(default_factory=Wording)
    contact: Contact = Field(default_factory=Contact)
    design: Design = Field(default_factory=Design)
    plan: Plan = Field(default_factory=Plan)
    blocks: tuple[Block, ...] = ()
    withdrawal_days: int = Field(default=14, ge=0, le=3650)
    # At how many failed attention checks a person's way ends; 0 for never, which is the rule unless a study says so.
    failed_checks: int = Field(default=0, ge=0, le=50)
    devices: Devices = Devices()

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    @model_serializer(mode="wrap")
    def _leave_out_devices_where_any_will_do(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """As with the plan's later fields: a study that asks for no device has the hash that it had before."""
        written: dict[str, Any] = write(self)
        return {name: value for name, value in written.items() if name != "devices" or self.devices.asks_something}

    @field_validator("languages")
    @classmethod
    def _language_tags(cls, languages: tuple[str, ...]) -> tuple[str, ...]:
        if wrong := [tag for tag in languages if not is_language_tag(tag)]:
            names = ", ".join(repr(tag) for tag in wrong)
            raise ValueError(f"no language tag (BCP 47) such as 'en', 'de' or 'pt-BR': {names}")
        return languages

    @model_validator(mode="after")
    def _keys_once_and_references_exist(self) -> "Definition":
        blocks = [block.key for block in self.blocks]
        if twice := sorted({key for key in blocks if blocks.count(key) > 1}):
            raise ValueError(f"these block keys are there more than once: {', '.join(twice)}")
        items = [item.key for block in self.blocks for item in block.items]
        if twice := sorted({key for key in items if items.count(key) > 1}):
            raise ValueError(f"these item keys are there more than once: {', '.join(twice)}")
        before = {item.key for block in self.at("before") for item in block.items}
        if self.design.block_by and self.design.block_by not in before:
            raise ValueError(
                f"design.block_by names {self.design.block_by!r}, which is no item of a block with when = 'before'"
            )
        if strangers := sorted({quota.stratum for quota in self.design.quotas} - {*self.strata()}):
            raise ValueError(
                f"design.quotas names {', '.join(map(repr, strangers))}, which no answer to "
                f"{self.design.block_by!r} has as its code"
            )
        return self

    @model_validator(mode="after")
    def _questions_hold_together(self) -> "Definition":
        if problems := list(problems_together(self._stages())):
            raise ValueError("; ".join(problems))
        return self

    def problems_before_freezing(self) -> list[str]:
        """What keeps its questions from being frozen, a sentence each; versions that have it already stay readable."""
        several = [item for item in self._blocking_items() if item.kind in SEVERAL]
        return [
            *problems_before_freezing(self._stages()),
            *(
                f"design.block_by names {item.key!r}, a question of kind {item.kind!r} whose answer can hold several "
                "things at once, so that nobody belongs to one group and no quota holds: choose a question with one "
                "answer"
                for item in several
            ),
        ]

    def _blocking_items(self) -> list[Item]:
        return [item for block in self.at("before") for item in block.items if item.key == self.design.block_by]

    def _stages(self) -> dict[str, list[Item]]:
        return {when: [item for block in self.at(when) for item in block.items] for when in WHENS}

    def blocking_options(self) -> tuple[str, ...]:
        """The codes of the blocking question's options; none where it is written, or the study does not block."""
        return tuple(code for item in self._blocking_items() for code in item.codes)

    def strata(self) -> tuple[str, ...]:
        """What the blocking question can lead to: its options' codes, and its ways of not being answered."""
        return tuple(
            stratum
            for item in self._blocking_items()
            for stratum in (
                *item.codes,
                *((PREFER_NOT_TO_SAY,) if item.prefer_not_to_say else ()),
                *(() if item.required else ("skipped",)),
                *(("not-shown",) if item.show_if else ()),
            )
        )

    def at(self, when: When) -> tuple[Block, ...]:
        """The blocks of one stage, in order."""
        return tuple(block for block in self.blocks if block.when == when)

    def text(self, text: Text, language: str) -> str:
        """The wording in this language, or in the study's first language, or ''."""
        return text.get(language) or text.get(self.languages[0]) or ""


class DefinitionError(Exception):
    """A definition that cannot be used; ``problems`` says where and what, a sentence each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def read_definition(data: Any) -> Definition:
    """The definition in a parsed JSON document. Raises ``DefinitionError`` naming each field that is wrong."""
    return validated(Definition, data)


def read_json(content: bytes) -> Any:
    """What an uploaded JSON file holds. Raises ``DefinitionError``, with line and column where it is not JSON."""
    try:
        return json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise DefinitionError([f"The file is not UTF-8 text (byte {error.start}). Save it as UTF-8."]) from error
    except json.JSONDecodeError as error:
        raise DefinitionError([f"Line {error.lineno}, column {error.colno}: {error.msg}."]) from error
    except RecursionError as error:
        raise DefinitionError(["The file is nested too deeply."]) from error


def validated(kind: type[P], data: Any) -> P:
    """``data`` as this kind of part. Raises ``DefinitionError`` with a sentence for each field that is wrong."""
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        raise DefinitionError([_sentence(dict(problem)) for problem in error.errors()]) from error


def _sentence(problem: dict[str, Any]) -> str:
    """'blocks[0].items[2].key: …': where and what, for people."""
    where = ""
    for step in problem["loc"]:
        where += f"[{step}]" if isinstance(step, int) else f".{step}" if where else str(step)
    words = str(problem["msg"]).removeprefix("Value error, ")
    if not where and problem["type"] == "value_error":
        # It is about several parts together, which it names, and is told of forms as well as of files.
        return words
    return f"{where or 'the file'}: {words}"
