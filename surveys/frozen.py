"""PURE: a frozen study: the definition with its arms and articles, its canonical document and its hash.

Of an article the document holds what the debriefing tells of it, and its text as a hash alone, so that a text that is
taken down leaves its hash behind.
"""

import hashlib
import json
from functools import cached_property, lru_cache
from typing import Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from surveys.definition import Definition, DefinitionError, Part, validated
from surveys.design import ArmSpec, ArticleSpec, DesignSpec


class FrozenArm(Part):
    """An arm as it is hashed. The label and model are the team's words, part of what was declared."""

    key: str = Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")
    label: str = Field(min_length=1, max_length=120)
    origin: Literal["real", "synthetic"]
    curation: Literal["", "curated", "uncurated"] = ""
    model_slot: str = Field(default="", max_length=200)
    level: str = Field(default="", pattern=r"^(\d{1,9}(\.\d{1,3})?)?$")
    # In a mixed design: the arms that one person reads together. Empty otherwise.
    group: str = Field(default="", pattern=r"^([a-z][a-z0-9-]{0,39})?$")
    weight: int = Field(default=1, ge=1, le=1000)
    target: int | None = Field(default=None, ge=1)


class FrozenArticle(Part):
    """An article as it is hashed: which text, of which story, in which arm, and all that its debriefing says.

    ``published_on`` is an ISO date or ''. ``model_name`` is the arm's model where the article names none. ``untrue``
    is what participants are told is not true in it, in full, in the study's first language, ``untrue_in`` in others.
    A machine-written text is ``opened_by_people`` where a model went on from words of people that readers get too,
    and ``edited_by_people`` where people changed what the model wrote; ``rewritten_by_people`` says whether most of
    what stands, or all of it, is theirs by now.
    """

    key: str
    story: str
    arm: str
    sha256: str
    language: str
    origin: Literal["real", "synthetic"]
    curation: Literal["", "curated", "uncurated"]
    model_name: str
    source: str
    author: str
    published_on: str = Field(pattern=r"^(\d{4}-\d{2}-\d{2})?$")
    url: str
    untrue: str
    untrue_in: dict[str, str] = Field(default_factory=dict)
    is_invented: bool
    opened_by_people: bool = False
    edited_by_people: bool = False
    rewritten_by_people: Literal["", "mostly", "wholly"] = ""

    @model_serializer(mode="wrap")
    def _leave_out_what_people_did_not_do(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """An article of which people wrote nothing is written, and hashed, as before there were these fields."""
        written: dict[str, Any] = write(self)
        return {name: value for name, value in written.items() if value or name not in _LATER_FIELDS}


_LATER_FIELDS = frozenset({"opened_by_people", "edited_by_people", "rewritten_by_people"})


class FrozenStudy(Part):
    """A frozen study: the definition with its arms and articles."""

    definition: Definition
    arms: tuple[FrozenArm, ...]
    articles: tuple[FrozenArticle, ...]
    # The rule by which the allocation draws. What names none was frozen under the first.
    allocation_rule: Literal[1, 2] = 1

    @cached_property
    def sha256(self) -> str:
        """The hash of this study's canonical document."""
        return digest(canonical(self))

    def __hash__(self) -> int:
        return hash(self.sha256)

    @cached_property
    def article_by_key(self) -> dict[str, FrozenArticle]:
        """The articles of this version, by the key that is theirs in the study."""
        return {article.key: article for article in self.articles}

    def design_spec(self) -> DesignSpec:
        """What ``surveys.design`` needs of it to allocate."""
        return self._design_spec

    @cached_property
    def _design_spec(self) -> DesignSpec:
        design = self.definition.design
        return DesignSpec(
            kind=design.kind,
            arms=tuple(ArmSpec(arm.key, arm.weight, arm.target, arm.group) for arm in self.arms),
            articles=tuple(ArticleSpec(a.key, a.story, a.arm, a.sha256) for a in self.articles),
            per_person=design.per_person,
            order=design.order,
            allocation=design.allocation,
            factors=tuple(factor.spec() for factor in design.factors),
            quotas=tuple((quota.stratum, quota.most) for quota in design.quotas),
            rule=self.allocation_rule,
        )


def canonical(part: Part) -> str:
    """Canonical JSON: sorted keys, no blanks, UTF-8 as it is. Numbers with fractions are strings in every ``Part``."""
    return json.dumps(
        part.model_dump(mode="json", by_alias=True), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )


def digest(document: str) -> str:
    """SHA-256, in hexadecimal, of a canonical document."""
    return hashlib.sha256(document.encode()).hexdigest()


@lru_cache(maxsize=64)
def parse_version(sha256: str, document: str) -> FrozenStudy:
    """The frozen study in a version's document. Raises ``DefinitionError`` if it does not have this hash."""
    if digest(document) != sha256:
        raise DefinitionError([f"the frozen document does not have the hash {sha256} any more: it was changed"])
    return validated(FrozenStudy, json.loads(document))
