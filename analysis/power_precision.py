"""PURE: how precisely a planned study would tell its arms apart, by what its people would really read.

Each person reads some of an arm's articles, drawn at random: with few people many articles are read once or by nobody,
and what is not read makes no estimate surer.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from analysis.crossed_terms import LEAST_REPEATS, MOST_INFLATED
from analysis.power_size import Components, StudySize

# Beyond so many standard deviations no article has readers.
_TAIL = 12.0


@dataclass(frozen=True)
class Precision:
    """The standard error of the difference of any two arms, its degrees of freedom, and ``fitted``, the chance that the
    ratings can carry the main model at all."""

    std_error: float
    df: float
    fitted: float


@dataclass(frozen=True)
class _Read:
    """What one arm's ``people`` read: ``ratings`` each of ``articles``. ``readers`` are the numbers of readers that an
    article can have, ``chance`` those numbers' chances."""

    people: int
    articles: int
    ratings: int
    readers: np.ndarray
    chance: np.ndarray

    @property
    def apart(self) -> float:
        """The share of the articles that a person does not read: 0 where everybody reads all."""
        return 1 - self.ratings / self.articles

    @property
    def total(self) -> int:
        """The arm's ratings."""
        return self.people * self.ratings

    @property
    def distinct(self) -> float:
        """How many articles somebody reads."""
        return self.articles * float(1 - self.chance[self.readers == 0].sum())

    @property
    def readers_an_article(self) -> float:
        """The ratings behind an article's mean, as they count in the mean square of articles."""
        squares = self.articles * float(self.chance @ self.readers**2)
        return (self.total - squares / self.total) / (self.distinct - 1)


def precision(size: StudySize, parts: Components) -> Precision:
    """The precision of the main model's contrast.

    Where everybody reads everything it is that of Westfall, Kenny & Judd 2014 (J. Exp. Psychol. Gen. 143:2020); else
    articles weigh by their readers, as generalised least squares weighs them. Satterthwaite's degrees of freedom are of
    the mean squares of articles, of people and of the residual, whose expectations are those of incomplete crossing.
    """
    between = size.design == "between"
    arms = size.arms
    read = _read(size.people // arms if between else size.people, size.articles, size.ratings)
    # A person's level falls out of the difference where the person is in both arms.
    own = parts.person_by_arm**2 + (parts.person**2 if between else 0.0)
    spreads = np.array([parts.article**2, own, parts.noise**2])
    variance = _variance(read, spreads)
    step = 1e-4 * variance
    slopes = np.array([(_variance(read, spreads + step * unit) - variance) / step for unit in np.eye(3)])
    # All arms' articles, each arm's less a mean, or, where they tell the same stories, less what a story shares; people
    # likewise: within, what an arm does to people beside their level.
    versions = arms - 1 if parts.story else arms
    df = [versions * (read.distinct - 1), size.people - arms if between else (size.people - 1) * (arms - 1)]
    # What people and the arms' means take of all ratings.
    lost = size.people if between else size.people * arms
    expected = np.array([[read.readers_an_article, read.apart, 1.0], [read.apart, size.ratings, 1.0], [0.0, 0.0, 1.0]])
    if size.ratings == 1:
        # A person's own part and the noise are one.
        spreads, slopes, df = np.array([spreads[0], own + spreads[2]]), slopes[[0, 2]], df[:1]
        expected = expected[np.ix_([0, 2], [0, 2])]
        lost = arms if between else size.people - 1 + arms
    df.append(max(0.5, arms * read.total - df[0] - lost))
    shares = np.linalg.solve(expected.T, slopes) * (expected @ spreads)
    fitted = _fitted(read, arms) if between and size.ratings == 1 else 1.0
    return Precision(math.sqrt(variance), variance**2 / float(np.sum(shares**2 / np.array(df))), fitted)


def _read(people: int, articles: int, ratings: int) -> _Read:
    share = ratings / articles
    mean, reach = people * share, _TAIL * (1 + math.sqrt(people * share * (1 - share)))
    readers = np.arange(max(0, math.floor(mean - reach)), min(people, math.ceil(mean + reach)) + 1)
    return _Read(people, articles, ratings, readers, stats.binom.pmf(readers, people, share))


def _variance(read: _Read, spreads: np.ndarray) -> float:
    """The variance of the difference by the variances of articles, of people and of the noise.

    An article's mean varies by the article, the noise and by who read it; ``information`` sums its inverse over the
    articles that are read. The second term of the return is what its own chance adds, to second order.
    """
    article, own, noise = (float(value) for value in spreads)
    given = read.readers / (article * read.readers + noise + read.apart * own)
    mean = float(read.chance @ given)
    off = read.readers - read.people * read.ratings / read.articles
    scatter = float(read.chance @ (off * off))
    # All ratings together are fixed: what follows the number of readers in a line does not vary.
    line = float(read.chance @ (given * off)) ** 2 / scatter if scatter > 1e-9 else 0.0
    varies = max(0.0, float(read.chance @ (given * given)) - mean**2 - line)
    information = read.articles * mean
    articles = (1 + read.articles * varies / information**2) / information
    return 2 * (articles + own * (1 - read.apart / read.ratings) / read.people)


def _fitted(read: _Read, arms: int) -> float:
    """The chance that articles have readers enough for a term, where people have one rating each and so none.

    By the rule of ``crossed_terms.tells_apart``: enough repeats, or articles so large that they matter. Both counts are
    of rare events, and taken as Poisson's.
    """
    pairs = arms / 2 * read.people * (read.people - 1) / read.articles
    repeats = arms * (read.total - read.distinct)
    # The squared sizes exceed the ratings by two for each pair of readers of one article.
    inflated = stats.poisson.sf(math.floor((MOST_INFLATED - 1) * arms / 2 * read.total + 1e-9), pairs)
    return float(max(inflated, stats.poisson.sf(LEAST_REPEATS - 1, repeats)))
