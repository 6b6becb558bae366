"""PURE: the answer to "how many people, how many articles": power by size and the fewest people, in words and table."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd
from scipy import stats

from analysis.intervals import NAN
from analysis.power import Power, PowerPoint, expected_power, people_needed, power_curve, simulated_power
from analysis.power_claim import Adjustment, Claim, Which
from analysis.power_limits import FEW_PEOPLE, MOST_PEOPLE_SIMULATED, studies_of
from analysis.power_size import Components, PlannedDesign, StudySize
from analysis.report_tables import ReportTable
from analysis.report_text import MISSING, interval, level_text, number, percent
from analysis.tables import to_frame, to_json, to_records

VERSION = 1
# Below this chance of a model a size is told to have too few ratings.
SURE = 0.95
# So many studies are made up of a size that is small for the formula, unless somebody says otherwise.
SMALL_SIMULATIONS = 200


@dataclass(frozen=True)
class PowerQuestion:
    """Which difference is to be found with which power, over every pair of ``articles`` (an arm) and ``people`` (all).

    ``ratings`` are a person's in each arm; ``simulations`` studies are made up a size, 0 for the formula alone, and
    ``small_simulations`` of those that are small for it. ``which`` and ``adjust`` are as in ``Claim``; with
    ``bound_low`` and ``bound_high`` equivalence is to be shown, ``difference`` being the true one.
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
    arms: int = 2
    which: Which = "one"
    adjust: Adjustment = "holm"
    bound_low: float | None = None
    bound_high: float | None = None
    small_simulations: int = SMALL_SIMULATIONS

    @property
    def claim(self) -> Claim:
        """What is to be shown. Raises ValueError for what cannot be."""
        if self.bound_low is None or self.bound_high is None:
            return Claim(self.difference, self.which, self.adjust)
        return Claim(self.difference, self.which, self.adjust, (self.bound_low, self.bound_high))

    @property
    def sizes(self) -> list[StudySize]:
        """Every size. Raises ValueError for a study that cannot be run."""
        return [StudySize(self.design, p, a, self.ratings, self.arms) for a in self.articles for p in self.people]


@dataclass(frozen=True)
class Needed:
    """The fewest people with the power, for one number of articles an arm; None where no number is enough.
    ``estimate``, with its interval, is the power that simulated studies of so many people have, nan without."""

    articles: int
    people: int | None
    estimate: float = NAN
    ci_low: float = NAN
    ci_high: float = NAN
    n_simulated: int = 0


@dataclass(frozen=True)
class PowerAnswer:
    """``curve`` has a row a size; ``needed`` one a number of articles."""

    question: PowerQuestion
    curve: Power
    needed: tuple[Needed, ...]

    def to_frame(self) -> pd.DataFrame:
        """One row a size; the columns are the fields of ``PowerPoint``."""
        return self.curve.to_frame()

    def needed_frame(self) -> pd.DataFrame:
        """One row a number of articles; the columns are the fields of ``Needed``. ``people`` is missing where no number
        of people is enough, and whole numbers all the same."""
        return to_frame(self.needed, Needed).astype({"people": "Int64"})

    @property
    def sentences(self) -> tuple[str, ...]:
        """What the fewest people are, for each number of articles; then what to be wary of."""
        needs = (_need(row, self.question.power) for row in self.needed)
        return (*needs, *_small(self.curve), *(_unfitted(row) for row in self.curve.rows if row.fitted < SURE))


def power_answer(
    question: PowerQuestion,
    components: Components,
    *,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> PowerAnswer:
    """The answer; ``progress(done, total)`` is called after every simulated study, and what it raises ends the work.

    ``total`` is of the most studies that there can be; what is not needed counts as done. Raises ValueError for a study
    that cannot be run.
    """
    sizes = [(size.people, size.articles) for size in question.sizes]
    asked = question.simulations, question.small_simulations
    of_curve, total = studies_of(sizes, 0, *asked), studies_of(sizes, len(question.articles), *asked)

    def tell(before: int, done: int) -> None:
        progress(before + done, total)

    curve = power_curve(
        question.sizes,
        components,
        question.claim,
        alpha=question.alpha,
        simulations=question.simulations,
        small_simulations=question.small_simulations,
        seed=question.seed,
        progress=lambda done, _: tell(0, done),
    )
    each = studies_of((), 1, *asked)
    needed = tuple(
        _fewest(question, components, articles, partial(tell, of_curve + n * each))
        for n, articles in enumerate(question.articles)
    )
    return PowerAnswer(question, curve, needed)


def _fewest(asked: PowerQuestion, components: Components, articles: int, tell: Callable[[int], None]) -> Needed:
    """The fewest people by the formula, simulated where the formula may be wrong or simulation was asked for.

    Where the simulated power is surely another than the one that is wanted, the formula's error there, in normal
    deviates, is taken as its error nearby, and the number that follows is simulated in its turn.
    """

    def by_formula(power: float) -> int | None:
        return people_needed(
            asked.design,
            components,
            asked.claim,
            articles=articles,
            ratings=asked.ratings,
            arms=asked.arms,
            power=power,
            alpha=asked.alpha,
        )

    def simulated(people: int, before: int = 0) -> PowerPoint:
        size = StudySize(asked.design, people, articles, asked.ratings, asked.arms)
        point = expected_power(size, components, asked.claim, asked.alpha)
        count = max(asked.simulations, asked.small_simulations if point.small else 0)
        if not count or people > MOST_PEOPLE_SIMULATED:
            return point
        return simulated_power(
            size, point, components, asked.claim, asked.alpha, count, asked.seed, lambda done: tell(before + done)
        )

    people = by_formula(asked.power)
    if people is None:
        return Needed(articles, None)
    point = simulated(people)
    if point.n_simulated and not point.ci_low <= asked.power <= point.ci_high:
        least = 0.5 / point.n_simulated
        found = min(max(point.estimate, least), 1 - least)
        wanted, expected, shown = (float(stats.norm.ppf(p)) for p in (asked.power, point.expected, found))
        again = by_formula(float(stats.norm.cdf(wanted + expected - shown)))
        if again is None:
            return Needed(articles, None)
        if again != people:
            people, point = again, simulated(again, point.n_simulated)
    return Needed(articles, people, point.estimate, point.ci_low, point.ci_high, point.n_simulated)


def to_dict(answer: PowerAnswer) -> dict[str, Any]:
    """Everything as JSON can hold it; docs/report-json.md describes the keys, ``version`` counts their changes."""
    return {
        "version": VERSION,
        "alpha": answer.curve.alpha,
        "power": answer.question.power,
        "difference": answer.question.difference,
        "components": to_json(answer.curve.components),
        "sizes": to_records(answer.curve.rows),
        "needed": to_records(answer.needed),
        "seed": answer.question.seed if _any_simulated(answer) else None,
        "arms": answer.question.arms,
        "which": answer.question.which,
        "adjust": answer.question.adjust,
        "bounds": answer.question.claim.bounds,
    }


def _any_simulated(answer: PowerAnswer) -> bool:
    counts = [*(row.n_simulated for row in answer.curve.rows), *(row.n_simulated for row in answer.needed)]
    return any(counts)


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
            percent(row.expected) + (" *" if row.small else ""),
            percent(row.estimate) if row.n_simulated else MISSING,
            interval(100 * row.ci_low, 100 * row.ci_high, 1),
            number(row.std_error, 3),
            number(row.df, 1),
        )
        for row in answer.curve.rows
    )
    header = ("Articles an arm", "People", "Power", "Simulated", "95% interval (%)", "SE", "df")
    arms = "Two arms" if asked.arms == 2 else f"{asked.arms} arms"
    caption = (
        f"{arms}, {asked.design} subjects, {asked.ratings} ratings a person and arm. {_claimed(asked)} SDs: {spreads}."
    )
    if any(row.small for row in answer.curve.rows):
        caption += " *: too small a study for the formula; go by the simulated power."
    return ReportTable("power", power_title(asked), caption, header, rows)


def power_title(asked: PowerQuestion) -> str:
    """What the power is of."""
    if asked.claim.bounds is None:
        return f"Power for a difference of {asked.difference:g}"
    return f"Power for equivalence within {asked.bound_low:g} and {asked.bound_high:g}"


def _claimed(asked: PowerQuestion) -> str:
    """What counts as shown, in a sentence."""
    others = asked.arms - 1
    if asked.claim.bounds is not None:
        truth = f"True difference: {asked.difference:g}."
        if others == 1:
            return f"Shown by two one-sided tests. {truth}"
        what = "one arm's equivalence" if asked.which == "one" else f"the equivalence of all {others} arms"
        return f"Shown: {what} with the reference, by two one-sided tests each, without an adjustment. {truth}"
    if others == 1:
        return "Shown by a two-sided test."
    named = {"holm": "Holm's", "bonferroni": "Bonferroni's", "benjamini-hochberg": "Benjamini and Hochberg's"}
    after = f"after {named[asked.adjust]} adjustment" if asked.adjust in named else "without any adjustment"
    if asked.which == "one":
        return (
            f"Shown: the difference of one arm, where no other arm differs from the reference, {after} over {others}."
        )
    return f"Shown: the differences of all {others} arms from the reference, {after} over them."


def _need(row: Needed, power: float) -> str:
    wanted = level_text(power)
    if row.people is None:
        return f"With {row.articles} articles an arm no number of people gives a power of {wanted}: take more articles."
    told = f"With {row.articles} articles an arm, {row.people} people give a power of {wanted}"
    if not row.n_simulated:
        return f"{told}."
    limits = interval(100 * row.ci_low, 100 * row.ci_high, 1)
    shown = f"simulated: {percent(row.estimate)}, 95% interval {limits}"
    if row.ci_low <= power <= row.ci_high:
        return f"{told} ({shown})."
    more = "more" if row.estimate < power else "fewer"
    return (
        f"With {row.articles} articles an arm, the formula comes to {row.people} people for a power of {wanted}, and "
        f"is wrong there ({shown}): look at {more} people."
    )


def _small(curve: Power) -> tuple[str, ...]:
    """That the formula is not to be trusted for some sizes."""
    small = [row for row in curve.rows if row.small]
    if not small:
        return ()
    few = sorted({row.people for row in small})
    of_few = "" if all(row.people < FEW_PEOPLE for row in small) else " and few articles"
    simulated = all(row.n_simulated for row in small)
    advice = "such studies were simulated, and their simulated power counts" if simulated else "simulate such studies"
    return (
        f"With {', '.join(map(str, few))} people{of_few} (*) the spreads of people and articles are hardly known to "
        f"the model, and the formula can be wrong by several points either way: {advice}.",
    )


def _unfitted(row: PowerPoint) -> str:
    return (
        f"{row.people} people with one rating each give too few ratings for {row.articles} articles an arm: so few "
        f"articles are read twice that the main model can be fitted in {percent(row.fitted)} of such studies only. "
        "Take more people, fewer articles or more ratings a person."
    )
