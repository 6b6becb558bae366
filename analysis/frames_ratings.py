"""The ratings' half of the seam between the database and statistics: what each person said of each article.

analysis/frames.py puts it together with who they were.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import pandas as pd
from django.db.models.functions import Cast

from analysis.frames_people import Keys, add_factors, as_written, looked_up, people_of, times
from analysis.plan import cut_problem
from analysis.scale_scores import outcome_scale, scale_column_name, scale_columns, scales
from analysis.schema import INDEX_INSTRUMENT, Column, Level, Table, item_column, item_column_name, reasons_column
from surveys.definition import Block
from surveys.frozen import FrozenStudy
from surveys.instruments.scoring import score
from surveys.items import TEXTS, Item
from surveys.models import Answer, StudyVersion, Trial

ATTRIBUTION_INSTRUMENT = "source-attribution"
# Rows that are fetched at a time.
AT_ONCE = 10_000
_SEVERAL = frozenset({"multiple", "ranking"})
_NUMBERS = frozenset({"number", "slider"})


def _trial_items(frozen: FrozenStudy) -> Iterator[tuple[Block, Item]]:
    """The items that are asked about an article, in the order of the pages."""
    for when in ("reading", "looking-back"):
        for block in frozen.definition.at(when):
            for item in block.items:
                yield block, item


def item_columns(frozen: FrozenStudy) -> Iterator[Column]:
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
    yield from scale_columns(scales(frozen.definition))


def attribution_item(frozen: FrozenStudy) -> str:
    """The column that says whom a reader takes for the author, '' where the study does not ask."""
    asked = (item.key for block, item in _trial_items(frozen) if block.instrument == ATTRIBUTION_INSTRUMENT)
    return next(asked, "")


def ratings_frame(version: StudyVersion, mode: str, table: Table, only: Keys = None) -> pd.DataFrame:
    """One row a person and article, for ratings that were submitted; columns as ``table`` has them, in its order."""
    frozen = version.frozen
    frame = _trials(version, mode, only)
    frame["position"] += 1
    read = frozen.article_by_key
    frame["origin"] = looked_up(frame["article"], lambda key: read[key].origin)
    frame["model"] = looked_up(frame["article"], lambda key: read[key].model_name)
    frame["curation"] = looked_up(frame["article"], lambda key: read[key].curation)
    frame["study"], frame["version"], frame["mode"] = version.study.key, version.sha256, mode
    add_factors(frame)
    frame["seconds_on_page"] = (frame["submitted_at"] - frame["shown_at"]).dt.total_seconds()
    trials = frame["trial"].tolist()
    given, reasons = _given(version, mode, only)
    asked = [item for _, item in _trial_items(frozen)]
    answers = {item.key: [*map(given[item.key].get, trials)] for item in asked}
    for item in asked:
        own, why = given[item.key], reasons[item.key]
        frame[item_column_name(item.key)] = _as_column(answers[item.key], item)
        frame[f"{item_column_name(item.key)}_missing"] = [
            "" if trial in own else why.get(trial, "not-reached") for trial in trials
        ]
    for block in scales(frozen.definition):
        frame[scale_column_name(block.key)] = pd.Series(_scored(block, answers), index=frame.index, dtype="float64")
    index = next((block for block in frozen.definition.at("reading") if block.instrument == INDEX_INSTRUMENT), None)
    frame["credibility"] = [None] * len(frame) if index is None else _scored(index, answers)
    frame["credible"] = _credible(frame, frozen)
    return frame.reindex(columns=[name for name in table.names if name in frame.columns])


def _credible(frame: pd.DataFrame, frozen: FrozenStudy) -> list[bool | None]:
    """Whether each rating reaches the plan's cut, which is of the plan's outcome alone; all missing without a cut."""
    outcome, named = frozen.definition.plan.outcome, frozen.definition.plan.credible_cut
    if not named or outcome not in frame.columns:
        return [None] * len(frame)
    cut = float(named)
    if cut_problem(cut, outcome_scale(frozen.definition, outcome), outcome):
        return [None] * len(frame)
    values = pd.to_numeric(frame[outcome]).astype("float64")
    return [None if value != value else value >= cut for value in values.tolist()]


_TRIAL: dict[str, str | Cast] = {
    "trial": "pk",
    "participant": "participant__export_id",
    "stratum": "participant__stratum",
    "arm": "arm",
    "story": "story",
    "article": "article__key",
    "article_sha256": "article_sha256",
    "position": "position",
    "condition": "condition",
    "shown_at": as_written("shown_at"),
    "submitted_at": as_written("submitted_at"),
}
_TRIAL_TIMES = ("shown_at", "submitted_at")
_TRIAL_COLUMNS, _TRIAL_FIELDS = tuple(_TRIAL), tuple(_TRIAL.values())


def _trials(version: StudyVersion, mode: str, only: Keys) -> pd.DataFrame:
    """The submitted trials by person and position. A million of them are read a few at a time and kept by column."""
    rows = (
        Trial.objects.filter(
            participant__in=people_of(version, mode, only).filter(withdrawn_at__isnull=True), submitted_at__isnull=False
        )
        .order_by("participant__export_id", "position")
        .values_list(*_TRIAL_FIELDS)
    ).iterator(chunk_size=AT_ONCE)
    columns: list[list[Any]] = [[] for _ in _TRIAL_COLUMNS]
    # Every row brings its own copy of words that stand in thousands of rows.
    same: dict[Any, Any] = {}
    while part := list(islice(rows, AT_ONCE)):
        for column, values in zip(columns, zip(*part, strict=True), strict=True):
            column += [same.setdefault(value, value) for value in values] if isinstance(values[0], str) else values
    frame = pd.DataFrame(dict(zip(_TRIAL_COLUMNS, columns, strict=True)))
    for name in _TRIAL_TIMES:
        frame[name] = times(frame[name])
    return frame


Given = dict[str, dict[int, str]]


def _given(version: StudyVersion, mode: str, only: Keys) -> tuple[Given, Given]:
    """{item: {trial: value}} for what was answered about articles, and {item: {trial: state}} for what was not."""
    given: Given = defaultdict(dict)
    reasons: Given = defaultdict(dict)
    same: dict[str, str] = {}
    people = people_of(version, mode, only).filter(withdrawn_at__isnull=True)
    rows = Answer.objects.filter(participant__in=people, trial__isnull=False)
    for trial, item, state, value in rows.values_list("trial_id", "item", "state", "value").iterator(AT_ONCE):
        if state == Answer.State.ANSWERED:
            given[item][trial] = same.setdefault(value, value)
        else:
            reasons[item][trial] = same.setdefault(state, state)
    return given, reasons


def _as_column(answers: list[str | None], item: Item) -> list[Any]:
    """Answers as their column holds them: the option's number on a scale, a number, or the code or text itself."""
    values: dict[str | None, int] = {option.code: option.value for option in item.options if option.value is not None}
    if values and item.kind not in _SEVERAL:
        return [*map(values.get, answers)]
    if item.kind in _NUMBERS:
        return [None if answer is None else float(answer) for answer in answers]
    return answers


def _scored(block: Block, answers: Mapping[str, list[str | None]]) -> list[float | None]:
    """The score of each rating by the frozen rule, None where an item has no answer."""
    items = block.scoring.items if block.scoring else ()
    if not items:
        return [None for _ in next(iter(answers.values()), [])]
    keys = [*zip(*(answers[item] for item in items), strict=True)]
    known: dict[tuple[str | None, ...], float | None] = {}
    for key in set(keys):
        # There are few different ratings, and many of each.
        found = score(block, {item: value for item, value in zip(items, key, strict=True) if value is not None})
        known[key] = None if found is None else found.value
    return [known[key] for key in keys]
