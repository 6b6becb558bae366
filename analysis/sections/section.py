"""PURE: one section of a report: what it says, shows and rests on, or why it is left out; and what it is made from."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from analysis.compare import Comparison
from analysis.crossed import Crossed
from analysis.discernment import Discernment
from analysis.exclusions import Exclusions
from analysis.plan import Plan
from analysis.plots import Figure
from analysis.report_info import StudyInfo
from analysis.report_tables import ReportTable
from analysis.report_text import digits_of, level_text
from analysis.validation import FrameError

# How many ratings the costly parts take at most, so that a report on a million of them is ready within a minute.
MOST_FITTED, MOST_RESAMPLED, MOST_SEARCHED = 100_000, 20_000, 10_000
SEED = 1
# Resampled ratings are counted in so many bins where they have more values.
MOST_VALUES = 100


@dataclass(frozen=True)
class Section:
    """One section. ``sentences`` say what came out, ``warnings`` what it cannot carry, ``notes`` how it was made where
    that is not the whole data; ``results`` are rows for the JSON under ``name``. ``left_out`` says why there is
    nothing, and is '' where there is something."""

    name: str
    title: str
    sentences: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    tables: tuple[ReportTable, ...] = ()
    methods: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    results: Mapping[str, Any] = field(default_factory=dict)
    left_out: str = ""


@dataclass(frozen=True)
class Material:
    """What every section can look at. ``kept`` are the ratings after the plan's exclusions, ``checked`` the same as
    ``check_ratings`` gives them, which takes them without another check, ``ratings`` all of them; ``everything``
    compares all of them. ``participants``, ``crossed`` and ``discerned`` are None where there are
    none."""

    ratings: pd.DataFrame
    kept: pd.DataFrame
    checked: pd.DataFrame
    participants: pd.DataFrame | None
    plan: Plan
    info: StudyInfo
    comparison: Comparison
    everything: Comparison
    exclusions: Exclusions
    crossed: Crossed | None
    discerned: Discernment | None
    _drawn: dict[int, "Some"] = field(default_factory=dict, repr=False, compare=False)

    def some_kept(self, most: int) -> "Some":
        """``some_people`` of the kept ratings, drawn once for all sections."""
        if most not in self._drawn:
            self._drawn[most] = some_people(self.kept, most)
        return self._drawn[most]

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms in the report's order, also those without ratings."""
        return tuple(arm.arm for arm in self.comparison.arms.rows)

    @property
    def reference(self) -> str:
        """The arm that the others are held against."""
        return self.comparison.reference

    @property
    def labels(self) -> Mapping[str, str]:
        """{arm: what the report calls it}."""
        return self.info.labels

    @property
    def level(self) -> str:
        """The intervals' level as text, '95%'."""
        return level_text(self.plan.level)

    @property
    def digits(self) -> int:
        """The digits after the point of numbers on the outcome's scale; an error has one more."""
        return digits_of(self.comparison)

    def label(self, arm: str) -> str:
        """What the report calls an arm."""
        return self.labels.get(arm, arm)

    @property
    def difference(self) -> str:
        """What the axis of a figure shows whose marks are contrasts with the reference, called by their arms."""
        return f"Difference from {self.label(self.reference)}, {self.info.compared}"

    def pair(self, arm: str) -> str:
        """How the report calls the contrast of an arm with the reference."""
        return f"{self.label(arm)} − {self.label(self.reference)}"

    def why_no_model(self) -> str:
        """Why there is no section that needs persons and articles with one rating each; '' where there is."""
        if self.info.truth:
            return "what is compared is discernment, which is one value a person"
        if not self.info.persons_known:
            return "no column says who gave a rating"
        if not self.info.articles_known:
            return "no column says which article was rated"
        if "item" in self.ratings.columns:
            return "the table has one row an item, and not one row a rating"
        if len([arm for arm in self.comparison.arms.rows if arm.n_ratings]) < 2:
            return "fewer than two arms have ratings"
        return ""


class LeftOut(Exception):  # noqa: N818 - a state of the data that is told, no error
    """Raised where the data do not carry a section, with the reason as the rest of a sentence."""


def made(name: str, title: str, make: Callable[[Material], Section], material: Material) -> Section:
    """The section, or that it is left out and why; what is wrong with the data for it alone ends no report."""
    try:
        return make(material)
    except (LeftOut, FrameError, np.linalg.LinAlgError) as error:
        return Section(name, title, left_out=f"{str(error).rstrip('.')}.")


def needs_models(material: Material) -> None:
    """Raises ``LeftOut`` where no model of persons and articles can be made."""
    if why := material.why_no_model():
        raise LeftOut(why)


# Ratings, and a note where they are not all.
Some = tuple[pd.DataFrame, tuple[str, ...]]


def some_people(ratings: pd.DataFrame, most: int) -> Some:
    """All ratings of as many people as have about ``most`` together, drawn with a fixed seed, and a note saying so.

    Fewer ratings come back as they are, without a note. The draw depends on the people's names alone, not on the order
    of rows.
    """
    if len(ratings) <= most:
        return ratings, ()
    people = np.sort(ratings["participant"].astype("str").unique())
    take = max(2, most * len(people) // len(ratings))
    drawn = np.random.default_rng(SEED).choice(people, take, replace=False)
    kept = ratings[ratings["participant"].astype("str").isin(drawn)]
    note = (
        f"Made on {len(kept):,} of {len(ratings):,} ratings, those of {take:,} of {len(people):,} people drawn at "
        f"random (seed {SEED}), since on all of them it would take too long; its intervals are that much wider."
    )
    return kept, (note,)


def binned(ratings: pd.DataFrame, outcome: str) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The ratings with at most ``MOST_VALUES`` different values, each the middle of its bin, and a note saying so."""
    values = ratings[outcome].to_numpy(dtype=float)
    known = values[~np.isnan(values)]
    if not known.size or np.unique(known).size <= MOST_VALUES:
        return ratings, ()
    low, width = float(known.min()), float(np.ptp(known)) / MOST_VALUES
    place = np.clip(np.floor((values - low) / width), 0, MOST_VALUES - 1)
    note = f"The outcome has more than {MOST_VALUES} different values; it was counted in {MOST_VALUES} equal bins."
    return ratings.assign(**{outcome: low + (place + 0.5) * width}), (note,)


def listed(names: Sequence[str]) -> str:
    """'a', 'a and b', 'a, b and c'."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else list(names))
