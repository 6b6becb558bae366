"""PURE: how many people arrived, and what became of them, as a CONSORT diagram counts it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from analysis.tables import to_frame
from analysis.validation import FrameError

# Outcomes that somebody can have without an arm, in the order of a participant's way.
BEFORE_ARMS = (
    "no-consent",
    "took-part-before",
    "incompatible-device",
    "screened-out",
    "failed-checks",
    "quota-full",
    "left",
    "returned",
    "timed-out",
    "withdrawn",
    "closed",
    "",
)
# Of these no more than the arrival is kept, so that they are nobody's ending after the randomisation.
WITHOUT_CONSENT = ("no-consent", "took-part-before", "incompatible-device")
_ENDINGS = ("completed", *(outcome for outcome in BEFORE_ARMS if outcome not in WITHOUT_CONSENT))


@dataclass(frozen=True)
class ArmFlow:
    """What became of the people of one arm (or row of the counterbalancing). The endings add up to ``randomised``.

    ``withdrawn`` counts who withdrew, before or after the end; their answers are deleted. ``no_ending`` are under way,
    vanished, or were still inside when the study closed. ``exposed`` counts who was shown an article; None where the
    table does not say. ``analysed`` has ratings in the analysis; None where no ratings were given.
    """

    arm: str
    randomised: int
    exposed: int | None
    completed: int
    left: int
    screened_out: int
    failed_checks: int
    quota_full: int
    returned: int
    timed_out: int
    withdrawn: int
    no_ending: int
    analysed: int | None


@dataclass(frozen=True)
class Flow:
    """Everybody who arrived. The counts from ``no_consent`` to ``no_ending`` are of people without an arm; with
    ``randomised`` they add up to ``arrived``."""

    arrived: int
    no_consent: int
    took_part_before: int
    incompatible_device: int
    screened_out: int
    failed_checks: int
    quota_full: int
    left: int
    returned: int
    timed_out: int
    withdrawn: int
    no_ending: int
    randomised: int
    arms: tuple[ArmFlow, ...]

    def to_frame(self) -> pd.DataFrame:
        """One row an arm; the columns are the fields of ``ArmFlow``."""
        return to_frame(self.arms, ArmFlow)


def arm_in_words(arm: str, labels: Mapping[str, str]) -> str:
    """The label of what people are assigned to: an arm, or the row of a counterbalancing in which all arms stand.

    >>> arm_in_words("row-2", {}), arm_in_words("young/balanced", {}), arm_in_words("a", {"a": "An arm"})
    ('All arms, order 2', 'All arms of young, balanced', 'An arm')
    """
    group, _, row = arm.rpartition("/")
    order = re.fullmatch(r"row-(\d+)|balanced|random", row)
    if arm in labels or order is None:
        return labels.get(arm, arm)
    return f"All arms{f' of {group}' if group else ''}, {f'order {order[1]}' if order[1] else row}"


def participant_flow(
    participants: pd.DataFrame, *, arms: Sequence[str] = (), analysed: pd.DataFrame | None = None
) -> Flow:
    """The flow of the people in ``participants`` (columns ``participant``, ``outcome``, ``arm``; ``exposed_at``).

    ``arms`` gives the order, and arms that nobody is in; other arms found follow, sorted. ``analysed`` is the ratings
    that are analysed. Raises ``FrameError`` for a missing column, a person twice, or an unknown outcome.
    """
    people = _people(participants)
    waiting = people[people["arm"] == ""]
    found = sorted({*people["arm"].unique()} - {"", *arms})
    counts = waiting["outcome"].value_counts()
    rated = None if analysed is None else set(analysed["participant"].astype("str").unique())
    return Flow(
        arrived=len(people),
        no_consent=int(counts.get("no-consent", 0)),
        took_part_before=int(counts.get("took-part-before", 0)),
        incompatible_device=int(counts.get("incompatible-device", 0)),
        screened_out=int(counts.get("screened-out", 0)),
        failed_checks=int(counts.get("failed-checks", 0)),
        quota_full=int(counts.get("quota-full", 0)),
        left=int(counts.get("left", 0)),
        returned=int(counts.get("returned", 0)),
        timed_out=int(counts.get("timed-out", 0)),
        withdrawn=int(counts.get("withdrawn", 0)),
        no_ending=int(counts.get("", 0) + counts.get("closed", 0)),
        randomised=len(people) - len(waiting),
        arms=tuple(_arm_flow(arm, people[people["arm"] == arm], rated) for arm in (*arms, *found)),
    )


def _people(participants: pd.DataFrame) -> pd.DataFrame:
    """Columns ``participant, outcome, arm`` and, where it is known, ``exposed``, one row a person.

    Raises ``FrameError`` for what cannot be.
    """
    for name in ("participant", "outcome", "arm"):
        if name not in participants.columns:
            raise FrameError(f"the column '{name}' is missing from the table of participants", column=name)
    twice = participants[participants["participant"].duplicated(keep=False)]
    if len(twice):
        raise FrameError(
            f"the participant {twice['participant'].iloc[0]!r} is in the table of participants more than once",
            column="participant",
            rows=tuple(twice.index),
        )
    people = pd.DataFrame(
        {
            "participant": participants["participant"].astype("str"),
            "outcome": _text(participants["outcome"]),
            "arm": _text(participants["arm"]),
        }
    )
    if "exposed_at" in participants.columns:
        people["exposed"] = participants["exposed_at"].notna()
    known = {*BEFORE_ARMS, *_ENDINGS}
    strange = people[~people["outcome"].isin(known)]
    if len(strange):
        raise FrameError(
            f"the column 'outcome' holds {strange['outcome'].iloc[0]!r}, which is no ending; there are "
            f"{', '.join(sorted(known - {''}))}, and an empty one for who has not ended",
            column="outcome",
            rows=tuple(strange.index),
        )
    # Somebody who reached the end without an arm would be counted nowhere.
    lost = people[(people["arm"] == "") & (people["outcome"] == "completed")]
    if len(lost):
        raise FrameError(
            f"the participant {lost['participant'].iloc[0]!r} completed without an arm",
            column="arm",
            rows=tuple(lost.index),
        )
    return people


def _arm_flow(arm: str, people: pd.DataFrame, rated: set[str] | None) -> ArmFlow:
    strange = people[people["outcome"].isin(WITHOUT_CONSENT)]
    if len(strange):
        raise FrameError(
            f"the participant {strange['participant'].iloc[0]!r} did not consent and has the arm '{arm}'",
            column="arm",
            rows=tuple(strange.index),
        )
    counts = people["outcome"].value_counts()
    return ArmFlow(
        arm=arm,
        randomised=len(people),
        exposed=int(people["exposed"].sum()) if "exposed" in people.columns else None,
        completed=int(counts.get("completed", 0)),
        left=int(counts.get("left", 0)),
        screened_out=int(counts.get("screened-out", 0)),
        failed_checks=int(counts.get("failed-checks", 0)),
        quota_full=int(counts.get("quota-full", 0)),
        returned=int(counts.get("returned", 0)),
        timed_out=int(counts.get("timed-out", 0)),
        withdrawn=int(counts.get("withdrawn", 0)),
        no_ending=int(counts.get("", 0) + counts.get("closed", 0)),
        analysed=None if rated is None else len(set(people["participant"]) & rated),
    )


def _text(series: pd.Series) -> pd.Series:
    return series.astype("object").where(series.notna(), "").astype("str")
