"""PURE: the arms of a study held against a reference arm: the main comparison, with its cautions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal

import numpy as np
import pandas as pd

from analysis.cautions import (
    Caution,
    caution_of_cut,
    caution_of_far_values,
    cautions_of_arms,
    cautions_of_names,
)
from analysis.contrasts import (
    MeanContrast,
    Pair,
    ShareContrast,
    are_shared,
    mean_contrast,
    pair,
    shares_with_holm,
    with_holm,
)
from analysis.counted import counted
from analysis.descriptives import ArmSummaries, summarise_arms, unit_means
from analysis.omnibus import Omnibus, omnibus
from analysis.pairwise import PairTests, pairwise
from analysis.plan import Plan
from analysis.tables import to_frame
from analysis.untested import why_no_test
from analysis.validation import FrameError, check_ratings

Design = Literal["between", "within", "mixed"]
# Up to so many people who gave so many times as many ratings in one arm as in the other are told of their shares' test.
FEW_UNEVEN, UNEVEN = 20, 8


@dataclass(frozen=True)
class MeanContrasts:
    """Differences of means from the reference arm."""

    rows: tuple[MeanContrast, ...]

    def to_frame(self) -> pd.DataFrame:
        """One row a contrast; the columns are the fields of ``MeanContrast``."""
        return to_frame(self.rows, MeanContrast)


@dataclass(frozen=True)
class ShareContrasts:
    """Differences of shares from the reference arm; empty where the plan has no cut."""

    rows: tuple[ShareContrast, ...]

    def to_frame(self) -> pd.DataFrame:
        """One row a contrast; the columns are the fields of ``ShareContrast``."""
        return to_frame(self.rows, ShareContrast)


@dataclass(frozen=True)
class Comparison:
    """All of it. ``design`` says whether people are in one arm each, in all of them, or in some.

    It is between where no two arms share their people (``contrasts.are_shared``). ``omnibus`` and ``pairwise`` take
    independent groups: they are empty in any other design. ``share_pairs`` are of all pairs of arms, ``shares`` of
    those with the reference, each adjusted over its own.
    """

    outcome: str
    reference: str
    design: Design
    level: float
    credible_cut: float | None
    n_people: int
    n_ratings: int
    n_missing: int
    arms: ArmSummaries
    means: MeanContrasts
    shares: ShareContrasts
    share_pairs: ShareContrasts
    omnibus: Omnibus
    pairwise: PairTests
    cautions: tuple[Caution, ...]

    @property
    def warnings(self) -> tuple[str, ...]:
        """The cautions as plain sentences."""
        return tuple(caution.sentence for caution in self.cautions)


def compare_arms(
    ratings: pd.DataFrame,
    plan: Plan,
    *,
    arms: Sequence[str] = (),
    labels: Mapping[str, str] | None = None,
    articles_known: bool = True,
    persons_known: bool = True,
    averaged_over: int = 0,
) -> Comparison:
    """The comparison that ``plan`` describes, on one row a participant and article.

    ``arms`` are the study's arms in their order; without it, those that occur, sorted. ``labels`` are their names in
    the cautions. The unit is a person's mean in an arm: arms of different people are compared by Welch's t, arms that
    people share by paired t (Delacre, Lakens & Leys 2017 for Welch by default). Articles are held fixed, and the
    cautions say so. ``averaged_over`` is for values that are of a person rather than of an article: over how many
    articles they were made.

    Raises ``FrameError`` for ratings that break the contract, arms unknown to ``arms``, more than one mode, and a
    reference that is no arm.
    """
    labels = labels or {}
    checked = check_ratings(ratings, outcome=plan.outcome, articles_known=articles_known)
    refuse_mixed_modes(checked)
    order = arm_order(checked, arms)
    reference = reference_arm(checked, plan, order)
    units = unit_means(checked, plan.outcome, plan.credible_cut)
    pairs = [pair(units, arm, reference) for arm in order if arm != reference]
    found = _compared(checked, units, pairs, plan, order, reference)
    of_arms = cautions_of_arms(
        found.arms.rows,
        labels,
        articles_known=articles_known,
        persons_known=persons_known,
        averaged_over=averaged_over,
    )
    of_data = _data_cautions(checked[plan.outcome], labels.get(reference, reference), plan)
    of_pairs = [
        *_pair_cautions(pairs, found.means.rows, labels, found.design),
        *(_uneven_cautions(pairs, labels) if plan.credible_cut is not None else []),
    ]
    of_design = _design_cautions(units) if found.design == "between" else [_NO_OMNIBUS]
    return replace(
        found, cautions=(*cautions_of_names(found.arms.rows, labels), *of_data, *of_arms, *of_pairs, *of_design)
    )


def _compared(
    checked: pd.DataFrame,
    units: pd.DataFrame,
    pairs: Sequence[Pair],
    plan: Plan,
    order: Sequence[str],
    reference: str,
) -> Comparison:
    """Every number of the comparison, without its cautions."""
    design = _design(units, order)
    samples = {arm: units.loc[units["arm"] == arm, "mean"].to_numpy(dtype=float) for arm in order}
    independent = samples if design == "between" else {}
    means = with_holm(mean_contrast(people, plan.alpha, plan.bounds) for people in pairs)
    # The reference first, as in the model's pairs, so that a pair has one sign in all tables.
    arms = sorted(order, key=lambda arm: arm != reference)
    every = [pair(units, arm, other) for other, arm in combinations(arms, 2)]

    def of_shares(chosen: Sequence[Pair]) -> ShareContrasts:
        if plan.credible_cut is None:
            return ShareContrasts(())
        return ShareContrasts(shares_with_holm(chosen, plan.alpha))

    return Comparison(
        outcome=plan.outcome,
        reference=reference,
        design=design,
        level=plan.level,
        credible_cut=plan.credible_cut,
        n_people=int(units["participant"].nunique()),
        n_ratings=int(units["n_ratings"].sum()),
        n_missing=int(checked[plan.outcome].isna().sum()),
        arms=summarise_arms(checked, units, plan.outcome, order, plan.alpha),
        means=MeanContrasts(means),
        shares=of_shares(pairs),
        share_pairs=of_shares(every),
        omnibus=omnibus(independent),
        pairwise=pairwise({arm: independent[arm] for arm in arms if arm in independent}, plan.alpha),
        cautions=(),
    )


_NO_OMNIBUS = Caution(
    "no-omnibus",
    "",
    "The same people are in several arms, so the omnibus tests on people's means, which take independent groups, are "
    "not given.",
)


def reference_arm(ratings: pd.DataFrame, plan: Plan, arms: Sequence[str]) -> str:
    """The arm that the others are held against: the plan's, or the only arm of real articles, or the first arm.

    Raises ``FrameError`` if the plan names an arm that there is not.
    """
    if plan.reference:
        if plan.reference not in arms:
            raise FrameError(f"the reference '{plan.reference}' is no arm; there are {', '.join(arms)}", column="arm")
        return plan.reference
    if "origin" in ratings.columns:
        real = sorted(ratings.loc[ratings["origin"] == "real", "arm"].unique())
        if len(real) == 1:
            return str(real[0])
    return arms[0]


def refuse_mixed_modes(ratings: pd.DataFrame) -> None:
    if "mode" in ratings.columns and ratings["mode"].nunique(dropna=False) > 1:
        modes = ", ".join(sorted(map(str, ratings["mode"].unique())))
        raise FrameError(f"the ratings come from several modes ({modes}): analyse one mode at a time", column="mode")


def arm_order(ratings: pd.DataFrame, arms: Sequence[str]) -> tuple[str, ...]:
    found = sorted(ratings["arm"].unique())
    if not arms:
        return tuple(found)
    strangers = [arm for arm in found if arm not in arms]
    if strangers:
        wrong = ratings.index[ratings["arm"].isin(strangers)]
        raise FrameError(
            f"the ratings have arms that the study does not: {', '.join(strangers)}; it has {', '.join(arms)}",
            column="arm",
            rows=tuple(wrong),
        )
    return tuple(arms)


def _design(units: pd.DataFrame, arms: Sequence[str]) -> Design:
    person, people = pd.factorize(units["participant"])
    arm = pd.Index(arms).get_indexer(pd.Index(units["arm"]))
    placed = np.zeros((len(people), len(arms)))
    placed[person, arm] = 1.0
    together = placed.T @ placed
    pairs = ((n, m) for n in range(len(arms)) for m in range(n))
    if not any(are_shared(int(together[n, m]), int(together[n, n]), int(together[m, m])) for n, m in pairs):
        return "between"
    filled = int((together.diagonal() > 0).sum())
    return "within" if bool(np.all(placed.sum(axis=1) == filled)) else "mixed"


def _design_cautions(units: pd.DataFrame) -> list[Caution]:
    """That a few people are in several arms of a design which gives everybody one."""
    counts = units.groupby("participant")["arm"].size()
    several = int((counts > 1).sum())
    if not several:
        return []
    return [
        Caution(
            "few-in-several-arms",
            "",
            f"{several} of {len(counts)} people are in more than one arm, which are fewer than half of any arm's: too "
            "few to compare the arms within people. They count in each of their arms as different people would, which "
            "makes intervals a little too wide where the ratings of one person are alike. See whether one id was given "
            "to two people.",
        )
    ]


def _data_cautions(outcome: pd.Series, reference: str, plan: Plan) -> list[Caution]:
    missing, rows = int(outcome.isna().sum()), len(outcome)
    known = outcome.dropna().to_numpy(dtype=float)
    found = [
        *caution_of_far_values(known, plan.outcome),
        *caution_of_cut(known, plan.outcome, plan.credible_cut),
    ]
    if missing:
        found.append(
            Caution(
                "missing-outcome",
                "",
                f"{counted(missing, f'of {rows} ratings has', f'of {rows} ratings have')} no value of {plan.outcome} "
                f"and {'does' if missing == 1 else 'do'} not count.",
            )
        )
    if not plan.reference:
        found.append(
            Caution(
                "reference-chosen",
                "",
                f"The plan names no reference arm; {reference} was taken.",
            )
        )
    return found


def _uneven_cautions(pairs: Sequence[Pair], labels: Mapping[str, str]) -> list[Caution]:
    """That few people gave hardly a rating each in one arm and many in the other (benchmarks/shares.py)."""
    found = []
    for people in pairs:
        given = [float(people.both[f"n_ratings_{side}"].mean()) for side in ("arm", "reference")]
        few = people.same_people and people.has_test and len(people.both) <= FEW_UNEVEN
        if not few or max(given) < UNEVEN * min(given):
            continue
        name = f"{labels.get(people.arm, people.arm)} against {labels.get(people.reference, people.reference)}"
        each = " and ".join(f"{ratings:.3g}" for ratings in given)
        found.append(
            Caution(
                "uneven-ratings",
                people.name,
                f"{name} compares shares of {len(people.both)} people who gave {each} ratings each: with so few people "
                "and so many more ratings in one arm, tests of shares near 0% or 100% at 5% find a difference where "
                "there is none in up to 7% of studies.",
            )
        )
    return found


def _pair_cautions(
    pairs: Sequence[Pair], means: Sequence[MeanContrast], labels: Mapping[str, str], design: Design
) -> list[Caution]:
    found = []
    if not pairs:
        found.append(Caution("one-arm", "", "There is one arm only, so there is nothing to compare it with."))
    for people, row in zip(pairs, means, strict=True):
        name = f"{labels.get(people.arm, people.arm)} against {labels.get(people.reference, people.reference)}"
        if people.same_people and people.only_one:
            found.append(
                Caution(
                    "partly-paired",
                    row.contrast,
                    f"{name} compares the {counted(len(people.both), 'person who is', 'people who are')} in both arms; "
                    f"{counted(people.only_one, 'who is in one of them only does', 'who are in one of them only do')} "
                    "not count in it.",
                )
            )
        if len(people.both) and not people.same_people and design != "between":
            found.append(
                Caution(
                    "few-in-both",
                    row.contrast,
                    f"{name} compares different people, although {counted(len(people.both), 'is', 'are')} in both "
                    "arms: fewer than half of the smaller arm's.",
                )
            )
        if why := why_no_test(row, labels):
            found.append(
                Caution("no-test", row.contrast, f"{name} has no test and no interval of people's means: {why}.")
            )
    return found
