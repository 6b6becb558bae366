"""The ratings' half of the seam between the database and statistics: what each person said of each article.

analysis/frames.py puts it together with who they were.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from analysis.frames_people import add_factors, looked_up
from analysis.frames_rated import Rated
from analysis.plan import cut_problem
from analysis.scale_scores import outcome_scale, scale_column_name, scale_columns, scales
from analysis.schema import INDEX_INSTRUMENT, item_column, item_column_name, reasons_column
from analysis.schema_columns import Column, Level
from surveys.definition import Block
from surveys.frozen import FrozenStudy
from surveys.instruments.scoring import score
from surveys.items import TEXTS, Item
from surveys.models import StudyVersion

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


def ratings_frame(version: StudyVersion, mode: str, rated: Rated) -> pd.DataFrame:
    """One row a person and article, for ratings that were submitted, by person and position."""
    frozen = version.frozen
    frame = rated.trials.drop(columns=["trial", "person", "article_id", "in_view", "finished"])
    frame["position"] += 1
    read = frozen.article_by_key
    frame["origin"] = looked_up(frame["article"], lambda key: read[key].origin)
    frame["model"] = looked_up(frame["article"], lambda key: read[key].model_name)
    frame["curation"] = looked_up(frame["article"], lambda key: read[key].curation)
    frame["study"], frame["version"], frame["mode"] = version.study.key, version.sha256, mode
    add_factors(frame)
    frame["seconds_on_page"] = (frame["submitted_at"] - frame["shown_at"]).dt.total_seconds()
    frame["seconds_visible"] = rated.trials["in_view"] / 1000
    answers: dict[str, np.ndarray] = {}
    for item in (item for _, item in _trial_items(frozen)):
        codes, values = rated.codes(item.key, answered=True)
        frame[item_column_name(item.key)] = _taken(codes, values, item)
        why, states = rated.codes(item.key, answered=False)
        # The last two are what somebody did not reach, and what has an answer.
        reasons = np.array([*states[:-1], "not-reached", ""], dtype=object)
        reason = np.where(codes < 0, np.where(why < 0, len(states) - 1, why), len(states))
        frame[f"{item_column_name(item.key)}_missing"] = _column(reasons, reason)
        answers[item.key] = codes
    for block in scales(frozen.definition):
        frame[scale_column_name(block.key)] = _scored(block, answers, rated.values).astype("float64")
    index = next((block for block in frozen.definition.at("reading") if block.instrument == INDEX_INSTRUMENT), None)
    frame["credibility"] = [None] * len(frame) if index is None else _scored(index, answers, rated.values)
    frame["credible"] = _credible(frame, frozen)
    return frame


def _column(known: np.ndarray, codes: np.ndarray) -> pd.Series:
    """The column whose rows are what is ``known`` of their codes: of the type that a list of all of them would have,
    which a list of the different ones has too, at a hundredth of the time."""
    place, used = pd.factorize(codes)
    return pd.Series(known[used].tolist()).take(place).reset_index(drop=True)


def _credible(frame: pd.DataFrame, frozen: FrozenStudy) -> pd.Series | list[None]:
    """Whether each rating reaches the plan's cut, which is of the plan's outcome alone; all missing without a cut."""
    outcome, named = frozen.definition.plan.outcome, frozen.definition.plan.credible_cut
    if not named or outcome not in frame.columns:
        return [None] * len(frame)
    cut = float(named)
    if cut_problem(cut, outcome_scale(frozen.definition, outcome), outcome):
        return [None] * len(frame)
    values = pd.to_numeric(frame[outcome]).astype("float64")
    return _column(np.array([None, False, True], dtype=object), np.where(values.isna(), 0, 1 + (values >= cut)))


def _taken(codes: np.ndarray, values: np.ndarray, item: Item) -> pd.Series:
    """The item's column out of the codes of its values; None for the code -1. Each different answer is read once."""
    used = np.unique(codes[codes >= 0])
    known = np.full(len(values), None, dtype=object)
    known[used] = _as_column(values[used].tolist(), item)
    return _column(known, codes)


def _as_column(answers: list[str], item: Item) -> list[Any]:
    """Answers as their column holds them: the option's number on a scale, a number, or the code or text itself."""
    values: dict[str, int] = {option.code: option.value for option in item.options if option.value is not None}
    if values and item.kind not in _SEVERAL:
        return [*map(values.get, answers)]
    return [*map(float, answers)] if item.kind in _NUMBERS else answers


def _scored(block: Block, answers: Mapping[str, np.ndarray], values: np.ndarray) -> pd.Series:
    """The score of each rating by the frozen rule, None where an item has no answer.

    ``answers`` are the codes of each item's ``values``. There are few different ratings, and many of each.
    """
    items = block.scoring.items if block.scoring else ()
    if not items:
        return pd.Series([None for _ in next(iter(answers.values()), [])], dtype=object)
    place = np.zeros(len(answers[items[0]]), dtype=np.int64)
    for item in items:
        place = pd.factorize(place * len(values) + answers[item] % len(values))[0]
    first = np.unique(place, return_index=True)[1]
    known: list[float | None] = []
    for row in first:
        given = {item: values[answers[item][row]] for item in items}
        found = score(block, {item: value for item, value in given.items() if value is not None})
        known.append(None if found is None else found.value)
    return _column(np.array(known, dtype=object), place)
