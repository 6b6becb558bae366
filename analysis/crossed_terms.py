"""PURE: which random effects a study's design can carry, and what must be said where it cannot carry them."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from analysis.cautions import Caution
from analysis.mixed.design import FloatArray

OUTCOME, PERSON, ARTICLE, ARM, ORIGIN, STORY = "rating", "participant", "article", "arm", "origin", "story"
# A term takes so many repeats, or groups that are so large; below both it stays in the residual (``tells_apart``).
LEAST_REPEATS, MOST_INFLATED = 10, 1.2


@dataclass(frozen=True)
class RandomPart:
    """The random terms in lme4's notation, '' without any, else beginning with ' + '; and the cautions they need.

    ``lack`` is a clause that says why there are no terms, '' where there are some.
    """

    formula: str
    cautions: tuple[Caution, ...]
    lack: str = ""


def random_part(data: pd.DataFrame) -> RandomPart:
    """The random terms of ``data``: ``participant, article, arm``, and where they are known ``story`` and ``origin``,
    the latter as -0.5 and 0.5.

    - ``(1 | participant)`` if people rated more than once; ``(1 + origin | participant)`` if people rated both
      origins and there are more ratings than two a person; ``(1 | participant:arm)`` beside it where people rated
      several articles in each of several arms, which beside the slope are several arms of one origin: what people make
      of one model and of another differs too, and the slope holds only what they make of all models alike.
    - None, and no model, where everybody is in one arm and some arm has one participant.
    - ``(1 | article)`` if some arm has several articles that several people rated; ``(1 | article:arm)`` beside it
      where one article is in several arms; ``(1 | story)`` beside it where several articles tell one story. What the
      versions of a story share then falls out of the difference between arms that tell the same stories.

    "More than once", "both" and "several" are enough repeats to tell the term from what lies below it: see
    ``tells_apart``, a rule on counts alone, which no rating can sway.

    The largest random part that the design justifies keeps the error rate of the arms' contrasts (Barr, Levy, Scheepers
    & Tily 2013); what varies within a person or an article and gets no term makes intervals too narrow.
    """
    terms: list[str] = []
    said: list[Caution] = []
    people, articles = data[PERSON].nunique(), data[ARTICLE].nunique()
    placed = data[[PERSON, ARM]].drop_duplicates()
    if len(placed) == people and somebody_alone(placed):
        return RandomPart("", (_PEOPLE_LOST,), "everybody is in one arm, and an arm has one participant only")
    if people == len(data):
        if len(data):
            said.append(_ONE_RATING)
    elif people > 1 and tells_apart(data, [PERSON]):
        terms += _of_people(data, people, placed)
    elif people > 1:
        said.append(_few_repeats(data))
    versions = data[[ARTICLE, ARM]].drop_duplicates()
    crossing = len(versions) > articles
    # Where every arm has one article of its own, its effect and the arm's are one.
    if articles < 2 or (not crossing and articles <= data[ARM].nunique()):
        said.append(_ARTICLES_LOST)
    elif not tells_apart(data, [ARTICLE]):
        said.append(_ONE_RATING_AN_ARTICLE)
    else:
        terms += [*_of_stories(data, articles), f"(1 | {ARTICLE})"]
        if _are_in_several_arms(versions, ARTICLE) and tells_apart(data, [ARTICLE, ARM]):
            terms.append(f"(1 | {ARTICLE}:{ARM})")
    lack = "" if terms else "too few people and articles have more than one rating"
    return RandomPart("".join(f" + {term}" for term in terms), tuple(said), lack)


def tells_apart(units: pd.DataFrame, group: list[str]) -> bool:
    """Whether the rows of ``units`` can tell groups, by the columns ``group``, from what varies within them.

    They can with ``LEAST_REPEATS`` rows beyond the first of each group. With fewer, the variance within groups hangs on
    a few differences: two equal ratings of the only person who rated twice make it nought, and with it degrees of
    freedom that belong to people and no longer to articles. Then the groups stay in the residual, unless they are so
    large that this would understate the arms' variance by more than the factor ``MOST_INFLATED`` if all rows of a
    group were alike: ``sum of squared sizes / rows``, the design effect of clusters (Kish 1965, Survey Sampling), over
    all rows or for the difference of two arms.
    """
    sizes = _sizes(units, group)
    return len(units) - len(sizes) >= LEAST_REPEATS or _inflation(units, group, sizes) > MOST_INFLATED


def somebody_alone(placed: pd.DataFrame) -> bool:
    """Whether one of several arms has a single person; ``placed`` has a row a person and arm."""
    sizes = placed.groupby(ARM, observed=True).size()
    return len(sizes) > 1 and int(sizes.min()) == 1


def _sizes(units: pd.DataFrame, group: list[str]) -> FloatArray:
    """How many rows each group has."""
    return np.asarray(units.groupby(group, observed=True, sort=False).size(), dtype=np.float64)


def _inflation(units: pd.DataFrame, group: list[str], sizes: FloatArray) -> float:
    """The largest design effect of the groups: over all rows, or in the variance of some two arms' difference.

    ``sizes`` are those of the groups. Of means of n rows in groups of s each: sum of s squared / n squared, where 1 / n
    holds without groups. A small arm of groups would else be hidden by a large one of single ratings.
    """
    found = [float(sizes @ sizes) / max(len(units), 1)]
    if ARM in units.columns:
        parts = [_sizes(part, group) for _, part in units.groupby(ARM, observed=True, sort=False)]
        arms = [(float(part @ part) / part.sum() ** 2, 1 / part.sum()) for part in parts]
        found += [(one[0] + other[0]) / (one[1] + other[1]) for one, other in combinations(arms, 2)]
    return max(found)


def _are_in_several_arms(placed: pd.DataFrame, group: str) -> bool:
    """Whether enough people, or articles, are in several arms; ``placed`` has a row each and arm.

    What a single one makes of two arms tells nothing of how far they differ in it, however few there are.
    """
    return int((_sizes(placed, [group]) > 1).sum()) > 1 and tells_apart(placed, [group])


def _of_people(data: pd.DataFrame, people: int, placed: pd.DataFrame) -> list[str]:
    """The terms of people; ``placed`` has a row a person and arm."""
    term, several = f"(1 | {PERSON})", _are_in_several_arms(placed, PERSON)
    both = ORIGIN in data.columns and len(data) > 2 * people and several
    if both and tells_apart(data[[PERSON, ORIGIN]].drop_duplicates(), [PERSON]):
        term = f"(1 + {ORIGIN} | {PERSON})"
        # Where everybody has one arm of each origin, what an arm does to a person is what its origin does.
        several = tells_apart(data[[PERSON, ORIGIN, ARM]].drop_duplicates(), [PERSON, ORIGIN])
    # With one rating of each person in each arm, it cannot be told from the residual.
    return [term, f"(1 | {PERSON}:{ARM})"] if several and tells_apart(data, [PERSON, ARM]) else [term]


def _of_stories(data: pd.DataFrame, articles: int) -> list[str]:
    """The term of stories, if they group articles, and no story is all that an arm has."""
    if STORY not in data.columns:
        return []
    told = data[[ARTICLE, STORY]].drop_duplicates()
    stories = told[STORY].nunique()
    apart = len(data[[STORY, ARM]].drop_duplicates()) == stories and stories <= data[ARM].nunique()
    return [f"(1 | {STORY})"] if 1 < stories < articles == len(told) and not apart else []


def _few_repeats(data: pd.DataFrame) -> Caution:
    sizes = _sizes(data, [PERSON])
    repeats, several = len(data) - len(sizes), int((sizes > 1).sum())
    most = _inflation(data, [PERSON], sizes) ** 0.5 - 1
    return Caution(
        "few-repeats",
        "",
        f"Hardly anybody rated more than once ({several} of {len(sizes)} people; ratings beyond a first one: "
        f"{repeats}): too few to tell differences between people from other noise (fewer than {LEAST_REPEATS}), so "
        f"that the model has no effect of people. That makes standard errors too small by at most {most:.1%}.",
    )


_ONE_RATING = Caution(
    "one-rating-a-person",
    "",
    "Everybody rated one article, so that differences between people cannot be told from other noise; the model has no "
    "effect of people, and needs none.",
)
_PEOPLE_LOST = Caution(
    "people-confounded",
    "",
    "What belongs to an arm and what to its only participant cannot be told apart, since nobody is in several arms. "
    "Leave such an arm out of the ratings, or wait for more people.",
)
_ARTICLES_LOST = Caution(
    "articles-confounded",
    "",
    "No arm has several articles of its own, so that what belongs to an arm and what to its article "
    "cannot be told apart: the model has no effect of articles, and its contrasts speak of these articles only.",
)
_ONE_RATING_AN_ARTICLE = Caution(
    "one-rating-an-article",
    "",
    "Hardly any article has more than one rating, so that differences between articles cannot be told from other "
    "noise; the model has no effect of articles, and needs none: each rating brings the noise of an article of its own "
    "with it. So do the tests that are said to hold the articles fixed: with such ratings they, too, speak of articles "
    "in general.",
)
