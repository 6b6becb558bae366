"""PURE: how well people tell machine-written articles from real ones: d', criterion, AUC, with people and articles
resampled together.

An answer is 'signal' if it says 'machine'; a hit is such an answer to a synthetic article, a false alarm one to a real
article. Answers at the scale's neutral point are left out, counted as 'human', or halved between both: the choice is
stated with every number. Sources: Macmillan & Creelman 2005, Detection Theory; Hautus 1995 for the log-linear
correction; Owen 2007 for resampling two crossed samples at once.
"""

import math
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from analysis.counted import counted
from analysis.detection_counts import MEASURES, AnswerCounts, bootstrap
from analysis.equivalence import detectable
from analysis.intervals import NAN
from analysis.plan import Neutral
from analysis.tables import to_frame
from analysis.validation import FrameError, check_ratings

# What those measures are for who guesses that have one such value.
CHANCE = {"d_prime": 0.0, "auc": 0.5}
NEUTRAL_IN_WORDS: dict[Neutral, str] = {
    "left-out": "neutral answers are left out",
    "as-human": "neutral answers count as 'human'",
    "halved": "neutral answers count half as 'machine' and half as 'human'",
}


@dataclass(frozen=True)
class DetectionOptions:
    """``column`` holds answers that rise from 'human' over ``neutral`` to 'machine'; ``neutral=None`` where the scale
    has no neutral point, ``cut`` then being the highest answer that says 'human'. ``draws`` and ``seed`` are of the
    bootstrap."""

    column: str = "attribution"
    neutral: float | None = 3
    cut: float | None = None
    treatment: Neutral = "left-out"
    alpha: float = 0.05
    draws: int = 1000
    seed: int = 1


@dataclass(frozen=True)
class DetectionRow:
    """One measure over everybody. ``pooled`` takes all answers as one person's; ``per-person`` is the mean over people
    who answered for both kinds of article. AUC counts neutral answers, and who gave them, whatever their treatment; the
    other measures do not where they are left out. Intervals are percentiles of the bootstrap over people and articles.

    ``detectable`` is, for d' and AUC, how far from chance (0, 0.5) a true value lies that a two-sided z test with this
    standard error finds with 80% probability (``equivalence.detectable``); nan for other measures.
    """

    term: str
    kind: Literal["pooled", "per-person"]
    estimate: float
    std_error: float
    ci_low: float
    ci_high: float
    detectable: float
    n_people: int
    n_articles: int
    n_answers: int


@dataclass(frozen=True)
class PersonDetection:
    """One person: counts after the treatment of neutral answers, and the log-linear d' and criterion."""

    participant: str
    hits: float
    n_synthetic: float
    false_alarms: float
    n_real: float
    d_prime: float
    criterion: float


@dataclass(frozen=True)
class Detection:
    """The measures, the people, and how neutral answers were treated."""

    rows: tuple[DetectionRow, ...]
    people: tuple[PersonDetection, ...]
    n_neutral: int
    n_missing: int
    treatment: Neutral
    statements: tuple[str, ...] = field(default=())

    def to_frame(self) -> pd.DataFrame:
        """One row a measure and kind; the columns are the fields of ``DetectionRow``."""
        return to_frame(self.rows, DetectionRow)

    def people_frame(self) -> pd.DataFrame:
        """One row a person; the columns are the fields of ``PersonDetection``."""
        return to_frame(self.people, PersonDetection)

    def pooled(self, term: str) -> DetectionRow:
        """The pooled measure of that name. Raises KeyError if there is none."""
        return self._row(term, "pooled")

    def per_person(self, term: str) -> DetectionRow:
        """The mean over people of the measure of that name. Raises KeyError if there is none."""
        return self._row(term, "per-person")

    def _row(self, term: str, kind: str) -> DetectionRow:
        for row in self.rows:
            if (row.term, row.kind) == (term, kind):
                return row
        raise KeyError(f"there is no {kind} '{term}'")


def detection(ratings: pd.DataFrame, options: DetectionOptions | None = None) -> Detection:
    """d', criterion, AUC, rates and accuracy, pooled and per person, with bootstrap intervals.

    AUC is the chance that a synthetic article gets a higher answer than a real one, ties counting half; it uses the
    whole scale, neutral answers too, whatever their treatment. Per person it is taken over that person's own answers.
    Raises ``FrameError`` for ratings that break the contract, an origin that is neither 'real' nor 'synthetic', or
    answers for one kind of article only.
    """
    options = options or DetectionOptions()
    answers = _answers(ratings, options)
    counts = AnswerCounts.of(answers)
    estimates = counts.measures(np.ones(counts.n_people), np.ones(counts.n_articles))
    draws = bootstrap(counts, options.draws, options.seed)
    whole = (int(counts.complete.sum()), int(counts.ranked.sum()))
    rows = []
    for kind in ("pooled", "per-person"):
        for term in MEASURES:
            drawn = draws[kind, term]
            known = drawn[np.isfinite(drawn)]
            # An interval out of few draws, the others having had no answers to one kind, would be too narrow.
            enough = len(known) >= 0.9 * len(drawn) and len(known) > 1
            low, high = np.quantile(known, [options.alpha / 2, 1 - options.alpha / 2]) if enough else (NAN, NAN)
            error = float(known.std(ddof=1)) if enough else NAN
            rows.append(
                DetectionRow(
                    term=term,
                    kind=kind,
                    estimate=estimates[kind, term],
                    std_error=error,
                    ci_low=float(low),
                    ci_high=float(high),
                    detectable=_detectable(term, error, options.alpha),
                    n_people=counts.n_people if kind == "pooled" else whole[term == "auc"],
                    n_articles=counts.n_articles,
                    n_answers=len(answers) if term == "auc" else int(answers["counts"].sum()),
                )
            )
    neutral = int(answers["is_neutral"].sum())
    return Detection(
        rows=tuple(rows),
        people=tuple(PersonDetection(*row) for row in counts.people()),
        n_neutral=neutral,
        n_missing=len(ratings) - len(answers),
        treatment=options.treatment,
        statements=_statements(counts, options, neutral),
    )


def _detectable(term: str, error: float, alpha: float) -> float:
    """How far from chance a true value of the measure lies that would be found; nan where none lies so far."""
    if term not in CHANCE:
        return NAN
    distance = detectable(error, math.inf, alpha)
    return NAN if term == "auc" and distance > 1 - CHANCE["auc"] else distance


def _statements(counts: AnswerCounts, options: DetectionOptions, neutral: int) -> tuple[str, ...]:
    said = ["Rates have half an answer added to each count and one to each number (log-linear correction)."]
    if options.neutral is not None:
        auc = " AUC ranks the whole scale and so has them all." if options.treatment != "halved" else ""
        said.append(f"{NEUTRAL_IN_WORDS[options.treatment].capitalize()}; there are {neutral}.{auc}")
    left = counts.n_people - int(counts.complete.sum())
    if left:
        said.append(
            f"{counted(left, 'person has', 'people have')} no answers that count for one kind of article and no d' of "
            "their own."
        )
    for name, is_synthetic in (("synthetic", True), ("real", False)):
        n = int((counts.synthetic == is_synthetic).sum())
        if n < 5:
            there = f"There {'is' if n == 1 else 'are'} {counted(n, f'{name} article', f'{name} articles')} only"
            said.append(f"{there}: an interval over so few articles is too narrow.")
    return tuple(said)


def _answers(ratings: pd.DataFrame, options: DetectionOptions) -> pd.DataFrame:
    """The known answers with ``machine`` (0, 1, or 0.5 where halved), and whether they count and are neutral."""
    checked = check_ratings(ratings, outcome=options.column)
    if "origin" not in checked.columns:
        raise FrameError("the column 'origin' is missing: without it no answer is right or wrong", column="origin")
    strange = checked[~checked["origin"].isin(["real", "synthetic"])]
    if len(strange):
        raise FrameError(
            f"the column 'origin' must be 'real' or 'synthetic', not {strange['origin'].iloc[0]!r}",
            column="origin",
            rows=tuple(strange.index),
        )
    if (options.neutral is None) == (options.cut is None):
        raise ValueError("a scale has a neutral point or a cut between its answers: give one of the two")
    known = checked[checked[options.column].notna()]
    value = known[options.column].to_numpy(dtype=float)
    is_neutral = np.zeros(len(value), dtype=bool) if options.neutral is None else value == options.neutral
    edge = options.cut if options.neutral is None else options.neutral
    machine = (value > edge).astype(float)
    if options.treatment == "halved":
        machine[is_neutral] = 0.5
    counts = ~is_neutral if options.treatment == "left-out" else np.ones(len(value), dtype=bool)
    answers = known.assign(
        value=value,
        machine=machine,
        counts=counts,
        is_neutral=is_neutral,
        synthetic=(known["origin"] == "synthetic").to_numpy(),
    )
    for name, wanted in (("synthetic", True), ("real", False)):
        if not (answers["counts"] & (answers["synthetic"] == wanted)).any():
            raise FrameError(f"no answer that counts is about {name} articles: there is nothing to tell apart")
    return answers
