"""PURE: the answer to "how many people, how many articles": power by size and the fewest people, in words and table."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from analysis.power import Components, PlannedDesign, Power, PowerPoint, StudySize, people_needed, power_curve
from analysis.report_tables import ReportTable
from analysis.report_text import MISSING, interval, level_text, number, percent
from analysis.tables import to_json, to_records

VERSION = 1
# Below this chance of a model a size is told to have too few ratings.
SURE = 0.95


@dataclass(frozen=True)
class PowerQuestion:
    """Which difference is to be found with which power, over every pair of ``articles`` (an arm) and ``people`` (all).

    ``ratings`` are a person's in each arm; ``simulations`` studies are made up a size, 0 for the formula alone.
    """

    difference: float
    people: tuple[int, ...]
    articles: tuple[int, ...]
    ratings: int = 1
    design: PlannedDesign = "between"
    power: float = 0.8
    alpha: float = 0.05
    simulations: int = 0
    seed: int = 1

    @property
    def sizes(self) -> list[StudySize]:
        """Every size. Raises ValueError for a study that cannot be run."""
        return [StudySize(self.design, p, a, self.ratings) for a in self.articles for p in self.people]


@dataclass(frozen=True)
class PowerAnswer:
    """``curve`` has a row a size; ``needed`` is (articles an arm, fewest people; None where no number is enough)."""

    question: PowerQuestion
    curve: Power
    needed: tuple[tuple[int, int | None], ...]

    @property
    def sentences(self) -> tuple[str, ...]:
        """What the fewest people are, for each number of articles; then which studies could have no model."""
        needs = (_need(articles, people, self.question.power) for articles, people in self.needed)
        return (*needs, *(_unfitted(row) for row in self.curve.rows if row.fitted < SURE))


def power_answer(
    question: PowerQuestion,
    components: Components,
    *,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> PowerAnswer:
    """The answer; ``progress(done, total)`` is called after every simulated study, and what it raises ends the work.

    Raises ValueError for a study that cannot be run.
    """
    asked = question
    curve = power_curve(
        asked.sizes,
        components,
        asked.difference,
        alpha=asked.alpha,
        simulations=asked.simulations,
        seed=asked.seed,
        progress=progress,
    )
    needed = tuple(
        (
            articles,
            people_needed(
                asked.design,
                components,
                asked.difference,
                articles=articles,
                ratings=asked.ratings,
                power=asked.power,
                alpha=asked.alpha,
            ),
        )
        for articles in asked.articles
    )
    return PowerAnswer(asked, curve, needed)


def to_dict(answer: PowerAnswer) -> dict[str, Any]:
    """Everything as JSON can hold it; docs/report-json.md describes the keys, ``version`` counts their changes."""
    return {
        "version": VERSION,
        "alpha": answer.curve.alpha,
        "power": answer.question.power,
        "difference": answer.question.difference,
        "components": to_json(answer.curve.components),
        "sizes": to_records(answer.curve.rows),
        "needed": [{"articles": articles, "people": people} for articles, people in answer.needed],
        "seed": answer.question.seed if answer.question.simulations else None,
    }


def power_table(answer: PowerAnswer) -> ReportTable:
    """The power at each size, as it is printed."""
    asked, parts = answer.question, answer.curve.components
    spreads = f"people {number(parts.person)}, articles {number(parts.article)}, noise {number(parts.noise)}"
    if parts.person_by_arm:
        spreads += f", a person's own difference {number(parts.person_by_arm)}"
    if parts.story:
        spreads += f", stories that both arms tell {number(parts.story)}"
    rows = tuple(
        (
            str(row.articles),
            str(row.people),
            percent(row.expected),
            percent(row.estimate) if row.n_simulated else MISSING,
            interval(100 * row.ci_low, 100 * row.ci_high, 1),
            number(row.std_error, 3),
            number(row.df, 1),
        )
        for row in answer.curve.rows
    )
    header = ("Articles an arm", "People", "Power", "Simulated", "95% interval (%)", "SE", "df")
    caption = f"Two arms, {asked.design} subjects, {asked.ratings} ratings a person and arm. SDs: {spreads}."
    return ReportTable("power", f"Power for a difference of {asked.difference:g}", caption, header, rows)


def _need(articles: int, people: int | None, power: float) -> str:
    if people is None:
        wanted = level_text(power)
        return f"With {articles} articles an arm no number of people gives a power of {wanted}: take more articles."
    return f"With {articles} articles an arm, {people} people give a power of {level_text(power)}."


def _unfitted(row: PowerPoint) -> str:
    return (
        f"{row.people} people with one rating each give too few ratings for {row.articles} articles an arm: so few "
        f"articles are read twice that the main model can be fitted in {percent(row.fitted)} of such studies only. "
        "Take more people, fewer articles or more ratings a person."
    )
