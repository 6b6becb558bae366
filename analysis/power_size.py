"""PURE: what a planned study is made of: how much people, articles and ratings vary, and how many there are of each."""

import math
from dataclasses import dataclass
from typing import Literal

from analysis.power_limits import MOST_ARMS

PlannedDesign = Literal["between", "within"]


@dataclass(frozen=True)
class Components:
    """Standard deviations on the outcome's scale: of people, of articles, of what an arm does to each person (within
    designs), of what the versions of one story share, and of a single rating beside these.

    Arms that tell the same stories, each with an article of its own, share ``story``, which falls out of their
    difference. Where arms tell different stories, count it as a part of ``article``.
    """

    person: float
    article: float
    noise: float
    person_by_arm: float = 0.0
    story: float = 0.0

    def __post_init__(self) -> None:
        """Raises ValueError for a spread that is none."""
        for name, value in self.__dict__.items():
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f"the standard deviation '{name}' is {value}; it is a number from 0")
        if not self.noise > 0:
            raise ValueError("the standard deviation 'noise' must be above 0")


@dataclass(frozen=True)
class StudySize:
    """A reference arm and the others, ``arms`` in all. ``people`` are all together: as many in each arm between, all of
    them in every arm within. Each arm has ``articles`` of its own, and everybody rates ``ratings`` articles in each arm
    that they are in."""

    design: PlannedDesign
    people: int
    articles: int
    ratings: int
    arms: int = 2

    def __post_init__(self) -> None:
        """Raises ValueError for a study that cannot be run."""
        if not 2 <= self.arms <= MOST_ARMS:
            raise ValueError(f"{self.arms} arms: from 2 to {MOST_ARMS} are planned, the reference among them")
        if self.people < 4 or (self.design == "between" and self.people < 2 * self.arms):
            raise ValueError(f"{self.people} people: take four or more, and two an arm between arms")
        if self.design == "between" and self.people % self.arms:
            number = "an even number" if self.arms == 2 else f"a multiple of {self.arms}"
            raise ValueError(f"{self.people} people: take {number} between arms, as many in each")
        if self.articles < 2:
            raise ValueError(f"{self.articles} articles an arm: two are the least that tell arm and article apart")
        if not 1 <= self.ratings <= self.articles:
            raise ValueError(
                f"{self.ratings} ratings a person of {self.articles} articles an arm: from 1 to all of them"
            )
