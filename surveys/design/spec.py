"""What a design is: its arms, its articles and how they are given to people; and what is wrong with one."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, get_args

from surveys.design.factors import FactorSpec

DesignKind = Literal["between", "within", "mixed"]
Order = Literal["latin", "balanced", "random"]
Allocation = Literal["least-filled", "complete", "blocked", "simple"]
# A change of what 'complete', 'blocked' or 'simple' draw is a new rule; what was frozen keeps its own.
RULE = 2


@dataclass(frozen=True)
class ArmSpec:
    """A condition. ``weight`` is its share; ``target`` the number of people at which it closes, None for never.

    ``group`` counts in mixed designs only: a person is given one group, and reads every arm of that group.
    """

    key: str
    weight: int = 1
    target: int | None = None
    group: str = ""


@dataclass(frozen=True)
class ArticleSpec:
    """A version of a story, in one arm; ``sha256`` is its text's hash."""

    key: str
    story: str
    arm: str
    sha256: str


@dataclass(frozen=True)
class Amended:
    """What logged amendments changed of a design: the targets of arms, and articles that are not given any more."""

    targets: Mapping[str, int | None] = field(default_factory=dict)
    dropped: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.targets or self.dropped)

    def to_dict(self) -> dict[str, Any]:
        """As JSON data, for the ledger."""
        return {"targets": dict(sorted(self.targets.items())), "dropped": sorted(self.dropped)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Amended":
        """What ``to_dict`` wrote, or nothing from nothing. Raises TypeError or ValueError for other data."""
        return cls(dict(data.get("targets", {})), frozenset(data.get("dropped", ())))


@dataclass(frozen=True)
class DesignSpec:
    """How articles are given to people.

    - kind: 'between' gives each person one arm; 'within' gives each person all arms; 'mixed' gives each person
      one group of arms, and all arms of that group.
    - per_person: how many articles each person reads, each of another story.
    - order: 'latin' takes the rows of a Williams design, 'balanced' the least-seen positions with ties drawn,
      'random' any order.
    - allocation: 'least-filled' gives the arm that is furthest behind its share, 'complete' the smallest permuted
      blocks, 'blocked' permuted blocks of varying length, 'simple' an independent draw.
    - factors: what varies beside the articles, crossed with the arms.
    - quotas: (stratum, people at which it closes); a stratum that is not there has no quota.
    - rule: how permuted blocks and independent draws are made: by the present rule, or by the first for a version that
      was frozen under it.
    """

    kind: DesignKind
    arms: tuple[ArmSpec, ...]
    articles: tuple[ArticleSpec, ...]
    per_person: int = 1
    order: Order = "balanced"
    allocation: Allocation = "least-filled"
    factors: tuple[FactorSpec, ...] = ()
    quotas: tuple[tuple[str, int], ...] = ()
    rule: int = RULE

    def problems(self) -> list[str]:
        """What keeps this design from being used, in sentences for its researchers; empty where nothing does."""
        found = [*self._keys(), *self._choices(), *self._factors()]
        # The rest speaks of arms and stories by key, which says little while keys are wrong.
        return found or [*self._texts(), *self._groups(), *self._stories()]

    def amended(self, amended: Amended) -> "DesignSpec":
        """The design as these amendments left it; itself where there are none."""
        if not amended:
            return self
        arms = tuple(replace(arm, target=amended.targets.get(arm.key, arm.target)) for arm in self.arms)
        articles = tuple(article for article in self.articles if article.key not in amended.dropped)
        return replace(self, arms=arms, articles=articles)

    @cached_property
    def between(self) -> tuple[FactorSpec, ...]:
        """The factors of which each person has one level."""
        return tuple(factor for factor in self.factors if not factor.within)

    @cached_property
    def within(self) -> tuple[FactorSpec, ...]:
        """The factors of which each person has several levels, one an article."""
        return tuple(factor for factor in self.factors if factor.within)

    @cached_property
    def groups(self) -> tuple[tuple[str, tuple[ArmSpec, ...]], ...]:
        """(name, arms) of what a person is given one of: an arm, or in within designs all, or in mixed a group."""
        if self.kind == "between":
            return tuple((arm.key, (arm,)) for arm in self.arms)
        if self.kind == "within":
            return (("", self.arms),)
        names = dict.fromkeys(arm.group for arm in self.arms)
        return tuple((name, tuple(arm for arm in self.arms if arm.group == name)) for name in names)

    @cached_property
    def versions(self) -> dict[str, dict[str, tuple[ArticleSpec, ...]]]:
        """arm -> story -> that story's versions in that arm, in the articles' order."""
        found: dict[str, dict[str, tuple[ArticleSpec, ...]]] = {arm.key: {} for arm in self.arms}
        for article in self.articles:
            stories = found[article.arm]
            stories[article.story] = (*stories.get(article.story, ()), article)
        return found

    def _keys(self) -> Iterator[str]:
        if not self.arms:
            yield "The design has no arm: add at least one."
        if not self.articles:
            yield "The design has no article: add at least one to each arm."
        for what, keys in (("Arm", [a.key for a in self.arms]), ("Article", [a.key for a in self.articles])):
            for key in _more_than_once(keys):
                yield f"{what} key {key!r} is there more than once: give each its own."
            if "" in keys:
                yield f"{what} keys must not be empty."
        arms = {arm.key for arm in self.arms}
        for article in self.articles:
            if article.arm not in arms:
                yield f"Article {article.key!r} belongs to arm {article.arm!r}, which the design does not have."
            if not article.story:
                yield f"Article {article.key!r} belongs to no story: name one, so that no one reads it twice."

    def _choices(self) -> Iterator[str]:
        choices = (("kind", DesignKind), ("order", Order), ("allocation", Allocation))
        for name, allowed in choices:
            if (value := getattr(self, name)) not in get_args(allowed):
                yield f"{name} is {value!r}: it can be {', '.join(map(repr, get_args(allowed)))}."
        if self.per_person < 1:
            yield f"Each person would read {self.per_person} articles: it must be at least 1."
        for arm in self.arms:
            if arm.weight < 1:
                yield f"Arm {arm.key!r} has weight {arm.weight}: a weight is a whole number from 1."
            if arm.target is not None and arm.target < 1:
                yield f"Arm {arm.key!r} has target {arm.target}: a target is a whole number from 1, or none."

    def _factors(self) -> Iterator[str]:
        for key in _more_than_once([factor.key for factor in self.factors]):
            yield f"Factor {key!r} is there more than once: name each once."
        for factor in self.factors:
            names = [level for level, _ in factor.levels]
            if wrong := [name for name in (factor.key, *names) if not name or set(name) & {" ", ":"}]:
                yield f"Factor {factor.key!r}: {_named(wrong)} cannot be a name: no blank and no colon."
            if len(set(names)) < 2 or len(set(names)) < len(names):
                yield f"Factor {factor.key!r} needs at least two levels, each once."
            if any(weight < 1 for _, weight in factor.levels):
                yield f"Factor {factor.key!r}: a weight is a whole number from 1."
            if factor.within and len(names) > self.per_person:
                yield (
                    f"Factor {factor.key!r} has {len(names)} levels and varies within each person, who reads "
                    f"{self.per_person} article{'s' if self.per_person > 1 else ''}, so that no one would see every "
                    "level: raise that number, or let the factor vary between persons."
                )
        for stratum, most in self.quotas:
            if most < 1:
                yield f"The quota of {stratum!r} is {most}: a quota is a whole number from 1."

    def _texts(self) -> Iterator[str]:
        by_text: dict[str, list[ArticleSpec]] = {}
        for article in self.articles:
            by_text.setdefault(article.sha256, []).append(article)
        for same in by_text.values():
            names = _named(article.key for article in same)
            if len({article.story for article in same}) > 1:
                yield (
                    f"Articles {names} have the same text but belong to different stories, so that one person "
                    "could read it twice: give them one story."
                )
            for arm in _more_than_once([article.arm for article in same]):
                yield f"Articles {names} have the same text, more than once in arm {arm!r}: keep one of them."

    def _groups(self) -> Iterator[str]:
        if self.kind == "between":
            return
        if self.kind == "mixed":
            if "" in dict(self.groups):
                yield "In a mixed design every arm needs a group: the arms that one person reads together."
            if len(self.groups) < 2:
                yield "A mixed design needs at least two groups; with one, choose a within design."
        for name, arms in self.groups:
            where = f"Group {name!r}" if name else "A within design"
            if len(arms) < 2:
                yield f"{where} needs at least two arms for a person to compare."
            if len(arms) > self.per_person:
                yield (
                    f"{where} has {len(arms)} arms, but each person reads {self.per_person} "
                    f"article{'s' if self.per_person > 1 else ''}, so that no one would see every arm: raise it."
                )
            if len({arm.weight for arm in arms}) > 1:
                yield f"{where} is read as a whole, so that its arms need equal weights."
            if len({arm.target for arm in arms}) > 1:
                yield f"{where} is read as a whole, so that its arms need equal targets."

    def _stories(self) -> Iterator[str]:
        for name, arms in self.groups:
            everywhere = dict.fromkeys(story for arm in arms for story in self.versions[arm.key])
            for arm in arms:
                offered = self.versions[arm.key]
                missing = [story for story in everywhere if story not in offered]
                if not offered:
                    yield f"Arm {arm.key!r} has no article: add one, or remove the arm."
                elif missing:
                    yield (
                        f"Arm {arm.key!r} has no version of {_named(missing)}: one person reads several arms, so "
                        "that every story needs a version in each of them."
                    )
            if 0 < len(everywhere) < self.per_person:
                what = f"Arm {name!r}" if self.kind == "between" else f"Group {name!r}" if name else "The design"
                yield (
                    f"{what} offers {len(everywhere)} stor{'ies' if len(everywhere) > 1 else 'y'}, but each person "
                    f"reads {self.per_person} articles, each of another story: add stories or lower the number."
                )


def _more_than_once(keys: Sequence[str]) -> list[str]:
    return [key for key, times in Counter(keys).items() if times > 1 and key]


def _named(keys: Iterable[str]) -> str:
    return ", ".join(repr(key) for key in keys)
