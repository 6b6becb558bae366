"""A page that somebody had open when their panel's own list ended their way, and sent afterwards.

What they wrote there is kept as the answers that they are, and that it came afterwards is told wherever outcomes are.
Once the debriefing was shown it counts no more: whoever has read which texts a machine wrote rates them no longer.
"""

from collections.abc import Mapping, Sequence

from django.db import transaction

from surveys.flow.endings import is_open_for_pages
from surveys.flow.place import Place, store
from surveys.flow.record import answer_rows, read_answers
from surveys.items import Reading
from surveys.models import Event, Outcome, Participant, Trial
from surveys.route import Step, step_named

DEBRIEFING_SHOWN = "debriefing-shown"
# The endings that a panel's list brings; the event of each bears its name, and names the page.
RELEASED = frozenset({Outcome.RETURNED, Outcome.TIMED_OUT})


def keep_late(place: Place, slug: str, raw: Mapping[str, Sequence[str]]) -> bool:
    """Store what somebody sends of the page on which the panel's list ended their way. Their way stays ended.

    True if this page was that one, and it is told to the owner from now on; once, whatever is sent again. An answer
    that cannot be read is left out. None is taken after the debriefing, nor when the study has closed a while ago.
    """
    participant, step = place.participant, step_named(place.study, slug)
    if participant.outcome not in RELEASED or participant.withdrawn_at is not None or step is None:
        return False
    with transaction.atomic():
        # A withdrawal at the same moment is waited for, and waits for this.
        people = Participant.objects.select_for_update().filter(pk=participant.pk, withdrawn_at=None)
        if people.values_list("pk").first() is None:
            return False
        known = _known_of(participant)
        if not _is_awaited(known, slug):
            return False
        rows = []
        is_in_time = DEBRIEFING_SHOWN not in known and is_open_for_pages(participant.study)
        trial = _trial(participant, step)
        if is_in_time and (step.trial is None or (trial is not None and trial.shown_at is not None)):
            at = Place(participant, place.study, step, trial)
            read = read_answers(at, raw)
            rows = [*answer_rows(at, {key: value for key, value in read.items() if isinstance(value, Reading)})]
            if rows:
                store(at, rows)
        Event.objects.create(
            study=participant.study,
            participant=participant,
            kind=Event.SENT_LATE,
            step=slug,
            data={"answers_kept": len(rows)},
        )
    return True


def would_keep(place: Place, slug: str) -> bool:
    """Whether ``keep_late`` would store what stands on this page, were it sent now."""
    participant = place.participant
    if participant.outcome not in RELEASED or participant.withdrawn_at is not None:
        return False
    known = _known_of(participant)
    return _is_awaited(known, slug) and DEBRIEFING_SHOWN not in known and is_open_for_pages(participant.study)


def _known_of(participant: Participant) -> dict[str, str]:
    """The page of each event that decides here, by its kind."""
    kinds = [Event.SENT_LATE, DEBRIEFING_SHOWN, *RELEASED]
    return dict(Event.objects.filter(participant=participant, kind__in=kinds).values_list("kind", "step"))


def _is_awaited(known: dict[str, str], slug: str) -> bool:
    return Event.SENT_LATE not in known and slug in {known[outcome] for outcome in RELEASED & known.keys()}


def _trial(participant: Participant, step: Step) -> Trial | None:
    if step.trial is None:
        return None
    return Trial.objects.select_related("article").filter(participant=participant, position=step.trial).first()


def mark_debriefing_shown(place: Place) -> None:
    """Record that somebody whom the panel's list ended is about to be told which texts a machine wrote; once."""
    participant = place.participant
    if participant.outcome in RELEASED and participant.debriefed_at is None:
        known = _known_of(participant)
        # Whose time was over here has the outcome without the list, and no page that is kept.
        if RELEASED & known.keys() and DEBRIEFING_SHOWN not in known:
            Event.objects.create(
                study=participant.study, participant=participant, kind=DEBRIEFING_SHOWN, step=place.step.slug
            )
