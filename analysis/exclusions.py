"""PURE: the exclusion rules of a frozen plan, applied one after the other, with what each leaves out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.exclusions_by_arm import RuleByArm, rule_by_arm
from analysis.plan_rules import After, Rule
from analysis.tables import to_frame
from analysis.validation import FrameError, numbers


@dataclass(frozen=True)
class ExclusionStep:
    """One rule: what it took out of what the rules before it had left, and what it left.

    ``n_unknown`` counts people (or ratings) that the rule could not judge, because its column is empty; they stay.
    """

    rule: str
    description: str
    people_out: int
    ratings_out: int
    people_left: int
    ratings_left: int
    n_unknown: int


@dataclass(frozen=True)
class Exclusions:
    """The ratings that are left, and how it came to that. ``kept`` keeps the index of the ratings given.

    ``by_arm`` has each rule with what it left out of each arm; () for ratings without arms."""

    people_before: int
    ratings_before: int
    steps: tuple[ExclusionStep, ...]
    kept: pd.DataFrame
    by_arm: tuple[RuleByArm, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """One row a rule, in the plan's order; the columns are the fields of ``ExclusionStep``."""
        return to_frame(self.steps, ExclusionStep)


def apply_exclusions(
    ratings: pd.DataFrame, rules: Sequence[Rule], participants: pd.DataFrame | None = None
) -> Exclusions:
    """The ratings without those that ``rules`` leave out, in the order of the rules.

    Rules about people read ``participants``; a person with ratings who is not in it is an error, as is a column that
    a rule needs and does not find. Raises ``FrameError``. A missing value is no reason to leave somebody out.
    """
    kept = ratings
    steps = []
    by_arm = []
    for rule in rules:
        out, unknown = judged(kept, rule, participants)
        left = kept[~out]
        if "arm" in kept.columns and len(kept):
            by_arm.append(rule_by_arm(kept, out, rule, after_treatment(rule, participants)))
        steps.append(
            ExclusionStep(
                rule=str(rule),
                description=rule.sentence,
                people_out=kept["participant"].nunique() - left["participant"].nunique(),
                ratings_out=len(kept) - len(left),
                people_left=left["participant"].nunique(),
                ratings_left=len(left),
                n_unknown=unknown,
            )
        )
        kept = left
    return Exclusions(ratings["participant"].nunique(), len(ratings), tuple(steps), kept, tuple(by_arm))


def judged(ratings: pd.DataFrame, rule: Rule, participants: pd.DataFrame | None = None) -> tuple[pd.Series, int]:
    """For each rating whether the rule leaves it out, and how many people or ratings it could not judge.

    Neither depends on other rules. Raises ``FrameError`` as ``apply_exclusions``.
    """
    if rule.kind.level == "ratings":
        column = _needed(ratings, rule, "ratings")
        broken, unknown = _broken(column, rule)
        return broken, int(unknown.sum())
    if participants is None:
        raise FrameError(f"the rule '{rule}' needs the table of participants", column=rule.kind.column)
    people = participants.set_index(participants["participant"].astype("str"))
    column = _needed(people, rule, "participants")
    # Each person once: of a million ratings they are few.
    place, found = pd.factorize(ratings["participant"].astype("str"))
    present, everybody = found.tolist(), people.index.tolist()
    known = set(everybody)
    strangers = ratings[np.array([name not in known for name in present], dtype=bool)[place]]
    if len(strangers):
        raise FrameError(
            f"the participant {strangers['participant'].iloc[0]!r} has ratings and is not in the table of participants",
            column="participant",
            rows=tuple(strangers.index),
        )
    raters = set(present)
    broken, unknown = _broken(column[np.array([name in raters for name in everybody], dtype=bool)], rule)
    if rule.name == "flagged" and "flags_unknown" in people.columns:
        unmade = people["flags_unknown"].reindex(unknown.index).astype("object")
        unknown |= unmade.map(lambda names: isinstance(names, str) and rule.argument in names.split()).astype(bool)
    out = set(broken.index[broken].tolist())
    gone = np.array([name in out for name in present], dtype=bool)[place]
    return pd.Series(gone, index=ratings.index), int(unknown.sum())


def after_treatment(rule: Rule, participants: pd.DataFrame | None) -> After:
    """Whether the rule goes by what happened after the treatment, where the table says when people's checks came."""
    counts = ("attention_checks", "attention_checks_before")
    if rule.name != "attention-failed" or participants is None or not {*counts} <= {*participants.columns}:
        return rule.kind.after
    asked, before = (numbers(participants[name]) for name in counts)
    return "always" if (asked > before).any() else "never"


def _needed(frame: pd.DataFrame, rule: Rule, table: str) -> pd.Series:
    if rule.kind.column not in frame.columns:
        raise FrameError(
            f"the rule '{rule}' needs the column '{rule.kind.column}' of {table}, which is not there",
            column=rule.kind.column,
        )
    return frame[rule.kind.column]


def _broken(column: pd.Series, rule: Rule) -> tuple[pd.Series, pd.Series]:
    """Whether each value breaks the rule, and whether it is unknown."""
    if rule.kind.argument in {"count", "seconds"}:
        given = numbers(column)
        broken = given < rule.threshold if rule.name == "faster-than" else given > rule.threshold
        if rule.kind.argument == "count":
            broken = given >= rule.threshold
        return broken, given.isna()
    text = column.astype("object").where(column.notna(), "").astype("str")
    if rule.name == "incomplete":
        return text != "completed", pd.Series(False, index=column.index)
    if rule.name == "flagged":
        return text.map(lambda flags: rule.argument in flags.split()).astype(bool), column.isna()
    # The code of the answer, or its number where every answer of the item has one.
    return text.isin(["yes", "1", "1.0"]), text == ""
