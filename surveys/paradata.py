"""How pages were taken: what a browser may report of a page, its recording, and one row a person and page out of it.

Paradata are worth having and never worth waiting for. They are recorded by one statement that takes no lock which an
answer needs, and only so many at once; a few more wait for a moment, and what comes beyond that is dropped.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from functools import cache
from threading import BoundedSemaphore

from django.db.models import Max

from surveys import prepared
from surveys.models import Answer, PageView, Participant, Study, StudyVersion, Trial
from surveys.route import Step, steps
from surveys.tokens import token_hash

DEVICES = ("phone", "tablet", "computer")
INPUT_METHODS = ("mouse", "touch", "pen", "keyboard")
# A day: whatever a page reports beyond that is a clock that went wrong.
_LONGEST_MS = 24 * 3600 * 1000
# The highest that each count may be; a page that reports more is no page of ours.
BOUNDS = {
    "sequence": 1_000_000,
    "first_interaction_ms": _LONGEST_MS,
    "submitted_ms": _LONGEST_MS,
    "visible_ms": _LONGEST_MS,
    "times_away": 10_000,
    "away_ms": _LONGEST_MS,
    "longest_away_ms": _LONGEST_MS,
    "scroll_percent": 100,
    "viewport_width": 100_000,
    "viewport_height": 100_000,
    "pastes": 10_000,
    "pasted_characters": 10_000_000,
}
_MAY_BE_MISSING = frozenset({"first_interaction_ms", "submitted_ms"})
# What one person's browsers can make of rows: far more than any way has pages, far less than would fill a disk.
MOST_VIEWS = 500
AT_ONCE = 2
# A page reports last as it goes away, beside its answers, so that reports come in crowds. So few wait that half of a
# worker's eight threads are left to answers, and so briefly that a database in trouble makes no queue of them.
WAITING = 2
PATIENCE = 0.1

_STEP = re.compile(r"(?:before|reading|looking-back|after)-[1-9][0-9]{0,2}|debrief")
_VIEW = re.compile(r"[a-z0-9]{8,32}")
_NUMBER = re.compile(r"[0-9]{1,10}")
_writing, _waiting = BoundedSemaphore(AT_ONCE), BoundedSemaphore(WAITING)


class ReportError(ValueError):
    """A report that no page of ours sends; the message names the field."""


class BusyError(Exception):
    """So many reports are being written that this one is dropped."""


@dataclass(frozen=True)
class Report:
    """What a browser says of one view of one page so far; the names are those of ``PageView``."""

    step: str
    view: str
    sequence: int
    first_interaction_ms: int | None
    submitted_ms: int | None
    visible_ms: int
    times_away: int
    away_ms: int
    longest_away_ms: int
    scroll_percent: int
    viewport_width: int
    viewport_height: int
    pastes: int
    pasted_characters: int
    device: str
    input_methods: str


def read_report(values: Mapping[str, str]) -> Report:
    """The report in a posted form. Raises ``ReportError`` naming the first field that is missing or out of bounds."""
    step, view, device = (values.get(name, "") for name in ("step", "view", "device"))
    methods = values.get("input_methods", "").split()
    if not _STEP.fullmatch(step):
        raise ReportError("step: no page with this name is reported on")
    if not _VIEW.fullmatch(view):
        raise ReportError("view: must be 8 to 32 small letters and digits")
    if device not in DEVICES:
        raise ReportError(f"device: must be one of {', '.join(DEVICES)}")
    if not set(methods) <= set(INPUT_METHODS):
        raise ReportError(f"input_methods: must be of {', '.join(INPUT_METHODS)}, separated by blanks")
    counts = {name: _count(values, name, highest) for name, highest in BOUNDS.items()}
    used = " ".join(method for method in INPUT_METHODS if method in methods)
    return Report(step=step, view=view, device=device, input_methods=used, **counts)  # type: ignore[arg-type]  # the two that may be None are those of BOUNDS


def record(token: str, study_key: str, report: Report) -> bool:
    """Keep a report of somebody who consented and has not withdrawn. False if nothing was kept.

    A sequence number that is not above the one that is kept changes nothing. Raises ``BusyError`` where
    ``AT_ONCE`` reports are being written by this process already, and go on being written for ``PATIENCE`` seconds or
    ``WAITING`` others wait for them.
    """
    if not _has_turn():
        raise BusyError
    try:
        told = (value if value is None else str(value) for value in asdict(report).values())
        values = [*told, token_hash(token), study_key, MOST_VIEWS]
        return prepared.run(_statement, values) > 0
    finally:
        _writing.release()


def _has_turn() -> bool:
    if _writing.acquire(blocking=False):
        return True
    if not _waiting.acquire(blocking=False):
        return False
    try:
        return _writing.acquire(timeout=PATIENCE)
    finally:
        _waiting.release()


def _count(values: Mapping[str, str], name: str, highest: int) -> int | None:
    given = values.get(name, "")
    if not given and name in _MAY_BE_MISSING:
        return None
    if not _NUMBER.fullmatch(given) or int(given) > highest:
        raise ReportError(f"{name}: must be a whole number from 0 to {highest}")
    return int(given)


@cache
def _statement(vendor: str) -> str:
    """One statement that finds the person, holds them against the rules, and writes or renews the view.

    Four statements of the ORM would do the same; this is asked for once a page by everybody. The lock is the weakest
    that PostgreSQL has: no answer waits for it, but a withdrawal does (``flow.withdraw`` locks the whole row), so that
    no view is left behind by one. SQLite writes one transaction at a time anyway.
    """
    table, people, studies = (model._meta.db_table for model in (PageView, Participant, Study))
    names = [field.name for field in fields(Report)]
    renewed = ", ".join(f"{name} = excluded.{name}" for name in names if name not in {"step", "view"})
    lock = "FOR KEY SHARE OF p" if vendor == "postgresql" else ""
    # Numbers come as texts: else PostgreSQL plans the statement anew for each mixture of small and large ones.
    places = ", ".join("CAST(%s AS integer)" if name in BOUNDS else "%s" for name in names)
    # Only names of our own tables and columns are put together here; every value is a parameter.
    return f"""
        INSERT INTO {table} (participant_id, {", ".join(names)})
        SELECT p.id, {places}
        FROM {people} p JOIN {studies} s ON s.id = p.study_id
        WHERE p.token_hash = %s AND s.key = %s AND p.consented_at IS NOT NULL AND p.withdrawn_at IS NULL
          AND (SELECT COUNT(*) FROM {table} v WHERE v.participant_id = p.id) < %s
        {lock}
        ON CONFLICT (participant_id, step, view) DO UPDATE SET {renewed}
        WHERE {table}.sequence < excluded.sequence
    """  # noqa: S608


@dataclass(frozen=True)
class Taken:
    """How one person took one page, over all its views. What only the script knows is None where it did not run.

    ``shown_at`` and ``submitted_at`` are the server's; a page counts as shown when the one before it was stored, and an
    article when it was first sent. Durations are in seconds. ``device`` and viewport are those of the last view.
    """

    participant: str
    step: str
    article: str
    shown_at: datetime | None
    submitted_at: datetime | None
    views: int | None = None
    first_interaction_seconds: float | None = None
    visible_seconds: float | None = None
    times_away: int | None = None
    away_seconds: float | None = None
    longest_away_seconds: float | None = None
    scroll_percent: int | None = None
    viewport_width: int | None = None
    viewport_height: int | None = None
    device: str = ""
    pastes: int | None = None
    pasted_characters: int | None = None
    input_methods: str = ""


def combined(views: Iterable[PageView]) -> dict[str, int | float | str | None]:
    """What all views of one page say together, by the names of ``Taken``; {} where there are none.

    Times on the page and counts add up, depths and longest times are the greatest, and the first interaction and the
    last view are by the order in which the views began.
    """
    ordered = sorted(views, key=lambda view: (view.received_at, view.pk))
    if not ordered:
        return {}
    last = ordered[-1]
    first = next((view.first_interaction_ms for view in ordered if view.first_interaction_ms is not None), None)
    used = {method for view in ordered for method in view.input_methods.split()}
    return {
        "views": len(ordered),
        "first_interaction_seconds": None if first is None else first / 1000,
        "visible_seconds": sum(view.visible_ms for view in ordered) / 1000,
        "times_away": sum(view.times_away for view in ordered),
        "away_seconds": sum(view.away_ms for view in ordered) / 1000,
        "longest_away_seconds": max(view.longest_away_ms for view in ordered) / 1000,
        "scroll_percent": max(view.scroll_percent for view in ordered),
        "viewport_width": last.viewport_width,
        "viewport_height": last.viewport_height,
        "device": last.device,
        "pastes": sum(view.pastes for view in ordered),
        "pasted_characters": sum(view.pasted_characters for view in ordered),
        "input_methods": " ".join(method for method in INPUT_METHODS if method in used),
    }


def pages_taken(version: StudyVersion, mode: str, only: Collection[int] | None = None) -> Iterator[Taken]:
    """How everybody of a version and mode took each page that they sent or that was measured, person by person.

    Who withdrew is left out; ``only`` names the rows of the people who are asked for. Four queries, however many there
    are.
    """
    people = Participant.objects.filter(
        version=version, mode=mode, consented_at__isnull=False, withdrawn_at__isnull=True
    ).order_by("export_id")
    if only is not None:
        people = people.filter(pk__in=only)
    stored: dict[int, dict[str, datetime]] = defaultdict(dict)
    answers = Answer.objects.filter(participant__in=people).values_list("participant", "step")
    for participant_id, step, at in answers.annotate(at=Max("submitted_at")):
        stored[participant_id][step] = at
    trials: dict[int, dict[int, tuple[datetime | None, str]]] = defaultdict(dict)
    planned = Trial.objects.filter(participant__in=people)
    read = planned.values_list("participant", "position", "shown_at", "article__key")
    for participant_id, position, sent_at, article in read:
        trials[participant_id][position] = (sent_at, article)
    views: dict[int, dict[str, list[PageView]]] = defaultdict(lambda: defaultdict(list))
    for view in PageView.objects.filter(participant__in=people):
        views[view.participant_id][view.step].append(view)
    way = steps(version.frozen)
    for person in people:
        yield from _way_taken(person, way, stored[person.pk], trials[person.pk], views[person.pk])


def _way_taken(
    person: Participant,
    way: tuple[Step, ...],
    stored: Mapping[str, datetime],
    trials: Mapping[int, tuple[datetime | None, str]],
    views: Mapping[str, list[PageView]],
) -> Iterator[Taken]:
    times = dict(stored) | {"consent": person.consented_at, "debrief": person.debriefed_at}
    before: datetime | None = None
    for step in way:
        sent_at, article = trials.get(step.trial, (before, "")) if step.trial is not None else (before, "")
        submitted_at = times.get(step.slug)
        shown_at = sent_at if step.stage == "reading" else before
        before = submitted_at or before
        if step.slug in {"consent", "end"} or (submitted_at is None and step.slug not in views):
            continue
        measured = combined(views.get(step.slug, ()))
        yield Taken(person.export_id, step.slug, article, shown_at, submitted_at, **measured)  # type: ignore[arg-type]  # named and typed as Taken has them
