"""What somebody answers: submits that are recorded once, and drafts that are kept until then."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models.functions import Now

from surveys import prepared
from surveys.flow.allocate import randomise
from surveys.flow.asking import earlier_answers, items_of, not_shown, way_on
from surveys.flow.endings import complete, ending, forget_drafts
from surveys.flow.place import Place, advance, go_on, stamp_submitted
from surveys.flow.screening import ended_by
from surveys.items import Problem, Reading
from surveys.items.order import shown_codes
from surveys.items.page import read_page
from surveys.models import Answer, Draft, Outcome, Participant, Stage
from surveys.sentences import count

ASKING = frozenset({Stage.BEFORE, Stage.READING, Stage.LOOKING_BACK, Stage.AFTER})
# What a draft may hold, in characters: more than any honest page, less than what would fill a disk.
MAX_DRAFT = 300_000

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
    the person goes on from where they are. ``raw`` holds the submitted form values by item key.
    """
    step = place.step
    if slug != step.slug or step.stage not in ASKING or not place.is_under_way or place.is_closed:
        return Submitted(recorded=False)
    if step.trial is not None and (place.trial is None or place.trial.shown_at is None):
        return Submitted(recorded=False)
    marks = place.trial is not None and any(item.kind == "highlight" for item in items_of(step))
    length = count(place.trial.article.text) if marks and place.trial else 0
    read = read_page(items_of(step), raw, earlier_answers(place), length)
    if problems := {key: value for key, value in read.items() if isinstance(value, Problem)}:
        return Problems(problems)
    readings = {key: value for key, value in read.items() if isinstance(value, Reading)}
    return _record(place, readings)


def save_draft(place: Place, slug: str, sequence: int, raw: Raw) -> bool:
    """Keep what is typed at the current step; an older sequence number changes nothing. False for any other step.

    Raises ``DraftTooLongError`` past ``MAX_DRAFT`` characters.
    """
    step = place.step
    if slug != step.slug or step.stage not in ASKING or not place.is_under_way or place.is_closed:
        return False
    content = {item.key: [_storable(value) for value in raw[item.key]] for item in items_of(step) if item.key in raw}
    if sum(len(value) for values in content.values() for value in values) > MAX_DRAFT:
        raise DraftTooLongError
    here = {"pk": place.participant.pk, "stage": step.stage, "step": step.number, "outcome": Outcome.UNDER_WAY}
    with transaction.atomic():
        # The row is held so that no submit can pass between the look at the cursor and the draft.
        if not Participant.objects.select_for_update().filter(**here).values_list("pk").first():
            return False
        key = {"participant": place.participant, "step": slug}
        newer = {"sequence": sequence, "content": content, "saved_at": Now()}
        if not Draft.objects.filter(**key, sequence__lt=sequence).update(**newer):
            draft = Draft(**key, sequence=sequence, content=content)
            Draft.objects.bulk_create([draft], ignore_conflicts=True)
    return True


class DraftTooLongError(Exception):
    """More was typed than a draft may hold."""


def _record(place: Place, readings: dict[str, Reading]) -> Submitted:
    participant, step = place.participant, place.step
    ended_by_rule = ended_by(place, readings)
    onward, passed = way_on(participant, place.study, step, readings)
    with transaction.atomic():
        if ended_by_rule:
            is_first = advance(participant, step, **ending(ended_by_rule))
        elif onward.stage == Stage.DEBRIEF:
            is_first = complete(participant, step, onward)
        else:
            is_first = go_on(participant, step, onward)
        if not is_first:
            return Submitted(recorded=False)
        passed = [] if ended_by_rule else passed
        prepared.insert([*_answers(place, readings), *not_shown(participant, passed)])
        if place.trial is not None and step.stage == Stage.READING:
            stamp_submitted(place.trial)
        ended = bool(ended_by_rule)
        if not ended and onward.stage == Stage.READING and not participant.arm:
            ended = not randomise(participant, place.study)
        if ended or onward.stage == Stage.DEBRIEF:
            forget_drafts(participant)
    return Submitted(recorded=True, onward="" if ended else onward.slug)


def _answers(place: Place, readings: dict[str, Reading]) -> Iterator[Answer]:
    """The rows of a step's answers, each with the order in which its options stood."""
    participant, step = place.participant, place.step
    for item in items_of(step):
        read = readings[item.key]
        order = shown_codes(item, participant.study.allocation_seed, participant.export_id)
        yield Answer(
            participant=participant,
            step=step.slug,
            item=item.key,
            trial=place.trial,
            state=read.state,
            value=read.value,
            option_order="" if read.state == "not-shown" else " ".join(order),
        )


def _storable(text: str) -> str:
    # No database stores NUL in JSON, nor halves of surrogate pairs.
    return text.replace("\0", "").encode("utf-8", "ignore").decode()
