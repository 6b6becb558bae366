"""The ratings' half of the seam between the database and statistics: what each person said of each article.

analysis/frames.py puts it together with who they were.
"""

from collections.abc import Iterable, Iterator

import pandas as pd

from analysis.frames_people import Keys, add_factors, people_of
from analysis.scale_scores import scale_columns, scales, scores
from analysis.schema import INDEX_INSTRUMENT, Column, Level, Table, item_column, item_column_name, reasons_column
from surveys.definition import Block
from surveys.frozen import FrozenStudy
from surveys.instruments.scoring import score
from surveys.items import TEXTS, Item
from surveys.models import Answer, StudyVersion, Trial

ATTRIBUTION_INSTRUMENT = "source-attribution"
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
    for name, values_of_scale in scores(scales(frozen.definition), answers).items():
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
