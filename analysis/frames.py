"""The only seam between the database and the statistics: a study version's tables, as analysis/schema.py has them.

Withdrawn people stay in the table of participants and are in no other. Before the unblinding there is no table of
ratings, and of the answers only those given before the randomisation: the counts by arm that a running study shows,
taken twice, would tell whose ratings belong to which arm.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from operator import attrgetter

import pandas as pd

from analysis.frames_people import FACTORS, Keys, judged_people, participants_frame, people_of, quality_frame
from analysis.frames_rated import rated
from analysis.frames_ratings import item_columns, ratings_frame
from analysis.scale_scores import scale_columns, scales_of_people
from analysis.schema import ANSWERS, PARTICIPANTS, RATINGS
from analysis.schema_columns import Table
from analysis.schema_quality import PARADATA, QUALITY
from analysis.schema_workshop import WORKSHOP
from generation import records
from surveys import amendments, paradata
from surveys.items import TEXTS
from surveys.models import Answer, Participant, Stage, StudyVersion, Trial
from surveys.route import steps

# A factor is drawn as an arm is, and tells treatment from control as an arm does.
MASKED = frozenset(
    {"arm", "origin", "model", "curation", "story", "article", "article_sha256", "condition", *FACTORS.values()}
)


@dataclass(frozen=True)
class StudyFrames:
    """The tables of one version and mode, each frame with the ``Table`` of the same name that describes its columns.

    ``ratings`` is None while the study is masked; ``answers`` and ``paradata`` then hold those from before the
    randomisation alone.
    """

    ratings: pd.DataFrame | None
    answers: pd.DataFrame
    participants: pd.DataFrame
    paradata: pd.DataFrame
    quality: pd.DataFrame
    tables: dict[str, Table]

    def by_name(self) -> dict[str, pd.DataFrame]:
        """Every frame that there is, by its table's name."""
        frames = {
            "ratings": self.ratings,
            "answers": self.answers,
            "participants": self.participants,
            "paradata": self.paradata,
            "quality": self.quality,
        }
        return {name: frame for name, frame in frames.items() if frame is not None}


def study_frames(
    version: StudyVersion,
    mode: str,
    *,
    masked: bool,
    only: Keys = None,
    items: Collection[str] | None = None,
    evidence: bool = True,
) -> StudyFrames:
    """Everything of one version and mode that may be seen now; ``masked`` before the unblinding.

    ``only`` names the rows of the people who are asked for, here as in every function below; None asks for everybody.
    Of the answers there are those to ``items``; None is all of them, which are many more rows than there are ratings.
    Without ``evidence`` the tables of pages and of checks are empty, while ratings and people have what follows from
    them: a report shows nothing else of them, and in a large study they are the most rows.
    """
    about_articles = None if masked else rated(version, mode, only)
    judged = judged_people(
        version,
        mode,
        only,
        masked=masked,
        gathered=None if about_articles is None else about_articles.gathered(version.frozen, fastest=not evidence),
        findings=evidence,
    )
    # What was answered before the articles tells nothing of them; the rest waits for the unblinding.
    scored = scales_of_people(version.frozen.definition, ("before",) if masked else ("before", "after"))
    people = PARTICIPANTS.with_items(scale_columns(scored))
    answers = answers_frame(version, mode, only, items)
    participants = participants_frame(version, mode, judged, only, scored=scored)
    pages = paradata_frame(version, mode, only if evidence else ())
    checks = quality_frame(judged.findings, mode)
    if about_articles is None:
        shown = (ANSWERS, people, PARADATA, QUALITY)
        return StudyFrames(
            ratings=None,
            answers=_before(answers),
            participants=participants.drop(columns=MASKED & {*participants.columns}),
            paradata=_before(pages),
            quality=checks,
            tables={table.name: _without(table, MASKED) for table in shown},
        )
    tables = {
        "ratings": RATINGS.with_items(item_columns(version.frozen)),
        "answers": ANSWERS,
        "participants": people,
        "paradata": PARADATA,
        "quality": QUALITY,
    }
    ratings = ratings_frame(version, mode, about_articles)
    for which in ("", "_before"):
        ratings[f"attention{which}"] = _failed(ratings, participants, which)
    ratings = ratings.reindex(columns=[name for name in tables["ratings"].names if name in ratings.columns])
    return StudyFrames(ratings, answers, participants, pages, checks, tables)


def _before(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows from before the randomisation, without what tells an arm."""
    kept = frame[frame["step"].str.startswith(f"{Stage.BEFORE}-")]
    return kept.reset_index(drop=True).drop(columns=MASKED & {*frame.columns})


def _failed(ratings: pd.DataFrame, participants: pd.DataFrame, which: str) -> pd.Series:
    """How many checks the person of each rating failed, of all or of ``which``; missing where they answered none."""
    answered = participants[participants[f"attention_checks{which}"] > 0]
    failed = answered.set_index("participant")[f"attention_failed{which}"].astype("Int64")
    return pd.Series(failed.reindex(ratings["participant"]).to_numpy(), index=ratings.index, dtype="Int64")


def _without(table: Table, names: frozenset[str]) -> Table:
    return replace(table, columns=tuple(column for column in table.columns if column.name not in names))


def people_in_parts(version: StudyVersion, mode: str, at_once: int) -> Iterator[list[int]]:
    """The rows of everybody who is there now, in the order of their export ids, some at a time.

    Who arrives meanwhile is in a later export; nobody is in two parts.
    """
    people = Participant.objects.filter(study=version.study_id, version=version, mode=mode)
    newest = people.order_by("-pk").values_list("pk", flat=True).first()
    last = ""
    while newest is not None:
        part = list(
            people.filter(pk__lte=newest, export_id__gt=last)
            .order_by("export_id")
            .values_list("pk", "export_id")[:at_once]
        )
        if not part:
            return
        last = part[-1][1]
        yield [key for key, _ in part]


def deviations(version: StudyVersion) -> tuple[str, ...]:
    """What was changed of the version after it was frozen, each with its day and reason."""
    return tuple(amendments.deviations(version))


def answers_frame(
    version: StudyVersion, mode: str, only: Keys = None, items: Collection[str] | None = None
) -> pd.DataFrame:
    """One row a person, step and item, for people who consented; what was not reached has its row too."""
    people = people_of(version, mode, only).filter(consented_at__isnull=False, withdrawn_at__isnull=True)
    asked = [
        (step, item)
        for step in steps(version.frozen)
        for block in step.blocks
        for item in block.items
        if items is None or item.key in items
    ]
    if not asked:
        return pd.DataFrame([], columns=list(ANSWERS.names))
    answered = Answer.objects.filter(participant__in=people)
    if items is not None:
        answered = answered.filter(item__in=items)
    given = {
        (person, step, item): (state, value, order, at)
        for person, step, item, state, value, order, at in answered.values_list(
            "participant__export_id", "step", "item", "state", "value", "option_order", "submitted_at"
        ).iterator(chunk_size=10_000)
    }
    read = Trial.objects.filter(participant__in=people)
    if all(step.trial is None for step, _ in asked):
        read = read.none()
    articles = {
        (person, position): article
        for person, position, article in read.values_list("participant__export_id", "position", "article__key")
    }
    rows = []
    for person in people.order_by("export_id").values_list("export_id", flat=True):
        for step, item in asked:
            state, value, order, at = given.get((person, step.slug, item.key), ("not-reached", "", "", None))
            free = item.kind in TEXTS
            article = articles.get((person, step.trial), "") if step.trial is not None else ""
            texts = ("", value) if free else (value, "")
            rows.append((person, mode, step.slug, item.key, item.kind, article, state, *texts, order, at))
    return pd.DataFrame(rows, columns=list(ANSWERS.names))


def paradata_frame(version: StudyVersion, mode: str, only: Keys = None) -> pd.DataFrame:
    """One row a person and page that was sent or measured, for people who consented and have not withdrawn."""
    names = [name for name in PARADATA.names if name != "mode"]
    frame = pd.DataFrame(map(attrgetter(*names), paradata.pages_taken(version, mode, only)), columns=names)
    frame["mode"] = mode
    # A column without any value would have no type of its own.
    kinds = {"integer": "Int64", "number": "float64"}
    typed = frame.astype({column.name: kinds[column.type] for column in PARADATA.columns if column.type in kinds})
    return typed[list(PARADATA.names)]


def workshop_frames(version: StudyVersion) -> dict[str, pd.DataFrame]:
    """How the study's machine texts were written and chosen, and how models find its articles: the tables with a row.

    They hold nothing that a participant gave, and can be shown before the unblinding.
    """
    kinds = {"integer": "Int64", "number": "float64", "yes-no": "boolean"}
    frames = {}
    for name, rows in records.of_version(version).items():
        table = WORKSHOP[name]
        typed = {column.name: kinds[column.type] for column in table.columns if column.type in kinds}
        if rows:
            frames[name] = pd.DataFrame(rows, columns=list(table.names)).astype(typed)
    return frames
