"""A page that somebody had open when their way ended elsewhere, and sent afterwards.

It ended by their panel's own list, or in another tab: the study had closed, or they came back too late. What they wrote
there is kept as the answers that they are, and that it came afterwards is told wherever outcomes are. Once the
debriefing was shown it counts no more: whoever has read which texts a machine wrote rates them no longer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction

from surveys.flow.endings import CAME_BACK_LATE, is_open_for_pages
from surveys.flow.place import AnswerRow, Place, store
from surveys.flow.record import answer_rows, read_answers
from surveys.items import Reading
from surveys.models import Answer, Event, Outcome, Participant, Trial
from surveys.route import Step, step_named

DEBRIEFING_SHOWN = "debriefing-shown"
# The endings that come over somebody who may have a page before them.
RELEASED = frozenset({Outcome.RETURNED, Outcome.TIMED_OUT, Outcome.CLOSED})
# The events of them, which name the page: each bears the ending's name, but where the time was over here.
_RELEASES = frozenset({*RELEASED, CAME_BACK_LATE})


def keep_late(place: Place, slug: str, raw: Mapping[str, Sequence[str]]) -> bool:
    """Store what somebody sends of the page on which their way ended elsewhere. It stays ended.

    True if something was kept. That this page was sent is told to the owner from now on; once, whatever is sent again.
    An answer that cannot be read is left out. None is taken after the debriefing, nor when the study has closed a while
    ago.
    """
    participant = place.participant
    if participant.outcome not in RELEASED:
        return False
    with transaction.atomic():
        if not _is_held(participant):
            return False
        release = _awaiting(participant, slug)
        if release is None:
            return False
        page = _page(place, release)
        rows = _rows(page, raw) if page is not None else []
        if page is not None and rows:
            store(page, rows)
        Event.objects.create(
            study=participant.study,
            participant=participant,
            kind=Event.SENT_LATE,
            step=slug,
            data={"answers_kept": len(rows)},
        )
    return bool(rows)


def late_page(place: Place, slug: str) -> Place | None:
    """The page of this name as its sender had it, where ``keep_late`` would store what it says, were it sent now."""
    release = _awaiting(place.participant, slug)
    return None if release is None else _page(place, release)


def has_come_too_late(place: Place, slug: str) -> bool:
    """Whether the way ended elsewhere on the page of this name, and nothing of that page was ever recorded."""
    release = _release_of(place.participant)
    if release is None or release.slug != slug:
        return False
    return not Answer.objects.filter(participant=place.participant, step=slug).exists()


def has_kept_late(place: Place) -> bool:
    """Whether answers were kept that somebody sent after their way had ended elsewhere.

    A query for those alone whose outcome can come of it.
    """
    if place.participant.outcome not in RELEASED:
        return False
    sent = Event.objects.filter(participant=place.participant, kind=Event.SENT_LATE)
    return any(data["answers_kept"] for data in sent.values_list("data", flat=True))


def mark_debriefing_shown(place: Place) -> None:
    """Record that somebody whose way ended elsewhere is about to be told which texts a machine wrote; once."""
    participant = place.participant
    if participant.debriefed_at is not None or not _is_unaware(_release_of(participant)):
        return
    with transaction.atomic():
        # Of two requests at once the first records it, and a page that is being kept is kept before it.
        if _is_held(participant) and _is_unaware(_release_of(participant)):
            Event.objects.create(
                study=participant.study, participant=participant, kind=DEBRIEFING_SHOWN, step=place.step.slug
            )


@dataclass(frozen=True)
class _Release:
    """A way that ended elsewhere: on which page, and whether that page was sent or the debriefing shown since."""

    slug: str
    was_sent: bool
    was_debriefed: bool


def _release_of(participant: Participant) -> _Release | None:
    """How this way ended elsewhere, by its events; None where it did not. At most one query."""
    if participant.outcome not in RELEASED:
        return None
    kinds = [Event.SENT_LATE, DEBRIEFING_SHOWN, *_RELEASES]
    known = dict(Event.objects.filter(participant=participant, kind__in=kinds).values_list("kind", "step"))
    slug = next((known[kind] for kind in _RELEASES if kind in known), None)
    if slug is None:
        return None
    was_debriefed = participant.debriefed_at is not None or DEBRIEFING_SHOWN in known
    return _Release(slug, Event.SENT_LATE in known, was_debriefed)


def _awaiting(participant: Participant, slug: str) -> _Release | None:
    """The release of somebody of whom the page of this name has not been sent since."""
    release = _release_of(participant)
    return release if release is not None and release.slug == slug and not release.was_sent else None


def _is_unaware(release: _Release | None) -> bool:
    return release is not None and not release.was_debriefed


def _is_held(participant: Participant) -> bool:
    """Whether the person has not withdrawn; their row is locked then until the transaction ends."""
    people = Participant.objects.select_for_update().filter(pk=participant.pk, withdrawn_at=None)
    return people.values_list("pk").first() is not None


def _page(place: Place, release: _Release) -> Place | None:
    """The page of a release, or None where nothing of it is taken any more, or where its article was never shown."""
    participant, step = place.participant, step_named(place.study, release.slug)
    if step is None or release.was_debriefed or not is_open_for_pages(participant.study):
        return None
    trial = _trial(participant, step)
    if step.trial is not None and (trial is None or trial.shown_at is None):
        return None
    return Place(participant, place.study, step, trial)


def _rows(page: Place, raw: Mapping[str, Sequence[str]]) -> list[AnswerRow]:
    read = read_answers(page, raw)
    return [*answer_rows(page, {key: value for key, value in read.items() if isinstance(value, Reading)})]


def _trial(participant: Participant, step: Step) -> Trial | None:
    if step.trial is None:
        return None
    return Trial.objects.select_related("article").filter(participant=participant, position=step.trial).first()
