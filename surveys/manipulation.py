"""PURE: what a study shows beside its articles as a manipulation: a disclaimer, and a label of the source.

The levels of a factor are given out by ``surveys.design``; here stands what each of them shows, and what it means.
"""

from dataclasses import dataclass
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from surveys.design import FactorSpec, levels
from surveys.items import Text

FactorKey = Literal["disclaimer", "source-label"]
DISCLAIMER, SOURCE_LABEL = get_args(FactorKey)
# 'none' shows nothing at all; 'missing' shows that the source is not told.
LEVELS: dict[str, tuple[str, ...]] = {
    DISCLAIMER: ("none", "shown"),
    SOURCE_LABEL: ("none", "correct", "missing", "false"),
}
TRUTH = {"real": "synthetic", "synthetic": "real"}


class Level(BaseModel):
    """One level of a factor and its share of the people, or of the articles of one person."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str = Field(pattern=r"^[a-z][a-z-]{0,19}$")
    weight: int = Field(default=1, ge=1, le=1000)


class Factor(BaseModel):
    """A factor with the levels that the study uses, and what participants read.

    ``texts`` has 'shown' for a disclaimer; for a label 'real' and 'synthetic', which say who wrote an article, and
    'missing'. ``within`` gives one person several levels, one an article.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: FactorKey
    within: bool = False
    levels: tuple[Level, ...] = Field(min_length=2)
    texts: dict[Literal["shown", "real", "synthetic", "missing"], Text] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _levels_exist_once_and_have_their_texts(self) -> "Factor":
        names = [level.key for level in self.levels]
        if wrong := [name for name in names if name not in LEVELS[self.key]]:
            known = ", ".join(LEVELS[self.key])
            raise ValueError(f"factor {self.key!r} has no level {', '.join(map(repr, wrong))}; it has {known}")
        if len(set(names)) < len(names):
            raise ValueError(f"factor {self.key!r} has a level more than once: keep each once")
        if lacking := [name for name in self.texts_needed if not any(map(str.strip, self._text(name).values()))]:
            raise ValueError(f"factor {self.key!r} needs the text of {', '.join(map(repr, lacking))}")
        return self

    @property
    def texts_needed(self) -> tuple[str, ...]:
        """The texts that the levels in use show."""
        names = {level.key for level in self.levels}
        if self.key == DISCLAIMER:
            return ("shown",)
        told = ("real", "synthetic") if names & {"correct", "false"} else ()
        return (*told, "missing") if "missing" in names else told

    def spec(self) -> FactorSpec:
        """What ``surveys.design`` needs of it."""
        return FactorSpec(self.key, tuple((level.key, level.weight) for level in self.levels), self.within)

    def shows(self, level: str, origin: str) -> Text:
        """What stands beside an article of this origin at this level, by language; {} where nothing does."""
        if level == "none":
            return {}
        if level in {"shown", "missing"}:
            return self._text(level)
        return self._text(origin if level == "correct" else TRUTH[origin])

    def _text(self, name: str) -> Text:
        return {str(key): text for key, text in self.texts.items()}.get(name, {})


class Quota(BaseModel):
    """At how many people a stratum, an answer to the blocking question, takes nobody more."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stratum: str = Field(min_length=1, max_length=120)
    most: int = Field(ge=1)


@dataclass(frozen=True)
class Beside:
    """One thing that is shown beside an article: of which factor, at which level, in which words by language."""

    factor: str
    level: str
    text: Text


def beside(factors: tuple[Factor, ...], condition: str, origin: str) -> tuple[Beside, ...]:
    """What this condition shows beside an article of this origin, in the factors' order; nothing for 'none'."""
    of = levels(condition)
    found = ((factor, of.get(factor.key, "none")) for factor in factors)
    return tuple(Beside(factor.key, level, text) for factor, level in found if (text := factor.shows(level, origin)))
