"""How somebody comes in: the gates, one participant a panel id, and consent."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from enum import Enum
from functools import lru_cache
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import BinaryField, CharField, IntegerField, OuterRef, QuerySet
from django.db.models.functions import Now

from surveys import recruitment, route, tokens
from surveys.flow.allocate import COUNTERS, Way, is_full_already, randomise
from surveys.flow.place import Move, Place, advance, frozen
from surveys.keeping_out import Sought, found_by, is_kept_out, sought
from surveys.models import Mode, Outcome, PanelIdentity, PanelSubmission, Participant, Stage, Study, StudyVersion
from surveys.prepared import Given, Insert, InsertFor, Update
from surveys.recruitment import Entrant

# Somebody pressed a button at the consent, and nobody else decided it: they may have meant another one.
BY_A_PRESS = (Outcome.NO_CONSENT, Outcome.INCOMPATIBLE_DEVICE)


class Gate(Enum):
    """Whether a study lets new people in now."""

    OPEN = "open"
    NOT_OPEN = "not-open"
    PAUSED = "paused"
    CLOSED = "closed"


@dataclass(frozen=True)
class Arrival:
    """Somebody who came in, new or known, with the personal token that finds them again."""

    participant: Participant
    token: str


def gate(study: Study, mode: str) -> Gate:
    """Whether somebody new may come in with this mode: previews and simulations also before the launch."""
    if study.status == Study.Status.CLOSED:
        return Gate.CLOSED
    if study.status == Study.Status.LIVE:
        return Gate.OPEN
    if mode in {Mode.PREVIEW, Mode.SIMULATED} and study.current_version_id is not None:
        return Gate.OPEN
    return Gate.PAUSED if study.status == Study.Status.PAUSED else Gate.NOT_OPEN


def arrive(study: Study, mode: str, entrant: Entrant, language: str, *, opens: bool = True) -> Arrival | None:
    """The participant for this entry: the known one for a panel id, else a new one; None if a new one may not come.

    Before consent a new one is only an arrival: token, time, mode, and the keyed hash of the panel id. Two requests
    with one panel id at the same moment lead to one participant. ``opens`` is false where nobody new is let in.
    Whom the study keeps out is asked at every arrival before the consent, whichever browser they come with; who was
    kept out and is not any more, since what they went away from elsewhere is over, comes to the consent after all.
    """
    if not entrant.panel_id:
        token = tokens.new_token()
        return Arrival(_new(study, mode, token, language), token) if opens else None
    token = tokens.panel_token(study, mode, entrant.panel_id)
    keyed = tokens.keyed_hash(study, mode, entrant.panel_id)
    known = earlier = _known(study, mode, keyed)
    if known is None and opens:
        try:
            with transaction.atomic():
                known = _new(study, mode, token, language, kept_out=_is_kept_out(study, mode, entrant))
                PanelIdentity.objects.create(
                    study=study, mode=mode, keyed_hash=keyed, panel=entrant.panel, participant=known
                )
        except IntegrityError:
            # The same person arrived in another request at the same moment, and was first.
            known = _known(study, mode, keyed)
    if known is None:
        return None
    if known.consented_at is not None:
        if entrant.submission_id:
            _note_submission(known, entrant)
    elif earlier is None:
        pass  # they were asked about as they came
    elif known.outcome == Outcome.UNDER_WAY and _is_kept_out(study, mode, entrant):
        _keep_out(known)
    elif known.outcome == Outcome.TOOK_PART_BEFORE and opens and not _is_kept_out(study, mode, entrant):
        _let_in(known, Outcome.TOOK_PART_BEFORE)
        known.refresh_from_db()
    return Arrival(known, token)


class StrangerError(Exception):
    """Somebody came by a panel's id or a key, and what agrees for them does not bring it."""


def agree(place: Place, entrant: Entrant, network_hash: str = "", invitation_hash: str = "") -> str:
    """Consent, and with it the panel's ids, encrypted: the step that follows; '' if they are no longer at the consent.

    ``network_hash`` is ``surveys.tokens.network_hash`` of the browser that consented, kept as evidence, and
    ``invitation_hash`` that of the cookie by which a guest's browser is known again.

    Who must be kept out by now, since they took part elsewhere after they came, ends here as they would on arrival; who
    came by an id and does not bring it could be asked about nowhere, and not be paid: ``StrangerError``. Where nothing
    is asked before the articles, the randomisation follows at once.
    """
    participant, first = place.participant, route.next_step(place.study, place.step)
    with transaction.atomic():
        if place.step.stage != Stage.CONSENT:
            return ""
        them = _sought(place, entrant)
        move, entry = _agreeing(participant, entrant, them)
        given: dict[str, Any] = {"network_hash": network_hash, "invitation_hash": invitation_hash}
        given |= {"keyed_hash": _keyed(participant, entrant)} | them.given(participant.study)
        if entrant.panel_id:
            given["ciphertext"] = tokens.seal(entrant.panel_id)
        if first.stage == Stage.READING:
            way = randomise(move, place, first, (), entry=entry, **given)
        else:
            is_first = move.make(place, first, (), entry, **given, version_id=participant.version_id)
            way = Way.ASSIGNED if is_first else Way.TOO_LATE
        if way is Way.TOO_LATE:
            return _not_agreed(place, entrant)
        if way is Way.ASSIGNED and first.stage == Stage.BEFORE and is_full_already(place, ""):
            advance(participant, first, outcome=Outcome.QUOTA_FULL, stage=Stage.END, step=0, ended_at=Now())
            way = Way.FULL
    return str(Stage.END) if way is Way.FULL else first.slug


def _not_agreed(place: Place, entrant: Entrant) -> str:
    """Why the consent changed nothing: they brought another id than they came by, are kept out, or have moved on."""
    participant = place.participant
    if _with_another_id(participant.pk, _keyed(participant, entrant)).exists():
        raise StrangerError(f"participant {participant.export_id} came by another id than this")
    if _is_kept_out(participant.study, participant.mode, entrant):
        return str(Stage.END) if _end_at_the_consent(place, Outcome.TOOK_PART_BEFORE) else ""
    return ""


_IDENTITY = Update(
    lambda: (
        PanelIdentity.objects.filter(participant=Given("pk", IntegerField())),
        {"ciphertext": Given("ciphertext", BinaryField())},
    )
)
_SUBMISSION = InsertFor(
    PanelSubmission,
    "identity_id",
    "keyed_hash",
    "ciphertext",
    "status",
    "panel_study",
    of=PanelIdentity,
    key="participant_id",
)


@lru_cache(maxsize=64)
def _consenting(sizes: tuple[int, int], *then: Update, entry: Insert | None = None) -> Move:
    """The move for people of whom so much is asked in earlier studies."""

    def unless() -> Iterator[QuerySet[Any]]:
        yield _with_another_id(OuterRef("pk"), Given("keyed_hash", CharField()))
        yield from found_by(sizes)

    return Move(
        lambda: {
            "consented_at": Now(),
            "network_hash": Given("network_hash", CharField()),
            "invitation_hash": Given("invitation_hash", CharField()),
        },
        *then,
        entry=entry,
        held=COUNTERS,
        unless=unless,
        # Nobody consents to one version and takes part in another that they joined in the same moment.
        version=Given("version_id", IntegerField()),
    )


def _agreeing(participant: Participant, entrant: Entrant, them: Sought) -> tuple[Move, Sequence[Any]]:
    """(the move that consents and keeps of the panel's ids what there is, the row of the submission)."""
    if not entrant.panel_id:
        return _consenting(them.sizes), ()
    if not entrant.submission_id:
        return _consenting(them.sizes, _IDENTITY), ()
    return _consenting(them.sizes, _IDENTITY, entry=_SUBMISSION), _submission(participant, entrant)


def _sought(place: Place, entrant: Entrant) -> Sought:
    study = place.participant.study
    if place.participant.mode != Mode.LIVE:
        return Sought()
    return sought(study, recruitment.read(study), entrant.panel_id, place.sharing)


def _keyed(participant: Participant, entrant: Entrant) -> str:
    return tokens.keyed_hash(participant.study, participant.mode, entrant.panel_id) if entrant.panel_id else ""


def _with_another_id(participant: Any, keyed_hash: Any) -> QuerySet[PanelIdentity]:
    return PanelIdentity.objects.filter(participant=participant).exclude(keyed_hash=keyed_hash)


def is_superseded(place: Place) -> bool:
    """Whether somebody at the consent came to a version that is not the study's current one any more."""
    current = place.participant.study.current_version_id
    return place.step.stage == Stage.CONSENT and current is not None and current != place.participant.version_id


def join_current(place: Place) -> bool:
    """Take part in the current version: whoever has not consented has begun no other. False if they have by now."""
    key = place.participant.study.current_version_id
    if key is None:
        return False
    current = StudyVersion.objects.get(pk=key)
    languages, chosen = frozen(current).definition.languages, place.participant.language
    language = chosen if chosen in languages else languages[0]
    return advance(place.participant, place.step, version=current, language=language)


def choose_language(place: Place, language: str) -> bool:
    """Take part in another of the study's languages, from the consent on. False if there is no such choice now."""
    if place.step.stage != Stage.CONSENT or language not in place.study.definition.languages:
        return False
    return advance(place.participant, place.step, language=language)


def decline(place: Place) -> bool:
    """No consent: the way ends here, and nothing more than the arrival is kept. False if it was given or refused."""
    return _end_at_the_consent(place, Outcome.NO_CONSENT)


def turn_back(place: Place) -> bool:
    """Somebody has no device on which the study can be taken: as with ``decline``, only the arrival is kept.

    False where the study can be taken on any.
    """
    return place.study.definition.devices.asks_something and _end_at_the_consent(place, Outcome.INCOMPATIBLE_DEVICE)


def can_reconsider(place: Place) -> bool:
    """Whether somebody whose way ended by a press at the consent can take that back: while the study lets people in."""
    person = place.participant
    has_pressed = person.outcome in BY_A_PRESS and person.consented_at is None
    return has_pressed and gate(person.study, person.mode) is Gate.OPEN


def reconsider(place: Place) -> bool:
    """Lead somebody who pressed that by mistake back to the consent. False where they cannot, or stand there already.

    They held no place and hold none: all that is asked and looked at before a consent is so once more.
    """
    return can_reconsider(place) and _let_in(place.participant, *BY_A_PRESS)


def _end_at_the_consent(place: Place, outcome: str) -> bool:
    if place.step.stage != Stage.CONSENT:
        return False
    return advance(place.participant, place.step, outcome=outcome, stage=Stage.END, ended_at=Now())


def pack(entrant: Entrant) -> str:
    """The panel's ids, encrypted, for the browser to carry until consent lets the database keep them."""
    return tokens.seal(json.dumps(astuple(entrant))).decode()


def unpack(packed: str) -> Entrant:
    """What ``pack`` wrote; a plain entrant if there is nothing, or it was changed."""
    try:
        return Entrant(*json.loads(tokens.unseal(packed.encode("utf-8", "replace"))))
    except tokens.InvalidToken:
        return Entrant()


def _keep_out(known: Participant) -> None:
    """End the way of somebody who has not consented and took part elsewhere after they had come here first."""
    waiting = Participant.objects.filter(pk=known.pk, stage=Stage.CONSENT, outcome=Outcome.UNDER_WAY)
    waiting.update(stage=Stage.END, outcome=Outcome.TOOK_PART_BEFORE, ended_at=Now())
    known.refresh_from_db()


def _let_in(known: Participant, *ended: str) -> bool:
    """Lead somebody whose way ended so before the consent back to it. False where it has not, by now."""
    outside = Participant.objects.filter(pk=known.pk, outcome__in=ended, consented_at=None)
    return outside.update(stage=Stage.CONSENT, step=0, outcome=Outcome.UNDER_WAY, ended_at=None) == 1


def _known(study: Study, mode: str, keyed_hash: str) -> Participant | None:
    identities = PanelIdentity.objects.select_related("participant")
    identity = identities.filter(study=study, mode=mode, keyed_hash=keyed_hash).first()
    return identity.participant if identity else None


def _is_kept_out(study: Study, mode: str, entrant: Entrant) -> bool:
    return mode == Mode.LIVE and is_kept_out(study, recruitment.read(study), entrant.panel_id)


def _new(study: Study, mode: str, token: str, language: str, *, kept_out: bool = False) -> Participant:
    """A new arrival; ``kept_out`` for one whose way ends here, since they took part in an earlier study."""
    assert study.current_version is not None  # noqa: S101  # the gate lets nobody into a study without a version
    languages = frozen(study.current_version).definition.languages
    return Participant.objects.create(
        study=study,
        version=study.current_version,
        mode=mode,
        token_hash=tokens.token_hash(token),
        language=language if language in languages else languages[0],
        # Who was given nothing is in no tally, and the allocation need not look at them (surveys/flow/tally.py).
        settled=True,
        **({"stage": Stage.END, "outcome": Outcome.TOOK_PART_BEFORE, "ended_at": Now()} if kept_out else {}),
    )


def _note_submission(known: Participant, entrant: Entrant) -> None:
    row = _submission(known, entrant)
    _SUBMISSION.run([row])
    # One that a panel's list told of first, without the study, is theirs now that they come with it.
    told = PanelSubmission.objects.filter(identity__participant=known, keyed_hash=row[0], panel_study="")
    told.update(is_imported=False, panel_study=entrant.panel_study)


def _submission(participant: Participant, entrant: Entrant) -> tuple[Any, ...]:
    keyed = tokens.keyed_hash(participant.study, participant.mode, entrant.submission_id)
    return keyed, tokens.seal(entrant.submission_id), "", entrant.panel_study, participant.pk
