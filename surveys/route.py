"""PURE: the steps of a participant's way through a frozen study, in order, and what comes after what."""

import re
from dataclasses import dataclass
from functools import lru_cache

from surveys.definition import Block
from surveys.frozen import FrozenStudy

_PAGE = re.compile("[1-9][0-9]{0,3}")
STAGES = ("consent", "before", "reading", "looking-back", "after", "debrief", "end")


@dataclass(frozen=True)
class Step:
    """One page: ``stage`` and ``number`` are the cursor; ``slug`` is its name in the URL and in answers.

    ``blocks`` are asked on it; ``trial`` is the position of the article it is about, where it is about one.
    """

    stage: str
    number: int
    blocks: tuple[Block, ...] = ()
    trial: int | None = None

    @property
    def slug(self) -> str:
        """'consent', 'before-1', 'reading-3', 'debrief': neutral, and the same in every arm."""
        return self.stage if self.stage in {"consent", "debrief", "end"} else f"{self.stage}-{self.number + 1}"


@lru_cache(maxsize=64)
def steps(study: FrozenStudy) -> tuple[Step, ...]:
    """All steps of a study's way. The same for everybody, so that no URL or progress tells the arm."""
    definition = study.definition
    trials = range(definition.design.per_person)
    found = [Step("consent", 0)]
    found += [Step("before", n, (block,)) for n, block in enumerate(definition.at("before"))]
    found += [Step("reading", n, definition.at("reading"), n) for n in trials]
    if looking_back := definition.at("looking-back"):
        found += [Step("looking-back", n, looking_back, n) for n in trials]
    found += [Step("after", n, (block,)) for n, block in enumerate(definition.at("after"))]
    return (*found, Step("debrief", 0), Step("end", 0))


def step_at(study: FrozenStudy, stage: str, number: int) -> Step:
    """The step at a cursor. Raises KeyError if the study has no such step."""
    return _by_cursor(study)[stage, number]


def step_named(study: FrozenStudy, slug: str) -> Step | None:
    """The step with this name in its URL, or None."""
    return next((step for step in steps(study) if step.slug == slug), None)


def cursor_of(slug: str) -> tuple[str, int] | None:
    """The (stage, number) of the step that asks under this name in any study, or None for what is no such name."""
    stage, _, page = slug.rpartition("-")
    if not _PAGE.fullmatch(page) or stage not in STAGES or Step(stage, int(page) - 1).slug != slug:
        return None
    return stage, int(page) - 1


def next_step(study: FrozenStudy, step: Step) -> Step:
    """The step after this one; the end comes after the end."""
    way = steps(study)
    return way[min(way.index(step) + 1, len(way) - 1)]


def progress(study: FrozenStudy, step: Step) -> tuple[int, int]:
    """(page, pages): where somebody is, counted from 1, the end left out."""
    way = steps(study)
    return min(way.index(step) + 1, len(way) - 1), len(way) - 1


@lru_cache(maxsize=64)
def _by_cursor(study: FrozenStudy) -> dict[tuple[str, int], Step]:
    return {(step.stage, step.number): step for step in steps(study)}
