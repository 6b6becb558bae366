"""How a way ends: completed, screened out, left, withdrawn, closed; and the debriefing where an article was shown."""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta, timezone
from typing import Any

from django.db import transaction
from django.db.models import (
    Case,
    CharField,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    F,
    IntegerField,
    OuterRef,
    Q,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Now, TruncDay

from surveys.flow.place import AnswerRow, Move, Place
from surveys.models import Answer, Draft, Event, Outcome, PageView, Participant, Stage, Study, Trial
from surveys.prepared import Delete, Given
from surveys.route import Step

# For how long after the closing a page that somebody had before them can be sent; a long article takes some minutes.
FINISHING = timedelta(minutes=30)
# The event of who came back too late; every other ending's bears the outcome's name.
CAME_BACK_LATE = "came-back-late"
# Without 0, O, 1, I and L: a code is read from one screen and typed into another.
_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_CODE_LENGTH = 10


def ending(outcome: str) -> dict[str, Any]:
    """The new position of somebody whose way ends: the debriefing if an article was shown, else the end."""
    exposed = When(exposed_at__isnull=False, then=Value(Stage.DEBRIEF.value))
    return {
        "outcome": outcome,
        "stage": Case(exposed, default=Value(Stage.END.value)),
        "step": 0,
        "ended_at": Now(),
    }


def complete(place: Place, to: Step, answers: Sequence[AnswerRow]) -> bool:
    """Compare and set: somebody has answered everything, and gets the code that the debriefing leads to.

    Their last answers are stored with it.
    """
    code = "".join(secrets.choice(_LETTERS) for _ in range(_CODE_LENGTH))
    return _COMPLETING.make(place, to, answers, code=code)


_COMPLETING = Move(
    lambda: {
        "outcome": Outcome.COMPLETED,
        # Who had been settled as gone takes a place from now on.
        "settled": False,
        "completed_at": Now(),
        "ended_at": Now(),
        "completion_code": Given("code", CharField()),
    }
)


def acknowledge_debrief(place: Place) -> bool:
    """Log that the debriefing was read and go on to the end. False if the person is not at the debriefing."""
    people = Participant.objects.filter(pk=place.participant.pk, stage=Stage.DEBRIEF, debriefed_at__isnull=True)
    return people.update(stage=Stage.END, step=0, debriefed_at=Now()) == 1


def leave(place: Place) -> bool:
    """End somebody's way at their own wish, for good. False if it had ended before.

    Who leaves before consenting has not consented.
    """
    people = Participant.objects.filter(pk=place.participant.pk, outcome=Outcome.UNDER_WAY)
    if people.filter(consented_at__isnull=True).update(**ending(Outcome.NO_CONSENT)) == 1:
        return True
    return _stopped(place.participant, Outcome.LEFT, "left", place.step.slug)


def end_because_closed(place: Place) -> bool:
    """End the way of somebody who is still inside when the study has closed. False if it had ended before, or gone on.

    Who has not consented is not inside. The event names the page that they have before them, which they can still send
    (``surveys/flow/late.py``): so nobody is ended who has gone on from this place meanwhile, in another tab.
    """
    return _stopped(place.participant, Outcome.CLOSED, "closed", place.step.slug, _is_at(place))


def can_finish_page(place: Place) -> bool:
    """Whether what somebody sends of the page that they are on still counts: always while the study is open.

    In one that has closed, a page that was open then is taken for ``FINISHING`` longer, by the database's clock.
    """
    return not place.is_closed or is_open_for_pages(place.participant.study)


def had_open(place: Place, slug: str) -> bool:
    """Whether the page that somebody is on was before them already when the study closed, as far as can be told.

    What was typed there says so, and an article that was shown; of other pages, that none was answered since. Who has
    read no article has no page worth going on with. ``slug`` is the step that was asked for, whose draft it is.
    """
    if place.draft is not None and slug == place.step.slug:
        return True
    if place.participant.exposed_at is None:
        return False
    if place.trial is not None and place.step.stage == Stage.READING:
        return place.trial.shown_at is not None
    since = Answer.objects.filter(participant=place.participant, submitted_at__gte=F("participant__study__closed_at"))
    return not since.exists()


def is_open_for_pages(study: Study) -> bool:
    """Whether a page that was open before still counts now, as above; no query in a study that has not closed."""
    if study.status != Study.Status.CLOSED:
        return True
    return Study.objects.filter(pk=study.pk, closed_at__gt=Now() - FINISHING).exists()


def end_at_panel(participant: Participant, outcome: str) -> bool:
    """End the way of somebody who, by the panel's own list, returned or timed out there. False if it had ended before.

    The place is free again, the answers are kept, and whoever had seen an article is debriefed when they come back. The
    page that they have before them can be sent until then (``surveys/flow/late.py``).
    """
    with transaction.atomic():
        people = Participant.objects.select_for_update().filter(pk=participant.pk)
        at = people.values_list("stage", "step").first()
        return at is not None and _stopped(participant, outcome, outcome, Step(*at).slug)


def end_because_late(place: Place, limit: timedelta) -> bool:
    """End the way of somebody of whom nothing was heard for longer than ``limit``. False as above.

    The database's clock decides. Every answer is kept, and whoever had seen an article is debriefed.
    """
    since, mine = Now() - limit, OuterRef("pk")
    answered = Answer.objects.filter(participant=mine, submitted_at__gte=since)
    typed = Draft.objects.filter(participant=mine, saved_at__gte=since)
    read = Trial.objects.filter(Q(shown_at__gte=since) | Q(submitted_at__gte=since), participant=mine)
    silent = _is_at(place) & Q(~Exists(answered), ~Exists(typed), ~Exists(read), consented_at__lt=since)
    return _stopped(place.participant, Outcome.TIMED_OUT, CAME_BACK_LATE, place.step.slug, silent)


# Where a day ends last. Participants are told a day and no time: it has not passed while it goes on anywhere on Earth.
WEST = timezone(timedelta(hours=-12))


def withdrawal_deadline(place: Place) -> datetime | None:
    """Until when somebody whose way has ended can withdraw: the end of a day, as it ends last on Earth (UTC-12).

    Days are counted from the one on which their way ended, in UTC. None while it has not ended.
    """
    ended = place.participant.ended_at
    if ended is None:
        return None
    last = ended.astimezone(UTC).date() + timedelta(days=place.study.definition.withdrawal_days)
    return datetime.combine(last, time.max, WEST)


def can_withdraw(place: Place, now: datetime) -> bool:
    """Whether there is something to withdraw, and it is not too late. ``now`` is the time of the request."""
    participant, deadline = place.participant, withdrawal_deadline(place)
    if participant.consented_at is None or participant.withdrawn_at is not None:
        return False
    return deadline is None or now <= deadline


def withdraw(place: Place) -> bool:
    """Delete all that somebody answered; they stay in the flow and the ledger, and keep their completion code.

    False if there is nothing to withdraw, or the cut-off that the study states has passed.
    """
    participant = place.participant
    # As ``withdrawal_deadline`` has it: a day in the farthest west ends twelve hours after that in UTC.
    ago = Now() - timedelta(days=place.study.definition.withdrawal_days, hours=12)
    since = TruncDay(ExpressionWrapper(ago, output_field=DateTimeField()), tzinfo=UTC)
    people = Participant.objects.filter(pk=participant.pk, consented_at__isnull=False, withdrawn_at__isnull=True)
    people = people.filter(Q(outcome=Outcome.UNDER_WAY) | Q(ended_at__gte=since))
    values = ending(Outcome.WITHDRAWN) | {"withdrawn_at": Now(), "ended_at": Coalesce("ended_at", Now())}
    values["network_hash"] = ""
    # An answer too; of who was assigned the ledger cannot be replayed without.
    values["stratum"] = Case(When(arm="", then=Value("")), default=F("stratum"))
    # Whoever has ended stays where they are: at the debriefing, or after it.
    values["stage"] = Case(When(~Q(outcome=Outcome.UNDER_WAY), then=F("stage")), default=values["stage"])
    with transaction.atomic():
        # A report on a page that is being written holds the row's key (surveys/paradata.py): it is waited for, so that
        # none is left behind.
        Participant.objects.select_for_update().filter(pk=participant.pk).values_list("pk").first()
        if people.update(**values) != 1:
            return False
        deleted, _ = Answer.objects.filter(participant=participant).delete()
        PageView.objects.filter(participant=participant).delete()
        forget_drafts(participant)
        Event.objects.create(
            study=participant.study,
            participant=participant,
            kind="withdrawn",
            step=place.step.slug,
            data={"answers_deleted": deleted},
        )
    return True


def forget_drafts(participant: Participant) -> None:
    """Delete what was typed and not submitted: it was never an answer."""
    _FORGETTING.run(pk=participant.pk)


_FORGETTING = Delete(lambda: Draft.objects.filter(participant=Given("pk", IntegerField())))


def _is_at(place: Place) -> Q:
    return Q(stage=place.step.stage, step=place.step.number)


def _stopped(participant: Participant, outcome: str, kind: str, step: str, only: Q = Q()) -> bool:  # noqa: B008  # never changed
    people = Participant.objects.filter(only, pk=participant.pk, outcome=Outcome.UNDER_WAY, consented_at__isnull=False)
    with transaction.atomic():
        if people.update(**ending(outcome)) != 1:
            return False
        forget_drafts(participant)
        Event.objects.create(study=participant.study, participant=participant, kind=kind, step=step)
    return True
