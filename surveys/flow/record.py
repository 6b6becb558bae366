"""What somebody answers: submits that are recorded once, and drafts that are kept until then."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from django.db import connection, transaction
from django.utils import timezone

from surveys import prepared
from surveys.flow.allocate import TO_ARTICLES, Way, is_full_already, randomise, stratum_of
from surveys.flow.asking import earlier_answers, items_of, not_shown, way_on
from surveys.flow.endings import FINISHING, can_finish_page, complete, ending, forget_drafts
from surveys.flow.place import AnswerRow, Place, advance, find, go_on, store
from surveys.flow.screening import ended_by
from surveys.items import Problem, Reading
from surveys.items.order import shown_codes
from surveys.items.page import read_page
from surveys.models import Draft, Outcome, Participant, Stage, Study
from surveys.route import cursor_of
from surveys.sentences import count
from surveys.tokens import token_hash

ASKING = frozenset({Stage.BEFORE, Stage.READING, Stage.LOOKING_BACK, Stage.AFTER})
# What a draft may hold, in characters: more than any honest page, less than what would fill a disk.
MAX_DRAFT = 300_000
FORM_TOKEN = "csrfmiddlewaretoken"  # noqa: S105  # a field's name, no secret

Raw = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Submitted:
    """The step was answered, now or before. ``recorded`` says whether it was by this submit.

    ``onward`` is the slug of the step that follows, where the submit alone tells it; else ''.
    """

    recorded: bool
    onward: str = ""


@dataclass(frozen=True)
class Problems:
    """Nothing was recorded; ``by_item`` says what is wrong with which item's value."""

    by_item: dict[str, Problem]


def submit(place: Place, slug: str, raw: Raw) -> Submitted | Problems:
    """Record the answers of the step at the cursor and move on, all or nothing.

    A step that was answered before, is not reached yet, or is about an article that was not shown, is not recorded:
    the person goes on from where they are. A page that was open when the study closed can be sent for a while.
    ``raw`` holds the submitted form values by item key.
    """
    step = place.step
    if slug != step.slug or step.stage not in ASKING or not place.is_under_way or not can_finish_page(place):
        return Submitted(recorded=False)
    if step.trial is not None and (place.trial is None or place.trial.shown_at is None):
        return Submitted(recorded=False)
    read = read_answers(place, raw)
    if problems := {key: value for key, value in read.items() if isinstance(value, Problem)}:
        return Problems(problems)
    readings = {key: value for key, value in read.items() if isinstance(value, Reading)}
    return _record(place, readings)


def read_answers(place: Place, raw: Raw) -> dict[str, Reading | Problem]:
    """What was sent of this place's step, by item: as it is read, or what is wrong with it."""
    items, trial = items_of(place.step), place.trial
    marks = trial is not None and any(item.kind == "highlight" for item in items)
    length = count(trial.article.text) if marks and trial else 0
    return read_page(items, raw, earlier_answers(place), length)


def save_draft(token: str, study_key: str, slug: str, sequence: int, raw: Raw) -> bool:
    """Keep what the owner of this token has typed at their current step; an older sequence number changes nothing.

    False for any other step, for a study that closed a while ago, and where the token is nobody's in this study. Raises
    ``DraftTooLongError`` past ``MAX_DRAFT`` characters. One statement: whoever pauses at every question saves at each.
    """
    at = cursor_of(slug)
    if at is None or at[0] not in ASKING:
        return False
    content = {_storable(name): [_storable(value) for value in values] for name, values in raw.items()}
    content.pop(FORM_TOKEN, None)
    if sum(len(name) + sum(map(len, values)) for name, values in content.items()) > MAX_DRAFT:
        raise DraftTooLongError
    # The web machine's time will do: a page that is open at a closing can be sent for many minutes more.
    closed_since = connection.ops.adapt_datetimefield_value(timezone.now() - FINISHING)
    here = [token_hash(token), study_key, *at, Outcome.UNDER_WAY, Study.Status.CLOSED, closed_since]
    if prepared.run(_drafting, [slug, sequence, connection.ops.adapt_json_value(content, None), *here]):
        return True
    # Nothing was written, since another draft is newer, or since the person is not there.
    place = find(token, study_key)
    return place is not None and place.step.slug == slug and place.is_under_way and can_finish_page(place)


@cache
def _drafting(vendor: str) -> str:
    """One statement that holds the person's row while they are at the step, and writes or renews the draft there.

    No submit can pass between the look at the cursor and the draft, so that none is left behind by one. SQLite writes
    one transaction at a time anyway.
    """
    drafts, people, studies = (model._meta.db_table for model in (Draft, Participant, Study))
    lock = "FOR UPDATE OF p" if vendor == "postgresql" else ""
    # Only names of our own tables are put together here; every value is a parameter.
    return f"""
        INSERT INTO {drafts} (participant_id, step, sequence, content)
        SELECT p.id, %s, %s, %s FROM {people} p JOIN {studies} s ON s.id = p.study_id
        WHERE p.token_hash = %s AND s.key = %s AND p.stage = %s AND p.step = %s AND p.outcome = %s
        AND (s.status <> %s OR s.closed_at > %s)
        {lock}
        ON CONFLICT (participant_id, step) DO UPDATE
        SET sequence = excluded.sequence, content = excluded.content, saved_at = excluded.saved_at
        WHERE {drafts}.sequence < excluded.sequence
    """  # noqa: S608


class DraftTooLongError(Exception):
    """More was typed than a draft may hold."""


def _record(place: Place, readings: dict[str, Reading]) -> Submitted:
    participant, study, step = place.participant, place.study, place.step
    onward, passed = way_on(participant, study, step, readings)
    given = [*answer_rows(place, readings)]
    answers = [*given, *not_shown(participant, passed)]
    stratum = stratum_of(study, answers)
    ended_by_rule = ended_by(place, readings)
    if not ended_by_rule and stratum and onward.stage == Stage.BEFORE and is_full_already(place, stratum):
        ended_by_rule = Outcome.QUOTA_FULL
    if ended_by_rule:
        return _end_here(place, ended_by_rule, given, stratum)
    is_over = onward.stage == Stage.DEBRIEF
    # In a study that has closed nobody is assigned any more: whoever gets here ends with their next page.
    is_assigned = participant.arm or onward.stage != Stage.READING or place.is_closed
    if not is_over and is_assigned:
        is_first = go_on(place, onward, answers, stratum)
        return Submitted(recorded=is_first, onward=onward.slug if is_first else "")
    with transaction.atomic():
        if is_over:
            way = Way.ASSIGNED if complete(place, onward, answers) else Way.TOO_LATE
        else:
            way = randomise(TO_ARTICLES, place, onward, answers, stratum)
        if way is Way.TOO_LATE:
            return Submitted(recorded=False)
        if is_over or way is Way.FULL:
            forget_drafts(participant)
    return Submitted(recorded=True, onward="" if way is Way.FULL else onward.slug)


def _end_here(place: Place, outcome: str, answers: Sequence[AnswerRow], stratum: str) -> Submitted:
    """The answers end the way: they are stored, and nothing after them is."""
    values = ending(outcome) | ({"stratum": stratum} if stratum and outcome == Outcome.QUOTA_FULL else {})
    with transaction.atomic():
        if not advance(place.participant, place.step, **values):
            return Submitted(recorded=False)
        store(place, answers)
        forget_drafts(place.participant)
    return Submitted(recorded=True)


def answer_rows(place: Place, readings: Mapping[str, Reading]) -> Iterator[AnswerRow]:
    """The rows of a step's answers, those that were read, each with the order in which its options stood."""
    participant, slug = place.participant, place.step.slug
    trial = place.trial.pk if place.trial else None
    for item in items_of(place.step):
        if (read := readings.get(item.key)) is None:
            continue
        order = shown_codes(item, participant.study.allocation_seed, participant.export_id)
        shown = "" if read.state == "not-shown" else " ".join(order)
        yield participant.pk, slug, item.key, trial, read.state, read.value, shown


def _storable(text: str) -> str:
    # No database stores NUL in JSON, nor halves of surrogate pairs.
    return text.replace("\0", "").encode("utf-8", "ignore").decode()
