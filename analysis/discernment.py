"""PURE: how well each person tells true articles from false: P(yes | true) - P(yes | false), a value a person."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.intervals import NAN, TTest, paired, t_interval
from analysis.tables import to_frame
from analysis.validation import FrameError, check_ratings, refuse_two_of_an_article

COLUMN = "discernment"


@dataclass(frozen=True)
class ArmDiscernment:
    """The people of one arm. ``hits`` is the mean over people of P(yes | true), ``false_alarms`` of P(yes | false).

    ``estimate`` is the mean of the differences, with the t interval over people; nan where nobody has both.
    ``n_left_out`` counts people of the arm without an answer about a true article, or without one about a false one.
    ``n_answers`` and ``n_articles`` are of the people who count; ``n_articles`` is 0 where articles are not known.
    """

    arm: str
    n_people: int
    n_answers: int
    n_left_out: int
    hits: float
    false_alarms: float
    estimate: float
    std_error: float
    ci_low: float
    ci_high: float
    n_articles: int = 0


@dataclass(frozen=True)
class Discernment:
    """``values`` has one row a person and arm: ``participant, arm, hits, false_alarms, discernment, n_answers``."""

    rows: tuple[ArmDiscernment, ...]
    values: pd.DataFrame
    n_articles: int
    n_missing: int

    def to_frame(self) -> pd.DataFrame:
        """One row an arm; the columns are the fields of ``ArmDiscernment``."""
        return to_frame(self.rows, ArmDiscernment)


def discernment(
    ratings: pd.DataFrame, *, outcome: str, truth: str, articles_known: bool = True, alpha: float = 0.05
) -> Discernment:
    """Each person's P(yes | true) - P(yes | false) within an arm, and each arm's mean of it.

    ``outcome`` (yes is 1, no is 0) and ``truth`` (whether the article is true, likewise) are columns of ``ratings``.
    Answers that are missing do not count. A person needs answers about both kinds; without, they are counted in
    ``n_left_out`` and have no value. Raises ``FrameError`` for other values than 0 and 1, an article without a truth or
    with two, and ratings that break the contract. Source: Pennycook & Rand 2021, Trends Cogn. Sci. 25:388.
    """
    checked = check_ratings(ratings, outcome=outcome, articles_known=articles_known)
    for name in (outcome, truth):
        _refuse_other_than_yes_and_no(checked, name)
    if checked[truth].isna().any():
        rows = tuple(checked.index[checked[truth].isna()])
        raise FrameError(f"the column '{truth}' has no value in row {rows[0]}", column=truth, rows=rows)
    if articles_known:
        refuse_two_of_an_article(checked, truth)
    given = checked[checked[outcome].notna()]
    means = given.groupby(["participant", "arm", given[truth] == 1])[outcome].mean().unstack()
    means = means.reindex(columns=[True, False]).set_axis(["hits", "false_alarms"], axis=1)
    answers = given.groupby(["participant", "arm"]).size().rename("n_answers")
    people = means.join(answers).reset_index().sort_values(["participant", "arm"], kind="stable")
    both = people["hits"].notna() & people["false_alarms"].notna()
    people[COLUMN] = people["hits"] - people["false_alarms"]
    counted = people.loc[both, ["participant", "arm"]].merge(given, on=["participant", "arm"])
    articles = counted.groupby("arm")["article"].nunique() if articles_known else pd.Series(dtype="int64")
    each = (
        _of_one(arm, people[both & (people["arm"] == arm)], people, int(articles.get(arm, 0)), alpha)
        for arm in sorted(checked["arm"].unique())
    )
    return Discernment(
        rows=tuple(each),
        values=people[both].reset_index(drop=True),
        n_articles=int(given["article"].nunique()) if articles_known else 0,
        n_missing=len(checked) - len(given),
    )


def _of_one(arm: str, counted: pd.DataFrame, people: pd.DataFrame, n_articles: int, alpha: float) -> ArmDiscernment:
    values = counted[COLUMN].to_numpy(dtype=float)
    test = paired(values, 1.0) if values.size else TTest(NAN, NAN, NAN, NAN, NAN)
    limits = t_interval(test.estimate, test.std_error, values.size - 1, alpha)
    return ArmDiscernment(
        arm=arm,
        n_people=values.size,
        n_answers=int(counted["n_answers"].sum()),
        n_left_out=int((people["arm"] == arm).sum()) - values.size,
        hits=float(counted["hits"].mean()) if values.size else NAN,
        false_alarms=float(counted["false_alarms"].mean()) if values.size else NAN,
        estimate=test.estimate,
        std_error=test.std_error,
        ci_low=limits.low,
        ci_high=limits.high,
        n_articles=n_articles,
    )


def _refuse_other_than_yes_and_no(ratings: pd.DataFrame, name: str) -> None:
    if name not in ratings.columns:
        raise FrameError(f"the column '{name}' is missing", column=name)
    values = ratings[name].astype("float64")
    wrong = ratings.index[values.notna() & ~np.isin(values, (0.0, 1.0))]
    if len(wrong):
        raise FrameError(
            f"the column '{name}' must hold 1 for yes and 0 for no, not {values[wrong[0]]:g} in row {wrong[0]}",
            column=name,
            rows=tuple(wrong),
        )
