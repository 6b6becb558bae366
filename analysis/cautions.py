"""PURE: what a design or its data cannot carry, as sentences that stand beside the numbers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.descriptives import ArmSummary

FAR = 1_000
# Arms whose SDs, or numbers of people, differ by a smaller factor do the main test no harm that a reader would see.
UNEQUAL = 1.5
# A few values stand apart where the gap before them is so many times what all others span; of what is written for a
# missing answer, a smaller gap will do. Among fewer others nothing can be said.
APART, CODE_APART = 10, 3
CODES = frozenset(sign * number for sign in (-1.0, 1.0) for number in (99, 999, 9999, 99999, 98, 998, 88, 888))
FEWEST_OTHERS, MOST_APART = 10, 0.2


@dataclass(frozen=True)
class Caution:
    """One warning. ``code`` is stable; ``about`` is the arm or contrast it belongs to, '' for the whole analysis."""

    code: str
    about: str
    sentence: str


def cautions_of_arms(
    arms: Sequence[ArmSummary],
    labels: Mapping[str, str],
    *,
    articles_known: bool,
    persons_known: bool,
    averaged_over: int = 0,
) -> list[Caution]:
    """What is to be said of the arms, in their order; then what holds for the whole analysis.

    ``labels`` are the arms' names in sentences; ``about`` is always the key. ``averaged_over`` is how many articles a
    person's one value was made over, 0 for values of an article.
    """
    found: list[Caution] = []
    for arm in arms:
        found += _of_one(arm, labels.get(arm.arm, arm.arm), articles_known)
    if not persons_known:
        found.append(
            Caution(
                "persons-unknown",
                "",
                "No column says who gave a rating, so each row counts as one person. If people rated more than once, "
                "the intervals are too narrow.",
            )
        )
    shared = [arm for arm in arms if 1 < arm.n_articles < arm.n_people]
    if averaged_over:
        found.append(
            Caution(
                "articles-averaged",
                "",
                f"Each person has one value, made over the articles that they judged ({averaged_over} in all). The "
                "tests take people as the sample and hold these articles fixed: with other articles the difference "
                "may be another.",
            )
        )
    elif not articles_known:
        found.append(
            Caution(
                "articles-unknown",
                "",
                "No column says which article was rated: whether a difference belongs to the arms or to single "
                "articles cannot be seen in these data.",
            )
        )
    elif shared:
        counts = "; ".join(f"{arm.n_articles} in {labels.get(arm.arm, arm.arm)}" for arm in shared)
        found.append(
            Caution(
                "articles-fixed",
                "",
                f"The tests take people as the sample and hold the articles fixed ({counts}): they speak of these "
                "articles only. A claim about articles of this kind in general needs a model with crossed random "
                "effects of people and articles (Judd, Westfall & Kenny 2012); without it, false positives are more "
                "frequent than stated.",
            )
        )
    return found


def spelt_alike(names: Iterable[str]) -> list[tuple[str, ...]]:
    """The names that differ in capitals and blanks alone, together, in their order.

    >>> spelt_alike(["original", "gpt2", "Original", "Orig inal"])
    [('original', 'Original', 'Orig inal')]
    """
    return [alike for alike in _alike({name: name for name in names}) if len(alike) > 1]


def _alike(names: Mapping[str, str]) -> list[tuple[str, ...]]:
    """The keys of ``names`` whose names are the same but for capitals and blanks, together, in their order."""
    found: dict[str, list[str]] = {}
    for key, name in names.items():
        found.setdefault("".join(name.casefold().split()), []).append(key)
    return [tuple(alike) for alike in found.values()]


def cautions_of_names(arms: Sequence[ArmSummary], labels: Mapping[str, str]) -> list[Caution]:
    """What is to be said of arms whose names are the same, or differ in capitals and blanks alone: a slip makes two
    arms of one. ``about`` is the first of them."""
    names = {arm.arm: labels.get(arm.arm, arm.arm) for arm in arms}
    found = []
    for alike in _alike(names):
        if len(alike) < 2:
            continue
        if len({names[key] for key in alike}) < len(alike):
            told = [f"{names[key]!r} ({key})" for key in alike]
            why = "are called the same and count as different arms: call them differently, or make one of them if"
        else:
            told = [repr(names[key]) for key in alike]
            why = "differ in capitals or blanks alone and count as different arms: write them in one way if"
        found.append(Caution("alike-arms", alike[0], f"The arms {' and '.join(told)} {why} they are one."))
    return found


def caution_of_far_values(values: np.ndarray, outcome: str) -> list[Caution]:
    """What is to be said of values so far from the others that they are slips rather than ratings.

    Far is more than ``FAR`` times the quartiles' distance from the median, or apart from all others by a gap many
    times as wide as all that they span; ``values`` are without missing ones.
    """
    if not values.size:
        return []
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    far = values[np.abs(values - middle) > FAR * (high - low)] if high > low else values[:0]
    if not far.size:
        return _caution_of_values_apart(values, outcome)
    most = float(far[np.argmax(np.abs(far - middle))])
    return [
        Caution(
            "far-value",
            "",
            f"{far.size} of {values.size} values of {outcome}, such as {most:g}, "
            f"{'lies' if far.size == 1 else 'lie'} more than {FAR:,} times as far "
            f"from the median, {middle:g}, as the quartiles do from each other: means, their intervals and tests hang "
            "on them. Correct them, or make them missing, if they are slips.",
        )
    ]


def _caution_of_values_apart(values: np.ndarray, outcome: str) -> list[Caution]:
    others = values
    while (smaller := _without_the_apart(others)).size < others.size:
        others = smaller
    if others.size == values.size:
        return []
    low, high = others.min(), others.max()
    apart = values[(values < low) | (values > high)]
    named = ", ".join(f"{value:g}" for value in np.unique(apart)[:3])
    return [
        Caution(
            "far-value",
            "",
            f"{apart.size} of {values.size} values of {outcome} ({named}) "
            f"{'stands' if apart.size == 1 else 'stand'} far apart from all others, which lie "
            f"from {low:g} to {high:g}: means, their intervals and tests hang on them. Correct them if they are slips, "
            "and make them missing if they are codes for no answer.",
        )
    ]


def _without_the_apart(values: np.ndarray) -> np.ndarray:
    """The values without the few beyond the widest gap between two neighbours, if it is wide enough."""
    places = np.unique(values)
    if places.size < 2:
        return values
    gaps = np.diff(places)
    widest = int(np.argmax(gaps))
    above = values > places[widest]
    few = above if above.sum() <= values.size / 2 else ~above
    others = values[~few]
    if others.size < FEWEST_OTHERS or few.sum() > MOST_APART * values.size:
        return values
    apart = set(np.unique(values[few]).tolist())
    span = float(np.ptp(others))
    # Where all others are one value, a 1 among many 0 is none that stands apart.
    needed = (CODE_APART if apart <= CODES else APART) * span if span else FAR * max(1.0, float(np.abs(others).max()))
    return others if gaps[widest] > needed else values


def caution_of_cut(values: np.ndarray, outcome: str, cut: float | None) -> list[Caution]:
    """What is to be said of a cut that tells no two values apart; ``values`` are without missing ones."""
    if cut is None or not values.size:
        return []
    low, high = float(values.min()), float(values.max())
    if low < cut <= high:
        return []
    which = "none" if cut > high else "every one"
    return [
        Caution(
            "cut-beyond",
            "",
            f"A rating counts as credible from {cut:g} upwards, and {which} of the values of {outcome} does, which lie "
            f"from {low:g} to {high:g}: shares and their differences say nothing. Name a cut within the scale.",
        )
    ]


def _of_one(arm: ArmSummary, name: str, articles_known: bool) -> list[Caution]:
    if arm.n_ratings == 0:
        return [Caution("empty-arm", arm.arm, f"The arm {name} has no ratings, so nothing can be said of it.")]
    found = []
    if arm.n_people == 1:
        found.append(
            Caution(
                "one-participant",
                arm.arm,
                f"The arm {name} has one participant only: its mean and its differences from other arms "
                "have neither an interval nor a test.",
            )
        )
    elif arm.sd == 0:
        found.append(
            Caution(
                "constant-outcome",
                arm.arm,
                f"Everybody in the arm {name} has the same value, {arm.mean:g}: its spread is estimated as zero, "
                "which makes intervals too narrow or impossible.",
            )
        )
    if articles_known and arm.n_articles == 1:
        found.append(
            Caution(
                "one-article",
                arm.arm,
                f"The arm {name} has one article only: what belongs to the arm and what to this one article cannot "
                "be told apart.",
            )
        )
    if arm.ratings_a_person_min != arm.ratings_a_person_max:
        found.append(
            Caution(
                "uneven-ratings",
                arm.arm,
                f"In the arm {name} people gave from {arm.ratings_a_person_min} to {arm.ratings_a_person_max} "
                "ratings; each person counts once, with the mean of their ratings.",
            )
        )
    return found
