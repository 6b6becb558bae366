"""PURE: what a covariate by arm needs of a design: random terms beside those of the arms, and sums of coefficients."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.crossed_terms import ARM, ARTICLE, PERSON, tells_apart

GROUP = "covariate"
UNIT = "one unit more"


class Cells(NamedTuple):
    """What of the covariate the arms can be compared in. ``weights`` has a row a (arm, group) in ``keys``: the sum of
    coefficients that is the mean of a group in an arm, or of a number the arm's slope, with ``group`` 'one unit more'.

    ``free`` are contrasts of those rows, orthonormal, that are all nought where the arms differ alike in all groups.
    """

    keys: list[tuple[str, str]]
    weights: np.ndarray
    free: np.ndarray


def random_terms(data: pd.DataFrame, random: str, *, numeric: bool) -> str:
    """``random`` with the spread of the covariate's effect over people and articles, where it has people or articles
    and the data carry it.

    - For groups ``(1 | participant:covariate)`` where people are in several groups, and ``(1 | participant:arm:
      covariate)`` beside it where they are in several groups of each of several arms; "several" as ``tells_apart``
      takes it. The same of articles with ``(1 | article:covariate)``, if some article is read in several groups, and
      some group has several ratings of an article.
    - For a number the slopes ``(0 + covariate | ...)`` over the same, if it varies within them and there are more
      ratings than two for each; uncorrelated with the level, which the centring of the number makes that at its mean.

    What varies within a person or an article and gets no term makes the interaction be found too often: people may
    differ in what a label does to them, and an article that one group likes better shifts that group's contrast as a
    whole, however many people read it (Barr, Levy, Scheepers & Tily 2013).
    """
    terms = []
    if f"| {PERSON})" in random and tells_apart(data[[PERSON, GROUP]].drop_duplicates(), [PERSON]):
        terms += [[PERSON]] if _carries(data, [PERSON], numeric=numeric) else []
        if terms and _crossed(data, PERSON, numeric=numeric) and _carries(data, [PERSON, ARM], numeric=numeric):
            terms.append([PERSON, ARM])
    if f"(1 | {ARTICLE})" in random and _article_carries(data, numeric=numeric):
        terms.append([ARTICLE])
        if f"(1 | {ARTICLE}:{ARM})" in random and _crossed(data, ARTICLE, numeric=numeric):
            terms += [[ARTICLE, ARM]] if _carries(data, [ARTICLE, ARM], numeric=numeric) else []
    shape = f"(0 + {GROUP} | %s)" if numeric else f"(1 | %s:{GROUP})"
    return random + "".join(f" + {shape % ':'.join(group)}" for group in terms)


def _carries(data: pd.DataFrame, group: list[str], *, numeric: bool) -> bool:
    """Whether the ratings tell what the covariate does within each of these from other noise."""
    if numeric:
        return len(data) > 2 * len(data[group].drop_duplicates())
    return tells_apart(data, [*group, GROUP])


def _article_carries(data: pd.DataFrame, *, numeric: bool) -> bool:
    articles, cells = data[ARTICLE].nunique(), len(data[[ARTICLE, GROUP]].drop_duplicates())
    return articles < cells and (len(data) > 2 * articles if numeric else cells < len(data))


def _crossed(data: pd.DataFrame, unit: str, *, numeric: bool) -> bool:
    """Whether people, or articles, have several values of the covariate in each of several arms."""
    cells = data[[unit, ARM, GROUP]].drop_duplicates()
    # Few people have one value of a number in two arms; that they are in two arms is enough for two slopes.
    same = tells_apart(cells[[unit, ARM]].drop_duplicates(), [unit]) if numeric else tells_apart(cells, [unit, GROUP])
    return same and tells_apart(cells, [unit, ARM])


def cells_of(data: pd.DataFrame, x: np.ndarray, *, numeric: bool) -> Cells:
    """The cells that have ratings, in the order of the arms and groups, by the rows ``x`` of the model's matrix.

    Rows of one cell are equal, and those of a number lie on a line in each arm: so what a coefficient is called, or
    which were dropped for want of data, does not matter.
    """
    keys, rows = [], []
    arm = data[ARM].astype("str").to_numpy()
    value = data[GROUP].to_numpy()
    for name in data[ARM].cat.categories:
        own = np.flatnonzero(arm == name)
        if numeric:
            low, high = own[np.argmin(value[own])], own[np.argmax(value[own])]
            if value[high] > value[low]:
                keys.append((str(name), UNIT))
                rows.append((x[high] - x[low]) / (value[high] - value[low]))
            continue
        for group in sorted(set(value[own])):
            keys.append((str(name), str(group)))
            rows.append(x[own[np.argmax(value[own] == group)]])
    weights = np.array(rows).reshape(len(rows), x.shape[1])
    return Cells(keys, weights, _free(keys, numeric=numeric))


def _free(keys: list[tuple[str, str]], *, numeric: bool) -> np.ndarray:
    """The orthonormal contrasts of cells that vanish on every sum of an effect of the arm and one of the group.

    Orthonormal, so that the test is the same whichever arm or group is the first. Of slopes, all but their mean.
    """
    sides = (1,) if numeric else (0, 1)
    effects = [[float(key[side] == name) for key in keys] for side in sides for name in sorted({k[side] for k in keys})]
    additive = np.array(effects).T.reshape(len(keys), len(effects))
    vectors, values, _ = np.linalg.svd(additive)
    rank = int((values > 1e-9).sum())
    return vectors[:, rank:].T


def empty_cells(data: pd.DataFrame) -> list[tuple[str, str]]:
    """The (arm, group) without a rating."""
    there = set(zip(data[ARM].astype("str"), data[GROUP], strict=True))
    groups = sorted(data[GROUP].unique())
    return [(str(arm), group) for arm in data[ARM].cat.categories for group in groups if (arm, group) not in there]
