"""PURE: how many people and how many articles a study needs: a formula to look with, and simulation to be sure.

Both count people and articles as samples. The formula is that of Westfall, Kenny & Judd 2014 (J. Exp. Psychol. Gen.
143:2020), brought to what is really read (``power_precision``); more people alone cannot bring the power to
1 where there are few articles, which the formula shows and the simulation confirms.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from analysis.crossed import Crossed, crossed_contrasts
from analysis.intervals import NAN, wilson
from analysis.plan import Plan
from analysis.power_precision import precision
from analysis.tables import to_frame

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
    """Two arms. ``people`` are all together: half of them in each arm between, all of them in both within. Each arm
    has ``articles`` of its own, and everybody rates ``ratings`` articles in each arm that they are in."""

    design: PlannedDesign
    people: int
    articles: int
    ratings: int

    def __post_init__(self) -> None:
        """Raises ValueError for a study that cannot be run."""
        if self.people < 4 or (self.design == "between" and self.people % 2):
            raise ValueError(f"{self.people} people: take four or more, an even number between arms")
        if self.articles < 2:
            raise ValueError(f"{self.articles} articles an arm: two are the least that tell arm and article apart")
        if not 1 <= self.ratings <= self.articles:
            raise ValueError(
                f"{self.ratings} ratings a person of {self.articles} articles an arm: from 1 to all of them"
            )


@dataclass(frozen=True)
class PowerPoint:
    """The power at one size. ``expected`` is the formula's; ``fitted`` the chance that the ratings can carry the
    main model, without which a study finds nothing; ``estimate`` is the share of ``n_simulated`` studies that found the
    difference, with its Wilson interval, nan where none were simulated."""

    design: PlannedDesign
    people: int
    articles: int
    ratings: int
    difference: float
    expected: float
    std_error: float
    df: float
    fitted: float
    estimate: float
    ci_low: float
    ci_high: float
    n_simulated: int


@dataclass(frozen=True)
class Power:
    """A curve or grid of sizes."""

    alpha: float
    components: Components
    rows: tuple[PowerPoint, ...]

    def to_frame(self) -> pd.DataFrame:
        """One row a size; the columns are the fields of ``PowerPoint``."""
        return to_frame(self.rows, PowerPoint)


def components_of(crossed: Crossed) -> Components:
    """The variance components of a pilot's crossed mixed model; raises ValueError where it has no fit.

    Only spreads are taken from a pilot, never its difference, which is far too uncertain to plan with (Albers & Lakens
    2018) and must not be looked at before the unblinding.
    """
    if crossed.fit is None:
        raise ValueError("the pilot has no mixed model: " + " ".join(crossed.warnings))
    found = {"person": 0.0, "article": 0.0, "person_by_arm": 0.0, "story": 0.0}
    for row in crossed.fit.random:
        if row.group.startswith("participant"):
            # A slope over -0.5 and 0.5 is the difference of two arms, which each person's two effects make up.
            name = "person_by_arm" if row.term == "origin" or row.group != "participant" else "person"
            value = row.sd / math.sqrt(2) if row.term == "origin" else row.sd
        else:
            name, value = "story" if row.group == "story" else "article", row.sd
        found[name] = math.hypot(found[name], value)
    for row in crossed.fit.random:
        if row.group == "participant" and row.term == "origin":
            # Beside this slope the intercept is a person's mean over both arms: it holds half of a single arm's
            # variance, less what participant:arm has, which the model takes apart.
            found["person"] = math.sqrt(max(found["person"] ** 2 - row.sd**2 / 4, 0.0))
    return Components(noise=crossed.fit.residual_sd, **found)


def expected_power(size: StudySize, components: Components, difference: float, alpha: float = 0.05) -> PowerPoint:
    """The power of the two-sided test of ``difference`` between the arms, by the noncentral t distribution, times the
    chance that there will be a model to test it with."""
    found = precision(size, components)
    error, df = found.std_error, found.df
    critical = float(stats.t.ppf(1 - alpha / 2, df))
    shift = abs(difference) / error
    # The far tail is below alpha / 2; scipy's noncentral t turns to nan where it is nothing.
    lower = float(stats.nct.cdf(-critical, df, shift)) if shift < 5 else 0.0
    power = min(1.0, float(stats.nct.sf(critical, df, shift)) + lower) if shift < 30 else 1.0
    return PowerPoint(
        design=size.design,
        people=size.people,
        articles=size.articles,
        ratings=size.ratings,
        difference=difference,
        expected=power * found.fitted,
        std_error=error,
        df=df,
        fitted=found.fitted,
        estimate=NAN,
        ci_low=NAN,
        ci_high=NAN,
        n_simulated=0,
    )


def people_needed(
    design: PlannedDesign,
    components: Components,
    difference: float,
    *,
    articles: int,
    ratings: int,
    power: float = 0.8,
    alpha: float = 0.05,
    most: int = 100_000,
) -> int | None:
    """The fewest people with this power by the formula; None where ``most`` people do not reach it.

    None is common with few articles: their own differences set a limit that no number of people passes.
    """
    low, high = 4, 4

    def enough(people: int) -> bool:
        return (
            expected_power(StudySize(design, people, articles, ratings), components, difference, alpha).expected
            >= power
        )

    while not enough(high):
        low, high = high, high * 2
        if high > most:
            return None
    while high - low > 2:
        middle = (low + high) // 4 * 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return low if enough(low) else high


def power_curve(
    sizes: Sequence[StudySize],
    components: Components,
    difference: float,
    *,
    alpha: float = 0.05,
    simulations: int = 0,
    seed: int = 1,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Power:
    """The power at each size: by the formula, and with ``simulations`` of each also by fitting so many made-up studies.

    ``progress(done, total)`` is called after every simulated study; what it raises ends the work. Equal seeds give
    equal curves, whatever other sizes stand beside a size.
    """
    rows = []
    for n, size in enumerate(sizes):
        point = expected_power(size, components, difference, alpha)
        if simulations:
            found = 0
            for draw in range(simulations):
                rng = np.random.default_rng([seed, size.people, size.articles, size.ratings, draw])
                ratings = simulated_study(size, components, difference, rng)
                row = crossed_contrasts(ratings, Plan(reference="real", alpha=alpha)).rows[0]
                found += row.p_value < alpha
                progress(n * simulations + draw + 1, len(sizes) * simulations)
            limits = wilson(found / simulations, simulations)
            point = replace(
                point, estimate=found / simulations, ci_low=limits.low, ci_high=limits.high, n_simulated=simulations
            )
        rows.append(point)
    return Power(alpha, components, tuple(rows))


def simulated_study(
    size: StudySize, components: Components, difference: float, rng: np.random.Generator
) -> pd.DataFrame:
    """One made-up study of this size: ``participant, arm, article, story, origin, credibility``, without ``story``
    where stories have no part of their own. Nobody in it is a person."""
    arms = ("real", "synthetic")
    articles = rng.normal(0, components.article, (2, size.articles))
    # Drawn only where there are any, lest the studies of a seed be others than they were.
    if components.story:
        articles = articles + rng.normal(0, components.story, size.articles)
    level = rng.normal(0, components.person, size.people)
    own = rng.normal(0, components.person_by_arm, (size.people, 2))
    parts = []
    for arm in (0, 1):
        people = np.arange(size.people) if size.design == "within" else np.arange(arm, size.people, 2)
        read = rng.random((len(people), size.articles)).argsort(axis=1)[:, : size.ratings].ravel()
        who = np.repeat(people, size.ratings)
        value = level[who] + own[who, arm] + articles[arm, read] + difference * arm
        parts.append(
            pd.DataFrame(
                {
                    "participant": [f"p{n}" for n in who],
                    "arm": arms[arm],
                    "article": [f"{arms[arm]}-{n}" for n in read],
                    **({"story": [f"story-{n}" for n in read]} if components.story else {}),
                    "origin": arms[arm],
                    "credibility": value + rng.normal(0, components.noise, len(who)),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)
