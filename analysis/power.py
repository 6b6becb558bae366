"""PURE: how many people and how many articles a study needs: a formula to look with, and simulation to be sure.

Both count people and articles as samples. The formula is that of Westfall, Kenny & Judd 2014 (J. Exp. Psychol. Gen.
143:2020), brought to what is really read (``power_precision``); more people alone cannot bring the power to
1 where there are few articles, which the formula shows and the simulation confirms.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.crossed import Crossed, crossed_contrasts
from analysis.intervals import NAN, wilson
from analysis.plan import Plan
from analysis.power_claim import Claim, probability
from analysis.power_limits import is_small
from analysis.power_precision import precision
from analysis.power_size import Components, PlannedDesign, StudySize
from analysis.tables import to_frame


@dataclass(frozen=True)
class PowerPoint:
    """The power at one size. ``expected`` is the formula's; ``fitted`` the chance that the ratings can carry the
    main model, without which a study finds nothing; ``estimate`` is the share of ``n_simulated`` studies that found the
    difference, with its Wilson interval, nan where none were simulated. ``power`` is what is to be told: the formula's,
    or where a study is ``small``, so that the formula may be wrong, the simulated one if there is one."""

    design: PlannedDesign
    people: int
    articles: int
    ratings: int
    arms: int
    difference: float
    expected: float
    std_error: float
    df: float
    fitted: float
    estimate: float
    ci_low: float
    ci_high: float
    n_simulated: int
    small: bool

    @property
    def power(self) -> float:
        """The power to be told."""
        return self.estimate if self.small and self.n_simulated else self.expected


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


def expected_power(size: StudySize, components: Components, claim: Claim | float, alpha: float = 0.05) -> PowerPoint:
    """The chance that a study shows ``claim`` (a number: that two arms differ so much), times the chance that there
    will be a model to test it with."""
    claim = claim if isinstance(claim, Claim) else Claim(claim)
    found = precision(size, components)
    return PowerPoint(
        design=size.design,
        people=size.people,
        articles=size.articles,
        ratings=size.ratings,
        arms=size.arms,
        difference=claim.difference,
        expected=found.fitted * probability(claim, size.arms - 1, found.std_error, found.df, alpha),
        std_error=found.std_error,
        df=found.df,
        fitted=found.fitted,
        estimate=NAN,
        ci_low=NAN,
        ci_high=NAN,
        n_simulated=0,
        small=is_small(size.people, size.articles),
    )


def people_needed(
    design: PlannedDesign,
    components: Components,
    claim: Claim | float,
    *,
    articles: int,
    ratings: int,
    arms: int = 2,
    power: float = 0.8,
    alpha: float = 0.05,
    most: int = 100_000,
) -> int | None:
    """The fewest people with this power by the formula; None where ``most`` people do not reach it.

    None is common with few articles: their own differences set a limit that no number of people passes. Between
    subjects they are as many in each arm.
    """
    step = arms if design == "between" else 2
    # In steps, from the fewest that are a study.
    low = high = math.ceil(4 / step) if design == "within" else max(2, math.ceil(4 / step))

    def enough(steps: int) -> bool:
        size = StudySize(design, steps * step, articles, ratings, arms)
        return expected_power(size, components, claim, alpha).expected >= power

    while not enough(high):
        low, high = high, high * 2
        if high * step > most:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return step * (low if enough(low) else high)


def power_curve(
    sizes: Sequence[StudySize],
    components: Components,
    claim: Claim | float,
    *,
    alpha: float = 0.05,
    simulations: int = 0,
    small_simulations: int = 0,
    seed: int = 1,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Power:
    """The power at each size: by the formula, and with ``simulations`` of each also by fitting so many made-up studies.

    Of a size that is small for the formula at least ``small_simulations`` are fitted. ``progress(done, total)`` is
    called after every simulated study; what it raises ends the work. Equal seeds give equal curves, whatever other
    sizes stand beside a size.
    """
    claim = claim if isinstance(claim, Claim) else Claim(claim)
    points = [expected_power(size, components, claim, alpha) for size in sizes]
    counts = [max(simulations, small_simulations if point.small else 0) for point in points]
    rows, before, total = [], 0, sum(counts)
    for size, point, count in zip(sizes, points, counts, strict=True):

        def tell(done: int, before: int = before) -> None:
            progress(before + done, total)

        rows.append(simulated_power(size, point, components, claim, alpha, count, seed, tell) if count else point)
        before += count
    return Power(alpha, components, tuple(rows))


def simulated_power(
    size: StudySize,
    point: PowerPoint,
    components: Components,
    claim: Claim,
    alpha: float,
    simulations: int,
    seed: int,
    tell: Callable[[int], None] = lambda done: None,
) -> PowerPoint:
    """``point`` with the share of so many made-up studies whose main model shows the claim."""
    plan = Plan(
        reference="real",
        alpha=alpha,
        equivalence_low=claim.bounds[0] if claim.bounds else None,
        equivalence_high=claim.bounds[1] if claim.bounds else None,
    )
    differences = claim.differences(size.arms - 1)
    found = 0
    for draw in range(simulations):
        # More than two arms are other studies than those of the same seed with two.
        key = [seed, size.people, size.articles, size.ratings, draw, *([size.arms] if size.arms > 2 else [])]
        ratings = simulated_study(size, components, differences, np.random.default_rng(key))
        rows = crossed_contrasts(ratings, plan, arms=arms_of(size)).rows
        found += claim.shown([row.p_value for row in rows], [row.equivalence_p for row in rows], alpha)
        tell(draw + 1)
    limits = wilson(found / simulations, simulations)
    return replace(point, estimate=found / simulations, ci_low=limits.low, ci_high=limits.high, n_simulated=simulations)


def arms_of(size: StudySize) -> tuple[str, ...]:
    """How the arms of made-up studies are called, the reference first."""
    return ("real", "synthetic") if size.arms == 2 else ("real", *(f"model-{n}" for n in range(1, size.arms)))


def simulated_study(
    size: StudySize, components: Components, difference: float | Sequence[float] | np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    """One made-up study of this size: ``participant, arm, article, story, origin, credibility``, without ``story``
    where stories have no part of their own. Nobody in it is a person.

    ``difference`` is that of every arm from the first, or one number an arm.
    """
    arms = arms_of(size)
    means = np.concatenate([[0.0], np.broadcast_to(np.asarray(difference, dtype=float), size.arms - 1)])
    articles = rng.normal(0, components.article, (size.arms, size.articles))
    # Drawn only where there are any, lest the studies of a seed be others than they were.
    if components.story:
        articles = articles + rng.normal(0, components.story, size.articles)
    level = rng.normal(0, components.person, size.people)
    own = rng.normal(0, components.person_by_arm, (size.people, size.arms))
    parts = []
    for arm, name in enumerate(arms):
        people = np.arange(size.people) if size.design == "within" else np.arange(arm, size.people, size.arms)
        read = rng.random((len(people), size.articles)).argsort(axis=1)[:, : size.ratings].ravel()
        who = np.repeat(people, size.ratings)
        value = level[who] + own[who, arm] + articles[arm, read] + means[arm]
        parts.append(
            pd.DataFrame(
                {
                    "participant": [f"p{n}" for n in who],
                    "arm": name,
                    "article": [f"{name}-{n}" for n in read],
                    **({"story": [f"story-{n}" for n in read]} if components.story else {}),
                    "origin": "real" if arm == 0 else "synthetic",
                    "credibility": value + rng.normal(0, components.noise, len(who)),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)
