"""PURE: which random effects a study's design can carry, and what must be said where it cannot carry them."""

from dataclasses import dataclass

import pandas as pd

from analysis.cautions import Caution

OUTCOME, PERSON, ARTICLE, ARM, ORIGIN, STORY = "rating", "participant", "article", "arm", "origin", "story"


@dataclass(frozen=True)
class RandomPart:
    """The random terms in lme4's notation, '' without any, else beginning with ' + '; and the cautions they need."""

    formula: str
    cautions: tuple[Caution, ...]


def random_part(data: pd.DataFrame) -> RandomPart:
    """The random terms of ``data``: ``participant, article, arm``, and where they are known ``story`` and ``origin``,
    the latter as -0.5 and 0.5.

    - ``(1 | participant)`` if somebody rated more than once; ``(1 + origin | participant)`` if people rated both
      origins and there are more ratings than two a person; else ``(1 | participant:arm)`` beside it where people
      rated several articles in each of several arms.
    - ``(1 | article)`` if some arm has several articles that several people rated; ``(1 | article:arm)`` beside it
      where one article is in several arms; ``(1 | story)`` beside it where several articles tell one story. What the
      versions of a story share then falls out of the difference between arms that tell the same stories.

    The largest random part that the design justifies keeps the error rate of the arms' contrasts (Barr, Levy, Scheepers
    & Tily 2013); what varies within a person or an article and gets no term makes intervals too narrow.
    """
    terms: list[str] = []
    said: list[Caution] = []
    people, articles = data[PERSON].nunique(), data[ARTICLE].nunique()
    cells = len(data[[PERSON, ARM]].drop_duplicates())
    if people == len(data):
        if len(data):
            said.append(_ONE_RATING)
    elif people > 1:
        terms += _of_people(data, people, cells)
    versions = len(data[[ARTICLE, ARM]].drop_duplicates())
    crossing = versions > articles
    # Where every arm has one article of its own, its effect and the arm's are one.
    if articles < 2 or articles == len(data) or (not crossing and articles <= data[ARM].nunique()):
        said.append(_ARTICLES_LOST)
    else:
        terms += [*_of_stories(data, articles), f"(1 | {ARTICLE})"]
        if crossing and versions < len(data):
            terms.append(f"(1 | {ARTICLE}:{ARM})")
    return RandomPart("".join(f" + {term}" for term in terms), tuple(said))


def _of_people(data: pd.DataFrame, people: int, cells: int) -> list[str]:
    if cells == people:
        return [f"(1 | {PERSON})"]
    if ORIGIN in data.columns and len(data) > 2 * people:
        both = data.groupby(PERSON, observed=True)[ORIGIN].nunique()
        if (both > 1).any():
            return [f"(1 + {ORIGIN} | {PERSON})"]
    return [f"(1 | {PERSON})", f"(1 | {PERSON}:{ARM})"] if people < cells < len(data) else [f"(1 | {PERSON})"]


def _of_stories(data: pd.DataFrame, articles: int) -> list[str]:
    """The term of stories, if they group articles, and no story is all that an arm has."""
    if STORY not in data.columns:
        return []
    told = data[[ARTICLE, STORY]].drop_duplicates()
    stories = told[STORY].nunique()
    apart = len(data[[STORY, ARM]].drop_duplicates()) == stories and stories <= data[ARM].nunique()
    return [f"(1 | {STORY})"] if 1 < stories < articles == len(told) and not apart else []


_ONE_RATING = Caution(
    "one-rating-a-person",
    "",
    "Everybody rated one article, so that differences between people cannot be told from other noise; the model has no "
    "effect of people, and needs none.",
)
_ARTICLES_LOST = Caution(
    "articles-confounded",
    "",
    "No arm has several articles with several ratings each, so that what belongs to an arm and what to its article "
    "cannot be told apart: the model has no effect of articles, and its contrasts speak of these articles only.",
)
