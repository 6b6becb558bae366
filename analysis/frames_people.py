"""The people's half of the seam between the database and statistics: who arrived, which checks they passed or failed.

analysis/frames.py puts it together with what they answered.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import partial
from operator import add
from sys import intern
from typing import Any

import pandas as pd
from django.db.models import TextField
from django.db.models.functions import Cast

from analysis.scale_scores import scale_column_name, scales_of_people, scores
from analysis.schema import PARTICIPANTS, item_column_name
from analysis.schema_quality import QUALITY
from surveys import quality
from surveys.definition import Block
from surveys.design import levels
from surveys.evidence import Gathered, evidence
from surveys.frozen import FrozenStudy
from surveys.items import Item
from surveys.items.checks import passes
from surveys.manipulation import DISCLAIMER, SOURCE_LABEL
from surveys.models import Answer, Event, Participant, Stage, StudyVersion
from surveys.route import steps

# The rows of the people who are asked for; None is everybody of the version and mode.
Keys = Collection[int] | None
Scored = Collection[Block]
# The columns of the factors, by the factor's key in the study's definition.
FACTORS = {DISCLAIMER: "disclaimer", SOURCE_LABEL: "source_label"}


def people_of(version: StudyVersion, mode: str, only: Keys) -> Any:
    """The participants of a version and mode, all or those asked for."""
    people = Participant.objects.filter(version=version, mode=mode)
    return people if only is None else people.filter(pk__in=only)


def add_factors(frame: pd.DataFrame) -> None:
    """A column for each factor, out of the conditions; '' where the condition does not name it."""
    for key, column in FACTORS.items():
        frame[column] = looked_up(frame["condition"], partial(_level, key))


def _level(factor: str, condition: str) -> str:
    return levels(condition).get(factor, "")


def looked_up(series: pd.Series, known: Callable[[Any], str]) -> pd.Series:
    """What is known of each value, asked once for each different one; missing where the value is."""
    codes, found = pd.factorize(series)
    # A missing value has the code -1: the last one.
    answers = pd.array([*(known(value) for value in found), None], dtype="str")
    return pd.Series(answers.take(codes), index=series.index)


def as_written(field: str) -> Cast:
    """A time as the database writes it: a million of them are read at once (``times``), and one by one in minutes."""
    return Cast(field, TextField())


def times(written: pd.Series) -> pd.Series:
    """The times in UTC, missing where there is none."""
    found: pd.Series = pd.to_datetime(written.astype("str"), format="ISO8601", utc=True)
    return found.astype("datetime64[us, UTC]")


Findings = dict[str, tuple[quality.Finding, ...]]


@dataclass(frozen=True)
class Judged:
    """What the checks on data quality say of each person: the names of those that flag them and of those that could not
    be made, separated by blanks, and with ``findings`` what was seen."""

    flags: dict[str, str]
    unknown: dict[str, str]
    findings: Findings


def judged_people(
    version: StudyVersion,
    mode: str,
    only: Keys,
    *,
    masked: bool,
    gathered: Gathered | None = None,
    findings: bool = True,
) -> Judged:
    """What the checks say of everybody who consented and has not withdrawn; while ``masked`` without those that look at
    ratings. Without ``findings`` their flags alone are kept, for which it is enough that each person's fastest reading
    is gathered: seven findings a person are much in a large study."""
    found = Judged({}, {}, {})
    for seen in evidence(version, mode, only, gathered):
        made = quality.judge(seen, masked=masked)
        # The same few texts for everybody.
        found.flags[seen.participant] = intern(quality.flags(made))
        found.unknown[seen.participant] = intern(quality.unknown(made))
        if findings:
            found.findings[seen.participant] = made
    return found


def quality_frame(findings: Findings, mode: str) -> pd.DataFrame:
    """One row a person and check, for people who consented and have not withdrawn."""
    rows = [
        (person, mode, found.check, quality.CHECKS[found.check].meaning, found.state, found.evidence)
        for person, made in findings.items()
        for found in made
    ]
    return pd.DataFrame(rows, columns=list(QUALITY.names))


def participants_frame(
    version: StudyVersion, mode: str, judged: Judged | None = None, only: Keys = None, *, scored: Scored = ()
) -> pd.DataFrame:
    """One row a person who arrived, those who withdrew among them; without the panel's id.

    ``judged`` is what the checks on data quality say; without it, and of who gave no data, flags are not known.
    ``scored`` are the scales about the person that have a column.
    """
    people = people_of(version, mode, only)
    columns = [column for column in PARTICIPANTS.columns if column.name not in _DERIVED]
    names = [column.name for column in columns]
    moments = [column.name for column in columns if column.type == "time"]
    fields = ["export_id" if name == "participant" else as_written(name) if name in moments else name for name in names]
    frame = pd.DataFrame(list(people.order_by("export_id").values_list(*fields)), columns=names)
    for name in moments:
        frame[name] = times(frame[name])
    taken = (frame["ended_at"] - frame["arrived_at"]).dt.total_seconds() // 60
    frame["minutes_taken"] = taken.astype("Int64")
    frame["study"], frame["version"] = version.study.key, version.sha256
    add_factors(frame)
    late = Event.sent_late(people)
    frame["sent_after_ending"] = pd.Series([late.get(person, "") for person in frame["participant"]], dtype="str")
    # The stratum is an answer; of who withdrew only the ledger keeps it, which could not be replayed without.
    frame.loc[frame["withdrawn_at"].notna(), "stratum"] = ""
    checks, present = _attention(version, mode, only), frame["participant"].tolist()
    nothing = (0,) * len(_ATTENTION)
    for place, name in enumerate(_ATTENTION):
        counted = [checks.get(person, nothing)[place] for person in present]
        # What somebody answered before they withdrew is deleted: nobody knows how many checks that were.
        frame[name] = pd.Series(counted, index=frame.index, dtype="Int64").mask(frame["withdrawn_at"].notna())
    told: tuple[dict[str, str], ...] = ({}, {}) if judged is None else (judged.flags, judged.unknown)
    for name, of_person in zip(("flags", "flags_unknown"), told, strict=True):
        # Not known is not the same as none found.
        frame[name] = pd.Series([*map(of_person.get, present)], dtype="str")
    frame = frame.reindex(columns=[name for name in PARTICIPANTS.names if name not in PANEL])
    for name, values in scores(scored, _given(version, mode, only, scored, present)).items():
        frame[name] = pd.Series(values, index=frame.index, dtype="float64")
    return frame


def _given(
    version: StudyVersion, mode: str, only: Keys, scored: Scored, order: Iterable[str]
) -> Iterable[dict[str, str]]:
    """What each person, in this order, answered to the questions of these scales; no query where there are none."""
    items = {item for block in scored if block.scoring for item in block.scoring.items}
    given: dict[str, dict[str, str]] = {}
    if items:
        rows = Answer.objects.filter(
            participant__in=people_of(version, mode, only), item__in=items, trial=None, state=Answer.State.ANSWERED
        )
        for person, item, value in rows.values_list("participant__export_id", "item", "value"):
            given.setdefault(person, {})[item] = value
    return [given.get(person, {}) for person in order]


# What only an export with identifying data has, from the panel's own tables (frames_study.panel_ids, panel_studies).
PANEL = ("panel_id", "panel_study")
_ATTENTION = ("attention_checks", "attention_failed", "attention_checks_before", "attention_failed_before")
_DERIVED = frozenset(
    {
        "minutes_taken",
        "study",
        "version",
        "sent_after_ending",
        *FACTORS.values(),
        *_ATTENTION,
        "flags",
        "flags_unknown",
        *PANEL,
    }
)


def covariate_items(names: Collection[str], frozen: FrozenStudy) -> list[Item]:
    """The questions asked before the articles whose columns are among ``names``."""
    asked = (item for block in frozen.definition.at("before") for item in block.items)
    return [item for item in asked if item_column_name(item.key) in names]


def people_with_covariates(
    participants: pd.DataFrame, answers: pd.DataFrame, names: Collection[str], frozen: FrozenStudy
) -> pd.DataFrame:
    """The participants with a column for each of ``names`` that is a question from before the articles.

    A choice stands as the label of its option, a number as one; missing where it was not answered. Scores of scales
    are columns of the participants already.
    """
    definition = frozen.definition
    for item in covariate_items(names, frozen):
        name = item_column_name(item.key)
        labels = {
            option.code: definition.text(option.label, definition.languages[0]) or option.code
            for option in item.options
        }
        own = answers[(answers["item"] == item.key) & (answers["state"] == Answer.State.ANSWERED)]
        given = own.drop_duplicates("participant").set_index("participant")["value"]
        values = given.map(lambda code, labels=labels: labels.get(code, code)) if labels else given.astype("float64")
        participants = participants.assign(**{name: participants["participant"].map(values)})
    return participants


def with_covariates(
    ratings: pd.DataFrame, participants: pd.DataFrame, names: Collection[str], frozen: FrozenStudy
) -> pd.DataFrame:
    """The ratings with a column for each of ``names`` that is a question, or the score of a scale, from before them.

    ``participants`` are ``people_with_covariates``.
    """
    asked = [item_column_name(item.key) for item in covariate_items(names, frozen)]
    scored = map(scale_column_name, (block.key for block in scales_of_people(frozen.definition, ("before",))))
    known = participants.set_index("participant")
    for name in (*scored, *asked):
        if name in names and name not in ratings.columns:
            ratings = ratings.assign(**{name: ratings["participant"].map(known[name])})
    return ratings


def _attention(version: StudyVersion, mode: str, only: Keys) -> dict[str, tuple[int, ...]]:
    """{person: (checks answered, failed, of them before the first article)}; one that was not answered is neither.

    Checks are instructed answers, and questions that have correct answers, about a vignette or an article.
    """
    checks = {
        (step.slug, item.key): (item, step.stage == Stage.BEFORE)
        for step in steps(version.frozen)
        for block in step.blocks
        for item in block.items
        if item.is_check
    }
    found: dict[str, tuple[int, ...]] = {}
    rows = Answer.objects.filter(
        participant__in=people_of(version, mode, only),
        item__in={item for _, item in checks},
        state=Answer.State.ANSWERED,
    ).values_list("participant__export_id", "step", "item", "value", "trial__story")
    for person, step, key, value, story in rows:
        item, is_before = checks.get((step, key), (None, False))
        passed = None if item is None else passes(item, value, story or "")
        if passed is not None:
            one: tuple[int, ...] = (1, int(not passed)) * 2 if is_before else (1, int(not passed), 0, 0)
            found[person] = tuple(map(add, found.get(person, (0,) * len(one)), one))
    return found
