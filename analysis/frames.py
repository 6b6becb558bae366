"""The only seam between the database and the statistics: a study version's tables, as analysis/schema.py has them.

Withdrawn people stay in the table of participants and are in no other. Before the unblinding there is no table of
ratings, and of the answers only those given before the randomisation: the counts by arm that a running study shows,
taken twice, would tell whose ratings belong to which arm.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from operator import attrgetter

import pandas as pd

from analysis.frames_people import FACTORS, Keys, add_factors, findings_of, participants_frame, people_of, quality_frame
from analysis.scale_scores import scale_columns, scores
from analysis.schema import (
    ANSWERS,
    INDEX_INSTRUMENT,
    PARTICIPANTS,
    RATINGS,
    Column,
    Level,
    Table,
    item_column,
    item_column_name,
    reasons_column,
)
from analysis.schema_quality import PARADATA, QUALITY
from surveys import amendments, paradata
from surveys.definition import Block, FrozenStudy
from surveys.instruments.scoring import score
from surveys.items import TEXTS, Item
from surveys.models import Answer, Participant, Stage, StudyVersion, Trial
from surveys.route import steps

# A factor is drawn as an arm is, and tells treatment from control as an arm does.
MASKED = frozenset(
    {"arm", "origin", "model", "curation", "story", "article", "article_sha256", "condition", *FACTORS.values()}
)
ATTRIBUTION_INSTRUMENT = "source-attribution"
_SEVERAL = frozenset({"multiple", "ranking"})
_NUMBERS = frozenset({"number", "slider"})


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


def study_frames(version: StudyVersion, mode: str, *, masked: bool, only: Keys = None) -> StudyFrames:
    """Everything of one version and mode that may be seen now; ``masked`` before the unblinding.

    ``only`` names the rows of the people who are asked for, here as in every function below; None asks for everybody.
    """
    findings = findings_of(version, mode, only, masked=masked)
    answers, participants = answers_frame(version, mode, only), participants_frame(version, mode, findings, only)
    pages, checks = paradata_frame(version, mode, only), quality_frame(findings, mode)
    if masked:
        shown = (ANSWERS, PARTICIPANTS, PARADATA, QUALITY)
        return StudyFrames(
            ratings=None,
            answers=_before(answers),
            participants=participants.drop(columns=MASKED & {*participants.columns}),
            paradata=_before(pages),
            quality=checks,
            tables={table.name: _without(table, MASKED) for table in shown},
        )
    tables = {
        "ratings": RATINGS.with_items(_item_columns(version.frozen)),
        "answers": ANSWERS,
        "participants": PARTICIPANTS,
        "paradata": PARADATA,
        "quality": QUALITY,
    }
    ratings = ratings_frame(version, mode, tables["ratings"], only)
    ratings["seconds_visible"] = _visible(ratings, pages)
    ratings["attention"] = _failed(ratings, participants)
    ratings = ratings.reindex(columns=[name for name in tables["ratings"].names if name in ratings.columns])
    return StudyFrames(ratings, answers, participants, pages, checks, tables)


def _before(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows from before the randomisation, without what tells an arm."""
    kept = frame[frame["step"].str.startswith(f"{Stage.BEFORE}-")]
    return kept.reset_index(drop=True).drop(columns=MASKED & {*frame.columns})


def _visible(ratings: pd.DataFrame, pages: pd.DataFrame) -> pd.Series:
    """For how long each rating's page was in the foreground, where the page's script ran."""
    reading = pages[pages["step"].str.startswith(f"{Stage.READING}-")]
    seconds = reading.set_index(["participant", "article"])["visible_seconds"]
    index = pd.MultiIndex.from_frame(ratings[["participant", "article"]])
    return pd.Series(seconds.reindex(index).to_numpy(), index=ratings.index, dtype="float64")


def _failed(ratings: pd.DataFrame, participants: pd.DataFrame) -> pd.Series:
    """How many checks the person of each rating failed; missing where they answered none."""
    answered = participants[participants["attention_checks"] > 0]
    failed = answered.set_index("participant")["attention_failed"].astype("Int64")
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


def _trial_items(frozen: FrozenStudy) -> Iterator[tuple[Block, Item]]:
    """The items that are asked about an article, in the order of the pages."""
    for when in ("reading", "looking-back"):
        for block in frozen.definition.at(when):
            for item in block.items:
                yield block, item


def _item_columns(frozen: FrozenStudy) -> Iterator[Column]:
    for _, item in _trial_items(frozen):
        wording = frozen.definition.text(item.wording, frozen.definition.languages[0])
        scaled = bool(item.options) and all(option.value is not None for option in item.options)
        levels = tuple(
            Level(
                str(option.value) if scaled else option.code,
                frozen.definition.text(option.label, frozen.definition.languages[0]),
            )
            for option in item.options
        )
        kind = "integer" if scaled and item.kind not in _SEVERAL else "number" if item.kind in _NUMBERS else "text"
        column = item_column(
            item.key,
            wording,
            type=kind,  # type: ignore[arg-type]  # one of the literals just above
            levels=levels if item.kind not in _SEVERAL else (),
            identifying=item.kind in TEXTS,
        )
        yield column
        yield reasons_column(column)
    yield from scale_columns(frozen.definition)


def deviations(version: StudyVersion) -> tuple[str, ...]:
    """What was changed of the version after it was frozen, each with its day and reason."""
    return tuple(amendments.deviations(version))


def attribution_item(frozen: FrozenStudy) -> str:
    """The column that says whom a reader takes for the author, '' where the study does not ask."""
    asked = (item.key for block, item in _trial_items(frozen) if block.instrument == ATTRIBUTION_INSTRUMENT)
    return next(asked, "")


def ratings_frame(version: StudyVersion, mode: str, table: Table, only: Keys = None) -> pd.DataFrame:
    """One row a person and article, for ratings that were submitted; columns as ``table`` has them, in its order."""
    frozen = version.frozen
    trials = list(
        Trial.objects.filter(
            participant__in=people_of(version, mode, only).filter(withdrawn_at__isnull=True), submitted_at__isnull=False
        )
        .order_by("participant__export_id", "position")
        .values_list(*_TRIAL_FIELDS)
    )
    frame = pd.DataFrame(trials, columns=list(_TRIAL_COLUMNS))
    frame["position"] += 1
    articles = [frozen.article_by_key[key] for key in frame["article"]]
    frame["origin"] = [article.origin for article in articles]
    frame["model"] = [article.model_name for article in articles]
    frame["curation"] = [article.curation for article in articles]
    frame["study"], frame["version"], frame["mode"] = version.study.key, version.sha256, mode
    add_factors(frame)
    frame["seconds_on_page"] = (frame["submitted_at"] - frame["shown_at"]).dt.total_seconds() if trials else None
    given, reasons = _given_by_trial(version, mode, only)
    items = list(_trial_items(frozen))
    for _, item in items:
        values = {option.code: option.value for option in item.options if option.value is not None}
        frame[item_column_name(item.key)] = [
            _as_column(given.get(trial, {}).get(item.key), item, values) for trial in frame["trial"]
        ]
        frame[f"{item_column_name(item.key)}_missing"] = [
            "" if item.key in given.get(trial, {}) else reasons.get((trial, item.key), "not-reached")
            for trial in frame["trial"]
        ]
    answers = [given.get(trial, {}) for trial in frame["trial"]]
    for name, values_of_scale in scores(frozen.definition, answers).items():
        frame[name] = pd.Series(values_of_scale, index=frame.index, dtype="float64")
    frame["credibility"] = _index(frozen, answers)
    cut = float(frozen.definition.plan.credible_cut)
    frame["credible"] = [None if pd.isna(index) else index >= cut for index in frame["credibility"]]
    return frame.reindex(columns=[name for name in table.names if name in frame.columns])


_TRIAL = {
    "trial": "pk",
    "participant": "participant__export_id",
    "stratum": "participant__stratum",
    "arm": "arm",
    "story": "story",
    "article": "article__key",
    "article_sha256": "article_sha256",
    "position": "position",
    "condition": "condition",
    "shown_at": "shown_at",
    "submitted_at": "submitted_at",
}
_TRIAL_COLUMNS, _TRIAL_FIELDS = tuple(_TRIAL), tuple(_TRIAL.values())


def _given_by_trial(
    version: StudyVersion, mode: str, only: Keys
) -> tuple[dict[int, dict[str, str]], dict[tuple[int, str], str]]:
    """{trial: {item: value}} for what was answered about articles, and {(trial, item): state} for what was not."""
    given: dict[int, dict[str, str]] = {}
    reasons: dict[tuple[int, str], str] = {}
    people = people_of(version, mode, only).filter(withdrawn_at__isnull=True)
    rows = Answer.objects.filter(participant__in=people, trial__isnull=False)
    for trial, item, state, value in rows.values_list("trial_id", "item", "state", "value").iterator(chunk_size=10_000):
        if state == Answer.State.ANSWERED:
            given.setdefault(trial, {})[item] = value
        else:
            reasons[trial, item] = state
    return given, reasons


def _as_column(value: str | None, item: Item, values: dict[str, int]) -> int | float | str | None:
    """An answer as its column holds it: the option's number on a scale, a number, or the code or text itself."""
    if value is None:
        return None
    if values and item.kind not in _SEVERAL:
        return values.get(value)
    return float(value) if item.kind in _NUMBERS else value


def _index(frozen: FrozenStudy, answers: Iterable[dict[str, str]]) -> list[float | None]:
    """The credibility index of each rating by the frozen scoring, where its items are asked; otherwise all missing."""
    block = next((block for block in frozen.definition.at("reading") if block.instrument == INDEX_INSTRUMENT), None)
    if block is None:
        return [None for _ in answers]
    # There are few different ratings, and many of each.
    asked = block.scoring.items if block.scoring else ()
    known: dict[tuple[str | None, ...], float | None] = {}
    indices = []
    for given in answers:
        key = tuple(given.get(item) for item in asked)
        if key not in known:
            found = score(block, given)
            known[key] = None if found is None else found.value
        indices.append(known[key])
    return indices


def answers_frame(version: StudyVersion, mode: str, only: Keys = None) -> pd.DataFrame:
    """One row a person, step and item, for people who consented; what was not reached has its row too."""
    people = people_of(version, mode, only).filter(consented_at__isnull=False, withdrawn_at__isnull=True)
    given = {
        (person, step, item): (state, value, order, at)
        for person, step, item, state, value, order, at in Answer.objects.filter(participant__in=people)
        .values_list("participant__export_id", "step", "item", "state", "value", "option_order", "submitted_at")
        .iterator(chunk_size=10_000)
    }
    articles = {
        (person, position): article
        for person, position, article in Trial.objects.filter(participant__in=people).values_list(
            "participant__export_id", "position", "article__key"
        )
    }
    asked = [(step, item) for step in steps(version.frozen) for block in step.blocks for item in block.items]
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
